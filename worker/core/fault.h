#ifndef FAULT_H
#define FAULT_H

#include "site.h"

/*
 * What is misconfigured for everybody is no failure of a user: jobs that need such a call are held, nothing is burnt against it, and every
 * ${probe_ms} one of them tries. Its success releases all.
 */

void fault_init(struct site *site, int of);
void fault_fini(struct fault *fault);

/* The call of ${job} found the kind misconfigured. */
void fault_hold(struct site *site, int of, struct job *job, const struct error *error);

/* True when ${job} must not make this call now; it is held then. */
bool fault_holds(struct site *site, int of, struct job *job);

/* A call of this kind succeeded. */
void fault_clear(struct site *site, int of);

#endif
