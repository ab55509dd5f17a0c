#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call.h"
#include "directory.h"
#include "want.h"
#include "workqueue.h"

/*
 * What to do next for one user: a pure function of what is wanted, what was seen, and what this run has done. It is asked again
 * after every step, so an answer that changed the picture changes the plan, and a second pass over a user who is as
 * wanted plans nothing (P2).
 */

enum plan_action {
    PLAN_DONE,       /* all is as wanted, and a read of this run says so */
    PLAN_LOOK,       /* read the row */
    PLAN_LOOK_ROLES, /* read the row with its roles, afresh */
    PLAN_SOURCES,    /* read the Entra user */
    PLAN_UNITS,      /* learn the environment's units */
    PLAN_ROLES,      /* learn the environment's roles */
    PLAN_COPIES,     /* learn which copies of ${roles} belong to ${unit} */
    PLAN_FORCE_SYNC,
    PLAN_CONFIRM,   /* addUser was accepted: look again at the next tick */
    PLAN_PATCH,     /* ${unit}, ${writes}, ${if_match} */
    PLAN_MOVE,      /* the same, with ${roles}, all or nothing */
    PLAN_ROLE,      /* give ${roles}[0] */
    PLAN_NO_PERSON, /* Entra does not know the user: final only when the event is old */
    PLAN_SKIP,      /* none of our business: ${reason} */
    PLAN_REFUSE,    /* not now: ask again until the deadline, ${reason} */
    PLAN_REJECT,    /* never: ${reason}, ${detail} */
};

enum { PLAN_MAX_ROLES = 256 };

struct plan_view {
    const struct want *want;
    const struct directory *directory;
    enum row_state row_state;
    const struct row *row;       /* when ROW_ONE */
    const struct person *person; /* NULL: not read */
    bool sources_are_fresh;      /* young enough to be written from */
    bool is_synced;
    bool has_fresh_roles;
    bool has_moved;
    const uint64_t *columns_written; /* bit set: this run wrote it already */
};

struct plan {
    enum plan_action action;
    const char *reason; /* a constant, "" where there is none */
    const char *detail; /* for people, borrowed from the view; "" */
    const char *if_match;
    bool has_unit;
    struct guid unit;
    struct column_write writes[MAX_COLUMNS];
    size_t write_count;
    struct guid roles[PLAN_MAX_ROLES];
    size_t role_count;
};

/* Decides. ${ret_plan} borrows from ${view}. */
void plan_next(const struct plan_view *view, struct plan *ret_plan);

#endif
