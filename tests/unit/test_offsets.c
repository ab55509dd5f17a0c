/* When which offset is committed, and what follows an answer or the lack of one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "group.h"

/* --- by the timer ----------------------------------------------------------------------------------- */

static void
offsets_commits_the_watermark_an_interval_after_something_has_moved(void **state)
{
    struct group *group = *state;

    group_assign_at(group, 5);
    group_take_and_settle(group, 5);
    group_pass(group, INTERVAL_MS - 1);
    assert_int_equal(group->count, 0);
    group_take_and_settle(group, 6);
    group_pass(group, 1);
    group_assert_committed(group, 1, 7);
}

static void
offsets_commits_nothing_and_sets_no_timer_while_nothing_moves(void **state)
{
    struct group *group = *state;

    group_assign_at(group, 5);
    (void)group_take(group, 5);
    offsets_high(group->offsets, MAIN, 0, 900);
    group_pass(group, HOUR_MS);
    assert_int_equal(group->count, 0);
    assert_true(timers_next_ms(group->timers) == INT64_MAX);
    group_take_and_settle(group, 6); /* 5 is still unsettled */
    group_pass(group, HOUR_MS);
    assert_int_equal(group->count, 0);
}

static void
offsets_commits_once_and_rests_when_the_commit_is_accepted(void **state)
{
    struct group *group = *state;

    group->answers_at_once = true;
    group_assign_at(group, 5);
    group_take_and_settle(group, 5);
    group_pass(group, HOUR_MS);
    group_assert_committed(group, 1, 6);
    assert_int_equal(offsets_at(group->offsets, 0)->committed, 6);
    assert_true(timers_next_ms(group->timers) == INT64_MAX);
}

static void
offsets_never_commits_past_an_unsettled_event(void **state)
{
    struct group *group = *state;
    struct group_record first, second;

    group->answers_at_once = true;
    group_assign_at(group, 5);
    group_take_and_settle(group, 5);
    first = group_take(group, 6);
    second = group_take(group, 7);
    group_settle(group, second);
    group_pass(group, HOUR_MS);
    group_assert_committed(group, 1, 6);
    group_settle(group, first);
    group_pass(group, HOUR_MS);
    group_assert_committed(group, 2, 8);
}

static void
offsets_makes_one_list_of_all_partitions_that_have_moved(void **state)
{
    struct group *group = *state;
    window_serial serial;
    struct window *window;

    group_assign_at(group, 5);
    assert_non_null(offsets_assign(group->offsets, MAIN, 3, 30, 30));
    assert_non_null(offsets_assign(group->offsets, BACKFILL, 3, 40, 40));
    group_take_and_settle(group, 5);
    window = offsets_take(group->offsets, BACKFILL, 3, 40, -1, &serial);
    group_settle(group, (struct group_record){window, serial});
    group_pass(group, INTERVAL_MS);
    assert_int_equal(group->count, 1);
    assert_int_equal(group->commits[0].count, 2);
    assert_int_equal(group->commits[0].list[0].offset, 6);
    assert_int_equal(group->commits[0].list[1].topic, BACKFILL);
    assert_int_equal(group->commits[0].list[1].partition, 3);
    assert_int_equal(group->commits[0].list[1].offset, 41);
}

static void
offsets_waits_for_an_answer_before_it_commits_again(void **state)
{
    struct group *group = *state;

    group_assign_at(group, 5);
    group_take_and_settle(group, 5);
    group_pass(group, INTERVAL_MS);
    group_take_and_settle(group, 6);
    group_pass(group, ANSWER_WITHIN_MS - 1);
    assert_int_equal(group->count, 1);
    group_answer_last(group, true);
    assert_int_equal(offsets_at(group->offsets, 0)->committed, 6);
    group_pass(group, 0);
    group_assert_committed(group, 2, 7);
}

/* --- at once ---------------------------------------------------------------------------------------- */

static void
offsets_commits_at_once_when_the_high_watermark_is_reached(void **state)
{
    struct group *group = *state;
    struct group_record taken;

    group_assign_at(group, 5);
    offsets_high(group->offsets, MAIN, 0, 6);
    taken = group_take(group, 5);
    group_pass(group, 0);
    assert_int_equal(group->count, 0);
    group_settle(group, taken);
    group_pass(group, 0);
    group_assert_committed(group, 1, 6);
}

static void
offsets_commits_at_once_when_the_high_watermark_turns_out_to_be_reached(void **state)
{
    struct group *group = *state;

    group_assign_at(group, 5);
    group_take_and_settle(group, 5);
    offsets_high(group->offsets, MAIN, 0, 6);
    group_pass(group, 0);
    group_assert_committed(group, 1, 6);
}

static void
offsets_follows_the_end_past_markers(void **state)
{
    struct group *group = *state;

    group->answers_at_once = true;
    group_assign_at(group, 5);
    offsets_high(group->offsets, MAIN, 0, 8);
    group_take_and_settle(group, 5);
    offsets_end(group->offsets, MAIN, 0, 8, -1); /* 6 and 7 are markers */
    group_pass(group, 0);
    group_assert_committed(group, 1, 8);
    offsets_end(group->offsets, MAIN, 0, 9, -1);
    group_pass(group, 0);
    group_assert_committed(group, 2, 9);
    assert_int_equal(offsets_at(group->offsets, 0)->end, 9);
}

static void
offsets_counts_eof_as_the_end_although_an_open_transaction_lies_behind_it(void **state)
{
    struct group *group = *state;

    group_assign_at(group, 5);
    group_take_and_settle(group, 5);
    offsets_end(group->offsets, MAIN, 0, 6, -1);
    offsets_high(group->offsets, MAIN, 0, 11);
    group_pass(group, 0);
    group_assert_committed(group, 1, 6);
    assert_int_equal(offsets_at(group->offsets, 0)->end, 11);
}

static void
offsets_does_not_count_an_eof_that_records_have_passed(void **state)
{
    struct group *group = *state;

    group_assign_at(group, 5);
    offsets_end(group->offsets, MAIN, 0, 5, -1);
    offsets_high(group->offsets, MAIN, 0, 9);
    group_take_and_settle(group, 5);
    group_pass(group, INTERVAL_MS - 1);
    assert_int_equal(group->count, 0);
}

static void
offsets_settled_in_one_turn_are_one_commit(void **state)
{
    struct group *group = *state;
    struct group_record taken[2];

    group_assign_at(group, 5);
    assert_non_null(offsets_assign(group->offsets, MAIN, 1, 5, 5));
    offsets_high(group->offsets, MAIN, 0, 6);
    offsets_high(group->offsets, MAIN, 1, 6);
    for (int32_t i = 0; i < 2; i++) {
        taken[i].window = offsets_take(group->offsets, MAIN, i, 5, -1, &taken[i].serial);
        group_settle(group, taken[i]);
    }
    group_pass(group, 0);
    assert_int_equal(group->count, 1);
    assert_int_equal(group->commits[0].count, 2);
}

static void
offsets_commits_at_most_four_times_in_any_second(void **state)
{
    struct group *group = *state;
    int64_t offset = 0;

    group->answers_at_once = true;
    group_assign_at(group, 0);
    for (int i = 0; i < 500; i++) {
        group_take_and_settle(group, offset++);
        offsets_high(group->offsets, MAIN, 0, offset);
        group_pass(group, 10);
    }
    group_pass(group, 1000);
    assert_in_range(group->count, 20, 25);
    for (int i = 4; i < group->count; i++)
        assert_true(group->commits[i].at_ms - group->commits[i - 4].at_ms >= 1000);
    group_assert_committed(group, group->count, offset);
}

static void
offsets_commit_now_asks_neither_the_limit_nor_what_is_in_flight(void **state)
{
    struct group *group = *state;

    group_assign_at(group, 0);
    assert_false(offsets_commit_now(group->offsets));
    for (int64_t offset = 0; offset < 10; offset++) {
        group_take_and_settle(group, offset);
        assert_true(offsets_commit_now(group->offsets));
    }
    group_assert_committed(group, 10, 10);
    group_answer_last(group, true);
    assert_true(offsets_are_clean(group->offsets));
    assert_false(offsets_commit_now(group->offsets));
}

/* --- answers that are no, or do not come ------------------------------------------------------------ */

static void
offsets_arrives_although_an_answer_was_lost_and_silence_follows(void **state)
{
    struct group *group = *state;

    group_assign_at(group, 5);
    group_take_and_settle(group, 5);
    offsets_end(group->offsets, MAIN, 0, 6, -1);
    group_pass(group, ANSWER_WITHIN_MS - 1); /* the first one leaves at once, and nobody answers */
    group_assert_committed(group, 1, 6);
    group_pass(group, 1);
    group_assert_committed(group, 2, 6);
    group_pass(group, ANSWER_WITHIN_MS); /* again */
    group_assert_committed(group, 3, 6);
    group_answer_last(group, true);
    group_pass(group, HOUR_MS);
    group_assert_committed(group, 3, 6);
    assert_true(offsets_are_clean(group->offsets));
}

static void
offsets_commits_again_an_interval_after_a_refusal(void **state)
{
    struct group *group = *state;

    group_assign_at(group, 5);
    group_take_and_settle(group, 5);
    offsets_end(group->offsets, MAIN, 0, 6, -1);
    group_pass(group, 0);
    group_answer_last(group, false);
    assert_int_equal(offsets_at(group->offsets, 0)->committed, 5);
    group_pass(group, INTERVAL_MS - 1);
    assert_int_equal(group->count, 1);
    group_pass(group, 1);
    group_assert_committed(group, 2, 6);
}

static void
offsets_commits_the_present_state_after_a_refusal(void **state)
{
    struct group *group = *state;

    group_assign_at(group, 5);
    group_take_and_settle(group, 5);
    group_pass(group, INTERVAL_MS);
    group_answer_last(group, false);
    group_take_and_settle(group, 6);
    group_pass(group, INTERVAL_MS);
    group_assert_committed(group, 2, 7);
}

static void
offsets_ignores_an_answer_that_had_counted_as_lost(void **state)
{
    struct group *group = *state;
    uint64_t lost;

    group_assign_at(group, 5);
    group_take_and_settle(group, 5);
    group_pass(group, INTERVAL_MS);
    lost = group->commits[0].serial;
    group_take_and_settle(group, 6);
    group_pass(group, ANSWER_WITHIN_MS);
    group_assert_committed(group, 2, 7);
    offsets_answered(group->offsets, lost, true);
    assert_int_equal(offsets_at(group->offsets, 0)->committed, 5);
    group_answer_last(group, true);
    assert_int_equal(offsets_at(group->offsets, 0)->committed, 7);
    offsets_answered(group->offsets, lost, true);
    offsets_answered(group->offsets, 0, true);
    offsets_answered(group->offsets, 12345, true);
    assert_int_equal(offsets_at(group->offsets, 0)->committed, 7);
}

static void
offsets_ignores_the_share_of_a_window_that_was_revoked(void **state)
{
    struct group *group = *state;
    window_serial serial;
    struct window *window;

    group_assign_at(group, 5);
    assert_non_null(offsets_assign(group->offsets, MAIN, 1, 70, 70));
    group_take_and_settle(group, 5);
    window = offsets_take(group->offsets, MAIN, 1, 70, -1, &serial);
    group_settle(group, (struct group_record){window, serial});
    assert_true(offsets_commit_now(group->offsets));
    offsets_revoke(group->offsets, MAIN, 0);
    group_assign_at(group, 3);
    group_answer_last(group, true);
    for (size_t i = 0; i < offsets_count(group->offsets); i++) {
        const struct partition_state *partition = offsets_at(group->offsets, i);

        assert_int_equal(partition->committed, partition->partition == 0 ? 3 : 71);
    }
}

static void
offsets_waits_for_no_answer_when_all_is_revoked(void **state)
{
    struct group *group = *state;

    group_assign_at(group, 5);
    group_take_and_settle(group, 5);
    assert_true(offsets_commit_now(group->offsets));
    offsets_revoke(group->offsets, MAIN, 0);
    assert_int_equal(offsets_count(group->offsets), 0);
    assert_true(timers_next_ms(group->timers) == INT64_MAX);
    group_assign_at(group, 6);
    group_take_and_settle(group, 6);
    group_pass(group, INTERVAL_MS);
    group_assert_committed(group, 2, 7);
}

static void
offsets_rests_when_a_lost_answer_concerned_a_revoked_partition_only(void **state)
{
    struct group *group = *state;

    group_assign_at(group, 5);
    assert_non_null(offsets_assign(group->offsets, MAIN, 1, 70, 70));
    group_take_and_settle(group, 5);
    assert_true(offsets_commit_now(group->offsets));
    offsets_revoke(group->offsets, MAIN, 0);
    group_pass(group, ANSWER_WITHIN_MS);
    group_assert_committed(group, 1, 6);
    assert_true(timers_next_ms(group->timers) == INT64_MAX);
}

int
main(void)
{
#define OFFSETS_TEST(test) cmocka_unit_test_setup_teardown(test, group_setup, group_teardown)
    const struct CMUnitTest tests[] = {
        OFFSETS_TEST(offsets_commits_the_watermark_an_interval_after_something_has_moved),
        OFFSETS_TEST(offsets_commits_nothing_and_sets_no_timer_while_nothing_moves),
        OFFSETS_TEST(offsets_commits_once_and_rests_when_the_commit_is_accepted),
        OFFSETS_TEST(offsets_never_commits_past_an_unsettled_event),
        OFFSETS_TEST(offsets_makes_one_list_of_all_partitions_that_have_moved),
        OFFSETS_TEST(offsets_waits_for_an_answer_before_it_commits_again),
        OFFSETS_TEST(offsets_commits_at_once_when_the_high_watermark_is_reached),
        OFFSETS_TEST(offsets_commits_at_once_when_the_high_watermark_turns_out_to_be_reached),
        OFFSETS_TEST(offsets_follows_the_end_past_markers),
        OFFSETS_TEST(offsets_counts_eof_as_the_end_although_an_open_transaction_lies_behind_it),
        OFFSETS_TEST(offsets_does_not_count_an_eof_that_records_have_passed),
        OFFSETS_TEST(offsets_settled_in_one_turn_are_one_commit),
        OFFSETS_TEST(offsets_commits_at_most_four_times_in_any_second),
        OFFSETS_TEST(offsets_commit_now_asks_neither_the_limit_nor_what_is_in_flight),
        OFFSETS_TEST(offsets_arrives_although_an_answer_was_lost_and_silence_follows),
        OFFSETS_TEST(offsets_commits_again_an_interval_after_a_refusal),
        OFFSETS_TEST(offsets_commits_the_present_state_after_a_refusal),
        OFFSETS_TEST(offsets_ignores_an_answer_that_had_counted_as_lost),
        OFFSETS_TEST(offsets_ignores_the_share_of_a_window_that_was_revoked),
        OFFSETS_TEST(offsets_waits_for_no_answer_when_all_is_revoked),
        OFFSETS_TEST(offsets_rests_when_a_lost_answer_concerned_a_revoked_partition_only),
    };
#undef OFFSETS_TEST
    return cmocka_run_group_tests_name("offsets", tests, NULL, NULL);
}
