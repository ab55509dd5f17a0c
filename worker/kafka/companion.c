/* The rules stand in three small questions; the commands are put together from what they answer. */
#include "companion.h"

#include <inttypes.h>

#include "log.h"
#include "text.h"

#define DAY_MS INT64_C(86400000)
#define MADE_AT_LEAST_MS (7 * DAY_MS)
#define MADE_FOR_LETTERS_MS (30 * DAY_MS)
#define DELAYS_MADE_FOR 4

void
companion_init(struct companion *companion, const char *topic, int64_t delay_ms)
{
    companion->topic = topic;
    companion->delay_ms = delay_ms;
    companion_reset(companion);
}

void
companion_reset(struct companion *companion)
{
    *companion = (struct companion){
        .topic = companion->topic,
        .delay_ms = companion->delay_ms,
        .retention_ms = RETENTION_UNKNOWN,
    };
}

int64_t
companion_retention_ms(const struct companion *companion)
{
    int64_t wanted_ms = DELAYS_MADE_FOR * companion->delay_ms;

    if (companion->delay_ms == 0)
        return MADE_FOR_LETTERS_MS;
    return wanted_ms < MADE_AT_LEAST_MS ? MADE_AT_LEAST_MS : wanted_ms;
}

/* --- what is wrong --------------------------------------------------------------------------- */

static bool
has_too_few_partitions(const struct companion *companion, const struct companion_scene *scene)
{
    return companion->partitions > 0 && companion->partitions < scene->partitions;
}

/* A day without workers must do no harm. */
static bool
forgets_too_soon(const struct companion *companion)
{
    return companion->retention_ms >= 0 && companion->retention_ms < companion->delay_ms + DAY_MS;
}

bool
companion_is_wrong(const struct companion *companion, const struct companion_scene *scene)
{
    return companion->presence != COMPANION_PRESENT || has_too_few_partitions(companion, scene) ||
           forgets_too_soon(companion) || companion->is_compacted;
}

bool
companion_is_same(const struct companion *companion, const struct companion *other)
{
    return companion->presence == other->presence && companion->partitions == other->partitions &&
           companion->retention_ms == other->retention_ms &&
           companion->is_compacted == other->is_compacted && companion->refusal == other->refusal;
}

/* --- how it is said -------------------------------------------------------------------------- */

static void
say_missing(const struct companion *companion, const struct companion_scene *scene, struct log *log)
{
    struct text command = TEXT_EMPTY;

    text_addf(&command,
              "kafka-topics.sh --bootstrap-server %s --create --topic %s --partitions %d "
              "--config retention.ms=%" PRId64,
              scene->servers, companion->topic, (int)scene->partitions,
              companion_retention_ms(companion));
    log_line(log, LOG_WARNING,
             companion->presence == COMPANION_MISSING
                 ? "a topic is missing: please make it, what is to be kept there is held till then"
                 : "a topic is missing, or may not be seen: what is to be kept there is held",
             log_string("topic", companion->topic), log_string("code", companion->refusal),
             log_string("run", command.data));
    text_free(&command);
}

static void
find_faults(const struct companion *companion, const struct companion_scene *scene,
            struct text *found)
{
    if (has_too_few_partitions(companion, scene))
        text_addf(found, "%d partitions, and the main topic has %d; ", (int)companion->partitions,
                  (int)scene->partitions);
    if (forgets_too_soon(companion))
        text_addf(found,
                  "retention.ms=%" PRId64 ", and records must outlast %" PRId64 " ms and a day; ",
                  companion->retention_ms, companion->delay_ms);
    if (companion->is_compacted)
        text_add(found, "cleanup.policy has compact, which erases records; ");
    if (found->length >= 2)
        found->data[found->length -= 2] = '\0';
}

static void
find_remedies(const struct companion *companion, const struct companion_scene *scene,
              struct text *command)
{
    const char *separator = "";

    if (has_too_few_partitions(companion, scene)) {
        text_addf(command,
                  "kafka-topics.sh --bootstrap-server %s --alter --topic %s --partitions %d",
                  scene->servers, companion->topic, (int)scene->partitions);
        separator = "; ";
    }
    if (!forgets_too_soon(companion) && !companion->is_compacted)
        return;
    text_addf(command,
              "%skafka-configs.sh --bootstrap-server %s --alter --entity-type topics "
              "--entity-name %s --add-config ",
              separator, scene->servers, companion->topic);
    separator = "";
    if (forgets_too_soon(companion)) {
        text_addf(command, "retention.ms=%" PRId64, companion_retention_ms(companion));
        separator = ",";
    }
    if (companion->is_compacted)
        text_addf(command, "%scleanup.policy=delete", separator);
}

void
companion_say(const struct companion *companion, const struct companion_scene *scene,
              struct log *log)
{
    struct text found = TEXT_EMPTY, command = TEXT_EMPTY;

    if (companion->presence != COMPANION_PRESENT) {
        say_missing(companion, scene, log);
        return;
    }
    find_faults(companion, scene, &found);
    find_remedies(companion, scene, &command);
    log_line(log, LOG_WARNING, "a topic is not as it should be",
             log_string("topic", companion->topic), log_string("found", found.data),
             log_string("run", command.data));
    text_free(&found);
    text_free(&command);
}
