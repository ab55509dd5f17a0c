/*
 * A payload is one allocation: the struct, then key, value, and the headers one after the other.
 */
#include "record.h"

#include <stdlib.h>
#include <string.h>

struct packed_header {
    size_t name_length;
    size_t length;
    bool is_null;
};

static size_t
packed_size(const struct kafka_header *header)
{
    return sizeof(struct packed_header) + strlen(header->name) + 1 + header->length;
}

static char *
put(char *at, const void *bytes, size_t length)
{
    if (length > 0)
        memcpy(at, bytes, length);
    return at + length;
}

static char *
put_header(char *at, const struct kafka_header *header)
{
    struct packed_header packed = {strlen(header->name), header->length, header->value == NULL};

    at = put(at, &packed, sizeof(packed));
    at = put(at, header->name, packed.name_length + 1);
    return put(at, header->value, header->length);
}

struct payload *
payload_create(const struct message *message, size_t *account)
{
    size_t size = sizeof(struct payload) + message->key_length + message->value_length;
    struct payload *payload;
    char *at;

    for (size_t i = 0; i < message->header_count; i++)
        size += packed_size(&message->headers[i]);
    payload = malloc(size);
    if (payload == NULL)
        return NULL;
    *payload = (struct payload){
        .holders = 1,
        .size = size,
        .account = account,
        .topic = message->topic,
        .partition = message->partition,
        .offset = message->offset,
        .timestamp_ms = message->timestamp_ms,
        .has_key = message->key != NULL,
        .has_value = message->value != NULL,
        .key_length = message->key_length,
        .value_length = message->value_length,
        .header_count = message->header_count,
    };
    *account += size;
    at = put(payload->bytes, message->key, message->key_length);
    at = put(at, message->value, message->value_length);
    for (size_t i = 0; i < message->header_count; i++)
        at = put_header(at, &message->headers[i]);
    return payload;
}

void
payload_hold(struct payload *payload)
{
    payload->holders++;
}

void
payload_release(struct payload *payload)
{
    if (payload == NULL || --payload->holders > 0)
        return;
    *payload->account -= payload->size;
    free(payload);
}

const char *
payload_key(const struct payload *payload)
{
    return payload->has_key ? payload->bytes : NULL;
}

const char *
payload_value(const struct payload *payload)
{
    return payload->has_value ? payload->bytes + payload->key_length : NULL;
}

void
payload_headers(const struct payload *payload, struct kafka_header *headers)
{
    const char *at = payload->bytes + payload->key_length + payload->value_length;

    for (size_t i = 0; i < payload->header_count; i++) {
        struct packed_header packed;
        const char *name = at + sizeof(packed);
        const char *value;

        memcpy(&packed, at, sizeof(packed));
        value = name + packed.name_length + 1;
        headers[i] = (struct kafka_header){name, packed.is_null ? NULL : value, packed.length};
        at = value + packed.length;
    }
}

struct record *
record_create(int32_t ticket_count)
{
    struct record *record =
        calloc(1, sizeof(*record) + (size_t)ticket_count * sizeof(record->tickets[0]));

    if (record == NULL)
        return NULL;
    record->open = record->ticket_count = ticket_count;
    for (int32_t i = 0; i < ticket_count; i++)
        record->tickets[i] = (struct ticket){.record = record, .removed_ms = EVENT_NO_TIME};
    return record;
}

void
record_bind(struct record *record, struct window *window, window_serial serial)
{
    record->window = window;
    record->serial = serial;
    window_hold(window);
}

size_t
record_size(const struct record *record)
{
    return sizeof(*record) + (size_t)record->ticket_count * sizeof(record->tickets[0]);
}

void
record_destroy(struct record *record)
{
    window_release(record->window); /* NULL where it was never bound */
    free(record);
}

int64_t
record_latest_ms(const struct record *record)
{
    return record->event_ms > record->record_ms ? record->event_ms : record->record_ms;
}

int64_t
record_news_ms(const struct record *record)
{
    return event_news_ms(record->event_ms, record->record_ms);
}

bool
record_is_stale(const struct record *record)
{
    return window_is_closed(record->window);
}
