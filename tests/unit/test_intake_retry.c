/*
 * Retry topics in the intake, against librdkafka's in-process cluster: a head that is not due waits and
 * holds up nobody. The engine only counts what it is given; the wall clock is the test's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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
#include "tier.h"

enum { MAIN, RETRY, TOPICS, RECORDS = 10, PATIENCE_MS = 30000 };

#define WALL_MS INT64_C(1700000000000)
#define DELAY_MS INT64_C(3600000)

static char retry_topic[] = "members.retry.1h";
static const char *const topics[] = {"members", retry_topic};
static const struct tier tiers[] = {{retry_topic, DELAY_MS, 4}};

/* --- an engine that counts ------------------------------------------------------------------- */

struct engine {
    struct intake *intake;
    int taken[TOPICS];
    int64_t end[TOPICS];  /* as EOF said; -1: it did not */
    int64_t high[TOPICS]; /* -1: not told */
    bool is_full;
    int revocations;
};

int
engine_assign(struct engine *engine, int topic, int32_t partition, int64_t offset,
              int64_t committed)
{
    (void)partition, (void)offset, (void)committed;
    engine->end[topic] = engine->high[topic] = -1;
    return 0;
}

void
engine_partitions_of_main(struct engine *engine, int32_t count)
{
    (void)engine, (void)count;
}

void
engine_revoke_all(struct engine *engine, bool is_lost)
{
    (void)is_lost;
    engine->revocations++;
}

bool
engine_has_room_for(const struct engine *engine, int topic)
{
    (void)topic;
    return !engine->is_full;
}

bool
engine_take(struct engine *engine, const struct message *message, int64_t low)
{
    (void)low;
    assert_int_equal(message->offset, engine->taken[message->topic]);
    engine->taken[message->topic]++;
    return true;
}

void
engine_end(struct engine *engine, int topic, int32_t partition, int64_t offset, int64_t low)
{
    (void)partition, (void)low;
    engine->end[topic] = offset;
}

void
engine_high(struct engine *engine, int topic, int32_t partition, int64_t high)
{
    (void)partition;
    engine->high[topic] = high;
}

void
engine_committed(struct engine *engine, uint64_t serial, bool is_ok)
{
    (void)engine, (void)serial, (void)is_ok;
}

/* --- the cluster ----------------------------------------------------------------------------- */

static struct {
    struct clock clock; /* mono: the system's; wall: the test's */
    struct log *log;
    rd_kafka_t *producer;
    rd_kafka_mock_cluster_t *cluster;
    struct engine engine;
    int left_topic; /* as the last turn said */
} world;

static void
drop_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk, (void)level, (void)facility, (void)text;
}

static void
produce(int topic, int64_t timestamp_ms)
{
    assert_int_equal(rd_kafka_producev(world.producer, RD_KAFKA_V_TOPIC(topics[topic]),
                                       RD_KAFKA_V_PARTITION(0), RD_KAFKA_V_VALUE("{}", 2),
                                       RD_KAFKA_V_TIMESTAMP(timestamp_ms),
                                       RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END),
                     RD_KAFKA_RESP_ERR_NO_ERROR);
}

/* Records of the retry topic are parked one second after the other, all in the last ten. */
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
    (void)rd_kafka_brokers_add(world.producer, rd_kafka_mock_cluster_bootstraps(world.cluster));
    for (int topic = 0; topic < TOPICS; topic++)
        rd_kafka_mock_topic_create(world.cluster, topics[topic], 1, 1);
    for (int i = 0; i < RECORDS; i++) {
        produce(MAIN, WALL_MS);
        produce(RETRY, WALL_MS + 1000 * (i - RECORDS));
    }
    assert_int_equal(rd_kafka_flush(world.producer, PATIENCE_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
}

static void
join(void)
{
    static const char *const properties[] = {"session.timeout.ms=4000", "heartbeat.interval.ms=500",
                                             NULL};
    const struct intake_settings settings = {
        .bootstrap_servers = rd_kafka_mock_cluster_bootstraps(world.cluster),
        .group_id = "group",
        .group_instance_id = "",
        .topics = topics,
        .topic_count = TOPICS,
        .tiers = tiers,
        .tier_count = 1,
        .clock = &world.clock,
        .properties = properties,
        .client_id = "test",
        .first_assignment_within_ms = PATIENCE_MS,
    };
    struct error error;

    world.engine = (struct engine){.intake = intake_create(&settings, world.log, &error)};
    assert_non_null(world.engine.intake);
    intake_bind(world.engine.intake, &world.engine);
}

static int64_t
mono_ms(void)
{
    struct clock clock;

    clock_read_system(&clock);
    return clock.mono_ms;
}

static void
turn(void)
{
    world.clock.mono_ms = mono_ms();
    world.left_topic = intake_turn(world.engine.intake, world.clock.mono_ms);
    (void)usleep(1000);
}

#define TURN_UNTIL(condition)                         \
    do {                                              \
        int64_t until_ms_ = mono_ms() + PATIENCE_MS;  \
        while (!(condition) && mono_ms() < until_ms_) \
            turn();                                   \
        assert_true(condition);                       \
    } while (0)

static int
setup(void **state)
{
    (void)state;
    world.clock.wall_ms = WALL_MS;
    world.log = log_create(STDERR_FILENO, LOG_TEXT, LOG_ERROR, 0, &world.clock);
    start_cluster();
    join();
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    intake_destroy(world.engine.intake);
    rd_kafka_mock_cluster_destroy(world.cluster);
    rd_kafka_destroy(world.producer);
    log_destroy(world.log);
    return 0;
}

/* --- tests, one after the other ---------------------------------------------------------------- */

static void
intake_holds_a_head_that_is_not_due_and_nothing_else(void **state)
{
    (void)state;
    TURN_UNTIL(world.engine.end[MAIN] == RECORDS && world.engine.high[RETRY] == RECORDS);
    assert_int_equal(world.engine.taken[MAIN], RECORDS);
    assert_int_equal(world.engine.taken[RETRY], 0);
    produce(MAIN, WALL_MS);
    TURN_UNTIL(world.engine.end[MAIN] == RECORDS + 1);
    assert_int_equal(world.engine.taken[RETRY], 0);
}

/* Else the loop would turn without a pause. */
static void
intake_does_not_call_a_head_that_waits_left_behind(void **state)
{
    (void)state;
    turn();
    assert_int_equal(world.left_topic, -1);
    assert_true(intake_next_ms(world.engine.intake) > world.clock.mono_ms);
}

static void
intake_hands_records_over_one_by_one_as_they_are_due(void **state)
{
    (void)state;
    world.clock.wall_ms = WALL_MS + DELAY_MS - 1000 * RECORDS;
    TURN_UNTIL(world.engine.taken[RETRY] == 1);
    turn();
    assert_int_equal(world.engine.taken[RETRY], 1);
    assert_in_range(intake_next_ms(world.engine.intake) - world.clock.mono_ms, 1, 1000);
    assert_int_equal(intake_head_due_ms(world.engine.intake, RETRY, 0), world.clock.wall_ms + 1000);
    assert_int_equal(intake_head_due_ms(world.engine.intake, MAIN, 0), 0);
    world.clock.wall_ms += 2000;
    TURN_UNTIL(world.engine.taken[RETRY] == 3);
    turn();
    assert_int_equal(world.engine.taken[RETRY], 3);
}

/* Due while there is no room: that is left behind, and no reason to wake for it. */
static void
intake_leaves_a_due_head_behind_while_there_is_no_room(void **state)
{
    (void)state;
    world.engine.is_full = true;
    world.clock.wall_ms += 1000;
    turn();
    assert_in_range(world.left_topic, 0, 9);
    assert_true(intake_next_ms(world.engine.intake) > world.clock.mono_ms);
    assert_int_equal(world.engine.taken[RETRY], 3);
    world.engine.is_full = false;
    TURN_UNTIL(world.engine.taken[RETRY] == 4);
}

static void
intake_gives_back_a_partition_whose_head_waits(void **state)
{
    (void)state;
    turn();
    assert_int_equal(world.engine.taken[RETRY], 4);
    intake_close(world.engine.intake, false);
    TURN_UNTIL(intake_is_closed(world.engine.intake));
    assert_int_equal(world.engine.revocations, 1);
    assert_int_equal(world.engine.taken[RETRY], 4);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intake_holds_a_head_that_is_not_due_and_nothing_else),
        cmocka_unit_test(intake_does_not_call_a_head_that_waits_left_behind),
        cmocka_unit_test(intake_hands_records_over_one_by_one_as_they_are_due),
        cmocka_unit_test(intake_leaves_a_due_head_behind_while_there_is_no_room),
        cmocka_unit_test(intake_gives_back_a_partition_whose_head_waits),
    };
    return cmocka_run_group_tests_name("intake_retry", tests, setup, teardown);
}
