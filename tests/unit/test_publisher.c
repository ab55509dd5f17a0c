/* Kept records, on librdkafka's in-process cluster: what arrives there, and what the engine is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "clock.h"
#include "engine.h"
#include "error.h"
#include "log.h"
#include "publisher.h"

enum { PATIENCE_MS = 20000, ANSWERS = 16 };

#define TOPIC "members.dlq"

/* --- an engine that takes notes -------------------------------------------------------------- */

struct engine {
    int answers;
    uint64_t serials[ANSWERS];
    bool was_kept[ANSWERS];
};

void
engine_kept(struct engine *engine, uint64_t serial, const struct error *error)
{
    assert_true(engine->answers < ANSWERS);
    engine->serials[engine->answers] = serial;
    engine->was_kept[engine->answers++] = error == NULL;
}

/* --- the cluster ----------------------------------------------------------------------------- */

static struct {
    struct clock clock;
    struct log *log;
    rd_kafka_t *consumer;
    rd_kafka_mock_cluster_t *cluster;
} world;

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

/* A cluster with one topic of two partitions, and a consumer that reads it back. */
static int
setup(void **state)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char reason[512];

    (void)state;
    (void)now_ms();
    world.log = log_create(STDERR_FILENO, LOG_TEXT, LOG_ERROR, 0, &world.clock);
    rd_kafka_conf_set_log_cb(conf, drop_log);
    (void)rd_kafka_conf_set(conf, "group.id", "reader", reason, sizeof(reason));
    world.consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof(reason));
    assert_non_null(world.consumer);
    world.cluster = rd_kafka_mock_cluster_new(world.consumer, 1);
    assert_non_null(world.cluster);
    rd_kafka_mock_topic_create(world.cluster, TOPIC, 2, 1);
    (void)rd_kafka_brokers_add(world.consumer, rd_kafka_mock_cluster_bootstraps(world.cluster));
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    (void)rd_kafka_consumer_close(world.consumer); /* waits for ever once the cluster is gone */
    rd_kafka_mock_cluster_destroy(world.cluster);
    rd_kafka_destroy(world.consumer);
    log_destroy(world.log);
    return 0;
}

static struct publisher *
make_publisher(struct engine *engine)
{
    static const char *const properties[] = {"log_level=0", NULL};
    const struct publisher_settings settings = {
        .bootstrap_servers = rd_kafka_mock_cluster_bootstraps(world.cluster),
        .topic = TOPIC,
        .properties = properties,
        .client_id = "test",
        .timeout_ms = 5000,
    };
    struct error error;
    struct publisher *publisher = publisher_create(&settings, world.log, &error);

    assert_non_null(publisher);
    publisher_bind(publisher, engine);
    return publisher;
}

static void
turn_until_answered(struct publisher *publisher, const struct engine *engine, int answers)
{
    int64_t until_ms = now_ms() + PATIENCE_MS;

    while (engine->answers < answers && now_ms() < until_ms) {
        publisher_turn(publisher);
        (void)usleep(1000);
    }
    assert_int_equal(engine->answers, answers);
}

/* The first record of ${partition}, read back. */
static rd_kafka_message_t *
read_back(int32_t partition)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_message_t *message;

    rd_kafka_topic_partition_list_add(list, TOPIC, partition)->offset = 0;
    assert_int_equal(rd_kafka_assign(world.consumer, list), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_partition_list_destroy(list);
    message = rd_kafka_consumer_poll(world.consumer, PATIENCE_MS);
    assert_non_null(message);
    assert_int_equal(message->err, RD_KAFKA_RESP_ERR_NO_ERROR);
    return message;
}

/* --- tests ----------------------------------------------------------------------------------- */

static const struct kafka_header headers[] = {{"a", "1", 1}, {"b", NULL, 0}, {"c", "\0\1", 2}};

static struct kept_record
make_record(int32_t partition, uint64_t serial)
{
    return (struct kept_record){
        .partition = partition,
        .key = "k",
        .key_length = 1,
        .value = "v\0w",
        .value_length = 3,
        .headers = headers,
        .header_count = 3,
        .serial = serial,
    };
}

static void
publisher_answers_each_record_when_its_report_is_there(void **state)
{
    struct engine engine = {0};
    const struct kept_record first = make_record(0, 7);
    const struct kept_record second = make_record(0, 8);
    struct publisher *publisher = make_publisher(&engine);

    (void)state;
    assert_true(publisher_keep(publisher, &first));
    assert_true(publisher_keep(publisher, &second));
    assert_int_equal(engine.answers, 0);
    turn_until_answered(publisher, &engine, 2);
    assert_int_equal(engine.serials[0], 7);
    assert_int_equal(engine.serials[1], 8);
    assert_true(engine.was_kept[0] && engine.was_kept[1]);
    publisher_destroy(publisher);
}

static void
publisher_keeps_every_byte_and_the_partitions_number(void **state)
{
    struct engine engine = {0};
    const struct kept_record record = make_record(1, 1);
    struct publisher *publisher = make_publisher(&engine);
    rd_kafka_message_t *message;
    rd_kafka_headers_t *found;

    (void)state;
    assert_true(publisher_keep(publisher, &record));
    turn_until_answered(publisher, &engine, 1);
    message = read_back(1);
    assert_int_equal(message->len, 3);
    assert_memory_equal(message->payload, "v\0w", 3);
    assert_int_equal(message->key_len, 1);
    assert_int_equal(rd_kafka_message_headers(message, &found), RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_int_equal(rd_kafka_header_cnt(found), 3);
    for (size_t i = 0; i < 3; i++) {
        const char *name;
        const void *value;
        size_t length;

        assert_int_equal(rd_kafka_header_get_all(found, i, &name, &value, &length),
                         RD_KAFKA_RESP_ERR_NO_ERROR);
        assert_string_equal(name, headers[i].name);
        assert_int_equal(length, headers[i].length);
        assert_int_equal(value == NULL, headers[i].value == NULL);
    }
    rd_kafka_message_destroy(message);
    publisher_destroy(publisher);
}

static void
publisher_keeps_a_record_without_key_and_value(void **state)
{
    struct engine engine = {0};
    const struct kept_record record = {.partition = 0, .serial = 3};
    struct publisher *publisher = make_publisher(&engine);

    (void)state;
    assert_true(publisher_keep(publisher, &record));
    turn_until_answered(publisher, &engine, 1);
    assert_true(engine.was_kept[0]);
    publisher_destroy(publisher);
}

static void
publisher_says_so_when_there_is_no_such_partition(void **state)
{
    struct engine engine = {0};
    const struct kept_record record = make_record(9, 4);
    struct publisher *publisher = make_publisher(&engine);

    (void)state;
    assert_true(publisher_keep(publisher, &record));
    turn_until_answered(publisher, &engine, 1);
    assert_false(engine.was_kept[0]);
    assert_int_equal(engine.serials[0], 4);
    publisher_destroy(publisher);
}

static void
publisher_that_was_never_used_has_nothing_to_do(void **state)
{
    struct engine engine = {0};
    struct publisher *publisher = make_publisher(&engine);

    (void)state;
    publisher_turn(publisher);
    assert_int_equal(engine.answers, 0);
    publisher_destroy(publisher);
    publisher_destroy(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(publisher_answers_each_record_when_its_report_is_there),
        cmocka_unit_test(publisher_keeps_every_byte_and_the_partitions_number),
        cmocka_unit_test(publisher_keeps_a_record_without_key_and_value),
        cmocka_unit_test(publisher_says_so_when_there_is_no_such_partition),
        cmocka_unit_test(publisher_that_was_never_used_has_nothing_to_do),
    };
    return cmocka_run_group_tests_name("publisher", tests, setup, teardown);
}
