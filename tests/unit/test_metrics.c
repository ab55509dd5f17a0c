/* Metrics as Prometheus reads them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "exposition.h"
#include "metrics.h"
#include "text.h"

static struct exposition exposition;

static int
setup(void **state)
{
    *state = metrics_create();
    return *state == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    metrics_destroy(*state);
    return 0;
}

static void
expose(struct metrics *metrics)
{
    struct text text = TEXT_EMPTY;

    metrics_print(metrics, &text);
    assert_false(text.failed);
    if (!exposition_parse(text.data, &exposition))
        fail_msg("%s", exposition.wrong);
    text_free(&text);
}

static void
assert_exposed(struct metrics *metrics, const char *name, const char *labels, double value)
{
    expose(metrics);
    if (!exposition_has(&exposition, name, labels))
        fail_msg("%s{%s} is missing", name, labels);
    assert_true(exposition_value(&exposition, name, labels) == value);
}

static const char *const topic_labels[] = {"topic", "partition", NULL};

static struct metric_family *
declare_topics(struct metrics *metrics)
{
    struct metric_family *family =
        metrics_family(metrics, METRIC_COUNTER, "events_total", "Events", topic_labels, NULL);

    assert_non_null(family);
    return family;
}

/* --- counters and gauges ---------------------------------------------------------------------- */

static void
metrics_look_as_the_format_has_it(void **state)
{
    static const char *const values[] = {"a", "3"};
    struct text text = TEXT_EMPTY;

    metric_add(metric_series(declare_topics(*state), values), 2);
    metrics_print(*state, &text);
    assert_string_equal(text.data, "# HELP events_total Events\n"
                                   "# TYPE events_total counter\n"
                                   "events_total{topic=\"a\",partition=\"3\"} 2\n");
    text_free(&text);
}

static void
metrics_count_each_series_apart(void **state)
{
    struct metric_family *family = declare_topics(*state);
    static const char *const first[] = {"a", "1"};
    static const char *const second[] = {"a1", ""};
    struct metric *metric = metric_series(family, first);

    metric_add(metric, 1);
    metric_add(metric_series(family, second), 5);
    assert_ptr_equal(metric_series(family, first), metric);
    metric_add(metric, 1);
    assert_exposed(*state, "events_total", "topic=a;partition=1;", 2);
    assert_exposed(*state, "events_total", "topic=a1;partition=;", 5);
}

static void
metrics_need_no_labels(void **state)
{
    struct metric_family *family =
        metrics_family(*state, METRIC_GAUGE, "waiting", "Waiting", NULL, NULL);

    metric_set(metric_series(family, NULL), -2.5);
    assert_exposed(*state, "waiting", "", -2.5);
}

static void
metrics_print_every_kind_of_number(void **state)
{
    static const double numbers[] = {
        0, 1e15, 123456789012345680.0, 0.1, 1.0 / 3, 1769903999.999, -1e-9, INFINITY};
    struct metric *metric =
        metric_series(metrics_family(*state, METRIC_GAUGE, "g", "G", NULL, NULL), NULL);

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        metric_set(metric, numbers[i]);
        assert_exposed(*state, "g", "", numbers[i]);
    }
    metric_set(metric, NAN);
    expose(*state);
    assert_true(exposition_has(&exposition, "g", ""));
    assert_true(isnan(exposition_value(&exposition, "g", "")));
}

static void
metrics_escape_labels_and_help(void **state)
{
    static const char *const labels[] = {"l", NULL};
    static const char *const values[] = {"a\"b\\c\nd}\xff\xc3\xa9"};
    struct metric_family *family =
        metrics_family(*state, METRIC_GAUGE, "g", "two\nlines \\ \"one\"", labels, NULL);
    struct text text = TEXT_EMPTY;

    metric_set(metric_series(family, values), 1);
    assert_exposed(*state, "g", "l=a\"b\\c\nd}?\xc3\xa9;", 1);
    metrics_print(*state, &text);
    assert_non_null(strstr(text.data, "# HELP g two\\nlines \\\\ \"one\"\n"));
    text_free(&text);
}

/* --- histograms ------------------------------------------------------------------------------- */

static const double bounds[] = {0.1, 1, 10, 0};

static void
metrics_expose_histograms_cumulatively(void **state)
{
    static const char *const labels[] = {"step", NULL};
    static const char *const values[] = {"look"};
    struct metric *metric = metric_series(
        metrics_family(*state, METRIC_HISTOGRAM, "h_seconds", "H", labels, bounds), values);
    static const double observed[] = {0.05, 0.1, 0.100001, 1, 5, 11, 100};

    for (size_t i = 0; i < sizeof(observed) / sizeof(observed[0]); i++)
        metric_observe(metric, observed[i]);
    assert_exposed(*state, "h_seconds_bucket", "step=look;le=0.1;", 2);
    assert_exposed(*state, "h_seconds_bucket", "step=look;le=1;", 4);
    assert_exposed(*state, "h_seconds_bucket", "step=look;le=10;", 5);
    assert_exposed(*state, "h_seconds_bucket", "step=look;le=+Inf;", 7);
    assert_exposed(*state, "h_seconds_count", "step=look;", 7);
    expose(*state);
    assert_true(fabs(exposition_value(&exposition, "h_seconds_sum", "step=look;") - 117.250001) <
                1e-9);
}

static void
metrics_expose_a_histogram_without_labels(void **state)
{
    struct metric *metric =
        metric_series(metrics_family(*state, METRIC_HISTOGRAM, "h", "H", NULL, bounds), NULL);

    metric_observe(metric, 0.5);
    assert_exposed(*state, "h_bucket", "le=1;", 1);
    assert_exposed(*state, "h_sum", "", 0.5);
}

/* --- series come and go ----------------------------------------------------------------------- */

static void
metrics_forget_a_series_that_was_removed(void **state)
{
    struct metric_family *family = declare_topics(*state);
    static const char *const gone[] = {"a", "1"};
    static const char *const stays[] = {"a", "2"};

    metric_add(metric_series(family, gone), 1);
    metric_add(metric_series(family, stays), 1);
    metric_remove(family, gone);
    metric_remove(family, gone); /* harmless */
    expose(*state);
    assert_false(exposition_has(&exposition, "events_total", "topic=a;partition=1;"));
    assert_true(exposition_has(&exposition, "events_total", "topic=a;partition=2;"));
    metric_add(metric_series(family, gone), 7);
    assert_exposed(*state, "events_total", "topic=a;partition=1;", 7);
}

static void
metrics_bound_the_number_of_series(void **state)
{
    struct metric_family *family = declare_topics(*state);
    char partition[16];
    const char *const values[] = {"a", partition};

    for (int i = 0; i < METRICS_MAX_SERIES + 10; i++) {
        snprintf(partition, sizeof(partition), "%d", i);
        metric_add(metric_series(family, values), 1);
    }
    assert_exposed(*state, "events_total", "topic=other;partition=other;", 10);
    assert_exposed(*state, "events_total", "topic=a;partition=1999;", 1);
    assert_int_equal(exposition.count, METRICS_MAX_SERIES + 1);
    metric_remove(family, values);
    snprintf(partition, sizeof(partition), "0");
    metric_add(metric_series(family, values), 1);
    assert_exposed(*state, "events_total", "topic=a;partition=0;", 2);
}

/* --- collecting ------------------------------------------------------------------------------- */

static void
set_to_seven(void *arg)
{
    metric_set(arg, 7);
}

static void
metrics_bring_gauges_up_to_date_before_printing(void **state)
{
    struct metric *metric =
        metric_series(metrics_family(*state, METRIC_GAUGE, "g", "G", NULL, NULL), NULL);

    metrics_on_collect(*state, set_to_seven, metric);
    assert_exposed(*state, "g", "", 7);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        test(metrics_look_as_the_format_has_it),
        test(metrics_count_each_series_apart),
        test(metrics_need_no_labels),
        test(metrics_print_every_kind_of_number),
        test(metrics_escape_labels_and_help),
        test(metrics_expose_histograms_cumulatively),
        test(metrics_expose_a_histogram_without_labels),
        test(metrics_forget_a_series_that_was_removed),
        test(metrics_bound_the_number_of_series),
        test(metrics_bring_gauges_up_to_date_before_printing),
    };

    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
