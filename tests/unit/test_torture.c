/*
 * Memory runs out at each allocation of a scenario of the whole core in turn: once alone, and for a
 * while from there on. Nothing may crash, leak, or be committed that is not settled, and when there
 * is memory again everything settles. A small broker of the test hands records over again after a
 * revoke, and those that were not taken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"
#include "scarce_memory.h"
#include "text.h"
#include "timestamp.h"

enum { RECORDS_MOST = 64, VALUE_BYTES = 256, CALM_MS = 40 * 60 * 1000, LOOK_MS = 20000 };

/* --- a broker ---------------------------------------------------------------------------------- */

struct log_record {
    char value[VALUE_BYTES];
    int64_t timestamp_ms;
    size_t owed; /* outcomes */
};

struct broker_log {
    struct log_record records[RECORDS_MOST];
    int64_t count;
    int64_t position; /* of the next one to hand over; -1: not assigned */
};

struct scene {
    struct engine_fixture *fixture;
    struct broker_log logs[PARTITIONS];
    char what[64]; /* when memory fails, for messages */
};

static int64_t
committed(const struct scene *scene, int32_t partition)
{
    int64_t offset = engine_fixture_committed(scene->fixture, partition);

    return offset < 0 ? 0 : offset;
}

/* Without memory a partition is assigned later. */
static void
assign(struct scene *scene)
{
    for (int32_t i = 0; i < PARTITIONS; i++) {
        int64_t offset = committed(scene, i);

        if (scene->logs[i].position < 0 &&
            engine_assign(scene->fixture->engine, MAIN_TOPIC, i, offset, offset) == 0)
            scene->logs[i].position = offset;
    }
}

static bool
hand_over(struct scene *scene, int32_t partition)
{
    struct broker_log *log = &scene->logs[partition];
    const struct log_record *record = &log->records[log->position];
    const struct message message = {
        .topic = MAIN_TOPIC,
        .partition = partition,
        .offset = log->position,
        .timestamp_ms = record->timestamp_ms,
        .key = "key",
        .key_length = 3,
        .value = record->value,
        .value_length = strlen(record->value),
    };

    if (!engine_take(scene->fixture->engine, &message, 0))
        return false;
    log->position++;
    return true;
}

static void
feed(struct scene *scene)
{
    assign(scene);
    for (int32_t i = 0; i < PARTITIONS; i++) {
        struct broker_log *log = &scene->logs[i];

        if (log->position < 0)
            continue;
        while (log->position < log->count && engine_has_room(scene->fixture->engine) &&
               hand_over(scene, i))
            ;
        if (log->position == log->count)
            engine_end(scene->fixture->engine, MAIN_TOPIC, i, log->count, 0);
    }
}

static size_t
outcomes_of(const struct scene *scene, int32_t partition, int64_t offset)
{
    const struct scripted *scripted = &scene->fixture->scripted;
    size_t count = 0;

    for (size_t i = 0; i < scripted->settled_count; i++)
        count +=
            scripted->settled[i].partition == partition && scripted->settled[i].offset == offset;
    return count;
}

static void
check_commits(const struct scene *scene)
{
    for (int32_t i = 0; i < PARTITIONS; i++) {
        for (int64_t offset = 0; offset < committed(scene, i); offset++) {
            if (outcomes_of(scene, i, offset) < scene->logs[i].records[offset].owed)
                fail_msg("%s: %d@%lld was committed and not settled", scene->what, (int)i,
                         (long long)offset);
        }
    }
}

static bool
is_done(const struct scene *scene)
{
    for (int32_t i = 0; i < PARTITIONS; i++) {
        if (committed(scene, i) < scene->logs[i].count)
            return false;
    }
    return true;
}

static void
pass(struct scene *scene, int64_t ms)
{
    feed(scene);
    engine_fixture_pass(scene->fixture, ms);
    check_commits(scene);
}

/* --- what happens ------------------------------------------------------------------------------ */

enum happening { ADDED, REMOVED, POISON, CROWD, REVOKED, LOST };

struct step {
    int64_t after_ms; /* the one before */
    enum happening happening;
    int user, group;
    int64_t age_ms;
    int32_t partition;
    size_t owed;
};

/* A crowd of this size, from FIRST_OF_CROWD on, lets what grows with the jobs grow. */
enum { CROWD_SIZE = 20, FIRST_OF_CROWD = 10 };

/* Rows and people: 1 and 7 are new, 2 and 3 have rows, 4 leaves, 5 has two rows, 6 has left long ago. */
static const struct step steps[] = {
    {0, ADDED, 1, 1, 1000, 0, 1},    {0, ADDED, 2, 1, 1000, 1, 2},
    {30, ADDED, 2, 1, 500, 1, 2},    {0, POISON, 0, 0, 0, 0, 1},
    {10, ADDED, 3, 2, 1000, 0, 1},   {0, ADDED, 5, 2, 1000, 1, 1},
    {0, ADDED, 6, 2, OLD_MS, 0, 1},  {0, ADDED, 4, 2, 1000, 1, 1},
    {1, REMOVED, 4, 2, 0, 1, 1},     {.after_ms = 200, .happening = REVOKED},
    {0, ADDED, 7, 1, 1000, 0, 2},    {0, CROWD, FIRST_OF_CROWD, 3, 1000, 1, 1},
    {6000, ADDED, 1, 2, 1000, 0, 1}, {.after_ms = 50, .happening = LOST},
    {3000, ADDED, 2, 2, 1000, 1, 1},
};

static void
publish(struct scene *scene, const struct step *step)
{
    struct engine_fixture *fixture = scene->fixture;
    struct broker_log *log = &scene->logs[step->partition];
    struct log_record *record = &log->records[log->count++];
    struct guid user_guid = user_id(step->user);
    struct guid group_guid = group_id(step->group);
    int64_t at_ms = fixture->clock.wall_ms - step->age_ms;
    char user[GUID_TEXT_BYTES];
    char group[GUID_TEXT_BYTES];
    char time[TIMESTAMP_TEXT_BYTES];

    record->timestamp_ms = at_ms;
    record->owed = step->owed;
    snprintf(record->value, sizeof(record->value),
             "{\"user\":\"%s\",\"group\":\"%s\",\"change\":\"%s\",\"time\":\"%s\"%s",
             guid_format(&user_guid, user), guid_format(&group_guid, group),
             step->happening == REMOVED ? "removed" : "added", timestamp_format(at_ms, time),
             step->happening == POISON ? "" : "}");
}

static void
publish_all(struct scene *scene, const struct step *step)
{
    struct step one = *step;
    int last = step->user + (step->happening == CROWD ? CROWD_SIZE : 1);

    for (; one.user < last; one.user++)
        publish(scene, &one);
}

static void
revoke(struct scene *scene, bool is_lost)
{
    engine_revoke_all(scene->fixture->engine, is_lost);
    for (int32_t i = 0; i < PARTITIONS; i++)
        scene->logs[i].position = -1;
}

static void
happen(struct scene *scene, const struct step *step)
{
    if (step->after_ms > 0)
        pass(scene, step->after_ms);
    if (step->happening == REVOKED || step->happening == LOST)
        revoke(scene, step->happening == LOST);
    else
        publish_all(scene, step);
    feed(scene);
}

static void
play(struct scene *scene)
{
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        happen(scene, &steps[i]);
    for (int64_t ms = 0; ms < CALM_MS && !is_done(scene); ms += LOOK_MS)
        pass(scene, LOOK_MS);
}

/* --- what came of it ----------------------------------------------------------------------------- */

static void
check_ready(const struct scene *scene, int environment, int user, bool has_columns)
{
    const struct world_row *row = &scene->fixture->world.rows[environment][user];

    if (row->count != 1 || row->is_disabled || !row->roles[READER] ||
        (has_columns && strcmp(row->costcentre, "x") != 0))
        fail_msg("%s: user %d is not ready: %d rows, unit %d, '%s'", scene->what, user, row->count,
                 row->unit, row->costcentre);
}

static bool
has_outcome(const struct scene *scene, int user, enum outcome outcome)
{
    const struct scripted *scripted = &scene->fixture->scripted;
    struct guid id = user_id(user);

    for (size_t i = 0; i < scripted->settled_count; i++) {
        if (guid_equal(&scripted->settled[i].user, &id) && scripted->settled[i].outcome == outcome)
            return true;
    }
    return false;
}

static void
fail_unsettled(const struct scene *scene)
{
    struct text status = TEXT_EMPTY;

    engine_status(scene->fixture->engine, &status);
    fail_msg("%s: not everything has settled: %lld of %lld, %lld of %lld\n%s\n%s", scene->what,
             (long long)committed(scene, 0), (long long)scene->logs[0].count,
             (long long)committed(scene, 1), (long long)scene->logs[1].count,
             scene->fixture->world.trace, status.data);
}

static void
check_end(const struct scene *scene, bool has_graph)
{
    if (!is_done(scene))
        fail_unsettled(scene);
    check_ready(scene, PROD, 1, has_graph);
    check_ready(scene, PROD, 2, has_graph);
    check_ready(scene, TEST, 2, false);
    check_ready(scene, PROD, 3, has_graph);
    assert_true(scene->fixture->world.rows[PROD][3].roles[ADMIN]);
    check_ready(scene, TEST, 7, false);
    for (int user = FIRST_OF_CROWD; user < FIRST_OF_CROWD + CROWD_SIZE; user++)
        check_ready(scene, PROD, user, false);
    assert_true(has_outcome(scene, 5, OUTCOME_DEAD));
    assert_true(has_outcome(scene, 4, OUTCOME_SKIPPED));
    if (has_graph)
        assert_false(has_outcome(scene, 6, OUTCOME_DONE));
}

/* --- once --------------------------------------------------------------------------------------- */

static struct routing *
make_routing(bool has_graph)
{
    const char *columns = has_graph ? "cl" : NULL;
    const struct route_spec specs[] = {
        {.group = 1, .rank = 2, .unit = SALES, .columns = columns, .roles = "12"},
        {.group = 2, .rank = 1, .unit = LABS, .columns = columns, .roles = "2"},
        {.group = 1, .environment = TEST, .roles = "2"},
        {.group = 3, .roles = "2"},
    };

    return routing_make(specs, sizeof(specs) / sizeof(specs[0]), has_graph);
}

static void
make_world(struct world *world)
{
    for (int user = 1; user <= 7; user++)
        world_name(world, user, "x");
    world_give_rows(world, PROD, 2, 6);
    world_give_rows(world, TEST, 2, 2);
    world_give_rows(world, PROD, FIRST_OF_CROWD, FIRST_OF_CROWD + CROWD_SIZE - 1);
    world->rows[PROD][3].roles[ADMIN] = true;
    world->rows[PROD][5].count = 2;
    world->people[3].groups = 1 << 2;
    world->people[4].groups = world->people[6].groups = 0;
    world->visible_after_ms = 7000;
    world->faults[CALL_LOOK] = (struct world_fault){1, VERDICT_RETRY, "busy", -1};
    world->faults[CALL_ROLE] = (struct world_fault){1, VERDICT_THROTTLED, "throttled", 3000};
    world->faults[CALL_FORCE_SYNC] = (struct world_fault){1, VERDICT_MISCONFIGURED, "no_right", -1};
}

/* Plays it all with ${times} failures from allocation ${first} on; true when there were any. */
static bool
torture(size_t first, size_t times, bool has_graph)
{
    struct scene *scene = test_calloc(1, sizeof(*scene));
    size_t live = scarce_memory_live();
    void *state;
    bool has_failed;

    assert_int_equal(engine_fixture_setup(&state), 0);
    scene->fixture = state;
    snprintf(scene->what, sizeof(scene->what), "%zu failures from allocation %zu on", times, first);
    make_world(&scene->fixture->world);
    engine_fixture_start(scene->fixture, make_routing(has_graph));
    scarce_memory_fail_often(first, times);
    play(scene);
    has_failed = scarce_memory_has_failed();
    check_end(scene, has_graph);
    assert_int_equal(engine_fixture_teardown(&state), 0);
    if (scarce_memory_live() != live)
        fail_msg("%s: %zd allocations were not freed", scene->what,
                 (ssize_t)(scarce_memory_live() - live));
    test_free(scene);
    return has_failed;
}

/* Without any failure all this is as expected; then the failures begin later and later. */
static void
torture_all(size_t times, bool has_graph)
{
    size_t first = 0;

    assert_false(torture(SIZE_MAX, times, has_graph));
    while (torture(first, times, has_graph))
        first++;
    assert_in_range(first, 200, 20000);
}

static void
any_allocation_may_fail(void **state)
{
    (void)state;
    torture_all(1, true);
}

static void
any_allocation_may_fail_without_graph(void **state)
{
    (void)state;
    torture_all(1, false);
}

static void
memory_may_be_gone_for_a_while(void **state)
{
    (void)state;
    torture_all(10, true);
    torture_all(100, true);
}

static void
memory_may_be_gone_for_a_while_without_graph(void **state)
{
    (void)state;
    torture_all(30, false);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_allocation_may_fail),
        cmocka_unit_test(any_allocation_may_fail_without_graph),
        cmocka_unit_test(memory_may_be_gone_for_a_while),
        cmocka_unit_test(memory_may_be_gone_for_a_while_without_graph),
    };
    return cmocka_run_group_tests_name("torture", tests, NULL, NULL);
}
