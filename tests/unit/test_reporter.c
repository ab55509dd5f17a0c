/* What operators see of the producer's groups: the metrics' text and the log's lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "error.h"
#include "feed.h"
#include "log.h"
#include "metrics.h"
#include "reporter.h"
#include "text.h"

enum { WALL_MS = 1000000, LINE_BYTES = 4096 };

#define GROUP "a3f1c0de-1111-4222-8333-444455556666"

/* A feed whose gauges are given. */
struct feed {
    double held;
};

void
feed_gauges(const struct feed *feed, feed_gauge_fn *gauge, void *context)
{
    gauge(context, "delta_held", GROUP, feed->held);
    gauge(context, "delta_last_success_timestamp_seconds", GROUP, 12.5);
    gauge(context, "something_newer", GROUP, 1);
}

/* One reporter, and what it writes to. */
struct watched {
    struct clock clock;
    struct feed feed;
    bool is_leading;
    FILE *file;
    struct log *log;
    struct metrics *metrics;
    struct reporter *reporter;
};

static int
setup(void **state)
{
    static struct watched watched;
    struct error error;

    watched = (struct watched){.clock.wall_ms = WALL_MS, .file = tmpfile()};
    assert_non_null(watched.file);
    watched.log = log_create(fileno(watched.file), LOG_JSON, LOG_INFO, 0, &watched.clock);
    watched.metrics = metrics_create();
    watched.reporter = reporter_create(watched.log, watched.metrics, &error);
    assert_non_null(watched.reporter);
    reporter_bind(watched.reporter, &watched.feed, &watched.is_leading);
    *state = &watched;
    return 0;
}

static int
teardown(void **state)
{
    struct watched *watched = *state;

    reporter_destroy(watched->reporter);
    metrics_destroy(watched->metrics);
    log_destroy(watched->log);
    (void)fclose(watched->file);
    return 0;
}

static bool
has_metric(const struct watched *watched, const char *line)
{
    struct text text = TEXT_EMPTY;
    bool is_there;

    metrics_print(watched->metrics, &text);
    is_there = strstr(text.data, line) != NULL;
    text_free(&text);
    return is_there;
}

static void
assert_logged(struct watched *watched, const char *part)
{
    char lines[LINE_BYTES];
    size_t length;

    (void)fseek(watched->file, 0, SEEK_SET);
    length = fread(lines, 1, sizeof(lines) - 1, watched->file);
    lines[length] = '\0';
    if (strstr(lines, part) == NULL)
        fail_msg("no \"%s\" in:\n%s", part, lines);
}

static struct feed_report
report_of(enum feed_news news)
{
    struct feed_report report = {
        .news = news,
        .origin = FEED_ORIGIN_CHANGE,
        .next_in_ms = -1,
        .reason = "",
        .detail = "",
        .request_id = "",
    };

    assert_true(guid_parse(GROUP, strlen(GROUP), &report.group));
    return report;
}

static void
reporter_counts_published_events_by_page_and_rounds_by_their_end(void **state)
{
    struct watched *watched = *state;
    struct feed_report page = report_of(FEED_NEWS_PAGE);
    struct feed_report round = report_of(FEED_NEWS_ROUND);

    page.added = 3;
    page.removed = 1;
    round.added = 6;
    reporter_told(watched->reporter, &page);
    reporter_told(watched->reporter, &page);
    reporter_told(watched->reporter, &round);
    assert_true(
        has_metric(watched, "dvsync_published_total{group=\"" GROUP "\",change=\"added\"} 6\n"));
    assert_true(
        has_metric(watched, "dvsync_published_total{group=\"" GROUP "\",change=\"removed\"} 2\n"));
    assert_true(
        has_metric(watched, "dvsync_delta_rounds_total{group=\"" GROUP "\",result=\"done\"} 1\n"));
    assert_logged(watched, "\"msg\":\"a group was read to the end\",\"group\":\"" GROUP
                           "\",\"origin\":\"change\",\"added\":6,\"removed\":0");
}

static void
reporter_has_a_result_and_words_for_all_that_befalls_a_group(void **state)
{
    static const struct {
        enum feed_news news;
        const char *result;
        const char *line;
    } rows[] = {
        {FEED_NEWS_FAILED, "failed", "\"level\":\"warning\",\"msg\":\"a group could not be read"},
        {FEED_NEWS_RESYNC, "resync", "\"level\":\"warning\",\"msg\":\"a link is worth nothing"},
        {FEED_NEWS_GONE, "gone", "\"level\":\"error\",\"msg\":\"a group does not exist"},
        {FEED_NEWS_BACK, "back", "\"level\":\"info\",\"msg\":\"a group exists again"},
        {FEED_NEWS_HELD, "held", "\"level\":\"error\",\"msg\":\"more changes than"},
        {FEED_NEWS_RELEASED, "released", "\"level\":\"warning\",\"msg\":\"a held group"},
        {FEED_NEWS_STATE, "state", "\"level\":\"error\",\"msg\":\"a saved state"},
    };
    struct watched *watched = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct feed_report report = report_of(rows[i].news);
        char metric[128];

        report.reason = "no_answer";
        report.request_id = "42";
        reporter_told(watched->reporter, &report);
        (void)snprintf(metric, sizeof(metric),
                       "dvsync_delta_rounds_total{group=\"" GROUP "\",result=\"%s\"} 1\n",
                       rows[i].result);
        if (!has_metric(watched, metric))
            fail_msg("no %s", metric);
        assert_logged(watched, rows[i].line);
    }
    assert_logged(watched, "\"reason\":\"no_answer\",\"request_id\":\"42\"");
}

static void
reporter_is_silent_about_rounds_that_found_nothing(void **state)
{
    struct watched *watched = *state;
    struct feed_report round = report_of(FEED_NEWS_ROUND);

    reporter_told(watched->reporter, &round);
    assert_int_equal(fseek(watched->file, 0, SEEK_END), 0);
    assert_int_equal(ftell(watched->file), 0);
    round.origin = FEED_ORIGIN_RESYNC;
    reporter_told(watched->reporter, &round);
    assert_logged(watched, "\"origin\":\"resync\"");
}

static void
reporter_shows_gauges_as_they_are_when_somebody_looks(void **state)
{
    struct watched *watched = *state;

    assert_true(has_metric(watched, "dvsync_leader 0\n"));
    assert_true(has_metric(watched, "dvsync_delta_held{group=\"" GROUP "\"} 0\n"));
    watched->feed.held = 1;
    watched->is_leading = true;
    assert_true(has_metric(watched, "dvsync_leader 1\n"));
    assert_true(has_metric(watched, "dvsync_delta_held{group=\"" GROUP "\"} 1\n"));
    assert_true(has_metric(watched, "dvsync_delta_last_success_timestamp_seconds{group=\"" GROUP
                                    "\"} 12.5\n"));
    assert_false(has_metric(watched, "something_newer"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reporter_counts_published_events_by_page_and_rounds_by_their_end),
        TEST(reporter_has_a_result_and_words_for_all_that_befalls_a_group),
        TEST(reporter_is_silent_about_rounds_that_found_nothing),
        TEST(reporter_shows_gauges_as_they_are_when_somebody_looks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
