/* Batches: when they leave, who is aboard, and what becomes of them when they fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "reader_fixture.h"
#include "scarce_memory.h"

/* --- leaving --------------------------------------------------------------------------------- */

static void
a_full_batch_leaves_at_once(void **state)
{
    struct reader_fixture *fixture = *state;

    reader_fixture_add(fixture, 1, CAPACITY - 1);
    assert_string_equal(reader_fixture_flying(fixture), "");
    reader_fixture_add(fixture, CAPACITY, CAPACITY);
    assert_string_equal(reader_fixture_flying(fixture), "1 2 3 4");
    assert_int_equal(fixture->sent[1], 1);
}

static void
a_smaller_batch_leaves_after_a_linger(void **state)
{
    struct reader_fixture *fixture = *state;

    reader_fixture_add(fixture, 1, 1);
    bench_pass(fixture->bench, LINGER_MS - 1);
    reader_fixture_add(fixture, 2, 2);
    assert_string_equal(reader_fixture_flying(fixture), "");
    bench_pass(fixture->bench, 1);
    assert_string_equal(reader_fixture_flying(fixture), "1 2");
}

static void
what_is_left_of_a_full_batch_lingers_too(void **state)
{
    struct reader_fixture *fixture = *state;

    reader_fixture_add(fixture, 1, CAPACITY + 1);
    assert_string_equal(reader_fixture_flying(fixture), "1 2 3 4");
    bench_pass(fixture->bench, LINGER_MS);
    assert_string_equal(reader_fixture_flying(fixture), "1 2 3 4, 5");
}

static void
nobody_lingers_when_told_to_go(void **state)
{
    struct reader_fixture *fixture = *state;

    reader_fixture_add(fixture, 1, 2);
    reader_flush(fixture->reader);
    assert_string_equal(reader_fixture_flying(fixture), "1 2");
}

static void
a_batch_takes_those_aboard_who_wait_when_the_lane_lets_it_go(void **state)
{
    struct reader_fixture *fixture = *state;

    reader_fixture_use(fixture, &reader_look, CAPACITY, 1);
    reader_fixture_add(fixture, 1, CAPACITY);
    reader_fixture_add(fixture, 5, 5);
    bench_pass(fixture->bench, LINGER_MS); /* 5 is ready to go, but the lane is not */
    assert_string_equal(reader_fixture_flying(fixture), "1 2 3 4");
    reader_fixture_add(fixture, 6, 7);
    reader_fixture_answer_next(fixture, VERDICT_DONE);
    assert_string_equal(reader_fixture_flying(fixture), "5 6 7");
}

static void
batches_fill_up_while_the_lane_is_held(void **state)
{
    struct reader_fixture *fixture = *state;

    lane_hold(fixture->lane, 1000);
    for (int user = 1; user <= 6; user++) {
        reader_fixture_add(fixture, user, user);
        bench_pass(fixture->bench, 2 * LINGER_MS);
    }
    assert_string_equal(reader_fixture_flying(fixture), "");
    bench_pass(fixture->bench, 1000);
    assert_string_equal(reader_fixture_flying(fixture), "1 2 3 4, 5 6");
}

static void
a_job_that_waits_or_flies_is_not_taken_twice(void **state)
{
    struct reader_fixture *fixture = *state;

    reader_fixture_add(fixture, 1, 1);
    reader_fixture_add(fixture, 1, 1);
    reader_flush(fixture->reader);
    reader_fixture_add(fixture, 1, 1);
    reader_flush(fixture->reader);
    assert_string_equal(reader_fixture_flying(fixture), "1");
    assert_int_equal(reader_waiting(fixture->reader), 0);
}

/* --- withdrawing ----------------------------------------------------------------------------- */

static void
a_job_that_is_withdrawn_does_not_leave(void **state)
{
    struct reader_fixture *fixture = *state;

    reader_fixture_add(fixture, 1, 2);
    reader_remove(fixture->reader, fixture->jobs[1]);
    bench_pass(fixture->bench, LINGER_MS);
    assert_string_equal(reader_fixture_flying(fixture), "2");
}

static void
a_job_that_is_withdrawn_in_flight_is_told_nothing(void **state)
{
    struct reader_fixture *fixture = *state;

    reader_fixture_add(fixture, 1, CAPACITY);
    reader_remove(fixture->reader, fixture->jobs[2]);
    reader_remove(fixture->reader, fixture->jobs[2]);
    reader_fixture_answer_next(fixture, VERDICT_DONE);
    assert_int_equal(fixture->answered[1], 1);
    assert_int_equal(fixture->answered[2], 0);
}

static void
no_call_leaves_when_all_have_gone_meanwhile(void **state)
{
    struct reader_fixture *fixture = *state;

    lane_hold(fixture->lane, 1000);
    reader_fixture_add(fixture, 1, CAPACITY);
    for (int user = 1; user <= CAPACITY; user++)
        reader_remove(fixture->reader, fixture->jobs[user]);
    bench_pass(fixture->bench, 1000);
    assert_string_equal(reader_fixture_flying(fixture), "");
    reader_fixture_add(fixture, 5, 5);
    bench_pass(fixture->bench, LINGER_MS);
    assert_string_equal(reader_fixture_flying(fixture), "5");
}

static void
a_throttled_batch_leaves_again_without_those_who_have_gone(void **state)
{
    struct reader_fixture *fixture = *state;
    struct call *call;

    reader_fixture_add(fixture, 1, CAPACITY);
    call = reader_fixture_land(fixture);
    call->error.retry_after_ms = 1000;
    call->verdict = VERDICT_THROTTLED;
    lane_answered(fixture->lane, call);
    reader_remove(fixture->reader, fixture->jobs[3]);
    reader_fixture_add(fixture, 5, 5);
    bench_pass(fixture->bench, 1000);
    assert_string_equal(reader_fixture_flying(fixture), "1 2 4");
}

/* --- failing --------------------------------------------------------------------------------- */

static void
after_a_failure_all_wait_again_in_their_order_and_first(void **state)
{
    struct reader_fixture *fixture = *state;

    reader_fixture_add(fixture, 1, 3);
    reader_flush(fixture->reader);
    reader_fixture_add(fixture, 4, 4);
    reader_fixture_answer_next(fixture, VERDICT_RETRY);
    assert_string_equal(reader_fixture_flying(fixture), "");
    assert_int_equal(fixture->bench->scripted.failures, 1);
    bench_pass(fixture->bench, 1000);
    assert_string_equal(reader_fixture_flying(fixture), "1 2 3 4");
    assert_int_equal(fixture->failed[1], 0);
}

static void
nobody_leaves_while_the_reader_backs_off(void **state)
{
    struct reader_fixture *fixture = *state;

    reader_fixture_use(fixture, &reader_look, CAPACITY, 1);
    reader_fixture_add(fixture, 1, 3 * CAPACITY); /* three calls are in the lane */
    reader_fixture_answer_next(fixture, VERDICT_RETRY);
    assert_string_equal(reader_fixture_flying(fixture), "");
    reader_fixture_add(fixture, 13, 20);
    reader_flush(fixture->reader);
    assert_string_equal(reader_fixture_flying(fixture), "");
    bench_pass(fixture->bench, 1000);
    assert_string_equal(reader_fixture_flying(fixture), "1 2 3 4");
    for (int i = 0; i < 5; i++)
        reader_fixture_answer_next(fixture, VERDICT_DONE);
    for (int user = 1; user <= 20; user++)
        assert_int_equal(fixture->answered[user], 1);
}

static void
pauses_grow_from_failure_to_failure(void **state)
{
    struct reader_fixture *fixture = *state;

    reader_fixture_add(fixture, 1, 1);
    reader_flush(fixture->reader);
    for (int i = 0; i < 7; i++) {
        reader_fixture_answer_next(fixture, VERDICT_RETRY);
        assert_in_range(fixture->bench->scripted.failure_next_ms,
                        (100 << i) < 6000 ? 100 << i : 6000, 60000);
        bench_pass(fixture->bench, 120000);
    }
}

static void
a_success_makes_the_next_failure_the_first(void **state)
{
    struct reader_fixture *fixture = *state;

    reader_fixture_add(fixture, 1, CAPACITY);
    for (int i = 0; i < 5; i++) {
        reader_fixture_answer_next(fixture, VERDICT_RETRY);
        bench_pass(fixture->bench, 60000);
        while (i == 4 && fixture->bench->scripted.flight_count > 0)
            reader_fixture_answer_next(fixture, VERDICT_DONE);
        while (i < 4 && fixture->bench->scripted.flight_count > 1)
            reader_fixture_answer_next(fixture, VERDICT_RETRY);
    }
    reader_fixture_add(fixture, 5, 8);
    reader_fixture_answer_next(fixture, VERDICT_RETRY);
    assert_in_range(fixture->bench->scripted.failure_next_ms, 100, 1000);
    bench_pass(fixture->bench, 1000);
    assert_string_equal(reader_fixture_flying(fixture), "5 6 7 8");
}

static void
a_batch_that_fails_again_is_halved_and_grows_back(void **state)
{
    struct reader_fixture *fixture = *state;

    reader_fixture_add(fixture, 1, CAPACITY);
    reader_fixture_answer_next(fixture, VERDICT_RETRY);
    bench_pass(fixture->bench, 60000);
    assert_string_equal(reader_fixture_flying(fixture), "1 2 3 4");
    reader_fixture_answer_next(fixture, VERDICT_RETRY);
    bench_pass(fixture->bench, 60000);
    assert_string_equal(reader_fixture_flying(fixture), "1 2, 3 4");
    reader_fixture_answer_next(fixture, VERDICT_DONE);
    reader_fixture_answer_next(fixture, VERDICT_DONE);
    reader_fixture_add(fixture, 5, 5 + CAPACITY - 1);
    assert_string_equal(reader_fixture_flying(fixture), "5 6 7 8");
}

static bool
is_aboard(const struct call *call, int user)
{
    struct guid id = user_id(user);

    for (size_t i = 0; i < call->id_count; i++) {
        if (guid_equal(&call->ids[i], &id))
            return true;
    }
    return false;
}

static void
one_user_who_cannot_be_read_does_not_hold_up_the_others(void **state)
{
    struct reader_fixture *fixture = *state;

    reader_fixture_use(fixture, &reader_look, CAPACITY, 1);
    reader_fixture_add(fixture, 1, 12);
    for (int i = 0; i < 100; i++) {
        bench_pass(fixture->bench, 60000);
        while (fixture->bench->scripted.flight_count > 0) {
            struct call *call = reader_fixture_land(fixture);

            reader_fixture_answer(fixture, call, is_aboard(call, 1) ? VERDICT_RETRY : VERDICT_DONE);
        }
    }
    for (int user = 2; user <= 12; user++)
        assert_int_equal(fixture->answered[user], 1);
    assert_int_equal(fixture->answered[1], 0);
}

static void
a_misconfigured_environment_is_a_fault_until_it_is_read(void **state)
{
    struct reader_fixture *fixture = *state;
    int64_t since_ms;

    reader_fixture_add(fixture, 1, 1);
    reader_flush(fixture->reader);
    assert_null(reader_fault(fixture->reader, &since_ms));
    reader_fixture_answer_next(fixture, VERDICT_MISCONFIGURED);
    assert_string_equal(reader_fault(fixture->reader, &since_ms), "it failed");
    assert_int_equal(since_ms, fixture->bench->clock.mono_ms);
    assert_string_equal(fixture->bench->scripted.failure_next, "hold");
    bench_pass(fixture->bench, fixture->bench->settings.probe_ms - 1);
    assert_string_equal(reader_fixture_flying(fixture), "");
    bench_pass(fixture->bench, 1);
    assert_string_equal(reader_fixture_flying(fixture), "1");
    reader_fixture_answer_next(fixture, VERDICT_DONE);
    assert_null(reader_fault(fixture->reader, &since_ms));
}

static void
without_memory_for_a_batch_it_leaves_later(void **state)
{
    struct reader_fixture *fixture = *state;

    for (size_t i = 0; i < 6; i++) {
        int first = 1 + (int)i * CAPACITY;

        for (int user = first; user < first + CAPACITY; user++)
            (void)reader_fixture_job(fixture, user);
        scarce_memory_fail_after(i);
        reader_fixture_add(fixture, first, first + CAPACITY - 1);
        (void)scarce_memory_has_failed();
        bench_pass(fixture->bench, 2000);
        while (fixture->bench->scripted.flight_count > 0)
            reader_fixture_answer_next(fixture, VERDICT_DONE);
        bench_pass(fixture->bench, 2000);
        for (int user = first; user < first + CAPACITY; user++)
            assert_int_equal(fixture->answered[user], 1);
    }
}

static void
a_reader_ends_with_calls_in_flight_and_jobs_waiting(void **state)
{
    struct reader_fixture *fixture = *state;

    reader_fixture_add(fixture, 1, CAPACITY + 1);
    for (int user = 1; user <= CAPACITY + 1; user++)
        reader_remove(fixture->reader, fixture->jobs[user]);
    reader_destroy(fixture->reader);
    fixture->reader = NULL;
    assert_int_equal(fixture->bench->scripted.canceled, 1);
}

#define TEST_CASE(name) \
    cmocka_unit_test_setup_teardown(name, reader_fixture_setup, reader_fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(a_full_batch_leaves_at_once),
        TEST_CASE(a_smaller_batch_leaves_after_a_linger),
        TEST_CASE(what_is_left_of_a_full_batch_lingers_too),
        TEST_CASE(nobody_lingers_when_told_to_go),
        TEST_CASE(a_batch_takes_those_aboard_who_wait_when_the_lane_lets_it_go),
        TEST_CASE(batches_fill_up_while_the_lane_is_held),
        TEST_CASE(a_job_that_waits_or_flies_is_not_taken_twice),
        TEST_CASE(a_job_that_is_withdrawn_does_not_leave),
        TEST_CASE(a_job_that_is_withdrawn_in_flight_is_told_nothing),
        TEST_CASE(no_call_leaves_when_all_have_gone_meanwhile),
        TEST_CASE(a_throttled_batch_leaves_again_without_those_who_have_gone),
        TEST_CASE(after_a_failure_all_wait_again_in_their_order_and_first),
        TEST_CASE(nobody_leaves_while_the_reader_backs_off),
        TEST_CASE(pauses_grow_from_failure_to_failure),
        TEST_CASE(a_success_makes_the_next_failure_the_first),
        TEST_CASE(a_batch_that_fails_again_is_halved_and_grows_back),
        TEST_CASE(one_user_who_cannot_be_read_does_not_hold_up_the_others),
        TEST_CASE(a_misconfigured_environment_is_a_fault_until_it_is_read),
        TEST_CASE(without_memory_for_a_batch_it_leaves_later),
        TEST_CASE(a_reader_ends_with_calls_in_flight_and_jobs_waiting),
    };
    return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
