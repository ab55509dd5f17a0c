#ifndef BUDGET_H
#define BUDGET_H

#include <stddef.h>
#include <stdint.h>

#include "call.h"

/*
 * How much of a lane's published limits may be used now (P7): this replica's share of the calls at once, and of calls and execution time in the
 * sliding window (pacer.h). Patient calls leave a part of it to urgent ones.
 */

struct budget;
struct clock;

/* Of all replicas together. */
struct lane_limits {
    int64_t concurrency;
    int64_t calls;        /* in any span; 0: no limit */
    int64_t execution_ms; /* in any span; 0: no limit */
    int64_t span_ms;
};

struct budget *budget_create(const struct lane_limits *limits,
                             const struct clock *clock); /* NULL: no memory */
void budget_destroy(struct budget *budget);              /* NULL is allowed */

/* Our share, 0 to 1. A smaller one counts at once, a greater one a span later (the others' calls still count until then); the first one at once. */
void budget_set_share(struct budget *budget, double share);

/* Calls at once, at least 1; ${hint}: the service's own ceiling, 0: none. */
size_t budget_at_once(struct budget *budget, int64_t hint, enum urgency urgency);

/*
 * Milliseconds until the window lets a call of ${cost} leave; 0: now. Those under way cost ${in_flight} together. What costs more than the
 * window holds leaves when it is empty.
 */
int64_t budget_wait_ms(struct budget *budget, size_t in_flight, size_t cost, enum urgency urgency);

/* A call of ${execution_ms} and ${cost} has ended. */
void budget_note(struct budget *budget, int64_t execution_ms, size_t cost);

/* How much of our share of the window's calls is used; 0 where they are not limited. */
double budget_used_ratio(struct budget *budget, size_t in_flight);

#endif
