#ifndef TIMER_H
#define TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"

/*
 * Timers in a binary heap: set, move and cancel in O(log n), the next one in O(1). Who must be woken
 * whatever happens reserves the place of a timer with its own memory: setting it cannot fail then.
 *
 * A timer lives in its owner's memory (intrusive), so whoever is destroyed cancels its own and
 * nothing dangles. All instants are monotonic milliseconds.
 */

struct timer;
struct timers;

/* Called by timers_run with the timer no longer set; it may set it, or others, again. */
typedef void timer_fn(struct timer *timer, void *arg);

struct timer {
    timer_fn *fn;
    void *arg;
    int64_t at_ms;
    size_t place;    /* in the heap, from 1; 0: not there */
    struct link due; /* linked while it is due and its turn in timers_run has not come */
};

/* An empty heap, or NULL when there is no memory. */
struct timers *timers_create(void);

/* NULL is allowed. Timers that are still set are forgotten. */
void timers_destroy(struct timers *timers);

/* Makes ${timer} call ${fn} with ${arg}; it is not set yet. */
void timer_init(struct timer *timer, timer_fn *fn, void *arg);

/*
 * Sets, or moves, ${timer} to ${at_ms}; the past is allowed and means at the next run.
 * Returns 0, or -1 when the heap could not grow (the timer is not set then).
 */
int timer_set(struct timers *timers, struct timer *timer, int64_t at_ms)
    __attribute__((warn_unused_result));

/*
 * Makes sure that ${count} timers more can be set at once. 0, or -1 when there is no memory: then
 * nothing is reserved. It holds where whoever sets a timer of this heap has reserved its place.
 */
int timers_reserve(struct timers *timers, size_t count) __attribute__((warn_unused_result));

/* Gives ${count} of these places back; their timers are not set any more. */
void timers_release(struct timers *timers, size_t count);

/* As timer_set, for a timer whose place was reserved. */
void timer_set_reserved(struct timers *timers, struct timer *timer, int64_t at_ms);

/* Unsets; harmless when it is not set. */
void timer_cancel(struct timers *timers, struct timer *timer);

bool timer_is_set(const struct timer *timer);

/* The earliest instant that is set; INT64_MAX: none. */
int64_t timers_next_ms(const struct timers *timers);

/* Calls all that are due at ${now_ms}, in order of time; those set meanwhile wait for the next run. */
void timers_run(struct timers *timers, int64_t now_ms);

#endif
