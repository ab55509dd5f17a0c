/* The gate of a lane: order, concurrency, windows, shares, and who is asked to prepare. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lane_fixture.h"
#include "rng.h"

enum { SPAN_MS = 1000 };

static void
calls_leave_in_order_as_concurrency_allows(void **state)
{
    struct lane_fixture *fixture = *state;

    lane_fixture_submit(fixture, 0, 6);
    assert_int_equal(lane_fixture_flying(fixture), 4);
    assert_int_equal(lane_waiting(fixture->lane), 3);
    for (int i = 0; i < 4; i++)
        assert_int_equal(lane_fixture_number(fixture, (size_t)i), i);
    lane_fixture_answer(fixture, VERDICT_DONE);
    assert_int_equal(fixture->probes[0].done, 1);
    assert_int_equal(lane_fixture_number(fixture, 3), 4);
    assert_int_equal(lane_in_flight(fixture->lane), 4);
}

static void
calls_are_prepared_only_when_they_leave(void **state)
{
    struct lane_fixture *fixture = *state;

    lane_fixture_submit(fixture, 0, 5);
    assert_int_equal(fixture->probes[3].prepared, 1);
    assert_int_equal(fixture->probes[4].prepared, 0);
    lane_fixture_answer(fixture, VERDICT_DONE);
    assert_int_equal(fixture->probes[4].prepared, 1);
}

static void
a_call_with_nothing_to_ask_is_dropped_and_the_next_one_leaves(void **state)
{
    struct lane_fixture *fixture = *state;

    fixture->probes[0].is_dropped = fixture->probes[2].is_dropped = true;
    lane_fixture_submit(fixture, 0, 5);
    assert_int_equal(lane_fixture_flying(fixture), 4);
    assert_int_equal(lane_fixture_number(fixture, 0), 1);
    assert_int_equal(lane_fixture_number(fixture, 1), 3);
    assert_int_equal(fixture->probes[0].done, 0);
    assert_int_equal(lane_waiting(fixture->lane), 0);
}

static void
a_waiting_call_is_cancelled_without_a_word(void **state)
{
    struct lane_fixture *fixture = *state;

    lane_fixture_submit(fixture, 0, 4);
    lane_cancel(fixture->lane, &fixture->probes[4].call);
    assert_int_equal(lane_waiting(fixture->lane), 0);
    assert_int_equal(fixture->bench->scripted.canceled, 0);
    lane_fixture_answer(fixture, VERDICT_DONE);
    assert_int_equal(lane_fixture_flying(fixture), 3);
    lane_cancel(fixture->lane, &fixture->probes[4].call);
    assert_int_equal(lane_waiting(fixture->lane), 0);
}

static void
a_flying_call_is_cancelled_on_the_wire_and_makes_room(void **state)
{
    struct lane_fixture *fixture = *state;

    lane_fixture_submit(fixture, 0, 4);
    lane_cancel(fixture->lane, &fixture->probes[1].call);
    assert_int_equal(fixture->bench->scripted.canceled, 1);
    bench_pass(fixture->bench, 0);
    assert_int_equal(lane_fixture_flying(fixture), 4);
    assert_int_equal(lane_fixture_number(fixture, 3), 4);
    assert_int_equal(fixture->probes[1].done, 0);
}

static void
a_lane_ends_with_calls_in_flight_and_waiting(void **state)
{
    struct lane_fixture *fixture = *state;

    lane_fixture_submit(fixture, 0, 6);
    lane_destroy(fixture->lane);
    fixture->lane = NULL;
    assert_int_equal(fixture->bench->scripted.canceled, 4);
    for (int i = 0; i < 7; i++)
        assert_int_equal(fixture->probes[i].done, 0);
}

static void
a_call_that_cannot_be_sent_stays_first_and_leaves_later(void **state)
{
    struct lane_fixture *fixture = *state;

    fixture->bench->scripted.refuses_send = true;
    lane_fixture_submit(fixture, 0, 1);
    fixture->bench->scripted.refuses_send = false;
    bench_pass(fixture->bench, 2000); /* the token */
    lane_fixture_give_token(fixture);
    lane_fixture_answer(fixture, VERDICT_DONE);
    lane_fixture_answer(fixture, VERDICT_DONE);

    fixture->bench->scripted.refuses_send = true;
    lane_fixture_submit(fixture, 2, 3);
    assert_int_equal(lane_in_flight(fixture->lane), 0);
    assert_int_equal(lane_waiting(fixture->lane), 2);
    fixture->bench->scripted.refuses_send = false;
    bench_pass(fixture->bench, 2000);
    assert_int_equal(lane_fixture_number(fixture, 0), 2);
    assert_int_equal(lane_fixture_number(fixture, 1), 3);
}

/* --- windows --------------------------------------------------------------------------------- */

static void
a_window_holds_the_next_call_until_the_first_is_a_span_old(void **state)
{
    static const struct lane_limits limits = {.concurrency = 8, .calls = 2, .span_ms = SPAN_MS};
    struct lane_fixture *fixture = *state;

    lane_fixture_limit(fixture, &limits);
    lane_fixture_submit(fixture, 0, 3);
    assert_int_equal(lane_fixture_flying(fixture), 2);
    lane_fixture_answer(fixture, VERDICT_DONE);
    bench_pass(fixture->bench, 500);
    lane_fixture_answer(fixture, VERDICT_DONE);
    assert_int_equal(lane_fixture_flying(fixture), 0);
    bench_pass(fixture->bench, SPAN_MS - 501);
    assert_int_equal(lane_fixture_flying(fixture), 0);
    bench_pass(fixture->bench, 1);
    assert_int_equal(lane_fixture_flying(fixture), 1);
    bench_pass(fixture->bench, 500);
    assert_int_equal(lane_fixture_flying(fixture), 2);
}

static void
a_cancelled_call_still_counts_in_the_window(void **state)
{
    static const struct lane_limits limits = {.concurrency = 8, .calls = 1, .span_ms = SPAN_MS};
    struct lane_fixture *fixture = *state;

    lane_fixture_limit(fixture, &limits);
    lane_fixture_submit(fixture, 0, 1);
    lane_cancel(fixture->lane, &fixture->probes[0].call);
    bench_pass(fixture->bench, SPAN_MS - 1);
    assert_int_equal(lane_fixture_flying(fixture), 0);
    bench_pass(fixture->bench, 1);
    assert_int_equal(lane_fixture_flying(fixture), 1);
}

static void
execution_time_holds_the_next_call_too(void **state)
{
    static const struct lane_limits limits = {
        .concurrency = 1, .execution_ms = 900, .span_ms = SPAN_MS};
    struct lane_fixture *fixture = *state;

    lane_fixture_limit(fixture, &limits);
    lane_fixture_submit(fixture, 0, 1);
    bench_pass(fixture->bench, 500);
    lane_fixture_answer(fixture, VERDICT_DONE);
    assert_int_equal(lane_fixture_flying(fixture), 0);
    bench_pass(fixture->bench, SPAN_MS);
    assert_int_equal(lane_fixture_flying(fixture), 1);
}

static void
the_used_part_of_the_budget_is_shown(void **state)
{
    static const struct lane_limits limits = {.concurrency = 8, .calls = 4, .span_ms = SPAN_MS};
    struct lane_fixture *fixture = *state;

    assert_true(lane_used_ratio(fixture->lane) == 0.0);
    lane_fixture_limit(fixture, &limits);
    lane_fixture_submit(fixture, 0, 1);
    lane_fixture_answer(fixture, VERDICT_DONE);
    assert_true(lane_used_ratio(fixture->lane) == 0.5);
    bench_pass(fixture->bench, SPAN_MS);
    assert_true(lane_used_ratio(fixture->lane) == 0.25);
}

/* --- shares ---------------------------------------------------------------------------------- */

static size_t
flying_of_many(struct lane_fixture *fixture, int first)
{
    lane_fixture_submit(fixture, first, first + 19);
    return lane_fixture_flying(fixture);
}

static void
the_first_share_counts_at_once(void **state)
{
    static const struct lane_limits limits = {.concurrency = 10, .span_ms = SPAN_MS};
    struct lane_fixture *fixture = *state;

    lane_fixture_limit(fixture, &limits);
    lane_set_share(fixture->lane, 0.5);
    assert_int_equal(flying_of_many(fixture, 0), 5);
}

static void
a_smaller_share_counts_at_once_and_a_greater_one_a_span_later(void **state)
{
    static const struct lane_limits limits = {.concurrency = 10, .span_ms = SPAN_MS};
    struct lane_fixture *fixture = *state;

    lane_fixture_limit(fixture, &limits);
    lane_set_share(fixture->lane, 0.4);
    lane_set_share(fixture->lane, 0.2);
    assert_int_equal(flying_of_many(fixture, 0), 2);
    lane_set_share(fixture->lane, 0.8);
    bench_pass(fixture->bench, SPAN_MS - 1);
    lane_pump(fixture->lane);
    assert_int_equal(lane_fixture_flying(fixture), 2);
    lane_set_share(fixture->lane, 0.8); /* said again: the span goes on */
    bench_pass(fixture->bench, 1);
    lane_pump(fixture->lane);
    assert_int_equal(lane_fixture_flying(fixture), 8);
}

static void
a_share_that_is_taken_back_before_its_time_never_counts(void **state)
{
    static const struct lane_limits limits = {.concurrency = 10, .span_ms = SPAN_MS};
    struct lane_fixture *fixture = *state;

    lane_fixture_limit(fixture, &limits);
    lane_set_share(fixture->lane, 0.4);
    lane_set_share(fixture->lane, 0.8);
    lane_set_share(fixture->lane, 0.4);
    bench_pass(fixture->bench, SPAN_MS);
    assert_int_equal(flying_of_many(fixture, 0), 4);
}

static void
a_share_leaves_at_least_one_call(void **state)
{
    static const struct lane_limits limits = {.concurrency = 2, .calls = 3, .span_ms = SPAN_MS};
    struct lane_fixture *fixture = *state;

    lane_fixture_limit(fixture, &limits);
    lane_set_share(fixture->lane, 0.1);
    assert_int_equal(flying_of_many(fixture, 0), 1);
}

static void
the_window_is_shared_out_as_well(void **state)
{
    static const struct lane_limits limits = {.concurrency = 20, .calls = 10, .span_ms = SPAN_MS};
    struct lane_fixture *fixture = *state;

    lane_fixture_limit(fixture, &limits);
    lane_set_share(fixture->lane, 0.3);
    assert_int_equal(flying_of_many(fixture, 0), 3);
}

static void
the_services_hint_caps_concurrency(void **state)
{
    struct lane_fixture *fixture = *state;
    struct call *call;

    lane_fixture_submit(fixture, 0, 9);
    call = scripted_land(&fixture->bench->scripted, CALL_FORCE_SYNC);
    call_reset(call);
    call->verdict = VERDICT_DONE;
    call->dop_hint = 2;
    lane_answered(fixture->lane, call);
    assert_int_equal(lane_fixture_flying(fixture), 3);
    lane_fixture_answer(fixture, VERDICT_DONE);
    assert_int_equal(lane_fixture_flying(fixture), 2);
    lane_fixture_answer(fixture, VERDICT_DONE);
    assert_int_equal(lane_fixture_flying(fixture), 2);
}

/* --- any history ----------------------------------------------------------------------------- */

enum { LIMIT = 5, STEPS = 3000 };

/* Submits, answers or cancels something, or nothing. */
static void
step(struct lane_fixture *fixture, struct rng *rng, int *number)
{
    struct probe *probe = &fixture->probes[*number];

    switch (rng_below(rng, 4)) {
    case 0:
        if (list_is_empty(&probe->call.link) || probe->call.lane == NULL)
            lane_fixture_submit(fixture, *number, *number);
        *number = (*number + 1) % PROBES_MOST;
        break;
    case 1:
        if (lane_fixture_flying(fixture) > 0)
            lane_fixture_answer(fixture, VERDICT_DONE);
        break;
    case 2:
        if (probe->call.lane != NULL && rng_below(rng, 4) == 0)
            lane_cancel(fixture->lane, &probe->call);
        break;
    default:
        break;
    }
}

static void
no_span_ever_sees_more_calls_than_the_limit(void **state)
{
    static const struct lane_limits limits = {.concurrency = 4, .calls = LIMIT, .span_ms = SPAN_MS};
    static int64_t sent_at_ms[STEPS * 4];
    struct lane_fixture *fixture = *state;
    struct scripted *scripted = &fixture->bench->scripted;
    size_t sent = 0;
    struct rng rng;
    int number = 0;

    rng_seed(&rng, 11);
    lane_fixture_limit(fixture, &limits);
    for (int i = 0; i < STEPS; i++) {
        step(fixture, &rng, &number);
        bench_pass(fixture->bench, rng_between(&rng, 0, 60));
        while (sent < scripted->sent[CALL_FORCE_SYNC])
            sent_at_ms[sent++] = fixture->bench->clock.mono_ms;
    }
    assert_in_range(sent, STEPS / 10, STEPS);
    for (size_t i = LIMIT; i < sent; i++)
        assert_true(sent_at_ms[i] - sent_at_ms[i - LIMIT] >= SPAN_MS - 60);
}

#define TEST_CASE(name) \
    cmocka_unit_test_setup_teardown(name, lane_fixture_setup, lane_fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(calls_leave_in_order_as_concurrency_allows),
        TEST_CASE(calls_are_prepared_only_when_they_leave),
        TEST_CASE(a_call_with_nothing_to_ask_is_dropped_and_the_next_one_leaves),
        TEST_CASE(a_waiting_call_is_cancelled_without_a_word),
        TEST_CASE(a_flying_call_is_cancelled_on_the_wire_and_makes_room),
        TEST_CASE(a_lane_ends_with_calls_in_flight_and_waiting),
        TEST_CASE(a_call_that_cannot_be_sent_stays_first_and_leaves_later),
        TEST_CASE(a_window_holds_the_next_call_until_the_first_is_a_span_old),
        TEST_CASE(a_cancelled_call_still_counts_in_the_window),
        TEST_CASE(execution_time_holds_the_next_call_too),
        TEST_CASE(the_used_part_of_the_budget_is_shown),
        TEST_CASE(the_first_share_counts_at_once),
        TEST_CASE(a_smaller_share_counts_at_once_and_a_greater_one_a_span_later),
        TEST_CASE(a_share_that_is_taken_back_before_its_time_never_counts),
        TEST_CASE(a_share_leaves_at_least_one_call),
        TEST_CASE(the_window_is_shared_out_as_well),
        TEST_CASE(the_services_hint_caps_concurrency),
        TEST_CASE(no_span_ever_sees_more_calls_than_the_limit),
    };
    return cmocka_run_group_tests_name("lane", tests, NULL, NULL);
}
