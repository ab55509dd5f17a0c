#ifndef SYNC_H
#define SYNC_H

#include "site.h"

/*
 * The sync machine: takes one job from reading to settled. sync_step asks plan_next what comes next and does it, by one function an action, in a table; each
 * answer comes back to sync_step.
 */

/* Starts reading (again), forgetting what was read; late tickets join. */
void sync_restart(struct site *site, struct job *job);

/* An urgent ticket was hung on ${job}: whatever it waits for comes sooner. */
void sync_promote(struct site *site, struct job *job);

/* Decides and acts. The job may be gone after it. */
void sync_step(struct site *site, struct job *job);

#endif
