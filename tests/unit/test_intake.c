/*
 * The intake against librdkafka's in-process cluster, with an engine that only writes down what it is
 * told. Joining a group takes that cluster three seconds, so all members join at once, in the setup.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "clock.h"
#include "engine.h"
#include "error.h"
#include "intake.h"
#include "log.h"
#include "probe.h"

enum { PARTITIONS = 3, RECORDS = 20, KEPT = 256, PATIENCE_MS = 30000, TEXT_BYTES = 32 };
enum { MEMBER_PLAIN, MEMBER_FULL, MEMBER_COMMITS, MEMBER_RETURNS, MEMBERS };

/* --- an engine that takes notes -------------------------------------------------------------- */

struct taken {
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms;
    char key[TEXT_BYTES];
    char value[TEXT_BYTES];
    char header[TEXT_BYTES]; /* "name=value" of the first */
};

struct engine {
    struct intake *intake;
    struct taken taken[KEPT];
    size_t taken_count;
    size_t room;                    /* so many more are taken */
    size_t refusals;                /* so often there is no memory */
    int64_t started_at[PARTITIONS]; /* as engine_assign said; -1: not assigned */
    int64_t committed[PARTITIONS];
    int64_t end[PARTITIONS]; /* as EOF said; -1: it did not */
    int64_t high[PARTITIONS];
    int32_t size_of_main;
    int revocations;
    bool commits_on_revoke;
    int answers;
    bool last_answer;
};

static void
reset_partitions(struct engine *engine)
{
    for (int i = 0; i < PARTITIONS; i++)
        engine->started_at[i] = engine->committed[i] = engine->end[i] = engine->high[i] = -1;
}

int
engine_assign(struct engine *engine, int topic, int32_t partition, int64_t offset,
              int64_t committed)
{
    if (topic != 0)
        return 0; /* the cluster makes every topic that is asked for */
    engine->started_at[partition] = offset;
    engine->committed[partition] = committed;
    return 0;
}

void
engine_partitions_of_main(struct engine *engine, int32_t count)
{
    engine->size_of_main = count;
}

static void
commit_all(struct engine *engine, uint64_t serial)
{
    struct offset_commit commits[PARTITIONS];

    for (int i = 0; i < PARTITIONS; i++)
        commits[i] = (struct offset_commit){.topic = 0, .partition = i, .offset = RECORDS / 2 + i};
    intake_commit(engine->intake, commits, PARTITIONS, serial);
}

void
engine_revoke_all(struct engine *engine, bool is_lost)
{
    engine->revocations++;
    if (engine->commits_on_revoke && !is_lost)
        commit_all(engine, 1);
}

bool
engine_has_room_for(const struct engine *engine, int topic)
{
    (void)topic;
    return engine->room > 0;
}

static void
copy_text(char *target, const char *bytes, size_t length)
{
    (void)snprintf(target, TEXT_BYTES, "%.*s", (int)length, bytes == NULL ? "" : bytes);
}

bool
engine_take(struct engine *engine, const struct message *message, int64_t low)
{
    struct taken *taken = &engine->taken[engine->taken_count];

    assert_true(low == 0 || low == -1);
    if (engine->refusals > 0) {
        engine->refusals--;
        return false;
    }
    assert_true(engine->taken_count < KEPT);
    engine->taken_count++;
    engine->room--;
    taken->partition = message->partition;
    taken->offset = message->offset;
    taken->timestamp_ms = message->timestamp_ms;
    copy_text(taken->key, message->key, message->key_length);
    copy_text(taken->value, message->value, message->value_length);
    if (message->header_count > 0)
        (void)snprintf(taken->header, TEXT_BYTES, "%s=%.*s", message->headers[0].name,
                       (int)message->headers[0].length, message->headers[0].value);
    return true;
}

void
engine_end(struct engine *engine, int topic, int32_t partition, int64_t offset, int64_t low)
{
    (void)low;
    if (topic == 0)
        engine->end[partition] = offset;
}

void
engine_high(struct engine *engine, int topic, int32_t partition, int64_t high)
{
    if (topic == 0)
        engine->high[partition] = high;
}

void
engine_committed(struct engine *engine, uint64_t serial, bool is_ok)
{
    (void)serial;
    engine->answers++;
    engine->last_answer = is_ok;
}

/* --- the cluster and its members ------------------------------------------------------------- */

static struct {
    struct clock clock;
    struct log *log;
    FILE *log_file;
    rd_kafka_t *producer;
    rd_kafka_mock_cluster_t *cluster;
    struct engine engines[MEMBERS];
} world;

static const char *const topics[] = {"members", "members.backfill"};
static const char *const properties[] = {"session.timeout.ms=4000", "heartbeat.interval.ms=500",
                                         "fetch.error.backoff.ms=10", NULL};

static void
drop_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk, (void)level, (void)facility, (void)text;
}

static void
produce(int32_t partition, int number)
{
    char value[TEXT_BYTES];

    (void)snprintf(value, sizeof(value), "value %d", number);
    assert_int_equal(rd_kafka_producev(world.producer, RD_KAFKA_V_TOPIC(topics[0]),
                                       RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_KEY("key", 3),
                                       RD_KAFKA_V_VALUE(value, strlen(value)),
                                       RD_KAFKA_V_TIMESTAMP(1000),
                                       RD_KAFKA_V_HEADER("ce_id", "7", 1),
                                       RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END),
                     RD_KAFKA_RESP_ERR_NO_ERROR);
}

/* The last partition stays empty. */
static void
start_cluster(void)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char reason[512];

    rd_kafka_conf_set_log_cb(conf, drop_log);
    world.producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof(reason));
    assert_non_null(world.producer);
    world.cluster = rd_kafka_mock_cluster_new(world.producer, 1);
    assert_non_null(world.cluster);
    rd_kafka_mock_topic_create(world.cluster, topics[0], PARTITIONS, 1);
    (void)rd_kafka_brokers_add(world.producer, rd_kafka_mock_cluster_bootstraps(world.cluster));
    for (int i = 0; i < RECORDS; i++)
        for (int32_t partition = 0; partition < PARTITIONS - 1; partition++)
            produce(partition, i);
    assert_int_equal(rd_kafka_flush(world.producer, PATIENCE_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
}

static void
join(struct engine *engine, const char *group)
{
    const struct intake_settings settings = {
        .bootstrap_servers = rd_kafka_mock_cluster_bootstraps(world.cluster),
        .group_id = group,
        .group_instance_id = "",
        .topics = topics,
        .topic_count = 2,
        .properties = properties,
        .client_id = "test",
        .first_assignment_within_ms = PATIENCE_MS,
    };
    struct error error;

    memset(engine, 0, sizeof(*engine));
    reset_partitions(engine);
    engine->intake = intake_create(&settings, world.log, &error);
    assert_non_null(engine->intake);
    intake_bind(engine->intake, engine);
}

static int64_t
now_ms(void)
{
    clock_read_system(&world.clock);
    return world.clock.mono_ms;
}

static void
turn(struct engine *engine)
{
    (void)intake_turn(engine->intake, now_ms());
    (void)usleep(1000);
}

/* True when a line of the log holds ${text}. */
static bool
log_has(const char *text)
{
    char line[1024];
    bool has_it = false;

    rewind(world.log_file);
    while (!has_it && fgets(line, sizeof(line), world.log_file) != NULL)
        has_it = strstr(line, text) != NULL;
    (void)fseek(world.log_file, 0, SEEK_END);
    return has_it;
}

/* Turns until ${condition} holds. */
#define TURN_UNTIL(engine, condition)                \
    do {                                             \
        int64_t until_ms_ = now_ms() + PATIENCE_MS;  \
        while (!(condition) && now_ms() < until_ms_) \
            turn(engine);                            \
        assert_true(condition);                      \
    } while (0)

static void
leave(struct engine *engine)
{
    intake_close(engine->intake, false);
    TURN_UNTIL(engine, intake_is_closed(engine->intake));
    intake_destroy(engine->intake);
    engine->intake = NULL;
}

static int
setup(void **state)
{
    static const char *const groups[MEMBERS] = {"plain", "full", "commits", "returns"};

    (void)state;
    clock_read_system(&world.clock);
    world.log_file = tmpfile();
    assert_non_null(world.log_file);
    world.log = log_create(fileno(world.log_file), LOG_TEXT, LOG_INFO, 0, &world.clock);
    start_cluster();
    for (int i = 0; i < MEMBERS; i++)
        join(&world.engines[i], groups[i]);
    world.engines[MEMBER_PLAIN].room = KEPT;
    world.engines[MEMBER_COMMITS].room = KEPT;
    world.engines[MEMBER_RETURNS].room = KEPT;
    for (int i = 0; i < MEMBERS; i++)
        TURN_UNTIL(&world.engines[i], intake_is_assigned(world.engines[i].intake));
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    for (int i = 0; i < MEMBERS; i++)
        if (world.engines[i].intake != NULL)
            leave(&world.engines[i]);
    rd_kafka_mock_cluster_destroy(world.cluster);
    rd_kafka_destroy(world.producer);
    log_destroy(world.log);
    (void)fclose(world.log_file);
    return 0;
}

/* --- tests ----------------------------------------------------------------------------------- */

/* Each record once and in order, ${count} of them in the first partition. */
static void
assert_complete(const struct engine *engine, int64_t count)
{
    int64_t expected[PARTITIONS] = {0};

    for (size_t i = 0; i < engine->taken_count; i++)
        assert_int_equal(engine->taken[i].offset, expected[engine->taken[i].partition]++);
    assert_int_equal(expected[0], count);
    assert_int_equal(expected[1], RECORDS);
}

static void
intake_hands_every_record_over_once_and_in_order(void **state)
{
    struct engine *engine = &world.engines[MEMBER_PLAIN];

    (void)state;
    TURN_UNTIL(engine, engine->end[0] == RECORDS && engine->end[1] == RECORDS);
    assert_complete(engine, RECORDS);
    assert_int_equal(engine->high[0], RECORDS);
}

static void
intake_hands_over_all_that_a_record_holds(void **state)
{
    struct engine *engine = &world.engines[MEMBER_PLAIN];

    (void)state;
    TURN_UNTIL(engine, engine->taken_count > 0);
    assert_string_equal(engine->taken[0].value, "value 0");
    assert_string_equal(engine->taken[0].key, "key");
    assert_string_equal(engine->taken[0].header, "ce_id=7");
    assert_int_equal(engine->taken[0].timestamp_ms, 1000);
}

static void
intake_tells_the_end_of_an_empty_partition(void **state)
{
    struct engine *engine = &world.engines[MEMBER_PLAIN];

    (void)state;
    TURN_UNTIL(engine, engine->end[PARTITIONS - 1] == 0);
    assert_int_equal(engine->started_at[PARTITIONS - 1], 0);
    assert_int_equal(engine->committed[PARTITIONS - 1], -1);
}

static void
intake_counts_the_partitions_of_the_main_topic(void **state)
{
    (void)state;
    assert_int_equal(world.engines[MEMBER_PLAIN].size_of_main, PARTITIONS);
    /* the group may have given a member the last of them, or none */
    for (int32_t known = 0; known <= PARTITIONS; known++)
        assert_int_equal(probe_partitions(world.engines[MEMBER_PLAIN].intake, topics[0], known),
                         PARTITIONS);
}

static void
intake_leaves_records_in_their_queues_while_there_is_no_room(void **state)
{
    struct engine *engine = &world.engines[MEMBER_FULL];
    int64_t until_ms = now_ms() + 300;

    (void)state;
    while (now_ms() < until_ms)
        turn(engine);
    assert_int_equal(engine->taken_count, 0);
    assert_int_equal(intake_turn(engine->intake, now_ms()), 0);

    engine->room = 5;
    TURN_UNTIL(engine, engine->taken_count == 5);
    turn(engine);
    assert_int_equal(engine->taken_count, 5);
}

static void
intake_hands_a_record_over_again_when_there_was_no_memory_for_it(void **state)
{
    struct engine *engine = &world.engines[MEMBER_FULL];

    (void)state;
    engine->room = KEPT;
    engine->refusals = 3;
    TURN_UNTIL(engine, engine->end[0] == RECORDS && engine->end[1] == RECORDS);
    assert_int_equal(engine->refusals, 0);
    assert_complete(engine, RECORDS);
}

static void
intake_reports_a_commit_that_was_accepted(void **state)
{
    struct engine *engine = &world.engines[MEMBER_COMMITS];

    (void)state;
    TURN_UNTIL(engine, engine->started_at[0] == 0);
    commit_all(engine, 1);
    TURN_UNTIL(engine, engine->answers == 1);
    assert_true(engine->last_answer);
    assert_int_equal(intake_counts(engine->intake)->commits_accepted, 1);
}

static void
intake_reports_a_commit_that_was_refused(void **state)
{
    struct engine *engine = &world.engines[MEMBER_COMMITS];

    (void)state;
    rd_kafka_mock_push_request_errors(world.cluster, 8 /* OffsetCommit */, 1,
                                      RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE);
    commit_all(engine, 2);
    TURN_UNTIL(engine, engine->answers == 2);
    assert_false(engine->last_answer);
    assert_int_equal(intake_counts(engine->intake)->commits_failed, 1);
}

static void
intake_lets_a_last_commit_out_and_begins_where_the_group_was(void **state)
{
    struct engine *engine = &world.engines[MEMBER_RETURNS];

    (void)state;
    engine->commits_on_revoke = true;
    leave(engine);
    assert_int_equal(engine->revocations, 1);

    join(engine, "returns");
    engine->room = KEPT;
    TURN_UNTIL(engine, engine->taken_count > 0 && engine->end[0] == RECORDS);
    for (int i = 0; i < PARTITIONS; i++) {
        assert_int_equal(engine->started_at[i], RECORDS / 2 + i);
        assert_int_equal(engine->committed[i], RECORDS / 2 + i);
    }
}

/* What librdkafka cannot read it jumps over, so the partition is read again from what is expected. */
static void
intake_reads_a_partition_again_after_an_error(void **state)
{
    struct engine *engine = &world.engines[MEMBER_PLAIN];

    (void)state;
    for (int i = 0; i < MEMBERS; i++)
        if (i != MEMBER_PLAIN)
            leave(&world.engines[i]);
    rd_kafka_mock_push_request_errors(world.cluster, 1 /* Fetch */, 2,
                                      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
                                      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    TURN_UNTIL(engine, log_has("partition cannot be read"));
    produce(0, RECORDS);
    TURN_UNTIL(engine, engine->end[0] == RECORDS + 1);
    assert_complete(engine, RECORDS + 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intake_hands_every_record_over_once_and_in_order),
        cmocka_unit_test(intake_hands_over_all_that_a_record_holds),
        cmocka_unit_test(intake_tells_the_end_of_an_empty_partition),
        cmocka_unit_test(intake_counts_the_partitions_of_the_main_topic),
        cmocka_unit_test(intake_leaves_records_in_their_queues_while_there_is_no_room),
        cmocka_unit_test(intake_hands_a_record_over_again_when_there_was_no_memory_for_it),
        cmocka_unit_test(intake_reports_a_commit_that_was_accepted),
        cmocka_unit_test(intake_reports_a_commit_that_was_refused),
        cmocka_unit_test(intake_lets_a_last_commit_out_and_begins_where_the_group_was),
        cmocka_unit_test(intake_reads_a_partition_again_after_an_error),
    };
    return cmocka_run_group_tests_name("intake", tests, setup, teardown);
}
