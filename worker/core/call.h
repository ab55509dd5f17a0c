#ifndef CALL_H
#define CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "guid.h"
#include "list.h"
#include "routing.h"
#include "value.h"

/*
 * A call to a service in the core's own words: what is asked, and after the answer what was found.
 * The core makes and judges calls; worker/services turns one into an HTTP request and an answer
 * into results (services.h); the wire is the program's. So the core knows neither HTTP nor JSON,
 * and the simulation plugs the double in where the wire was.
 */

struct lane;
struct call;

enum call_kind {
    CALL_TOKEN,      /* an access token for the lane's identity and scope */
    CALL_LOOK,       /* rows of systemuser by Entra object id */
    CALL_SOURCES,    /* Entra users, and which groups they are in */
    CALL_FORCE_SYNC, /* addUser */
    CALL_PATCH,      /* one row: unit and columns; its answer is the confirming read */
    CALL_MOVE,    /* one row: unit, columns, roles of the new unit, all or nothing (a change set) */
    CALL_ROLE,    /* one role to one row */
    CALL_UNITS,   /* business units: the root and those the recipes name */
    CALL_ROLES,   /* copies of roles in one unit */
    CALL_DELTA,   /* one page of what changed in a group's members */
    CALL_MEMBERS, /* one page of a group's present members */
    CALL_KINDS,
};

const char *call_kind_name(enum call_kind kind); /* "token", "look", … as in dvsync_step_seconds */

/*
 * People who join now come before those who are only looked at again (backfills, retries): of both
 * that wait the urgent go first, but for every eighth, and a part of the published limits is left
 * to them.
 */
enum urgency { URGENT, PATIENT, URGENCIES };
enum { PATIENT_EVERY = 8 };

/*
 * What an answer means for whoever asked. Keyed by the service's code first, its status second, in
 * one table (services/classify.c).
 */
enum verdict {
    VERDICT_DONE,
    VERDICT_WAIT,          /* not yet: look again later */
    VERDICT_RETRY,         /* transient */
    VERDICT_THROTTLED,     /* transient, and the whole lane waits */
    VERDICT_CHANGED,       /* the row changed under us (412): look again */
    VERDICT_REFUSED,       /* this user, now: no licence yet, not in the security group */
    VERDICT_REJECTED,      /* this value, always: too long, a plug-in's refusal */
    VERDICT_MISCONFIGURED, /* this environment or application: nobody will succeed */
    VERDICT_UNAUTHORISED,  /* a fresh token, once */
};

const char *verdict_name(enum verdict verdict);

struct held_role {
    struct guid id;   /* the copy */
    struct guid root; /* what it is a copy of; its own id for a root role */
};

enum { ETAG_BYTES = 64 };

/* A row of systemuser. ${values} is parallel to the environment's columns; NULL: it has none. */
struct row {
    char *fault; /* LOOK: why this one cannot be read, only ${object_id} counts then; NULL: fine */
    struct guid id;
    struct guid object_id;
    struct guid unit;
    bool is_disabled;
    bool is_application;
    char etag[ETAG_BYTES];
    struct value *values;
    bool has_roles; /* ${roles} was read, whole */
    struct held_role *roles;
    size_t role_count;
};

/* A person in Entra. ${values} is parallel to the environment's attributes, converted to their types; where a value does not
 * convert, it is VALUE_UNREAD and ${faults} says why. */
struct person {
    bool exists; /* false: Graph's 404 */
    bool is_enabled;
    bool is_guest;
    struct value *values;
    char **faults; /* parallel; NULL where fine */
};

/* One user's part of a CALL_SOURCES. */
struct source_item {
    struct guid user;
    bool wants_person;
    const struct guid *groups; /* borrowed, at most 20: which of these is the user in? */
    size_t group_count;
    /* results */
    enum verdict verdict; /* VERDICT_DONE: ${person} and ${is_member} are whole */
    const char *reason;
    struct error error;
    bool is_of_members; /* not done: it was the memberships that failed, which need another right */
    struct person person;
    bool *is_member; /* parallel to ${groups}; the asker's memory, all false before */
};

/* A column to write. */
struct column_write {
    int column;
    const struct value *value; /* borrowed */
};

struct unit_entry {
    struct guid id;
    bool is_root;
    char *name;
};

struct role_entry {
    struct guid id;
    struct guid root;
    char *name;
};

enum member_kind {
    MEMBER_UNSAID, /* the answer does not say what it is */
    MEMBER_USER,
    MEMBER_OTHER, /* a group, a device, a service principal, anything newer */
};

/* A member that came, went or is there, in the order of the answer. */
struct member_change {
    struct guid user; /* object id, whatever it is */
    enum member_kind kind;
    bool is_removed;
};

/* Resource units of Graph ("Microsoft Graph service-specific throttling limits", identity and access), the dearest of each kind. */
enum { CALL_COST_PERSON = 1, CALL_COST_GROUPS = 4, CALL_COST_MEMBERS = 5 };

typedef void call_done_fn(struct call *call);
typedef bool call_prepare_fn(struct call *call);

struct call {
    struct link link; /* in its lane's queue */
    enum call_kind kind;
    struct lane *lane;
    const struct environment *environment;
    const struct identity *identity;
    enum urgency urgency;
    int cost; /* of the published limit, at most; exact once it was prepared. 1, but Graph counts resource units */

    /*
     * Called when the lane lets it go, so that it takes aboard whoever waits at that moment;
     * false: nobody does, drop it.
     */
    call_prepare_fn *prepare;
    call_done_fn *done;
    void *owner;
    bool is_resent;        /* a fresh token was tried */
    uint64_t token_serial; /* of the token it was sent with */
    int64_t sent_at_ms;    /* monotonic */
    int64_t sent_wall_ms;
    bool is_flying; /* its lane's: sent and not answered */
    bool was_sent;  /* likewise: has left at least once */
    void *wire;     /* the wire's own, while in flight */

    /* what is asked; which of these is said with each kind in services/ */
    const struct guid *ids; /* LOOK: object ids */
    size_t id_count;
    bool wants_roles;          /* LOOK, PATCH: the directly given roles too */
    bool wants_fresh;          /* LOOK: not out of a cache */
    struct source_item *items; /* SOURCES: at most 20 requests in all */
    size_t item_count;
    struct guid user;        /* FORCE_SYNC: object id */
    struct guid row;         /* PATCH, MOVE, ROLE: systemuserid */
    const char *if_match;    /* PATCH, MOVE: an ETag, or "*" */
    const struct guid *unit; /* PATCH, MOVE: the new unit, NULL: as it is; ROLES: the unit */
    const struct column_write *writes;
    size_t write_count;
    const struct guid *roles; /* MOVE, ROLE: copies to give; ROLES: roots wanted; */
    size_t role_count;
    const char *scope; /* TOKEN */
    struct guid group; /* DELTA, MEMBERS */
    const char *page; /* DELTA, MEMBERS: a link of an earlier answer; NULL: the first page of all */
    bool is_latest;   /* DELTA: of a first page: no members, only a link for what comes */
    bool is_transitive; /* MEMBERS: those of nested groups too */

    /* what was found */
    enum verdict verdict;
    const char *reason; /* a constant for outcomes and metrics: "no_licence" …; "" when done */
    struct error error; /* class ERROR_NONE when VERDICT_DONE; request_id also then, where told */
    struct row *rows;   /* LOOK: those found, any order, whole list or nothing; PATCH: one */
    size_t row_count;
    struct unit_entry *units;
    size_t unit_count;
    struct role_entry *found_roles;
    size_t found_role_count;
    char *token; /* TOKEN: owned, NUL-terminated */
    int64_t token_life_ms;
    int64_t dop_hint;              /* x-ms-dop-hint, 0: none */
    struct member_change *changes; /* DELTA, MEMBERS */
    size_t change_count;
    char *next_page;       /* DELTA, MEMBERS: the page that follows; NULL: this was the last */
    char *delta_page;      /* DELTA: of the last page: what to ask for the next round */
    bool is_group_seen;    /* DELTA: the answer speaks of the group */
    bool is_group_deleted; /* DELTA: and says that it was deleted */
};

/*
 * Makes an idle call: all zero but what is given. ${environment} may be NULL (then set ${identity}
 * yourself).
 */
void call_init(struct call *call, enum call_kind kind, const struct environment *environment,
               call_done_fn *done, void *owner);

/* Frees what was found (not what is asked), so that the call can be sent again. */
void call_reset(struct call *call);

void row_free(struct row *row, const struct environment *environment);
void person_free(struct person *person, const struct environment *environment);

#endif
