/*
 * The rules for one partition. Two of them deserve a word.
 *
 * A record below the expected offset means that the log was cut or made anew, so what the group has
 * committed belongs to another log: the new window's first offset is committed though it is lower,
 * or a restart would begin behind records that nobody has seen.
 *
 * librdkafka starts again at the beginning of the log then. Should it ever do so in the middle, with
 * offsets below that are not settled, then these stay uncommitted (the ceiling) until an assignment
 * reads them again.
 */
#include "tracker.h"

#include <stddef.h>

#define NO_CEILING INT64_MAX

/* Puts a window that starts at ${offset} in place of the one that may be there. */
static int
open_window(struct tracker *tracker, int64_t offset)
{
    struct window *window = window_create(tracker->state.topic, tracker->state.partition, offset);

    if (window == NULL)
        return -1;
    tracker_revoke(tracker);
    tracker->state.window = window;
    tracker->state.end = -1;
    tracker->epoch++;
    tracker->start = offset;
    tracker->eof = -1;
    return 0;
}

int
tracker_assign(struct tracker *tracker, int64_t offset, int64_t committed)
{
    if (open_window(tracker, offset < 0 ? 0 : offset) == -1)
        return -1;
    tracker->state.committed = committed < 0 ? -1 : committed;
    tracker->ceiling = NO_CEILING;
    tracker->is_replaced = false;
    return 0;
}

void
tracker_revoke(struct tracker *tracker)
{
    if (tracker->state.window == NULL)
        return;
    window_close(tracker->state.window);
    window_release(tracker->state.window);
    tracker->state.window = NULL;
}

bool
tracker_is_assigned(const struct tracker *tracker)
{
    return tracker->state.window != NULL;
}

static int
start_again_at(struct tracker *tracker, int64_t offset)
{
    int64_t unsettled_from = tracker_committable(tracker);

    if (offset < 0 || open_window(tracker, offset) == -1)
        return -1;
    tracker->ceiling = unsettled_from < offset ? unsettled_from : NO_CEILING;
    tracker->is_replaced = true;
    return 0;
}

/* How many offsets retention took, now that ${offset} came. */
static uint64_t
count_lost(const struct tracker *tracker, int64_t offset, int64_t low)
{
    int64_t expected = window_next(tracker->state.window);
    int64_t reached = low < offset ? low : offset;
    bool is_first_ever = tracker->state.committed == -1 && expected == tracker->start;

    return reached <= expected || is_first_ever ? 0 : (uint64_t)(reached - expected);
}

int
tracker_take(struct tracker *tracker, int64_t offset, int64_t low, window_serial *ret_serial)
{
    uint64_t lost;

    if (offset < window_next(tracker->state.window) && start_again_at(tracker, offset) == -1)
        return -1;
    lost = count_lost(tracker, offset, low);
    if (window_take(tracker->state.window, offset, ret_serial) == -1)
        return -1;
    tracker->state.lost += lost;
    return 0;
}

/* An EOF below what was taken in tells nothing: only records show that the log was cut. */
void
tracker_end(struct tracker *tracker, int64_t offset, int64_t low)
{
    if (offset < window_next(tracker->state.window))
        return;
    tracker->state.lost += count_lost(tracker, offset, low);
    window_pass(tracker->state.window, offset);
    tracker->eof = offset;
    if (tracker->state.end < offset)
        tracker->state.end = offset;
}

int64_t
tracker_committable(const struct tracker *tracker)
{
    int64_t watermark = window_watermark(tracker->state.window);

    return watermark < tracker->ceiling ? watermark : tracker->ceiling;
}

static bool
is_at_end(const struct tracker *tracker)
{
    int64_t next = window_next(tracker->state.window);

    return tracker->eof == next || (tracker->state.end >= 0 && next >= tracker->state.end);
}

bool
tracker_is_drained(const struct tracker *tracker)
{
    return window_unsettled(tracker->state.window) == 0 && is_at_end(tracker);
}

bool
tracker_is_due(const struct tracker *tracker)
{
    int64_t committable = tracker_committable(tracker);

    if (tracker->is_replaced)
        return true;
    if (tracker->state.committed == -1)
        return committable > tracker->start || tracker_is_drained(tracker);
    return committable > tracker->state.committed;
}

void
tracker_acknowledge(struct tracker *tracker, uint64_t epoch, int64_t offset)
{
    if (!tracker_is_assigned(tracker) || tracker->epoch != epoch)
        return;
    tracker->state.committed = offset;
    tracker->is_replaced = false;
}
