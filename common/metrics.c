/* Families, their series, and counting. What the exposition looks like: metrics_print.c. */
#include "metrics.h"

#include <stdlib.h>
#include <string.h>

#include "metrics_family.h"
#include "utf8.h"

/* --- the whole -------------------------------------------------------------------------------- */

struct metrics *
metrics_create(void)
{
    struct metrics *metrics = malloc(sizeof(*metrics));

    if (metrics == NULL)
        return NULL;
    list_init(&metrics->families);
    list_init(&metrics->collectors);
    return metrics;
}

static void
destroy_series(struct metric_labels *series)
{
    free(series->metric.buckets);
    free(series->printed);
    free(series);
}

static void
destroy_family(struct metric_family *family)
{
    struct metric_labels *series;
    struct metric_labels *following;

    HASH_ITER (hh, family->series, series, following) {
        HASH_DEL(family->series, series);
        destroy_series(series);
    }
    text_free(&family->key);
    free(family);
}

void
metrics_destroy(struct metrics *metrics)
{
    if (metrics == NULL)
        return;
    list_for_each(link, following, &metrics->families)
        destroy_family(list_entry(link, struct metric_family, link));
    list_for_each(link, following, &metrics->collectors)
        free(list_entry(link, struct metrics_collector, link));
    free(metrics);
}

void
metrics_on_collect(struct metrics *metrics, void (*fn)(void *arg), void *arg)
{
    struct metrics_collector *collector = malloc(sizeof(*collector));

    if (collector == NULL)
        return;
    collector->fn = fn;
    collector->arg = arg;
    list_add_last(&metrics->collectors, &collector->link);
}

struct metric_family *
metrics_family(struct metrics *metrics, enum metric_type type, const char *name, const char *help,
               const char *const *labels, const double *bounds)
{
    struct metric_family *family = calloc(1, sizeof(*family));

    if (family == NULL)
        return NULL;
    family->type = type;
    family->name = name;
    family->help = help;
    family->labels = labels;
    while (labels != NULL && labels[family->label_count] != NULL)
        family->label_count++;
    family->bounds = bounds;
    while (bounds != NULL && bounds[family->bound_count] != 0)
        family->bound_count++;
    family->spare.family = family;
    list_add_last(&metrics->families, &family->link);
    return family;
}

/* --- series ----------------------------------------------------------------------------------- */

static void
make_key(struct metric_family *family, const char *const *values)
{
    text_clear(&family->key);
    for (size_t i = 0; i < family->label_count; i++)
        text_add_bytes(&family->key, values[i], strlen(values[i]) + 1);
}

static struct metric_labels *
find_series(const struct metric_family *family)
{
    const char *key = family->key.length > 0 ? family->key.data : "";
    struct metric_labels *series;

    HASH_FIND(hh, family->series, key, family->key.length, series);
    return series;
}

/* Bytes that are no UTF-8 would make Prometheus refuse the whole exposition. */
static void
print_label_value(const char *value, struct text *text)
{
    size_t length = strlen(value);

    for (size_t i = 0; i < length;) {
        size_t sequence = utf8_sequence(value + i, length - i);

        if (value[i] == '\n')
            text_add(text, "\\n");
        else if (value[i] == '"' || value[i] == '\\')
            text_addf(text, "\\%c", value[i]);
        else if (sequence == 0)
            text_add_char(text, '?');
        else
            text_add_bytes(text, value + i, sequence);
        i += sequence > 0 ? sequence : 1;
    }
}

/* Out of the key, where the values stand one after the other. */
static char *
print_labels(const struct metric_family *family)
{
    struct text text = TEXT_EMPTY;
    const char *value = family->key.data;

    for (size_t i = 0; i < family->label_count; i++) {
        text_addf(&text, "%s%s=\"", i == 0 ? "" : ",", family->labels[i]);
        print_label_value(value, &text);
        text_add_char(&text, '"');
        value += strlen(value) + 1;
    }
    return text_take(&text, NULL);
}

static struct metric_labels *
allocate_series(const struct metric_family *family)
{
    struct metric_labels *series = calloc(1, sizeof(*series) + family->key.length);

    if (series == NULL)
        return NULL;
    series->metric.family = family;
    series->key_length = family->key.length;
    if (series->key_length > 0)
        memcpy(series->key, family->key.data, series->key_length);
    series->printed = print_labels(family);
    if (family->type == METRIC_HISTOGRAM)
        series->metric.buckets = calloc(family->bound_count + 1, sizeof(series->metric.buckets[0]));
    if (series->printed == NULL ||
        (family->type == METRIC_HISTOGRAM && series->metric.buckets == NULL)) {
        destroy_series(series);
        return NULL;
    }
    return series;
}

/* Makes the series of the family's key; NULL without memory. */
static struct metric_labels *
add_series(struct metric_family *family)
{
    struct metric_labels *series = allocate_series(family);

    if (series == NULL)
        return NULL;
    HASH_ADD(hh, family->series, key, series->key_length, series);
    if (series->hh.tbl == NULL) {
        destroy_series(series);
        return NULL;
    }
    return series;
}

static struct metric_labels *
find_or_add(struct metric_family *family, const char *const *values)
{
    static const char *const others[METRICS_MAX_LABELS] = {"other", "other", "other", "other"};
    struct metric_labels *series;

    make_key(family, values);
    if (family->key.failed)
        return NULL;
    series = find_series(family);
    if (series != NULL)
        return series;
    if (HASH_COUNT(family->series) < METRICS_MAX_SERIES || values == others)
        return add_series(family);
    return find_or_add(family, others);
}

struct metric *
metric_series(struct metric_family *family, const char *const *values)
{
    struct metric_labels *series = find_or_add(family, values);

    return series == NULL ? &family->spare : &series->metric;
}

void
metric_remove(struct metric_family *family, const char *const *values)
{
    struct metric_labels *series;

    make_key(family, values);
    if (family->key.failed)
        return;
    series = find_series(family);
    if (series == NULL)
        return;
    HASH_DEL(family->series, series);
    destroy_series(series);
}

/* --- counting --------------------------------------------------------------------------------- */

void
metric_observe(struct metric *metric, double value)
{
    const struct metric_family *family = metric->family;
    size_t bucket = 0;

    metric->value += value;
    metric->count++;
    if (metric->buckets == NULL)
        return; /* the spare one */
    while (bucket < family->bound_count && value > family->bounds[bucket])
        bucket++;
    metric->buckets[bucket]++;
}
