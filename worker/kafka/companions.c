/* One step at a time; each ends by a time or by the answers that it waits for. */
#include "companions.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intake_private.h"
#include "log.h"
#include "probe.h"

enum {
    LOOK_EVERY_MS = 40, /* well below the 100 ms of probe.h */
    LOOK_FOR_MS = 10000,
    ANSWER_MS = 10000,
    AGAIN_SOON_MS = 1000,
    AGAIN_MS = 60000,
    REASON_BYTES = 256,
    NUMBER_BYTES = 24,
};

void
companions_init(struct intake *intake)
{
    const struct intake_settings *settings = &intake->settings;
    struct companions *companions = &intake->companions;

    for (size_t i = 0; i < settings->tier_count && i < TIERS_MOST; i++)
        companion_init(&companions->list[companions->count++], settings->tiers[i].topic,
                       settings->tiers[i].delay_ms);
    if (settings->dead_letters != NULL)
        companion_init(&companions->list[companions->count++], settings->dead_letters, 0);
    companions->next_ms = INT64_MAX;
}

static struct companion *
find(struct companions *companions, const char *topic)
{
    for (size_t i = 0; i < companions->count; i++)
        if (strcmp(companions->list[i].topic, topic) == 0)
            return &companions->list[i];
    return NULL;
}

static struct companion_scene
scene_of(const struct intake *intake)
{
    return (struct companion_scene){
        .servers = intake->settings.bootstrap_servers,
        .partitions = intake->companions.partitions,
    };
}

/* --- say ------------------------------------------------------------------------------------- */

/* True when something is wrong with ${companion}. */
static bool
say(struct intake *intake, const struct companion *companion, struct companion *said)
{
    const struct companion_scene scene = scene_of(intake);
    bool was_said = said->topic != NULL;

    if (!companion_is_wrong(companion, &scene)) {
        if (was_said)
            log_line(intake->log, LOG_INFO, "a topic is in order now",
                     log_string("topic", companion->topic));
        said->topic = NULL;
        return false;
    }
    if (!was_said || !companion_is_same(companion, said))
        companion_say(companion, &scene, intake->log);
    *said = *companion;
    return true;
}

/* The round is over. A topic of which too little is known yet is looked at again soon. */
static void
finish(struct intake *intake)
{
    struct companions *companions = &intake->companions;
    int64_t next_ms = INT64_MAX;

    for (size_t i = 0; i < companions->count; i++) {
        const struct companion *companion = &companions->list[i];

        if (say(intake, companion, &companions->said[i]) && next_ms > intake->now_ms + AGAIN_MS)
            next_ms = intake->now_ms + AGAIN_MS;
        if (companion->presence == COMPANION_PRESENT && companion->partitions == 0)
            next_ms = intake->now_ms + AGAIN_SOON_MS;
    }
    companions->step = COMPANIONS_RESTING;
    companions->next_ms = next_ms;
}

static void
take_answer(struct intake *intake)
{
    if (--intake->companions.asked == 0)
        finish(intake);
}

/* --- make ------------------------------------------------------------------------------------ */

static rd_kafka_AdminOptions_t *
make_options(struct intake *intake, rd_kafka_admin_op_t operation)
{
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(intake->rk, operation);
    char reason[REASON_BYTES];

    (void)rd_kafka_AdminOptions_set_request_timeout(options, ANSWER_MS, reason, sizeof(reason));
    return options;
}

/* With as many replicas as the broker gives by itself. */
static rd_kafka_NewTopic_t *
describe_new(const struct companion *companion, int32_t partitions)
{
    char reason[REASON_BYTES], retention[NUMBER_BYTES];
    rd_kafka_NewTopic_t *topic =
        rd_kafka_NewTopic_new(companion->topic, partitions, -1, reason, sizeof(reason));

    (void)snprintf(retention, sizeof(retention), "%" PRId64, companion_retention_ms(companion));
    if (topic != NULL)
        (void)rd_kafka_NewTopic_set_config(topic, "retention.ms", retention);
    return topic;
}

static void
create_missing(struct intake *intake)
{
    struct companions *companions = &intake->companions;
    rd_kafka_NewTopic_t *topics[TIERS_MOST + 1];
    size_t count = 0;
    rd_kafka_AdminOptions_t *options;

    for (size_t i = 0; i < companions->count && intake->settings.creates_topics; i++) {
        if (companions->list[i].presence == COMPANION_PRESENT)
            continue;
        topics[count] = describe_new(&companions->list[i], companions->partitions);
        count += topics[count] != NULL;
    }
    if (count == 0)
        return;
    options = make_options(intake, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_CreateTopics(intake->rk, topics, count, options, intake->reply_queue);
    companions->asked++;
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_NewTopic_destroy_array(topics, count);
}

/* Another worker may have been quicker: then the next round tells how it has made the topic. */
static void
take_created(struct intake *intake, struct companion *companion, rd_kafka_resp_err_t code)
{
    companion->refusal = NULL;
    if (code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
        companion->presence = COMPANION_PRESENT;
    } else if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        companion->presence = COMPANION_PRESENT;
        companion->partitions = intake->companions.partitions;
        companion->retention_ms = companion_retention_ms(companion);
        log_line(intake->log, LOG_INFO, "a topic was made", log_string("topic", companion->topic),
                 log_integer("partitions", companion->partitions),
                 log_integer("retention_ms", companion->retention_ms));
    } else {
        companion->refusal = rd_kafka_err2name(code);
    }
}

void
companions_created_event(struct intake *intake, rd_kafka_event_t *event)
{
    rd_kafka_resp_err_t code = rd_kafka_event_error(event);
    const rd_kafka_topic_result_t **results = NULL;
    size_t count = 0;

    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        results =
            rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    for (size_t i = 0; i < count; i++) {
        struct companion *companion =
            find(&intake->companions, rd_kafka_topic_result_name(results[i]));

        if (companion != NULL)
            take_created(intake, companion, rd_kafka_topic_result_error(results[i]));
    }
    for (size_t i = 0; i < intake->companions.count && code != RD_KAFKA_RESP_ERR_NO_ERROR; i++)
        if (intake->companions.list[i].presence != COMPANION_PRESENT)
            take_created(intake, &intake->companions.list[i], code);
    take_answer(intake);
}

/* --- ask for the configuration --------------------------------------------------------------- */

static void
ask_configs(struct intake *intake)
{
    struct companions *companions = &intake->companions;
    rd_kafka_ConfigResource_t *resources[TIERS_MOST + 1];
    size_t count = 0;
    rd_kafka_AdminOptions_t *options;

    for (size_t i = 0; i < companions->count; i++)
        if (companions->list[i].presence == COMPANION_PRESENT)
            resources[count++] =
                rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, companions->list[i].topic);
    if (count == 0)
        return;
    options = make_options(intake, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    rd_kafka_DescribeConfigs(intake->rk, resources, count, options, intake->reply_queue);
    companions->asked++;
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_ConfigResource_destroy_array(resources, count);
}

static void
take_config(struct companion *companion, const char *name, const char *value)
{
    if (value == NULL)
        return;
    if (strcmp(name, "retention.ms") == 0)
        companion->retention_ms = strtoll(value, NULL, 10);
    else if (strcmp(name, "cleanup.policy") == 0)
        companion->is_compacted = strstr(value, "compact") != NULL;
}

/* Without the right to ask nothing is wrong: it is said for whoever wonders. */
static void
take_resource(struct intake *intake, const rd_kafka_ConfigResource_t *resource)
{
    struct companion *companion = find(&intake->companions, rd_kafka_ConfigResource_name(resource));
    rd_kafka_resp_err_t code = rd_kafka_ConfigResource_error(resource);
    const rd_kafka_ConfigEntry_t **entries;
    size_t count = 0;

    if (companion == NULL)
        return;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        log_line(intake->log, LOG_DEBUG, "the retention of a topic cannot be checked",
                 log_string("topic", companion->topic),
                 log_string("code", rd_kafka_err2name(code)));
    entries = rd_kafka_ConfigResource_configs(resource, &count);
    for (size_t i = 0; i < count; i++)
        take_config(companion, rd_kafka_ConfigEntry_name(entries[i]),
                    rd_kafka_ConfigEntry_value(entries[i]));
}

void
companions_configs_event(struct intake *intake, rd_kafka_event_t *event)
{
    const rd_kafka_ConfigResource_t **resources = NULL;
    size_t count = 0;

    if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR)
        resources = rd_kafka_DescribeConfigs_result_resources(
            rd_kafka_event_DescribeConfigs_result(event), &count);
    for (size_t i = 0; i < count; i++)
        take_resource(intake, resources[i]);
    take_answer(intake);
}

/* --- look ------------------------------------------------------------------------------------ */

/* True when all are known. */
static bool
look(struct intake *intake)
{
    struct companions *companions = &intake->companions;
    bool is_complete = true;

    for (size_t i = 0; i < companions->count; i++) {
        struct companion *companion = &companions->list[i];
        int32_t partitions;

        if (companion->presence != COMPANION_UNKNOWN)
            continue;
        partitions = probe_partitions(intake, companion->topic, 0);
        if (partitions > 0) {
            companion->presence = COMPANION_PRESENT;
            companion->partitions = partitions;
        } else if (partitions < 0) {
            companion->presence =
                partitions == PROBE_NO_TOPIC ? COMPANION_MISSING : COMPANION_HIDDEN;
        } else {
            is_complete = false;
        }
    }
    return is_complete;
}

static void
start(struct intake *intake)
{
    struct companions *companions = &intake->companions;

    for (size_t i = 0; i < companions->count; i++)
        companion_reset(&companions->list[i]);
    companions->step = COMPANIONS_LOOKING;
    companions->next_ms = intake->now_ms;
    companions->until_ms = intake->now_ms + LOOK_FOR_MS;
}

void
companions_begin(struct intake *intake, int32_t partitions)
{
    struct companions *companions = &intake->companions;

    if (companions->count == 0 || partitions == companions->partitions)
        return;
    companions->partitions = partitions;
    if (companions->step != COMPANIONS_ASKING)
        start(intake);
}

void
companions_turn(struct intake *intake)
{
    struct companions *companions = &intake->companions;

    if (companions->step == COMPANIONS_ASKING || intake->now_ms < companions->next_ms)
        return;
    if (companions->step == COMPANIONS_RESTING)
        start(intake);
    companions->next_ms = intake->now_ms + LOOK_EVERY_MS;
    if (!look(intake) && intake->now_ms < companions->until_ms)
        return;
    companions->step = COMPANIONS_ASKING;
    create_missing(intake);
    ask_configs(intake);
    if (companions->asked == 0)
        finish(intake);
}

int64_t
companions_next_ms(const struct intake *intake)
{
    return intake->companions.step == COMPANIONS_ASKING ? INT64_MAX : intake->companions.next_ms;
}
