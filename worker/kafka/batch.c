/* Counts first, then fills: the records, their headers, and behind them all bytes. */
#include "batch.h"

#include <stdlib.h>
#include <string.h>

/* Where the next bytes go. */
struct room {
    char *bytes;
};

static size_t
bytes_of(const struct feed_record *record)
{
    size_t bytes = record->key_length + record->value_length;

    for (size_t i = 0; i < record->header_count; i++)
        bytes += strlen(record->headers[i].name) + 1 + record->headers[i].length;
    return bytes;
}

static const char *
put(struct room *room, const char *bytes, size_t length)
{
    char *place = room->bytes;

    if (bytes == NULL)
        return NULL;
    memcpy(place, bytes, length);
    room->bytes += length;
    return place;
}

static struct kafka_header
copy_header(struct room *room, const struct kafka_header *from)
{
    return (struct kafka_header){
        .name = put(room, from->name, strlen(from->name) + 1),
        .value = put(room, from->value, from->length),
        .length = from->length,
    };
}

static void
copy_record(struct room *room, const struct feed_record *from, struct kafka_header *headers,
            struct feed_record *to)
{
    *to = *from;
    to->key = put(room, from->key, from->key_length);
    to->value = put(room, from->value, from->value_length);
    to->headers = headers;
    for (size_t i = 0; i < from->header_count; i++)
        headers[i] = copy_header(room, &from->headers[i]);
}

struct batch *
batch_copy(const struct feed_batch *from)
{
    size_t bytes = 0, header_count = 0;
    struct batch *batch;
    struct feed_record *records;
    struct kafka_header *headers;
    struct room room;

    for (size_t i = 0; i < from->count; i++) {
        bytes += bytes_of(&from->records[i]);
        header_count += from->records[i].header_count;
    }
    batch = malloc(sizeof(*batch) + from->count * sizeof(*records) +
                   header_count * sizeof(*headers) + bytes);
    if (batch == NULL)
        return NULL;
    records = (struct feed_record *)(void *)(batch + 1);
    headers = (struct kafka_header *)(void *)(records + from->count);
    room.bytes = (char *)(headers + header_count);
    for (size_t i = 0; i < from->count; i++) {
        copy_record(&room, &from->records[i], headers, &records[i]);
        headers += from->records[i].header_count;
    }
    batch->feed = (struct feed_batch){from->serial, records, from->count};
    return batch;
}

void
batch_free(struct batch *batch)
{
    free(batch);
}
