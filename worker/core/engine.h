#ifndef ENGINE_H
#define ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call.h"
#include "event.h"
#include "offsets.h"
#include "routing.h"
#include "tier.h"

/*
 * The whole core behind one door: records go in, calls to services, kept records and commits go out through the ports, and
 * what happened is told to the observer. Single-threaded; it never waits, never reads a clock, never logs, and includes no
 * library. The worker runs it on librdkafka and curl, the simulation on a virtual clock and the double.
 */

struct engine;
struct clock;
struct error;
struct text;

/* Why a delivery ended as it did (P8). */
enum outcome {
    OUTCOME_DONE,       /* confirmed by Dataverse */
    OUTCOME_SKIPPED,    /* by policy: none of our business */
    OUTCOME_PARKED,     /* on a retry topic */
    OUTCOME_DEAD,       /* on the dead-letter topic */
    OUTCOME_SUPERSEDED, /* by a kept record of the same user, group and environment */
    OUTCOMES,
};

const char *outcome_name(enum outcome outcome);

/* One settled delivery: a record's share in one environment (or none, when it was skipped before routing). */
struct settlement {
    const struct environment *environment; /* NULL: none */
    int topic;
    int32_t partition;
    int64_t offset;
    struct guid user; /* zero: could not be read */
    struct guid group;
    enum outcome outcome;
    const char *
        reason; /* a constant from a bounded list: "confirmed", "remembered", "removal", "unrouted", "not_a_member", "no_licence" … */
    const char *detail;     /* for people; may be "" */
    const char *request_id; /* of the last remote request that counted; "" */
    int attempts;
    int tier;         /* where a parked one went; else TO_DEAD_LETTERS */
    int64_t event_ms; /* for want of the event's own time the record's; EVENT_NO_TIME */
};

/* One user was settled by a run: what the run changed. One per run, before its settlements. */
struct run_report {
    const struct environment *environment;
    struct guid user;
    struct guid row;
    const char *outcome;
    /* "businessunit,new_costcentre,role:<guid>"; "" nothing; values only with tells_values: "new_costcentre=CC 1" */
    const char *changes;
    const char *request_id;
    int calls;
    int attempts;
    int64_t took_ms;
};

/* The event that a user's trouble is about: the newest of those that wait for the user. */
struct event_place {
    struct guid group;
    int topic;
    int32_t partition;
    int64_t offset;
};

/* A step that did not give what was asked, of one user or of all who share a call. */
struct call_report {
    const char *step; /* the call's kind, or "plan" */
    const struct environment *environment;
    const struct identity *identity;
    enum verdict verdict;
    const char *reason;
    const struct error *error;
    const struct guid *user;         /* NULL: many, or none */
    const struct event_place *event; /* NULL likewise */
    int attempt;
    int64_t next_in_ms; /* when it is tried again; -1: not by itself */
    const char *next;   /* "retry" "hold" "dead letter" … */
};

/* What ${call} says of itself; the rest is the reporter's. */
struct call_report call_report_of(const struct call *call);

/*
 * A record that is to be kept on a retry topic or the dead-letter topic. Bytes are borrowed until the answer; ${headers} holds the
 * original ones, then ours. It is stamped with the present time.
 */
struct kept_record {
    int tier;          /* index of the retry topic, TO_DEAD_LETTERS */
    int32_t partition; /* the origin's partition number */
    const char *key;
    size_t key_length;
    const char *value;
    size_t value_length;
    const struct kafka_header *headers;
    size_t header_count;
    uint64_t serial;
};

/* What the core asks of the world. None may call back into the engine before it returns. */
struct ports {
    void *context;
    /* Starts ${call} with ${token} (NULL for CALL_TOKEN). The answer comes by engine_answered, never at once. False: it could not be started
     * (treated as VERDICT_RETRY, but where verdict, reason and error of a CALL_TOKEN say that it is misconfigured: no secret). The scarce path. */
    bool (*send)(void *context, struct call *call, const char *token);
    void (*cancel)(void *context, struct call *call); /* no answer comes after it */
    bool (*keep)(void *context,
                 const struct kept_record *record); /* answer by engine_kept; false: try later */
    offsets_commit_fn *commit;
    /* the observer */
    void (*settled)(void *context, const struct settlement *settlement);
    void (*ran)(void *context, const struct run_report *report);
    void (*failed)(void *context, const struct call_report *report);
    void (*answered)(void *context, const struct call *call,
                     int64_t took_ms); /* every answer: metrics */
};

/* Names of settings as in the configuration; milliseconds unless said. */
struct engine_settings {
    int64_t linger_ms;          /* how long a batch that is not full waits for more; 5 */
    int64_t look_ids;           /* ids a LOOK at most; 250 */
    int64_t confirm_tick_ms;    /* 5000 */
    int64_t sources_max_age_ms; /* 180 000 */
    int64_t deadline_ms;        /* a job's; 600 000 */
    int64_t backoff_base_ms;    /* 1000 */
    int64_t backoff_cap_ms;     /* 60 000 */
    int64_t trust_ms;           /* membership.trust_for; TRUST_ALWAYS, TRUST_NEVER */
    int64_t memory_keep_ms;     /* 300 000; 0: no memory */
    int64_t memory_margin_ms;   /* 60 000 */
    int64_t memory_entries;     /* bound of the memory */
    int64_t refused_pause_ms;   /* before a refused user is asked for again; 15 000 */
    int64_t probe_ms;           /* a misconfigured environment is tried again; 30 000 */
    int64_t max_events;         /* unsettled at most, then intake is held */
    int64_t max_bytes;          /* of events and jobs */
    bool has_dead_letters;      /* false: hold */
    const struct tier *tiers;   /* the retry topics */
    size_t tier_count;
    int64_t
        grace_ms; /* so long a misconfigured environment holds its events, then they are parked; 120 000 */
    bool tells_values; /* reports name what was written: personal data */
    char *group_id;    /* for kept records' headers */
    /* lanes */
    int64_t dataverse_concurrency;  /* 52 */
    int64_t dataverse_calls;        /* 6000 in dataverse_span_ms; 0: no limit */
    int64_t dataverse_execution_ms; /* of execution in dataverse_span_ms; 1 200 000; 0: no limit */
    int64_t dataverse_span_ms;      /* 300 000 */
    int64_t graph_concurrency;
    int64_t graph_units; /* resource units in graph_span_ms */
    int64_t graph_span_ms;
    int64_t bap_concurrency;
    int64_t bap_calls; /* 100 in bap_span_ms */
    int64_t bap_span_ms;
    double share; /* a fixed share of all limits; 0: by assigned partitions */
    struct offsets_settings offsets;
};

#define TRUST_ALWAYS INT64_MAX
#define TRUST_NEVER INT64_C(-1)
#define TRUST_DEFAULT INT64_C(900000) /* 15 minutes */

/*
 * ${topics}: names of the subscribed topics, by index; the first is the main one, the last are the retry topics, one a tier. All borrowed for
 * the engine's life.
 */
struct engine_setup {
    const struct engine_settings *settings;
    const struct routing *routing;
    const char *const *topics;
    size_t topic_count;
    const struct clock *clock;
    const char *bap_scope; /* "https://service.powerapps.com/.default" */
    const char *graph_scope;
    struct ports ports;
    uint64_t seed;
};

struct engine *engine_create(const struct engine_setup *setup, struct error *ret_error);
void engine_destroy(struct engine *engine); /* cancels what is in flight; settles nothing */

/* --- Kafka's side -------------------------------------------------------------------------------------- */

/* A partition is ours, from ${offset} on; ${committed} -1: the group had none. -1: no memory. */
int engine_assign(struct engine *engine, int topic, int32_t partition, int64_t offset,
                  int64_t committed) __attribute__((warn_unused_result));
/* How many partitions the main topic has in all: the share of the published limits is assigned / all. */
void engine_partitions_of_main(struct engine *engine, int32_t count);
/* All of these are gone. ${is_lost}: nothing may be committed any more. Else a last commit leaves before it returns. */
void engine_revoke_all(struct engine *engine, bool is_lost);

/*
 * True while another record of ${topic} may be handed over: within max_events and max_bytes, and not stopping. Of these limits topics besides the
 * main one leave a part to it; engine_has_room speaks of that.
 */
bool engine_has_room_for(const struct engine *engine, int topic);
bool engine_has_room(const struct engine *engine);

/* Takes one record; what it needs of ${message} is copied. ${low}: the cached low watermark, -1 unknown. False: no memory (the caller hands the same record
 * over again later; nothing was taken). */
bool engine_take(struct engine *engine, const struct message *message, int64_t low);
void engine_end(struct engine *engine, int topic, int32_t partition, int64_t offset,
                int64_t low); /* EOF */
void engine_high(struct engine *engine, int topic, int32_t partition, int64_t high);
void engine_committed(struct engine *engine, uint64_t serial, bool is_ok);
void engine_kept(struct engine *engine, uint64_t serial,
                 const struct error *error); /* NULL: the delivery report was fine */

/* --- the services' side -------------------------------------------------------------------------------- */

/* ${call}'s results are in it. */
void engine_answered(struct engine *engine, struct call *call);

/* --- time ---------------------------------------------------------------------------------------------- */

/* Does what is due: timers, lanes, batches. Once a turn, after all the above. */
void engine_run(struct engine *engine);
/* When engine_run has something to do by itself; monotonic, INT64_MAX: never. */
int64_t engine_next_ms(const struct engine *engine);

/*
 * Stops intake. Jobs that only wait are given up, now and whenever they begin to; those that have not sent a write, when ${drain_ms} have
 * passed; a write that has left is waited for as long as the engine runs.
 */
void engine_stop(struct engine *engine, int64_t drain_ms);
bool engine_is_drained(
    const struct engine *engine); /* nothing runs; what has settled may still be to commit */

/* --- for probes, metrics and people -------------------------------------------------------------------- */

bool
engine_is_ready(const struct engine *engine); /* at least one environment is not misconfigured */
const struct offsets *engine_offsets(const struct engine *engine);
void engine_status(const struct engine *engine, struct text *text); /* the JSON of /status */

/* Gauges, by callback: name as in DESIGN.md without "dvsync_". */
typedef void engine_gauge_fn(void *context, const char *name, const char *label, double value);
/* When the oldest unsettled event of a partition was written, seconds since 1970; 0: nothing is unsettled. O(unsettled events): for scrapes. */
double engine_oldest_unsettled_s(const struct engine *engine, const struct partition_state *state);
void engine_gauges(const struct engine *engine, engine_gauge_fn *gauge, void *context);

#endif
