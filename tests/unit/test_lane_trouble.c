/* What a lane answers for itself: throttling, refused tokens, a service that fails again and again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "lane_fixture.h"

/* --- throttling ------------------------------------------------------------------------------ */

static void
retry_after_holds_the_whole_lane_and_the_call_goes_first(void **state)
{
    struct lane_fixture *fixture = *state;

    lane_fixture_submit(fixture, 0, 9);
    lane_fixture_throttle(fixture, 5000);
    assert_int_equal(fixture->probes[0].done, 0);
    assert_int_equal(fixture->bench->scripted.failures, 1);
    assert_string_equal(fixture->bench->scripted.failure_next, "lane held");
    assert_int_equal(fixture->bench->scripted.failure_next_ms, 5000);
    assert_int_equal(lane_fixture_flying(fixture), 3);
    assert_int_equal(lane_not_before_ms(fixture->lane), START_MONO_MS + 5000);
    for (int i = 0; i < 3; i++)
        lane_fixture_answer(fixture, VERDICT_DONE);
    bench_pass(fixture->bench, 4999);
    assert_int_equal(lane_fixture_flying(fixture), 0);
    bench_pass(fixture->bench, 1);
    assert_int_equal(lane_fixture_number(fixture, 0), 0);
    assert_int_equal(lane_not_before_ms(fixture->lane), 0);
}

static void
a_retry_after_never_shortens_another(void **state)
{
    struct lane_fixture *fixture = *state;

    lane_fixture_submit(fixture, 0, 9);
    lane_fixture_throttle(fixture, 60000);
    lane_hold(fixture->lane, 1000);
    assert_int_equal(lane_not_before_ms(fixture->lane), START_MONO_MS + 60000);
}

static void
after_throttling_one_call_at_a_time_until_one_is_answered(void **state)
{
    struct lane_fixture *fixture = *state;

    lane_fixture_submit(fixture, 0, 9);
    lane_fixture_throttle(fixture, 5000);
    for (int i = 0; i < 3; i++)
        lane_fixture_answer(fixture, VERDICT_REFUSED); /* says nothing of the limits */
    bench_pass(fixture->bench, 5000);
    assert_int_equal(lane_fixture_flying(fixture), 1);
    lane_fixture_answer(fixture, VERDICT_DONE);
    assert_int_equal(lane_fixture_flying(fixture), 4);
}

static void
throttling_again_and_again_holds_the_lane_longer(void **state)
{
    struct lane_fixture *fixture = *state;

    lane_fixture_submit(fixture, 0, 0);
    lane_fixture_throttle(fixture, 5000);
    bench_pass(fixture->bench, 5000);
    lane_fixture_throttle(fixture, 5000);
    assert_in_range(lane_not_before_ms(fixture->lane) - fixture->bench->clock.mono_ms, 5200, 7000);
}

static void
throttling_without_retry_after_backs_off(void **state)
{
    struct lane_fixture *fixture = *state;

    lane_fixture_submit(fixture, 0, 0);
    lane_fixture_throttle(fixture, -1);
    assert_in_range(lane_not_before_ms(fixture->lane) - fixture->bench->clock.mono_ms, 100, 1000);
    bench_pass(fixture->bench, 1000);
    assert_int_equal(lane_fixture_flying(fixture), 1);
    assert_int_equal(fixture->probes[0].prepared, 2);
}

static void
a_throttled_part_of_a_batch_holds_the_lane_even_if_the_whole_is_fine(void **state)
{
    struct lane_fixture *fixture = *state;

    lane_fixture_submit(fixture, 0, 0);
    lane_throttled(fixture->lane, 3000);
    assert_int_equal(lane_not_before_ms(fixture->lane), START_MONO_MS + 3000);
}

static void
any_retry_after_is_obeyed(void **state)
{
    struct lane_fixture *fixture = *state;
    struct call *call;

    lane_fixture_submit(fixture, 0, 4);
    call = scripted_land(&fixture->bench->scripted, CALL_FORCE_SYNC);
    call_reset(call);
    call->verdict = VERDICT_RETRY;
    call->error.retry_after_ms = 7000;
    lane_answered(fixture->lane, call);
    assert_int_equal(fixture->probes[0].verdict, VERDICT_RETRY);
    assert_int_equal(lane_not_before_ms(fixture->lane), START_MONO_MS + 7000);
}

/* --- tokens ---------------------------------------------------------------------------------- */

static void
all_calls_share_one_token(void **state)
{
    struct lane_fixture *fixture = *state;

    lane_fixture_submit(fixture, 0, 3);
    assert_int_equal(fixture->bench->scripted.sent[CALL_TOKEN], 1);
    assert_string_equal(fixture->bench->scripted.last_token, "token-1");
}

static void
a_refused_token_is_replaced_and_the_call_sent_again_once(void **state)
{
    struct lane_fixture *fixture = *state;

    lane_fixture_submit(fixture, 0, 0);
    lane_fixture_answer(fixture, VERDICT_UNAUTHORISED);
    assert_int_equal(fixture->probes[0].done, 0);
    assert_string_equal(fixture->bench->scripted.failure_next, "fresh token");
    assert_int_equal(fixture->bench->scripted.failure_next_ms, 0);
    lane_fixture_give_token(fixture);
    assert_string_equal(fixture->bench->scripted.last_token, "token-2");
    lane_fixture_answer(fixture, VERDICT_UNAUTHORISED);
    assert_int_equal(fixture->probes[0].done, 1);
    assert_int_equal(fixture->probes[0].verdict, VERDICT_MISCONFIGURED);
}

static void
many_calls_with_a_refused_token_fetch_one_fresh_one(void **state)
{
    struct lane_fixture *fixture = *state;

    lane_fixture_submit(fixture, 0, 3);
    lane_fixture_answer(fixture, VERDICT_UNAUTHORISED);
    lane_fixture_answer(fixture, VERDICT_UNAUTHORISED);
    lane_fixture_give_token(fixture);
    lane_fixture_answer(fixture, VERDICT_UNAUTHORISED); /* sent with the old one */
    assert_int_equal(fixture->bench->scripted.sent[CALL_TOKEN], 2);
    assert_string_equal(fixture->bench->scripted.last_token, "token-2");
    assert_int_equal(lane_fixture_flying(fixture), 4);
}

static void
without_hope_of_a_token_all_who_wait_are_told(void **state)
{
    struct lane_fixture *fixture = *state;
    struct call *call;

    fixture->withholds_token = true;
    lane_fixture_submit(fixture, 0, 2);
    call = scripted_land(&fixture->bench->scripted, CALL_TOKEN);
    call->verdict = VERDICT_MISCONFIGURED;
    call->reason = "invalid_client";
    error_set(&call->error, ERROR_SERVICE, "wrong secret");
    call->done(call);
    for (int i = 0; i <= 2; i++) {
        assert_int_equal(fixture->probes[i].verdict, VERDICT_MISCONFIGURED);
        assert_string_equal(fixture->probes[i].reason, "invalid_client");
        assert_string_equal(fixture->probes[i].text, "wrong secret");
    }
    assert_int_equal(lane_waiting(fixture->lane), 0);
    assert_int_equal(fixture->bench->scripted.sent[CALL_FORCE_SYNC], 0);
}

/* --- a service that fails -------------------------------------------------------------------- */

static void
fail_calls(struct lane_fixture *fixture, int times)
{
    for (int i = 0; i < times; i++)
        lane_fixture_answer(fixture, VERDICT_RETRY);
}

static void
a_failing_service_is_probed_one_call_at_a_time_with_growing_pauses(void **state)
{
    struct lane_fixture *fixture = *state;

    lane_fixture_submit(fixture, 0, 40);
    fail_calls(fixture, 5);
    assert_int_equal(lane_fixture_flying(fixture), 3);
    assert_in_range(lane_not_before_ms(fixture->lane) - fixture->bench->clock.mono_ms, 100, 1000);
    fail_calls(fixture, 3);
    for (int i = 0; i < 5; i++) {
        bench_pass(fixture->bench, 60000);
        assert_int_equal(lane_fixture_flying(fixture), 1);
        fail_calls(fixture, 1);
    }
    assert_in_range(lane_not_before_ms(fixture->lane) - fixture->bench->clock.mono_ms, 5000, 60000);
}

static void
the_fifth_failure_in_a_row_makes_calls_probes(void **state)
{
    struct lane_fixture *fixture = *state;

    lane_fixture_submit(fixture, 0, 40);
    fail_calls(fixture, 4);
    assert_int_equal(lane_fixture_flying(fixture), 4);
    fail_calls(fixture, 1);
    for (int i = 5; i <= 7; i++)
        lane_cancel(fixture->lane, &fixture->probes[i].call);
    bench_pass(fixture->bench, 60000);
    assert_int_equal(lane_fixture_flying(fixture), 1);
}

static void
a_service_that_answers_again_is_trusted_at_once(void **state)
{
    struct lane_fixture *fixture = *state;

    lane_fixture_submit(fixture, 0, 40);
    fail_calls(fixture, 8);
    bench_pass(fixture->bench, 60000);
    assert_int_equal(lane_fixture_flying(fixture), 1);
    lane_fixture_answer(fixture, VERDICT_REFUSED); /* of one user, but an answer */
    assert_int_equal(lane_fixture_flying(fixture), 4);
}

static void
failures_with_successes_between_them_slow_nothing_down(void **state)
{
    struct lane_fixture *fixture = *state;

    lane_fixture_submit(fixture, 0, 40);
    for (int i = 0; i < 8; i++)
        lane_fixture_answer(fixture, i % 4 == 3 ? VERDICT_DONE : VERDICT_RETRY);
    assert_int_equal(lane_fixture_flying(fixture), 4);
    assert_int_equal(lane_not_before_ms(fixture->lane), 0);
}

#define TEST_CASE(name) \
    cmocka_unit_test_setup_teardown(name, lane_fixture_setup, lane_fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(retry_after_holds_the_whole_lane_and_the_call_goes_first),
        TEST_CASE(a_retry_after_never_shortens_another),
        TEST_CASE(after_throttling_one_call_at_a_time_until_one_is_answered),
        TEST_CASE(throttling_again_and_again_holds_the_lane_longer),
        TEST_CASE(throttling_without_retry_after_backs_off),
        TEST_CASE(a_throttled_part_of_a_batch_holds_the_lane_even_if_the_whole_is_fine),
        TEST_CASE(any_retry_after_is_obeyed),
        TEST_CASE(all_calls_share_one_token),
        TEST_CASE(a_refused_token_is_replaced_and_the_call_sent_again_once),
        TEST_CASE(many_calls_with_a_refused_token_fetch_one_fresh_one),
        TEST_CASE(without_hope_of_a_token_all_who_wait_are_told),
        TEST_CASE(a_failing_service_is_probed_one_call_at_a_time_with_growing_pauses),
        TEST_CASE(the_fifth_failure_in_a_row_makes_calls_probes),
        TEST_CASE(a_service_that_answers_again_is_trusted_at_once),
        TEST_CASE(failures_with_successes_between_them_slow_nothing_down),
    };
    return cmocka_run_group_tests_name("lane, trouble", tests, NULL, NULL);
}
