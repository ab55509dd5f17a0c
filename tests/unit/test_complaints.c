/* What is said of topics that take no records, and how often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "complaints.h"
#include "log.h"

enum { LINE_BYTES = 1024, MINUTE_MS = 60000 };
enum { SOON, LETTERS, TOPICS };

static const char *const topics[] = {"members.retry.15m", "members.dlq"};

static struct {
    struct clock clock;
    FILE *file;
    struct log *log;
    struct complaints *complaints;
} world;

static int
setup(void **state)
{
    (void)state;
    world.clock = (struct clock){.mono_ms = 5000};
    world.file = tmpfile();
    assert_non_null(world.file);
    world.log = log_create(fileno(world.file), LOG_TEXT, LOG_INFO, 0, &world.clock);
    world.complaints = complaints_create(topics, TOPICS, world.log, &world.clock);
    return world.complaints == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    (void)state;
    complaints_destroy(world.complaints);
    log_destroy(world.log);
    return fclose(world.file);
}

static void
refuse(size_t topic, rd_kafka_resp_err_t code)
{
    const struct complaint complaint = {code, "because", 3};

    complaints_refused(world.complaints, topic, &complaint);
}

/* Of lines that hold both. */
static int
count(const char *text, const char *more)
{
    char line[LINE_BYTES];
    int found = 0;

    rewind(world.file);
    while (fgets(line, sizeof(line), world.file) != NULL)
        found += strstr(line, text) != NULL && strstr(line, more) != NULL;
    (void)fseek(world.file, 0, SEEK_END);
    return found;
}

/* --- tests ----------------------------------------------------------------------------------- */

static void
complaints_name_the_topic_the_fault_and_what_to_do(void **state)
{
    static const struct {
        rd_kafka_resp_err_t code;
        const char *message;
    } cases[] = {
        {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "does not exist: make it"},
        {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, "does not exist: make it"},
        {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, "fewer partitions than the main one"},
        {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, "raise its max.message.bytes"},
        {RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, "raise its max.message.bytes"},
        {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "grant Write and Describe"},
        {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, "grant Write and Describe"},
        {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, "too few replicas"},
        {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND, "too few replicas"},
        {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, "within kafka.publish_timeout"},
        {RD_KAFKA_RESP_ERR_INVALID_RECORD, "takes no records, trying on"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char code[64];

        (void)snprintf(code, sizeof(code), "topic=members.dlq partition=3 code=%s text=because",
                       rd_kafka_err2name(cases[i].code));
        refuse(LETTERS, cases[i].code);
        assert_int_equal(count(cases[i].message, code), 1);
        (void)teardown(state);
        (void)setup(state);
    }
}

static void
complaints_say_a_kind_once_for_each_topic(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        refuse(LETTERS, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
        refuse(LETTERS, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
        refuse(SOON, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    }
    assert_int_equal(count("error", "members.dlq"), 2);
    assert_int_equal(count("error", "members.retry.15m"), 1);
}

static void
complaints_remind_every_ten_minutes(void **state)
{
    (void)state;
    for (int i = 0; i < 25; i++) {
        refuse(SOON, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC);
        world.clock.mono_ms += MINUTE_MS;
    }
    assert_int_equal(count("error", "does not exist"), 3);
}

static void
complaints_say_that_it_is_over_and_begin_anew(void **state)
{
    (void)state;
    complaints_taken(world.complaints, SOON);
    assert_int_equal(count("", ""), 0);
    refuse(SOON, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC);
    complaints_taken(world.complaints, LETTERS);
    assert_int_equal(count("takes records again", ""), 0);
    complaints_taken(world.complaints, SOON);
    complaints_taken(world.complaints, SOON);
    assert_int_equal(count("takes records again", "topic=members.retry.15m"), 1);
    refuse(SOON, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC);
    assert_int_equal(count("error", "does not exist"), 2);
}

/* Small records pass while a large one is tried again and again. */
static void
complaints_of_size_do_not_end_with_another_record(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        refuse(LETTERS, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
        complaints_taken(world.complaints, LETTERS);
    }
    assert_int_equal(count("", ""), 1);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(complaints_name_the_topic_the_fault_and_what_to_do),
        TEST(complaints_say_a_kind_once_for_each_topic),
        TEST(complaints_remind_every_ten_minutes),
        TEST(complaints_say_that_it_is_over_and_begin_anew),
        TEST(complaints_of_size_do_not_end_with_another_record),
    };
    return cmocka_run_group_tests_name("complaints", tests, NULL, NULL);
}
