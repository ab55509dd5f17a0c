/* The exposition: text format 0.0.4, families in the order of their declaration. */
#include "metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics_family.h"

/* As few digits as give the same number back. */
static void
print_number(double number, struct text *text)
{
    size_t start = text->length;

    if (isnan(number)) {
        text_add(text, "NaN");
        return;
    }
    if (isinf(number)) {
        text_add(text, number > 0 ? "+Inf" : "-Inf");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        text->length = start;
        text_addf(text, "%.*g", digits, number);
        if (text->failed || strtod(text->data + start, NULL) == number)
            return;
    }
}

static void
print_header(const struct metric_family *family, struct text *text)
{
    static const char *const types[] = {
        [METRIC_COUNTER] = "counter",
        [METRIC_GAUGE] = "gauge",
        [METRIC_HISTOGRAM] = "histogram",
    };

    text_addf(text, "# HELP %s ", family->name);
    for (const char *c = family->help; *c != '\0'; c++) {
        if (*c == '\n')
            text_add(text, "\\n");
        else if (*c == '\\')
            text_add(text, "\\\\");
        else
            text_add_char(text, *c);
    }
    text_addf(text, "\n# TYPE %s %s\n", family->name, types[family->type]);
}

/* `name_suffix{labels} ` */
static void
print_name(const struct metric_labels *series, const char *suffix, struct text *text)
{
    text_addf(text, "%s%s", series->metric.family->name, suffix);
    if (series->printed[0] != '\0')
        text_addf(text, "{%s}", series->printed);
    text_add_char(text, ' ');
}

static void
print_bucket(const struct metric_labels *series, double bound, uint64_t count, struct text *text)
{
    text_addf(text, "%s_bucket{%s%sle=\"", series->metric.family->name, series->printed,
              series->printed[0] == '\0' ? "" : ",");
    print_number(bound, text);
    text_addf(text, "\"} %llu\n", (unsigned long long)count);
}

static void
print_histogram(const struct metric_labels *series, struct text *text)
{
    const struct metric_family *family = series->metric.family;
    uint64_t count = 0;

    for (size_t i = 0; i < family->bound_count; i++) {
        count += series->metric.buckets[i];
        print_bucket(series, family->bounds[i], count, text);
    }
    print_bucket(series, INFINITY, series->metric.count, text);
    print_name(series, "_sum", text);
    print_number(series->metric.value, text);
    text_add_char(text, '\n');
    print_name(series, "_count", text);
    text_addf(text, "%llu\n", (unsigned long long)series->metric.count);
}

static void
print_series(const struct metric_labels *series, struct text *text)
{
    if (series->metric.family->type == METRIC_HISTOGRAM) {
        print_histogram(series, text);
        return;
    }
    print_name(series, "", text);
    print_number(series->metric.value, text);
    text_add_char(text, '\n');
}

static void
print_family(const struct metric_family *family, struct text *text)
{
    print_header(family, text);
    for (const struct metric_labels *series = family->series; series != NULL;
         series = series->hh.next)
        print_series(series, text);
}

void
metrics_print(struct metrics *metrics, struct text *text)
{
    list_for_each(link, following, &metrics->collectors)
    {
        const struct metrics_collector *collector =
            list_entry(link, struct metrics_collector, link);

        collector->fn(collector->arg);
    }
    list_for_each(link, following, &metrics->families)
        print_family(list_entry(link, struct metric_family, link), text);
}
