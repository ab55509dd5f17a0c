/* What people, probes and Prometheus see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"
#include "error.h"
#include "json.h"
#include "text.h"

static struct json *
status(const struct engine_fixture *fixture)
{
    struct json_parser *parser = json_parser_create(16, 1 << 20);
    struct text text = TEXT_EMPTY;
    struct error error;
    struct json *root;

    engine_status(fixture->engine, &text);
    assert_false(text.failed);
    root = json_parse(parser, text.data, text.length, &error);
    if (root == NULL)
        fail_msg("%s: %s", error.text, text.data);
    text_free(&text);
    json_parser_destroy(parser);
    return root;
}

static int64_t
number(const struct json *object, const char *name)
{
    int64_t value = -2;

    (void)json_integer(json_get(object, name), &value);
    return value;
}

static const char *
string(const struct json *object, const char *name)
{
    const char *found = json_string(json_get(object, name), NULL);

    return found == NULL ? "" : found;
}

/* Two users wait for addUser, of partitions 0 and 1; one record is no event. */
static void
start(struct engine_fixture *fixture)
{
    fixture->settings.has_dead_letters = false;
    fixture->holds[CALL_FORCE_SYNC] = true;
    engine_fixture_start(fixture, ROUTES({.group = 1}));
    PUBLISH(fixture, .user = 2, .group = 1, .age_ms = 1000, .record_age_ms = 1000);
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = 5000, .record_age_ms = 4000, .partition = 1);
    engine_fixture_pass(fixture, 100);
}

static const struct json *
partition(const struct json *root, int index)
{
    const struct json *partitions = json_get(root, "partitions");

    for (size_t i = 0; i < json_length(partitions); i++) {
        const struct json *one = json_at(partitions, i);

        if (strcmp(string(one, "topic"), "events") == 0 && number(one, "partition") == index)
            return one;
    }
    return NULL;
}

static void
partitions_show_where_they_stand(void **state)
{
    struct engine_fixture *fixture = *state;
    struct json *root;

    start(fixture);
    engine_high(fixture->engine, MAIN_TOPIC, 0, 17);
    root = status(fixture);
    assert_int_equal(json_length(json_get(root, "partitions")), PARTITIONS + 1);
    assert_int_equal(number(partition(root, 0), "watermark"), 0);
    assert_int_equal(number(partition(root, 0), "next"), 1);
    assert_int_equal(number(partition(root, 0), "end"), 17);
    assert_int_equal(number(partition(root, 0), "unsettled"), 1);
    assert_string_equal(string(partition(root, 1), "oldest_unsettled"), "2023-11-14T22:13:16.000Z");
    json_free(root);
}

static void
the_oldest_events_say_what_they_wait_for(void **state)
{
    struct engine_fixture *fixture = *state;
    const struct json *oldest;
    struct json *root;

    start(fixture);
    PUBLISH(fixture, .user = 1, .group = 1); /* late */
    root = status(fixture);
    oldest = json_get(root, "oldest");
    assert_int_equal(json_length(oldest), 3);
    assert_string_equal(string(json_at(oldest, 0), "user"), "11000000-0000-0000-0000-000000000001");
    assert_string_equal(string(json_at(oldest, 0), "group"),
                        "22000000-0000-0000-0000-000000000001");
    assert_string_equal(string(json_at(oldest, 0), "state"), "force_sync");
    assert_string_equal(string(json_at(oldest, 0), "environment"), "prod");
    assert_int_equal(number(json_at(oldest, 0), "partition"), 1);
    assert_string_equal(string(json_at(oldest, 1), "user"), "11000000-0000-0000-0000-000000000002");
    assert_int_equal(number(json_at(oldest, 2), "offset"), 1);
    json_free(root);
}

static void
twenty_of_many_are_shown_oldest_first(void **state)
{
    struct engine_fixture *fixture = *state;
    const struct json *oldest;
    struct json *root;

    fixture->holds[CALL_LOOK] = true;
    engine_fixture_start(fixture, ROUTES({.group = 1}));
    for (int i = 0; i < 40; i++)
        PUBLISH(fixture, .user = 1 + i % 10, .group = 1, .age_ms = 1000 * ((i * 7) % 40),
                .record_age_ms = 1000 * ((i * 7) % 40));
    root = status(fixture);
    oldest = json_get(root, "oldest");
    assert_int_equal(json_length(oldest), 20);
    assert_string_equal(string(json_at(oldest, 0), "since"), "2023-11-14T22:12:41.000Z");
    for (size_t i = 1; i < 20; i++)
        assert_true(strcmp(string(json_at(oldest, i - 1), "since"),
                           string(json_at(oldest, i), "since")) < 0);
    json_free(root);
}

static void
trouble_is_shown_with_its_reason_and_the_next_try(void **state)
{
    struct engine_fixture *fixture = *state;
    const struct json *oldest;
    struct json *root;

    start(fixture);
    fixture->holds[CALL_FORCE_SYNC] = false;
    fixture->world.faults[CALL_FORCE_SYNC] =
        (struct world_fault){1000, VERDICT_REFUSED, "no_licence", -1};
    engine_fixture_pass(fixture, 60000);
    root = status(fixture);
    oldest = json_at(json_get(root, "oldest"), 0);
    assert_string_equal(string(oldest, "reason"), "no_licence");
    assert_string_equal(string(oldest, "state"), "backing_off");
    assert_in_range(number(oldest, "attempts"), 3, 12);
    assert_in_range(number(oldest, "next_try_in_ms"), 0, 60000);
    json_free(root);
}

static void
a_fault_is_shown_with_its_environment(void **state)
{
    struct engine_fixture *fixture = *state;
    const struct json *environments;
    struct json *root;

    start(fixture);
    fixture->world.faults[CALL_FORCE_SYNC] =
        (struct world_fault){1000, VERDICT_MISCONFIGURED, "forbidden", -1};
    engine_fixture_answer(fixture, CALL_FORCE_SYNC);
    root = status(fixture);
    environments = json_get(root, "environments");
    assert_string_equal(string(json_at(environments, PROD), "environment"), "prod");
    assert_string_equal(string(json_at(environments, PROD), "misconfigured"), "forbidden");
    assert_string_equal(string(json_at(environments, PROD), "since"), "2023-11-14T22:13:20.100Z");
    assert_string_equal(string(json_at(environments, TEST), "misconfigured"), "");
    json_free(root);
}

static void
a_record_that_is_no_event_counts_among_the_oldest_of_its_partition(void **state)
{
    struct engine_fixture *fixture = *state;
    struct json *root;

    start(fixture);
    fixture->holds[CALL_FORCE_SYNC] = false;
    engine_fixture_publish_bytes(fixture, "no json");
    engine_fixture_pass(fixture, 30000);
    root = status(fixture);
    assert_int_equal(number(root, "undecodable_held"), 1);
    assert_int_equal(number(partition(root, 0), "unsettled"), 1);
    assert_string_equal(string(partition(root, 0), "oldest_unsettled"), "2023-11-14T22:13:20.100Z");
    json_free(root);
}

/* --- gauges ---------------------------------------------------------------------------------- */

static void
print_gauge(void *context, const char *name, const char *label, double value)
{
    text_addf(context, "%s{%s}=%g ", name, label, value);
}

static void
assert_gauge(const struct engine_fixture *fixture, const char *gauge)
{
    struct text text = TEXT_EMPTY;

    engine_gauges(fixture->engine, print_gauge, &text);
    if (strstr(text.data, gauge) == NULL)
        fail_msg("no %s in %s", gauge, text.data);
    text_free(&text);
}

static void
gauges_show_jobs_lanes_and_faults(void **state)
{
    struct engine_fixture *fixture = *state;

    fixture->settings.bap_calls = 4;
    start(fixture);
    assert_gauge(fixture, "jobs{force_sync}=2 ");
    assert_gauge(fixture, "jobs{held}=0 ");
    assert_gauge(fixture, "lane_in_flight{bap/main}=2 ");
    assert_gauge(fixture, "lane_budget_used_ratio{bap/main}=0.5 ");
    assert_gauge(fixture, "lane_not_before_timestamp_seconds{bap/main}=0 ");
    assert_gauge(fixture, "breaker_open{prod}=0 ");
    fixture->world.faults[CALL_FORCE_SYNC] =
        (struct world_fault){1, VERDICT_MISCONFIGURED, "forbidden", -1};
    engine_fixture_answer(fixture, CALL_FORCE_SYNC);
    assert_gauge(fixture, "breaker_open{prod}=1 ");
    assert_gauge(fixture, "breaker_open{test}=0 ");
    assert_gauge(fixture, "jobs{held}=1 ");
}

static void
the_age_of_a_partition_is_that_of_its_oldest_event(void **state)
{
    struct engine_fixture *fixture = *state;
    const struct offsets *offsets;

    start(fixture);
    offsets = engine_offsets(fixture->engine);
    for (size_t i = 0; i < offsets_count(offsets); i++) {
        const struct partition_state *at = offsets_at(offsets, i);
        double expected = 0.0;

        if (at->topic == MAIN_TOPIC)
            expected = (double)(START_WALL_MS / 1000) - (at->partition == 0 ? 1 : 4);
        assert_true(engine_oldest_unsettled_s(fixture->engine, at) == expected);
    }
}

#define TEST_CASE(name) \
    cmocka_unit_test_setup_teardown(name, engine_fixture_setup, engine_fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(partitions_show_where_they_stand),
        TEST_CASE(the_oldest_events_say_what_they_wait_for),
        TEST_CASE(twenty_of_many_are_shown_oldest_first),
        TEST_CASE(trouble_is_shown_with_its_reason_and_the_next_try),
        TEST_CASE(a_fault_is_shown_with_its_environment),
        TEST_CASE(a_record_that_is_no_event_counts_among_the_oldest_of_its_partition),
        TEST_CASE(gauges_show_jobs_lanes_and_faults),
        TEST_CASE(the_age_of_a_partition_is_that_of_its_oldest_event),
    };
    return cmocka_run_group_tests_name("engine status", tests, NULL, NULL);
}
