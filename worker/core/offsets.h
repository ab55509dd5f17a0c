#ifndef OFFSETS_H
#define OFFSETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "timer.h"
#include "window.h"

/*
 * The assigned partitions, their windows, and when which offset is committed:
 *
 *   ${interval_ms} after something has moved; at once when a partition is drained, that is when
 *   nothing is unsettled and its end is reached, but at most four times in any second; on revoke and
 *   at shutdown, whatever the limit.
 *
 * One commit is in flight at a time; whatever its answer, the next one is made from the state at
 * that moment, so an error or a lost answer repeats itself away, also in silence. Never backwards
 * within a window, never past an unsettled event (P1).
 *
 * "At once" is a timer that is due now: what settles in one turn of the loop is one commit.
 *
 * Knows no Kafka: it hands lists to a function and is told the result. Look-ups by topic and
 * partition are O(1), since there is one for every record taken in and settled.
 */

struct clock;
struct offsets;

struct offset_commit {
    int topic;
    int32_t partition;
    int64_t offset;
};

/*
 * Sends a commit; the answer comes by offsets_answered with the same ${serial}. Must not call back
 * at once. ${commits} is borrowed until it returns.
 */
typedef void offsets_commit_fn(void *context, const struct offset_commit *commits, size_t count,
                               uint64_t serial);

struct offsets_settings {
    int64_t interval_ms;      /* 2000 */
    int64_t answer_within_ms; /* after that an answer counts as lost; 10 s */
};

/* One assigned partition, for looking at. */
struct partition_state {
    struct window *window;
    int topic;
    int32_t partition;
    int64_t committed; /* last offset that was acknowledged, or found at assign; -1: none yet */
    int64_t end;   /* cached high watermark or EOF position, what was told last; -1: not known */
    uint64_t lost; /* offsets that retention took before we read them, in this process's life */
};

/* NULL: no memory. All arguments are borrowed for its life; ${settings} is copied. */
struct offsets *offsets_create(const struct offsets_settings *settings, const struct clock *clock,
                               struct timers *timers, offsets_commit_fn *commit, void *context);
void
offsets_destroy(struct offsets *offsets); /* closes the windows, commits nothing; NULL is allowed */

/*
 * A partition was assigned, starting at ${offset}; ${committed} is what the group has, -1: nothing
 * yet (then a first commit is made as soon as something is settled or the end is reached: lag
 * monitors want it). Its window, held by this module until revoked; NULL: no memory.
 */
struct window *offsets_assign(struct offsets *offsets, int topic, int32_t partition, int64_t offset,
                              int64_t committed);

/*
 * Takes ${offset} of a record in. ${low} is the cached low watermark (-1: unknown): expected offsets
 * below it that were jumped over are counted as lost, but for those before the first record of a
 * group that had committed nothing. A record below the expected offset (a truncated or recreated
 * log) closes the window and opens a new one in its place, whose first offset is committed even
 * though it lies lower; what was unsettled below that offset is not passed until the partition is
 * assigned anew.
 *
 * Returns the window it was taken into, or NULL (not assigned; no memory: then nothing was taken and
 * the caller must hold the record back).
 */
struct window *offsets_take(struct offsets *offsets, int topic, int32_t partition, int64_t offset,
                            int64_t low, window_serial *ret_serial);

/* EOF was seen at ${offset}: counts lost ones as above; passes markers. */
void offsets_end(struct offsets *offsets, int topic, int32_t partition, int64_t offset,
                 int64_t low);

/* The cached high watermark, as often as it is looked at; negative: not known. */
void offsets_high(struct offsets *offsets, int topic, int32_t partition, int64_t high);

/*
 * The partition is revoked: its window is closed and forgotten. Before it, the caller commits
 * (offsets_commit_now) unless the assignment was lost.
 */
void offsets_revoke(struct offsets *offsets, int topic, int32_t partition);

/* Something was settled in ${window}: looks whether its partition is drained. O(1). */
void offsets_settled(struct offsets *offsets, const struct window *window);

/* Commits all that has moved, in one list, whatever is in flight. False: nothing had moved. */
bool offsets_commit_now(struct offsets *offsets);

/*
 * The answer to a commit; ${is_ok} only when every partition of it was accepted. Ignored: unknown
 * serials, an answer that had counted as lost, and the share of a window that is no more.
 */
void offsets_answered(struct offsets *offsets, uint64_t serial, bool is_ok);

/* True when there is nothing to commit: each watermark has been acknowledged. O(partitions). */
bool offsets_are_clean(const struct offsets *offsets);

/* The assigned partitions, in no order; valid until the next assign or revoke. */
size_t offsets_count(const struct offsets *offsets);
const struct partition_state *offsets_at(const struct offsets *offsets, size_t index);
uint64_t offsets_lost_total(const struct offsets *offsets);

/* How often a window was closed while its partition stayed: what hangs on it is stale (P5). */
uint64_t offsets_replaced(const struct offsets *offsets);

#endif
