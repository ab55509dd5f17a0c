/*
 * A member of the group that reads nothing. Eager assignment: each rebalance takes the partition and
 * gives it again, and so a leader that stays one loses and wins within moments.
 */
#include "leader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

#include "client_log.h"
#include "error.h"
#include "log.h"
#include "properties.h"

enum {
    REASON_BYTES = 512,
    NUMBER_BYTES = 24,
    HEARTBEATS = 4, /* in a session: who leads hears of a rebalance within a quarter of it */
    /* librdkafka wants it above the session time-out; the loop never blocks */
    POLL_WITHIN_MS = 60000,
};

struct leader {
    struct leader_settings settings;
    struct leader_listener listener;
    struct log *log;
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue;
    int fd;
    enum leader_state state;
    int64_t now_ms; /* of the turn at hand */
    int64_t served_at_ms;
    int64_t rejoin_at_ms;   /* after stepping down; INT64_MAX: nothing to do */
    int64_t complain_at_ms; /* 0: not set */
    bool is_closing;
};

const char *
leader_state_name(enum leader_state state)
{
    static const char *const names[] = {
        [LEADER_JOINING] = "joining",   [LEADER_LEADING] = "leading", [LEADER_STANDBY] = "standby",
        [LEADER_NO_TOPIC] = "no_topic", [LEADER_BROKEN] = "broken",   [LEADER_CLOSED] = "closed",
    };

    return names[state];
}

/* --- making one ------------------------------------------------------------------------------ */

static int
connect_client(struct leader *leader, struct error *ret_error)
{
    const struct leader_settings *settings = &leader->settings;
    int64_t session_ms = settings->session_timeout_ms;
    char session[NUMBER_BYTES], heartbeat[NUMBER_BYTES], poll_within[NUMBER_BYTES];
    char reason[REASON_BYTES];
    const struct property own[] = {
        {"bootstrap.servers", settings->bootstrap_servers},
        {"group.id", settings->group_id},
        {"client.id", settings->client_id},
        {"session.timeout.ms", session},
        {"heartbeat.interval.ms", heartbeat},
        {"max.poll.interval.ms", poll_within},
        {NULL, NULL},
    };
    rd_kafka_conf_t *conf;

    (void)snprintf(session, sizeof(session), "%lld", (long long)session_ms);
    (void)snprintf(heartbeat, sizeof(heartbeat), "%lld", (long long)(session_ms / HEARTBEATS));
    (void)snprintf(poll_within, sizeof(poll_within), "%lld",
                   (long long)(session_ms > POLL_WITHIN_MS ? session_ms : POLL_WITHIN_MS));
    conf = properties_conf(PROPERTIES_CONSUMER, own, settings->properties, ret_error);
    if (conf == NULL)
        return -1;
    rd_kafka_conf_set_events(conf,
                             RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG);
    leader->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof(reason));
    if (leader->rk != NULL)
        return 0;
    rd_kafka_conf_destroy(conf);
    return error_set(ret_error, ERROR_CONFIG, "kafka: the client library refuses the settings: %s",
                     reason);
}

static void
open_queue(struct leader *leader)
{
    const uint64_t one = 1;

    (void)rd_kafka_poll_set_consumer(leader->rk);
    leader->queue = rd_kafka_queue_get_consumer(leader->rk);
    (void)rd_kafka_set_log_queue(leader->rk, leader->queue);
    rd_kafka_queue_io_event_enable(leader->queue, leader->fd, &one, sizeof(one));
}

static int
join(struct leader *leader, struct error *ret_error)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_resp_err_t error;

    rd_kafka_topic_partition_list_add(list, leader->settings.topic, RD_KAFKA_PARTITION_UA);
    error = rd_kafka_subscribe(leader->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    error_set(ret_error, ERROR_KAFKA, "cannot subscribe: %s", rd_kafka_err2str(error));
    error_set_code(ret_error, rd_kafka_err2name(error));
    return -1;
}

struct leader *
leader_create(const struct leader_settings *settings, const struct leader_listener *listener,
              struct log *log, struct error *ret_error)
{
    struct leader *leader = calloc(1, sizeof(*leader));

    if (leader == NULL) {
        error_set(ret_error, ERROR_MEMORY, "no memory for the Kafka consumer");
        return NULL;
    }
    *leader = (struct leader){
        .settings = *settings,
        .listener = *listener,
        .log = log,
        .fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
        .rejoin_at_ms = INT64_MAX,
    };
    if (leader->fd < 0) {
        error_set(ret_error, ERROR_SYSTEM, "no event descriptor: %s", strerror(errno));
        goto failed;
    }
    if (connect_client(leader, ret_error) != 0)
        goto failed;
    open_queue(leader);
    if (join(leader, ret_error) != 0)
        goto failed;
    return leader;

failed:
    leader_destroy(leader);
    return NULL;
}

void
leader_destroy(struct leader *leader)
{
    if (leader == NULL)
        return;
    if (leader->queue != NULL) {
        rd_kafka_queue_io_event_enable(leader->queue, -1, NULL, 0);
        rd_kafka_queue_destroy(leader->queue);
    }
    if (leader->rk != NULL)
        rd_kafka_destroy_flags(leader->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    if (leader->fd >= 0)
        close(leader->fd);
    free(leader);
}

/* --- the group's word ------------------------------------------------------------------------ */

static void
enter(struct leader *leader, enum leader_state state)
{
    bool was_leading = leader->state == LEADER_LEADING;

    leader->state = state;
    leader->complain_at_ms = 0;
    if (was_leading && state != LEADER_LEADING)
        leader->listener.lost(leader->listener.context);
    else if (!was_leading && state == LEADER_LEADING)
        leader->listener.won(leader->listener.context);
}

/* Owners of others of its partitions would wait in vain: a topic with one partition was meant. */
static void
check_partition(struct leader *leader, int32_t partition)
{
    if (partition > 0)
        log_line(leader->log, LOG_ERROR,
                 "the topic that decides who leads must have one partition, only who owns the "
                 "first one leads",
                 log_string("topic", leader->settings.topic), log_integer("partition", partition));
}

static bool
owns_first(struct leader *leader, const rd_kafka_topic_partition_list_t *list)
{
    bool is_owner = false;

    for (int i = 0; i < list->cnt; i++) {
        check_partition(leader, list->elems[i].partition);
        is_owner = is_owner || list->elems[i].partition == 0;
    }
    return is_owner;
}

/* What lies in the topic is of no interest, hence its end. */
static void
assign(struct leader *leader, const rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_topic_partition_list_t *copy = NULL;

    if (list != NULL) {
        copy = rd_kafka_topic_partition_list_copy(list);
        for (int i = 0; i < copy->cnt; i++)
            copy->elems[i].offset = RD_KAFKA_OFFSET_END;
    }
    (void)rd_kafka_assign(leader->rk, copy);
    if (copy != NULL)
        rd_kafka_topic_partition_list_destroy(copy);
}

static void
rebalance_event(struct leader *leader, rd_kafka_event_t *event)
{
    const rd_kafka_topic_partition_list_t *list = rd_kafka_event_topic_partition_list(event);

    if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        enter(leader, LEADER_JOINING);
        assign(leader, NULL);
        return;
    }
    assign(leader, list);
    enter(leader, owns_first(leader, list) ? LEADER_LEADING : LEADER_STANDBY);
}

static void
no_topic(struct leader *leader)
{
    enter(leader, LEADER_NO_TOPIC);
    log_line(leader->log, LOG_ERROR,
             "the topic that decides who leads does not exist: make it, with one partition",
             log_string("topic", leader->settings.topic));
}

static void
error_event(struct leader *leader, rd_kafka_event_t *event)
{
    rd_kafka_resp_err_t code = rd_kafka_event_error(event);
    const char *text = rd_kafka_event_error_string(event);

    if (rd_kafka_event_error_is_fatal(event)) {
        log_line(leader->log, LOG_ERROR, "the Kafka client cannot go on",
                 log_string("code", rd_kafka_err2name(code)), log_string("text", text));
        enter(leader, LEADER_BROKEN);
    } else if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
        no_topic(leader);
    } else if (code != RD_KAFKA_RESP_ERR__PARTITION_EOF) { /* nothing to read: as it should be */
        client_log_error(leader->log, code, text);
    }
}

static void
serve(struct leader *leader)
{
    rd_kafka_event_t *event;

    while ((event = rd_kafka_queue_poll(leader->queue, 0)) != NULL) {
        switch (rd_kafka_event_type(event)) {
        case RD_KAFKA_EVENT_REBALANCE:
            rebalance_event(leader, event);
            break;
        case RD_KAFKA_EVENT_ERROR:
            error_event(leader, event);
            break;
        case RD_KAFKA_EVENT_LOG:
            client_log_event(leader->log, event);
            break;
        default:
            break;
        }
        rd_kafka_event_destroy(event);
    }
    leader->served_at_ms = leader->now_ms;
}

/* --- the turn -------------------------------------------------------------------------------- */

static void
rejoin(struct leader *leader)
{
    struct error error;

    if (leader->now_ms < leader->rejoin_at_ms || leader->is_closing)
        return;
    leader->rejoin_at_ms = INT64_MAX;
    if (join(leader, &error) == 0)
        return;
    log_error(leader->log, LOG_ERROR, "the group cannot be joined again", &error, NULL, 0);
    enter(leader, LEADER_BROKEN);
}

/* A group that cannot form raises no error: subscribe, then silence. */
static void
complain(struct leader *leader)
{
    if (leader->state != LEADER_JOINING || leader->rejoin_at_ms != INT64_MAX || leader->is_closing)
        return;
    if (leader->complain_at_ms == 0)
        leader->complain_at_ms = leader->now_ms + leader->settings.complain_after_ms;
    if (leader->now_ms < leader->complain_at_ms)
        return;
    leader->complain_at_ms = 0;
    log_line(leader->log, LOG_ERROR, "the group has not said who leads so far, waiting on",
             log_string("servers", leader->settings.bootstrap_servers),
             log_string("group", leader->settings.group_id),
             log_string("topic", leader->settings.topic));
}

void
leader_turn(struct leader *leader, int64_t now_ms)
{
    uint64_t count;

    leader->now_ms = now_ms;
    while (read(leader->fd, &count, sizeof(count)) > 0) {
        /* quiet before the queue is looked at, so that what comes meanwhile is told of again */
    }
    if (leader->state == LEADER_CLOSED)
        return;
    serve(leader);
    rejoin(leader);
    complain(leader);
    if (leader->is_closing && rd_kafka_consumer_closed(leader->rk) != 0)
        enter(leader, LEADER_CLOSED);
}

int64_t
leader_next_ms(const struct leader *leader)
{
    return leader->rejoin_at_ms;
}

int
leader_fd(const struct leader *leader)
{
    return leader->fd;
}

enum leader_state
leader_state(const struct leader *leader)
{
    return leader->state;
}

int64_t
leader_served_at_ms(const struct leader *leader)
{
    return leader->served_at_ms;
}

void
leader_step_down(struct leader *leader, int64_t pause_ms)
{
    if (leader->is_closing || leader->rejoin_at_ms != INT64_MAX)
        return;
    leader->rejoin_at_ms = leader->now_ms + pause_ms;
    (void)rd_kafka_unsubscribe(leader->rk);
}

void
leader_close(struct leader *leader)
{
    rd_kafka_error_t *error;

    if (leader->is_closing)
        return;
    leader->is_closing = true;
    error = rd_kafka_consumer_close_queue(leader->rk, leader->queue);
    if (error == NULL)
        return;
    rd_kafka_error_destroy(error); /* it was broken: nothing left to close */
    enter(leader, LEADER_CLOSED);
}
