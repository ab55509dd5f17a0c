/*
 * When which offset is committed, on a clock that the test moves. The double of the group's
 * coordinator keeps each commit it was sent; a test answers it, or does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "clock.h"
#include "offsets.h"

#define INTERVAL_MS 2000
#define ANSWER_WITHIN_MS 10000
#define HOUR_MS 3600000

enum { MAIN, BACKFILL };
enum { COMMITS_AT_MOST = 64, PARTITIONS_AT_MOST = 8 };

struct sent_commit {
    int64_t at_ms;
    uint64_t serial;
    size_t count;
    struct offset_commit list[PARTITIONS_AT_MOST];
};

struct fixture {
    struct clock clock;
    struct timers *timers;
    struct offsets *offsets;
    struct sent_commit commits[COMMITS_AT_MOST];
    int count;
    bool answers_at_once; /* each commit is accepted at the next step of the clock */
    int answered;
};

static void
note_commit(void *context, const struct offset_commit *commits, size_t count, uint64_t serial)
{
    struct fixture *fixture = context;
    struct sent_commit *sent = &fixture->commits[fixture->count++];

    assert_in_range(fixture->count, 1, COMMITS_AT_MOST);
    assert_in_range(count, 1, PARTITIONS_AT_MOST);
    sent->at_ms = fixture->clock.mono_ms;
    sent->serial = serial;
    sent->count = count;
    for (size_t i = 0; i < count; i++)
        sent->list[i] = commits[i];
}

static int
setup(void **state)
{
    static const struct offsets_settings settings = {INTERVAL_MS, ANSWER_WITHIN_MS};
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    if (fixture == NULL)
        return -1;
    fixture->clock.mono_ms = 1000000;
    fixture->timers = timers_create();
    fixture->offsets =
        offsets_create(&settings, &fixture->clock, fixture->timers, note_commit, fixture);
    *state = fixture;
    return fixture->offsets == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    struct fixture *fixture = *state;

    offsets_destroy(fixture->offsets);
    timers_destroy(fixture->timers);
    free(fixture);
    return 0;
}

/* Lets ${ms} pass, from one timer to the next as the loop does. */
static void
pass(struct fixture *fixture, int64_t ms)
{
    int64_t end_ms = fixture->clock.mono_ms + ms;

    while (timers_next_ms(fixture->timers) <= end_ms) {
        if (fixture->clock.mono_ms < timers_next_ms(fixture->timers))
            fixture->clock.mono_ms = timers_next_ms(fixture->timers);
        timers_run(fixture->timers, fixture->clock.mono_ms);
        while (fixture->answers_at_once && fixture->answered < fixture->count)
            offsets_answered(fixture->offsets, fixture->commits[fixture->answered++].serial, true);
    }
    fixture->clock.mono_ms = end_ms;
}

static void
answer_last(struct fixture *fixture, bool is_ok)
{
    assert_true(fixture->count > 0);
    offsets_answered(fixture->offsets, fixture->commits[fixture->count - 1].serial, is_ok);
}

struct taken {
    struct window *window;
    window_serial serial;
};

static struct taken
take(struct fixture *fixture, int64_t offset)
{
    struct taken taken;

    taken.window = offsets_take(fixture->offsets, MAIN, 0, offset, -1, &taken.serial);
    assert_non_null(taken.window);
    return taken;
}

static void
settle(struct fixture *fixture, struct taken taken)
{
    window_settle(taken.window, taken.serial);
    offsets_settled(fixture->offsets, taken.window);
}

static void
take_and_settle(struct fixture *fixture, int64_t offset)
{
    settle(fixture, take(fixture, offset));
}

/* Partition 0 of the main topic, which the group has committed up to ${offset}. */
static struct window *
assign_at(struct fixture *fixture, int64_t offset)
{
    struct window *window = offsets_assign(fixture->offsets, MAIN, 0, offset, offset);

    assert_non_null(window);
    return window;
}

/* The ${number}th commit, from 1, was the last one, of partition 0 alone, at ${offset}. */
static void
assert_committed(const struct fixture *fixture, int number, int64_t offset)
{
    const struct sent_commit *last = &fixture->commits[number - 1];

    assert_int_equal(fixture->count, number);
    assert_int_equal(last->count, 1);
    assert_int_equal(last->list[0].topic, MAIN);
    assert_int_equal(last->list[0].partition, 0);
    assert_int_equal(last->list[0].offset, offset);
}

/* --- by the timer ----------------------------------------------------------------------------------- */

static void
offsets_commits_the_watermark_an_interval_after_something_has_moved(void **state)
{
    struct fixture *fixture = *state;

    assign_at(fixture, 5);
    take_and_settle(fixture, 5);
    pass(fixture, INTERVAL_MS - 1);
    assert_int_equal(fixture->count, 0);
    take_and_settle(fixture, 6);
    pass(fixture, 1);
    assert_committed(fixture, 1, 7);
}

static void
offsets_commits_nothing_and_sets_no_timer_while_nothing_moves(void **state)
{
    struct fixture *fixture = *state;

    assign_at(fixture, 5);
    (void)take(fixture, 5);
    offsets_high(fixture->offsets, MAIN, 0, 900);
    pass(fixture, HOUR_MS);
    assert_int_equal(fixture->count, 0);
    assert_true(timers_next_ms(fixture->timers) == INT64_MAX);
    take_and_settle(fixture, 6); /* 5 is still unsettled */
    pass(fixture, HOUR_MS);
    assert_int_equal(fixture->count, 0);
}

static void
offsets_commits_once_and_rests_when_the_commit_is_accepted(void **state)
{
    struct fixture *fixture = *state;

    fixture->answers_at_once = true;
    assign_at(fixture, 5);
    take_and_settle(fixture, 5);
    pass(fixture, HOUR_MS);
    assert_committed(fixture, 1, 6);
    assert_int_equal(offsets_at(fixture->offsets, 0)->committed, 6);
    assert_true(timers_next_ms(fixture->timers) == INT64_MAX);
}

static void
offsets_never_commits_past_an_unsettled_event(void **state)
{
    struct fixture *fixture = *state;
    struct taken first, second;

    fixture->answers_at_once = true;
    assign_at(fixture, 5);
    take_and_settle(fixture, 5);
    first = take(fixture, 6);
    second = take(fixture, 7);
    settle(fixture, second);
    pass(fixture, HOUR_MS);
    assert_committed(fixture, 1, 6);
    settle(fixture, first);
    pass(fixture, HOUR_MS);
    assert_committed(fixture, 2, 8);
}

static void
offsets_makes_one_list_of_all_partitions_that_have_moved(void **state)
{
    struct fixture *fixture = *state;
    window_serial serial;
    struct window *window;

    assign_at(fixture, 5);
    assert_non_null(offsets_assign(fixture->offsets, MAIN, 3, 30, 30));
    assert_non_null(offsets_assign(fixture->offsets, BACKFILL, 3, 40, 40));
    take_and_settle(fixture, 5);
    window = offsets_take(fixture->offsets, BACKFILL, 3, 40, -1, &serial);
    settle(fixture, (struct taken){window, serial});
    pass(fixture, INTERVAL_MS);
    assert_int_equal(fixture->count, 1);
    assert_int_equal(fixture->commits[0].count, 2);
    assert_int_equal(fixture->commits[0].list[0].offset, 6);
    assert_int_equal(fixture->commits[0].list[1].topic, BACKFILL);
    assert_int_equal(fixture->commits[0].list[1].partition, 3);
    assert_int_equal(fixture->commits[0].list[1].offset, 41);
}

static void
offsets_waits_for_an_answer_before_it_commits_again(void **state)
{
    struct fixture *fixture = *state;

    assign_at(fixture, 5);
    take_and_settle(fixture, 5);
    pass(fixture, INTERVAL_MS);
    take_and_settle(fixture, 6);
    pass(fixture, ANSWER_WITHIN_MS - 1);
    assert_int_equal(fixture->count, 1);
    answer_last(fixture, true);
    assert_int_equal(offsets_at(fixture->offsets, 0)->committed, 6);
    pass(fixture, 0);
    assert_committed(fixture, 2, 7);
}

/* --- at once ---------------------------------------------------------------------------------------- */

static void
offsets_commits_at_once_when_the_high_watermark_is_reached(void **state)
{
    struct fixture *fixture = *state;
    struct taken taken;

    assign_at(fixture, 5);
    offsets_high(fixture->offsets, MAIN, 0, 6);
    taken = take(fixture, 5);
    pass(fixture, 0);
    assert_int_equal(fixture->count, 0);
    settle(fixture, taken);
    pass(fixture, 0);
    assert_committed(fixture, 1, 6);
}

static void
offsets_commits_at_once_when_the_high_watermark_turns_out_to_be_reached(void **state)
{
    struct fixture *fixture = *state;

    assign_at(fixture, 5);
    take_and_settle(fixture, 5);
    offsets_high(fixture->offsets, MAIN, 0, 6);
    pass(fixture, 0);
    assert_committed(fixture, 1, 6);
}

static void
offsets_follows_the_end_past_markers(void **state)
{
    struct fixture *fixture = *state;

    fixture->answers_at_once = true;
    assign_at(fixture, 5);
    offsets_high(fixture->offsets, MAIN, 0, 8);
    take_and_settle(fixture, 5);
    offsets_end(fixture->offsets, MAIN, 0, 8, -1); /* 6 and 7 are markers */
    pass(fixture, 0);
    assert_committed(fixture, 1, 8);
    offsets_end(fixture->offsets, MAIN, 0, 9, -1);
    pass(fixture, 0);
    assert_committed(fixture, 2, 9);
    assert_int_equal(offsets_at(fixture->offsets, 0)->end, 9);
}

static void
offsets_counts_eof_as_the_end_although_an_open_transaction_lies_behind_it(void **state)
{
    struct fixture *fixture = *state;

    assign_at(fixture, 5);
    take_and_settle(fixture, 5);
    offsets_end(fixture->offsets, MAIN, 0, 6, -1);
    offsets_high(fixture->offsets, MAIN, 0, 11);
    pass(fixture, 0);
    assert_committed(fixture, 1, 6);
    assert_int_equal(offsets_at(fixture->offsets, 0)->end, 11);
}

static void
offsets_does_not_count_an_eof_that_records_have_passed(void **state)
{
    struct fixture *fixture = *state;

    assign_at(fixture, 5);
    offsets_end(fixture->offsets, MAIN, 0, 5, -1);
    offsets_high(fixture->offsets, MAIN, 0, 9);
    take_and_settle(fixture, 5);
    pass(fixture, INTERVAL_MS - 1);
    assert_int_equal(fixture->count, 0);
}

static void
offsets_settled_in_one_turn_are_one_commit(void **state)
{
    struct fixture *fixture = *state;
    struct taken taken[2];

    assign_at(fixture, 5);
    assert_non_null(offsets_assign(fixture->offsets, MAIN, 1, 5, 5));
    offsets_high(fixture->offsets, MAIN, 0, 6);
    offsets_high(fixture->offsets, MAIN, 1, 6);
    for (int32_t i = 0; i < 2; i++) {
        taken[i].window = offsets_take(fixture->offsets, MAIN, i, 5, -1, &taken[i].serial);
        settle(fixture, taken[i]);
    }
    pass(fixture, 0);
    assert_int_equal(fixture->count, 1);
    assert_int_equal(fixture->commits[0].count, 2);
}

static void
offsets_commits_at_most_four_times_in_any_second(void **state)
{
    struct fixture *fixture = *state;
    int64_t offset = 0;

    fixture->answers_at_once = true;
    assign_at(fixture, 0);
    for (int i = 0; i < 500; i++) {
        take_and_settle(fixture, offset++);
        offsets_high(fixture->offsets, MAIN, 0, offset);
        pass(fixture, 10);
    }
    pass(fixture, 1000);
    assert_in_range(fixture->count, 20, 25);
    for (int i = 4; i < fixture->count; i++)
        assert_true(fixture->commits[i].at_ms - fixture->commits[i - 4].at_ms >= 1000);
    assert_committed(fixture, fixture->count, offset);
}

static void
offsets_commit_now_asks_neither_the_limit_nor_what_is_in_flight(void **state)
{
    struct fixture *fixture = *state;

    assign_at(fixture, 0);
    assert_false(offsets_commit_now(fixture->offsets));
    for (int64_t offset = 0; offset < 10; offset++) {
        take_and_settle(fixture, offset);
        assert_true(offsets_commit_now(fixture->offsets));
    }
    assert_committed(fixture, 10, 10);
    answer_last(fixture, true);
    assert_true(offsets_are_clean(fixture->offsets));
    assert_false(offsets_commit_now(fixture->offsets));
}

/* --- answers that are no, or do not come ------------------------------------------------------------ */

static void
offsets_arrives_although_an_answer_was_lost_and_silence_follows(void **state)
{
    struct fixture *fixture = *state;

    assign_at(fixture, 5);
    take_and_settle(fixture, 5);
    offsets_end(fixture->offsets, MAIN, 0, 6, -1);
    pass(fixture, ANSWER_WITHIN_MS - 1); /* the first one leaves at once, and nobody answers */
    assert_committed(fixture, 1, 6);
    pass(fixture, 1);
    assert_committed(fixture, 2, 6);
    pass(fixture, ANSWER_WITHIN_MS); /* again */
    assert_committed(fixture, 3, 6);
    answer_last(fixture, true);
    pass(fixture, HOUR_MS);
    assert_committed(fixture, 3, 6);
    assert_true(offsets_are_clean(fixture->offsets));
}

static void
offsets_commits_again_an_interval_after_a_refusal(void **state)
{
    struct fixture *fixture = *state;

    assign_at(fixture, 5);
    take_and_settle(fixture, 5);
    offsets_end(fixture->offsets, MAIN, 0, 6, -1);
    pass(fixture, 0);
    answer_last(fixture, false);
    assert_int_equal(offsets_at(fixture->offsets, 0)->committed, 5);
    pass(fixture, INTERVAL_MS - 1);
    assert_int_equal(fixture->count, 1);
    pass(fixture, 1);
    assert_committed(fixture, 2, 6);
}

static void
offsets_commits_the_present_state_after_a_refusal(void **state)
{
    struct fixture *fixture = *state;

    assign_at(fixture, 5);
    take_and_settle(fixture, 5);
    pass(fixture, INTERVAL_MS);
    answer_last(fixture, false);
    take_and_settle(fixture, 6);
    pass(fixture, INTERVAL_MS);
    assert_committed(fixture, 2, 7);
}

static void
offsets_ignores_an_answer_that_had_counted_as_lost(void **state)
{
    struct fixture *fixture = *state;
    uint64_t lost;

    assign_at(fixture, 5);
    take_and_settle(fixture, 5);
    pass(fixture, INTERVAL_MS);
    lost = fixture->commits[0].serial;
    take_and_settle(fixture, 6);
    pass(fixture, ANSWER_WITHIN_MS);
    assert_committed(fixture, 2, 7);
    offsets_answered(fixture->offsets, lost, true);
    assert_int_equal(offsets_at(fixture->offsets, 0)->committed, 5);
    answer_last(fixture, true);
    assert_int_equal(offsets_at(fixture->offsets, 0)->committed, 7);
    offsets_answered(fixture->offsets, lost, true);
    offsets_answered(fixture->offsets, 0, true);
    offsets_answered(fixture->offsets, 12345, true);
    assert_int_equal(offsets_at(fixture->offsets, 0)->committed, 7);
}

static void
offsets_ignores_the_share_of_a_window_that_was_revoked(void **state)
{
    struct fixture *fixture = *state;
    window_serial serial;
    struct window *window;

    assign_at(fixture, 5);
    assert_non_null(offsets_assign(fixture->offsets, MAIN, 1, 70, 70));
    take_and_settle(fixture, 5);
    window = offsets_take(fixture->offsets, MAIN, 1, 70, -1, &serial);
    settle(fixture, (struct taken){window, serial});
    assert_true(offsets_commit_now(fixture->offsets));
    offsets_revoke(fixture->offsets, MAIN, 0);
    assign_at(fixture, 3);
    answer_last(fixture, true);
    for (size_t i = 0; i < offsets_count(fixture->offsets); i++) {
        const struct partition_state *partition = offsets_at(fixture->offsets, i);

        assert_int_equal(partition->committed, partition->partition == 0 ? 3 : 71);
    }
}

static void
offsets_waits_for_no_answer_when_all_is_revoked(void **state)
{
    struct fixture *fixture = *state;

    assign_at(fixture, 5);
    take_and_settle(fixture, 5);
    assert_true(offsets_commit_now(fixture->offsets));
    offsets_revoke(fixture->offsets, MAIN, 0);
    assert_int_equal(offsets_count(fixture->offsets), 0);
    assert_true(timers_next_ms(fixture->timers) == INT64_MAX);
    assign_at(fixture, 6);
    take_and_settle(fixture, 6);
    pass(fixture, INTERVAL_MS);
    assert_committed(fixture, 2, 7);
}

/* --- assigning and revoking ------------------------------------------------------------------------- */

static void
offsets_commits_first_where_nothing_was_committed_when_the_end_is_reached(void **state)
{
    struct fixture *fixture = *state;

    fixture->answers_at_once = true;
    assert_non_null(offsets_assign(fixture->offsets, MAIN, 0, 0, -1));
    pass(fixture, HOUR_MS);
    assert_int_equal(fixture->count, 0);
    offsets_end(fixture->offsets, MAIN, 0, 0, -1);
    pass(fixture, HOUR_MS);
    assert_committed(fixture, 1, 0);
    assert_true(offsets_are_clean(fixture->offsets));
}

static void
offsets_commits_first_where_nothing_was_committed_when_something_settles(void **state)
{
    struct fixture *fixture = *state;
    struct taken taken;

    assert_non_null(offsets_assign(fixture->offsets, MAIN, 0, 0, -1));
    taken = take(fixture, 0);
    pass(fixture, HOUR_MS);
    assert_int_equal(fixture->count, 0);
    settle(fixture, taken);
    pass(fixture, INTERVAL_MS);
    assert_committed(fixture, 1, 1);
}

static void
offsets_commits_nothing_below_what_the_group_has(void **state)
{
    struct fixture *fixture = *state;

    assert_non_null(offsets_assign(fixture->offsets, MAIN, 0, 5, 7));
    take_and_settle(fixture, 5);
    take_and_settle(fixture, 6);
    offsets_high(fixture->offsets, MAIN, 0, 7);
    pass(fixture, HOUR_MS);
    assert_int_equal(fixture->count, 0);
    take_and_settle(fixture, 7);
    pass(fixture, 0);
    assert_committed(fixture, 1, 8);
}

static void
offsets_closes_the_window_of_a_revoked_partition(void **state)
{
    struct fixture *fixture = *state;
    struct window *window = assign_at(fixture, 5);
    struct taken taken = take(fixture, 5);
    window_serial serial;

    window_hold(window);
    offsets_revoke(fixture->offsets, MAIN, 0);
    assert_true(window_is_closed(window));
    settle(fixture, taken);
    assert_null(offsets_take(fixture->offsets, MAIN, 0, 6, -1, &serial));
    offsets_end(fixture->offsets, MAIN, 0, 9, -1);
    offsets_high(fixture->offsets, MAIN, 0, 9);
    offsets_revoke(fixture->offsets, MAIN, 0);
    assert_false(offsets_commit_now(fixture->offsets));
    pass(fixture, HOUR_MS);
    assert_int_equal(fixture->count, 0);
    window_release(window);
}

static void
offsets_opens_a_new_window_at_each_assignment(void **state)
{
    struct fixture *fixture = *state;
    struct taken stale;
    struct window *window = assign_at(fixture, 5);

    window_hold(window);
    stale = take(fixture, 5);
    assert_ptr_not_equal(assign_at(fixture, 5), window); /* without a revoke in between */
    assert_true(window_is_closed(window));
    assert_int_equal(offsets_count(fixture->offsets), 1);
    (void)take(fixture, 5);
    settle(fixture, stale);
    pass(fixture, HOUR_MS);
    assert_int_equal(fixture->count, 0);
    window_release(window);
}

static void
offsets_knows_no_partition_that_is_not_assigned(void **state)
{
    struct fixture *fixture = *state;
    window_serial serial;

    assert_null(offsets_take(fixture->offsets, MAIN, 0, 5, -1, &serial));
    assign_at(fixture, 5);
    assert_null(offsets_take(fixture->offsets, MAIN, 1, 5, -1, &serial));
    assert_null(offsets_take(fixture->offsets, BACKFILL, 0, 5, -1, &serial));
    assert_null(offsets_take(fixture->offsets, -1, -1, 5, -1, &serial));
    assert_null(offsets_assign(fixture->offsets, MAIN, -1, 5, 5));
    assert_null(offsets_assign(fixture->offsets, -1, 0, 5, 5));
    assert_null(offsets_assign(fixture->offsets, MAIN, INT32_MAX, 5, 5));
    assert_int_equal(offsets_count(fixture->offsets), 1);
}

static void
offsets_finds_each_of_many_partitions(void **state)
{
    enum { MANY = 300 };
    struct fixture *fixture = *state;
    window_serial serial;

    for (int32_t i = 0; i < MANY; i++)
        assert_non_null(offsets_assign(fixture->offsets, i % 2, i, 10 * i, 10 * i));
    for (int32_t i = 0; i < MANY; i += 3)
        offsets_revoke(fixture->offsets, i % 2, i);
    assert_int_equal(offsets_count(fixture->offsets), MANY - MANY / 3);
    for (int32_t i = 0; i < MANY; i++) {
        struct window *window = offsets_take(fixture->offsets, i % 2, i, 10 * i, -1, &serial);

        assert_int_equal(window == NULL, i % 3 == 0);
        if (window != NULL)
            assert_int_equal(window_partition(window), i);
    }
}

/* --- lost offsets ----------------------------------------------------------------------------------- */

static void
assert_lost(const struct fixture *fixture, uint64_t expected)
{
    assert_int_equal(offsets_lost_total(fixture->offsets), expected);
    if (offsets_count(fixture->offsets) > 0)
        assert_int_equal(offsets_at(fixture->offsets, 0)->lost, expected);
}

static void
take_with_low(struct fixture *fixture, int64_t offset, int64_t low)
{
    window_serial serial;

    assert_non_null(offsets_take(fixture->offsets, MAIN, 0, offset, low, &serial));
}

static void
offsets_counts_what_retention_took_before_a_record(void **state)
{
    assign_at(*state, 5);
    take_with_low(*state, 20, 20);
    assert_lost(*state, 15);
    take_with_low(*state, 30, 25); /* 25 … 29 are a gap of another kind */
    assert_lost(*state, 19);
}

static void
offsets_counts_what_retention_took_before_the_end(void **state)
{
    assign_at(*state, 5);
    offsets_end(((struct fixture *)*state)->offsets, MAIN, 0, 20, 20);
    assert_lost(*state, 15);
}

static void
offsets_counts_no_gap_above_the_low_watermark_as_lost(void **state)
{
    assign_at(*state, 5);
    take_with_low(*state, 8, 5);
    take_with_low(*state, 12, -1);
    take_with_low(*state, 13, 100); /* retention overtakes us, but what was fetched is here */
    assert_lost(*state, 0);
}

static void
offsets_counts_nothing_as_lost_that_a_new_group_never_meant_to_read(void **state)
{
    struct fixture *fixture = *state;

    assert_non_null(offsets_assign(fixture->offsets, MAIN, 0, 0, -1));
    take_with_low(fixture, 500, 500);
    assert_lost(fixture, 0);
    take_with_low(fixture, 600, 600);
    assert_lost(fixture, 99);
}

static void
offsets_remembers_what_was_lost_across_assignments(void **state)
{
    struct fixture *fixture = *state;

    assign_at(fixture, 5);
    take_with_low(fixture, 20, 20);
    offsets_revoke(fixture->offsets, MAIN, 0);
    assert_lost(fixture, 15);
    assign_at(fixture, 21);
    take_with_low(fixture, 23, 23);
    assert_lost(fixture, 17);
}

/* --- a log that was cut or made anew ---------------------------------------------------------------- */

static void
offsets_opens_a_new_window_for_a_record_below_the_expected_one(void **state)
{
    struct fixture *fixture = *state;
    struct window *window = assign_at(fixture, 500);
    struct taken stale = take(fixture, 500), taken;

    window_hold(window);
    fixture->answers_at_once = true;
    taken = take(fixture, 2);
    assert_ptr_not_equal(taken.window, window);
    assert_true(window_is_closed(window));
    settle(fixture, stale);
    pass(fixture, HOUR_MS); /* the group must not go on behind records that nobody has seen */
    assert_committed(fixture, 1, 2);
    settle(fixture, taken);
    pass(fixture, HOUR_MS);
    assert_committed(fixture, 2, 3);
    window_release(window);
}

static void
offsets_does_not_trust_an_answer_from_before_the_log_was_cut(void **state)
{
    struct fixture *fixture = *state;

    assign_at(fixture, 500);
    take_and_settle(fixture, 500);
    assert_true(offsets_commit_now(fixture->offsets));
    (void)take(fixture, 500); /* the same offset again: another record */
    answer_last(fixture, true);
    assert_false(offsets_are_clean(fixture->offsets));
    pass(fixture, INTERVAL_MS);
    assert_committed(fixture, 2, 500);
}

static void
offsets_never_passes_what_was_unsettled_below_the_cut(void **state)
{
    struct fixture *fixture = *state;

    fixture->answers_at_once = true;
    assign_at(fixture, 100);
    take_and_settle(fixture, 100);
    (void)take(fixture, 101);
    (void)take(fixture, 150);
    take_and_settle(fixture, 120); /* the log goes on in the middle, 101 … 119 are not settled */
    offsets_end(fixture->offsets, MAIN, 0, 121, -1);
    pass(fixture, HOUR_MS);
    assert_committed(fixture, 1, 101);
    assign_at(fixture, 101);
    take_and_settle(fixture, 101);
    pass(fixture, HOUR_MS);
    assert_committed(fixture, 2, 102);
}

static void
offsets_ignores_an_eof_below_what_was_taken_in(void **state)
{
    struct fixture *fixture = *state;
    struct window *window = assign_at(fixture, 5);

    take_and_settle(fixture, 5);
    offsets_end(fixture->offsets, MAIN, 0, 3, -1);
    assert_false(window_is_closed(window));
    pass(fixture, 0);
    assert_int_equal(fixture->count, 0);
}

int
main(void)
{
#define OFFSETS_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
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
    return cmocka_run_group_tests_name("offsets", tests, NULL, NULL);
}
