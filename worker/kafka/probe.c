/* Both uses rest on the library's source (rdkafka.c, rdkafka_partition.c) and were measured. */
#include "probe.h"

#include "engine.h"
#include "intake_private.h"

/*
 * A broker's thread is woken at most this often: 5 ms gave the best rate, and costs 200 requests a
 * second.
 */
enum { WAKE_EVERY_MS = 5, SELF_WAKING_VERSION = 0x02020000, MOST_PARTITIONS = 1 << 20 };

enum presence { PRESENT, MISSING, NO_TOPIC, NO_RIGHT, UNKNOWN };

static bool
is_behind(const struct partition *partition)
{
    return !partition->is_at_end && !partition->hold.is_waiting && partition->next >= 0 &&
           partition->next < partition->high;
}

void
probe_wake(struct intake *intake)
{
    rd_kafka_topic_partition_list_t *list;

    if (!intake->probe.is_due || intake->now_ms < intake->probe.next_ms)
        return;
    intake->probe.is_due = false;
    if (rd_kafka_version() >= SELF_WAKING_VERSION)
        return;
    list = rd_kafka_topic_partition_list_new((int)intake->partition_count);
    for (size_t i = 0; i < intake->partition_count; i++) {
        const struct partition *partition = &intake->partitions[i];

        if (is_behind(partition))
            rd_kafka_topic_partition_list_add(list, intake->settings.topics[partition->topic],
                                              partition->number)
                ->offset = RD_KAFKA_OFFSET_END;
    }
    if (list->cnt > 0)
        (void)rd_kafka_offsets_for_times(intake->rk, list, 0);
    rd_kafka_topic_partition_list_destroy(list);
    intake->probe.next_ms = intake->now_ms + WAKE_EVERY_MS;
}

static enum presence
presence_of(rd_kafka_resp_err_t code)
{
    switch (code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
        return PRESENT;
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        return MISSING;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        return NO_TOPIC;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        return NO_RIGHT;
    default:
        return UNKNOWN;
    }
}

static enum presence
look_up(struct intake *intake, const char *topic, int32_t number)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *entry = rd_kafka_topic_partition_list_add(list, topic, number);
    enum presence presence;

    entry->offset = RD_KAFKA_OFFSET_END;
    (void)rd_kafka_offsets_for_times(intake->rk, list, 0);
    presence = presence_of(entry->err);
    rd_kafka_topic_partition_list_destroy(list);
    return presence;
}

int32_t
probe_partitions(struct intake *intake, const char *topic, int32_t known)
{
    int32_t low = known; /* so many exist */
    int32_t high = known > 0 ? known : 1;
    enum presence presence = PRESENT;

    while (high < MOST_PARTITIONS && (presence = look_up(intake, topic, high)) == PRESENT) {
        low = high + 1;
        high *= 2;
    }
    while (presence <= MISSING && low < high) {
        int32_t middle = low + (high - low) / 2;

        presence = look_up(intake, topic, middle);
        if (presence == PRESENT)
            low = middle + 1;
        else
            high = middle;
    }
    if (presence <= MISSING)
        return low;
    return presence == UNKNOWN ? 0 : presence == NO_TOPIC ? PROBE_NO_TOPIC : PROBE_NO_RIGHT;
}
