/* A hash by key while it reads, a plain array afterwards. */
#include "states.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "error.h"
#include "table.h"

enum { ANSWER_MS = 5000, LOOK_MS = 100, SILENCE_MS = 30000 };

/* A key and its last value. */
struct entry {
    UT_hash_handle hh;
    char *value;
    size_t value_length;
    size_t key_length;
    char key[];
};

/* A partition that is being read. */
struct extent {
    int64_t high; /* as it was when the reading began */
    bool is_read;
};

/* A reading under way. */
struct reading {
    rd_kafka_t *consumer;
    const char *topic;
    struct extent *extents; /* by partition */
    int32_t count;
    int32_t open; /* partitions that are not read to their end */
    struct entry *entries;
};

static int64_t
now_ms(void)
{
    struct clock clock;

    clock_read_system(&clock);
    return clock.mono_ms;
}

static int
no_memory(struct error *ret_error)
{
    return error_set(ret_error, ERROR_MEMORY, "no memory for the saved states");
}

/* --- the entries ----------------------------------------------------------------------------- */

static void
drop(struct reading *reading, struct entry *entry)
{
    HASH_DEL(reading->entries, entry);
    free(entry->value);
    free(entry);
}

/* The entry of ${message}'s key, made where there is none; NULL: no memory. */
static struct entry *
entry_of(struct reading *reading, const rd_kafka_message_t *message)
{
    struct entry *entry;

    HASH_FIND(hh, reading->entries, message->key, message->key_len, entry);
    if (entry != NULL)
        return entry;
    entry = calloc(1, sizeof(*entry) + message->key_len + 1);
    if (entry == NULL)
        return NULL;
    memcpy(entry->key, message->key, message->key_len);
    entry->key_length = message->key_len;
    HASH_ADD(hh, reading->entries, key[0], entry->key_length, entry);
    if (entry->hh.tbl != NULL)
        return entry;
    free(entry);
    return NULL;
}

static int
remember(struct reading *reading, const rd_kafka_message_t *message, struct error *ret_error)
{
    struct entry *entry;
    char *value;

    if (message->key_len == 0)
        return 0; /* not ours: compaction would refuse it */
    entry = entry_of(reading, message);
    if (entry == NULL)
        return no_memory(ret_error);
    if (message->payload == NULL) {
        drop(reading, entry);
        return 0;
    }
    value = malloc(message->len + 1);
    if (value == NULL)
        return no_memory(ret_error);
    memcpy(value, message->payload, message->len);
    value[message->len] = '\0';
    free(entry->value);
    entry->value = value;
    entry->value_length = message->len;
    return 0;
}

static void
end(struct reading *reading)
{
    struct entry *entry, *next;

    HASH_ITER (hh, reading->entries, entry, next) {
        drop(reading, entry);
    }
    free(reading->extents);
}

/* Copies the keys, and takes the values over. */
static int
hand_over(struct reading *reading, struct states *ret_states, struct error *ret_error)
{
    size_t count = HASH_COUNT(reading->entries);
    struct states states = {calloc(count + 1, sizeof(struct feed_saved)), 0};
    struct entry *entry, *next;

    if (states.list == NULL)
        return no_memory(ret_error);
    HASH_ITER (hh, reading->entries, entry, next) {
        char *key = malloc(entry->key_length + 1);

        if (key == NULL) {
            states_end(&states);
            return no_memory(ret_error);
        }
        memcpy(key, entry->key, entry->key_length + 1);
        states.list[states.count++] =
            (struct feed_saved){key, entry->key_length, entry->value, entry->value_length};
        entry->value = NULL;
    }
    *ret_states = states;
    return 0;
}

void
states_end(struct states *states)
{
    for (size_t i = 0; i < states->count; i++) {
        free((void *)(uintptr_t)states->list[i].key);
        free((void *)(uintptr_t)states->list[i].value);
    }
    free(states->list);
    *states = (struct states){NULL, 0};
}

/* --- reading --------------------------------------------------------------------------------- */

static int
kafka_error(const struct reading *reading, rd_kafka_resp_err_t code, struct error *ret_error)
{
    error_set(ret_error, ERROR_KAFKA, "the saved states of %s cannot be read: %s", reading->topic,
              rd_kafka_err2str(code));
    error_set_code(ret_error, rd_kafka_err2name(code));
    return -1;
}

/* Asks how far each partition goes. An empty one is read already. */
static int
measure(struct reading *reading, struct error *ret_error)
{
    for (int32_t i = 0; i < reading->count; i++) {
        int64_t low = 0, high = 0;
        rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(
            reading->consumer, reading->topic, i, &low, &high, ANSWER_MS);

        if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
            return kafka_error(reading, code, ret_error);
        reading->extents[i] = (struct extent){.high = high, .is_read = low >= high};
        reading->open += low < high;
    }
    return 0;
}

static int
begin(struct reading *reading, struct error *ret_error)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(reading->count);
    rd_kafka_resp_err_t code;

    for (int32_t i = 0; i < reading->count; i++)
        if (!reading->extents[i].is_read)
            rd_kafka_topic_partition_list_add(list, reading->topic, i)->offset =
                RD_KAFKA_OFFSET_BEGINNING;
    code = rd_kafka_assign(reading->consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : kafka_error(reading, code, ret_error);
}

/* The end of a partition, as far as committed transactions go. */
static void
take_end(struct reading *reading, const rd_kafka_message_t *message)
{
    struct extent *extent;

    if (message->partition < 0 || message->partition >= reading->count)
        return;
    extent = &reading->extents[message->partition];
    if (extent->is_read || message->offset < extent->high)
        return;
    extent->is_read = true;
    reading->open--;
}

/* What the library gets over by itself. */
static bool
is_passing(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__TIMED_OUT ||
           code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || code == RD_KAFKA_RESP_ERR__RESOLVE;
}

static int
take(struct reading *reading, const rd_kafka_message_t *message, struct error *ret_error)
{
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
        return remember(reading, message, ret_error);
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
        take_end(reading, message);
    else if (!is_passing(message->err))
        return kafka_error(reading, message->err, ret_error);
    return 0;
}

static int
read_to_the_end(struct reading *reading, const atomic_bool *is_stopping, struct error *ret_error)
{
    int64_t until_ms = now_ms() + SILENCE_MS;

    while (reading->open > 0) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(reading->consumer, LOOK_MS);
        int result = message == NULL ? 0 : take(reading, message, ret_error);

        if (message != NULL && message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            until_ms = now_ms() + SILENCE_MS;
        if (message != NULL)
            rd_kafka_message_destroy(message);
        if (result != 0)
            return -1;
        if (atomic_load(is_stopping))
            return error_set(ret_error, ERROR_LIMIT, "stopped while saved states were read");
        if (now_ms() > until_ms)
            return error_set(ret_error, ERROR_LIMIT,
                             "the end of %s did not come within %d s: a transaction of another "
                             "producer is open there, or a broker does not answer",
                             reading->topic, SILENCE_MS / 1000);
    }
    return 0;
}

int
states_read(rd_kafka_t *consumer, const char *topic, int32_t partitions,
            const atomic_bool *is_stopping, struct states *ret_states, struct error *ret_error)
{
    struct reading reading = {
        .consumer = consumer,
        .topic = topic,
        .extents = calloc((size_t)partitions + 1, sizeof(struct extent)),
        .count = partitions,
    };
    int result = -1;

    if (reading.extents == NULL)
        return no_memory(ret_error);
    if (measure(&reading, ret_error) == 0 && begin(&reading, ret_error) == 0 &&
        read_to_the_end(&reading, is_stopping, ret_error) == 0)
        result = hand_over(&reading, ret_states, ret_error);
    (void)rd_kafka_assign(consumer, NULL);
    end(&reading);
    return result;
}
