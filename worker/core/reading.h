#ifndef READING_H
#define READING_H

#include "site.h"

/*
 * A job's readings: its row, and beside it the Entra user and memberships. When all that it awaits is there, sync_step goes on.
 */

/* What the readers of ${site} tell. */
extern const struct reader_events reading_of_rows;
extern const struct reader_events reading_of_sources;

void reading_row(struct site *site, struct job *job);

/* Asks Graph for the person, where wanted, and for the memberships that are still open. False: nobody may ask at present, and the job is held. */
bool reading_sources(struct site *site, struct job *job, bool wants_person);

/* Are there memberships that must be asked for and were not yet? */
bool reading_has_groups(struct site *site, struct job *job);

/* ${job} no longer awaits an answer of the readers. */
void reading_stop(struct site *site, struct job *job);

#endif
