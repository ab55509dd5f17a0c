#ifndef REFER_H
#define REFER_H

#include "site.h"

/*
 * Asks for what the directory does not know yet, one question at a time for all jobs that wait; after the answer each of them plans again.
 */

/* Somebody will need units: they are asked for beside the first reading instead of after it. */
void refer_foresee(struct site *site);

void refer_init(struct site *site);
void refer_fini(struct site *site);

/* ${job} needs what ${site}'s plan names: UNITS, ROLES, or COPIES of its roles in its unit. */
void refer_ask(struct site *site, struct job *job);

#endif
