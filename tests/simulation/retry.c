/*
 * The broker's retry topics: records that the engine parks, with their headers, each held until its delay is over.
 */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "json.h"
#include "simulation.h"

int64_t
retry_due_ms(const struct simulation *simulation, const struct sim_partition *partition,
             const struct sim_record *record)
{
    return partition->topic < FIRST_TIER
               ? INT64_MIN
               : record->timestamp_ms + simulation->tiers[partition->topic - FIRST_TIER].delay_ms;
}

static void *
copied(const void *bytes, size_t length)
{
    char *copy = calloc(1, length + 1);

    if (copy == NULL)
        abort();
    if (length > 0)
        memcpy(copy, bytes, length);
    return copy;
}

/* What the simulation must know of it stands in the record's own bytes. */
static void
identify(struct simulation *simulation, struct sim_record *record)
{
    struct json_parser *parser = json_parser_create(EVENT_MAX_DEPTH, EVENT_MAX_BYTES);
    const struct message message = {.value = record->value, .value_length = record->length};
    struct event event;
    struct error error;

    if (event_decode(parser, &message, &event, &error) != 0)
        abort();
    json_parser_destroy(parser);
    record->user = event.user;
    record->group = event.group;
    record->user_index = event.user.bytes[15];
    record->group_index = event.group.bytes[15];
    record->event_ms = event.time_ms;
    for (size_t i = 0; i < record->header_count; i++) {
        const char *name = record->headers[i].name;
        const char *value = record->headers[i].value;

        if (strcmp(name, "dvsync-environment") == 0)
            record->owed_environment = world_environment(simulation, value);
        if (strcmp(name, "dvsync-origin-timestamp") == 0)
            record->origin_ms = strtoll(value, NULL, 10);
    }
}

bool
retry_park(struct simulation *simulation, const struct kept_record *record)
{
    struct sim_partition *partition =
        &simulation->partitions[FIRST_TIER + record->tier][record->partition];
    struct sim_record *copy = &partition->records[partition->count];

    if (partition->count == MAX_RECORDS)
        return false;
    *copy = (struct sim_record){
        .offset = partition->next_offset++,
        .timestamp_ms = simulation->clock.wall_ms,
        .value = copied(record->value, record->value_length),
        .length = record->value_length,
        .headers = calloc(record->header_count + 1, sizeof(copy->headers[0])),
        .header_count = record->header_count,
        .owed_environment = -1,
    };
    if (copy->headers == NULL)
        abort();
    for (size_t i = 0; i < record->header_count; i++)
        copy->headers[i] = (struct kafka_header){
            strdup(record->headers[i].name),
            copied(record->headers[i].value, record->headers[i].length), record->headers[i].length};
    identify(simulation, copy);
    partition->count++;
    return true;
}

static int64_t
head_due_ms(const struct simulation *simulation, int topic, int i)
{
    const struct sim_partition *partition = &simulation->partitions[topic][i];
    const struct replica *owner =
        partition->owner < 0 ? NULL : &simulation->replicas[partition->owner];
    int64_t position = owner == NULL || owner->engine == NULL ? -1 : owner->position[topic][i];

    if (position < 0 || position >= (int64_t)partition->count)
        return INT64_MAX;
    return retry_due_ms(simulation, partition, &partition->records[position]) -
           simulation->clock.wall_ms + simulation->clock.mono_ms;
}

int64_t
retry_next_ms(const struct simulation *simulation)
{
    int64_t next_ms = INT64_MAX;

    for (int topic = FIRST_TIER; topic < simulation->topic_count; topic++) {
        for (int i = 0; i < simulation->partition_count; i++) {
            int64_t at_ms = head_due_ms(simulation, topic, i);

            /* one that is due already waits for room */
            if (at_ms > simulation->clock.mono_ms && at_ms < next_ms)
                next_ms = at_ms;
        }
    }
    return next_ms;
}
