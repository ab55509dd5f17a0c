/*
 * The producer's handle comes and goes: made at the first kept record, dropped after a fatal error,
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
#include "engine.h"
#include "error.h"
#include "log.h"
#include "properties.h"

enum { REASON_BYTES = 512, NUMBER_BYTES = 24 };

struct publisher {
    struct publisher_settings settings;
    struct log *log;
    struct engine *engine;
    rd_kafka_t *rk; /* NULL: none is needed so far */
    rd_kafka_queue_t *queue;
    int fd;
    bool is_broken; /* a fatal error: the handle is given up in the next turn */
};

struct publisher *
publisher_create(const struct publisher_settings *settings, struct log *log,
                 struct error *ret_error)
{
    struct publisher *publisher = calloc(1, sizeof(*publisher));

    if (publisher == NULL) {
        error_set(ret_error, ERROR_MEMORY, "no memory for the Kafka producer");
        return NULL;
    }
    publisher->settings = *settings;
    publisher->log = log;
    publisher->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (publisher->fd >= 0)
        return publisher;
    error_set(ret_error, ERROR_SYSTEM, "no event descriptor: %s", strerror(errno));
    free(publisher);
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
    close(publisher->fd);
    free(publisher);
}

/* --- out ------------------------------------------------------------------------------------- */

static rd_kafka_headers_t *
copy_headers(const struct kept_record *record)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(record->header_count);

    for (size_t i = 0; i < record->header_count; i++) {
        const struct kafka_header *header = &record->headers[i];

        (void)rd_kafka_header_add(headers, header->name, -1, header->value,
                                  (ssize_t)header->length);
    }
    return headers;
}

bool
publisher_keep(void *context, const struct kept_record *record)
{
    struct publisher *publisher = context;
    rd_kafka_headers_t *headers;
    rd_kafka_resp_err_t error;

    if (publisher->is_broken || !open_client(publisher))
        return false;
    headers = copy_headers(record);
    error =
        rd_kafka_producev(publisher->rk, RD_KAFKA_V_TOPIC(publisher->settings.topic),
                          RD_KAFKA_V_PARTITION(record->partition),
                          RD_KAFKA_V_KEY((void *)(uintptr_t)record->key, record->key_length),
                          RD_KAFKA_V_VALUE((void *)(uintptr_t)record->value, record->value_length),
                          RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                          RD_KAFKA_V_OPAQUE((void *)(uintptr_t)record->serial), RD_KAFKA_V_END);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
        return true;
    rd_kafka_headers_destroy(headers);
    log_line(publisher->log, LOG_ERROR, "a record cannot be kept, trying again",
             log_string("code", rd_kafka_err2name(error)),
             log_string("text", rd_kafka_err2str(error)),
             log_string("topic", publisher->settings.topic),
             log_integer("partition", record->partition));
    return false;
}

/* --- and back -------------------------------------------------------------------------------- */

static void
answer(struct publisher *publisher, const rd_kafka_message_t *message)
{
    uint64_t serial = (uintptr_t)message->_private;
    struct error error;

    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        engine_kept(publisher->engine, serial, NULL);
        return;
    }
    (void)error_set(&error, ERROR_KAFKA, "%s", rd_kafka_message_errstr(message));
    error_set_code(&error, rd_kafka_err2name(message->err));
    log_error(publisher->log, LOG_WARNING, "a record was not kept", &error, NULL, 0);
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
