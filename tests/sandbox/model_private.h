#ifndef MODEL_PRIVATE_H
#define MODEL_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "guid.h"
#include "http.h"
#include "json.h"
#include "json_writer.h"
#include "list.h"
#include "model.h"
#include "model_groups.h"
#include "model_table.h"
#include "rng.h"
#include "table.h"
#include "text.h"

/*
 * What the model's own files share: its state, and the call at hand. Nobody outside model*.c
 * includes it. Functions stand under the file that has them; a file exports only its own prefix.
 */

/* --- limits (model_limits.c) ------------------------------------------------------------------ */

struct lane_call {
    int64_t at_ms;
    int64_t execution_ms;
};

/*
 * "Not before ${not_before_ms}": what a caller was told, and when it had that in hand (monotonic).
 */
struct ban {
    int64_t told_at_ms;
    int64_t not_before_ms;
    bool is_refusing; /* a 429: calls before it are refused; else they only count as early */
};

/* The same for one item of a Graph batch, which may be told so alone. */
struct item_ban {
    struct guid user;
    const char *route;
    struct ban ban;
};

enum { LANE_BANS = 16 };

/* What one application did to one service (and organisation) lately, and what it was told. */
struct lane {
    struct lane_call *calls; /* a ring, oldest first */
    size_t first, count, capacity;
    int64_t execution_ms; /* summed over the ring */
    int64_t *ends_ms;     /* when the calls under way will be answered */
    size_t in_flight, ends_capacity;
    struct ban bans[LANE_BANS];
    size_t ban_count;
    struct item_ban *item_bans;
    size_t item_ban_count, item_ban_capacity;
    double units; /* Graph: what is left in the bucket */
    int64_t filled_at_ms;
    bool is_filled;
};

/* --- Entra (model_entra.c) -------------------------------------------------------------------- */

struct application {
    struct guid client;
    struct guid tenant;
    char *secret;
    bool is_bap_management;
    bool may_read_users;
    bool may_read_members;
    struct lane lanes[MODEL_SERVICES]; /* Dataverse's stand with the environment */
    UT_hash_handle hh;
};

struct attribute {
    char *name;
    char *json;
};

struct person {
    struct guid id;
    char *user_principal_name;
    bool is_enabled;
    bool is_guest;
    bool is_licensed;
    bool is_deleted;
    int64_t licensed_at_ms; /* wall */
    int64_t born_at_ms;     /* monotonic; Graph shows it graph_lag_ms later */
    struct attribute *attributes;
    size_t attribute_count;
    UT_hash_handle hh;
};

/* --- Power Platform --------------------------------------------------------------------------- */

/* An application user: an application known to one organisation. */
struct principal {
    struct guid client;
    struct guid row;
    bool has_role;
    struct lane lane;
    UT_hash_handle hh;
};

/* A force sync under way: at ${due_ms} its row appears or is enabled. */
struct pending {
    struct link link; /* in the model's list, by due time */
    struct environment *environment;
    struct guid user;
    int64_t due_ms;
    UT_hash_handle hh; /* in the environment's table, by user */
};

struct role {
    struct guid root;
    char *name;
    UT_hash_handle hh;
};

struct environment {
    char *id;
    char *name;
    struct guid root_unit;
    struct guid security_group;
    bool has_dataverse;
    bool is_root_parent_null; /* as its role rows stand now */
    int64_t version;          /* of the last change in the organisation */
    struct table tables[TABLES];
    struct role *roles;
    struct principal *principals;
    struct pending *pending;
    UT_hash_handle hh;
};

/* --- faults, tokens, origins ------------------------------------------------------------------ */

struct fault {
    struct link link;
    struct model_fault set; /* its texts are our copies */
    int left;               /* -1: all */
};

struct token {
    char text[44];
    struct application *application;
    enum model_service service;
    struct environment *environment; /* Dataverse: whose */
    int64_t expires_at_ms;           /* monotonic */
    UT_hash_handle hh;
};

struct origin {
    char *text;
    enum model_service service;
    struct environment *environment;
    UT_hash_handle hh;
};

struct model {
    struct model_settings settings;
    struct rng rng;
    struct json_parser *parser;
    struct origin *origins;
    struct application *applications;
    struct token *tokens;
    struct environment *environments;
    struct person *people;
    struct group *groups;
    struct membership *memberships;
    struct thing *things;
    uint64_t sequence;     /* of the latest change to a group, or reset of delta links */
    int64_t changed_at_ms; /* when that was */
    uint64_t reset_at;     /* delta links given out before are worth nothing; 0: none */
    uint64_t token_key;    /* what the tokens in links are sealed with */
    struct link pending;   /* struct pending, the next due first */
    struct link faults;    /* struct fault, the oldest first */
    struct clock now;      /* of the latest call */
    struct model_entry *entries;
    size_t entry_count, entry_capacity;
    bool is_keeping;
    uint64_t calls[MODEL_SERVICES];
    uint64_t offences[MODEL_OFFENCES];
};

/* --- the call at hand ------------------------------------------------------------------------- */

enum { URL_OPTIONS = 24 };

struct option {
    const char *name;
    const char *value;
    size_t length;            /* of the value */
    size_t name_at, value_at; /* in the URL's query; the pointers follow when all is decoded */
};

/* A URL taken apart and decoded (model_url.c). */
struct url {
    struct text path;
    struct text query;
    struct option options[URL_OPTIONS];
    size_t option_count;
    const char *raw_query; /* as it came; "" without one */
};

enum key { KEY_NONE, KEY_ID, KEY_OBJECT_ID };

/* What a Dataverse URL points at (model_target.c). */
struct target {
    enum target_shape {
        TARGET_UNKNOWN,
        TARGET_COLLECTION,     /* systemusers */
        TARGET_ROW,            /* systemusers(id) */
        TARGET_NAVIGATION,     /* systemusers(id)/systemuserroles_association */
        TARGET_REF,            /* …/$ref */
        TARGET_NAVIGATION_REF, /* …(id)/$ref */
        TARGET_BATCH,
        TARGET_WHOAMI,
        TARGET_SHAPES
    } shape;
    struct table *table;
    enum key key;
    struct guid id;
    struct guid other;      /* the id in the navigation's parentheses */
    const char *navigation; /* its name, unended; NULL: none */
    bool is_malformed;      /* a key that is none */
};

/* What Content-IDs of a change set name: D-43. */
struct reference {
    char *content_id;
    const struct table *table;
    struct guid id;
};

struct references {
    struct reference *list;
    size_t count;
};

struct undo;

/* A change set under way (model_undo.c): what to put back when a part fails. */
struct transaction {
    struct undo *undo; /* the latest first */
};

struct call {
    struct model *model;
    const struct origin *origin;
    struct environment *environment; /* NULL: none */
    struct application *application; /* whose token or secret it is; NULL: nobody known */
    struct principal *principal;     /* Dataverse only */
    struct lane *lane;               /* NULL: nobody known */
    enum model_service service;
    enum http_method method;
    const char *address; /* the URL's text */
    struct url url;
    const char *rest; /* Dataverse and Graph: the path after the version */
    struct target target;
    const struct text *headers;
    const char *body;
    size_t body_length;
    bool is_part;
    struct transaction *transaction;     /* NULL outside a change set */
    const struct references *references; /* the same */
    struct http_response *response;
    int64_t extra_ms;
    struct model_entry entry;
    size_t entry_index;
    bool is_counted; /* in its lane's window */
    bool is_failed;  /* carried out with an error, whatever was told */
};

#define NOW_MS(call) ((call)->model->now.mono_ms)

/* model.c */
void
model_call_run(struct call *call); /* faults, then the service's handler, for calls and parts */
void model_call_begin_part(struct call *part, struct call *whole, struct http_response *response);
void model_call_end_part(struct call *part, struct call *whole);

/* model_url.c */
bool model_url_parse(struct url *url, const char *text); /* false: malformed, or no memory */
void model_url_free(struct url *url);
const struct option *model_url_option(const struct url *url, const char *name);
size_t model_url_origin_length(const char *text); /* 0: not absolute */
void model_url_decode(struct text *text, const char *bytes, size_t length, bool plus_is_blank);

/* model_reply.c: answers. Each leaves the status in the ledger's entry too. */
void model_reply_status(struct call *call, int status);
void model_reply_json(struct call *call, int status);
void model_reply_header(struct call *call, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void model_reply_error(struct call *call, int status, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same for a request outside the grammar: counts as malformed. */
void model_reply_malformed(struct call *call, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool model_reply_is_json(struct call *call); /* its body, by Content-Type; false: it was refused */
void model_reply_unauthorised(struct call *call);
void model_reply_method(struct call *call);
void model_reply_cut(struct call *call, enum http_transport transport);

/* model_ledger.c */
size_t model_ledger_open(struct model *model, const struct model_entry *entry);
void model_ledger_close(struct model *model, size_t index, const struct model_entry *entry);
void model_ledger_offend(struct call *call, enum model_offence offence);

/* model_faults.c */
struct fault *model_faults_take(struct call *call);
void model_faults_apply(const struct fault *fault, struct call *call);

/* model_limits.c: false when the call was refused and answered */
bool model_limits_enter(struct call *call);
bool model_limits_spend(struct call *call, int units); /* Graph, parts too */
void model_limits_leave(struct call *call, int64_t after_ms);
bool model_limits_enter_item(struct call *part); /* a Graph batch's; false: refused and answered */
void model_limits_leave_item(struct call *part);
void model_limits_free(struct lane *lane);

/* model_settings.c */
void model_settings_init(struct model_settings *all);

/* model_login.c */
void model_login_resolve(struct call *call);
void model_login_serve(struct call *call);
/* Whose token the call carries; false when it was answered with 401. */
bool model_login_authorise(struct call *call);
void model_login_identify(struct call *call);

/* model_bap.c, model_graph.c, model_graph_batch.c, model_dataverse.c: a service each */
void model_bap_resolve(struct call *call);
void model_bap_serve(struct call *call);
void model_graph_resolve(struct call *call);
void model_graph_serve(struct call *call);
void model_graph_serve_part(struct call *call);
void model_graph_batch(struct call *call);
void model_graph_check(struct call *call);
void model_dataverse_resolve(struct call *call);
void model_dataverse_serve(struct call *call);
void model_dataverse_serve_part(struct call *call);

/* model_graph_user.c */
void model_graph_user_get(struct call *call);
void model_graph_user_missing(struct call *call); /* 404 for the entry's id */
/* False when a property of ${list} is unknown and the call was answered. */
bool model_graph_user_select(struct call *call, const char *list);
/*
 * Properties of the user ${id} as members of the open object; ${person} NULL: none but the id may
 * be told; ${select} NULL: the default ones.
 */
void model_graph_user_write(struct json_writer *writer, const struct guid *id,
                            const struct person *person, const struct option *select);

/* model_delta.c */
void model_delta_serve(struct call *call);

/* model_members.c */
void model_members_serve(struct call *call);

/* model_link.c: links in Graph's answers, and the tokens in them */
void model_link_start(struct call *call, struct text *text); /* origin and version */
/* ${count} words as a token that only model_link_read makes sense of. */
void model_link_token(const struct model *model, const uint64_t *words, size_t count,
                      struct text *text);
/* Into ${ret_words}, which has room for ${room}; how many, 0: not one of ours, or changed. */
size_t model_link_read(const struct model *model, const char *token, uint64_t *ret_words,
                       size_t room);
uint64_t model_link_digest(const struct model *model, const char *text, size_t length);
/* A link that was changed, or used with something beside it: 400. */
void model_link_refuse(struct call *call);
/* Is the call for another service a Graph link that was followed there? Then it counts. */
void model_link_notice(struct call *call);

/* model_target.c */
void model_target_parse(struct call *call);
const char *model_target_rest(const char *path); /* after /api/data/v9.x/; NULL: another path */
/* The id in a reference to a row of ${table}: absolute, relative or "$content-id". */
bool model_target_reference(const struct call *call, const char *string, const struct table *table,
                            struct guid *ret_id);
/* The row that the URL names by id or Entra object id; NULL: none. */
struct row *model_target_row(const struct call *call);

/* model_query.c, model_patch.c, model_associate.c, model_batch.c: what Dataverse does */
void model_query_collection(struct call *call);
void model_query_row(struct call *call);
void model_query_navigation(struct call *call);
struct query;
void model_query_represent(struct call *call, const struct query *query, const struct row *row,
                           int status);
void model_query_write_value(struct json_writer *writer, const char *key,
                             const struct value *value);
void model_patch_row(struct call *call);
void model_associate_add(struct call *call);
void model_associate_remove(struct call *call);
void model_batch_serve(struct call *call);

/* model_undo.c */
/* Before a row changes (or after it was made); nothing outside a change set. False: no memory. */
bool model_undo_note(struct call *call, struct table *table, struct row *row, bool is_new);
/* The unit of ${row} before the change set touched it. */
struct guid model_undo_unit(const struct call *call, const struct row *row);
void model_undo_commit(struct transaction *transaction);
void model_undo_roll_back(struct transaction *transaction);

/* model_entra.c */
struct person *model_entra_person(struct model *model,
                                  const struct guid *id); /* not when deleted */
bool model_entra_is_visible(const struct model *model, const struct person *person);
bool model_entra_is_licensed(const struct model *model, const struct person *person);
void model_entra_free(struct model *model);

/* model_environment.c */
struct environment *model_environment_find(struct model *model, const char *id);
void model_environment_free(struct model *model);
bool model_environment_has_unit(const struct environment *environment, const struct guid *unit);

/* model_roles.c */
bool model_roles_copy(struct environment *environment,
                      const struct guid *unit); /* all, for a new unit */
struct guid model_roles_id(const struct environment *environment, const struct guid *root,
                           const struct guid *unit);
struct row *model_roles_find(struct environment *environment, const struct guid *root,
                             const struct guid *unit);
void model_roles_show_parents(struct environment *environment, bool is_null);
void model_roles_free(struct environment *environment);

/* model_rows.c; versions are the caller's business but for new rows and force syncs */
struct row *model_rows_make(struct environment *environment, const struct guid *id,
                            const struct guid *object_id);
bool model_rows_make_application(struct model *model, struct environment *environment,
                                 const struct guid *client, struct guid *ret_id);
bool model_rows_is_application(struct environment *environment, const struct row *row);
bool model_rows_is_disabled(struct environment *environment, const struct row *row);
bool model_rows_need_sync(struct environment *environment, const struct guid *user);
bool model_rows_sync(struct model *model, struct environment *environment,
                     const struct person *person);
bool model_rows_move(struct model *model, struct environment *environment, struct row *row,
                     const struct guid *unit);
bool model_rows_give(struct model *model, struct row *row, const struct guid *role);
bool model_rows_take(struct model *model, struct row *row, const struct guid *role);
const struct id_list *model_rows_stale_roles(const struct model *model, const struct row *row);

/* model_pending.c */
bool model_pending_add(struct model *model, struct environment *environment,
                       const struct guid *user);
bool model_pending_has(struct environment *environment, const struct guid *user);
void model_pending_advance(struct model *model);
void model_pending_free(struct model *model);

/* model_random.c */
struct guid model_random_guid(struct rng *rng);
struct guid model_random_derived(const struct guid *a, const struct guid *b);

#endif
