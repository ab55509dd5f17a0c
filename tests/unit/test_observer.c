/* What operators see of what happened: the metrics' text and the log's lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "engine.h"
#include "error.h"
#include "http.h"
#include "log.h"
#include "metrics.h"
#include "observer.h"
#include "settings.h"
#include "text.h"

enum { WALL_MS = 1000000, LINE_BYTES = 2048, REASONS = 2000 };

static const char *const topics[] = {"members", "members.backfill", "members.retry.15m",
                                     "members.retry.6h"};
static struct environment environment = {.name = (char[]){"prod"}};
static struct identity identity = {.name = (char[]){"main"}};

/* One observer, and what it writes to. */
struct watched {
    struct settings settings;
    struct observer_topics topics;
    struct clock clock;
    FILE *file;
    struct log *log;
    struct metrics *metrics;
    struct observer *observer;
};

static int
setup(void **state)
{
    static struct watched watched;
    struct error error;

    watched = (struct watched){
        .settings.routing = {.environments = &environment, .environment_count = 1},
        .topics = {.names = topics, .tiers = topics + 2, .dead_letters = "members.dlq"},
        .clock.wall_ms = WALL_MS,
        .file = tmpfile(),
    };
    assert_non_null(watched.file);
    watched.log = log_create(fileno(watched.file), LOG_JSON, LOG_INFO, 0, &watched.clock);
    watched.metrics = metrics_create();
    watched.observer = observer_create(&watched.settings, &watched.topics, &watched.clock,
                                       watched.log, watched.metrics, &error);
    assert_non_null(watched.observer);
    *state = &watched;
    return 0;
}

static int
teardown(void **state)
{
    struct watched *watched = *state;

    observer_destroy(watched->observer);
    metrics_destroy(watched->metrics);
    log_destroy(watched->log);
    (void)fclose(watched->file);
    return 0;
}

static void
assert_metric(const struct watched *watched, const char *line)
{
    struct text text = TEXT_EMPTY;

    metrics_print(watched->metrics, &text);
    if (strstr(text.data, line) == NULL)
        fail_msg("no \"%s\" in:\n%s", line, text.data);
    text_free(&text);
}

/* The log's only line holds each of ${parts}, NULL-terminated; none at all: there is no line. */
static void
assert_logged(const struct watched *watched, const char *const *parts)
{
    char line[LINE_BYTES] = "";

    rewind(watched->file);
    if (fgets(line, sizeof(line), watched->file) == NULL)
        line[0] = '\0';
    if (parts[0] == NULL)
        assert_string_equal(line, "");
    for (; *parts != NULL; parts++)
        if (strstr(line, *parts) == NULL)
            fail_msg("no \"%s\" in: %s", *parts, line);
}

static struct settlement
make_settlement(enum outcome outcome, const char *reason)
{
    return (struct settlement){
        .environment = &environment,
        .topic = 0,
        .partition = 3,
        .offset = 42,
        .outcome = outcome,
        .reason = reason,
        .detail = "",
        .request_id = "",
        .event_ms = EVENT_NO_TIME,
    };
}

static void
observer_counts_settlements_by_topic_outcome_and_reason(void **state)
{
    struct watched *watched = *state;
    struct settlement done = make_settlement(OUTCOME_DONE, "confirmed");
    struct settlement skipped = make_settlement(OUTCOME_SKIPPED, "removal");

    observer_settled(watched->observer, &done);
    observer_settled(watched->observer, &done);
    skipped.topic = 1;
    observer_settled(watched->observer, &skipped);
    assert_metric(
        watched,
        "dvsync_events_total{topic=\"members\",outcome=\"done\",reason=\"confirmed\"} 2\n");
    assert_metric(watched, "dvsync_events_total{topic=\"members.backfill\",outcome=\"skipped\","
                           "reason=\"removal\"} 1\n");
}

static void
observer_keeps_series_apart_when_their_places_in_the_cache_meet(void **state)
{
    static char reasons[REASONS][16];
    struct watched *watched = *state;

    for (int round = 0; round < 2; round++)
        for (int i = 0; i < REASONS / 2; i++) {
            struct settlement settlement = make_settlement(OUTCOME_SKIPPED, reasons[i]);

            (void)snprintf(reasons[i], sizeof(reasons[i]), "r%d", i);
            observer_settled(watched->observer, &settlement);
        }
    assert_metric(watched, "reason=\"r0\"} 2\n");
    assert_metric(watched, "reason=\"r999\"} 2\n");
}

static void
observer_measures_the_time_to_ready_from_the_events_own(void **state)
{
    struct watched *watched = *state;
    struct settlement settlement = make_settlement(OUTCOME_DONE, "confirmed");

    observer_settled(watched->observer, &settlement); /* tells no time */
    settlement.event_ms = WALL_MS - 2000;
    observer_settled(watched->observer, &settlement);
    settlement.outcome = OUTCOME_SKIPPED;
    observer_settled(watched->observer, &settlement);
    assert_metric(watched, "dvsync_event_ready_seconds_sum{environment=\"prod\"} 2\n");
    assert_metric(watched, "dvsync_event_ready_seconds_count{environment=\"prod\"} 1\n");
}

static void
observer_is_silent_about_what_went_well(void **state)
{
    static const char *const nothing[] = {NULL};
    struct watched *watched = *state;
    const struct settlement settlement = make_settlement(OUTCOME_DONE, "remembered");
    const struct run_report report = {
        .environment = &environment, .outcome = "ready", .changes = "", .request_id = ""};

    observer_settled(watched->observer, &settlement);
    observer_ran(watched->observer, &report);
    assert_logged(watched, nothing);
}

static void
observer_logs_and_counts_an_event_that_was_given_up(void **state)
{
    static const char *const parts[] = {
        "\"level\":\"warning\"",
        "\"reason\":\"no_licence\"",
        "\"outcome\":\"dead\"",
        "\"topic\":\"members\"",
        "\"partition\":3",
        "\"offset\":42",
        "\"attempts\":7",
        "\"environment\":\"prod\"",
        "\"detail\":\"why\"",
        "\"request_id\":\"abc\"",
        "\"kept_on\":\"members.dlq\"",
        NULL,
    };
    struct watched *watched = *state;
    struct settlement settlement = make_settlement(OUTCOME_DEAD, "no_licence");

    settlement.detail = "why";
    settlement.request_id = "abc";
    settlement.attempts = 7;
    observer_settled(watched->observer, &settlement);
    assert_logged(watched, parts);
    assert_metric(watched,
                  "dvsync_kept_records_total{topic=\"members.dlq\",reason=\"no_licence\"} 1\n");
}

static void
observer_tells_and_counts_on_which_retry_topic_an_event_was_parked(void **state)
{
    static const char *const parts[] = {
        "\"level\":\"info\"",    "\"reason\":\"no_licence\"",        "\"outcome\":\"parked\"",
        "\"topic\":\"members\"", "\"kept_on\":\"members.retry.6h\"", NULL,
    };
    struct watched *watched = *state;
    struct settlement settlement = make_settlement(OUTCOME_PARKED, "no_licence");

    settlement.tier = 1;
    observer_settled(watched->observer, &settlement);
    assert_logged(watched, parts);
    assert_metric(
        watched, "dvsync_kept_records_total{topic=\"members.retry.6h\",reason=\"no_licence\"} 1\n");
}

static void
observer_logs_what_a_run_has_changed(void **state)
{
    static const char *const parts[] = {
        "\"user\":\"00000000-0000-0000-0000-000000000000\"",
        "\"changes\":\"businessunit\"",
        "\"calls\":6",
        NULL,
    };
    struct watched *watched = *state;
    const struct run_report report = {.environment = &environment,
                                      .outcome = "ready",
                                      .changes = "businessunit",
                                      .request_id = "",
                                      .calls = 6};

    observer_ran(watched->observer, &report);
    assert_logged(watched, parts);
}

static void
observer_says_of_a_failed_step_whose_it_was_and_what_comes_next(void **state)
{
    static const char *const parts[] = {
        "\"step\":\"force_sync\"",
        "\"environment\":\"prod\"",
        "\"status\":429",
        "\"code\":\"0x1\"",
        "\"request_id\":\"abc\"",
        "\"attempt\":2",
        "\"next\":\"retry\"",
        "\"next_in_ms\":1500",
        "\"verdict\":\"retry\"",
        "\"user\":\"0000",
        "\"group\":\"0000",
        "\"topic\":\"members\",\"partition\":3,\"offset\":77",
        NULL,
    };
    static const struct guid user;
    struct watched *watched = *state;
    struct call call = {.kind = CALL_FORCE_SYNC,
                        .environment = &environment,
                        .verdict = VERDICT_RETRY,
                        .reason = "throttled"};
    const struct event_place event = {.topic = 0, .partition = 3, .offset = 77};
    struct call_report report = call_report_of(&call);

    (void)error_set(&call.error, ERROR_SERVICE, "too many");
    error_set_code(&call.error, "0x1");
    error_set_request_id(&call.error, "abc", 3);
    call.error.status = 429;
    report.user = &user;
    report.event = &event;
    report.attempt = 2;
    report.next_in_ms = 1500;
    report.next = "retry";
    observer_failed(watched->observer, &report);
    assert_logged(watched, parts);
}

static void
observer_counts_requests_and_tokens(void **state)
{
    struct watched *watched = *state;
    struct call call = {.kind = CALL_TOKEN, .identity = &identity, .verdict = VERDICT_DONE};
    const struct http_response response = {.status = 200};

    observer_request(watched->observer, &call, "token", &response);
    observer_answered(watched->observer, &call, 250);
    call.verdict = VERDICT_MISCONFIGURED;
    observer_answered(watched->observer, &call, 250);
    assert_metric(watched,
                  "dvsync_requests_total{service=\"entra\",route=\"token\",status=\"200\"} 1\n");
    assert_metric(watched, "dvsync_tokens_total{identity=\"main\",result=\"granted\"} 1\n");
    assert_metric(watched, "dvsync_tokens_total{identity=\"main\",result=\"misconfigured\"} 1\n");
    assert_metric(watched, "dvsync_request_seconds_sum{service=\"entra\"} 0.5\n");
    assert_metric(watched, "dvsync_step_seconds_count{step=\"token\",environment=\"\"} 2\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(observer_counts_settlements_by_topic_outcome_and_reason),
        TEST(observer_keeps_series_apart_when_their_places_in_the_cache_meet),
        TEST(observer_measures_the_time_to_ready_from_the_events_own),
        TEST(observer_is_silent_about_what_went_well),
        TEST(observer_logs_and_counts_an_event_that_was_given_up),
        TEST(observer_tells_and_counts_on_which_retry_topic_an_event_was_parked),
        TEST(observer_logs_what_a_run_has_changed),
        TEST(observer_says_of_a_failed_step_whose_it_was_and_what_comes_next),
        TEST(observer_counts_requests_and_tokens),
    };
    return cmocka_run_group_tests_name("observer", tests, NULL, NULL);
}
