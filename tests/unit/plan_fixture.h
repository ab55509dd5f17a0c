#ifndef PLAN_FIXTURE_H
#define PLAN_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core_fixture.h"
#include "plan.h"

/*
 * Cases for plan_next as rows of a table: what is wanted, what was seen, and the decision as one
 * line of text. What a row does not mention is harmless: no row was read, the person is enabled and
 * has no attributes, units, roles and their copies in every unit are known.
 */

enum seen_person { PERSON_READ, PERSON_UNREAD, PERSON_GONE, PERSON_BLOCKED };

/* A bit in ${flags}. */
enum {
    STALE_SOURCES = 1,
    SYNCED = 2,
    FRESH_ROLES = 4,
    MOVED = 8,
    WROTE_COSTCENTRE = 16,
    NO_UNITS = 32,      /* the directory knows none */
    NO_ROLES = 64,      /* likewise */
    NO_COPIES = 128,    /* none is known */
    READER_LACKS = 256, /* READER is known to have no copy anywhere but in ROOT */
    IS_DISABLED = 512,  /* of the row */
    IS_APPLICATION = 1024,
    ROLES_UNREAD = 2048,
    BAD_LEVEL = 4096, /* the person's level does not convert */
    NO_GRAPH = 8192,
};

struct plan_case {
    struct route_spec want;
    enum row_state row;
    int unit;               /* of the row */
    const char *costcentre; /* of the row; NULL: null */
    int64_t level;          /* 0: null */
    const char *held;       /* "12": ADMIN and READER, the copies of the row's unit */
    enum seen_person person;
    const char *department;
    int64_t person_level;
    unsigned flags;
    enum disabled_rows disabled_rows;
    enum move_roles move_roles;
    /*
     * "done", "look", "reject two_rows", "patch unit=1 c=x l=null if=*", "move unit=1 roles=1@1
     * if=E", "copies unit=1 of=1,2", "role 1@9": a role's number and the unit of the copy. An
     * ETag is E.
     */
    const char *expected;
};

/* Fails with the number of the first row that is decided otherwise. */
void assert_plans(const struct plan_case *cases, size_t count);

#endif
