/* Records that cannot be decoded: kept with their bytes, settled with the delivery report, or held. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "ledger_fixture.h"
#include "stray.h"

struct fixture {
    struct ledger_fixture *base;
    struct keeper *keeper;
    struct strays *strays;
};

static int
setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    void *base = NULL;

    if (fixture == NULL || ledger_fixture_setup(&base) != 0)
        return -1;
    fixture->base = base;
    fixture->keeper = keeper_create(&fixture->base->bench->core);
    fixture->strays =
        strays_create(&fixture->base->bench->core, &fixture->base->ledger, fixture->keeper);
    *state = fixture;
    return fixture->keeper == NULL || fixture->strays == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    struct fixture *fixture = *state;
    void *base = fixture->base;

    strays_destroy(fixture->strays);
    keeper_destroy(fixture->keeper);
    ledger_fixture_teardown(&base);
    free(fixture);
    return 0;
}

static void
take(struct fixture *fixture, int64_t offset)
{
    const struct message message = {
        .offset = offset, .timestamp_ms = START_WALL_MS, .value = "no json", .value_length = 7};
    struct stray *stray = strays_reserve(fixture->strays, &message);
    struct error error;

    assert_non_null(stray);
    error_set(&error, ERROR_INPUT, "no JSON");
    strays_take(fixture->strays, stray, fixture->base->window,
                ledger_fixture_take(fixture->base, offset), &error);
}

static struct scripted *
scripted(struct fixture *fixture)
{
    return &fixture->base->bench->scripted;
}

/* The last letter's delivery report. */
static void
acknowledge(struct fixture *fixture, const struct error *error)
{
    struct scripted *script = scripted(fixture);

    assert_true(script->letter_count > 0);
    keeper_answered(fixture->keeper, script->letters[script->letter_count - 1].serial, error);
}

static void
a_stray_goes_to_the_dead_letters_and_settles_with_the_report(void **state)
{
    struct fixture *fixture = *state;

    take(fixture, 0);
    assert_int_equal(scripted(fixture)->letter_count, 1);
    assert_memory_equal(scripted(fixture)->letters[0].value, "no json", 7);
    assert_string_equal(letter_header(&scripted(fixture)->letters[0], "dvsync-error-class"),
                        "undecodable");
    assert_string_equal(letter_header(&scripted(fixture)->letters[0], "dvsync-error-text"),
                        "no JSON");
    assert_int_equal(window_watermark(fixture->base->window), 0);
    acknowledge(fixture, NULL);
    assert_settled(scripted(fixture), 0, OUTCOME_DEAD, "undecodable");
    assert_int_equal(window_watermark(fixture->base->window), 1);
    assert_int_equal(strays_count(fixture->strays), 0);
}

static void
a_bad_report_is_followed_by_another_try(void **state)
{
    struct fixture *fixture = *state;
    struct error error;

    error_set(&error, ERROR_KAFKA, "not enough replicas");
    take(fixture, 0);
    acknowledge(fixture, &error);
    bench_pass(fixture->base->bench, 50);
    assert_int_equal(scripted(fixture)->letter_count, 1);
    assert_int_equal(scripted(fixture)->settled_count, 0);
    bench_pass(fixture->base->bench, 2000);
    assert_int_equal(scripted(fixture)->letter_count, 2);
    assert_string_equal(letter_header(&scripted(fixture)->letters[1], "dvsync-attempts"), "2");
    assert_string_equal(letter_header(&scripted(fixture)->letters[1], "dvsync-first-failure"),
                        "2023-11-14T22:13:20.000Z");
    acknowledge(fixture, NULL);
    assert_int_equal(scripted(fixture)->settled_count, 1);
}

static void
each_stray_settles_its_own_offset(void **state)
{
    struct fixture *fixture = *state;

    take(fixture, 0);
    take(fixture, 1);
    acknowledge(fixture, NULL); /* of the second one */
    assert_int_equal(window_watermark(fixture->base->window), 0);
    keeper_answered(fixture->keeper, scripted(fixture)->letters[0].serial, NULL);
    assert_int_equal(window_watermark(fixture->base->window), 2);
}

static void
a_partition_that_a_stray_drained_is_committed_at_once(void **state)
{
    struct fixture *fixture = *state;

    take(fixture, 0);
    offsets_end(fixture->base->offsets, MAIN_TOPIC, 0, 1, 0);
    acknowledge(fixture, NULL);
    bench_pass(fixture->base->bench, 0);
    assert_int_equal(scripted(fixture)->commit_count, 1);
}

static void
a_producer_that_takes_none_now_is_asked_again(void **state)
{
    struct fixture *fixture = *state;

    scripted(fixture)->refuses_keep = true;
    take(fixture, 0);
    assert_int_equal(strays_count(fixture->strays), 1);
    scripted(fixture)->refuses_keep = false;
    bench_pass(fixture->base->bench, 2000);
    acknowledge(fixture, NULL);
    assert_int_equal(scripted(fixture)->settled_count, 1);
}

static void
a_stray_is_held_without_a_dead_letter_topic(void **state)
{
    struct fixture *fixture = *state;

    fixture->base->bench->settings.has_dead_letters = false;
    take(fixture, 0);
    bench_pass(fixture->base->bench, 3600000);
    assert_int_equal(scripted(fixture)->letter_count, 0);
    assert_int_equal(strays_count(fixture->strays), 1);
    assert_int_equal(window_watermark(fixture->base->window), 0);
}

static void
a_stray_that_is_held_counts_as_an_event_and_its_bytes(void **state)
{
    struct fixture *fixture = *state;

    take(fixture, 0);
    assert_int_equal(fixture->base->ledger.events, 1);
    assert_true(fixture->base->ledger.bytes > 7);
    acknowledge(fixture, NULL);
    assert_int_equal(fixture->base->ledger.events, 0);
    assert_int_equal(fixture->base->ledger.bytes, 0);
}

static void
revoked_strays_are_dropped_and_their_reports_settle_nothing(void **state)
{
    struct fixture *fixture = *state;

    take(fixture, 0);
    offsets_revoke(fixture->base->offsets, MAIN_TOPIC, 0);
    strays_revoked(fixture->strays);
    assert_int_equal(strays_count(fixture->strays), 0);
    acknowledge(fixture, NULL);
    assert_int_equal(scripted(fixture)->settled_count, 0);
}

static void
others_stay_when_one_window_is_closed(void **state)
{
    struct fixture *fixture = *state;

    take(fixture, 0);
    strays_revoked(fixture->strays);
    assert_int_equal(strays_count(fixture->strays), 1);
}

static void
strays_are_let_go_unsettled_at_shutdown(void **state)
{
    struct fixture *fixture = *state;

    take(fixture, 0);
    strays_give_up(fixture->strays, true);
    assert_int_equal(strays_count(fixture->strays), 0);
    assert_int_equal(scripted(fixture)->settled_count, 0);
    assert_int_equal(window_watermark(fixture->base->window), 0);
}

static void
what_was_not_taken_in_is_released(void **state)
{
    struct fixture *fixture = *state;

    strays_release(strays_reserve(fixture->strays, message_make(1, 1, 0, 0)));
    assert_int_equal(fixture->base->ledger.bytes, 0);
}

#define TEST_CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(a_stray_goes_to_the_dead_letters_and_settles_with_the_report),
        TEST_CASE(a_bad_report_is_followed_by_another_try),
        TEST_CASE(each_stray_settles_its_own_offset),
        TEST_CASE(a_partition_that_a_stray_drained_is_committed_at_once),
        TEST_CASE(a_producer_that_takes_none_now_is_asked_again),
        TEST_CASE(a_stray_is_held_without_a_dead_letter_topic),
        TEST_CASE(a_stray_that_is_held_counts_as_an_event_and_its_bytes),
        TEST_CASE(revoked_strays_are_dropped_and_their_reports_settle_nothing),
        TEST_CASE(others_stay_when_one_window_is_closed),
        TEST_CASE(strays_are_let_go_unsettled_at_shutdown),
        TEST_CASE(what_was_not_taken_in_is_released),
    };
    return cmocka_run_group_tests_name("stray", tests, NULL, NULL);
}
