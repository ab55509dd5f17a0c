#ifndef FEED_H
#define FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call.h"
#include "event.h"
#include "guid.h"

/*
 * The producer's core: for each watched group, rounds of one Graph delta query, page by page; each page's membership changes become
 * events, and the page's link is saved with them (P1 for the producer: a saved link never passes a change that is not published). Like the
 * worker's core it is single-threaded, never waits, reads no clock but the one it is given, never logs and includes no library: the
 * producer runs it on librdkafka and curl, the simulation on a virtual clock and the double.
 */

struct clock;
struct error;
struct feed;
struct text;

enum feed_topic {
    FEED_MAIN,     /* <topic>: people who join or leave now */
    FEED_BACKFILL, /* <topic>.backfill: enumerations, which go behind them */
    FEED_STATE,    /* <topic>.state, compacted: key a group's id, value its saved state, JSON */
};

/* One record to write; all borrowed until feed_published. Keys of events: the user id in canonical text. */
struct feed_record {
    enum feed_topic topic;
    const char *key;
    size_t key_length;
    const char *value; /* NULL: a tombstone */
    size_t value_length;
    int64_t timestamp_ms;
    const struct kafka_header *headers;
    size_t header_count;
};

/*
 * What belongs together: a page's events and, last, the state that says so. All or nothing where the broker has transactions; else the
 * state is written only after all others were acknowledged.
 */
struct feed_batch {
    uint64_t serial;
    const struct feed_record *records;
    size_t count;
};

/* A saved state, as read from <topic>.state when leadership was won. */
struct feed_saved {
    const char *key;
    size_t key_length;
    const char *value;
    size_t value_length;
};

/* What the feed asks of the world. None may call back into the feed before it returns. */
struct feed_ports {
    void *context;
    /* As the engine's ports (engine.h): the answer comes by feed_answered. */
    bool (*send)(void *context, struct call *call, const char *token);
    void (*cancel)(void *context, struct call *call);
    /* One batch at a time is open; the answer comes by feed_published. False: not now, ask again later. */
    bool (*publish)(void *context, const struct feed_batch *batch);
};

/* Leadership was won: these are the saved states. -1: no memory. A state that cannot be read is reported, and its group begins anew. */
int feed_lead(struct feed *feed, const struct feed_saved *states, size_t count)
    __attribute__((warn_unused_result));
/* Leadership is lost: cancels all calls, publishes nothing more; the answer to an open batch changes nothing. */
void feed_yield(struct feed *feed);

void feed_answered(struct feed *feed, struct call *call);
/* ${error} NULL: all of the batch is there. */
void feed_published(struct feed *feed, uint64_t serial, const struct error *error);

void feed_run(struct feed *feed);                /* does what is due; once a turn */
int64_t feed_next_ms(const struct feed *feed);   /* monotonic, INT64_MAX: never */
bool feed_is_finished(const struct feed *feed);  /* --once: every group has ended its round */
void feed_status(const struct feed *feed, struct text *text); /* the JSON of /status */

void feed_destroy(struct feed *feed);

#endif
