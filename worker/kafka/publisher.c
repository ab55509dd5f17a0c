/*
 * One handle for all topics. It comes and goes: made at the first kept record, dropped after a fatal error,
 * when all its unacknowledged records are answered as failed and the engine hands them over again.
 */
#include "publisher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

#include "client_log.h"
#include "complaints.h"
#include "engine.h"
#include "error.h"
#include "log.h"
#include "outgoing.h"
#include "properties.h"
#include "tier.h"

enum { REASON_BYTES = 512, NUMBER_BYTES = 24 };

struct publisher {
    struct publisher_settings settings;
    const char *topics[TIERS_MOST + 1]; /* one for each tier, then the dead letters */
    size_t topic_count;
    struct complaints *complaints;
    struct log *log;
    struct engine *engine;
    rd_kafka_t *rk; /* NULL: none is needed so far */
    rd_kafka_queue_t *queue;
    int fd;
    bool is_broken; /* a fatal error: the handle is given up in the next turn */
};

static void
list_topics(struct publisher *publisher)
{
    const struct publisher_settings *settings = &publisher->settings;

    for (size_t i = 0; i < settings->tier_count && i < TIERS_MOST; i++)
        publisher->topics[publisher->topic_count++] = settings->tiers[i].topic;
    if (settings->dead_letters != NULL)
        publisher->topics[publisher->topic_count++] = settings->dead_letters;
}

struct publisher *
publisher_create(const struct publisher_settings *settings, struct log *log,
                 struct error *ret_error)
{
    struct publisher *publisher = calloc(1, sizeof(*publisher));

    if (publisher == NULL)
        goto no_memory;
    publisher->settings = *settings;
    publisher->log = log;
    publisher->fd = -1;
    list_topics(publisher);
    publisher->complaints =
        complaints_create(publisher->topics, publisher->topic_count, log, settings->clock);
    if (publisher->complaints == NULL)
        goto no_memory;
    publisher->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (publisher->fd >= 0)
        return publisher;
    error_set(ret_error, ERROR_SYSTEM, "no event descriptor: %s", strerror(errno));
    publisher_destroy(publisher);
    return NULL;

no_memory:
    error_set(ret_error, ERROR_MEMORY, "no memory for the Kafka producer");
    publisher_destroy(publisher);
    return NULL;
}

void
publisher_bind(struct publisher *publisher, struct engine *engine)
{
    publisher->engine = engine;
}

int
publisher_fd(const struct publisher *publisher)
{
    return publisher->fd;
}

/* --- the handle ------------------------------------------------------------------------------ */

static int
connect_client(struct publisher *publisher, struct error *ret_error)
{
    const struct publisher_settings *settings = &publisher->settings;
    char timeout[NUMBER_BYTES];
    const struct property own[] = {
        {"bootstrap.servers", settings->bootstrap_servers},
        {"client.id", settings->client_id},
        {"message.timeout.ms", timeout},
        {NULL, NULL},
    };
    char reason[REASON_BYTES];
    rd_kafka_conf_t *conf;

    (void)snprintf(timeout, sizeof(timeout), "%lld", (long long)settings->timeout_ms);
    conf = properties_conf(PROPERTIES_PRODUCER, own, settings->properties, ret_error);
    if (conf == NULL)
        return -1;
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG);
    publisher->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof(reason));
    if (publisher->rk != NULL)
        return 0;
    rd_kafka_conf_destroy(conf);
    return error_set(ret_error, ERROR_KAFKA, "the client library makes no producer: %s", reason);
}

/* True when there is a handle. */
static bool
open_client(struct publisher *publisher)
{
    const uint64_t one = 1;
    struct error error;

    if (publisher->rk != NULL)
        return true;
    if (connect_client(publisher, &error) != 0) {
        log_error(publisher->log, LOG_ERROR, "records cannot be kept, trying again", &error, NULL,
                  0);
        return false;
    }
    publisher->queue = rd_kafka_queue_get_main(publisher->rk);
    (void)rd_kafka_set_log_queue(publisher->rk, publisher->queue);
    rd_kafka_queue_io_event_enable(publisher->queue, publisher->fd, &one, sizeof(one));
    return true;
}

static void
close_client(struct publisher *publisher)
{
    if (publisher->rk == NULL)
        return;
    rd_kafka_queue_io_event_enable(publisher->queue, -1, NULL, 0);
    rd_kafka_queue_destroy(publisher->queue);
    rd_kafka_destroy(publisher->rk);
    publisher->rk = NULL;
    publisher->queue = NULL;
}

void
publisher_destroy(struct publisher *publisher)
{
    if (publisher == NULL)
        return;
    if (publisher->rk != NULL)
        (void)rd_kafka_purge(publisher->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    close_client(publisher);
    if (publisher->fd >= 0)
        close(publisher->fd);
    complaints_destroy(publisher->complaints);
    free(publisher);
}

/* --- out ------------------------------------------------------------------------------------- */

/* The index of the record's topic; topic_count: there is none. */
static size_t
topic_of(const struct publisher *publisher, const struct kept_record *record)
{
    size_t tiers = publisher->settings.tier_count;

    if (record->tier == TO_DEAD_LETTERS && publisher->settings.dead_letters != NULL)
        return tiers;
    return record->tier >= 0 && (size_t)record->tier < tiers ? (size_t)record->tier
                                                             : publisher->topic_count;
}

/* True when ${outgoing} has gone out without its value, since ${code} said that it is too large. */
static bool
send_without_value(struct publisher *publisher, struct outgoing *outgoing, size_t topic,
                   rd_kafka_resp_err_t code)
{
    size_t length = outgoing->value_length;

    if (!complaints_is_size(code) || !publisher->settings.cuts_large_letters ||
        topic != publisher->settings.tier_count || outgoing_cut(outgoing) != 0 ||
        outgoing_send(outgoing, publisher->rk) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return false;
    log_line(publisher->log, LOG_WARNING,
             "a dead letter is larger than its topic takes: its value is cut away",
             log_string("topic", outgoing->topic), log_integer("partition", outgoing->partition),
             log_integer("bytes", (int64_t)length));
    return true;
}

static void
complain(struct publisher *publisher, size_t topic, int32_t partition, rd_kafka_resp_err_t code)
{
    const struct complaint complaint = {code, rd_kafka_err2str(code), partition};

    complaints_refused(publisher->complaints, topic, &complaint);
}

bool
publisher_keep(void *context, const struct kept_record *record)
{
    struct publisher *publisher = context;
    size_t topic = topic_of(publisher, record);
    struct outgoing outgoing;
    rd_kafka_resp_err_t code;
    bool is_out;

    if (topic == publisher->topic_count || publisher->is_broken || !open_client(publisher))
        return false;
    outgoing_from_record(record, publisher->topics[topic], &outgoing);
    code = outgoing_send(&outgoing, publisher->rk);
    is_out =
        code == RD_KAFKA_RESP_ERR_NO_ERROR || send_without_value(publisher, &outgoing, topic, code);
    if (!is_out)
        complain(publisher, topic, record->partition, code);
    outgoing_fini(&outgoing);
    return is_out;
}

/* --- and back -------------------------------------------------------------------------------- */

static size_t
find_topic(const struct publisher *publisher, const rd_kafka_message_t *report)
{
    const char *name = rd_kafka_topic_name(report->rkt);
    size_t topic = 0;

    while (topic + 1 < publisher->topic_count && strcmp(publisher->topics[topic], name) != 0)
        topic++;
    return topic;
}

/* True when it is under way again, without its value: another report will come. */
static bool
send_again(struct publisher *publisher, const rd_kafka_message_t *report, size_t topic)
{
    struct outgoing outgoing;
    bool is_out;

    if (publisher->is_broken || !complaints_is_size(report->err))
        return false;
    outgoing_from_report(report, &outgoing);
    is_out = send_without_value(publisher, &outgoing, topic, report->err);
    outgoing_fini(&outgoing);
    return is_out;
}

/* After a fatal error all that waits is given up, which says nothing about its topic. */
static void
answer(struct publisher *publisher, const rd_kafka_message_t *report)
{
    uint64_t serial = (uintptr_t)report->_private;
    size_t topic = find_topic(publisher, report);
    struct error error;

    if (report->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        complaints_taken(publisher->complaints, topic);
        engine_kept(publisher->engine, serial, NULL);
        return;
    }
    if (send_again(publisher, report, topic))
        return;
    if (!publisher->is_broken)
        complain(publisher, topic, report->partition, report->err);
    (void)error_set(&error, ERROR_KAFKA, "%s: %s", publisher->topics[topic],
                    rd_kafka_message_errstr(report));
    error_set_code(&error, rd_kafka_err2name(report->err));
    engine_kept(publisher->engine, serial, &error);
}

static void
reports_event(struct publisher *publisher, rd_kafka_event_t *event)
{
    const rd_kafka_message_t *message;

    while ((message = rd_kafka_event_message_next(event)) != NULL)
        answer(publisher, message);
}

static void
error_event(struct publisher *publisher, rd_kafka_event_t *event)
{
    bool is_fatal = rd_kafka_event_error_is_fatal(event) != 0;

    publisher->is_broken = publisher->is_broken || is_fatal;
    log_line(publisher->log, is_fatal ? LOG_ERROR : LOG_INFO,
             is_fatal ? "the Kafka producer cannot go on, making another"
                      : "message from the Kafka producer",
             log_string("code", rd_kafka_err2name(rd_kafka_event_error(event))),
             log_string("text", rd_kafka_event_error_string(event)));
}

static void
serve(struct publisher *publisher)
{
    rd_kafka_event_t *event;

    while ((event = rd_kafka_queue_poll(publisher->queue, 0)) != NULL) {
        switch (rd_kafka_event_type(event)) {
        case RD_KAFKA_EVENT_DR:
            reports_event(publisher, event);
            break;
        case RD_KAFKA_EVENT_ERROR:
            error_event(publisher, event);
            break;
        case RD_KAFKA_EVENT_LOG:
            client_log_event(publisher->log, event);
            break;
        default:
            break;
        }
        rd_kafka_event_destroy(event);
    }
}

void
publisher_turn(struct publisher *publisher)
{
    uint64_t count;

    while (read(publisher->fd, &count, sizeof(count)) > 0) {
        /* quiet before the queue is looked at */
    }
    if (publisher->rk == NULL)
        return;
    serve(publisher);
    if (!publisher->is_broken)
        return;
    /* the reports of what is purged come at once */
    (void)rd_kafka_purge(publisher->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    serve(publisher);
    close_client(publisher);
    publisher->is_broken = false;
}
