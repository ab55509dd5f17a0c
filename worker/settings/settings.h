#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "engine.h"
#include "routing.h"

/*
 * The configuration as values: one table of scalars (settings_table, in settings_table.c) and the blocks identities, environments, recipes and
 * routes (settings_routes.c), which become a compiled routing table. Shared by all programs; a program ignores what it does not need.
 *
 * The file, in libconfig's syntax:
 *
 *   kafka: { bootstrap_servers = "broker:9092"; topic = "dvsync.members"; group_id = "dvsync"; };
 *   kafka_properties = [ "security.protocol=SASL_SSL", … ];
 *   identities = ( { name = "main"; tenant = "<guid>"; client_id = "<guid>"; secret_file = "/run/secrets/dvsync"; } );
 *   environments = ( { name = "prod"; id = "<environment id>"; url = "https://org.crm4.dynamics.com"; identity = "main";
 *                      graph = true; disabled_rows = "enable"; on_move_roles = "keep"; } );
 *   recipes = ( { name = "sales"; business_unit = { name = "Sales"; policy = "initial"; };
 *                 columns = ( { column = "new_costcentre"; type = "text"; attribute = "extension_…_costCentre";
 *                               policy = "enforce"; absent = "leave"; } );
 *                 roles = ( { name = "Salesperson"; } ); } );
 *   routes = ( { group = "<guid>"; environment = "prod"; recipe = "sales"; rank = 10; } );
 */

struct error;
struct text;

struct settings {
    /* log */
    int log_format;      /* json, text, auto */
    int log_level;
    int64_t log_burst;
    bool log_values;
    /* kafka */
    char *bootstrap_servers;
    char *topic;
    char *group_id;
    char *group_instance_id;
    char *client_id;
    char *dead_letter_topic; /* "" : <topic>.dlq */
    bool dead_letters;
    bool backfill;           /* read <topic>.backfill too, where present */
    int64_t first_assignment_within_ms;
    int64_t publish_timeout_ms;
    char **kafka_properties; /* NULL-terminated; from the block */
    /* services */
    char *login_url, *bap_url, *graph_url, *bap_scope, *graph_scope, *bap_api_version;
    bool allow_plain_http;
    char *ca_file, *proxy;
    char **refusals;         /* NULL-terminated; from the block bap_refusals, with defaults */
    int64_t connect_timeout_ms, request_timeout_ms, max_response_bytes, max_connection_ms;
    /* admin, process */
    char *admin_address;     /* "" : none */
    int64_t drain_ms;
    bool leave_group;        /* a static member leaves for good at SIGTERM */
    int64_t stalled_ms;      /* /healthz: the loop and the consumer queue must have been served within this */
    struct engine_settings engine;
    struct routing routing;
};

extern const struct setting settings_table[];

/*
 * Reads ${path} (NULL: none) and ${environment} (`environ`), checks everything that can be checked without a connection, compiles the routing. ${needs_routes}: a
 * configuration without any route is a fault. 0, or -1 with ${ret_error} saying file, line, setting, found, accepted. ${ret_settings}
 * is to be ended by settings_release in either case.
 */
int settings_load(const char *path, char *const *environment, bool needs_routes, struct settings *ret_settings, struct error *ret_error)
    __attribute__((warn_unused_result));
void settings_release(struct settings *settings);

/* --print-config: everything in force, secrets masked, in the file's syntax: reading it back gives the same. */
void settings_print(const struct settings *settings, struct text *text);

/* The identity's client secret, read anew from its file or variable at each call (rotation needs no restart), a trailing newline cut, into ${ret_secret} (owned by the
 * caller, who overwrites and frees it). -1 with ${ret_error}: unreadable, empty. */
int settings_read_secret(const struct identity *identity, char **ret_secret, struct error *ret_error) __attribute__((warn_unused_result));

#endif
