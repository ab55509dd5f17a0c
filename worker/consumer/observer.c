/*
 * A replay settles hundreds of thousands of events a second, hence the small cache of series:
 * reasons are constants, so the pointer is the key.
 */
#include "observer.h"

#include <stdlib.h>

#include "call_metrics.h"
#include "clock.h"
#include "engine.h"
#include "error.h"
#include "log.h"
#include "metrics.h"
#include "settings.h"

enum { CACHE_ENTRIES = 256 };

enum family {
    FAMILY_EVENTS,
    FAMILY_READY,
    FAMILY_KEPT,
    FAMILIES,
};

static const double ready_bounds[] = {0.1, 0.5,  1,    2.5,  5,     10,    30,    60,     120, 300,
                                      600, 1800, 3600, 7200, 14400, 43200, 86400, 604800, 0};

static const struct {
    enum metric_type type;
    const char *name;
    const char *help;
    const char *labels[METRICS_MAX_LABELS + 1];
    const double *bounds;
} families[FAMILIES] = {
    [FAMILY_EVENTS] = {METRIC_COUNTER,
                       "dvsync_events_total",
                       "Settled deliveries, one for each environment of an event",
                       {"topic", "outcome", "reason"},
                       NULL},
    [FAMILY_READY] =
        {METRIC_HISTOGRAM,
         "dvsync_event_ready_seconds",
         "From the event's own time (else its record's) until its user was confirmed to be ready",
         {"environment"},
         ready_bounds},
    [FAMILY_KEPT] = {METRIC_COUNTER,
                     "dvsync_kept_records_total",
                     "Deliveries that ended on another topic",
                     {"topic", "reason"},
                     NULL},
};

struct settled_series {
    int topic;
    enum outcome outcome;
    const char *reason;
    struct metric *metric; /* NULL: a free entry */
};

struct observer {
    const struct observer_topics *topics;
    const struct clock *clock;
    struct log *log;
    struct metric_family *families[FAMILIES];
    struct call_metrics *calls;
    struct metric **ready; /* by the environment's index */
    struct settled_series cache[CACHE_ENTRIES];
    uint64_t lost; /* offsets, as far as it was said */
};

static int
declare(struct observer *observer, struct metrics *metrics)
{
    for (int i = 0; i < FAMILIES; i++) {
        observer->families[i] =
            metrics_family(metrics, families[i].type, families[i].name, families[i].help,
                           families[i].labels, families[i].bounds);
        if (observer->families[i] == NULL)
            return -1;
    }
    observer->calls = call_metrics_create(metrics);
    return observer->calls == NULL ? -1 : 0;
}

static int
find_ready_series(struct observer *observer, const struct routing *routing)
{
    size_t count = routing->environment_count;

    observer->ready = calloc(count > 0 ? count : 1, sizeof(struct metric *));
    if (observer->ready == NULL)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const char *const values[] = {routing->environments[i].name};

        observer->ready[i] = metric_series(observer->families[FAMILY_READY], values);
    }
    return 0;
}

struct observer *
observer_create(const struct settings *settings, const struct observer_topics *topics,
                const struct clock *clock, struct log *log, struct metrics *metrics,
                struct error *ret_error)
{
    struct observer *observer = calloc(1, sizeof(*observer));

    if (observer != NULL) {
        observer->topics = topics;
        observer->clock = clock;
        observer->log = log;
        if (declare(observer, metrics) == 0 && find_ready_series(observer, &settings->routing) == 0)
            return observer;
    }
    observer_destroy(observer);
    error_set(ret_error, ERROR_MEMORY, "no memory for metrics");
    return NULL;
}

void
observer_destroy(struct observer *observer)
{
    if (observer == NULL)
        return;
    call_metrics_destroy(observer->calls);
    free(observer->ready);
    free(observer);
}

static const char *
environment_name(const struct environment *environment)
{
    return environment == NULL ? "" : environment->name;
}

/* --- settlements ----------------------------------------------------------------------------- */

static struct metric *
settled_series(struct observer *observer, const struct settlement *settlement)
{
    size_t place = ((uintptr_t)settlement->reason / 8 + (size_t)settlement->outcome * 31 +
                    (size_t)settlement->topic * 61) %
                   CACHE_ENTRIES;
    struct settled_series *entry = &observer->cache[place];
    const char *const values[] = {
        observer->topics->names[settlement->topic],
        outcome_name(settlement->outcome),
        settlement->reason,
    };

    if (entry->metric != NULL && entry->reason == settlement->reason &&
        entry->outcome == settlement->outcome && entry->topic == settlement->topic)
        return entry->metric;
    *entry = (struct settled_series){
        .topic = settlement->topic,
        .outcome = settlement->outcome,
        .reason = settlement->reason,
        .metric = metric_series(observer->families[FAMILY_EVENTS], values),
    };
    return entry->metric;
}

static bool
is_kept(enum outcome outcome)
{
    return outcome == OUTCOME_DEAD || outcome == OUTCOME_PARKED;
}

/* A record that could not be decoded has none. */
static const struct guid *
known(const struct guid *id)
{
    return guid_is_zero(id) ? NULL : id;
}

/* Where a kept one went; NULL: it was not kept. */
static const char *
kept_topic(const struct observer *observer, const struct settlement *settlement)
{
    if (settlement->outcome == OUTCOME_PARKED)
        return observer->topics->tiers[settlement->tier];
    return settlement->outcome == OUTCOME_DEAD ? observer->topics->dead_letters : NULL;
}

/* A parked event comes back: that is news, and no trouble yet. */
static const struct {
    enum log_level level;
    const char *message;
} settled_lines[OUTCOMES] = {
    [OUTCOME_DONE] = {LOG_DEBUG, "event settled"},
    [OUTCOME_SKIPPED] = {LOG_DEBUG, "event settled"},
    [OUTCOME_PARKED] = {LOG_INFO, "event was parked, to be tried again later"},
    [OUTCOME_DEAD] = {LOG_WARNING, "event was given up and kept on another topic"},
    [OUTCOME_SUPERSEDED] = {LOG_DEBUG, "event settled"},
};

static void
log_settlement(struct observer *observer, const struct settlement *settlement)
{
    const struct log_field fields[] = {
        log_string("reason", settlement->reason),
        log_string("outcome", outcome_name(settlement->outcome)),
        log_string("detail", settlement->detail),
        log_guid("user", known(&settlement->user)),
        log_guid("group", known(&settlement->group)),
        log_string("environment", environment_name(settlement->environment)),
        log_string("topic", observer->topics->names[settlement->topic]),
        log_integer("partition", settlement->partition),
        log_integer("offset", settlement->offset),
        log_integer("attempts", settlement->attempts),
        log_string("request_id", settlement->request_id),
        log_string("kept_on", kept_topic(observer, settlement)),
    };

    log_write(observer->log, settled_lines[settlement->outcome].level,
              settled_lines[settlement->outcome].message, fields,
              sizeof(fields) / sizeof(fields[0]));
}

static void
count_kept(struct observer *observer, const struct settlement *settlement)
{
    const char *const values[] = {kept_topic(observer, settlement), settlement->reason};

    metric_add(metric_series(observer->families[FAMILY_KEPT], values), 1);
}

void
observer_settled(struct observer *observer, const struct settlement *settlement)
{
    metric_add(settled_series(observer, settlement), 1);
    if (settlement->outcome == OUTCOME_DONE && settlement->event_ms != EVENT_NO_TIME &&
        settlement->environment != NULL)
        metric_observe(observer->ready[settlement->environment->index],
                       (double)(observer->clock->wall_ms - settlement->event_ms) / 1000.0);
    if (is_kept(settlement->outcome))
        count_kept(observer, settlement);
    if (log_wants(observer->log, settled_lines[settlement->outcome].level))
        log_settlement(observer, settlement);
}

/* --- runs and calls -------------------------------------------------------------------------- */

/*
 * The user comes first, by which repeats are told apart: a line for each user whose state was
 * changed.
 */
void
observer_ran(struct observer *observer, const struct run_report *report)
{
    enum log_level level = report->changes[0] == '\0' ? LOG_DEBUG : LOG_INFO;

    if (!log_wants(observer->log, level))
        return;
    log_line(observer->log, level, "user was synced", log_guid("user", &report->user),
             log_string("environment", environment_name(report->environment)),
             log_string("outcome", report->outcome), log_string("changes", report->changes),
             log_guid("row", &report->row), log_integer("calls", report->calls),
             log_integer("attempts", report->attempts), log_integer("took_ms", report->took_ms),
             log_string("request_id", report->request_id));
}

/* Of one user: which event it is about; of a call for many: for whom it was made. */
static size_t
add_subject(const struct observer *observer, const struct call_report *report,
            struct log_field *fields)
{
    const struct event_place *event = report->event;
    size_t count = 0;

    if (report->environment == NULL && report->identity != NULL)
        fields[count++] = log_string("identity", report->identity->name);
    fields[count++] = log_guid("user", report->user);
    if (event == NULL)
        return count;
    fields[count++] = log_guid("group", &event->group);
    fields[count++] = log_string("topic", observer->topics->names[event->topic]);
    fields[count++] = log_integer("partition", event->partition);
    fields[count++] = log_integer("offset", event->offset);
    return count;
}

/* Waiting for Entra to show something is no failure. */
void
observer_failed(struct observer *observer, const struct call_report *report)
{
    bool is_wait = report->verdict == VERDICT_WAIT;
    /* repeats are told apart by the first two */
    struct log_field fields[16] = {
        log_string("reason", report->reason),
        log_string("environment", environment_name(report->environment)),
        log_string("step", report->step),
    };
    size_t count = 3;

    count += add_subject(observer, report, fields + count);
    fields[count++] = log_string("verdict", verdict_name(report->verdict));
    fields[count++] = log_integer("attempt", report->attempt);
    fields[count++] = log_string("next", report->next);
    if (report->next_in_ms >= 0)
        fields[count++] = log_integer("next_in_ms", report->next_in_ms);
    log_error(observer->log, is_wait ? LOG_INFO : LOG_WARNING,
              is_wait ? "a user waits" : "a step failed", report->error, fields, count);
}

void
observer_answered(struct observer *observer, const struct call *call, int64_t took_ms)
{
    call_metrics_answered(observer->calls, call, took_ms);
}

void
observer_request(struct observer *observer, const struct call *call, const char *route,
                 const struct http_response *response)
{
    call_metrics_seen(observer->calls, call, route, response);
}

/* --- losses ---------------------------------------------------------------------------------- */

void
observer_watch(struct observer *observer, const struct offsets *offsets)
{
    uint64_t lost = offsets_lost_total(offsets);

    if (lost <= observer->lost)
        return;
    log_line(observer->log, LOG_ERROR,
             "offsets were gone before they were read: retention took them, their events never ran",
             log_integer("lost", (int64_t)(lost - observer->lost)),
             log_integer("lost_in_all", (int64_t)lost));
    observer->lost = lost;
}
