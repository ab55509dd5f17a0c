/* What calls cost, and how much of the limits is ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "budget.h"
#include "clock.h"

enum { SPAN_MS = 10000, CALLS = 10 };

struct fixture {
    struct clock clock;
    struct budget *budget;
};

static struct fixture fixture;

static int
setup(void **state)
{
    static const struct lane_limits limits = {
        .concurrency = 20, .calls = CALLS, .span_ms = SPAN_MS};

    (void)state;
    fixture.clock = (struct clock){1000000, 1700000000000};
    fixture.budget = budget_create(&limits, &fixture.clock);
    return fixture.budget == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    (void)state;
    budget_destroy(fixture.budget);
    return 0;
}

static void
a_dear_call_counts_for_what_it_costs(void **state)
{
    (void)state;
    budget_note(fixture.budget, 5, 4);
    fixture.clock.mono_ms += 1000;
    budget_note(fixture.budget, 5, 3);
    assert_true(budget_used_ratio(fixture.budget, 1) == 0.8);
    assert_int_equal(budget_wait_ms(fixture.budget, 0, 3, URGENT), 0);
    assert_int_equal(budget_wait_ms(fixture.budget, 0, 4, URGENT), SPAN_MS - 1000);
    assert_int_equal(budget_wait_ms(fixture.budget, 1, 3, URGENT), SPAN_MS - 1000);
    fixture.clock.mono_ms += SPAN_MS - 1000;
    assert_int_equal(budget_wait_ms(fixture.budget, 1, 6, URGENT), 0);
    assert_int_equal(budget_wait_ms(fixture.budget, 1, 7, URGENT), 1000);
}

static void
what_costs_more_than_the_window_leaves_when_that_is_empty(void **state)
{
    (void)state;
    assert_int_equal(budget_wait_ms(fixture.budget, 0, 80, URGENT), 0);
    budget_note(fixture.budget, 5, 1);
    assert_int_equal(budget_wait_ms(fixture.budget, 0, 80, URGENT), SPAN_MS);
}

static void
patient_calls_leave_a_tenth_unused(void **state)
{
    (void)state;
    budget_note(fixture.budget, 5, 9);
    assert_int_equal(budget_wait_ms(fixture.budget, 0, 1, URGENT), 0);
    assert_int_equal(budget_wait_ms(fixture.budget, 0, 1, PATIENT), SPAN_MS);
    assert_int_equal(budget_at_once(fixture.budget, 0, URGENT), 20);
    assert_int_equal(budget_at_once(fixture.budget, 0, PATIENT), 18);
    assert_int_equal(budget_at_once(fixture.budget, 5, PATIENT), 5);
}

#define TEST_CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(a_dear_call_counts_for_what_it_costs),
        TEST_CASE(what_costs_more_than_the_window_leaves_when_that_is_empty),
        TEST_CASE(patient_calls_leave_a_tenth_unused),
    };
    return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
