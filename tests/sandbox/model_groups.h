#ifndef MODEL_GROUPS_H
#define MODEL_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guid.h"
#include "table.h"

/*
 * Groups in Entra: who is in them now (a table of memberships), and all that ever happened to each
 * of them, in order (its journal). Delta queries are ranges of the journal; checks and lists of
 * members go by the table. Nobody outside model*.c includes this.
 */

struct model;

enum { NO_STEP = -1 };

enum step_kind {
    STEP_CREATED, /* the group itself; the first of each journal */
    STEP_JOINED,
    STEP_LEFT,
    STEP_DELETED, /* the group itself; the last */
};

struct step {
    uint64_t sequence; /* rising over all groups, never 0 */
    int64_t at_ms;     /* monotonic, rising with the sequence */
    enum step_kind kind;
    struct guid member;     /* of joins and leaves */
    int64_t previous, next; /* indices of the same member's changes, or NO_STEP */
};

struct journal {
    struct step *steps;
    size_t count, capacity;
    uint64_t reset_at; /* delta links given out before this sequence are worth nothing; 0: none */
};

struct group {
    struct guid id;
    char *name;
    bool is_deleted;
    struct guid *children; /* groups that are or were members */
    size_t child_count;
    struct journal journal;
    UT_hash_handle hh;
};

struct membership_key {
    struct guid group;
    struct guid member;
};

struct membership {
    struct membership_key key;
    bool is_member;
    bool was_member;       /* what a lagging replica still says */
    int64_t changed_at_ms; /* monotonic */
    int64_t latest;        /* its last change in the group's journal */
    UT_hash_handle hh;
};

/* What can be in a group and is neither a user nor a group. */
struct thing {
    struct guid id;
    char *type; /* "device"; "": answers do not tell */
    UT_hash_handle hh;
};

/* --- model_groups.c --------------------------------------------------------------------------- */

/* Also when it is deleted; NULL: there never was one. */
struct group *model_groups_find(struct model *model, const struct guid *id);
/* Directly or through groups in it; ${is_lagging}: as a lagging replica sees it. */
bool model_groups_has(struct model *model, const struct guid *group, const struct guid *member,
                      bool is_direct, bool is_lagging);
/* Takes somebody who is deleted out of all groups. False: no memory. */
bool model_groups_leave_all(struct model *model, const struct guid *member);
/* "user", "group", "device", …; "": not told. Ids that nobody knows are users. */
const char *model_groups_type(struct model *model, const struct guid *member);
void model_groups_free(struct model *model);

/* --- model_journal.c -------------------------------------------------------------------------- */

/* Notes what happened now, behind ${previous} of the same member; its index, or NO_STEP without
 * memory. */
int64_t model_journal_add(struct model *model, struct group *group, enum step_kind kind,
                          const struct guid *member, int64_t previous);
/* The latest sequence that is ${lag_ms} old; 0: none. */
uint64_t model_journal_told(const struct journal *journal, int64_t now_ms, int64_t lag_ms);
/* The index of the first change after ${sequence}; the count where there is none. */
size_t model_journal_after(const struct journal *journal, uint64_t sequence);
/* Was ${step}'s member in the group when all up to ${sequence} had happened? The change itself
 * must be later. */
bool model_journal_was_member(const struct journal *journal, const struct step *step,
                              uint64_t sequence);
/* Nothing up to ${sequence} follows it for the same member. */
bool model_journal_is_last(const struct journal *journal, const struct step *step,
                           uint64_t sequence);
bool model_journal_is_deleted(const struct journal *journal, uint64_t sequence);

#endif
