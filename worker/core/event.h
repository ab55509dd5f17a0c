#ifndef EVENT_H
#define EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guid.h"

/*
 * One membership change, read from a record: plain JSON as event.schema.json (beside this file)
 * says. Of CloudEvents' ce_* headers in binary mode ce_time is honoured where the value has no
 * time, ce_specversion must be 1.0, and what tells events apart for people (ce_id, ce_source, like
 * the members id and source) changes nothing. Pure; hostile bytes are refused with a text that
 * says what and where.
 */

struct error;
struct json_parser;

#define EVENT_VERSION "1" /* of a header ${version}; a record without one is of this version */

/* Larger values are refused, deeper ones as well: make the parser with this depth. */
enum { EVENT_MAX_BYTES = 65536, EVENT_MAX_DEPTH = 16 };

/* Bytes of one Kafka message, borrowed. ${headers}: see kafka_header. */
struct kafka_header {
    const char *name;
    const char *value; /* NULL: null */
    size_t length;
};

struct message {
    int topic; /* index into the subscribed topics */
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms; /* -1: none */
    const char *key;      /* NULL: null */
    size_t key_length;
    const char *value; /* NULL: tombstone */
    size_t value_length;
    const struct kafka_header *headers;
    size_t header_count;
};

enum event_change { EVENT_ADDED, EVENT_REMOVED };

#define EVENT_NO_TIME INT64_MIN

struct event {
    struct guid group;
    struct guid user;
    enum event_change change;
    int64_t time_ms;  /* wall; EVENT_NO_TIME */
    bool is_not_user; /* the event itself says so: a member_type other than user */
};

/*
 * When what an event says came about: its own time, else its record's (-1: none), else
 * EVENT_NO_TIME.
 */
int64_t event_news_ms(int64_t event_ms, int64_t record_ms);

/*
 * Reads ${message} into ${ret_event}. ERROR_INPUT (a tombstone, no JSON, a missing or malformed
 * member, a version header that must not be ignored) or ERROR_MEMORY; ${ret_event} is untouched
 * then. ${parser} is the caller's, reused.
 */
int event_decode(struct json_parser *parser, const struct message *message, struct event *ret_event,
                 struct error *ret_error) __attribute__((warn_unused_result));

#endif
