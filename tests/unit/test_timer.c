/* Timers fire in order, once, and never after they were cancelled, whatever their callbacks do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rng.h"
#include "scarce_memory.h"
#include "timer.h"

enum { PROBES = 200 };

/* A timer that notes when it was called, and does one thing to another. */
struct probe {
    struct timer timer;
    struct timers *timers;
    int calls;
    int64_t called_as; /* the how manieth call of all it was */
    int64_t *counter;
    struct probe *cancels;
    struct probe *sets;
    int64_t sets_to_ms;
};

struct fixture {
    struct timers *timers;
    struct probe probes[PROBES];
    int64_t counter;
};

static void
note_call(struct timer *timer, void *arg)
{
    struct probe *probe = arg;

    assert_false(timer_is_set(timer));
    probe->calls++;
    probe->called_as = ++*probe->counter;
    if (probe->cancels != NULL)
        timer_cancel(probe->timers, &probe->cancels->timer);
    if (probe->sets != NULL)
        assert_int_equal(timer_set(probe->timers, &probe->sets->timer, probe->sets_to_ms), 0);
}

static int
setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    if (fixture == NULL || (fixture->timers = timers_create()) == NULL) {
        free(fixture);
        return -1;
    }
    for (int i = 0; i < PROBES; i++) {
        struct probe *probe = &fixture->probes[i];

        timer_init(&probe->timer, note_call, probe);
        probe->timers = fixture->timers;
        probe->counter = &fixture->counter;
    }
    *state = fixture;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *fixture = *state;

    timers_destroy(fixture->timers);
    free(fixture);
    return 0;
}

static void
set(struct fixture *fixture, int number, int64_t at_ms)
{
    assert_int_equal(timer_set(fixture->timers, &fixture->probes[number].timer, at_ms), 0);
}

static void
timer_is_set_until_it_is_called(void **state)
{
    struct fixture *fixture = *state;
    struct probe *probe = &fixture->probes[0];

    assert_false(timer_is_set(&probe->timer));
    set(fixture, 0, 100);
    assert_true(timer_is_set(&probe->timer));
    timers_run(fixture->timers, 99);
    assert_int_equal(probe->calls, 0);
    timers_run(fixture->timers, 100);
    assert_int_equal(probe->calls, 1);
    timers_run(fixture->timers, 1000);
    assert_int_equal(probe->calls, 1);
}

static void
timers_next_is_the_earliest_that_is_set(void **state)
{
    struct fixture *fixture = *state;

    assert_true(timers_next_ms(fixture->timers) == INT64_MAX);
    set(fixture, 0, 300);
    set(fixture, 1, 100);
    set(fixture, 2, 200);
    assert_int_equal(timers_next_ms(fixture->timers), 100);
    timer_cancel(fixture->timers, &fixture->probes[1].timer);
    assert_int_equal(timers_next_ms(fixture->timers), 200);
    set(fixture, 2, 400);
    assert_int_equal(timers_next_ms(fixture->timers), 300);
    timers_run(fixture->timers, 400);
    assert_true(timers_next_ms(fixture->timers) == INT64_MAX);
}

static void
timers_are_called_in_order_of_time_even_after_moves_and_cancels(void **state)
{
    struct fixture *fixture = *state;
    int64_t last_at_ms[PROBES + 1] = {0};
    struct rng rng;

    rng_seed(&rng, 11);
    for (int i = 0; i < PROBES; i++)
        set(fixture, i, rng_between(&rng, 0, 1000));
    for (int i = 0; i < PROBES; i += 3)
        set(fixture, i, rng_between(&rng, 0, 1000));
    for (int i = 1; i < PROBES; i += 3)
        timer_cancel(fixture->timers, &fixture->probes[i].timer);
    timers_run(fixture->timers, 1000);
    for (int i = 0; i < PROBES; i++) {
        struct probe *probe = &fixture->probes[i];

        assert_int_equal(probe->calls, i % 3 != 1);
        if (probe->calls == 1)
            last_at_ms[probe->called_as] = probe->timer.at_ms;
    }
    for (int64_t i = 1; i < fixture->counter; i++)
        assert_true(last_at_ms[i] <= last_at_ms[i + 1]);
}

static void
timers_stay_in_order_when_the_last_is_due_before_those_above_its_new_place(void **state)
{
    /* in the heap, 50 stands below 40; when it is cancelled, 30 comes there from the other half */
    static const int64_t at_ms[] = {10, 50, 20, 40, 60, 70, 30};
    struct fixture *fixture = *state;

    for (int i = 0; i < 7; i++)
        set(fixture, i, at_ms[i]);
    timer_cancel(fixture->timers, &fixture->probes[1].timer);
    timers_run(fixture->timers, 1000);
    assert_int_equal(fixture->probes[6].called_as, 3);
    assert_int_equal(fixture->probes[3].called_as, 4);
}

static void
timer_that_is_cancelled_is_not_called(void **state)
{
    struct fixture *fixture = *state;

    set(fixture, 0, 10);
    timer_cancel(fixture->timers, &fixture->probes[0].timer);
    timer_cancel(fixture->timers, &fixture->probes[0].timer);
    assert_false(timer_is_set(&fixture->probes[0].timer));
    timers_run(fixture->timers, 10);
    assert_int_equal(fixture->probes[0].calls, 0);
}

static void
timer_that_sets_itself_at_once_waits_for_the_next_run(void **state)
{
    struct fixture *fixture = *state;
    struct probe *probe = &fixture->probes[0];

    probe->sets = probe;
    probe->sets_to_ms = -5;
    set(fixture, 0, 10);
    timers_run(fixture->timers, 10);
    assert_int_equal(probe->calls, 1);
    assert_int_equal(timers_next_ms(fixture->timers), -5);
    timers_run(fixture->timers, 10);
    assert_int_equal(probe->calls, 2);
}

static void
timer_may_cancel_one_that_is_due_in_the_same_run(void **state)
{
    struct fixture *fixture = *state;

    fixture->probes[0].cancels = &fixture->probes[1];
    set(fixture, 0, 10);
    set(fixture, 1, 20);
    set(fixture, 2, 30);
    timers_run(fixture->timers, 100);
    assert_int_equal(fixture->probes[1].calls, 0);
    assert_int_equal(fixture->probes[2].calls, 1);
}

static void
timer_may_move_one_that_is_due_in_the_same_run(void **state)
{
    struct fixture *fixture = *state;

    fixture->probes[0].sets = &fixture->probes[1];
    fixture->probes[0].sets_to_ms = 200;
    set(fixture, 0, 10);
    set(fixture, 1, 20);
    timers_run(fixture->timers, 100);
    assert_int_equal(fixture->probes[1].calls, 0);
    assert_int_equal(timers_next_ms(fixture->timers), 200);
    timers_run(fixture->timers, 200);
    assert_int_equal(fixture->probes[1].calls, 1);
}

static void
timer_of_the_past_is_called_at_the_next_run(void **state)
{
    struct fixture *fixture = *state;

    set(fixture, 0, INT64_MIN);
    timers_run(fixture->timers, INT64_MIN);
    assert_int_equal(fixture->probes[0].calls, 1);
}

static void
timers_that_were_reserved_can_be_set_without_memory(void **state)
{
    enum { MANY = 1000 };
    static struct timer set[MANY];
    struct timers *timers = timers_create();

    (void)state;
    assert_int_equal(timers_reserve(timers, MANY - 1), 0);
    assert_int_equal(timers_reserve(timers, 1), 0);
    scarce_memory_fail_often(0, SIZE_MAX);
    for (int i = 0; i < MANY; i++) {
        timer_init(&set[i], NULL, NULL);
        timer_set_reserved(timers, &set[i], MANY - i);
    }
    assert_int_equal(timers_reserve(timers, MANY), -1);
    timers_release(timers, MANY);
    assert_int_equal(timers_reserve(timers, MANY), 0); /* none of the failed ones */
    assert_true(scarce_memory_has_failed());
    assert_int_equal(timers_next_ms(timers), 1);
    timers_destroy(timers);
}

static void
timers_are_destroyed_while_some_are_set_or_when_there_are_none(void **state)
{
    struct timers *timers = timers_create();
    struct fixture *fixture = *state;

    assert_non_null(timers);
    assert_int_equal(timer_set(timers, &fixture->probes[0].timer, 1), 0);
    timers_destroy(timers);
    timers_destroy(NULL);
}

#define with_fixture(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_fixture(timer_is_set_until_it_is_called),
        with_fixture(timers_next_is_the_earliest_that_is_set),
        with_fixture(timers_are_called_in_order_of_time_even_after_moves_and_cancels),
        with_fixture(timers_stay_in_order_when_the_last_is_due_before_those_above_its_new_place),
        with_fixture(timer_that_is_cancelled_is_not_called),
        with_fixture(timer_that_sets_itself_at_once_waits_for_the_next_run),
        with_fixture(timer_may_cancel_one_that_is_due_in_the_same_run),
        with_fixture(timer_may_move_one_that_is_due_in_the_same_run),
        with_fixture(timer_of_the_past_is_called_at_the_next_run),
        cmocka_unit_test(timers_that_were_reserved_can_be_set_without_memory),
        with_fixture(timers_are_destroyed_while_some_are_set_or_when_there_are_none),
    };
    return cmocka_run_group_tests_name("timer", tests, NULL, NULL);
}
