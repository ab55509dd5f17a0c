/* Batches and saved states, on librdkafka's in-process cluster. */
#include <fcntl.h>
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
#include "log.h"
#include "outbox.h"

enum { PATIENCE_MS = 20000, STATES_MOST = 8, TEXT_BYTES = 128, REFUSALS = 100 };
enum { API_PRODUCE = 0, API_FIND_COORDINATOR = 10, API_END_TXN = 26 };

static const char *const names[] = {"members", "members.backfill", "members.state"};

static struct {
    struct clock clock;
    struct log *log;
    rd_kafka_t *host; /* of the cluster */
    rd_kafka_mock_cluster_t *cluster;
} world;

/* An outbox, and what it told. */
struct told {
    struct outbox *outbox;
    int opened;
    bool has_transactions;
    char states[STATES_MOST][TEXT_BYTES]; /* "key=value" */
    size_t state_count;
    int published;
    uint64_t serial;
    int ended;
    enum outbox_end end;
    struct error error;
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
    world.log = log_create(open("/dev/null", O_WRONLY), LOG_TEXT, LOG_ERROR, 0, &world.clock);
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
    return 0;
}

static void
make_topics(void)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_equal(rd_kafka_mock_topic_create(world.cluster, names[i], 2, 1),
                         RD_KAFKA_RESP_ERR_NO_ERROR);
}

/* --- listening ------------------------------------------------------------------------------- */

static void
on_opened(void *context, const struct feed_saved *states, size_t count, bool has_transactions)
{
    struct told *told = context;

    told->opened++;
    told->has_transactions = has_transactions;
    told->state_count = count;
    assert_true(count <= STATES_MOST);
    for (size_t i = 0; i < count; i++)
        (void)snprintf(told->states[i], TEXT_BYTES, "%.*s=%.*s", (int)states[i].key_length,
                       states[i].key, (int)states[i].value_length, states[i].value);
}

static void
on_published(void *context, uint64_t serial)
{
    struct told *told = context;

    told->published++;
    told->serial = serial;
}

static void
on_ended(void *context, enum outbox_end end, const struct error *error)
{
    struct told *told = context;

    told->ended++;
    told->end = end;
    told->error = *error;
}

static void
make(struct told *told, enum outbox_transactions transactions)
{
    static const char *const properties[] = {"log_level=0", NULL};
    const struct outbox_settings settings = {
        .bootstrap_servers = rd_kafka_mock_cluster_bootstraps(world.cluster),
        .group_id = "producers",
        .topics = {names[0], names[1], names[2]},
        .transactional_id = "members.producer",
        .properties = properties,
        .client_id = "test",
        .transactions = transactions,
        .take_over_within_ms = 2000,
        .publish_timeout_ms = 2000,
    };
    const struct outbox_listener listener = {told, on_opened, on_published, on_ended};
    struct error error;

    *told = (struct told){.outbox = outbox_create(&settings, &listener, world.log, &error)};
    assert_non_null(told->outbox);
}

static void
turn_until(struct told *told, const int *count, int wanted)
{
    int64_t until_ms = now_ms() + PATIENCE_MS;

    while (*count < wanted && told->ended == 0 && now_ms() < until_ms) {
        outbox_turn(told->outbox);
        (void)usleep(1000);
    }
    if (*count != wanted)
        fail_msg("ended %d: %s", told->ended, told->error.text);
}

static void
begin(struct told *told, enum outbox_use use)
{
    struct error error;

    told->ended = 0;
    assert_int_equal(outbox_open(told->outbox, use, &error), 0);
    turn_until(told, &told->opened, told->opened + 1);
}

static void
finish(struct told *told)
{
    outbox_close(told->outbox);
    if (!outbox_is_idle(told->outbox))
        turn_until(told, &told->ended, 1);
    assert_true(outbox_is_idle(told->outbox));
}

/* --- batches --------------------------------------------------------------------------------- */

static struct feed_record
record(enum feed_topic topic, const char *key, const char *value)
{
    return (struct feed_record){
        .topic = topic,
        .key = key,
        .key_length = strlen(key),
        .value = value,
        .value_length = value == NULL ? 0 : strlen(value),
        .timestamp_ms = 1700000000000,
    };
}

static bool
publish(struct told *told, uint64_t serial, const struct feed_record *records, size_t count)
{
    return outbox_publish(told->outbox, &(const struct feed_batch){serial, records, count});
}

static void
publish_and_wait(struct told *told, const struct feed_record *records, size_t count)
{
    int before = told->published;

    assert_true(publish(told, (uint64_t)before + 1, records, count));
    turn_until(told, &told->published, before + 1);
    assert_int_equal(told->serial, before + 1);
}

static bool
has_state(const struct told *told, const char *state)
{
    for (size_t i = 0; i < told->state_count; i++)
        if (strcmp(told->states[i], state) == 0)
            return true;
    return false;
}

static int64_t
records_in(const char *topic)
{
    int64_t sum = 0;

    for (int32_t partition = 0; partition < 2; partition++) {
        rd_kafka_conf_t *conf = rd_kafka_conf_new();
        char reason[512];
        rd_kafka_t *asker;
        int64_t low = 0, high = 0;

        rd_kafka_conf_set_log_cb(conf, drop_log);
        (void)rd_kafka_conf_set(conf, "bootstrap.servers",
                                rd_kafka_mock_cluster_bootstraps(world.cluster), reason,
                                sizeof(reason));
        asker = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof(reason));
        assert_int_equal(
            rd_kafka_query_watermark_offsets(asker, topic, partition, &low, &high, PATIENCE_MS),
            RD_KAFKA_RESP_ERR_NO_ERROR);
        sum += high - low;
        rd_kafka_destroy(asker);
    }
    return sum;
}

/* --- tests ----------------------------------------------------------------------------------- */

static void
outbox_publishes_batches_and_reads_the_last_states_back(void **state)
{
    const struct kafka_header header = {"ce_id", "one", 3};
    struct feed_record first[] = {
        record(FEED_MAIN, "user", "{}"),
        record(FEED_STATE, "a", "1"),
        record(FEED_STATE, "b", "1"),
    };
    const struct feed_record second[] = {
        record(FEED_STATE, "a", "2"),
        record(FEED_STATE, "b", NULL),
        record(FEED_STATE, "c", "1"),
    };
    struct told told;

    (void)state;
    make_topics();
    make(&told, OUTBOX_YES);
    begin(&told, OUTBOX_LEAD);
    assert_true(told.has_transactions);
    assert_int_equal(told.state_count, 0);
    first[0].headers = &header;
    first[0].header_count = 1;
    publish_and_wait(&told, first, 3);
    publish_and_wait(&told, second, 3);
    finish(&told);
    assert_int_equal(told.end, OUTBOX_CLOSED);
    assert_int_equal(records_in(names[0]), 1);
    begin(&told, OUTBOX_LEAD);
    assert_int_equal(told.state_count, 2);
    assert_true(has_state(&told, "a=2"));
    assert_true(has_state(&told, "c=1"));
    finish(&told);
    outbox_destroy(told.outbox);
}

static void
outbox_reads_states_without_touching_who_leads(void **state)
{
    const struct feed_record records[] = {record(FEED_STATE, "a", "1")};
    struct told leader, reader;

    (void)state;
    make_topics();
    make(&leader, OUTBOX_YES);
    make(&reader, OUTBOX_YES);
    begin(&leader, OUTBOX_LEAD);
    publish_and_wait(&leader, records, 1);
    begin(&reader, OUTBOX_READ);
    assert_true(has_state(&reader, "a=1"));
    assert_false(publish(&reader, 1, records, 1));
    publish_and_wait(&leader, records, 1);
    finish(&reader);
    finish(&leader);
    outbox_destroy(reader.outbox);
    outbox_destroy(leader.outbox);
}

static void
outbox_writes_beside_a_leader_without_fencing_it(void **state)
{
    const struct feed_record states[] = {record(FEED_STATE, "a", "1")};
    const struct feed_record events[] = {record(FEED_BACKFILL, "user", "{}")};
    struct told leader, other;

    (void)state;
    make_topics();
    make(&leader, OUTBOX_YES);
    make(&other, OUTBOX_YES);
    begin(&leader, OUTBOX_LEAD);
    begin(&other, OUTBOX_BESIDE);
    assert_false(other.has_transactions);
    publish_and_wait(&other, events, 1);
    publish_and_wait(&leader, states, 1);
    finish(&other);
    finish(&leader);
    outbox_destroy(other.outbox);
    outbox_destroy(leader.outbox);
}

static void
outbox_tells_that_it_was_fenced(void **state)
{
    const struct feed_record records[] = {record(FEED_STATE, "a", "1")};
    struct told late;

    (void)state;
    make_topics();
    make(&late, OUTBOX_YES);
    begin(&late, OUTBOX_LEAD);
    publish_and_wait(&late, records, 1);
    /* this cluster fences nobody by itself; a real one does in test_producer.py */
    rd_kafka_mock_push_request_errors(world.cluster, API_END_TXN, 1,
                                      RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
    assert_true(publish(&late, 2, records, 1));
    turn_until(&late, &late.ended, 1);
    assert_int_equal(late.end, OUTBOX_FENCED);
    assert_int_equal(late.published, 1);
    assert_true(outbox_is_idle(late.outbox));
    outbox_destroy(late.outbox);
}

static void
outbox_names_all_topics_that_are_missing(void **state)
{
    struct told told;
    struct error error;

    (void)state;
    make_topics();
    rd_kafka_mock_topic_set_error(world.cluster, names[1], RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    rd_kafka_mock_topic_set_error(world.cluster, names[2], RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    make(&told, OUTBOX_AUTO);
    assert_int_equal(outbox_open(told.outbox, OUTBOX_LEAD, &error), 0);
    turn_until(&told, &told.ended, 1);
    assert_int_equal(told.end, OUTBOX_FAILED);
    assert_non_null(strstr(told.error.text, "members.backfill, members.state"));
    assert_null(strstr(told.error.text, "members,"));
    outbox_destroy(told.outbox);
}

/* As Event Hubs' standard tier answers: it has no coordinators of transactions. */
static void
refuse_coordinators(void)
{
    rd_kafka_resp_err_t errors[REFUSALS];

    for (int i = 0; i < REFUSALS; i++)
        errors[i] = RD_KAFKA_RESP_ERR_INVALID_REQUEST;
    rd_kafka_mock_push_request_errors_array(world.cluster, API_FIND_COORDINATOR, REFUSALS, errors);
}

static void
outbox_finds_out_that_there_are_no_transactions(void **state)
{
    const struct feed_record records[] = {
        record(FEED_MAIN, "user", "{}"),
        record(FEED_STATE, "a", "1"),
    };
    struct told told;

    (void)state;
    make_topics();
    refuse_coordinators();
    make(&told, OUTBOX_AUTO);
    begin(&told, OUTBOX_LEAD);
    assert_false(told.has_transactions);
    publish_and_wait(&told, records, 2);
    finish(&told);
    outbox_destroy(told.outbox);
}

static void
outbox_ends_when_wanted_transactions_are_not_there(void **state)
{
    struct told told;
    struct error error;

    (void)state;
    make_topics();
    refuse_coordinators();
    make(&told, OUTBOX_YES);
    assert_int_equal(outbox_open(told.outbox, OUTBOX_LEAD, &error), 0);
    turn_until(&told, &told.ended, 1);
    assert_int_equal(told.end, OUTBOX_FAILED);
    outbox_destroy(told.outbox);
}

static void
outbox_without_transactions_writes_no_state_before_its_events(void **state)
{
    const struct feed_record records[] = {
        record(FEED_MAIN, "user", "{}"),
        record(FEED_STATE, "a", "1"),
    };
    struct told told;

    (void)state;
    make_topics();
    make(&told, OUTBOX_NO);
    begin(&told, OUTBOX_LEAD);
    rd_kafka_mock_push_request_errors(world.cluster, API_PRODUCE, 1,
                                      RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    assert_true(publish(&told, 1, records, 2));
    turn_until(&told, &told.ended, 1);
    assert_int_equal(told.end, OUTBOX_FAILED);
    assert_int_equal(told.published, 0);
    outbox_destroy(told.outbox);
    assert_int_equal(records_in(names[FEED_STATE]), 0);
}

static void
outbox_has_one_batch_at_a_time_and_brings_it_to_its_end(void **state)
{
    const struct feed_record records[] = {record(FEED_MAIN, "user", "{}")};
    struct told told;

    (void)state;
    make_topics();
    make(&told, OUTBOX_YES);
    assert_false(publish(&told, 1, records, 1));
    begin(&told, OUTBOX_LEAD);
    rd_kafka_mock_broker_set_rtt(world.cluster, 1, 200);
    assert_true(publish(&told, 1, records, 1));
    assert_false(publish(&told, 2, records, 1));
    finish(&told);
    assert_int_equal(told.end, OUTBOX_CLOSED);
    assert_int_equal(told.published, 0);
    assert_false(publish(&told, 3, records, 1));
    outbox_destroy(told.outbox);
    rd_kafka_mock_broker_set_rtt(world.cluster, 1, 0);
    assert_int_equal(records_in(names[FEED_MAIN]), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(outbox_publishes_batches_and_reads_the_last_states_back),
        TEST(outbox_reads_states_without_touching_who_leads),
        TEST(outbox_writes_beside_a_leader_without_fencing_it),
        TEST(outbox_tells_that_it_was_fenced),
        TEST(outbox_names_all_topics_that_are_missing),
        TEST(outbox_finds_out_that_there_are_no_transactions),
        TEST(outbox_ends_when_wanted_transactions_are_not_there),
        TEST(outbox_without_transactions_writes_no_state_before_its_events),
        TEST(outbox_has_one_batch_at_a_time_and_brings_it_to_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
