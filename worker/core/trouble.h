#ifndef TROUBLE_H
#define TROUBLE_H

#include "site.h"

/*
 * What becomes of a run that met trouble: it looks again at once, backs off within its deadline, or has failed for good; then one record a group is kept on the
 * dead-letter topic and settles the tickets, or without such a topic its events are held.
 */

void trouble_init(struct site *site, struct job *job); /* of a new job */

/* An own call, a reader's part or the plan says ${verdict} (not MISCONFIGURED: fault.h). The job may be gone after it. */
void trouble_meet(struct site *site, struct job *job, enum verdict verdict, const char *reason,
                  const struct error *error);

#endif
