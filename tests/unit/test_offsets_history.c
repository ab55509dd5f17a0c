/*
 * Random histories: records with gaps, settled in any order, rebalances with and without a last
 * commit, and a coordinator whose answers are late, refused or lost, whether or not it carried the
 * commit out. Each commit is judged as it is sent, and when the faults stop the group's offsets must
 * arrive at the ends by themselves. A failing seed is printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "clock.h"
#include "offsets.h"
#include "rng.h"

enum { SEEDS = 300, STEPS = 1500, PARTITIONS = 3, LOG_AT_MOST = 2 * STEPS, PENDING_AT_MOST = 4096 };

/* What is at an offset of a log. */
enum { GAP, UNREAD, UNSETTLED, SETTLED };

struct log {
    char at[LOG_AT_MOST];
    int64_t end;
    int64_t position;  /* the next one to be read */
    int64_t stored;    /* what the group's coordinator has */
    int64_t last_sent; /* in this assignment */
    bool is_at_end;    /* EOF was told at ${position} */
};

struct record {
    int32_t partition;
    int64_t offset;
    struct window *window;
    window_serial serial;
};

struct answer {
    uint64_t serial;
    int64_t at_ms;
    bool is_ok;
};

struct history {
    uint64_t seed;
    struct rng rng;
    struct clock clock;
    struct timers *timers;
    struct offsets *offsets;
    struct log logs[PARTITIONS];
    struct record records[LOG_AT_MOST * PARTITIONS];
    size_t record_count;
    struct answer answers[PENDING_AT_MOST];
    size_t answer_count;
    int64_t recent_ms[4];     /* when commits were sent, the latest first */
    int64_t unanswered_until; /* a commit is in flight until then, unless answered */
    uint64_t in_flight;
    bool is_exempt; /* offsets_commit_now is at work */
    bool is_calm;   /* the faults have stopped */
};

#define EXPECT(history, condition)                                                            \
    do {                                                                                      \
        if (!(condition))                                                                     \
            fail_msg("seed %llu at %lld ms: not so: %s", (unsigned long long)(history)->seed, \
                     (long long)(history)->clock.mono_ms, #condition);                        \
    } while (0)

/* --- the coordinator -------------------------------------------------------------------------------- */

static void
judge_share(struct history *history, const struct offset_commit *commit)
{
    struct log *log = &history->logs[commit->partition];

    EXPECT(history, commit->topic == 0 && commit->partition < PARTITIONS);
    EXPECT(history, commit->offset <= log->end);
    EXPECT(history, commit->offset >= log->last_sent);
    for (int64_t offset = 0; offset < commit->offset; offset++)
        EXPECT(history, log->at[offset] == SETTLED || log->at[offset] == GAP);
    log->last_sent = commit->offset;
}

static void
judge_moment(struct history *history)
{
    int64_t now_ms = history->clock.mono_ms;

    if (!history->is_exempt) {
        EXPECT(history, history->in_flight == 0 || history->unanswered_until <= now_ms);
        EXPECT(history, now_ms - history->recent_ms[3] >= 1000);
    }
    for (size_t i = 3; i > 0; i--)
        history->recent_ms[i] = history->recent_ms[i - 1];
    history->recent_ms[0] = now_ms;
}

static bool
dice(struct history *history, int64_t percent)
{
    return !history->is_calm && rng_between(&history->rng, 1, 100) <= percent;
}

static void
coordinate(void *context, const struct offset_commit *commits, size_t count, uint64_t serial)
{
    struct history *history = context;
    bool is_refused = dice(history, 15);
    bool is_carried_out = !dice(history, is_refused ? 50 : 10);
    int64_t after_ms = dice(history, 10) ? rng_between(&history->rng, 9000, 30000)
                                         : rng_between(&history->rng, 0, 50);

    judge_moment(history);
    for (size_t i = 0; i < count; i++) {
        judge_share(history, &commits[i]);
        if (is_carried_out)
            history->logs[commits[i].partition].stored = commits[i].offset;
    }
    history->in_flight = serial;
    history->unanswered_until = history->clock.mono_ms + 10000;
    if (!is_carried_out && !is_refused)
        return; /* an answer that says yes must be true: this one is lost */
    if (dice(history, 15))
        return;
    EXPECT(history, history->answer_count < PENDING_AT_MOST);
    history->answers[history->answer_count++] =
        (struct answer){serial, history->clock.mono_ms + after_ms, !is_refused};
}

static void
deliver_answers(struct history *history)
{
    for (size_t i = 0; i < history->answer_count;) {
        struct answer answer = history->answers[i];

        if (answer.at_ms > history->clock.mono_ms) {
            i++;
            continue;
        }
        history->answers[i] = history->answers[--history->answer_count];
        if (answer.serial == history->in_flight)
            history->in_flight = 0;
        offsets_answered(history->offsets, answer.serial, answer.is_ok);
    }
}

/* --- the world -------------------------------------------------------------------------------------- */

static void
let_pass(struct history *history, int64_t ms)
{
    int64_t end_ms = history->clock.mono_ms + ms;

    while (history->clock.mono_ms <= end_ms) {
        deliver_answers(history);
        timers_run(history->timers, history->clock.mono_ms);
        history->clock.mono_ms += 1 + ms / 50;
    }
}

static void
assign(struct history *history)
{
    for (int32_t i = 0; i < PARTITIONS; i++) {
        struct log *log = &history->logs[i];

        log->position = log->stored == -1 ? 0 : log->stored;
        log->last_sent = log->stored;
        log->is_at_end = false;
        for (int64_t offset = log->position; offset < log->end; offset++)
            log->at[offset] = log->at[offset] == GAP ? GAP : UNREAD;
        assert_non_null(offsets_assign(history->offsets, 0, i, log->position, log->stored));
    }
}

static void
rebalance(struct history *history)
{
    bool is_lost = dice(history, 40);

    history->is_exempt = true;
    if (!is_lost)
        (void)offsets_commit_now(history->offsets);
    history->is_exempt = false;
    for (int32_t i = 0; i < PARTITIONS; i++)
        offsets_revoke(history->offsets, 0, i);
    history->in_flight = 0;
    assign(history);
}

static void
produce(struct history *history)
{
    struct log *log = &history->logs[rng_below(&history->rng, PARTITIONS)];
    int64_t gap = dice(history, 20) ? 2 : 0;

    if (log->end + gap + 1 >= LOG_AT_MOST)
        return;
    log->end += gap; /* zero is GAP */
    log->at[log->end++] = UNREAD;
    if (dice(history, 10))
        log->end++; /* a marker at the end */
}

/* Reads the next record of partition ${i}, or EOF. */
static void
read_one(struct history *history, int32_t i)
{
    struct log *log = &history->logs[i];
    struct record record = {.partition = i};

    while (log->position < log->end && log->at[log->position] == GAP)
        log->position++;
    if (dice(history, 50))
        offsets_high(history->offsets, 0, i, log->end);
    if (log->position == log->end) {
        offsets_end(history->offsets, 0, i, log->end, -1);
        log->is_at_end = true;
        return;
    }
    record.offset = log->position++;
    record.window = offsets_take(history->offsets, 0, i, record.offset, -1, &record.serial);
    assert_non_null(record.window);
    window_hold(record.window);
    log->at[record.offset] = UNSETTLED;
    history->records[history->record_count++] = record;
}

static void
settle(struct history *history, size_t index)
{
    struct record record = history->records[index];

    history->records[index] = history->records[--history->record_count];
    if (!window_is_closed(record.window))
        history->logs[record.partition].at[record.offset] = SETTLED;
    window_settle(record.window, record.serial);
    offsets_settled(history->offsets, record.window);
    window_release(record.window);
}

static void
do_one_step(struct history *history)
{
    uint64_t what = rng_below(&history->rng, 1000);

    if (what < 300)
        produce(history);
    else if (what < 600)
        read_one(history, (int32_t)rng_below(&history->rng, PARTITIONS));
    else if (what < 900 && history->record_count > 0)
        settle(history, (size_t)rng_below(&history->rng, history->record_count));
    else if (what < 990)
        let_pass(history, rng_between(&history->rng, 0, 400));
    else if (what < 995)
        let_pass(history, rng_between(&history->rng, 0, 20000));
    else
        rebalance(history);
}

static void
come_to_rest(struct history *history)
{
    history->is_calm = true;
    for (int32_t i = 0; i < PARTITIONS; i++) {
        while (!history->logs[i].is_at_end || history->logs[i].position < history->logs[i].end)
            read_one(history, i);
    }
    while (history->record_count > 0)
        settle(history, history->record_count - 1);
    let_pass(history, 60000); /* in silence */
    for (int32_t i = 0; i < PARTITIONS; i++)
        EXPECT(history, history->logs[i].stored == history->logs[i].end);
    EXPECT(history, offsets_are_clean(history->offsets));
    EXPECT(history, timers_next_ms(history->timers) == INT64_MAX);
}

static void
run_one_seed(struct history *history, uint64_t seed)
{
    static const struct offsets_settings settings = {2000, 10000};

    *history = (struct history){.seed = seed, .clock = {1000000, 0}};
    rng_seed(&history->rng, seed);
    history->timers = timers_create();
    assert_non_null(history->timers);
    history->offsets =
        offsets_create(&settings, &history->clock, history->timers, coordinate, history);
    assert_non_null(history->offsets);
    for (size_t i = 0; i < PARTITIONS; i++)
        history->logs[i].stored = -1;
    assign(history);
    for (int step = 0; step < STEPS; step++)
        do_one_step(history);
    come_to_rest(history);
    offsets_destroy(history->offsets);
    timers_destroy(history->timers);
}

static void
offsets_keeps_its_promises_in_every_history(void **state)
{
    struct history *history = malloc(sizeof(*history));

    (void)state;
    assert_non_null(history);
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        run_one_seed(history, seed);
    free(history);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_keeps_its_promises_in_every_history),
    };
    return cmocka_run_group_tests_name("offsets_history", tests, NULL, NULL);
}
