/* What of librdkafka's configuration is ours, what is the operator's, and what nobody may touch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "intake.h"
#include "properties.h"

#define VALUE_BYTES 256

static const char *const none[] = {NULL};

static void
assert_value(const rd_kafka_conf_t *conf, const char *name, const char *expected)
{
    char value[VALUE_BYTES];
    size_t size = sizeof(value);

    assert_int_equal(rd_kafka_conf_get(conf, name, value, &size), RD_KAFKA_CONF_OK);
    assert_string_equal(value, expected);
}

static rd_kafka_conf_t *
make(enum properties_role role, const struct property *own, const char *const *properties)
{
    struct error error;
    rd_kafka_conf_t *conf = properties_conf(role, own, properties, &error);

    assert_non_null(conf);
    return conf;
}

/* ${property} is refused, and the text for the operator names ${word}. */
static void
assert_refused(const char *property, const char *word)
{
    const char *const properties[] = {"check.crcs=true", property, NULL};
    struct error error;

    assert_int_equal(intake_check_properties(properties, &error), -1);
    assert_int_equal(error.class, ERROR_CONFIG);
    if (strstr(error.text, word) == NULL)
        fail_msg("%s: no \"%s\" in \"%s\"", property, word, error.text);
}

static void
properties_leave_offsets_to_the_worker(void **state)
{
    rd_kafka_conf_t *conf = make(PROPERTIES_CONSUMER, NULL, none);

    (void)state;
    assert_value(conf, "enable.auto.commit", "false");
    assert_value(conf, "enable.auto.offset.store", "false");
    assert_value(conf, "auto.offset.reset", "smallest");
    assert_value(conf, "isolation.level", "read_committed");
    assert_value(conf, "enable.partition.eof", "true");
    rd_kafka_conf_destroy(conf);
}

static void
properties_make_an_idempotent_producer(void **state)
{
    rd_kafka_conf_t *conf = make(PROPERTIES_PRODUCER, NULL, none);

    (void)state;
    assert_value(conf, "enable.idempotence", "true");
    assert_value(conf, "acks", "-1");
    rd_kafka_conf_destroy(conf);
}

static void
properties_of_the_operator_come_before_defaults(void **state)
{
    const char *const properties[] = {"queued.min.messages=7", "socket.timeout.ms=1234", NULL};
    rd_kafka_conf_t *conf = make(PROPERTIES_CONSUMER, NULL, properties);

    (void)state;
    assert_value(conf, "queued.min.messages", "7");
    assert_value(conf, "socket.timeout.ms", "1234");
    rd_kafka_conf_destroy(conf);
}

static void
properties_of_the_caller_come_before_the_operators(void **state)
{
    const char *const properties[] = {"client.rack=a", NULL};
    const struct property own[] = {{"client.rack", "b"}, {"group.instance.id", ""}, {NULL, NULL}};
    rd_kafka_conf_t *conf = make(PROPERTIES_CONSUMER, own, properties);
    char value[VALUE_BYTES];
    size_t size = sizeof(value);

    (void)state;
    assert_value(conf, "client.rack", "b");
    /* an empty one counts as not set */
    assert_int_equal(rd_kafka_conf_get(conf, "group.instance.id", value, &size),
                     RD_KAFKA_CONF_UNKNOWN);
    rd_kafka_conf_destroy(conf);
}

static void
properties_may_hold_an_equals_sign_in_the_value(void **state)
{
    const char *const properties[] = {"sasl.password=a=b=", NULL};
    rd_kafka_conf_t *conf = make(PROPERTIES_CONSUMER, NULL, properties);

    (void)state;
    assert_value(conf, "sasl.password", "a=b=");
    rd_kafka_conf_destroy(conf);
}

static void
properties_that_would_break_a_promise_are_refused_with_the_reason(void **state)
{
    (void)state;
    assert_refused("enable.auto.commit=true", "settled");
    assert_refused("auto.commit.enable=true", "settled");
    assert_refused("enable.auto.offset.store=true", "settled");
    assert_refused("auto.offset.reset=latest", "skips");
    assert_refused("auto.offset.reset=error", "skips");
    assert_refused("isolation.level=read_uncommitted", "aborted");
    assert_refused("partition.assignment.strategy=cooperative-sticky", "eager");
    assert_refused("partition.assignment.strategy=range,cooperative-sticky", "eager");
    assert_refused("enable.partition.eof=false", "lag");
    assert_refused("allow.auto.create.topics=true", "mistypes");
    assert_refused("enable.idempotence=false", "kept record");
    assert_refused("acks=1", "kept record");
    assert_refused("request.required.acks=0", "kept record");
    assert_refused("transactional.id=x", "transactions");
}

static void
properties_that_are_settings_are_refused_and_the_setting_is_named(void **state)
{
    (void)state;
    assert_refused("bootstrap.servers=x:1", "kafka.bootstrap_servers");
    assert_refused("metadata.broker.list=x:1", "kafka.bootstrap_servers");
    assert_refused("group.id=x", "kafka.group_id");
    assert_refused("group.instance.id=x", "kafka.group_instance_id");
    assert_refused("client.id=x", "kafka.client_id");
    assert_refused("message.timeout.ms=1000", "kafka.publish_timeout");
}

static void
properties_that_the_library_does_not_accept_are_refused(void **state)
{
    (void)state;
    assert_refused("no.such.property=1", "no.such.property");
    assert_refused("socket.timeout.ms=many", "socket.timeout.ms");
    assert_refused("rebalance_cb=1", "rebalance_cb");
    assert_refused("nonsense", "name=value");
    assert_refused("=1", "name=value");
    /* seen only when a handle is made */
    assert_refused("session.timeout.ms=70000", "max.poll.interval.ms");
}

static void
properties_that_say_what_is_so_anyway_are_let_through(void **state)
{
    const char *const properties[] = {
        "enable.auto.commit=false",
        "auto.offset.reset=earliest",
        "isolation.level=read_committed",
        "partition.assignment.strategy=roundrobin,range",
        "acks=all",
        NULL,
    };
    struct error error;

    (void)state;
    assert_int_equal(intake_check_properties(properties, &error), 0);
    assert_int_equal(intake_check_properties(none, &error), 0);
    assert_int_equal(intake_check_properties(NULL, &error), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(properties_leave_offsets_to_the_worker),
        cmocka_unit_test(properties_make_an_idempotent_producer),
        cmocka_unit_test(properties_of_the_operator_come_before_defaults),
        cmocka_unit_test(properties_of_the_caller_come_before_the_operators),
        cmocka_unit_test(properties_may_hold_an_equals_sign_in_the_value),
        cmocka_unit_test(properties_that_would_break_a_promise_are_refused_with_the_reason),
        cmocka_unit_test(properties_that_are_settings_are_refused_and_the_setting_is_named),
        cmocka_unit_test(properties_that_the_library_does_not_accept_are_refused),
        cmocka_unit_test(properties_that_say_what_is_so_anyway_are_let_through),
    };
    return cmocka_run_group_tests_name("properties", tests, NULL, NULL);
}
