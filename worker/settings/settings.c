/*
 * The way from a file and the environment to a struct settings: scalars, what they mean together,
 * blocks. What looks at two settings at once is here, the rest is in the table and with the blocks.
 */
#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "error.h"
#include "file.h"
#include "http.h"
#include "settings_private.h"

enum { MAIN_TOPIC_BYTES_AT_MOST = 230 /* leaves room for the endings of its companions */ };

/* What the checks need to say where a setting stands. */
struct source {
    const struct config *config; /* NULL: no file */
    char *const *environment;
};

/* --- faults of scalars -------------------------------------------------------------------------- */

/* The member of the file that gave setting ${name} its value; NULL: it was not the file. */
static const struct config_node *
find_scalar(const struct source *source, const char *group, const char *name)
{
    const struct config_node *block = settings_block(source->config, group);

    return block == NULL ? NULL : config_node_get(block, name);
}

static bool
is_overridden(const struct source *source, const char *group, const char *name)
{
    char variable[128];
    size_t length = (size_t)snprintf(variable, sizeof(variable), "DVSYNC_%s_%s=", group, name);

    for (char *const *entry = source->environment; *entry != NULL; entry++) {
        if (strncasecmp(*entry, variable, length) == 0)
            return true;
    }
    return false;
}

/* A scalar that is wrong in itself or beside another. */
struct culprit {
    const char *group;
    const char *name;
    const char *found; /* NULL: the fault's text shows it */
};

/* At its line, where a line gave it. */
static int
scalar_fault(const struct source *source, struct culprit culprit, const char *accepted,
             struct error *ret_error)
{
    const struct config_node *node = find_scalar(source, culprit.group, culprit.name);
    char found[96] = "";

    if (culprit.found != NULL)
        snprintf(found, sizeof(found), "found \"%.80s\", ", culprit.found);
    if (node == NULL || is_overridden(source, culprit.group, culprit.name))
        return error_set(ret_error, ERROR_CONFIG, "%s.%s: %s%s", culprit.group, culprit.name, found,
                         accepted);
    return config_node_fault(node, ret_error, "%s%s", found, accepted);
}

/* --- what scalars mean, and mean together ------------------------------------------------------- */

static bool
is_read(const struct settings *settings, const char *topic)
{
    static const char ending[] = ".backfill";
    size_t length = strlen(settings->topic);

    if (strncmp(topic, settings->topic, length) != 0)
        return false;
    return topic[length] == '\0' || strcmp(topic + length, ending) == 0;
}

static int
check_topics(const struct source *source, const struct settings *settings, struct error *ret_error)
{
    const struct culprit topic = {"kafka", "topic", settings->topic};
    const struct culprit kept = {"kafka", "dead_letter_topic", settings->dead_letter_topic};

    if (!settings_is_topic(topic.found, MAIN_TOPIC_BYTES_AT_MOST))
        return scalar_fault(source, topic,
                            "accepted is the name of a topic: up to 230 letters, digits, '.', '_' "
                            "or '-'",
                            ret_error);
    if (kept.found[0] == '\0')
        return 0;
    if (!settings_is_topic(kept.found, TOPIC_BYTES_AT_MOST))
        return scalar_fault(source, kept,
                            "accepted is the name of a topic: up to 249 letters, digits, '.', '_' "
                            "or '-'",
                            ret_error);
    if (is_read(settings, kept.found))
        return scalar_fault(source, kept,
                            "accepted is a topic that is not read: what cannot be done would come "
                            "back for ever",
                            ret_error);
    return 0;
}

static int
check_urls(const struct source *source, const struct settings *settings, struct error *ret_error)
{
    const struct {
        const char *name;
        const char *url;
    } urls[] = {
        {"login_url", settings->login_url},
        {"graph_url", settings->graph_url},
        {"bap_url", settings->bap_url},
    };
    struct error error;

    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        if (http_check_base_url(urls[i].url, settings->allow_plain_http, &error) == -1)
            return scalar_fault(source, (struct culprit){"services", urls[i].name, NULL},
                                error.text, ret_error);
    }
    return 0;
}

/* "host:port"; whether the host exists is seen when it is listened on. */
static bool
is_address(const char *address)
{
    const char *colon = strrchr(address, ':');
    int port = 0;

    if (colon == NULL || colon == address || colon[1] == '\0' || strlen(colon + 1) > 5)
        return false;
    for (const char *digit = colon + 1; *digit != '\0'; digit++) {
        if (*digit < '0' || *digit > '9')
            return false;
        port = 10 * port + (*digit - '0');
    }
    return port <= UINT16_MAX;
}

static int
check_addresses(const struct source *source, const struct settings *settings,
                struct error *ret_error)
{
    const struct culprit addresses[] = {
        {"admin", "address", settings->admin_address},
        {"producer", "admin_address", settings->producer.admin_address},
    };

    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        if (addresses[i].found[0] != '\0' && !is_address(addresses[i].found))
            return scalar_fault(source, addresses[i],
                                "accepted is host:port, as in 127.0.0.1:9464 or [::]:9464, or "
                                "nothing",
                                ret_error);
    }
    return 0;
}

static int
check_backoff(const struct source *source, const struct settings *settings, struct error *ret_error)
{
    const struct engine_settings *engine = &settings->engine;
    char found[32];

    if (engine->backoff_cap_ms >= engine->backoff_base_ms)
        return 0;
    snprintf(found, sizeof(found), "%lldms", (long long)engine->backoff_cap_ms);
    return scalar_fault(source, (struct culprit){"retry", "backoff_cap", found},
                        "accepted is nothing below retry.backoff_base", ret_error);
}

static int
read_trust(const struct source *source, struct settings *settings, struct error *ret_error)
{
    const struct culprit trust_for = {"membership", "trust_for", settings->trust_for};
    int64_t trust_ms;

    if (strcmp(trust_for.found, "always") == 0)
        trust_ms = TRUST_ALWAYS;
    else if (strcmp(trust_for.found, "never") == 0)
        trust_ms = TRUST_NEVER;
    else if (!config_parse_duration(trust_for.found, &trust_ms))
        return scalar_fault(source, trust_for,
                            "accepted is \"always\", \"never\" or a duration (ms, s, m, h, d)",
                            ret_error);
    settings->engine.trust_ms = trust_ms;
    return 0;
}

static int
read_conclude(const struct source *source, struct settings *settings, struct error *ret_error)
{
    struct producer_settings *producer = &settings->producer;
    const struct culprit after = {"producer", "conclude_after", producer->conclude_after};

    producer->conclude_after_ms = -1;
    if (strcmp(after.found, "never") == 0 ||
        config_parse_duration(after.found, &producer->conclude_after_ms))
        return 0;
    return scalar_fault(source, after, "accepted is \"never\" or a duration (ms, s, m, h, d)",
                        ret_error);
}

static int
check_scalars(const struct source *source, struct settings *settings, struct error *ret_error)
{
    if (check_topics(source, settings, ret_error) == -1 ||
        check_urls(source, settings, ret_error) == -1 ||
        check_addresses(source, settings, ret_error) == -1 ||
        check_backoff(source, settings, ret_error) == -1)
        return -1;
    if (read_trust(source, settings, ret_error) == -1)
        return -1;
    return read_conclude(source, settings, ret_error);
}

/* --- the whole ---------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *help;
} blocks[] = {
    {"kafka_properties", "[ \"name=value\", ... ]: any other property of librdkafka"},
    {"bap_refusals", "[ \"...\", ... ]: parts of what the admin API answers for users that it does "
                     "not take yet"},
    {"retry_topics",
     "( { delay; times; name }, ... ): where events wait whose users cannot be made "
     "ready yet; default: 15m 4 times, then 6h 112 times"},
    {"identities", "( { name; tenant; client_id; secret_file or secret_env }, ... )"},
    {"environments", "( { name; id; url; identity; graph; disabled_rows; on_move_roles }, ... )"},
    {"recipes", "( { name; business_unit; columns; roles }, ... ): what members get"},
    {"routes", "( { group; environment; recipe; rank }, ... ): who gets it where"},
    {"producer_groups",
     "[ \"<guid>\", ... ]: what dvsync-producer watches; default: the groups that have routes"},
};

enum { BLOCKS = sizeof(blocks) / sizeof(blocks[0]) };

void
settings_help(struct text *text)
{
    config_help(settings_table, text);
    text_add(text, "\nBlocks, in the file only; example.conf shows their members\n");
    for (size_t i = 0; i < BLOCKS; i++)
        text_addf(text, "\n%s\n    %s\n", blocks[i].name, blocks[i].help);
}

static int
read_scalars(const struct source *source, struct settings *settings, struct error *ret_error)
{
    const char *names[BLOCKS + 1] = {NULL};

    for (size_t i = 0; i < BLOCKS; i++)
        names[i] = blocks[i].name;
    return config_apply(settings_table, source->config, names, source->environment, settings,
                        ret_error);
}

static int
read_routing(const struct config *config, struct settings *settings, struct error *ret_error)
{
    struct recipes recipes = {0};
    int result = -1;

    if (settings_read_identities(config, settings, ret_error) == 0 &&
        settings_read_environments(config, settings, ret_error) == 0 &&
        settings_read_recipes(config, &recipes, ret_error) == 0)
        result = settings_read_routes(config, &recipes, settings, ret_error);
    settings_free_recipes(&recipes);
    return result;
}

static bool
has_routes(const struct routing *routing)
{
    for (size_t i = 0; i < routing->environment_count; i++) {
        if (routing->environments[i].route_count > 0)
            return true;
    }
    return false;
}

static int
read_all(const struct source *source, struct settings *settings, struct error *ret_error)
{
    if (read_scalars(source, settings, ret_error) == -1 ||
        check_scalars(source, settings, ret_error) == -1 ||
        settings_read_lists(source->config, settings, ret_error) == -1 ||
        settings_read_tiers(source->config, settings, ret_error) == -1)
        return -1;
    settings->engine.group_id = settings->group_id;
    settings->engine.has_dead_letters = settings->dead_letters;
    if (read_routing(source->config, settings, ret_error) == -1)
        return -1;
    return settings_read_producer(source->config, settings, ret_error);
}

static int
check_that_routes_exist(const char *path, const struct settings *settings, struct error *ret_error)
{
    if (has_routes(&settings->routing))
        return 0;
    return error_set(ret_error, ERROR_CONFIG,
                     "%s%sroutes: found none, accepted is at least one: what is not routed is "
                     "skipped, so nothing would be done",
                     path == NULL ? "" : path, path == NULL ? "" : ": ");
}

int
settings_load(const char *path, char *const *environment, bool needs_routes,
              struct settings *ret_settings, struct error *ret_error)
{
    struct source source = {NULL, environment};
    struct config *config = NULL;
    int result;

    memset(ret_settings, 0, sizeof(*ret_settings));
    if (path != NULL) {
        config = config_load(path, ret_error);
        if (config == NULL)
            return -1;
        source.config = config;
    }
    result = read_all(&source, ret_settings, ret_error);
    if (result == 0 && needs_routes)
        result = check_that_routes_exist(path, ret_settings, ret_error);
    config_free(config);
    return result;
}

void
settings_release(struct settings *settings)
{
    settings_free_list(settings->kafka_properties);
    settings_free_list(settings->refusals);
    settings_free_tiers(settings);
    routing_free(&settings->routing);
    free(settings->producer.groups);
    config_release(settings_table, settings);
    memset(settings, 0, sizeof(*settings));
}

/* --- secrets ------------------------------------------------------------------------------------ */

static int
read_variable(const char *name, struct text *secret, struct error *ret_error)
{
    const char *value = getenv(name);
    size_t length;

    if (value == NULL)
        return error_set(ret_error, ERROR_CONFIG, "the variable %s is not set", name);
    length = strlen(value);
    while (length > 0 && (value[length - 1] == '\n' || value[length - 1] == '\r'))
        length--;
    text_add_bytes(secret, value, length);
    return 0;
}

int
settings_read_secret(const struct identity *identity, char **ret_secret, struct error *ret_error)
{
    struct text secret = TEXT_EMPTY;
    bool is_file = identity->secret_file[0] != '\0';
    int result = is_file ? file_read_secret(identity->secret_file, &secret, ret_error)
                         : read_variable(identity->secret_env, &secret, ret_error);

    if (result == 0 && secret.failed)
        result = settings_no_memory(ret_error);
    else if (result == 0 && secret.length == 0)
        result = error_set(ret_error, ERROR_CONFIG, "%s is empty",
                           is_file ? identity->secret_file : identity->secret_env);
    if (result == 0) {
        *ret_secret = text_take(&secret, NULL);
        return 0;
    }
    if (secret.data != NULL)
        explicit_bzero(secret.data, secret.capacity);
    text_free(&secret);
    return error_prefix(ret_error, "the client secret of identity %s", identity->name);
}
