/* Metadata and DescribeConfigs. */
#include "topics.h"

#include <string.h>

#include "error.h"

enum { ANSWER_MS = 5000, CONFIGS_MS = 1500, REASON_BYTES = 256 };

/* --- partitions ------------------------------------------------------------------------------ */

static int
refuse(const char *topic, rd_kafka_resp_err_t code, struct error *ret_error)
{
    error_set(ret_error, ERROR_KAFKA, "nothing can be found out about the topic %s: %s", topic,
              rd_kafka_err2str(code));
    error_set_code(ret_error, rd_kafka_err2name(code));
    return -1;
}

/* A partition without a leader counts: that passes. */
static int
read_size(const char *topic, const rd_kafka_metadata_topic_t *found, int32_t *ret_partitions,
          struct error *ret_error)
{
    switch (found->err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
        *ret_partitions = found->partition_cnt;
        return 0;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
        *ret_partitions = 0;
        return 0;
    default:
        return refuse(topic, found->err, ret_error);
    }
}

int
topics_size(rd_kafka_t *consumer, const char *topic, int32_t *ret_partitions,
            struct error *ret_error)
{
    rd_kafka_topic_t *handle = rd_kafka_topic_new(consumer, topic, NULL);
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t code;
    int result;

    if (handle == NULL)
        return refuse(topic, rd_kafka_last_error(), ret_error);
    code = rd_kafka_metadata(consumer, 0, handle, &metadata, ANSWER_MS);
    rd_kafka_topic_destroy(handle);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return refuse(topic, code, ret_error);
    if (metadata->topic_cnt != 1)
        result = refuse(topic, RD_KAFKA_RESP_ERR__BAD_MSG, ret_error);
    else
        result = read_size(topic, &metadata->topics[0], ret_partitions, ret_error);
    rd_kafka_metadata_destroy(metadata);
    return result;
}

/* --- compaction ------------------------------------------------------------------------------ */

static void
ask_configs(rd_kafka_t *consumer, const char *topic, rd_kafka_queue_t *queue)
{
    rd_kafka_ConfigResource_t *resource =
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(consumer, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    char reason[REASON_BYTES];

    (void)rd_kafka_AdminOptions_set_request_timeout(options, CONFIGS_MS, reason, sizeof(reason));
    rd_kafka_DescribeConfigs(consumer, &resource, 1, options, queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_ConfigResource_destroy(resource);
}

/* The value of cleanup.policy in ${event}, borrowed from it; NULL: it is not there. */
static const char *
find_policy(rd_kafka_event_t *event)
{
    const rd_kafka_DescribeConfigs_result_t *result = rd_kafka_event_DescribeConfigs_result(event);
    const rd_kafka_ConfigResource_t **resources;
    const rd_kafka_ConfigEntry_t **entries;
    size_t count = 0, entry_count = 0;

    if (result == NULL || rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return NULL;
    resources = rd_kafka_DescribeConfigs_result_resources(result, &count);
    if (count != 1)
        return NULL;
    entries = rd_kafka_ConfigResource_configs(resources[0], &entry_count);
    for (size_t i = 0; i < entry_count; i++)
        if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), "cleanup.policy") == 0)
            return rd_kafka_ConfigEntry_value(entries[i]);
    return NULL;
}

bool
topics_is_plain(rd_kafka_t *consumer, const char *topic)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(consumer);
    rd_kafka_event_t *event;
    const char *policy;
    bool is_plain;

    ask_configs(consumer, topic, queue);
    event = rd_kafka_queue_poll(queue, CONFIGS_MS);
    policy = event == NULL ? NULL : find_policy(event);
    is_plain = policy != NULL && strstr(policy, "compact") == NULL;
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    return is_plain;
}
