#ifndef HOLD_H
#define HOLD_H

#include <stdbool.h>
#include <stdint.h>

struct hold;
struct intake;
struct partition;

/*
 * Records of a retry topic wait: the delay of their tier runs from their timestamp, which is when
 * they were parked. All records of a topic have the same delay and were written in order, so where
 * the head is not due nothing behind it is, and the whole partition stands still; its queue fills up
 * to its limit and is kept.
 *
 * Due is what the wall clock says. Should that jump back, or the timestamp lie in the future, then
 * nothing is held longer here than its delay: a record cannot be younger than the moment at which it
 * was read. A clock that jumps forward lets records through early, which costs an attempt and no
 * more.
 */

/* Finds out whether ${partition} is one of a retry topic. */
void hold_init(const struct intake *intake, struct partition *partition);

/* A head has come out of the queue, of ${timestamp_ms}; -1: it has none and is due at once. */
void hold_look(const struct intake *intake, struct hold *hold, int64_t timestamp_ms);

/* True while the head is held and is not due. */
bool hold_waits(const struct intake *intake, struct hold *hold);

/* When the head that is held is due, monotonic; INT64_MAX: none is held. */
int64_t hold_next_ms(const struct intake *intake, const struct hold *hold);

#endif
