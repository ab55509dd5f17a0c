/*
 * Messages are taken one at a time: the batch calls of 2.0.2 misplace offsets. Nothing is paused: a
 * partition without room keeps its queue, and its fetcher stops when that is full. A head that is not
 * due stays in ${held}, out of its queue.
 */
#include "drain.h"

#include <stdlib.h>

#include "engine.h"
#include "hold.h"
#include "intake_private.h"
#include "log.h"
#include "probe.h"

/* Of one partition in one turn, so that the loop turns and the others have their share. */
enum { MESSAGES_A_TURN = 500, REREAD_AFTER_MS = 1000 };

/* --- the queues ------------------------------------------------------------------------------ */

static void
open_partition(struct intake *intake, const rd_kafka_topic_partition_t *from,
               struct partition *partition)
{
    const uint64_t one = 1;

    *partition = (struct partition){
        .topic = intake_topic(intake, from->topic),
        .number = from->partition,
        .committed = -1,
        .next = -1,
        .low = -1,
        .high = -1,
    };
    hold_init(intake, partition);
    partition->queue = rd_kafka_queue_get_partition(intake->rk, from->topic, from->partition);
    if (partition->queue == NULL)
        return;
    rd_kafka_queue_forward(partition->queue, NULL);
    rd_kafka_queue_io_event_enable(partition->queue, intake->fd, &one, sizeof(one));
}

static void
close_partition(struct partition *partition)
{
    if (partition->held != NULL)
        rd_kafka_message_destroy(partition->held);
    if (partition->queue == NULL)
        return;
    rd_kafka_queue_io_event_enable(partition->queue, -1, NULL, 0);
    rd_kafka_queue_destroy(partition->queue);
}

int
drain_open(struct intake *intake, const rd_kafka_topic_partition_list_t *list)
{
    size_t count = (size_t)list->cnt;
    struct partition *partitions = calloc(count > 0 ? count : 1, sizeof(*partitions));

    if (partitions == NULL)
        return -1;
    for (size_t i = 0; i < count; i++)
        open_partition(intake, &list->elems[i], &partitions[i]);
    intake->partitions = partitions;
    intake->partition_count = count;
    intake->first_partition = 0;
    return 0;
}

void
drain_close(struct intake *intake)
{
    for (size_t i = 0; i < intake->partition_count; i++)
        close_partition(&intake->partitions[i]);
    free(intake->partitions);
    intake->partitions = NULL;
    intake->partition_count = 0;
}

/*
 * Tells the engine, once; again later where it had no memory. A partition of which the group has
 * committed nothing begins at 0, wherever its log does: what was cut off before anybody read it is no
 * loss, and the engine counts none.
 */
static bool
begin(struct intake *intake, struct partition *partition)
{
    int64_t offset = partition->committed >= 0 ? partition->committed : 0;

    if (!partition->is_begun)
        partition->is_begun = engine_assign(intake->engine, partition->topic, partition->number,
                                            offset, partition->committed) == 0;
    return partition->is_begun;
}

void
drain_begin(struct intake *intake, const rd_kafka_topic_partition_list_t *list)
{
    for (size_t i = 0; i < intake->partition_count; i++) {
        struct partition *partition = &intake->partitions[i];

        if (list->elems[i].offset >= 0)
            partition->committed = partition->next = list->elems[i].offset;
        (void)begin(intake, partition);
    }
}

/* --- one message ----------------------------------------------------------------------------- */

/* Makes room for ${count} headers; false: no memory. */
static bool
reserve_headers(struct intake *intake, size_t count)
{
    struct kafka_header *headers;

    if (count <= intake->header_capacity)
        return true;
    headers = realloc(intake->headers, count * sizeof(*headers));
    if (headers == NULL)
        return false;
    intake->headers = headers;
    intake->header_capacity = count;
    return true;
}

static bool
read_headers(struct intake *intake, const rd_kafka_message_t *from, struct message *message)
{
    rd_kafka_headers_t *headers;
    size_t count;

    if (rd_kafka_message_headers(from, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return true; /* none */
    count = rd_kafka_header_cnt(headers);
    if (!reserve_headers(intake, count))
        return false;
    for (size_t i = 0; i < count; i++) {
        const void *value;
        struct kafka_header *header = &intake->headers[i];

        (void)rd_kafka_header_get_all(headers, i, &header->name, &value, &header->length);
        header->value = value;
    }
    message->headers = intake->headers;
    message->header_count = count;
    return true;
}

static bool
take_record(struct intake *intake, struct partition *partition, const rd_kafka_message_t *from)
{
    rd_kafka_timestamp_type_t type;
    struct message message = {
        .topic = partition->topic,
        .partition = partition->number,
        .offset = from->offset,
        .timestamp_ms = rd_kafka_message_timestamp(from, &type),
        .key = from->key,
        .key_length = from->key_len,
        .value = from->payload,
        .value_length = from->len,
    };

    if (!begin(intake, partition) || !read_headers(intake, from, &message) ||
        !engine_take(intake->engine, &message, partition->low))
        return false;
    partition->next = from->offset + 1;
    partition->is_at_end = false;
    partition->error = RD_KAFKA_RESP_ERR_NO_ERROR;
    return true;
}

static bool
take_end(struct intake *intake, struct partition *partition, int64_t offset)
{
    if (!begin(intake, partition))
        return false;
    engine_end(intake->engine, partition->topic, partition->number, offset, partition->low);
    partition->next = offset;
    partition->is_at_end = true;
    return true;
}

/*
 * What librdkafka cannot read (a wrong checksum, a broken compression) it reports and jumps over.
 * Nothing may be lost in silence, so whatever the error, the partition waits a little and is read
 * again from the offset that is expected next.
 */
static void
suspect(struct intake *intake, struct partition *partition, const rd_kafka_message_t *from)
{
    partition->is_suspect = true;
    partition->reread_at_ms = intake->now_ms + REREAD_AFTER_MS;
    if (partition->error == from->err)
        return;
    partition->error = from->err;
    log_line(intake->log, LOG_ERROR, "partition cannot be read, trying again and again",
             log_string("code", rd_kafka_err2name(from->err)),
             log_string("topic", intake->settings.topics[partition->topic]),
             log_integer("partition", partition->number), log_integer("offset", partition->next),
             log_string("text", rd_kafka_message_errstr(from)));
}

static void
reread(struct intake *intake, struct partition *partition)
{
    rd_kafka_topic_partition_list_t *list;
    rd_kafka_error_t *error;

    partition->is_suspect = false;
    list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, intake->settings.topics[partition->topic],
                                      partition->number)
        ->offset = partition->next >= 0 ? partition->next : RD_KAFKA_OFFSET_BEGINNING;
    error = rd_kafka_seek_partitions(intake->rk, list, 0);
    if (error != NULL) {
        partition->is_suspect = true;
        partition->reread_at_ms = intake->now_ms + REREAD_AFTER_MS;
        rd_kafka_error_destroy(error);
    }
    rd_kafka_topic_partition_list_destroy(list);
}

/* False: no memory for it, the same message comes first in the next turn. */
static bool
hand_over(struct intake *intake, struct partition *partition, const rd_kafka_message_t *message)
{
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
        return take_record(intake, partition, message);
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
        return take_end(intake, partition, message->offset);
    suspect(intake, partition, message);
    return true;
}

/* --- one partition, all partitions ----------------------------------------------------------- */

/* -1: it is no record, or has none. */
static int64_t
timestamp_of(const rd_kafka_message_t *message)
{
    rd_kafka_timestamp_type_t type;

    return message->err == RD_KAFKA_RESP_ERR_NO_ERROR ? rd_kafka_message_timestamp(message, &type)
                                                      : -1;
}

static rd_kafka_message_t *
next_message(const struct intake *intake, struct partition *partition)
{
    rd_kafka_message_t *message = partition->held;

    partition->held = NULL;
    if (message != NULL)
        return message;
    message = rd_kafka_consume_queue(partition->queue, 0);
    if (message != NULL)
        hold_look(intake, &partition->hold, timestamp_of(message));
    return message;
}

/* Takes locks in the library, so once a drain and not once a message. */
static void
read_watermarks(struct intake *intake, struct partition *partition)
{
    int64_t low;
    int64_t high;

    if (rd_kafka_get_watermark_offsets(intake->rk, intake->settings.topics[partition->topic],
                                       partition->number, &low,
                                       &high) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    partition->low = low >= 0 ? low : -1;
    partition->high = high >= 0 ? high : -1;
}

/*
 * Takes one message; ${is_first} of this drain. False: there is none, or it comes first in a later
 * turn.
 */
static bool
take_next(struct intake *intake, struct partition *partition, bool is_first, bool *ret_is_empty)
{
    rd_kafka_message_t *message = next_message(intake, partition);

    *ret_is_empty = message == NULL;
    if (message == NULL)
        return false;
    if (is_first)
        read_watermarks(intake, partition);
    if (partition->hold.is_waiting || !hand_over(intake, partition, message)) {
        partition->held = message;
        return false;
    }
    rd_kafka_message_destroy(message);
    return true;
}

/* True when something was left behind that is due. */
static bool
drain_partition(struct intake *intake, struct partition *partition)
{
    int taken = 0;
    bool is_empty = false;
    bool has_come;

    while (taken < MESSAGES_A_TURN && !partition->is_suspect &&
           engine_has_room_for(intake->engine, partition->topic) &&
           take_next(intake, partition, taken == 0, &is_empty))
        taken++;
    has_come = taken > 0 || partition->hold.is_waiting;
    if (has_come && partition->high >= 0 && begin(intake, partition))
        engine_high(intake->engine, partition->topic, partition->number, partition->high);
    intake->probe.is_due = intake->probe.is_due || taken > 0;
    return !is_empty && !partition->is_suspect && !partition->hold.is_waiting;
}

/* True as drain_partition. */
static bool
serve_partition(struct intake *intake, struct partition *partition)
{
    if (partition->is_suspect && intake->now_ms >= partition->reread_at_ms)
        reread(intake, partition);
    return partition->queue != NULL && !hold_waits(intake, &partition->hold) &&
           drain_partition(intake, partition);
}

/* The partitions of the main topic, or all others. The first topic of which something was left behind; -1: none. */
static int
drain_some(struct intake *intake, bool is_main)
{
    int left = -1;

    for (size_t i = 0; i < intake->partition_count; i++) {
        struct partition *partition =
            &intake->partitions[(intake->first_partition + i) % intake->partition_count];

        if ((partition->topic == 0) == is_main && serve_partition(intake, partition) &&
            (left < 0 || partition->topic < left))
            left = partition->topic;
    }
    return left;
}

int
drain_turn(struct intake *intake)
{
    int left_of_main, left_of_others;

    if (!intake->rebalance.is_assigned)
        return -1;
    left_of_main = drain_some(intake, true);
    left_of_others = drain_some(intake, false);
    intake->first_partition++;
    probe_wake(intake);
    return left_of_main >= 0 ? left_of_main : left_of_others;
}

int64_t
drain_next_ms(const struct intake *intake)
{
    int64_t next_ms = INT64_MAX;

    for (size_t i = 0; i < intake->partition_count; i++) {
        const struct partition *partition = &intake->partitions[i];
        int64_t due_ms = hold_next_ms(intake, &partition->hold);

        if (partition->is_suspect && partition->reread_at_ms < due_ms)
            due_ms = partition->reread_at_ms;
        if (due_ms < next_ms)
            next_ms = due_ms;
    }
    return next_ms;
}
