/* Who leads, on librdkafka's in-process cluster, which takes three seconds for a group's first word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "clock.h"
#include "error.h"
#include "leader.h"
#include "log.h"

enum { PATIENCE_MS = 30000, LINES_BYTES = 16384 };

#define TOPIC "members.leader"

static struct {
    struct clock clock;
    FILE *file; /* of the log */
    struct log *log;
    rd_kafka_t *host; /* of the cluster */
    rd_kafka_mock_cluster_t *cluster;
} world;

/* A leader, and what it told. */
struct told {
    struct leader *leader;
    int won;
    int lost;
};

static int64_t
now_ms(void)
{
    clock_read_system(&world.clock);
    return world.clock.mono_ms;
}

static void
drop_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk, (void)level, (void)facility, (void)text;
}

static int
setup(void **state)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char reason[512];

    (void)state;
    (void)now_ms();
    world.file = tmpfile();
    assert_non_null(world.file);
    world.log = log_create(fileno(world.file), LOG_JSON, LOG_INFO, 0, &world.clock);
    rd_kafka_conf_set_log_cb(conf, drop_log);
    world.host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof(reason));
    assert_non_null(world.host);
    world.cluster = rd_kafka_mock_cluster_new(world.host, 1);
    assert_non_null(world.cluster);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    rd_kafka_mock_cluster_destroy(world.cluster);
    rd_kafka_destroy(world.host);
    log_destroy(world.log);
    (void)fclose(world.file);
    return 0;
}

static void
on_won(void *context)
{
    ((struct told *)context)->won++;
}

static void
on_lost(void *context)
{
    ((struct told *)context)->lost++;
}

static void
make(struct told *told)
{
    static const char *const properties[] = {"log_level=0", NULL};
    const struct leader_settings settings = {
        .bootstrap_servers = rd_kafka_mock_cluster_bootstraps(world.cluster),
        .group_id = "producers",
        .topic = TOPIC,
        .properties = properties,
        .client_id = "test",
        .session_timeout_ms = 4000,
        .complain_after_ms = 60000,
    };
    const struct leader_listener listener = {told, on_won, on_lost};
    struct error error;

    *told = (struct told){.leader = leader_create(&settings, &listener, world.log, &error)};
    assert_non_null(told->leader);
    assert_int_equal(leader_state(told->leader), LEADER_JOINING);
}

static void
turn_until(struct told *told, enum leader_state state)
{
    int64_t until_ms = now_ms() + PATIENCE_MS;

    while (leader_state(told->leader) != state && now_ms() < until_ms) {
        leader_turn(told->leader, world.clock.mono_ms);
        (void)usleep(1000);
    }
    assert_string_equal(leader_state_name(leader_state(told->leader)), leader_state_name(state));
}

static void
assert_logged(const char *part)
{
    static char lines[LINES_BYTES];
    size_t length;

    (void)fseek(world.file, 0, SEEK_SET);
    length = fread(lines, 1, sizeof(lines) - 1, world.file);
    lines[length] = '\0';
    if (strstr(lines, part) == NULL)
        fail_msg("no \"%s\" in:\n%s", part, lines);
}

static void
leader_is_who_owns_the_partition_until_it_steps_down_or_closes(void **state)
{
    struct told told;

    (void)state;
    (void)rd_kafka_mock_topic_create(world.cluster, TOPIC, 1, 1);
    make(&told);
    turn_until(&told, LEADER_LEADING);
    assert_int_equal(told.won, 1);
    leader_step_down(told.leader, 200);
    assert_true(leader_next_ms(told.leader) <= now_ms() + 200);
    turn_until(&told, LEADER_JOINING);
    assert_int_equal(told.lost, 1);
    turn_until(&told, LEADER_LEADING);
    assert_int_equal(told.won, 2);
    leader_close(told.leader);
    turn_until(&told, LEADER_CLOSED);
    assert_int_equal(told.lost, 2);
    assert_int_equal(told.won, 2);
    leader_destroy(told.leader);
}

static void
leader_says_that_its_topic_has_too_many_partitions(void **state)
{
    struct told told;

    (void)state;
    (void)rd_kafka_mock_topic_create(world.cluster, TOPIC, 2, 1);
    make(&told);
    turn_until(&told, LEADER_LEADING);
    assert_logged("must have one partition");
    leader_close(told.leader);
    turn_until(&told, LEADER_CLOSED);
    leader_destroy(told.leader);
}

static void
leader_says_that_its_topic_is_missing(void **state)
{
    struct told told;

    (void)state;
    rd_kafka_mock_topic_set_error(world.cluster, TOPIC, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    make(&told);
    turn_until(&told, LEADER_NO_TOPIC);
    assert_logged("does not exist: make it, with one partition\",\"topic\":\"" TOPIC "\"");
    assert_int_equal(told.won, 0);
    leader_destroy(told.leader);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(leader_is_who_owns_the_partition_until_it_steps_down_or_closes),
        TEST(leader_says_that_its_topic_has_too_many_partitions),
        TEST(leader_says_that_its_topic_is_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
