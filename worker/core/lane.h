#ifndef LANE_H
#define LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "budget.h"
#include "call.h"

/*
 * A lane: one service and one credential, which is where the published limits count (P7). Calls wait in it in order, and leave as
 * soon as concurrency, the sliding window, the token and every "not before" allow. A batch is put together only then, by the
 * call's prepare: whatever the reason for waiting, it fills the batch. Urgent calls go before patient ones.
 *
 * The lane answers for what concerns all its calls: Retry-After (the call goes back to the head), a refused token (one
 * fresh try), and a service that fails again and again (one probe at a time, with back-off). All other answers go to
 * the call's owner.
 */

struct core;
struct lane;

/* ${name} is for people and metrics: "dataverse/prod". ${scope} of its token. NULL: no memory. */
struct lane *lane_create(struct core *core, const char *name, const struct identity *identity,
                         const char *scope, const struct lane_limits *limits);
void lane_destroy(struct lane *lane); /* calls nobody back; cancels what is in flight */

bool lane_is_for(const struct lane *lane, const struct identity *identity, const char *scope);

/* Puts ${call} (idle, call_init'ed) at the end. Its done is called later, never from here. */
void lane_submit(struct lane *lane, struct call *call);

/* ${call}, which waits, is urgent from now on. */
void lane_promote(struct lane *lane, struct call *call);

/* Takes it back, wherever it is; its done is not called. Harmless for an idle call. */
void lane_cancel(struct lane *lane, struct call *call);

/* The answer to a call of this lane came: ${call}'s results are in it. */
void lane_answered(struct lane *lane, struct call *call);

/* Holds the lane for ${wait_ms} from now, where that is longer than it is held already. */
void lane_hold(struct lane *lane, int64_t wait_ms);

/* A part of a batch was throttled, with this Retry-After (-1: none): the whole lane waits, longer each time in a row. */
void lane_throttled(struct lane *lane, int64_t told_ms);

/* This replica's share of the limits, 0 to 1. A smaller one counts at once, a greater one a span later (the others' calls
 * still count until then); the first one at once, for a worker that starts must not wait. */
void lane_set_share(struct lane *lane, double share);

/* Sends what may be sent. Called after anything that may let a call go. */
void lane_pump(struct lane *lane);

/* Asks for the token before anybody needs it. */
void lane_warm(struct lane *lane);

/* Why nobody gets a token here, NULL: for all that is known they do; since when, monotonic. */
const char *lane_fault(const struct lane *lane, int64_t *ret_since_ms);

const char *lane_name(const struct lane *lane);
size_t lane_in_flight(const struct lane *lane);
size_t lane_waiting(const struct lane *lane);
double lane_used_ratio(struct lane *lane);
int64_t lane_not_before_ms(const struct lane *lane); /* monotonic; 0: none */

#endif
