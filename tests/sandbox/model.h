#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "guid.h"
#include "http.h"

/*
 * The double of Microsoft's four services as a pure model: (request, now) → (answer, after how
 * long). It knows no socket, no thread and no clock: the sandbox serves it over HTTP, the
 * simulation calls it directly. Every behaviour has a row in BEHAVIOUR.md with its public source;
 * the code cites the rows. Nothing is tailored to our worker: real clients of these APIs can use
 * it.
 *
 * It is stricter than the services: what they may refuse it refuses, what is an offence against
 * their rules (an upsert by an unguarded PATCH, asking again before Retry-After) it carries out as
 * they would and counts.
 *
 * Services are told apart by the origin of the request's URL; each environment's Dataverse has an
 * origin of its own.
 */

struct model;
struct text;

enum model_service { MODEL_LOGIN, MODEL_BAP, MODEL_GRAPH, MODEL_DATAVERSE, MODEL_SERVICES };
const char *model_service_name(enum model_service service);

/*
 * What documents leave open, and how the world is today. Every row can be changed while it runs
 * (model_set), by name, from the control API or the simulation; the table in model_settings.c holds
 * name, default and help.
 */
struct model_settings {
    int64_t token_life_ms;
    int64_t row_delay_ms;      /* addUser → the row is visible */
    int64_t membership_lag_ms; /* of a fresh join or leave */
    int64_t graph_lag_ms;      /* how long a new user stays 404 in Graph */
    int64_t stale_expand_ms;   /* $expand serves lists as old as this; 0: never */
    int64_t batch_sees_moved_unit;
    int64_t repeated_ref_status; /* 204, or 412 with 0x80040237 */
    int64_t keep_roles_on_move;
    int64_t root_role_parent_null;
    int64_t capital_inner_json;
    int64_t force_sync_creates_jit; /* a read by the alternate key makes the row */
    int64_t limits;                 /* the published limits hold */
    int64_t dataverse_requests;     /* in dataverse_window_ms, as the next */
    int64_t dataverse_execution_ms;
    int64_t dataverse_concurrent;
    int64_t dataverse_window_ms;
    int64_t force_sync_calls; /* in force_sync_window_ms */
    int64_t force_sync_window_ms;
    int64_t graph_units;                     /* per 10 s */
    int64_t dop_hint;                        /* 0: none sent */
    int64_t latency_low_ms, latency_high_ms; /* uniform, every request */
    int64_t page_size;
    int64_t early_grace_ms;   /* a call so soon after it was told to wait was sent before */
    int64_t early_penalty_ms; /* what a call before Retry-After adds to the wait */
    int64_t nested_security_group;
    int64_t empty_text_is_null;
    int64_t missing_ref_status;     /* 404 with 0x80040217, or 204 */
    int64_t changeset_error_nested; /* a failed change set answers in a multipart of its own */
    int64_t delta_lag_ms;           /* of a join or leave in group delta */
    int64_t delta_page_members;
    int64_t delta_empty_pages; /* before each page */
    int64_t delta_replays;     /* changes told before, for each group and round */
    int64_t delta_repeats;     /* of the page before, in the same round */
    int64_t delta_tells_gone;  /* also who came and went within a round, or before the first */
    int64_t delta_removed_text;
    int64_t delta_token_life_ms;
    int64_t delta_reset_status;   /* 410, or 400 */
    int64_t delta_reset_code;     /* 0 syncStateNotFound, 1 resyncRequired */
    int64_t delta_reset_location; /* 0 none, 1 the first call, 2 without its filter */
    int64_t cast_needs_count;     /* lists of members of one type are an advanced query */
    int64_t foreign_links;        /* 0 none, 1 another service, 2 Graph's name as a user's */
};

/* A model seeded for its latencies and ids. NULL: no memory. */
struct model *model_create(uint64_t seed);
void model_destroy(struct model *model);

struct model_settings *model_settings(struct model *model);
bool model_set(struct model *model, const char *name, int64_t value); /* false: no such setting */
bool model_get(const struct model *model, const char *name, int64_t *ret_value);
/* The settings one by one, for listing: false past the last. */
bool model_setting_at(size_t index, const char **ret_name, const char **ret_help);

/*
 * Answers ${request} at ${clock}'s instant: fills ${ret_response} (the caller's to free) and sets
 * *${ret_after_ms} to how long the caller must hold the answer back. The request counts as in
 * flight until then. A fault that cuts the connection gives status 0 and a transport other than
 * HTTP_OK.
 */
void model_answer(struct model *model, const struct http_request *request,
                  const struct clock *clock, struct http_response *ret_response,
                  int64_t *ret_after_ms);

/* Lets time pass without a call: rows that are due become visible to the readers below. */
void model_advance(struct model *model, const struct clock *clock);

/* --- the world: seeded by C or by the control API (control.h), read back by both -------------- */

/*
 * An origin ("http://127.0.0.1:9401", "https://graph.test") that serves ${service}; for
 * MODEL_DATAVERSE that of ${environment}. Borrowed texts are copied, everywhere below. All return
 * false without memory or on a clash.
 */
bool model_add_origin(struct model *model, const char *origin, enum model_service service,
                      const char *environment);

/* An application: its tenant, its secret, and what it may do. */
struct model_application {
    struct guid tenant;
    struct guid client;
    const char *secret;
    bool is_bap_management; /* registered as management application */
    bool may_read_users;    /* Graph User.Read.All */
    bool may_read_members;  /* Graph GroupMember.Read.All */
};
bool model_add_application(struct model *model, const struct model_application *application);

/*
 * An environment with its organisation: root unit, system roles none. ${id} may be
 * "Default-<guid>".
 */
struct model_environment {
    const char *id;
    const char *name;
    struct guid root_unit;      /* zero: made */
    struct guid security_group; /* zero: none */
    bool has_dataverse;
    const char *const *text_columns;    /* custom columns, NULL-terminated; max length 100 each */
    const char *const *integer_columns; /* whole numbers, 32 bit */
};
bool model_add_environment(struct model *model, const struct model_environment *environment);
/* Makes ${client} an application user of the environment (with or without a role). */
bool model_add_application_user(struct model *model, const char *environment,
                                const struct guid *client, bool has_role);
bool model_add_business_unit(struct model *model, const char *environment, const struct guid *unit,
                             const char *name);
/* A role of the root unit; a copy per unit is made, also for units that come later. */
bool model_add_role(struct model *model, const char *environment, const struct guid *root_role,
                    const char *name);
/* Takes the copy of a role in one unit away (a role without a copy). */
bool model_remove_role_copy(struct model *model, const char *environment,
                            const struct guid *root_role, const struct guid *unit);

/*
 * A person in Entra. ${attributes}: a JSON object with Graph's property names, extensions included.
 */
struct model_user {
    struct guid id;
    const char *user_principal_name;
    bool is_enabled;
    bool is_guest;
    bool is_licensed;       /* addUser refuses userNotLicensed else */
    int64_t licensed_at_ms; /* wall; not 0: licensed from then on */
    const char *attributes; /* may be NULL */
};
bool model_add_user(struct model *model, const struct model_user *user);
/* Deleted in Entra, at the instant of the latest call; leaves all groups. */
bool model_remove_user(struct model *model, const struct guid *user);
bool model_set_attribute(struct model *model, const struct guid *user, const char *name,
                         const char *json);
bool model_set_licensed(struct model *model, const struct guid *user, bool is_licensed);

bool model_add_group(struct model *model, const struct guid *group, const char *name);
/* Deleted for good, at ${clock}'s instant. */
bool model_remove_group(struct model *model, const struct guid *group, const struct clock *clock);
/*
 * What may be in a group and is neither user nor group: ${type} is "device", "servicePrincipal" or
 * anything else, as in "#microsoft.graph.device"; "": answers do not tell its type.
 */
bool model_add_thing(struct model *model, const struct guid *id, const char *type);
/*
 * Joins and leaves at ${clock}'s instant (the lag counts from there). ${member} may be a user, a
 * group or another thing; an id that nobody knows counts as a user.
 */
bool model_join(struct model *model, const struct guid *group, const struct guid *member,
                const struct clock *clock);
bool model_leave(struct model *model, const struct guid *group, const struct guid *member,
                 const struct clock *clock);
/*
 * Who is in the group now, one by one: ${position} is 0 at first and then what the call before left
 * there. False: no more, or no such group.
 */
bool model_next_member(struct model *model, const struct guid *group, size_t *position,
                       struct guid *ret_member);
/* Delta links of ${group} (NULL: of all) that were given out until now are worth nothing. */
bool model_reset_delta(struct model *model, const struct guid *group);

/* A systemuser row. */
struct model_row {
    struct guid id; /* zero when added: made */
    struct guid object_id;
    struct guid unit; /* zero when added: the root */
    bool is_disabled;
    bool is_application;
    int64_t version; /* of its ETag */
};
bool model_add_row(struct model *model, const char *environment, const struct model_row *row,
                   const char *columns_json);
/* How many rows claim ${object_id}; the first one in *${ret_row} (may be NULL). */
size_t model_find_row(struct model *model, const char *environment, const struct guid *object_id,
                      struct model_row *ret_row);
/* A column as JSON text into ${ret_json} ("null" when empty). False: no such row or column. */
bool model_column(struct model *model, const char *environment, const struct guid *row,
                  const char *column, struct text *ret_json);
/*
 * Sets a column (by its name in queries) as an administrator's hand would; the row's version rises.
 */
bool model_set_column(struct model *model, const char *environment, const struct guid *row,
                      const char *column, const char *json);
/* True when the row directly holds the copy, in its present unit, of ${root_role}. */
bool model_holds_role(struct model *model, const char *environment, const struct guid *row,
                      const struct guid *root_role);
size_t model_count_roles(struct model *model, const char *environment, const struct guid *row);
bool model_move_row(struct model *model, const char *environment, const struct guid *row,
                    const struct guid *unit); /* an administrator's hand */
bool model_give_role(struct model *model, const char *environment, const struct guid *row,
                     const struct guid *root_role);

/* --- faults ----------------------------------------------------------------------------------- */

/*
 * A fault takes hold of the next ${times} (0: all) requests of ${service} whose route (as in the
 * ledger; NULL: any) matches, each with ${probability}. ${status} 0 with a transport is a cut; else
 * that answer with ${body} (NULL: {}) and ${headers} ("Name: value\n"…, may be NULL).
 * ${is_after_effect}: the request is carried out and only its answer is lost or replaced.
 * ${extra_ms} is added to the latency; a fault with status 0 and HTTP_OK only delays.
 */
struct model_fault {
    enum model_service service;
    const char *route;
    const char *environment; /* NULL: any */
    int times;
    double probability;
    int status;
    enum http_transport transport;
    bool is_after_effect;
    int64_t extra_ms;
    const char *body;
    const char *headers;
};
bool model_add_fault(struct model *model, const struct model_fault *fault);
void model_clear_faults(struct model *model);

/* --- the ledger ------------------------------------------------------------------------------- */

enum model_write { MODEL_READ, MODEL_WROTE, MODEL_WROTE_NOTHING, MODEL_REFUSED };

/*
 * Routes: "token"; "addUser" "environment"; "user" "checkMemberGroups" "delta" "members"
 * "transitiveMembers" "batch"; "systemusers" (by filter) "systemuser" (by key) "businessunits"
 * "roles" "patch" "role" (a $ref given or taken) "batch" "changeset"; "other".
 */
struct model_entry {
    int64_t wall_ms, mono_ms; /* when it came */
    int64_t after_ms;         /* when it was answered, after that */
    enum model_service service;
    const char *route;       /* see below */
    const char *environment; /* "" where it has none */
    int status;
    struct guid user;       /* the object id it is about, where there is one; or the group's */
    enum model_write write; /* MODEL_WROTE_NOTHING: a write that changed nothing */
    int items;              /* ids of a filter, parts of a batch */
    bool is_part;           /* a part of a batch: not a call of its own */
    unsigned offences;      /* a bit for each enum model_offence */
    struct guid client;     /* the application that called, as far as its token tells */
    int64_t told_ms;        /* the Retry-After of a 429 or 503; 0: none */
};

enum model_offence {
    MODEL_OFFENCE_UPSERT,     /* a PATCH without If-Match made a row */
    MODEL_OFFENCE_EARLY,      /* a call before the Retry-After that this application was told */
    MODEL_OFFENCE_OVER_LIMIT, /* a call that a published limit refused */
    MODEL_OFFENCE_WRONG_AUDIENCE,
    MODEL_OFFENCE_APPLICATION_ROW, /* a write to a row with an applicationid */
    MODEL_OFFENCE_COOKIE,          /* the affinity cookie was sent back */
    MODEL_OFFENCE_MALFORMED,       /* outside the grammar: 400 */
    MODEL_OFFENCE_LINK,            /* a link that was changed, or used with other options beside */
    MODEL_OFFENCE_FOREIGN_LINK,    /* a link followed to another origin */
    MODEL_OFFENCES,
};
const char *model_offence_name(enum model_offence offence);

size_t model_ledger_count(const struct model *model);
const struct model_entry *model_ledger_at(const struct model *model, size_t index);
void model_ledger_clear(struct model *model); /* offences too */
uint64_t model_offences(const struct model *model, enum model_offence offence);
/* Calls (parts excluded) per service. */
uint64_t model_calls(const struct model *model, enum model_service service);
/* Keep only counters, not entries (benchmarks). */
void model_ledger_keep(struct model *model, bool keep);

#endif
