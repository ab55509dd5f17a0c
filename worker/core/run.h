#ifndef RUN_H
#define RUN_H

#include "site.h"

/*
 * A run's beginning and end: what is forgotten when it begins, how its tickets are settled or dropped, and what becomes of those that came late.
 */

/* Forgets what the last run did and failed at. */
void run_begin(struct site *site, struct job *job);

/* Settles a chain of ${job}'s tickets (tickets_take), or drops one without a word. */
void run_settle(struct site *site, struct job *job, struct ticket *chain,
                const struct ending *ending);
void run_drop(struct site *site, struct ticket *chain);

/* Drops tickets whose partitions were revoked. False: the run has none left. */
bool run_drop_stale(struct site *site, struct job *job);

/* Tells the observer how the run ended. */
void run_report(struct site *site, const struct job *job, const char *outcome);

/*
 * The run has no tickets any more. Late ones are held against the verification just made; what that does not cover runs once more, else the job is
 * gone after it.
 */
void run_finish(struct site *site, struct job *job);

/* Stops whatever the job waits for and frees it; it must have no tickets. */
void run_remove(struct site *site, struct job *job);

#endif
