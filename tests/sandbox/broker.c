/*
 * One librdkafka handle, a producer: with "test.mock.num.brokers" it carries the mock cluster as
 * well. Its main queue wakes the loop through an eventfd; a timer looks now and then anyway, since
 * that wake-up comes only when the queue stops being empty.
 */
#include "broker_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "error.h"
#include "events.h"
#include "server.h"
#include "text.h"

enum {
    SERVE_MS = 100,
    START_MS = 15 * 1000, /* a cluster has to answer within */
    PURGE_MS = 1000,
};

/* Topics made beside the main one. */
static const char *const suffixes[] = {"", ".backfill", ".dlq"};

static int
set_error(const char *what, rd_kafka_resp_err_t code, const char *text, struct error *ret_error)
{
    error_set(ret_error, ERROR_KAFKA, "%s: %s", what, text);
    error_set_code(ret_error, rd_kafka_err2name(code));
    return -1;
}

/* --- the handle ------------------------------------------------------------------------------- */

struct property {
    const char *name;
    const char *value;
};

static const struct property properties[] = {
    {"client.id", "dvsync-sandbox"},
    {"partitioner", "murmur2_random"}, /* Java's: the same key, the same partition everywhere */
    {"linger.ms", "1"},
    {"message.timeout.ms", "20000"},
    {"reconnect.backoff.max.ms", "500"},
    {"queue.buffering.max.messages", "2000000"},
    {"queue.buffering.max.kbytes", "1048576"},
    {"log_level", "2"},
};

static bool
set_property(rd_kafka_conf_t *conf, const struct property *property, struct error *ret_error)
{
    char text[256];

    if (rd_kafka_conf_set(conf, property->name, property->value, text, sizeof(text)) ==
        RD_KAFKA_CONF_OK)
        return true;
    error_set(ret_error, ERROR_CONFIG, "%s: %s", property->name, text);
    return false;
}

static rd_kafka_conf_t *
make_conf(const struct broker_settings *settings, struct error *ret_error)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char brokers[16];
    struct property cluster = {"bootstrap.servers", settings->bootstrap};
    bool is_set = true;

    if (settings->bootstrap == NULL) {
        snprintf(brokers, sizeof(brokers), "%d", settings->brokers);
        cluster = (struct property){"test.mock.num.brokers", brokers};
    }
    for (size_t i = 0; is_set && i < sizeof(properties) / sizeof(properties[0]); i++)
        is_set = set_property(conf, &properties[i], ret_error);
    if (is_set && set_property(conf, &cluster, ret_error)) {
        rd_kafka_conf_set_dr_msg_cb(conf, events_delivered);
        return conf;
    }
    rd_kafka_conf_destroy(conf);
    return NULL;
}

static int
open_handle(struct broker *broker, const struct broker_settings *settings, struct error *ret_error)
{
    rd_kafka_conf_t *conf = make_conf(settings, ret_error);
    const char *bootstrap = settings->bootstrap;
    char text[256];

    if (conf == NULL)
        return -1;
    broker->handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    if (broker->handle == NULL) {
        rd_kafka_conf_destroy(conf);
        return set_error("cannot start a Kafka client", rd_kafka_last_error(), text, ret_error);
    }
    broker->mock = rd_kafka_handle_mock_cluster(broker->handle);
    if (broker->mock != NULL)
        bootstrap = rd_kafka_mock_cluster_bootstraps(broker->mock);
    broker->bootstrap = strdup(bootstrap);
    broker->topic = strdup(settings->topic);
    if (broker->bootstrap == NULL || broker->topic == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for a Kafka client");
    return 0;
}

/* --- in the loop ------------------------------------------------------------------------------ */

static void
drain(void *arg)
{
    struct broker *broker = arg;
    uint64_t wakeups;

    (void)!read(broker->fd, &wakeups, sizeof(wakeups));
    while (rd_kafka_poll(broker->handle, 0) > 0)
        continue;
}

void
broker_set_timer(struct broker *broker, struct timer *timer, int64_t in_ms)
{
    int64_t now_ms = server_clock(broker->server)->mono_ms;

    /* the heap never needs more room than at the start, when both were set once */
    (void)!timer_set(server_timers(broker->server), timer, now_ms + in_ms);
}

static void
look(struct timer *timer, void *arg)
{
    struct broker *broker = arg;

    drain(broker);
    broker_set_timer(broker, timer, SERVE_MS);
}

static int
join_loop(struct broker *broker, struct error *ret_error)
{
    static const uint64_t one = 1;

    broker->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (broker->fd < 0)
        return error_set(ret_error, ERROR_SYSTEM, "no eventfd");
    broker->queue = rd_kafka_queue_get_main(broker->handle);
    rd_kafka_queue_io_event_enable(broker->queue, broker->fd, &one, sizeof(one));
    broker_set_timer(broker, &broker->serve, 0);
    if (!server_watch(broker->server, broker->fd, drain, broker))
        return error_set(ret_error, ERROR_LIMIT, "too many descriptors to watch");
    return 0;
}

/* --- topics ----------------------------------------------------------------------------------- */

/* 0 when every topic of ${event} was made or was there before. */
static int
check_created(rd_kafka_event_t *event, struct error *ret_error)
{
    const rd_kafka_topic_result_t **results;
    rd_kafka_resp_err_t code;
    size_t count;

    if (event == NULL)
        return error_set(ret_error, ERROR_KAFKA, "no answer to CreateTopics");
    code = rd_kafka_event_error(event);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return set_error("CreateTopics", code, rd_kafka_event_error_string(event), ret_error);
    results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    for (size_t i = 0; i < count; i++) {
        code = rd_kafka_topic_result_error(results[i]);
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
            return set_error(rd_kafka_topic_result_name(results[i]), code, rd_kafka_err2str(code),
                             ret_error);
    }
    return 0;
}

static int
create_on_cluster(struct broker *broker, const char *name, int partitions, struct error *ret_error)
{
    char text[256];
    rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(name, partitions, -1, text, sizeof(text));
    rd_kafka_AdminOptions_t *options;
    rd_kafka_queue_t *queue;
    rd_kafka_event_t *event;
    int result;

    if (topic == NULL)
        return error_set(ret_error, ERROR_INPUT, "topic \"%s\": %s", name, text);
    queue = rd_kafka_queue_new(broker->handle);
    options = rd_kafka_AdminOptions_new(broker->handle, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    (void)rd_kafka_AdminOptions_set_request_timeout(options, START_MS, text, sizeof(text));
    rd_kafka_CreateTopics(broker->handle, &topic, 1, options, queue);
    event = rd_kafka_queue_poll(queue, START_MS);
    result = check_created(event, ret_error);
    if (event != NULL)
        rd_kafka_event_destroy(event);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    rd_kafka_NewTopic_destroy(topic);
    return result;
}

int
broker_make_topic(struct broker *broker, const char *name, int partitions, struct error *ret_error)
{
    rd_kafka_resp_err_t code;

    if (broker->mock == NULL)
        return create_on_cluster(broker, name, partitions, ret_error);
    code = rd_kafka_mock_topic_create(broker->mock, name, partitions, 1);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        return 0;
    return set_error(name, code, rd_kafka_err2str(code), ret_error);
}

/* Asks for the topic's leaders once, which else delays a first record by a second. */
static int
meet_topic(struct broker *broker, const char *name, struct error *ret_error)
{
    rd_kafka_topic_t *topic = rd_kafka_topic_new(broker->handle, name, NULL);
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t code = rd_kafka_last_error();

    if (topic == NULL)
        return set_error(name, code, rd_kafka_err2str(code), ret_error);
    code = rd_kafka_metadata(broker->handle, 0, topic, &metadata, START_MS);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(topic);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return set_error(name, code, rd_kafka_err2str(code), ret_error);
    return 0;
}

/* The main topic's name with ${ending}, and ${delay}'s ${length} bytes behind it. */
static int
make_companion(struct broker *broker, int partitions, const char *ending, const char *delay,
               size_t length, struct error *ret_error)
{
    struct text name = TEXT_EMPTY;
    int result;

    text_addf(&name, "%s%s", broker->topic, ending);
    text_add_bytes(&name, delay, length);
    if (name.failed)
        result = error_set(ret_error, ERROR_MEMORY, "no memory for topics");
    else
        result = broker_make_topic(broker, name.data, partitions, ret_error);
    if (result == 0)
        result = meet_topic(broker, name.data, ret_error);
    text_free(&name);
    return result;
}

static int
make_topics(struct broker *broker, const struct broker_settings *settings, struct error *ret_error)
{
    const char *delay = settings->retry;

    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
        if (make_companion(broker, settings->partitions, suffixes[i], "", 0, ret_error) != 0)
            return -1;
    while (*delay != '\0') {
        size_t length = strcspn(delay, ",");

        if (make_companion(broker, settings->partitions, ".retry.", delay, length, ret_error) != 0)
            return -1;
        delay += length + (delay[length] == ',');
    }
    return 0;
}

/* --- life ------------------------------------------------------------------------------------- */

struct broker *
broker_create(const struct broker_settings *settings, struct server *server,
              struct error *ret_error)
{
    struct broker *broker = calloc(1, sizeof(*broker));

    if (broker == NULL) {
        error_set(ret_error, ERROR_MEMORY, "no memory for a Kafka client");
        return NULL;
    }
    broker->server = server;
    broker->fd = -1;
    broker->brokers = settings->brokers;
    timer_init(&broker->serve, look, broker);
    timer_init(&broker->lose, broker_look_for_commit, broker);
    if (open_handle(broker, settings, ret_error) == 0 &&
        make_topics(broker, settings, ret_error) == 0 && join_loop(broker, ret_error) == 0)
        return broker;
    broker_destroy(broker);
    return NULL;
}

void
broker_destroy(struct broker *broker)
{
    if (broker == NULL)
        return;
    timer_cancel(server_timers(broker->server), &broker->serve);
    timer_cancel(server_timers(broker->server), &broker->lose);
    if (broker->queue != NULL)
        rd_kafka_queue_destroy(broker->queue);
    if (broker->handle != NULL) {
        (void)rd_kafka_purge(broker->handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        (void)rd_kafka_flush(broker->handle, PURGE_MS);
        rd_kafka_destroy(broker->handle);
    }
    if (broker->fd >= 0)
        close(broker->fd);
    free(broker->bootstrap);
    free(broker->topic);
    free(broker);
}

const char *
broker_bootstrap(const struct broker *broker)
{
    return broker->bootstrap;
}

const char *
broker_topic(const struct broker *broker)
{
    return broker->topic;
}

bool
broker_is_mock(const struct broker *broker)
{
    return broker->mock != NULL;
}

struct rd_kafka_s *
broker_handle(struct broker *broker)
{
    return broker->handle;
}
