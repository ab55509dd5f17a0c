#ifndef WANT_H
#define WANT_H

#include <stdbool.h>
#include <stddef.h>

#include "routing.h"

/*
 * What must be true of one user in one environment: the union of the recipes of the groups the user is in. Where two of
 * them claim one target, the higher rank wins; the configuration saw to it that ranks differ.
 *
 * A want is scratch memory of its environment's size, filled anew for each decision.
 */
struct want {
    const struct environment *environment;
    const struct route *unit_route; /* who sets the business unit; NULL: nobody */
    const struct route *
        *column_routes; /* per column of the environment: who claims it; NULL: nobody */
    const struct column_rule **columns; /* and with which rule */
    bool *roles;                        /* per role of the environment */
    bool has_attributes;                /* a column is claimed: Entra must be read */
    bool has_roles;
};

int want_init(struct want *want,
              const struct environment *environment); /* -1: no memory; want_fini in any case */
void want_fini(struct want *want);

void want_clear(struct want *want);
void want_add(struct want *want, const struct route *route);

#endif
