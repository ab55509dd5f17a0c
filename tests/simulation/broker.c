/*
 * Records in partitions with gaps, committed offsets, and one owner a partition. A commit counts where its sender still owns the generation, as a
 * group coordinator sees it; its answer comes later, or never.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulation.h"
#include "timestamp.h"

static bool
chance(struct simulation *simulation, int percent)
{
    return rng_below(&simulation->rng, 100) < (uint64_t)percent;
}

/* --- publishing ---------------------------------------------------------------------------------- */

static void
leave(struct simulation *simulation, struct sim_user *user, int group)
{
    user->is_member[group] = false;
    if (!model_leave(simulation->model, &simulation->groups[group], &user->id, &simulation->clock))
        abort();
}

static void
join(struct simulation *simulation, struct sim_user *user, int group)
{
    if (user->is_member[group])
        return;
    user->is_member[group] = true;
    if (!model_join(simulation->model, &simulation->groups[group], &user->id, &simulation->clock))
        abort();
}

/* When the change is said to have happened: now, long ago, in the future; EVENT_NO_TIME: not said. */
static int64_t
event_time(struct simulation *simulation)
{
    int64_t now_ms = simulation->clock.wall_ms;

    switch (rng_below(&simulation->rng, 10)) {
    case 0:
        return EVENT_NO_TIME;
    case 1:
        return now_ms + rng_between(&simulation->rng, 1000, 200000);
    case 2:
    case 3:
        return now_ms - rng_between(&simulation->rng, 900000, 90000000);
    default:
        return now_ms - rng_between(&simulation->rng, 0, 3000);
    }
}

static void
write_value(struct sim_record *record, int64_t time_ms)
{
    char user[GUID_TEXT_BYTES];
    char group[GUID_TEXT_BYTES];
    char time[TIMESTAMP_TEXT_BYTES];
    char value[320];
    int length =
        snprintf(value, sizeof(value), "{\"group\":\"%s\",\"user\":\"%s\",\"change\":\"%s\"",
                 guid_format(&record->group, group), guid_format(&record->user, user),
                 record->is_removal ? "removed" : "added");

    if (time_ms != EVENT_NO_TIME)
        length += snprintf(value + length, sizeof(value) - (size_t)length, ",\"time\":\"%s\"",
                           timestamp_format(time_ms, time));
    length += snprintf(value + length, sizeof(value) - (size_t)length, "}");
    record->value = strdup(value);
    record->length = (size_t)length;
    record->event_ms = time_ms;
}

static void
make_poison(struct sim_record *record)
{
    static const char *const values[] = {
        "",         "{",
        "[]",       "{\"group\":1}",
        "\xff\xfe", "{\"group\":\"x\",\"user\":\"y\",\"change\":\"added\"}"};

    record->user_index = record->group_index = -1;
    record->event_ms = EVENT_NO_TIME;
    record->value = strdup(values[record->offset % 6]);
    record->length = strlen(record->value);
}

static void
make_event(struct simulation *simulation, struct sim_record *record, int user_index)
{
    int group = (int)rng_below(&simulation->rng, (uint64_t)simulation->group_count);
    struct sim_user *user = &simulation->users[user_index];
    int64_t time_ms = event_time(simulation);

    record->user_index = user_index;
    record->group_index = group;
    record->user = user->id;
    record->group = simulation->groups[group];
    record->is_removal = simulation->has_leavers && chance(simulation, 8);
    if (record->is_removal) {
        leave(simulation, user, group);
        user->left_at_ms[group] = time_ms = simulation->clock.wall_ms;
    } else if (time_ms != EVENT_NO_TIME && simulation->clock.wall_ms - time_ms < 10000) {
        if (chance(simulation, 90)) {
            join(simulation, user, group);
            /* nobody says of a join that it came before the removal it followed */
            if (time_ms < user->left_at_ms[group])
                time_ms = user->left_at_ms[group];
            user->ever_added[group] = true;
        }
        user->is_fresh = true;
    }
    write_value(record, time_ms);
    simulation_say(simulation, "published user %02x group %d %s time %lld", user_index, group,
                   record->is_removal       ? "removed"
                   : user->is_member[group] ? "added"
                                            : "added, not a member",
                   time_ms == EVENT_NO_TIME ? 0LL
                                            : (long long)(simulation->clock.wall_ms - time_ms));
}

static void
make_unrouted(struct simulation *simulation, struct sim_record *record)
{
    record->user_index = 0;
    record->group_index = -1;
    record->user = simulation->users[0].id;
    record->group = (struct guid){{0xee}};
    write_value(record, simulation->clock.wall_ms);
}

/* Keyed by user, so that one user lives in one place; scattered in some seeds, which must only cost more. */
static struct sim_partition *
partition_for(struct simulation *simulation, int user)
{
    int topic = chance(simulation, 80) ? 0 : 1;
    int partition = user % simulation->partition_count;

    if (simulation->is_scattered)
        partition = (int)rng_below(&simulation->rng, (uint64_t)simulation->partition_count);
    return &simulation->partitions[topic][partition];
}

void
broker_publish(struct simulation *simulation)
{
    int user = (int)rng_below(&simulation->rng, (uint64_t)simulation->user_count);
    struct sim_partition *partition = partition_for(simulation, user);
    struct sim_record *record = &partition->records[partition->count];

    if (partition->count == MAX_RECORDS)
        return;
    if (chance(simulation, 10))
        partition->next_offset += rng_between(&simulation->rng, 1, 5);
    record->offset = partition->next_offset++;
    record->owed_environment = -1;
    record->timestamp_ms = chance(simulation, 90) ? simulation->clock.wall_ms
                                                  : simulation->clock.wall_ms - 2 * 3600 * 1000;
    record->origin_ms = record->timestamp_ms;
    if (chance(simulation, 2))
        make_poison(record);
    else if (chance(simulation, 3))
        make_unrouted(simulation, record);
    else
        make_event(simulation, record, user);
    partition->count++;
}

struct sim_record *
broker_record(struct simulation *simulation, int topic, int32_t partition, int64_t offset)
{
    struct sim_partition *home = &simulation->partitions[topic][partition];

    for (size_t i = 0; i < home->count; i++) {
        if (home->records[i].offset == offset)
            return &home->records[i];
    }
    return NULL;
}

/* --- assignments --------------------------------------------------------------------------------- */

static void
give(struct replica *replica, struct sim_partition *partition)
{
    int64_t start = partition->committed < 0 ? 0 : partition->committed;
    int64_t index = 0;

    while (index < (int64_t)partition->count && partition->records[index].offset < start)
        index++;
    partition->owner = replica->index;
    partition->generation = replica->generation;
    replica->position[partition->topic][partition->partition] = index;
    replica->end_told[partition->topic][partition->partition] = false;
    if (engine_assign(replica->engine, partition->topic, partition->partition, start,
                      partition->committed) != 0)
        abort();
}

void
broker_assign(struct simulation *simulation)
{
    struct replica *running[MAX_REPLICAS];
    uint64_t count = 0;

    for (int i = 0; i < simulation->replica_count; i++) {
        if (simulation->replicas[i].engine == NULL)
            continue;
        running[count++] = &simulation->replicas[i];
        simulation->replicas[i].generation++;
        engine_partitions_of_main(simulation->replicas[i].engine, simulation->partition_count);
    }
    for (int topic = 0; topic < simulation->topic_count; topic++) {
        for (int i = 0; i < simulation->partition_count; i++) {
            struct sim_partition *partition = &simulation->partitions[topic][i];

            partition->topic = topic;
            partition->partition = i;
            partition->owner = -1;
            if (count > 0)
                give(running[(uint64_t)i % count], partition);
        }
    }
}

void
broker_revoke(struct simulation *simulation, struct replica *replica, bool is_lost)
{
    if (replica->engine == NULL)
        return;
    if (is_lost)
        replica->generation++; /* the coordinator no longer knows it */
    replica->is_revoking = !is_lost;
    engine_revoke_all(replica->engine, is_lost);
    replica->is_revoking = false;
    check_revoked(replica);
    for (int topic = 0; topic < simulation->topic_count; topic++) {
        for (int i = 0; i < simulation->partition_count; i++)
            replica->position[topic][i] = -1;
    }
}

/* --- feeding ------------------------------------------------------------------------------------- */

static void
tell_end(struct replica *replica, const struct sim_partition *partition)
{
    bool *told = &replica->end_told[partition->topic][partition->partition];

    if (*told)
        return;
    *told = true;
    engine_end(replica->engine, partition->topic, partition->partition, partition->next_offset, 0);
}

static bool
hand_over(struct replica *replica, const struct sim_partition *partition, struct sim_record *record)
{
    char key[GUID_TEXT_BYTES];
    const struct message message = {
        .topic = partition->topic,
        .partition = partition->partition,
        .offset = record->offset,
        .timestamp_ms = record->timestamp_ms,
        .key = guid_format(&record->user, key),
        .key_length = GUID_TEXT_BYTES - 1,
        .value = record->value,
        .value_length = record->length,
        .headers = record->headers,
        .header_count = record->header_count,
    };
    bool was_taken;

    check_take(replica, record);
    was_taken = engine_take(replica->engine, &message, 0);
    check_taken(replica, record, was_taken);
    return was_taken;
}

static void
feed_partition(struct simulation *simulation, struct replica *replica,
               struct sim_partition *partition)
{
    int64_t *position = &replica->position[partition->topic][partition->partition];

    if (*position < 0)
        return;
    while (*position < (int64_t)partition->count &&
           engine_has_room_for(replica->engine, partition->topic)) {
        if (retry_due_ms(simulation, partition, &partition->records[*position]) >
            simulation->clock.wall_ms)
            break;
        replica->end_told[partition->topic][partition->partition] = false;
        if (!hand_over(replica, partition, &partition->records[*position]))
            return;
        (*position)++;
    }
    engine_high(replica->engine, partition->topic, partition->partition, partition->next_offset);
    if (*position == (int64_t)partition->count)
        tell_end(replica, partition);
}

void
broker_feed(struct simulation *simulation, struct replica *replica)
{
    for (int topic = 0; topic < simulation->topic_count; topic++) {
        for (int i = 0; i < simulation->partition_count; i++)
            feed_partition(simulation, replica, &simulation->partitions[topic][i]);
    }
}

static void
free_record(struct sim_record *record)
{
    free(record->value);
    for (size_t i = 0; i < record->header_count; i++) {
        free((char *)(uintptr_t)record->headers[i].name);
        free((char *)(uintptr_t)record->headers[i].value);
    }
    free(record->headers);
}

/* --- commits ------------------------------------------------------------------------------------- */

static void
answer_commit(struct timer *timer, void *arg)
{
    struct sim_answer *answer = arg;
    struct replica *replica = answer->replica;

    (void)timer;
    list_remove(&answer->link);
    engine_committed(replica->engine, answer->serial, answer->is_ok);
    free(answer);
}

static void
send_answer(struct replica *replica, uint64_t serial, bool is_ok)
{
    struct simulation *simulation = replica->simulation;
    struct sim_answer *answer = calloc(1, sizeof(*answer));

    if (answer == NULL)
        abort();
    *answer = (struct sim_answer){.replica = replica, .serial = serial, .is_ok = is_ok};
    list_init(&answer->link);
    list_add_last(&replica->answers, &answer->link);
    timer_init(&answer->timer, answer_commit, answer);
    if (timer_set(simulation->timers, &answer->timer,
                  simulation->clock.mono_ms + rng_between(&simulation->rng, 1, 50)) != 0)
        abort();
}

static void
store(struct replica *replica, const struct offset_commit *commit)
{
    struct simulation *simulation = replica->simulation;
    struct sim_partition *partition = &simulation->partitions[commit->topic][commit->partition];

    if (partition->owner != replica->index || partition->generation != replica->generation)
        return; /* ILLEGAL_GENERATION */
    check_commit(simulation, partition, commit->offset);
    partition->committed = commit->offset;
}

void
broker_commit(void *context, const struct offset_commit *commits, size_t count, uint64_t serial)
{
    struct replica *replica = context;
    struct simulation *simulation = replica->simulation;
    bool is_bad = !simulation->is_quiet && simulation->has_bad_commits;
    bool is_refused = is_bad && chance(simulation, 10);

    for (size_t i = 0; i < count && !is_refused; i++)
        store(replica, &commits[i]);
    if (is_bad && chance(simulation, 10))
        return; /* the answer is lost */
    send_answer(replica, serial, !is_refused);
}

bool
broker_is_done(const struct simulation *simulation)
{
    if (simulation->to_publish > 0)
        return false;
    for (int topic = 0; topic < simulation->topic_count; topic++) {
        for (int i = 0; i < simulation->partition_count; i++) {
            const struct sim_partition *partition = &simulation->partitions[topic][i];

            if (partition->committed < partition->next_offset)
                return false;
        }
    }
    return true;
}

void
broker_end(struct simulation *simulation)
{
    for (int topic = 0; topic < simulation->topic_count; topic++) {
        for (int i = 0; i < simulation->partition_count; i++) {
            for (size_t k = 0; k < simulation->partitions[topic][i].count; k++)
                free_record(&simulation->partitions[topic][i].records[k]);
        }
    }
}
