/*
 * The window by examples, and then against a model so plain that it is evidently right: the list of
 * all that was ever taken in, searched from the start for each question.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rng.h"
#include "window.h"

#define START 100

static int
setup(void **state)
{
    *state = window_create(2, 5, START);
    return *state == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    window_release(*state);
    return 0;
}

static window_serial
take(struct window *window, int64_t offset)
{
    window_serial serial = UINT64_MAX;

    assert_int_equal(window_take(window, offset, &serial), 0);
    return serial;
}

static void
window_starts_with_nothing_but_the_next_offset(void **state)
{
    assert_int_equal(window_topic(*state), 2);
    assert_int_equal(window_partition(*state), 5);
    assert_int_equal(window_watermark(*state), START);
    assert_int_equal(window_next(*state), START);
    assert_int_equal(window_unsettled(*state), 0);
}

static void
window_never_passes_an_unsettled_offset(void **state)
{
    window_serial first = take(*state, 100);
    window_serial second = take(*state, 101);

    assert_int_equal(first, 0);
    window_settle(*state, second);
    assert_int_equal(window_watermark(*state), 100);
    assert_int_equal(window_unsettled(*state), 1);
    window_settle(*state, first);
    assert_int_equal(window_watermark(*state), 102);
    assert_int_equal(window_unsettled(*state), 0);
}

static void
window_counts_offsets_that_were_skipped_over_as_settled(void **state)
{
    window_serial serial = take(*state, 150);

    assert_int_equal(window_watermark(*state), 150);
    window_settle(*state, serial);
    assert_int_equal(window_watermark(*state), 151);
    (void)take(*state, 170);
    assert_int_equal(window_watermark(*state), 170);
}

static void
window_refuses_an_offset_below_the_next_one_and_stays_as_it_was(void **state)
{
    window_serial serial = 77;

    (void)take(*state, 100);
    assert_int_equal(window_take(*state, 100, &serial), -1);
    assert_int_equal(window_take(*state, INT64_MIN, &serial), -1);
    assert_int_equal(window_take(*state, INT64_MAX, &serial), -1);
    assert_int_equal(serial, 77);
    assert_int_equal(window_next(*state), 101);
    assert_int_equal(window_unsettled(*state), 1);
}

static void
window_passes_markers_at_the_end(void **state)
{
    window_serial serial = take(*state, 100);

    window_pass(*state, 105);
    assert_int_equal(window_watermark(*state), 100);
    window_settle(*state, serial);
    assert_int_equal(window_watermark(*state), 105);
    window_pass(*state, 103);
    assert_int_equal(window_next(*state), 105);
}

static void
window_settles_an_entry_once_only(void **state)
{
    window_serial first = take(*state, 100);
    window_serial second = take(*state, 101);

    window_settle(*state, second);
    window_settle(*state, second);
    assert_int_equal(window_unsettled(*state), 1);
    window_settle(*state, first);
    window_settle(*state, first);
    window_settle(*state, second);
    window_settle(*state, second + 1);
    assert_int_equal(window_unsettled(*state), 0);
    assert_int_equal(window_watermark(*state), 102);
}

static void
window_that_is_closed_changes_no_more(void **state)
{
    window_serial serial = take(*state, 100);

    assert_false(window_is_closed(*state));
    window_close(*state);
    assert_true(window_is_closed(*state));
    window_settle(*state, serial);
    window_pass(*state, 200);
    assert_int_equal(window_take(*state, 101, &serial), -1);
    assert_int_equal(window_watermark(*state), 100);
    assert_int_equal(window_next(*state), 101);
    assert_int_equal(window_offset(*state, serial), 100);
}

static void
window_tells_the_offset_of_an_entry_until_it_is_passed(void **state)
{
    window_serial first = take(*state, 100);
    window_serial second = take(*state, 110);

    window_settle(*state, second);
    assert_int_equal(window_offset(*state, first), 100);
    assert_int_equal(window_offset(*state, second), 110);
    window_settle(*state, first);
    assert_int_equal(window_offset(*state, second), -1);
    assert_int_equal(window_offset(*state, second + 1), -1);
}

static void
window_lives_as_long_as_somebody_holds_it(void **state)
{
    struct window *window = *state;

    window_hold(window);
    window_release(window);
    assert_int_equal(window_next(window), START); /* a sanitizer sees it where this is not so */
    window_release(NULL);
}

/* --- against the model ---------------------------------------------------------------------------- */

enum { SEEDS = 400, STEPS = 600, TAKEN_MOST = STEPS };

struct model {
    struct {
        int64_t offset;
        bool is_settled;
    } taken[TAKEN_MOST];
    size_t count;
    int64_t next;
    bool is_closed;
};

struct run {
    struct model model;
    struct window *window;
    struct rng rng;
    uint64_t seed;
    int step;
};

static size_t
first_unsettled(const struct model *model)
{
    size_t i = 0;

    while (i < model->count && model->taken[i].is_settled)
        i++;
    return i;
}

static int64_t
model_watermark(const struct model *model)
{
    size_t first = first_unsettled(model);

    return first == model->count ? model->next : model->taken[first].offset;
}

static size_t
model_unsettled(const struct model *model)
{
    size_t unsettled = 0;

    for (size_t i = 0; i < model->count; i++)
        unsettled += !model->taken[i].is_settled;
    return unsettled;
}

static void
expect(const struct run *run, int64_t found, int64_t expected, const char *what)
{
    if (found != expected)
        fail_msg("seed %llu, step %d: %s is %lld, the model says %lld",
                 (unsigned long long)run->seed, run->step, what, (long long)found,
                 (long long)expected);
}

static void
take_somewhere(struct run *run)
{
    struct model *model = &run->model;
    int64_t gap = rng_below(&run->rng, 4) == 0 ? rng_between(&run->rng, -2, 40) : 0;
    int64_t offset = model->next + gap;
    window_serial serial = UINT64_MAX;
    int result = window_take(run->window, offset, &serial);

    if (model->is_closed || gap < 0) {
        expect(run, result, -1, "the result of taking what must be refused");
        return;
    }
    expect(run, result, 0, "the result of taking");
    expect(run, (int64_t)serial, (int64_t)model->count, "the serial number");
    model->taken[model->count].offset = offset;
    model->taken[model->count].is_settled = false;
    model->count++;
    model->next = offset + 1;
}

static void
settle_any(struct run *run)
{
    struct model *model = &run->model;
    size_t serial = (size_t)rng_below(&run->rng, model->count + 2); /* beyond the last one too */

    window_settle(run->window, serial);
    if (!model->is_closed && serial < model->count)
        model->taken[serial].is_settled = true;
}

static void
settle_all(struct run *run)
{
    for (size_t serial = run->model.count; serial-- > 0;) {
        window_settle(run->window, serial);
        run->model.taken[serial].is_settled |= !run->model.is_closed;
    }
}

static void
pass_somewhere(struct run *run)
{
    struct model *model = &run->model;
    int64_t offset = model->next + rng_between(&run->rng, -5, 5);

    window_pass(run->window, offset);
    if (!model->is_closed && offset > model->next)
        model->next = offset;
}

static void
do_one_step(struct run *run)
{
    uint64_t dice = rng_below(&run->rng, 1000);

    if (dice < 500) {
        take_somewhere(run);
    } else if (dice < 950) {
        settle_any(run);
    } else if (dice < 985) {
        pass_somewhere(run);
    } else if (dice < 999) {
        settle_all(run);
    } else {
        window_close(run->window);
        run->model.is_closed = true;
    }
}

static void
compare(struct run *run)
{
    const struct model *model = &run->model;
    size_t any = (size_t)rng_below(&run->rng, model->count + 1);
    bool is_passed = any < first_unsettled(model) || any >= model->count;

    expect(run, window_watermark(run->window), model_watermark(model), "the watermark");
    expect(run, window_next(run->window), model->next, "the next offset");
    expect(run, (int64_t)window_unsettled(run->window), (int64_t)model_unsettled(model),
           "the number of unsettled entries");
    expect(run, window_offset(run->window, any), is_passed ? -1 : model->taken[any].offset,
           "the offset of an entry");
    expect(run, window_is_closed(run->window), model->is_closed, "closed");
}

static void
run_one_seed(uint64_t seed)
{
    static struct run run; /* large */

    run = (struct run){.seed = seed, .model = {.next = START}};
    rng_seed(&run.rng, seed);
    run.window = window_create(0, 0, START);
    assert_non_null(run.window);
    for (run.step = 0; run.step < STEPS; run.step++) {
        do_one_step(&run);
        compare(&run);
    }
    window_release(run.window);
}

static void
window_agrees_with_the_model_for_every_seed(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        run_one_seed(seed);
}

static void
window_takes_a_hundred_thousand_and_settles_them_backwards(void **state)
{
    enum { MANY = 100000 };
    struct window *window = *state;

    for (int round = 0; round < 2; round++) {
        window_serial first = take(window, window_next(window));

        for (int i = 1; i < MANY; i++)
            (void)take(window, window_next(window) + 1);
        for (window_serial serial = first + MANY - 1; serial > first; serial--)
            window_settle(window, serial);
        assert_int_equal(window_unsettled(window), 1);
        assert_int_equal(window_offset(window, first), window_watermark(window));
        window_settle(window, first);
        assert_int_equal(window_watermark(window), window_next(window));
    }
}

int
main(void)
{
#define WINDOW_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        WINDOW_TEST(window_starts_with_nothing_but_the_next_offset),
        WINDOW_TEST(window_never_passes_an_unsettled_offset),
        WINDOW_TEST(window_counts_offsets_that_were_skipped_over_as_settled),
        WINDOW_TEST(window_refuses_an_offset_below_the_next_one_and_stays_as_it_was),
        WINDOW_TEST(window_passes_markers_at_the_end),
        WINDOW_TEST(window_settles_an_entry_once_only),
        WINDOW_TEST(window_that_is_closed_changes_no_more),
        WINDOW_TEST(window_tells_the_offset_of_an_entry_until_it_is_passed),
        WINDOW_TEST(window_lives_as_long_as_somebody_holds_it),
        WINDOW_TEST(window_takes_a_hundred_thousand_and_settles_them_backwards),
        cmocka_unit_test(window_agrees_with_the_model_for_every_seed),
    };
#undef WINDOW_TEST
    return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
