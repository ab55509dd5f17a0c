#ifndef PACER_H
#define PACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Keeps a lane under the published limits of a sliding window: at most so many calls, and at most so many
 * milliseconds of execution, in any span.
 *
 * A call counts from the moment it is sent until a span after it was answered: the service counts at arrival, which lies
 * somewhere between, so this holds however long requests travel. Why a ring of answers and not a token
 * bucket: a bucket of n lets 2n through in one span after an idle one.
 */

struct pacer;

/* Remembers up to ${most} calls (>= 1), 16 bytes each, in a span of ${span_ms}. NULL: no memory. */
struct pacer *pacer_create(size_t most, int64_t span_ms);
void pacer_destroy(struct pacer *pacer); /* NULL is allowed */

/*
 * Milliseconds until one more call keeps both limits, while ${in_flight} are under way; 0: now. When calls in flight alone stand in
 * the way: the whole span (ask again after an answer). ${calls} of 0 and ${execution_ms} of 0 mean no such limit; ${calls} is at most
 * ${most}. Amortised O(1).
 */
int64_t pacer_wait_ms(struct pacer *pacer, size_t in_flight, size_t calls, int64_t execution_ms,
                      int64_t now_ms);

/* Notes the answer to a call that took ${took_ms}. O(1). */
void pacer_note(struct pacer *pacer, int64_t took_ms, int64_t now_ms);

/* Calls answered within the last span. */
size_t pacer_used(struct pacer *pacer, int64_t now_ms);

#endif
