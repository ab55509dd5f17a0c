/*
 * Waiting jobs hang on a list for each urgency. Calls are handed to the lane empty and take jobs aboard in prepare; there are never more of them
 * in the lane than the waiting jobs would fill.
 */
#include "reader.h"

#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "lane.h"

struct reader {
    struct core *core;
    const struct reader_kind *kind;
    const struct environment *environment;
    struct lane *lane;
    struct reader_events events;
    struct link waiting[URGENCIES];
    size_t waiting_count;
    size_t waiting_weight;
    size_t capacity;     /* of a batch, by weight */
    size_t limit;        /* at present: halved while batches fail */
    size_t submitted;    /* calls in the lane that took nobody aboard yet */
    struct link batches; /* all calls that are in the lane */
    unsigned turn;       /* counts batches, for the share of the patient */
    struct timer timer;  /* linger, or back-off */
    bool is_backing_off;
    int failures;
    char *fault;
    int64_t fault_since_ms;
};

static bool prepare(struct call *call);
static void done(struct call *call);

static size_t
weight_of(const struct reader *reader, const struct job *job)
{
    size_t weight = reader->kind->weight(job);

    return weight > reader->limit ? reader->limit : weight;
}

/* --- calls --------------------------------------------------------------------------------------- */

static bool
submit_one(struct reader *reader)
{
    struct batch *batch = calloc(1, sizeof(*batch) + reader->capacity * sizeof(batch->jobs[0]));

    if (batch == NULL)
        return false;
    call_init(&batch->call, reader->kind->call, reader->environment, done, batch);
    batch->call.prepare = prepare;
    batch->call.urgency = list_is_empty(&reader->waiting[URGENT]) ? PATIENT : URGENT;
    batch->reader = reader;
    list_add_last(&reader->batches, &batch->link);
    reader->submitted++;
    lane_submit(reader->lane, &batch->call);
    return true;
}

static void
set_timer(struct reader *reader, int64_t wait_ms)
{
    struct core *core = reader->core;

    timer_set_reserved(core->timers, &reader->timer, core->clock->mono_ms + wait_ms);
}

/* Nobody leaves for so long. */
static void
pause_for(struct reader *reader, int64_t wait_ms)
{
    reader->is_backing_off = true;
    set_timer(reader, wait_ms);
}

/* Hands the lane the calls that the waiting fill; with ${is_all} also one that they do not. */
static void
submit(struct reader *reader, bool is_all)
{
    size_t submitted;
    size_t waiting;

    do {
        size_t calls = reader->waiting_weight / reader->limit;

        if (is_all && reader->waiting_weight % reader->limit != 0)
            calls++;
        submitted = reader->submitted;
        waiting = reader->waiting_count;
        if (submitted >= calls)
            return;
        if (!submit_one(reader)) {
            pause_for(reader, reader->core->settings->backoff_base_ms);
            return;
        }
        /* else it came back empty, for want of memory */
    } while (reader->submitted != submitted || reader->waiting_count != waiting);
}

static void
timer_is_due(struct timer *timer, void *arg)
{
    struct reader *reader = arg;

    (void)timer;
    reader->is_backing_off = false;
    submit(reader, true);
}

static void
look_whether_due(struct reader *reader)
{
    if (reader->is_backing_off || reader->waiting_count == 0)
        return;
    submit(reader, false);
    if (reader->waiting_weight > reader->submitted * reader->limit && !timer_is_set(&reader->timer))
        set_timer(reader, reader->core->settings->linger_ms);
}

/* --- who waits ----------------------------------------------------------------------------------- */

static void
enlist(struct reader *reader, struct job *job, bool is_first)
{
    struct link *link = reader->kind->link_of(job);
    struct link *waiting = &reader->waiting[job->urgency];

    if (is_first)
        list_add_first(waiting, link);
    else
        list_add_last(waiting, link);
    reader->waiting_count++;
    reader->waiting_weight += reader->kind->weight(job);
}

static void
delist(struct reader *reader, struct job *job)
{
    list_remove(reader->kind->link_of(job));
    reader->waiting_count--;
    reader->waiting_weight -= reader->kind->weight(job);
}

/* An urgent job need not wait for the turn of a call that was made for patient ones. */
static void
promote_call(struct reader *reader)
{
    list_for_each(link, following, &reader->batches)
    {
        struct batch *batch = list_entry(link, struct batch, link);

        if (batch->count > 0 || batch->call.urgency == URGENT)
            continue;
        lane_promote(reader->lane, &batch->call);
        return;
    }
}

void
reader_add(struct reader *reader, struct job *job)
{
    if (!list_is_empty(reader->kind->link_of(job)) || *reader->kind->batch_of(job) != NULL)
        return;
    enlist(reader, job, false);
    look_whether_due(reader);
    if (job->urgency == URGENT)
        promote_call(reader);
}

void
reader_promote(struct reader *reader, struct job *job)
{
    struct link *link = reader->kind->link_of(job);

    if (list_is_empty(link))
        return;
    list_remove(link);
    list_add_last(&reader->waiting[URGENT], link);
    promote_call(reader);
}

void
reader_remove(struct reader *reader, struct job *job)
{
    struct batch **batch = reader->kind->batch_of(job);

    if (*batch != NULL) {
        for (size_t i = 0; i < (*batch)->count; i++) {
            if ((*batch)->jobs[i] == job)
                (*batch)->jobs[i] = NULL;
        }
        *batch = NULL;
    } else if (!list_is_empty(reader->kind->link_of(job))) {
        delist(reader, job);
    }
}

void
reader_flush(struct reader *reader)
{
    if (reader->is_backing_off)
        return;
    timer_cancel(reader->core->timers, &reader->timer);
    submit(reader, true);
}

/* --- batches ------------------------------------------------------------------------------------- */

static void
free_batch(struct batch *batch)
{
    list_remove(&batch->link);
    batch->reader->kind->clear(batch);
    call_reset(&batch->call);
    free(batch);
}

/* False: the batch is full. */
static bool
take_one_aboard(struct reader *reader, struct batch *batch, struct job *job)
{
    size_t weight = weight_of(reader, job);

    if (batch->count == reader->capacity ||
        (batch->count > 0 && batch->weight + weight > reader->limit))
        return false;
    delist(reader, job);
    batch->jobs[batch->count++] = job;
    batch->weight += weight;
    *reader->kind->batch_of(job) = batch;
    return true;
}

static void
take_aboard(struct reader *reader, struct batch *batch)
{
    enum urgency first = ++reader->turn % PATIENT_EVERY == 0 ? PATIENT : URGENT;
    const enum urgency order[] = {first, first == URGENT ? PATIENT : URGENT};

    for (int i = 0; i < URGENCIES; i++) {
        list_for_each(link, following, &reader->waiting[order[i]])
        {
            if (!take_one_aboard(reader, batch, reader->kind->job_of(link)))
                return;
        }
    }
}

/*
 * Everybody still aboard waits again, in the old order and before those who came later. But who was
 * alone goes last: it may be the one who cannot be read.
 */
static void
put_back(struct reader *reader, struct batch *batch)
{
    bool is_first = batch->count > 1;

    for (size_t i = batch->count; i-- > 0;) {
        struct job *job = batch->jobs[i];

        if (job == NULL)
            continue;
        *reader->kind->batch_of(job) = NULL;
        enlist(reader, job, is_first);
    }
    batch->count = 0;
}

static void
tell_sent(struct reader *reader, struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->jobs[i] != NULL)
            reader->events.sent(reader->events.context, batch->jobs[i]);
    }
}

static bool
is_anybody_aboard(const struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->jobs[i] != NULL)
            return true;
    }
    return false;
}

/*
 * The lane lets the call go: who comes along? One that was sent before (throttled) has its jobs
 * already; while the reader backs off nobody does, and its timer hands new calls over.
 */
static bool
prepare(struct call *call)
{
    struct batch *batch = call->owner;
    struct reader *reader = batch->reader;

    if (batch->count == 0) {
        reader->submitted--;
        if (!reader->is_backing_off)
            take_aboard(reader, batch);
    }
    reader->kind->clear(batch);
    if (is_anybody_aboard(batch)) {
        if (reader->kind->fill(batch) == 0) {
            tell_sent(reader, batch);
            return true;
        }
        put_back(reader, batch);
        pause_for(reader, reader->core->settings->backoff_base_ms);
    }
    free_batch(batch);
    if (reader->waiting_count > 0 && !reader->is_backing_off && !timer_is_set(&reader->timer))
        set_timer(reader, reader->core->settings->linger_ms);
    return false;
}

/* --- answers ------------------------------------------------------------------------------------- */

static void
set_fault(struct reader *reader, const struct call *call)
{
    if (reader->fault != NULL)
        return;
    reader->fault = strdup(call->error.text);
    reader->fault_since_ms = reader->core->clock->mono_ms;
}

static void
back_off(struct reader *reader, struct batch *batch)
{
    struct core *core = reader->core;
    struct call *call = &batch->call;
    bool is_misconfigured = call->verdict == VERDICT_MISCONFIGURED;
    struct call_report report = call_report_of(call);

    reader->failures++;
    report.attempt = reader->failures;
    report.next = is_misconfigured ? "hold" : "retry";
    if (is_misconfigured)
        set_fault(reader, call);
    if (reader->failures > 1 && reader->limit > 1)
        reader->limit /= 2;
    report.next_in_ms = is_misconfigured
                            ? core->settings->probe_ms
                            : core_backoff_ms(core, reader->failures, call->error.retry_after_ms);
    pause_for(reader, report.next_in_ms);
    core->ports.failed(core->ports.context, &report);
    if (is_misconfigured && reader->events.faulted != NULL)
        reader->events.faulted(reader->events.context);
}

static void
recover(struct reader *reader)
{
    reader->failures = 0;
    free(reader->fault);
    reader->fault = NULL;
    reader->limit = reader->limit * 2 < reader->capacity ? reader->limit * 2 : reader->capacity;
}

static void
done(struct call *call)
{
    struct batch *batch = call->owner;
    struct reader *reader = batch->reader;

    if (call->verdict == VERDICT_DONE) {
        recover(reader);
        reader->kind->spread(batch);
    } else {
        put_back(reader, batch);
        if (!reader->is_backing_off)
            back_off(reader, batch);
    }
    free_batch(batch);
    look_whether_due(reader);
}

/* --- making and ending --------------------------------------------------------------------------- */

struct reader *
reader_create(struct core *core, const struct reader_kind *kind,
              const struct environment *environment, struct lane *lane, size_t capacity,
              const struct reader_events *events)
{
    struct reader *reader = calloc(1, sizeof(*reader));

    if (reader == NULL)
        return NULL;
    if (timers_reserve(core->timers, 1) != 0) {
        free(reader);
        return NULL;
    }
    reader->core = core;
    reader->kind = kind;
    reader->environment = environment;
    reader->lane = lane;
    reader->events = *events;
    reader->capacity = reader->limit = capacity;
    list_init(&reader->waiting[URGENT]);
    list_init(&reader->waiting[PATIENT]);
    list_init(&reader->batches);
    timer_init(&reader->timer, timer_is_due, reader);
    return reader;
}

void
reader_destroy(struct reader *reader)
{
    if (reader == NULL)
        return;
    list_for_each(link, following, &reader->batches)
    {
        struct batch *batch = list_entry(link, struct batch, link);

        lane_cancel(reader->lane, &batch->call);
        free_batch(batch);
    }
    timer_cancel(reader->core->timers, &reader->timer);
    timers_release(reader->core->timers, 1);
    free(reader->fault);
    free(reader);
}

struct job *
reader_first(struct reader *reader)
{
    for (int i = 0; i < URGENCIES; i++) {
        if (!list_is_empty(&reader->waiting[i]))
            return reader->kind->job_of(reader->waiting[i].next);
    }
    return NULL;
}

size_t
reader_waiting(const struct reader *reader)
{
    return reader->waiting_count;
}

const char *
reader_fault(const struct reader *reader, int64_t *ret_since_ms)
{
    *ret_since_ms = reader->fault_since_ms;
    return reader->fault;
}

const struct reader_events *
reader_events_of(const struct reader *reader)
{
    return &reader->events;
}

struct core *
reader_core(struct reader *reader)
{
    return reader->core;
}
