#ifndef TRACKER_H
#define TRACKER_H

#include <stdbool.h>
#include <stdint.h>

#include "offsets.h"
#include "window.h"

/*
 * Where one partition stands: its window, its end, what the group has committed, and what would be
 * committed now. When that is done is the business of offsets.c, the only caller.
 *
 * A tracker lives as long as the process, since it keeps what was counted as lost; its window lives
 * as long as an assignment. `struct tracker tracker = {0}` is one that was never assigned.
 */

struct tracker {
    struct partition_state state; /* window NULL: not assigned */
    uint64_t epoch;               /* counts its windows */
    int64_t start;                /* where this window began */
    int64_t eof;                  /* where EOF was seen last; -1: not in this window */
    int64_t ceiling;              /* nothing above it is committed; INT64_MAX: no such bound */
    bool is_replaced;             /* this window took another's place and is not committed yet */
};

/* -1, with nothing changed: no memory. Arguments as those of offsets_assign. */
int tracker_assign(struct tracker *tracker, int64_t offset, int64_t committed)
    __attribute__((warn_unused_result));
void tracker_revoke(struct tracker *tracker); /* harmless when it is not assigned */
bool tracker_is_assigned(const struct tracker *tracker);

/* --- of an assigned one ------------------------------------------------------------------------- */

/* As offsets_take says; -1: no memory. */
int tracker_take(struct tracker *tracker, int64_t offset, int64_t low, window_serial *ret_serial)
    __attribute__((warn_unused_result));
void tracker_end(struct tracker *tracker, int64_t offset, int64_t low);

/* The offset that may be committed. */
int64_t tracker_committable(const struct tracker *tracker);
bool tracker_is_drained(const struct tracker *tracker); /* nothing unsettled, and the end reached */
bool tracker_is_due(const struct tracker *tracker);     /* there is something to commit */

/* ${offset} was committed in the window of ${epoch}, which may be gone: then it tells nothing. */
void tracker_acknowledge(struct tracker *tracker, uint64_t epoch, int64_t offset);

#endif
