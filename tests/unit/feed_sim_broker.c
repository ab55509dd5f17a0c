/*
 * Topics and states in a few lines. With transactions a batch is there as a whole or not at all,
 * and only while its leadership is the latest; without, its records arrive one by one, the states
 * after all events, and a kill in the midst leaves the first of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "event.h"
#include "feed_sim.h"

/* --- taking a batch --------------------------------------------------------------------------- */

static const char *
header(const struct feed_record *record, const char *name)
{
    for (size_t i = 0; i < record->header_count; i++) {
        if (strcmp(record->headers[i].name, name) == 0)
            return record->headers[i].value;
    }
    return "";
}

static struct sim_record
copy_record(const struct feed_record *from)
{
    struct sim_record record = {.topic = from->topic, .length = from->value_length};

    snprintf(record.key, sizeof(record.key), "%.*s", (int)from->key_length, from->key);
    snprintf(record.id, sizeof(record.id), "%s", header(from, "ce_id"));
    snprintf(record.origin, sizeof(record.origin), "%s", header(from, "ce_origin"));
    if (from->value != NULL)
        record.value = strndup(from->value, from->value_length);
    return record;
}

/* What becomes of it. */
static void
draw(struct sim *sim, struct sim_batch *batch)
{
    batch->fails_at = batch->count;
    batch->next_at_ms = sim->clock.mono_ms + rng_between(&sim->rng, 1, 200);
    if (sim->is_quiet || sim->options.is_calm)
        return;
    if (sim_chance(sim, 10))
        batch->fails_at =
            sim->broker.has_transactions ? 0 : (size_t)rng_below(&sim->rng, batch->count);
    batch->is_lost = batch->fails_at == batch->count && sim_chance(sim, 10);
}

bool
sim_broker_publish(void *context, const struct feed_batch *from)
{
    struct sim_instance *instance = context;
    struct sim *sim = instance->sim;
    struct sim_batch *batch = &sim->broker.batches[instance->index];

    if (batch->is_open)
        sim_fail(sim, "a second batch was handed over");
    if (!sim->is_quiet && !sim->options.is_calm && sim_chance(sim, 5))
        return false;
    *batch = (struct sim_batch){.is_open = true,
                                .serial = from->serial,
                                .records = calloc(from->count, sizeof(batch->records[0])),
                                .count = from->count,
                                .epoch = instance->epoch};
    for (size_t i = 0; i < from->count; i++)
        batch->records[i] = copy_record(&from->records[i]);
    draw(sim, batch);
    return true;
}

static void
close_batch(struct sim_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        free(batch->records[i].value);
    free(batch->records);
    *batch = (struct sim_batch){0};
}

/* --- what has arrived ------------------------------------------------------------------------- */

static struct sim_event
read_event(const struct sim *sim, const struct sim_record *record)
{
    struct message message = {.timestamp_ms = sim->clock.wall_ms,
                              .key = record->key,
                              .key_length = strlen(record->key),
                              .value = record->value,
                              .value_length = record->length};
    struct sim_event event = {0};
    struct event decoded;
    struct error error;

    if (event_decode(sim->parser, &message, &decoded, &error) == -1) {
        sim_fail(sim, "an event that cannot be read: %s", error.text);
        return event;
    }
    event = (struct sim_event){.group = sim_index(&decoded.group),
                               .user = sim_index(&decoded.user),
                               .is_removed = decoded.change == EVENT_REMOVED,
                               .is_listed = strcmp(record->origin, "reconcile") == 0,
                               .time_ms = decoded.time_ms};
    memcpy(event.id, record->id, sizeof(event.id));
    return event;
}

/* Who knows the id knows the event. */
static void
compare(struct sim *sim, const struct sim_event *event)
{
    for (size_t i = 0; i < sim->broker.event_count; i++) {
        const struct sim_event *other = &sim->broker.events[i];

        if (strcmp(other->id, event->id) != 0)
            continue;
        if (other->group != event->group || other->user != event->user ||
            other->is_removed != event->is_removed)
            sim_fail(sim, "two events have the id %s", event->id);
        sim->tally.repeats++;
        return;
    }
}

static void
take_event(struct sim *sim, const struct sim_record *record)
{
    struct sim_broker *broker = &sim->broker;
    struct sim_event event = read_event(sim, record);

    sim_truth_check(sim, &event, record->origin);
    compare(sim, &event);
    if (broker->event_count == broker->event_room) {
        broker->event_room = 2 * broker->event_room + 64;
        broker->events =
            reallocarray(broker->events, broker->event_room, sizeof(broker->events[0]));
    }
    broker->events[broker->event_count++] = event;
    sim->tally.events++;
    if (event.is_removed && strcmp(record->origin, "resync") == 0)
        sim->tally.concluded++;
}

static struct sim_record *
state_of(struct sim *sim, const char *key)
{
    struct sim_broker *broker = &sim->broker;

    for (size_t i = 0; i < broker->state_count; i++) {
        if (strcmp(broker->states[i].key, key) == 0)
            return &broker->states[i];
    }
    if (broker->state_count == SIM_STATES)
        sim_fail(sim, "more states than groups and people");
    snprintf(broker->states[broker->state_count].key, sizeof(broker->states[0].key), "%s", key);
    return &broker->states[broker->state_count++];
}

static void
append(struct sim *sim, struct sim_batch *batch)
{
    struct sim_record *record = &batch->records[batch->appended++];
    struct sim_record *state;

    if (record->topic != FEED_STATE) {
        take_event(sim, record);
        return;
    }
    state = state_of(sim, record->key);
    free(state->value);
    state->value = record->value;
    state->length = record->length;
    record->value = NULL;
}

/* --- one action ------------------------------------------------------------------------------- */

/* The tenure ends with a failure, or its batch is handed over again. */
static void
answer(struct sim *sim, int index, bool is_fine)
{
    struct sim_instance *instance = &sim->instances[index];
    struct sim_batch *batch = &sim->broker.batches[index];
    bool is_fenced = batch->epoch != sim->broker.epoch;
    uint64_t serial = batch->serial;
    struct error error;

    close_batch(batch);
    error_set(&error, ERROR_KAFKA, "not published");
    sim->tally.fenced += is_fenced;
    feed_published(instance->feed, serial, is_fine ? NULL : &error);
    if (is_fine || (!is_fenced && sim_chance(sim, 50)))
        return;
    feed_yield(instance->feed);
    instance->is_leading = false;
    instance->notices_ms = INT64_MAX;
    if (!is_fenced)
        sim->elect_at_ms = sim->clock.mono_ms + rng_between(&sim->rng, 1, 3000);
}

/* In a transaction all at once. */
static void
arrive(struct sim *sim, struct sim_batch *batch)
{
    bool is_whole = sim->broker.has_transactions;

    if (is_whole && batch->epoch != sim->broker.epoch)
        batch->fails_at = 0; /* fenced */
    do {
        if (batch->appended < batch->fails_at)
            append(sim, batch);
    } while (is_whole && batch->appended < batch->fails_at);
    batch->is_over = batch->appended == batch->fails_at;
}

static void
step(struct sim *sim, int index)
{
    struct sim_batch *batch = &sim->broker.batches[index];

    batch->next_at_ms = sim->clock.mono_ms + rng_between(&sim->rng, 0, 20);
    if (!batch->is_over)
        arrive(sim, batch);
    else
        answer(sim, index, batch->fails_at == batch->count && !batch->is_lost);
}

int64_t
sim_broker_next_ms(const struct sim *sim)
{
    int64_t next_ms = INT64_MAX;

    for (int i = 0; i < SIM_INSTANCES; i++) {
        const struct sim_batch *batch = &sim->broker.batches[i];

        if (batch->is_open && batch->next_at_ms < next_ms)
            next_ms = batch->next_at_ms;
    }
    return next_ms;
}

void
sim_broker_step(struct sim *sim)
{
    for (int i = 0; i < SIM_INSTANCES; i++) {
        const struct sim_batch *batch = &sim->broker.batches[i];

        if (batch->is_open && batch->next_at_ms <= sim->clock.mono_ms) {
            step(sim, i);
            return;
        }
    }
}

void
sim_broker_drop(struct sim *sim, int instance)
{
    if (sim->broker.batches[instance].is_open)
        close_batch(&sim->broker.batches[instance]);
}

/* --- states ----------------------------------------------------------------------------------- */

void
sim_broker_lead(struct sim *sim, struct sim_instance *instance)
{
    const struct sim_broker *broker = &sim->broker;
    struct feed_saved states[SIM_STATES];
    size_t count = 0;

    for (size_t i = 0; i < broker->state_count; i++) {
        const struct sim_record *state = &broker->states[i];

        if (state->value != NULL)
            states[count++] =
                (struct feed_saved){state->key, strlen(state->key), state->value, state->length};
    }
    if (feed_lead(instance->feed, states, count) != 0)
        sim_fail(sim, "no memory to lead");
}

bool
sim_broker_has_state(const struct sim *sim, int group)
{
    struct guid id = sim_group(group);
    char key[GUID_TEXT_BYTES];

    guid_format(&id, key);
    for (size_t i = 0; i < sim->broker.state_count; i++) {
        if (strcmp(sim->broker.states[i].key, key) == 0)
            return true;
    }
    return false;
}

void
sim_broker_free(struct sim_broker *broker)
{
    for (int i = 0; i < SIM_INSTANCES; i++) {
        if (broker->batches[i].is_open)
            close_batch(&broker->batches[i]);
    }
    for (size_t i = 0; i < broker->state_count; i++)
        free(broker->states[i].value);
    free(broker->events);
}
