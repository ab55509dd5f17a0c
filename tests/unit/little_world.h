#ifndef LITTLE_WORLD_H
#define LITTLE_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call.h"
#include "clock.h"
#include "core_fixture.h"

/*
 * An Entra and two Dataverse environments of a few users, which answers the core's calls as the real
 * services would, in the core's own words: there is no HTTP here. The double under tests/sandbox is
 * the strict one; this is what a scenario of a unit test needs and no more.
 */

enum { USERS_MOST = 32, ENVIRONMENTS_MOST = 2, ROLES_MOST = 4, TRACE_BYTES = 8192 };

struct world_person {
    bool is_gone, is_blocked, has_bad_level;
    char department[32]; /* "": absent */
    int64_t level;       /* 0: absent */
    uint64_t groups;     /* bit by number */
};

struct world_row {
    int count; /* 0: none; more than one row may claim a user */
    bool is_disabled, is_application, is_unreadable;
    int unit;
    char costcentre[32];    /* "": null */
    int64_t level;          /* 0: null */
    bool roles[ROLES_MOST]; /* held, as copies of the row's unit */
    int version;            /* its ETag */
    int64_t visible_at_ms;  /* monotonic */
};

/* The next ${times} answers to a kind of call. */
struct world_fault {
    int times;
    enum verdict verdict;
    const char *reason;
    int64_t retry_after_ms;
};

struct world {
    const struct clock *clock;
    struct world_person people[USERS_MOST];
    struct world_row rows[ENVIRONMENTS_MOST][USERS_MOST];
    struct world_fault faults[CALL_KINDS];
    bool fails_only_prod;            /* these strike only calls of PROD */
    struct world_fault part_faults;  /* of one item of SOURCES */
    bool part_faults_are_of_members; /* and only of one that asks for memberships */
    int64_t visible_after_ms;        /* a row, after addUser */
    bool reverts_columns;            /* a plug-in undoes each write of a column */
    bool reverts_units;              /* or of the unit */
    bool returns_no_row;             /* a PATCH answers without its row */
    int incomplete_roles;            /* so many lists of roles are not whole */
    bool organisation_keeps_roles;
    int answers; /* so many were given; their request ids are "id-1", … */
    bool lacks_reader_copies, lacks_sales;
    /* "look 1 2; sources 1; force_sync 1; patch 1 unit=1 c=x; role 1 1@9; units; roles; copies
     * unit=1": what was answered well, those of environment "test" with "test:" before them */
    char trace[TRACE_BYTES];
};

/* Enabled rows in the root unit for users ${first} to ${last} of ${environment}. */
void world_give_rows(struct world *world, int environment, int first, int last);

/* The department of ${user}, which feeds the cost centre. */
void world_name(struct world *world, int user, const char *department);

/* Puts the answer into ${call}. Tokens last for a day. */
void world_answer(struct world *world, struct call *call);

#endif
