#ifndef APPLY_H
#define APPLY_H

#include "site.h"

/*
 * A job's own calls: addUser, and the writes of APPLY. Each is made from the plan, goes through its lane alone, and its good answer changes what the
 * job knows; then the plan is asked again.
 */

/* Submits the call that ${site}'s plan names (FORCE_SYNC, PATCH, MOVE, ROLE), or holds the job where that kind has a fault. */
void apply_plan(struct site *site, struct job *job);

/* Takes the call back, if there is one. */
void apply_cancel(struct site *site, struct job *job);

/*
 * True while the run is past a write and under way: a revoke does not cancel it (P5), a removal comes too late. One that waits to begin again is not.
 */
bool apply_is_past_write(const struct job *job);

#endif
