/*
 * Kept records, on librdkafka's in-process cluster: what arrives there, what the engine is told, and
 * what the log says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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

enum { PATIENCE_MS = 20000, ANSWERS = 16, LINE_BYTES = 1024, LARGE_BYTES = 4000 };
enum { REQUEST_PRODUCE = 0 };

#define LETTERS "members.dlq"

static char soon[] = "members.retry.15m";
static char late[] = "members.retry.6h";
static const struct tier tiers[] = {{soon, 900000, 4}, {late, 21600000, 112}};

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
    FILE *log_file;
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

/* A cluster with three topics of two partitions, and a consumer that reads them back. */
static int
setup(void **state)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char reason[512];

    (void)state;
    (void)now_ms();
    world.log_file = tmpfile();
    assert_non_null(world.log_file);
    world.log = log_create(fileno(world.log_file), LOG_TEXT, LOG_INFO, 0, &world.clock);
    rd_kafka_conf_set_log_cb(conf, drop_log);
    (void)rd_kafka_conf_set(conf, "group.id", "reader", reason, sizeof(reason));
    world.consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof(reason));
    assert_non_null(world.consumer);
    world.cluster = rd_kafka_mock_cluster_new(world.consumer, 1);
    assert_non_null(world.cluster);
    rd_kafka_mock_topic_create(world.cluster, LETTERS, 2, 1);
    rd_kafka_mock_topic_create(world.cluster, soon, 2, 1);
    rd_kafka_mock_topic_create(world.cluster, late, 2, 1);
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
    (void)fclose(world.log_file);
    return 0;
}

/* How many lines of the log hold ${text}. */
static int
count_lines(const char *text)
{
    char line[LINE_BYTES];
    int count = 0;

    rewind(world.log_file);
    while (fgets(line, sizeof(line), world.log_file) != NULL)
        count += strstr(line, text) != NULL;
    (void)fseek(world.log_file, 0, SEEK_END);
    return count;
}

static struct publisher *
make_publisher_that(struct engine *engine, bool cuts_large_letters)
{
    static const char *const properties[] = {"log_level=0", "message.max.bytes=2000",
                                             "retry.backoff.ms=10", NULL};
    const struct publisher_settings settings = {
        .bootstrap_servers = rd_kafka_mock_cluster_bootstraps(world.cluster),
        .tiers = tiers,
        .tier_count = 2,
        .dead_letters = LETTERS,
        .cuts_large_letters = cuts_large_letters,
        .clock = &world.clock,
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

static struct publisher *
make_publisher(struct engine *engine)
{
    return make_publisher_that(engine, false);
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

/* The record of ${partition} of ${topic} at ${offset}, or RD_KAFKA_OFFSET_TAIL(1), read back. */
static rd_kafka_message_t *
read_back(const char *topic, int32_t partition, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_message_t *message;

    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = offset;
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
        .tier = TO_DEAD_LETTERS,
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
    message = read_back(LETTERS, 1, 0);
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
    const struct kept_record record = {.tier = TO_DEAD_LETTERS, .partition = 0, .serial = 3};
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
    assert_int_equal(count_lines("has fewer partitions"), 1);
    publisher_destroy(publisher);
}

static void
publisher_sends_a_record_to_the_topic_of_its_tier(void **state)
{
    static const struct {
        int tier;
        const char *topic;
    } cases[] = {{0, soon}, {1, late}, {TO_DEAD_LETTERS, LETTERS}};
    struct engine engine = {0};
    struct publisher *publisher = make_publisher(&engine);
    struct kept_record record = make_record(0, 1);

    (void)state;
    for (int i = 0; i < 3; i++) {
        char value[] = {(char)('a' + i)};
        rd_kafka_message_t *message;

        record.tier = cases[i].tier;
        record.value = value;
        record.value_length = 1;
        assert_true(publisher_keep(publisher, &record));
        turn_until_answered(publisher, &engine, i + 1);
        assert_true(engine.was_kept[i]);
        message = read_back(cases[i].topic, 0, RD_KAFKA_OFFSET_TAIL(1));
        assert_memory_equal(message->payload, value, 1);
        rd_kafka_message_destroy(message);
    }
    publisher_destroy(publisher);
}

static void
publisher_takes_nothing_for_a_topic_that_there_is_not(void **state)
{
    struct engine engine = {0};
    struct publisher *publisher = make_publisher(&engine);
    struct kept_record record = make_record(0, 1);

    (void)state;
    record.tier = 2;
    assert_false(publisher_keep(publisher, &record));
    record.tier = TO_NOWHERE;
    assert_false(publisher_keep(publisher, &record));
    publisher_destroy(publisher);
}

/* --- what a topic refuses ---------------------------------------------------------------------- */

static void
refuse_next(rd_kafka_resp_err_t code)
{
    rd_kafka_mock_push_request_errors(world.cluster, REQUEST_PRODUCE, 1, code);
}

/* A record that is refused with ${code}. */
static void
assert_refused(struct publisher *publisher, struct engine *engine, rd_kafka_resp_err_t code)
{
    const struct kept_record record = make_record(0, 1);

    refuse_next(code);
    assert_true(publisher_keep(publisher, &record));
    turn_until_answered(publisher, engine, engine->answers + 1);
    assert_false(engine->was_kept[engine->answers - 1]);
}

static void
publisher_says_once_what_a_topic_refuses_and_when_that_is_over(void **state)
{
    static const char refusal[] = "the topic takes no records";
    static const char relief[] = "the topic takes records again";
    struct engine engine = {0};
    struct publisher *publisher = make_publisher(&engine);
    const struct kept_record record = make_record(0, 1);

    (void)state;
    assert_refused(publisher, &engine, RD_KAFKA_RESP_ERR_INVALID_RECORD);
    assert_refused(publisher, &engine, RD_KAFKA_RESP_ERR_INVALID_RECORD);
    assert_int_equal(count_lines(refusal), 1);
    assert_int_equal(count_lines("topic=members.dlq"), count_lines("partition="));
    assert_int_equal(count_lines(relief), 0);
    assert_true(publisher_keep(publisher, &record));
    turn_until_answered(publisher, &engine, 3);
    assert_int_equal(count_lines(relief), 1);
    assert_refused(publisher, &engine, RD_KAFKA_RESP_ERR_INVALID_RECORD);
    assert_int_equal(count_lines(refusal), 2);
    publisher_destroy(publisher);
}

static struct kept_record
make_large_record(int tier)
{
    static char value[LARGE_BYTES];
    struct kept_record record = make_record(1, 9);

    memset(value, 'v', sizeof(value));
    record.tier = tier;
    record.value = value;
    record.value_length = sizeof(value);
    return record;
}

/* The last letter of partition 1 has ${record}'s key and headers, and two headers instead of a value. */
static void
assert_cut(const struct kept_record *record)
{
    rd_kafka_message_t *message = read_back(LETTERS, 1, RD_KAFKA_OFFSET_TAIL(1));
    rd_kafka_headers_t *found;

    assert_int_equal(message->len, 0);
    assert_int_equal(message->key_len, record->key_length);
    assert_int_equal(rd_kafka_message_headers(message, &found), RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_int_equal(rd_kafka_header_cnt(found), record->header_count + 2);
    rd_kafka_message_destroy(message);
}

static void
publisher_holds_a_letter_that_is_too_large_and_says_so(void **state)
{
    struct engine engine = {0};
    struct publisher *publisher = make_publisher(&engine);
    const struct kept_record record = make_large_record(TO_DEAD_LETTERS);
    int before = count_lines("a record is larger than the topic takes");

    (void)state;
    assert_false(publisher_keep(publisher, &record));
    assert_false(publisher_keep(publisher, &record));
    assert_int_equal(count_lines("a record is larger than the topic takes"), before + 1);
    publisher_destroy(publisher);
}

static void
publisher_cuts_a_letter_that_the_library_refuses_for_its_size(void **state)
{
    struct engine engine = {0};
    struct publisher *publisher = make_publisher_that(&engine, true);
    const struct kept_record record = make_large_record(TO_DEAD_LETTERS);

    (void)state;
    assert_true(publisher_keep(publisher, &record));
    turn_until_answered(publisher, &engine, 1);
    assert_true(engine.was_kept[0]);
    assert_int_equal(engine.serials[0], 9);
    assert_cut(&record);
    publisher_destroy(publisher);
}

/* The engine hears of it once, when the letter is kept. */
static void
publisher_cuts_a_letter_that_the_broker_refuses_for_its_size(void **state)
{
    struct engine engine = {0};
    struct publisher *publisher = make_publisher_that(&engine, true);
    struct kept_record record = make_large_record(TO_DEAD_LETTERS);

    (void)state;
    record.value_length = 1000;
    refuse_next(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    assert_true(publisher_keep(publisher, &record));
    turn_until_answered(publisher, &engine, 1);
    assert_true(engine.was_kept[0]);
    assert_int_equal(engine.serials[0], 9);
    assert_cut(&record);
    publisher_destroy(publisher);
}

static void
publisher_cuts_nothing_but_letters_and_those_only_once(void **state)
{
    struct engine engine = {0};
    struct publisher *publisher = make_publisher_that(&engine, true);
    struct kept_record record = make_large_record(0);

    (void)state;
    assert_false(publisher_keep(publisher, &record));
    record.tier = TO_DEAD_LETTERS;
    record.value_length = 1000;
    refuse_next(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    refuse_next(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    assert_true(publisher_keep(publisher, &record));
    turn_until_answered(publisher, &engine, 1);
    assert_false(engine.was_kept[0]);
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
        cmocka_unit_test(publisher_sends_a_record_to_the_topic_of_its_tier),
        cmocka_unit_test(publisher_takes_nothing_for_a_topic_that_there_is_not),
        cmocka_unit_test(publisher_says_once_what_a_topic_refuses_and_when_that_is_over),
        cmocka_unit_test(publisher_holds_a_letter_that_is_too_large_and_says_so),
        cmocka_unit_test(publisher_cuts_a_letter_that_the_library_refuses_for_its_size),
        cmocka_unit_test(publisher_cuts_a_letter_that_the_broker_refuses_for_its_size),
        cmocka_unit_test(publisher_cuts_nothing_but_letters_and_those_only_once),
    };
    return cmocka_run_group_tests_name("publisher", tests, setup, teardown);
}
