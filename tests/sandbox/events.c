/*
 * Each record carries a pointer to its batch through the client; the batch counts what is still on its
 * way and answers when nothing is. The caller's JSON is read twice, so that a bad record at the end
 * is found before the first one is published.
 */
#include "events.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#include "broker.h"
#include "error.h"
#include "guid.h"
#include "json.h"
#include "json_writer.h"
#include "text.h"

/* Where records of a batch came to lie. */
struct place {
    char *topic;
    int32_t partition;
    int64_t count;
    int64_t first_offset;
    int64_t last_offset;
};

struct batch {
    events_done *done;
    void *arg;
    size_t outstanding; /* and one for events_publish itself */
    int64_t delivered;
    int64_t failed;
    const char *error; /* of the first one that failed; the client library's */
    struct place *places;
    size_t place_count;
};

/* One object of the request. */
struct record {
    const char *topic;
    const char *key;
    const char *text;
    int64_t partition;
    int64_t timestamp_ms;
    const struct json *value;
    const struct json *values;
    const struct json *headers;
};

#define RECORD(member) offsetof(struct record, member)

const struct field events_fields[] = {
    {"topic", FIELD_STRING, RECORD(topic), false, "(the main topic)"},
    {"value", FIELD_ANY, RECORD(value), false,
     "any JSON, as it is printed without spaces; null: no value"},
    {"values", FIELD_ARRAY, RECORD(values), false, "or many of them, a record each"},
    {"text", FIELD_STRING, RECORD(text), false, "or bytes as they are, for bad records"},
    {"key", FIELD_STRING, RECORD(key), false, "(the value's \"user\", where that is a GUID)"},
    {"partition", FIELD_INTEGER, RECORD(partition), false, "(by the key)"},
    {"headers", FIELD_OBJECT, RECORD(headers), false, "texts by name"},
    {"timestamp", FIELD_INSTANT, RECORD(timestamp_ms), false, "(now)"},
    FIELDS_END,
};

/* --- the batch -------------------------------------------------------------------------------- */

static struct place *
find_place(struct batch *batch, const char *topic, int32_t partition)
{
    struct place *places;

    for (size_t i = 0; i < batch->place_count; i++) {
        if (batch->places[i].partition == partition && strcmp(batch->places[i].topic, topic) == 0)
            return &batch->places[i];
    }
    places = realloc(batch->places, (batch->place_count + 1) * sizeof(places[0]));
    if (places == NULL)
        return NULL;
    batch->places = places;
    places += batch->place_count;
    *places = (struct place){strdup(topic), partition, 0, INT64_MAX, -1};
    if (places->topic == NULL)
        return NULL;
    batch->place_count++;
    return places;
}

static void
note_delivered(struct batch *batch, const rd_kafka_message_t *message)
{
    struct place *place = find_place(batch, rd_kafka_topic_name(message->rkt), message->partition);

    batch->delivered++;
    if (place == NULL)
        return;
    place->count++;
    if (message->offset < place->first_offset)
        place->first_offset = message->offset;
    if (message->offset > place->last_offset)
        place->last_offset = message->offset;
}

static void
note_failed(struct batch *batch, rd_kafka_resp_err_t code)
{
    if (batch->failed++ == 0)
        batch->error = rd_kafka_err2name(code);
}

static void
write_place(struct json_writer *writer, const struct place *place)
{
    json_write_object(writer, NULL);
    json_write_string(writer, "topic", place->topic);
    json_write_integer(writer, "partition", place->partition);
    json_write_integer(writer, "count", place->count);
    json_write_integer(writer, "first", place->first_offset);
    json_write_integer(writer, "last", place->last_offset);
    json_write_object_end(writer);
}

static void
write_result(const struct batch *batch, struct text *text)
{
    struct json_writer writer;

    json_writer_init(&writer, text);
    json_write_object(&writer, NULL);
    json_write_integer(&writer, "delivered", batch->delivered);
    json_write_integer(&writer, "failed", batch->failed);
    json_write_string(&writer, "error", batch->error);
    json_write_array(&writer, "partitions");
    for (size_t i = 0; i < batch->place_count; i++)
        write_place(&writer, &batch->places[i]);
    json_write_array_end(&writer);
    json_write_object_end(&writer);
}

/* One record, or the publisher, is through with ${batch}; the last one answers and ends it. */
static void
release(struct batch *batch)
{
    struct text text = TEXT_EMPTY;

    if (--batch->outstanding > 0)
        return;
    write_result(batch, &text);
    batch->done(batch->arg, &text);
    for (size_t i = 0; i < batch->place_count; i++)
        free(batch->places[i].topic);
    free(batch->places);
    free(batch);
}

void
events_delivered(struct rd_kafka_s *handle, const struct rd_kafka_message_s *message, void *opaque)
{
    struct batch *batch = message->_private;

    (void)handle;
    (void)opaque;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
        note_delivered(batch, message);
    else
        note_failed(batch, message->err);
    release(batch);
}

/* --- reading ---------------------------------------------------------------------------------- */

static int
check_headers(const struct json *headers, struct error *ret_error)
{
    struct json_member member = {0};

    while (json_next(headers, &member)) {
        if (json_string(member.value, NULL) == NULL)
            return error_set(ret_error, ERROR_INPUT, "header \"%s\" must be a string", member.key);
    }
    return 0;
}

static int
read_record(const struct json *object, struct record *record, struct error *ret_error)
{
    int values;

    *record = (struct record){.partition = RD_KAFKA_PARTITION_UA};
    if (fields_read(events_fields, object, record, ret_error) != 0)
        return -1;
    values = (record->value != NULL) + (record->values != NULL) + (record->text != NULL);
    if (values != 1)
        return error_set(ret_error, ERROR_INPUT,
                         "one of \"value\", \"values\" and \"text\" is wanted");
    if (record->partition < RD_KAFKA_PARTITION_UA || record->partition > INT32_MAX)
        return error_set(ret_error, ERROR_INPUT, "\"partition\" must not be negative");
    return check_headers(record->headers, ret_error);
}

/* The ${index}-th object of ${body}, which is an array or the only one; NULL: no more. */
static const struct json *
object_at(const struct json *body, size_t index)
{
    if (json_type(body) == JSON_ARRAY)
        return json_at(body, index);
    return index == 0 ? body : NULL;
}

static int
check_all(const struct json *body, struct error *ret_error)
{
    const struct json *object;
    struct record record;

    if (body == NULL)
        return error_set(ret_error, ERROR_INPUT, "no records");
    for (size_t i = 0; (object = object_at(body, i)) != NULL; i++) {
        if (read_record(object, &record, ret_error) != 0)
            return error_prefix(ret_error, "events[%zu]", i);
    }
    return 0;
}

/* --- publishing ------------------------------------------------------------------------------- */

/* The key of ${record} with ${value}: its own, else the user's id in canonical text, else NULL. */
static const char *
choose_key(const struct record *record, const struct json *value, char text[GUID_TEXT_BYTES])
{
    struct guid user;
    size_t length;
    const char *id = json_string(json_get(value, "user"), &length);

    if (record->key != NULL)
        return record->key;
    if (id == NULL || !guid_parse(id, length, &user))
        return NULL;
    return guid_format(&user, text);
}

static rd_kafka_headers_t *
make_headers(const struct json *headers)
{
    rd_kafka_headers_t *made = rd_kafka_headers_new(4);
    struct json_member member = {0};

    while (json_next(headers, &member)) {
        size_t length;
        const char *value = json_string(member.value, &length);

        (void)rd_kafka_header_add(made, member.key, -1, value, (ssize_t)length);
    }
    return made;
}

/* Hands over one record: ${bytes} (NULL data: no value) with ${key} (may be NULL). */
static void
produce(struct broker *broker, struct batch *batch, const struct record *record, const char *key,
        const struct text *bytes)
{
    rd_kafka_headers_t *headers = make_headers(record->headers);
    const rd_kafka_vu_t parts[] = {
        {.vtype = RD_KAFKA_VTYPE_TOPIC,
         .u.cstr = record->topic == NULL ? broker_topic(broker) : record->topic},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = (int32_t)record->partition},
        {.vtype = RD_KAFKA_VTYPE_KEY,
         .u.mem = {(void *)(uintptr_t)key, key == NULL ? 0 : strlen(key)}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {bytes->data, bytes->length}},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = record->timestamp_ms},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = batch},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
    };
    rd_kafka_error_t *error =
        rd_kafka_produceva(broker_handle(broker), parts, sizeof(parts) / sizeof(parts[0]));

    batch->outstanding++;
    if (error == NULL)
        return;
    note_failed(batch, rd_kafka_error_code(error));
    release(batch);
    rd_kafka_error_destroy(error);
    rd_kafka_headers_destroy(headers);
}

static void
produce_value(struct broker *broker, struct batch *batch, const struct record *record,
              const struct json *value)
{
    struct text bytes = TEXT_EMPTY;
    char user[GUID_TEXT_BYTES];

    if (json_type(value) != JSON_NULL)
        json_print(value, &bytes);
    produce(broker, batch, record, choose_key(record, value, user), &bytes);
    text_free(&bytes);
}

static void
produce_text(struct broker *broker, struct batch *batch, const struct record *record)
{
    struct text bytes = TEXT_EMPTY;

    text_add(&bytes, record->text);
    produce(broker, batch, record, record->key, &bytes);
    text_free(&bytes);
}

static void
produce_record(struct broker *broker, struct batch *batch, const struct record *record)
{
    size_t length = json_length(record->values);

    for (size_t i = 0; i < length; i++)
        produce_value(broker, batch, record, json_at(record->values, i));
    if (record->value != NULL)
        produce_value(broker, batch, record, record->value);
    if (record->text != NULL)
        produce_text(broker, batch, record);
}

int
events_publish(struct broker *broker, const struct json *body, events_done *done, void *arg,
               struct error *ret_error)
{
    struct batch *batch;
    struct record record;
    const struct json *object;

    if (check_all(body, ret_error) != 0)
        return -1;
    batch = calloc(1, sizeof(*batch));
    if (batch == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for records");
    batch->done = done;
    batch->arg = arg;
    batch->outstanding = 1;
    for (size_t i = 0; (object = object_at(body, i)) != NULL; i++) {
        if (read_record(object, &record, NULL) == 0)
            produce_record(broker, batch, &record);
    }
    release(batch);
    return 0;
}
