#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "engine.h"
#include "routing.h"

/*
 * The configuration as values: one table of scalars (settings_table.c), two lists of texts
 * (settings_lists.c), the retry topics (settings_tiers.c), and the blocks identities and environments
 * (settings_environments.c), recipes (settings_recipes.c) and routes (settings_routes.c), which become
 * a compiled routing table, and the groups to watch (settings_producer.c). Shared by all programs; a
 * program ignores what it does not need. example.conf, beside this file, shows all of it.
 *
 * The file, in libconfig's syntax:
 *
 *   kafka: { bootstrap_servers = "broker:9092"; topic = "dvsync.members"; group_id = "dvsync"; };
 *   kafka_properties = [ "security.protocol=SASL_SSL", … ];
 *   bap_refusals = [ "userNotLicensed", … ];
 *   retry_topics = ( { delay = "15m"; times = 4; name = "dvsync.members.retry.15m"; } );
 *   identities = ( { name = "main"; tenant = "<guid>"; client_id = "<guid>";
 *                    secret_file = "/run/secrets/dvsync"; } );
 *   environments = ( { name = "prod"; id = "<environment id>"; identity = "main";
 *                      url = "https://org.crm4.dynamics.com"; graph = true;
 *                      disabled_rows = "enable"; on_move_roles = "keep"; } );
 *   recipes = ( { name = "sales"; business_unit = { name = "Sales"; policy = "initial"; };
 *                 columns = ( { column = "new_costcentre"; type = "text";
 *                               attribute = "extension_…_costCentre";
 *                               policy = "enforce"; absent = "leave"; } );
 *                 roles = ( { name = "Salesperson"; } ); } );
 *   routes = ( { group = "<guid>"; environment = "prod"; recipe = "sales"; rank = 10; } );
 *   producer_groups = [ "<guid>", … ];
 */

struct error;
struct text;

/* What only dvsync-producer needs. */
struct producer_settings {
    char *identity;      /* "": the only one */
    struct guid *groups; /* to watch, no one twice; those of the routes where the block is absent */
    size_t group_count;
    int64_t poll_ms;
    int initial; /* 0 all, 1 latest, as enum feed_initial */
    int64_t max_events_per_round;
    int64_t reconcile_ms; /* 0: never */
    bool is_transitive;
    char *conclude_after;      /* as it was given */
    int64_t conclude_after_ms; /* what it means; -1: never */
    int64_t attempts;
    int transactions; /* 0 auto, 1 yes, 2 no, as enum outbox_transactions */
    char *group_id;
    int64_t session_timeout_ms;
    char *admin_address; /* "": none */
};

struct settings {
    /* log */
    int log_format; /* enum log_format */
    int log_level;  /* enum log_level */
    int64_t log_burst;
    /* kafka */
    char *bootstrap_servers;
    char *topic;
    bool backfill; /* read <topic>.backfill too, where present */
    char *group_id;
    char *group_instance_id; /* "": a dynamic member */
    char *client_id;
    char *sasl_password; /* stands among kafka_properties as well */
    bool dead_letters;
    char *dead_letter_topic; /* "": <topic>.dlq */
    bool cut_large_letters;  /* a dead letter that is too large goes out without its value */
    bool create_topics;      /* missing retry and dead-letter topics are made */
    struct tier *tiers;      /* the retry topics; engine.tiers points here */
    size_t tier_count;
    int64_t first_assignment_within_ms;
    int64_t publish_timeout_ms;
    char **kafka_properties; /* "name=value", NULL-terminated; from the block */
    /* services */
    char *login_url, *bap_url, *graph_url, *bap_scope, *graph_scope, *bap_api_version;
    char **refusals; /* NULL-terminated; from the block bap_refusals, with defaults */
    bool allow_plain_http;
    char *ca_file, *proxy; /* "": the system's, none */
    int64_t connect_timeout_ms, request_timeout_ms, max_response_bytes, max_connection_ms;
    /* admin, process */
    char *admin_address; /* "": none */
    int64_t stalled_ms;  /* /healthz: loop and consumer queue must have been served within this */
    int64_t drain_ms;
    bool leave_group; /* a static member leaves for good at SIGTERM */
    char *trust_for;  /* as it was given; engine.trust_ms is what it means */
    struct engine_settings engine;
    struct routing routing;
    struct producer_settings producer;
};

extern const struct setting settings_table[];

/*
 * Reads ${path} (NULL: none) and ${environment} (`environ`), checks everything that can be checked
 * without a connection, compiles the routing. ${needs_routes}: a configuration without any route is a
 * fault. 0, or -1 with ${ret_error} saying file, line, setting, found, accepted. ${ret_settings} is
 * to be ended by settings_release in either case.
 */
int settings_load(const char *path, char *const *environment, bool needs_routes,
                  struct settings *ret_settings, struct error *ret_error)
    __attribute__((warn_unused_result));
void settings_release(struct settings *settings);

/* --help-config: the scalars, then the blocks. */
void settings_help(struct text *text);

/*
 * --print-config: everything in force in the file's syntax, secrets masked (those among
 * kafka_properties too). Reading it back gives the same. A recipe that no route names is not in
 * force.
 */
void settings_print(const struct settings *settings, struct text *text);

/*
 * Whose the producer's calls are: an index into the identities. -1 with ${ret_error}: none is named, and
 * there are several, or none.
 */
int settings_producer_identity(const struct settings *settings, size_t *ret_index,
                               struct error *ret_error) __attribute__((warn_unused_result));

/*
 * The identity's client secret, read anew from its file or variable at each call (rotation needs no
 * restart), a trailing newline cut, into ${ret_secret} (owned by the caller, who overwrites and frees
 * it). -1 with ${ret_error}: unreadable, empty.
 */
int settings_read_secret(const struct identity *identity, char **ret_secret,
                         struct error *ret_error) __attribute__((warn_unused_result));

#endif
