/*
 * The block retry_topics. A topic that two of its roles shared would be read as what it is not, so
 * every name must be unlike all others; delays rise, since who waits is to be looked at ever less
 * often.
 */
#include "settings_private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

#define SECOND INT64_C(1000)
#define DAY (24 * 60 * 60 * SECOND)
#define DELAY_LEAST_MS (SECOND / 10)
#define DELAY_MOST_MS (90 * DAY)

enum { TIMES_AT_MOST = 100000 };

/* Four weeks in all: Entra takes minutes to hours to spread a licence, people take longer. */
static const struct {
    const char *delay;
    int64_t times;
} standard_tiers[] = {{"15m", 4}, {"6h", 112}};

/* Endings of the main topic's name that mean something else. */
static const char *const taken_endings[] = {"", ".backfill", ".state", ".leader"};

/* --- names -------------------------------------------------------------------------------------- */

static bool
has_ending(const char *name, const char *topic, const char *ending)
{
    size_t length = strlen(topic);

    return strncmp(name, topic, length) == 0 && strcmp(name + length, ending) == 0;
}

static bool
is_dead_letter_topic(const struct settings *settings, const char *name)
{
    if (settings->dead_letter_topic[0] != '\0')
        return strcmp(settings->dead_letter_topic, name) == 0;
    return has_ending(name, settings->topic, ".dlq");
}

static bool
is_taken(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < sizeof(taken_endings) / sizeof(taken_endings[0]); i++)
        if (has_ending(name, settings->topic, taken_endings[i]))
            return true;
    for (size_t i = 0; i < settings->tier_count; i++)
        if (strcmp(settings->tiers[i].topic, name) == 0)
            return true;
    return is_dead_letter_topic(settings, name);
}

static int
make_name(const struct settings *settings, const char *delay, char **ret_name,
          struct error *ret_error)
{
    struct text name = TEXT_EMPTY;

    text_addf(&name, "%s.retry.%s", settings->topic, delay);
    if (name.failed) {
        text_free(&name);
        return settings_no_memory(ret_error);
    }
    *ret_name = text_take(&name, NULL);
    return 0;
}

static int
read_name(const struct config_node *group, const struct settings *settings, const char *delay,
          char **ret_name, struct error *ret_error)
{
    const char *found;

    if (config_node_string(group, "name", "", &found, ret_error) == -1)
        return -1;
    if (found[0] == '\0' && config_node_get(group, "name") == NULL)
        return make_name(settings, delay, ret_name, ret_error);
    return settings_copy(found, ret_name, ret_error);
}

static int
check_name(const struct config_node *group, const struct settings *settings, const char *name,
           struct error *ret_error)
{
    if (!settings_is_topic(name, TOPIC_BYTES_AT_MOST))
        return settings_member_fault(group, "name", ret_error,
                                     "found \"%.80s\", accepted is the name of a topic: up to %d "
                                     "letters, digits, '.', '_' or '-'",
                                     name, TOPIC_BYTES_AT_MOST);
    if (is_taken(settings, name))
        return settings_member_fault(
            group, "name", ret_error,
            "found \"%.80s\", accepted is a topic that serves nothing else", name);
    return 0;
}

/* --- tiers -------------------------------------------------------------------------------------- */

static int
read_delay(const struct config_node *group, const struct settings *settings, const char **ret_delay,
           int64_t *ret_delay_ms, struct error *ret_error)
{
    const char *found;
    int64_t delay_ms;

    if (config_node_string(group, "delay", NULL, &found, ret_error) == -1)
        return -1;
    if (!config_parse_duration(found, &delay_ms) || delay_ms < DELAY_LEAST_MS ||
        delay_ms > DELAY_MOST_MS)
        return settings_member_fault(group, "delay", ret_error,
                                     "found \"%.40s\", accepted is a duration from 100ms to 90d, "
                                     "as in \"15m\"",
                                     found);
    if (settings->tier_count > 0 && delay_ms <= settings->tiers[settings->tier_count - 1].delay_ms)
        return settings_member_fault(group, "delay", ret_error,
                                     "found \"%.40s\", accepted is more than the delay before it",
                                     found);
    *ret_delay = found;
    *ret_delay_ms = delay_ms;
    return 0;
}

/* Takes ${name} over. */
static int
add_tier(struct settings *settings, char *name, int64_t delay_ms, int64_t times,
         struct error *ret_error)
{
    struct tier *tiers = settings_grow(settings->tiers, settings->tier_count, sizeof(*tiers));

    if (tiers == NULL) {
        free(name);
        return settings_no_memory(ret_error);
    }
    settings->tiers = tiers;
    settings->tiers[settings->tier_count++] = (struct tier){name, delay_ms, times};
    return 0;
}

static int
read_tier(void *context, const struct config_node *group, struct error *ret_error)
{
    static const char *const members[] = {"delay", "times", "name", NULL};
    static const struct config_integer accepted = {1, TIMES_AT_MOST, NULL};
    struct settings *settings = context;
    const char *delay = "";
    int64_t delay_ms = 0, times = 0;
    char *name = NULL;

    if (config_node_only(group, members, ret_error) == -1)
        return -1;
    if (settings->tier_count == TIERS_MOST)
        return config_node_fault(group, ret_error, "accepted are %d retry topics at most",
                                 TIERS_MOST);
    if (read_delay(group, settings, &delay, &delay_ms, ret_error) == -1 ||
        config_node_integer(group, "times", &accepted, &times, ret_error) == -1 ||
        read_name(group, settings, delay, &name, ret_error) == -1)
        return -1;
    if (check_name(group, settings, name, ret_error) == -1) {
        free(name);
        return -1;
    }
    return add_tier(settings, name, delay_ms, times, ret_error);
}

/* A main topic may be called so that a standard name is taken: then the block has to say another. */
static int
add_standard(struct settings *settings, const char *delay, int64_t times, struct error *ret_error)
{
    int64_t delay_ms = 0;
    char *name = NULL;

    if (make_name(settings, delay, &name, ret_error) == -1)
        return -1;
    (void)config_parse_duration(delay, &delay_ms);
    if (is_taken(settings, name)) {
        error_set(ret_error, ERROR_CONFIG,
                  "retry_topics: the standard name \"%.80s\" is another topic's already, accepted "
                  "is a block that names them",
                  name);
        free(name);
        return -1;
    }
    return add_tier(settings, name, delay_ms, times, ret_error);
}

int
settings_read_tiers(const struct config *config, struct settings *settings, struct error *ret_error)
{
    const struct config_node *block = settings_block(config, "retry_topics");

    if (settings_each(block, "retry_topics {...}", read_tier, settings, ret_error) == -1)
        return -1;
    for (size_t i = 0; block == NULL && i < sizeof(standard_tiers) / sizeof(standard_tiers[0]); i++)
        if (add_standard(settings, standard_tiers[i].delay, standard_tiers[i].times, ret_error) ==
            -1)
            return -1;
    settings->engine.tiers = settings->tiers;
    settings->engine.tier_count = settings->tier_count;
    return 0;
}

void
settings_free_tiers(struct settings *settings)
{
    for (size_t i = 0; i < settings->tier_count; i++)
        free(settings->tiers[i].topic);
    free(settings->tiers);
}
