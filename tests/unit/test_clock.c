/* The system's clocks, as far as a test can know what they must say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "clock.h"

static void
clock_reads_wall_time_in_milliseconds_since_1970(void **state)
{
    struct clock clock;
    int64_t before_s = time(NULL);

    (void)state;
    clock_read_system(&clock);
    assert_true(clock.wall_ms / 1000 >= before_s - 1);
    assert_true(clock.wall_ms / 1000 <= (int64_t)time(NULL) + 1);
}

static void
clock_reads_monotonic_time_that_never_goes_back(void **state)
{
    struct clock clock;
    struct timespec now;
    int64_t earlier_ms;

    (void)state;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    earlier_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    for (int i = 0; i < 1000; i++) {
        clock_read_system(&clock);
        assert_true(clock.mono_ms >= earlier_ms);
        earlier_ms = clock.mono_ms;
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clock_reads_wall_time_in_milliseconds_since_1970),
        cmocka_unit_test(clock_reads_monotonic_time_that_never_goes_back),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
