#ifndef FEED_H
#define FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call.h"
#include "event.h"
#include "guid.h"
#include "routing.h"

/*
 * The producer's core: for each watched group, rounds of one Graph delta query, page by page; each
 * page's membership changes become events, and the page's link is saved with them, so that a saved
 * link never passes a change that is not published (P1 for the producer). Like the worker's core
 * it is single-threaded, never waits, reads no clock but the one it is given, never logs and
 * includes no library: the producer runs it on librdkafka and curl, the tests on a virtual clock.
 *
 * It begins with feed_lead and ends with feed_yield, any number of times: who leads is somebody
 * else's business. Between the two it owns the saved states of its groups.
 */

struct call_report;
struct clock;
struct error;
struct feed;
struct text;

/* --- what it is made of ----------------------------------------------------------------------- */

/* What becomes of the members a group has when it is watched for the first time. */
enum feed_initial {
    FEED_INITIAL_ALL,    /* each is an event, on the backfill topic */
    FEED_INITIAL_LATEST, /* none: only changes from now on */
};

/*
 * ONCE: one round a group, and a reconciliation where one is due. BACKFILL: all present members
 * once, to the backfill topic; no delta query, and no state is read or written, so that it may run
 * beside a leader.
 */
enum feed_mode { FEED_MODE_WATCH, FEED_MODE_ONCE, FEED_MODE_BACKFILL };

/* A watched group. */
struct feed_group {
    struct guid id;
    enum feed_initial initial;
};

/* Names of settings as in the configuration; milliseconds unless said. */
struct feed_settings {
    int64_t poll_ms;              /* from a round's end to the next one's begin, ±10 %; 30 000 */
    int64_t max_events_per_round; /* 0: no guard */
    int64_t reconcile_ms;         /* between enumerations of all members; 0: none */
    bool is_transitive;           /* enumerations include members of nested groups */
    /* After a resync, who was missing has left; and for so long a list of members does not bring
     * back who has. 900 000; -1: never, and members are not kept on the state topic. */
    int64_t conclude_after_ms;
    int64_t attempts;        /* ONCE, BACKFILL: failures in a row, then given up; 8 */
    int64_t backoff_base_ms; /* 1000 */
    int64_t backoff_cap_ms;  /* 60 000 */
    int64_t probe_ms;        /* between attempts while misconfigured; 30 000 */
    int64_t graph_concurrency;
    int64_t graph_units; /* resource units in graph_span_ms; 0: no limit */
    int64_t graph_span_ms;
};

/* --- what it says ----------------------------------------------------------------------------- */

/* Why an event was published; its mark ("change", "initial" …) is in the event. */
enum feed_origin {
    FEED_ORIGIN_CHANGE,    /* the delta query reported it */
    FEED_ORIGIN_INITIAL,   /* present when the group was watched for the first time */
    FEED_ORIGIN_RESYNC,    /* present, or missing, in a full enumeration after a link had become
                              worthless */
    FEED_ORIGIN_RECONCILE, /* present at a reconciliation */
    FEED_ORIGIN_BACKFILL,  /* present in a run of FEED_MODE_BACKFILL */
    FEED_ORIGINS,
};

const char *feed_origin_name(enum feed_origin origin);

enum feed_news {
    FEED_NEWS_PAGE,   /* a page's events are published, its link is saved */
    FEED_NEWS_ROUND,  /* a round or an enumeration reached its last page; counts are the whole's */
    FEED_NEWS_FAILED, /* a page could not be had, or a batch not be published */
    FEED_NEWS_RESYNC, /* the link is worth nothing any more: a full enumeration begins */
    FEED_NEWS_GONE,   /* the group was deleted, or there is none; told once, and it is asked on */
    FEED_NEWS_BACK,   /* it is there again */
    FEED_NEWS_HELD,   /* the guard stopped the group: feed_release lets it go on */
    FEED_NEWS_RELEASED, /* it was let go */
    FEED_NEWS_STATE,    /* the saved state could not be used: the group begins anew, as a resync */
    FEED_NEWS_KINDS,
};

const char *feed_news_name(enum feed_news news); /* "page" "round" … */

/* Borrowed while it is told. */
struct feed_report {
    enum feed_news news;
    struct guid group;
    enum feed_origin origin;
    int64_t added, removed; /* PAGE, ROUND: published; HELD: how many are waiting */
    int64_t others;         /* PAGE, ROUND: members that are no users */
    int64_t pages;          /* of the round so far */
    int64_t took_ms;        /* ROUND */
    int attempt;            /* FAILED: in a row, from 1 */
    int64_t next_in_ms;     /* when it goes on by itself; -1: not */
    const char *reason;     /* a constant out of a bounded list, for metrics; "" */
    const char *detail;     /* for people; "" */
    const char *request_id; /* of the remote request; "" */
};

/* --- what it asks of the world ---------------------------------------------------------------- */

enum feed_topic {
    FEED_MAIN,     /* <topic>: people who join or leave now */
    FEED_BACKFILL, /* <topic>.backfill: enumerations, which go behind them */
    FEED_STATE,    /* <topic>.state, compacted; keys "<group>" or "<group>/<user>", values JSON */
};

/* One record to write. Keys of events: the user id in canonical text. */
struct feed_record {
    enum feed_topic topic;
    const char *key;
    size_t key_length;
    const char *value; /* JSON; NULL: a tombstone */
    size_t value_length;
    int64_t timestamp_ms;
    const struct kafka_header *headers; /* none for states */
    size_t header_count;
};

/*
 * What belongs together: a page's events and, last, the states that say so. All or nothing where
 * the broker has transactions; else the states are written only after all events were acknowledged.
 * Borrowed until feed_published or feed_yield.
 */
struct feed_batch {
    uint64_t serial;
    const struct feed_record *records;
    size_t count;
};

/* A saved state as read from <topic>.state, the last of its key, tombstones left out. */
struct feed_saved {
    const char *key;
    size_t key_length;
    const char *value;
    size_t value_length;
};

/* None may call back into the feed before it returns. */
struct feed_ports {
    void *context;
    /* As the engine's ports (engine.h): the answer comes by feed_answered. */
    bool (*send)(void *context, struct call *call, const char *token);
    void (*cancel)(void *context, struct call *call);
    /* At most one batch is open; the answer comes by feed_published. False: not now, the feed asks
     * again after a back-off. */
    bool (*publish)(void *context, const struct feed_batch *batch);
    /* the observer */
    void (*told)(void *context, const struct feed_report *report);
    void (*failed)(void *context, const struct call_report *report); /* a lane's or a token's */
    void (*answered)(void *context, const struct call *call, int64_t took_ms); /* every answer */
};

/* All borrowed for the feed's life. */
struct feed_setup {
    const struct feed_settings *settings;
    enum feed_mode mode;
    const struct feed_group *groups; /* no id twice */
    size_t group_count;
    const struct routing *routing; /* of which only the identities count */
    size_t identity;               /* whose: an index into these */
    const char *graph_url;         /* "https://graph.microsoft.com" */
    const char *graph_scope;       /* "https://graph.microsoft.com/.default" */
    const char *source;            /* CloudEvents' source, a URI reference */
    const struct clock *clock;
    struct feed_ports ports;
    uint64_t seed;
};

/* --- its life --------------------------------------------------------------------------------- */

/* ERROR_CONFIG: no such identity, or a group twice; ERROR_MEMORY. */
struct feed *feed_create(const struct feed_setup *setup, struct error *ret_error);
void feed_destroy(struct feed *feed); /* as feed_yield, then the end; NULL is allowed */

/*
 * Leadership was won: begins with these saved states; those of other groups are left alone. A
 * state that cannot be used is reported, and its group begins anew. -1: no memory; the feed does
 * not lead then.
 */
int feed_lead(struct feed *feed, const struct feed_saved *states, size_t count)
    __attribute__((warn_unused_result));

/* Leadership is lost: cancels all calls, publishes nothing more; no answer to an open batch
 * may come after it. Harmless when it does not lead. */
void feed_yield(struct feed *feed);

/* ${call}'s results are in it. */
void feed_answered(struct feed *feed, struct call *call);

/* ${error} NULL: all of the batch is there. Else perhaps some of it, or none; the same records are
 * handed over again after a back-off. */
void feed_published(struct feed *feed, uint64_t serial, const struct error *error);

void feed_run(struct feed *feed); /* does what is due; once a turn, after all the above */
int64_t feed_next_ms(const struct feed *feed); /* monotonic, INT64_MAX: never */

/* An operator lets ${group} (NULL: all) pass its guard until its round ends. How many were held. */
size_t feed_release(struct feed *feed, const struct guid *group);

/* --- for programs, probes and people ---------------------------------------------------------- */

/* What has become of the groups; each counts once. */
struct feed_tally {
    size_t at_work; /* ONCE, BACKFILL: 0 once it is finished */
    size_t done;    /* its last round reached its end */
    size_t held;    /* by the guard */
    size_t gone;    /* the group is no more */
    size_t failed;  /* the last attempt failed; ONCE, BACKFILL: it was given up */
};

struct feed_tally feed_tally(const struct feed *feed);

/* ONCE, BACKFILL: nothing is left to do, and no batch is open. */
bool feed_is_finished(const struct feed *feed);

void feed_status(const struct feed *feed, struct text *text); /* the JSON of /status */

/*
 * Gauges, by callback, names without "dvsync_": delta_last_success_timestamp_seconds{group},
 * delta_held{group}; of its lane as the engine's: lane_in_flight, lane_waiting,
 * lane_budget_used_ratio, lane_not_before_timestamp_seconds, by its name.
 */
typedef void feed_gauge_fn(void *context, const char *name, const char *label, double value);
void feed_gauges(const struct feed *feed, feed_gauge_fn *gauge, void *context);

#endif
