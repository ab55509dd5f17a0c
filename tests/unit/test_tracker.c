/* What one partition has to commit: assignments, lost offsets, and logs that were cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "group.h"

/* --- assigning and revoking ------------------------------------------------------------------------- */

static void
offsets_commits_first_where_nothing_was_committed_when_the_end_is_reached(void **state)
{
    struct group *group = *state;

    group->answers_at_once = true;
    assert_non_null(offsets_assign(group->offsets, MAIN, 0, 0, -1));
    group_pass(group, HOUR_MS);
    assert_int_equal(group->count, 0);
    offsets_end(group->offsets, MAIN, 0, 0, -1);
    group_pass(group, HOUR_MS);
    group_assert_committed(group, 1, 0);
    assert_true(offsets_are_clean(group->offsets));
}

static void
offsets_commits_first_where_nothing_was_committed_when_something_settles(void **state)
{
    struct group *group = *state;
    struct group_record taken;

    assert_non_null(offsets_assign(group->offsets, MAIN, 0, 0, -1));
    taken = group_take(group, 0);
    group_pass(group, HOUR_MS);
    assert_int_equal(group->count, 0);
    group_settle(group, taken);
    group_pass(group, INTERVAL_MS);
    group_assert_committed(group, 1, 1);
}

static void
offsets_commits_nothing_below_what_the_group_has(void **state)
{
    struct group *group = *state;

    assert_non_null(offsets_assign(group->offsets, MAIN, 0, 5, 7));
    group_take_and_settle(group, 5);
    group_pass(group, HOUR_MS);
    group_take_and_settle(group, 6);
    offsets_high(group->offsets, MAIN, 0, 7);
    group_pass(group, HOUR_MS);
    assert_int_equal(group->count, 0);
    group_take_and_settle(group, 7);
    group_pass(group, 0);
    group_assert_committed(group, 1, 8);
}

static void
offsets_closes_the_window_of_a_revoked_partition(void **state)
{
    struct group *group = *state;
    struct window *window = group_assign_at(group, 5);
    struct group_record taken = group_take(group, 5);
    window_serial serial;

    window_hold(window);
    offsets_revoke(group->offsets, MAIN, 0);
    assert_true(window_is_closed(window));
    group_settle(group, taken);
    assert_null(offsets_take(group->offsets, MAIN, 0, 6, -1, &serial));
    offsets_end(group->offsets, MAIN, 0, 9, -1);
    offsets_high(group->offsets, MAIN, 0, 9);
    offsets_revoke(group->offsets, MAIN, 0);
    assert_false(offsets_commit_now(group->offsets));
    group_pass(group, HOUR_MS);
    assert_int_equal(group->count, 0);
    window_release(window);
}

static void
offsets_opens_a_new_window_at_each_assignment(void **state)
{
    struct group *group = *state;
    struct group_record stale;
    struct window *window = group_assign_at(group, 5);

    window_hold(window);
    stale = group_take(group, 5);
    assert_ptr_not_equal(group_assign_at(group, 5), window); /* without a revoke in between */
    assert_true(window_is_closed(window));
    assert_int_equal(offsets_count(group->offsets), 1);
    (void)group_take(group, 5);
    group_settle(group, stale);
    group_pass(group, HOUR_MS);
    assert_int_equal(group->count, 0);
    window_release(window);
}

static void
offsets_knows_no_partition_that_is_not_assigned(void **state)
{
    struct group *group = *state;
    window_serial serial;

    assert_null(offsets_take(group->offsets, MAIN, 0, 5, -1, &serial));
    group_assign_at(group, 5);
    assert_null(offsets_take(group->offsets, MAIN, 1, 5, -1, &serial));
    assert_null(offsets_take(group->offsets, BACKFILL, 0, 5, -1, &serial));
    assert_null(offsets_take(group->offsets, -1, -1, 5, -1, &serial));
    assert_null(offsets_assign(group->offsets, MAIN, -1, 5, 5));
    assert_null(offsets_assign(group->offsets, -1, 0, 5, 5));
    assert_null(offsets_assign(group->offsets, MAIN, INT32_MAX, 5, 5));
    assert_int_equal(offsets_count(group->offsets), 1);
}

static void
offsets_finds_each_of_many_partitions(void **state)
{
    enum { MANY = 300 };
    struct group *group = *state;
    window_serial serial;

    for (int32_t i = 0; i < MANY; i++)
        assert_non_null(offsets_assign(group->offsets, i % 2, i, 10 * i, 10 * i));
    for (int32_t i = 0; i < MANY; i += 3)
        offsets_revoke(group->offsets, i % 2, i);
    assert_int_equal(offsets_count(group->offsets), MANY - MANY / 3);
    for (int32_t i = 0; i < MANY; i++) {
        struct window *window = offsets_take(group->offsets, i % 2, i, 10 * i, -1, &serial);

        assert_int_equal(window == NULL, i % 3 == 0);
        if (window != NULL)
            assert_int_equal(window_partition(window), i);
    }
}

/* --- lost offsets ----------------------------------------------------------------------------------- */

static void
assert_lost(const struct group *group, uint64_t expected)
{
    assert_int_equal(offsets_lost_total(group->offsets), expected);
    if (offsets_count(group->offsets) > 0)
        assert_int_equal(offsets_at(group->offsets, 0)->lost, expected);
}

static void
offsets_counts_what_retention_took_before_a_record(void **state)
{
    group_assign_at(*state, 5);
    group_take_with_low(*state, 20, 20);
    assert_lost(*state, 15);
    group_take_with_low(*state, 30, 25); /* 25 … 29 are a gap of another kind */
    assert_lost(*state, 19);
}

static void
offsets_counts_what_retention_took_before_the_end(void **state)
{
    group_assign_at(*state, 5);
    offsets_end(((struct group *)*state)->offsets, MAIN, 0, 20, 20);
    assert_lost(*state, 15);
}

static void
offsets_counts_no_gap_above_the_low_watermark_as_lost(void **state)
{
    group_assign_at(*state, 5);
    group_take_with_low(*state, 8, 5);
    group_take_with_low(*state, 12, -1);
    group_take_with_low(*state, 13, 100); /* retention overtakes us, but what was fetched is here */
    assert_lost(*state, 0);
}

static void
offsets_counts_nothing_as_lost_that_a_new_group_never_meant_to_read(void **state)
{
    struct group *group = *state;

    assert_non_null(offsets_assign(group->offsets, MAIN, 0, 0, -1));
    group_take_with_low(group, 500, 500);
    assert_lost(group, 0);
    group_take_with_low(group, 600, 600);
    assert_lost(group, 99);
}

static void
offsets_remembers_what_was_lost_across_assignments(void **state)
{
    struct group *group = *state;

    group_assign_at(group, 5);
    group_take_with_low(group, 20, 20);
    offsets_revoke(group->offsets, MAIN, 0);
    assert_lost(group, 15);
    group_assign_at(group, 21);
    group_take_with_low(group, 23, 23);
    assert_lost(group, 17);
}

/* --- a log that was cut or made anew ---------------------------------------------------------------- */

static void
offsets_opens_a_new_window_for_a_record_below_the_expected_one(void **state)
{
    struct group *group = *state;
    struct window *window = group_assign_at(group, 500);
    struct group_record stale = group_take(group, 500), taken;

    window_hold(window);
    group->answers_at_once = true;
    taken = group_take(group, 2);
    assert_ptr_not_equal(taken.window, window);
    assert_true(window_is_closed(window));
    group_settle(group, stale);
    group_pass(group, HOUR_MS); /* the group must not go on behind records that nobody has seen */
    group_assert_committed(group, 1, 2);
    group_settle(group, taken);
    group_pass(group, HOUR_MS);
    group_assert_committed(group, 2, 3);
    window_release(window);
}

static void
offsets_does_not_trust_an_answer_from_before_the_log_was_cut(void **state)
{
    struct group *group = *state;

    group_assign_at(group, 500);
    group_take_and_settle(group, 500);
    assert_true(offsets_commit_now(group->offsets));
    (void)group_take(group, 500); /* the same offset again: another record */
    group_answer_last(group, true);
    assert_false(offsets_are_clean(group->offsets));
    group_pass(group, INTERVAL_MS);
    group_assert_committed(group, 2, 500);
}

static void
offsets_never_passes_what_was_unsettled_below_the_cut(void **state)
{
    struct group *group = *state;

    group->answers_at_once = true;
    group_assign_at(group, 100);
    group_take_and_settle(group, 100);
    (void)group_take(group, 101);
    (void)group_take(group, 150);
    group_take_and_settle(group,
                          120); /* the log goes on in the middle, 101 … 119 are not settled */
    offsets_end(group->offsets, MAIN, 0, 121, -1);
    group_pass(group, HOUR_MS);
    group_assert_committed(group, 1, 101);
    group_assign_at(group, 101);
    group_take_and_settle(group, 101);
    group_pass(group, HOUR_MS);
    group_assert_committed(group, 2, 102);
}

static void
offsets_ignores_an_eof_below_what_was_taken_in(void **state)
{
    struct group *group = *state;
    struct window *window = group_assign_at(group, 5);

    group_take_and_settle(group, 5);
    offsets_end(group->offsets, MAIN, 0, 3, -1);
    assert_false(window_is_closed(window));
    group_pass(group, 0);
    assert_int_equal(group->count, 0);
}

int
main(void)
{
#define OFFSETS_TEST(test) cmocka_unit_test_setup_teardown(test, group_setup, group_teardown)
    const struct CMUnitTest tests[] = {
        OFFSETS_TEST(offsets_commits_first_where_nothing_was_committed_when_the_end_is_reached),
        OFFSETS_TEST(offsets_commits_first_where_nothing_was_committed_when_something_settles),
        OFFSETS_TEST(offsets_commits_nothing_below_what_the_group_has),
        OFFSETS_TEST(offsets_closes_the_window_of_a_revoked_partition),
        OFFSETS_TEST(offsets_opens_a_new_window_at_each_assignment),
        OFFSETS_TEST(offsets_knows_no_partition_that_is_not_assigned),
        OFFSETS_TEST(offsets_finds_each_of_many_partitions),
        OFFSETS_TEST(offsets_counts_what_retention_took_before_a_record),
        OFFSETS_TEST(offsets_counts_what_retention_took_before_the_end),
        OFFSETS_TEST(offsets_counts_no_gap_above_the_low_watermark_as_lost),
        OFFSETS_TEST(offsets_counts_nothing_as_lost_that_a_new_group_never_meant_to_read),
        OFFSETS_TEST(offsets_remembers_what_was_lost_across_assignments),
        OFFSETS_TEST(offsets_opens_a_new_window_for_a_record_below_the_expected_one),
        OFFSETS_TEST(offsets_does_not_trust_an_answer_from_before_the_log_was_cut),
        OFFSETS_TEST(offsets_never_passes_what_was_unsettled_below_the_cut),
        OFFSETS_TEST(offsets_ignores_an_eof_below_what_was_taken_in),
    };
#undef OFFSETS_TEST
    return cmocka_run_group_tests_name("tracker", tests, NULL, NULL);
}
