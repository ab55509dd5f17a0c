#ifndef TICKETS_H
#define TICKETS_H

#include <stdbool.h>
#include <stddef.h>

#include "record.h"

/*
 * The tickets of one job. Only the newest of a route needs its record's bytes, for if the job fails one record per group
 * is kept and settles the others as superseded. So there are two chains: those with a payload, at most one a route, and
 * the covered ones that gave theirs up. Adding is O(routes), however many events a user has.
 */
struct tickets {
    struct ticket *kept;
    struct ticket *covered;
};

/* Adds ${ticket}, which holds a payload; the older one of its route gives its own up. */
void tickets_add(struct tickets *tickets, struct ticket *ticket);

/* Adds all of ${from}, which is empty after it. */
void tickets_add_all(struct tickets *tickets, struct tickets *from);

bool tickets_are_none(const struct tickets *tickets);

/* Walks them all, kept ones first. */
struct ticket *tickets_first(const struct tickets *tickets);
struct ticket *tickets_next(const struct tickets *tickets, const struct ticket *ticket);

typedef bool ticket_fn(const struct ticket *ticket, void *arg);

/*
 * Takes out all for which ${is_meant} answers true and returns them as a chain. Where the one with the payload goes and a covered one of its route
 * stays, that one inherits the payload.
 */
struct ticket *tickets_take(struct tickets *tickets, ticket_fn *is_meant, void *arg);

#endif
