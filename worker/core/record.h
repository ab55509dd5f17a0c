#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"
#include "window.h"

/*
 * A record that was taken in, and its tickets: one for each environment that its group is routed to. It settles in its window when
 * all of them have (P1).
 *
 * The record's bytes are needed only if it must be kept (dead letter), and of many waiting tickets of one user and group only the newest
 * one's are: so bytes live apart, in a payload that tickets share and give up early. A ticket is 40 bytes, a record 48.
 */

struct record;

/* The bytes of a message and where it came from; counted, since several tickets may hold it. */
struct payload {
    size_t holders;
    size_t size;     /* of the whole allocation */
    size_t *account; /* where its size is counted while it lives */
    int topic;
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms;
    bool has_key, has_value;
    size_t key_length;
    size_t value_length;
    size_t header_count;
    /* bytes: key, value, then for each header: struct packed_header, name with NUL, value */
    char bytes[];
};

struct ticket {
    struct ticket *next; /* in its job's list */
    struct record *record;
    struct payload *payload; /* NULL: a newer ticket of the same user and group has its bytes */
    int64_t
        removed_ms; /* a removal of this user and group arrived with this event time; EVENT_NO_TIME: none */
    int32_t route;
    bool is_doubted; /* membership must be checked: the event is old, or a removal arrived */
};

struct record {
    struct window *window; /* held */
    window_serial serial;
    int64_t event_ms;  /* EVENT_NO_TIME */
    int64_t record_ms; /* -1: none */
    int32_t open;      /* tickets that are not settled */
    int32_t ticket_count;
    bool is_given_up; /* one of its tickets was dropped: it never settles in this window */
    struct ticket tickets[];
};

/* Copies all bytes of ${message} and adds its size to *${account} for as long as it lives. Held once. NULL: no memory. */
struct payload *payload_create(const struct message *message, size_t *account);
void payload_hold(struct payload *payload);
void payload_release(struct payload *payload); /* NULL is allowed */

const char *payload_key(const struct payload *payload);   /* NULL: null */
const char *payload_value(const struct payload *payload); /* NULL: null */
/* Fills ${headers} (room for header_count), borrowed from the payload. */
void payload_headers(const struct payload *payload, struct kafka_header *headers);

/* A record with room for ${ticket_count} tickets, not yet taken in. NULL: no memory. */
struct record *record_create(int32_t ticket_count);
/* It was taken in: holds ${window} from now on. */
void record_bind(struct record *record, struct window *window, window_serial serial);
size_t record_size(const struct record *record);
void record_destroy(
    struct record *record); /* releases its window; tickets' payloads are their jobs' business */

/* The later of event and record time, which is what the memory's margin is held against. */
int64_t record_latest_ms(const struct record *record);

/* When what it says came about: see event_news_ms. */
int64_t record_news_ms(const struct record *record);

/* True when the partition it came from has been revoked since: it settles nothing (P5). */
bool record_is_stale(const struct record *record);

#endif
