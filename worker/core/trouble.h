#ifndef TROUBLE_H
#define TROUBLE_H

#include "site.h"

/*
 * What becomes of a run that met trouble: it looks again at once, backs off within its deadline, is held until a call can be made again (fault.h), or has failed
 * for good; then one record a group is kept on the dead-letter topic and settles the tickets, or without such a topic its events are held.
 */

void trouble_init(struct site *site, struct job *job); /* of a new job */

/* What an own call, a reader's part or the plan says. ${error} is borrowed. */
struct trouble {
    int of; /* a kind of call, FAULT_MEMBERS, or OF_PLAN: the plan itself cannot go on */
    enum verdict verdict;
    const char *reason;
    const struct error *error;
};

/* The observer is told of it, and of what comes next. The job may be gone after it. */
void trouble_meet(struct site *site, struct job *job, const struct trouble *trouble);

/* ${job}, held because of ${fault}, is parked without being counted. It may be gone after it. */
void trouble_park(struct site *site, struct job *job, const char *fault);

#endif
