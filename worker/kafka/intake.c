/*
 * The intake's life, its events, and its turn. Serving the consumer queue comes first in every
 * turn: nothing in 2.0.2 notices when nobody does, until the group throws the member out.
 */
#include "intake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "client_log.h"
#include "commits.h"
#include "companions.h"
#include "drain.h"
#include "engine.h"
#include "error.h"
#include "intake_private.h"
#include "log.h"
#include "properties.h"
#include "rebalance.h"

enum { REASON_BYTES = 512 };

int
intake_topic(const struct intake *intake, const char *topic)
{
    for (size_t i = 0; i < intake->settings.topic_count; i++)
        if (strcmp(intake->settings.topics[i], topic) == 0)
            return (int)i;
    return -1;
}

const char *
intake_library_version(void)
{
    return rd_kafka_version_str();
}

int
intake_check_properties(const char *const *properties, struct error *ret_error)
{
    return properties_check(properties, ret_error);
}

/* --- making one ------------------------------------------------------------------------------ */

static int
connect_client(struct intake *intake, struct error *ret_error)
{
    const struct intake_settings *settings = &intake->settings;
    const struct property own[] = {
        {"bootstrap.servers", settings->bootstrap_servers},
        {"group.id", settings->group_id},
        {"group.instance.id", settings->group_instance_id},
        {"client.id", settings->client_id},
        {NULL, NULL},
    };
    char reason[REASON_BYTES];
    rd_kafka_conf_t *conf =
        properties_conf(PROPERTIES_CONSUMER, own, settings->properties, ret_error);

    if (conf == NULL)
        return -1;
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_ERROR |
                                       RD_KAFKA_EVENT_LOG | RD_KAFKA_EVENT_OFFSET_COMMIT);
    intake->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof(reason));
    if (intake->rk != NULL)
        return 0;
    rd_kafka_conf_destroy(conf);
    return error_set(ret_error, ERROR_CONFIG, "kafka: the client library refuses the settings: %s",
                     reason);
}

/* Both queues tell of themselves on the one descriptor. */
static void
open_queues(struct intake *intake)
{
    const uint64_t one = 1;

    (void)rd_kafka_poll_set_consumer(intake->rk);
    intake->consumer_queue = rd_kafka_queue_get_consumer(intake->rk);
    intake->reply_queue = rd_kafka_queue_new(intake->rk);
    (void)rd_kafka_set_log_queue(intake->rk, intake->reply_queue);
    rd_kafka_queue_io_event_enable(intake->consumer_queue, intake->fd, &one, sizeof(one));
    rd_kafka_queue_io_event_enable(intake->reply_queue, intake->fd, &one, sizeof(one));
}

static int
subscribe(struct intake *intake, struct error *ret_error)
{
    const struct intake_settings *settings = &intake->settings;
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)settings->topic_count);
    rd_kafka_resp_err_t error;

    for (size_t i = 0; i < settings->topic_count; i++)
        rd_kafka_topic_partition_list_add(list, settings->topics[i], RD_KAFKA_PARTITION_UA);
    error = rd_kafka_subscribe(intake->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    error_set(ret_error, ERROR_KAFKA, "cannot subscribe: %s", rd_kafka_err2str(error));
    error_set_code(ret_error, rd_kafka_err2name(error));
    return -1;
}

struct intake *
intake_create(const struct intake_settings *settings, struct log *log, struct error *ret_error)
{
    struct intake *intake = calloc(1, sizeof(*intake));

    if (intake == NULL) {
        error_set(ret_error, ERROR_MEMORY, "no memory for the Kafka consumer");
        return NULL;
    }
    intake->settings = *settings;
    intake->log = log;
    intake->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (intake->fd < 0) {
        error_set(ret_error, ERROR_SYSTEM, "no event descriptor: %s", strerror(errno));
        goto failed;
    }
    if (connect_client(intake, ret_error) != 0)
        goto failed;
    open_queues(intake);
    if (subscribe(intake, ret_error) != 0)
        goto failed;
    companions_init(intake);
    return intake;

failed:
    intake_destroy(intake);
    return NULL;
}

void
intake_bind(struct intake *intake, struct engine *engine)
{
    intake->engine = engine;
}

void
intake_destroy(struct intake *intake)
{
    if (intake == NULL)
        return;
    rebalance_fini(intake);
    if (intake->consumer_queue != NULL)
        rd_kafka_queue_destroy(intake->consumer_queue);
    if (intake->reply_queue != NULL)
        rd_kafka_queue_destroy(intake->reply_queue);
    if (intake->rk != NULL)
        rd_kafka_destroy_flags(intake->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    if (intake->fd >= 0)
        close(intake->fd);
    free(intake->headers);
    free(intake);
}

/* --- events ---------------------------------------------------------------------------------- */

/*
 * Topics besides the main one may be missing. The library says so once, and finds one that is made
 * later by its refresh of metadata. The text is all that names the topic.
 */
static bool
is_optional_topic(const struct intake *intake, rd_kafka_resp_err_t code, const char *text)
{
    if (code != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        return false;
    for (size_t i = 1; i < intake->settings.topic_count; i++)
        if (strstr(text, intake->settings.topics[i]) != NULL)
            return true;
    return false;
}

/*
 * The group gave our place to another (FENCED_INSTANCE_ID), say: no REVOKE follows, commits are
 * refused.
 */
static void
fatal_error(struct intake *intake, rd_kafka_resp_err_t code, const char *text)
{
    intake->is_fatal = true;
    log_line(intake->log, LOG_ERROR,
             code == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID
                 ? "another member has taken this one's group_instance_id, stopping"
                 : "the Kafka client cannot go on, stopping",
             log_string("code", rd_kafka_err2name(code)), log_string("text", text));
}

static void
error_event(struct intake *intake, rd_kafka_event_t *event)
{
    rd_kafka_resp_err_t code = rd_kafka_event_error(event);
    const char *text = rd_kafka_event_error_string(event);

    if (rd_kafka_event_error_is_fatal(event))
        fatal_error(intake, code, text);
    else if (is_optional_topic(intake, code, text))
        log_line(intake->log, LOG_INFO, "an optional topic does not exist (yet)",
                 log_string("text", text));
    else
        client_log_error(intake->log, code, text);
}

static void
log_event(struct intake *intake, rd_kafka_event_t *event)
{
    client_log_event(intake->log, event);
}

static const struct {
    rd_kafka_event_type_t type;
    void (*serve)(struct intake *intake, rd_kafka_event_t *event);
} event_kinds[] = {
    {RD_KAFKA_EVENT_REBALANCE, rebalance_event},
    {RD_KAFKA_EVENT_OFFSET_COMMIT, commits_event},
    {RD_KAFKA_EVENT_LISTCONSUMERGROUPOFFSETS_RESULT, rebalance_offsets_event},
    {RD_KAFKA_EVENT_CREATETOPICS_RESULT, companions_created_event},
    {RD_KAFKA_EVENT_DESCRIBECONFIGS_RESULT, companions_configs_event},
    {RD_KAFKA_EVENT_ERROR, error_event},
    {RD_KAFKA_EVENT_LOG, log_event},
};

static void
serve(struct intake *intake, rd_kafka_queue_t *queue)
{
    rd_kafka_event_t *event;

    while ((event = rd_kafka_queue_poll(queue, 0)) != NULL) {
        for (size_t i = 0; i < sizeof(event_kinds) / sizeof(event_kinds[0]); i++)
            if (event_kinds[i].type == rd_kafka_event_type(event))
                event_kinds[i].serve(intake, event);
        rd_kafka_event_destroy(event);
    }
}

/* --- the turn -------------------------------------------------------------------------------- */

static void
start_closing(struct intake *intake)
{
    rd_kafka_error_t *error = rd_kafka_consumer_close_queue(intake->rk, intake->consumer_queue);

    intake->is_closing = true;
    if (error == NULL)
        return;
    intake->is_fatal = true; /* nothing left to close */
    rd_kafka_error_destroy(error);
}

int
intake_turn(struct intake *intake, int64_t now_ms)
{
    uint64_t count;

    intake->now_ms = now_ms;
    while (read(intake->fd, &count, sizeof(count)) > 0) {
        /* quiet before the queues are looked at, so that what comes meanwhile is told of again */
    }
    commits_turn(intake);
    serve(intake, intake->consumer_queue);
    intake->served_at_ms = now_ms;
    serve(intake, intake->reply_queue);
    rebalance_turn(intake);
    companions_turn(intake);
    if (intake->is_leaving && !intake->is_closing && !intake->rebalance.is_assigned)
        start_closing(intake);
    return drain_turn(intake);
}

static int64_t
earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t
intake_next_ms(const struct intake *intake)
{
    int64_t next_ms = earlier(rebalance_next_ms(intake), drain_next_ms(intake));

    next_ms = earlier(next_ms, companions_next_ms(intake));
    return intake->probe.is_due ? earlier(next_ms, intake->probe.next_ms) : next_ms;
}

int64_t
intake_head_due_ms(const struct intake *intake, int topic, int32_t partition)
{
    for (size_t i = 0; i < intake->partition_count; i++) {
        const struct partition *candidate = &intake->partitions[i];

        if (candidate->topic == topic && candidate->number == partition &&
            candidate->hold.is_waiting)
            return candidate->hold.due_wall_ms;
    }
    return 0;
}

int
intake_fd(const struct intake *intake)
{
    return intake->fd;
}

bool
intake_is_assigned(const struct intake *intake)
{
    return intake->rebalance.is_assigned;
}

int64_t
intake_served_at_ms(const struct intake *intake)
{
    return intake->served_at_ms;
}

bool
intake_is_fatal(const struct intake *intake)
{
    return intake->is_fatal;
}

const struct intake_counts *
intake_counts(const struct intake *intake)
{
    return &intake->counts;
}

void
intake_close(struct intake *intake, bool for_good)
{
    if (!for_good) {
        start_closing(intake);
        return;
    }
    intake->is_leaving = true;
    (void)rd_kafka_unsubscribe(intake->rk);
}

bool
intake_is_closed(const struct intake *intake)
{
    return intake->is_fatal || (intake->is_closing && rd_kafka_consumer_closed(intake->rk) != 0);
}
