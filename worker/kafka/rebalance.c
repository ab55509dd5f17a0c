/*
 * Facts from real brokers that this rests on: a commit handed over before rd_kafka_assign(NULL)
 * always arrives, one after it is refused (ILLEGAL_GENERATION); "assignment lost" can read 0
 * although it is, but then the member id is empty; rd_kafka_committed blocks for seconds, the admin
 * request does not.
 */
#include "rebalance.h"

#include "companions.h"
#include "drain.h"
#include "engine.h"
#include "intake_private.h"
#include "log.h"
#include "probe.h"

enum { ASK_AGAIN_MS = 500, ASK_TIMEOUT_MS = 10000 };

static void
assign(struct intake *intake, const rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_resp_err_t error = rd_kafka_assign(intake->rk, list);

    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        log_line(intake->log, LOG_ERROR, "partitions cannot be assigned",
                 log_string("code", rd_kafka_err2name(error)),
                 log_string("text", rd_kafka_err2str(error)));
}

static void
forget_wanted(struct intake *intake)
{
    struct rebalance *rebalance = &intake->rebalance;

    if (rebalance->wanted != NULL)
        rd_kafka_topic_partition_list_destroy(rebalance->wanted);
    rebalance->wanted = NULL;
    rebalance->is_asking = false;
    rebalance->epoch++;
}

/* --- the committed offsets ------------------------------------------------------------------- */

static void
ask_again_later(struct intake *intake, const char *code, const char *text)
{
    intake->rebalance.is_asking = false;
    intake->rebalance.ask_at_ms = intake->now_ms + ASK_AGAIN_MS;
    log_line(intake->log, LOG_WARNING, "committed offsets cannot be read, asking again",
             log_string("code", code), log_string("text", text));
}

/* The question itself. The epoch goes with it and comes back. */
static void
send_question(struct intake *intake)
{
    struct rebalance *rebalance = &intake->rebalance;
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(intake->rk, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
    rd_kafka_ListConsumerGroupOffsets_t *question =
        rd_kafka_ListConsumerGroupOffsets_new(intake->settings.group_id, rebalance->wanted);
    char reason[256];

    /* an offset that a transaction is about to commit is waited for */
    rd_kafka_error_destroy(rd_kafka_AdminOptions_set_require_stable_offsets(options, 1));
    (void)rd_kafka_AdminOptions_set_request_timeout(options, ASK_TIMEOUT_MS, reason,
                                                    sizeof(reason));
    rd_kafka_AdminOptions_set_opaque(options, (void *)(uintptr_t)rebalance->epoch);
    rebalance->is_asking = true;
    rd_kafka_ListConsumerGroupOffsets(intake->rk, &question, 1, options, intake->reply_queue);
    rd_kafka_ListConsumerGroupOffsets_destroy(question);
    rd_kafka_AdminOptions_destroy(options);
}

/*
 * Takes the queues over, and asks. In this order: taking a queue makes the library tell the
 * leader's thread of the partition, and where that has not happened when the partition is assigned,
 * it tries again only after 500 ms.
 */
static void
ask(struct intake *intake)
{
    if (intake->partition_count == 0 && drain_open(intake, intake->rebalance.wanted) != 0)
        ask_again_later(intake, "memory", "no memory for the assigned partitions");
    else
        send_question(intake);
}

/* Puts the offsets of ${found} into ${wanted}. The first error of any partition, or none. */
static rd_kafka_resp_err_t
merge(rd_kafka_topic_partition_list_t *wanted, const rd_kafka_topic_partition_list_t *found)
{
    for (int i = 0; i < wanted->cnt; i++) {
        rd_kafka_topic_partition_t *to = &wanted->elems[i];
        const rd_kafka_topic_partition_t *from =
            rd_kafka_topic_partition_list_find(found, to->topic, to->partition);

        if (from == NULL)
            return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
        if (from->err != RD_KAFKA_RESP_ERR_NO_ERROR)
            return from->err;
        to->offset = from->offset >= 0 ? from->offset : RD_KAFKA_OFFSET_BEGINNING;
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* The error of any level: event, group, partition. */
static rd_kafka_resp_err_t
read_offsets(struct intake *intake, rd_kafka_event_t *event)
{
    rd_kafka_resp_err_t code = rd_kafka_event_error(event);
    const rd_kafka_group_result_t **groups;
    const rd_kafka_error_t *error;
    size_t count = 0;

    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return code;
    groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
        rd_kafka_event_ListConsumerGroupOffsets_result(event), &count);
    if (count != 1)
        return RD_KAFKA_RESP_ERR__BAD_MSG;
    error = rd_kafka_group_result_error(groups[0]);
    if (error != NULL)
        return rd_kafka_error_code(error);
    return merge(intake->rebalance.wanted, rd_kafka_group_result_partitions(groups[0]));
}

/* --- into force ------------------------------------------------------------------------------ */

/* What is known of the main topic's size: the group may have given us its last partition. */
static int32_t
known_partitions(const struct intake *intake)
{
    int32_t known = 0;

    for (size_t i = 0; i < intake->partition_count; i++)
        if (intake->partitions[i].topic == 0 && intake->partitions[i].number >= known)
            known = intake->partitions[i].number + 1;
    return known;
}

static void
tell_size_of_main(struct intake *intake)
{
    int32_t count = probe_partitions(intake, intake->settings.topics[0], known_partitions(intake));

    intake->rebalance.size_at_ms = count > 0 ? INT64_MAX : intake->now_ms + ASK_AGAIN_MS;
    if (count <= 0)
        return;
    engine_partitions_of_main(intake->engine, count);
    companions_begin(intake, count);
}

static void
take_over(struct intake *intake)
{
    struct rebalance *rebalance = &intake->rebalance;

    drain_begin(intake, rebalance->wanted);
    tell_size_of_main(intake);
    assign(intake, rebalance->wanted);
    forget_wanted(intake);
    rebalance->is_assigned = rebalance->was_assigned = true;
    log_line(intake->log, LOG_INFO, "partitions assigned",
             log_integer("partitions", (int64_t)intake->partition_count));
}

void
rebalance_offsets_event(struct intake *intake, rd_kafka_event_t *event)
{
    struct rebalance *rebalance = &intake->rebalance;
    rd_kafka_resp_err_t code;

    if (rebalance->wanted == NULL ||
        (uint64_t)(uintptr_t)rd_kafka_event_opaque(event) != (uintptr_t)rebalance->epoch)
        return; /* of an assignment that is gone */
    code = read_offsets(intake, event);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        ask_again_later(intake, rd_kafka_err2name(code), rd_kafka_err2str(code));
    else
        take_over(intake);
}

/* --- the group's word ------------------------------------------------------------------------ */

/* rd_kafka_assignment_lost alone is not reliable: see above. */
static bool
is_lost(const struct intake *intake)
{
    char *member;
    bool is_member;

    if (rd_kafka_assignment_lost(intake->rk))
        return true;
    member = rd_kafka_memberid(intake->rk);
    is_member = member != NULL && member[0] != '\0';
    rd_kafka_mem_free(intake->rk, member);
    return !is_member;
}

static void
give_back(struct intake *intake)
{
    bool has_lost = is_lost(intake);

    if (intake->rebalance.is_assigned) {
        log_line(intake->log, has_lost ? LOG_WARNING : LOG_INFO, "partitions revoked",
                 log_integer("partitions", (int64_t)intake->partition_count),
                 log_boolean("lost", has_lost));
        engine_revoke_all(intake->engine, has_lost);
    }
    drain_close(intake);
    forget_wanted(intake);
    intake->rebalance.is_assigned = false;
}

void
rebalance_event(struct intake *intake, rd_kafka_event_t *event)
{
    const rd_kafka_topic_partition_list_t *list = rd_kafka_event_topic_partition_list(event);

    give_back(intake);
    if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        assign(intake, NULL);
        return;
    }
    intake->rebalance.wanted = rd_kafka_topic_partition_list_copy(list);
    if (list->cnt > 0)
        ask(intake);
    else
        take_over(intake); /* more members than partitions */
}

/* A group that cannot form raises no error: subscribe, then silence. */
static void
complain(struct intake *intake)
{
    struct rebalance *rebalance = &intake->rebalance;

    if (rebalance->complain_at_ms == 0)
        rebalance->complain_at_ms = intake->now_ms + intake->settings.first_assignment_within_ms;
    if (intake->now_ms < rebalance->complain_at_ms)
        return;
    rebalance->complain_at_ms = 0;
    log_line(intake->log, LOG_ERROR, "no partitions were assigned so far, waiting on",
             log_string("servers", intake->settings.bootstrap_servers),
             log_string("group", intake->settings.group_id),
             log_string("topic", intake->settings.topics[0]));
}

void
rebalance_turn(struct intake *intake)
{
    struct rebalance *rebalance = &intake->rebalance;

    if (rebalance->wanted != NULL && !rebalance->is_asking &&
        intake->now_ms >= rebalance->ask_at_ms)
        ask(intake);
    if (rebalance->is_assigned && intake->now_ms >= rebalance->size_at_ms)
        tell_size_of_main(intake);
    if (!rebalance->was_assigned && !intake->is_closing)
        complain(intake);
}

int64_t
rebalance_next_ms(const struct intake *intake)
{
    const struct rebalance *rebalance = &intake->rebalance;

    if (rebalance->wanted != NULL && !rebalance->is_asking)
        return rebalance->ask_at_ms;
    return INT64_MAX;
}

void
rebalance_fini(struct intake *intake)
{
    drain_close(intake);
    forget_wanted(intake);
}
