/* The published limits of a sliding window, and that no span ever holds more than they allow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pacer.h"
#include "rng.h"

enum { LIMIT = 3, SPAN_MS = 1000, ROOM = 8 };

static int
setup(void **state)
{
    *state = pacer_create(ROOM, SPAN_MS);
    return *state == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    pacer_destroy(*state);
    return 0;
}

static void
note(struct pacer *pacer, int count, int64_t took_ms, int64_t now_ms)
{
    for (int i = 0; i < count; i++)
        pacer_note(pacer, took_ms, now_ms);
}

static void
pacer_lets_the_limit_through_at_once(void **state)
{
    for (size_t in_flight = 0; in_flight < LIMIT; in_flight++)
        assert_int_equal(pacer_wait_ms(*state, in_flight, LIMIT, 0, 0), 0);
    note(*state, LIMIT - 1, 0, 0);
    assert_int_equal(pacer_wait_ms(*state, 0, LIMIT, 0, 0), 0);
    note(*state, 1, 0, 0);
    assert_int_equal(pacer_wait_ms(*state, 0, LIMIT, 0, 0), SPAN_MS);
}

static void
pacer_counts_a_call_until_a_span_after_its_answer(void **state)
{
    note(*state, LIMIT, 400, 500);
    assert_int_equal(pacer_wait_ms(*state, 0, LIMIT, 0, 600), SPAN_MS - 100);
    assert_int_equal(pacer_wait_ms(*state, 0, LIMIT, 0, 1499), 1);
    assert_int_equal(pacer_wait_ms(*state, 0, LIMIT, 0, 1500), 0);
}

static void
pacer_counts_calls_in_flight(void **state)
{
    note(*state, 1, 0, 0);
    assert_int_equal(pacer_wait_ms(*state, LIMIT - 2, LIMIT, 0, 100), 0);
    assert_int_equal(pacer_wait_ms(*state, LIMIT - 1, LIMIT, 0, 100), SPAN_MS - 100);
}

static void
pacer_asks_for_a_span_when_flights_alone_stand_in_the_way(void **state)
{
    note(*state, 1, 0, 0);
    assert_int_equal(pacer_wait_ms(*state, LIMIT, LIMIT, 0, 100), SPAN_MS);
}

static void
pacer_waits_until_enough_have_left_when_the_limit_shrinks(void **state)
{
    for (int64_t at_ms = 0; at_ms < 5; at_ms++)
        note(*state, 1, 0, at_ms * 100);
    assert_int_equal(pacer_wait_ms(*state, 0, 2, 0, 400), SPAN_MS - 400 + 300);
}

static void
pacer_has_no_limit_where_none_is_given(void **state)
{
    note(*state, ROOM, 100000, 0);
    assert_int_equal(pacer_wait_ms(*state, 1000, 0, 0, 0), 0);
}

static void
pacer_holds_back_when_the_execution_time_is_used_up(void **state)
{
    note(*state, 1, 400, 0);
    note(*state, 1, 400, 300);
    assert_int_equal(pacer_wait_ms(*state, 0, 0, 1200, 400), 0);
    assert_int_equal(pacer_wait_ms(*state, 0, 0, 1199, 400), SPAN_MS - 400);
    assert_int_equal(pacer_wait_ms(*state, 0, 0, 799, 400), SPAN_MS - 400 + 300);
}

static void
pacer_expects_calls_in_flight_to_take_as_long_as_others(void **state)
{
    note(*state, 1, 400, 0);
    assert_int_equal(pacer_wait_ms(*state, 1, 0, 1200, 0), 0);
    assert_int_equal(pacer_wait_ms(*state, 2, 0, 1200, 0), SPAN_MS);
    assert_int_equal(pacer_wait_ms(*state, 4, 0, 1200, 0), SPAN_MS);
}

static void
pacer_lets_a_call_through_when_nothing_else_runs(void **state)
{
    note(*state, 1, 5000, 0);
    assert_int_equal(pacer_wait_ms(*state, 0, 0, 1000, SPAN_MS), 0);
}

static void
pacer_counts_execution_time_of_more_calls_than_it_remembers(void **state)
{
    note(*state, 3 * ROOM, 100, 0);
    assert_int_equal(pacer_used(*state, 0), ROOM);
    assert_int_equal(pacer_wait_ms(*state, 0, 0, 2400, 1), SPAN_MS - 1);
    note(*state, 1, 50, SPAN_MS);
    assert_int_equal(pacer_wait_ms(*state, 1, 0, 150, SPAN_MS), 0);
    assert_int_equal(pacer_wait_ms(*state, 2, 0, 150, SPAN_MS), SPAN_MS);
}

static void
pacer_forgets_after_a_span(void **state)
{
    note(*state, 2, 0, 0);
    note(*state, 1, 0, 500);
    assert_int_equal(pacer_used(*state, 999), 3);
    assert_int_equal(pacer_used(*state, 1000), 1);
    assert_int_equal(pacer_used(*state, 1500), 0);
}

/* --- any history ----------------------------------------------------------------------------- */

enum { CALLS = 4000, FLYING_MOST = 6 };

struct flight {
    int64_t sent_at_ms;
    int64_t answer_at_ms;
};

struct history {
    struct rng rng;
    struct pacer *pacer;
    struct flight flying[FLYING_MOST];
    size_t in_flight;
    int64_t arrived_at_ms[CALLS]; /* somewhere between sending and answer */
    size_t arrived;
};

static void
answer_due(struct history *history, int64_t now_ms)
{
    for (size_t i = 0; i < history->in_flight;) {
        struct flight flight = history->flying[i];

        if (flight.answer_at_ms > now_ms) {
            i++;
            continue;
        }
        pacer_note(history->pacer, now_ms - flight.sent_at_ms, now_ms);
        history->arrived_at_ms[history->arrived++] =
            rng_between(&history->rng, flight.sent_at_ms, now_ms);
        history->flying[i] = history->flying[--history->in_flight];
    }
}

static void
send_if_allowed(struct history *history, int64_t now_ms)
{
    if (history->in_flight == FLYING_MOST || rng_below(&history->rng, 3) != 0 ||
        pacer_wait_ms(history->pacer, history->in_flight, LIMIT, 0, now_ms) > 0)
        return;
    history->flying[history->in_flight++] =
        (struct flight){now_ms, now_ms + rng_between(&history->rng, 0, 400)};
}

static int
compare_instants(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

static void
pacer_never_lets_more_than_the_limit_arrive_in_any_span(void **state)
{
    struct history history = {.pacer = *state};

    rng_seed(&history.rng, 7);
    for (int64_t now_ms = 0; history.arrived + FLYING_MOST < CALLS; now_ms += 20) {
        answer_due(&history, now_ms);
        send_if_allowed(&history, now_ms);
    }
    qsort(history.arrived_at_ms, history.arrived, sizeof(history.arrived_at_ms[0]),
          compare_instants);
    for (size_t i = LIMIT; i < history.arrived; i++)
        assert_true(history.arrived_at_ms[i] - history.arrived_at_ms[i - LIMIT] >= SPAN_MS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pacer_lets_the_limit_through_at_once),
        TEST(pacer_counts_a_call_until_a_span_after_its_answer),
        TEST(pacer_counts_calls_in_flight),
        TEST(pacer_asks_for_a_span_when_flights_alone_stand_in_the_way),
        TEST(pacer_waits_until_enough_have_left_when_the_limit_shrinks),
        TEST(pacer_has_no_limit_where_none_is_given),
        TEST(pacer_holds_back_when_the_execution_time_is_used_up),
        TEST(pacer_expects_calls_in_flight_to_take_as_long_as_others),
        TEST(pacer_lets_a_call_through_when_nothing_else_runs),
        TEST(pacer_counts_execution_time_of_more_calls_than_it_remembers),
        TEST(pacer_forgets_after_a_span),
        TEST(pacer_never_lets_more_than_the_limit_arrive_in_any_span),
    };
    return cmocka_run_group_tests_name("pacer", tests, NULL, NULL);
}
