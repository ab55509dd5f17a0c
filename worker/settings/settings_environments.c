/* The blocks identities and environments. Names, ids and addresses must differ: one user of one
 * environment must have one place (P3), and metrics one label. */
#include "settings_private.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "error.h"
#include "http.h"

#define DEFAULT_PREFIX "Default-"

const char *const settings_disabled_rows[] = {
    [DISABLED_ENABLE] = "enable",
    [DISABLED_LEAVE] = "leave",
    NULL,
};

const char *const settings_move_roles[] = {
    [MOVE_KEEP] = "keep",
    [MOVE_DROP] = "drop",
    [MOVE_ORGANISATION_KEEPS] = "organisation_keeps",
    NULL,
};

/* --- identities --------------------------------------------------------------------------------- */

static int
find_identity(const struct routing *routing, const char *name)
{
    for (size_t i = 0; i < routing->identity_count; i++) {
        if (strcmp(routing->identities[i].name, name) == 0)
            return (int)i;
    }
    return NO_INDEX;
}

/* Variables that begin with DVSYNC_ are settings, and any other of them is refused as a misspelt one. */
static bool
is_variable(const char *name)
{
    size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

    return length > 0 && name[length] == '\0' && !isdigit((unsigned char)name[0]) &&
           strncmp(name, "DVSYNC_", strlen("DVSYNC_")) != 0;
}

static int
read_secret_source(const struct config_node *group, struct identity *identity,
                   struct error *ret_error)
{
    const char *file, *variable;

    if (config_node_string(group, "secret_file", "", &file, ret_error) == -1 ||
        config_node_string(group, "secret_env", "", &variable, ret_error) == -1)
        return -1;
    if ((file[0] == '\0') == (variable[0] == '\0'))
        return config_node_fault(group, ret_error,
                                 "found %s, accepted is either secret_file (a path) or secret_env "
                                 "(the name of a variable)",
                                 file[0] == '\0' ? "no secret" : "two secrets");
    if (variable[0] != '\0' && !is_variable(variable))
        return settings_member_fault(
            group, "secret_env", ret_error,
            "found \"%.60s\", accepted is the name of a variable, letters, "
            "digits and '_', that does not begin with DVSYNC_",
            variable);
    if (settings_copy(file, &identity->secret_file, ret_error) == -1)
        return -1;
    return settings_copy(variable, &identity->secret_env, ret_error);
}

static int
read_identity(void *context, const struct config_node *group, struct error *ret_error)
{
    static const char *const members[] = {"name",        "tenant",     "client_id",
                                          "secret_file", "secret_env", NULL};
    struct routing *routing = context;
    struct identity *identity;
    const char *name;

    if (config_node_only(group, members, ret_error) == -1 ||
        settings_node_name(group, "name", &name, ret_error) == -1)
        return -1;
    if (find_identity(routing, name) != NO_INDEX)
        return settings_member_fault(group, "name", ret_error,
                                     "there is another identity called \"%s\"", name);
    identity = settings_grow(routing->identities, routing->identity_count, sizeof(*identity));
    if (identity == NULL)
        return settings_no_memory(ret_error);
    routing->identities = identity;
    identity = &routing->identities[routing->identity_count++];
    if (settings_copy(name, &identity->name, ret_error) == -1 ||
        settings_node_guid(group, "tenant", &identity->tenant, ret_error) == -1 ||
        settings_node_guid(group, "client_id", &identity->client, ret_error) == -1)
        return -1;
    return read_secret_source(group, identity, ret_error);
}

int
settings_read_identities(const struct config *config, struct settings *settings,
                         struct error *ret_error)
{
    return settings_each(settings_block(config, "identities"), "identities {...}", read_identity,
                         &settings->routing, ret_error);
}

/* --- environments ------------------------------------------------------------------------------- */

/* What holds of all environments before ${environment}, which is the last one. */
static int
check_that_it_differs(const struct config_node *group, const struct routing *routing,
                      const struct environment *environment, struct error *ret_error)
{
    for (const struct environment *other = routing->environments; other < environment; other++) {
        if (strcmp(other->name, environment->name) == 0)
            return settings_member_fault(group, "name", ret_error,
                                         "there is another environment called \"%s\"",
                                         environment->name);
        if (strcmp(other->id, environment->id) == 0)
            return settings_member_fault(group, "id", ret_error, "environment %s has the same",
                                         other->name);
        if (strcasecmp(other->url, environment->url) == 0)
            return settings_member_fault(group, "url", ret_error, "environment %s has the same",
                                         other->name);
    }
    return 0;
}

/* Only what was parsed and printed again reaches a URL (P4). */
static int
read_id(const struct config_node *group, char **ret_id, struct error *ret_error)
{
    char id[sizeof(DEFAULT_PREFIX) + GUID_TEXT_BYTES];
    size_t prefix = strlen(DEFAULT_PREFIX);
    const char *found;
    struct guid guid;

    if (config_node_string(group, "id", NULL, &found, ret_error) == -1)
        return -1;
    if (strncasecmp(found, DEFAULT_PREFIX, prefix) != 0)
        prefix = 0;
    if (!guid_parse(found + prefix, strlen(found + prefix), &guid) || guid_is_zero(&guid))
        return settings_member_fault(group, "id", ret_error,
                                     "found \"%.60s\", accepted is an environment id as Power "
                                     "Platform shows it: a GUID or \"" DEFAULT_PREFIX
                                     "\" and a GUID",
                                     found);
    memcpy(id, DEFAULT_PREFIX, prefix);
    guid_format(&guid, id + prefix);
    return settings_copy(id, ret_id, ret_error);
}

static int
read_url(const struct config_node *group, bool allow_plain, char **ret_url, struct error *ret_error)
{
    struct error error;
    const char *found;

    if (config_node_string(group, "url", NULL, &found, ret_error) == -1)
        return -1;
    if (http_check_base_url(found, allow_plain, &error) == -1)
        return settings_member_fault(group, "url", ret_error, "%s", error.text);
    return settings_copy(found, ret_url, ret_error);
}

static int
read_identity_name(const struct config_node *group, const struct routing *routing,
                   int *ret_identity, struct error *ret_error)
{
    const char *found;

    if (config_node_string(group, "identity", NULL, &found, ret_error) == -1)
        return -1;
    *ret_identity = find_identity(routing, found);
    if (*ret_identity == NO_INDEX)
        return settings_member_fault(group, "identity", ret_error,
                                     "found \"%.64s\", accepted is the name of one of the "
                                     "identities",
                                     found);
    return 0;
}

static int
read_manners(const struct config_node *group, struct environment *environment,
             struct error *ret_error)
{
    int disabled_rows, move_roles;

    if (config_node_boolean(group, "graph", true, &environment->has_graph, ret_error) == -1 ||
        config_node_choice(group, "disabled_rows", settings_disabled_rows, DISABLED_ENABLE,
                           &disabled_rows, ret_error) == -1 ||
        config_node_choice(group, "on_move_roles", settings_move_roles, MOVE_KEEP, &move_roles,
                           ret_error) == -1)
        return -1;
    environment->disabled_rows = (enum disabled_rows)disabled_rows;
    environment->move_roles = (enum move_roles)move_roles;
    return 0;
}

static int
read_environment(void *context, const struct config_node *group, struct error *ret_error)
{
    static const char *const members[] = {
        "name", "id", "url", "identity", "graph", "disabled_rows", "on_move_roles", NULL};
    struct settings *settings = context;
    struct routing *routing = &settings->routing;
    struct environment *environment;
    const char *name;

    if (config_node_only(group, members, ret_error) == -1 ||
        settings_node_name(group, "name", &name, ret_error) == -1)
        return -1;
    environment =
        settings_grow(routing->environments, routing->environment_count, sizeof(*environment));
    if (environment == NULL)
        return settings_no_memory(ret_error);
    routing->environments = environment;
    environment = &routing->environments[routing->environment_count++];
    if (settings_copy(name, &environment->name, ret_error) == -1 ||
        read_id(group, &environment->id, ret_error) == -1 ||
        read_url(group, settings->allow_plain_http, &environment->url, ret_error) == -1 ||
        read_identity_name(group, routing, &environment->identity, ret_error) == -1 ||
        read_manners(group, environment, ret_error) == -1)
        return -1;
    return check_that_it_differs(group, routing, environment, ret_error);
}

int
settings_read_environments(const struct config *config, struct settings *settings,
                           struct error *ret_error)
{
    return settings_each(settings_block(config, "environments"), "environments {...}",
                         read_environment, settings, ret_error);
}
