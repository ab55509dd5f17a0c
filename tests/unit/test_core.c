/* Backing off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core_fixture.h"

enum { TRIES = 2000, BASE_MS = 1000, CAP_MS = 60000 };

static int64_t
span_of(int attempt)
{
    int64_t span_ms = BASE_MS;

    for (int i = 1; i < attempt; i++)
        span_ms *= 2;
    return span_ms < CAP_MS ? span_ms : CAP_MS;
}

static void
backoff_jitters_over_a_span_that_doubles_up_to_the_cap(void **state)
{
    struct bench *bench = *state;

    for (int attempt = 1; attempt <= 12; attempt++) {
        int64_t least_ms = INT64_MAX;
        int64_t most_ms = 0;

        for (int i = 0; i < TRIES; i++) {
            int64_t wait_ms = core_backoff_ms(&bench->core, attempt, -1);

            least_ms = wait_ms < least_ms ? wait_ms : least_ms;
            most_ms = wait_ms > most_ms ? wait_ms : most_ms;
        }
        assert_in_range(least_ms, span_of(attempt) / 10, span_of(attempt) / 5);
        assert_in_range(most_ms, span_of(attempt) * 9 / 10, span_of(attempt));
    }
}

static void
backoff_after_very_many_attempts_stays_at_the_cap(void **state)
{
    struct bench *bench = *state;

    assert_in_range(core_backoff_ms(&bench->core, 1000000, 0), CAP_MS / 10, CAP_MS);
}

static void
backoff_obeys_what_was_told(void **state)
{
    struct bench *bench = *state;

    assert_int_equal(core_backoff_ms(&bench->core, 1, 7), 7);
    assert_int_equal(core_backoff_ms(&bench->core, 1, 300000), 300000);
}

static void
backoff_spreads_those_who_are_told_again_and_again(void **state)
{
    struct bench *bench = *state;

    for (int i = 0; i < TRIES; i++)
        assert_in_range(core_backoff_ms(&bench->core, 3, 5000), 5000 + span_of(3) / 10,
                        5000 + span_of(3));
}

#define TEST_CASE(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(backoff_jitters_over_a_span_that_doubles_up_to_the_cap),
        TEST_CASE(backoff_after_very_many_attempts_stays_at_the_cap),
        TEST_CASE(backoff_obeys_what_was_told),
        TEST_CASE(backoff_spreads_those_who_are_told_again_and_again),
    };
    return cmocka_run_group_tests_name("core", tests, NULL, NULL);
}
