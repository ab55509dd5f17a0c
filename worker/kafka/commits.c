/*
 * One commit, one answer, and the answer counts only when every partition was accepted: a broker
 * that refuses one of them may have stored the others, and says so of none. The engine commits
 * again from the state it has then, so no error is acted upon here.
 */
#include "commits.h"

#include "engine.h"
#include "intake.h"
#include "intake_private.h"
#include "log.h"

/* ${partition} NULL: the whole of the commit. */
static void
log_failure(struct intake *intake, rd_kafka_resp_err_t error,
            const rd_kafka_topic_partition_t *partition)
{
    const char *code = rd_kafka_err2name(error);
    const char *text = rd_kafka_err2str(error);
    const char *message = "commit failed, the next one repeats it";

    if (partition == NULL)
        log_line(intake->log, LOG_WARNING, message, log_string("code", code),
                 log_string("text", text));
    else
        log_line(intake->log, LOG_WARNING, message, log_string("code", code),
                 log_string("text", text), log_string("topic", partition->topic),
                 log_integer("partition", partition->partition),
                 log_integer("offset", partition->offset));
}

static bool
all_accepted(struct intake *intake, rd_kafka_event_t *event)
{
    rd_kafka_resp_err_t error = rd_kafka_event_error(event);
    const rd_kafka_topic_partition_list_t *list = rd_kafka_event_topic_partition_list(event);

    for (int i = 0; list != NULL && i < list->cnt; i++) {
        if (list->elems[i].err == RD_KAFKA_RESP_ERR_NO_ERROR)
            continue;
        log_failure(intake, list->elems[i].err, &list->elems[i]);
        return false;
    }
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        log_failure(intake, error, NULL);
    return error == RD_KAFKA_RESP_ERR_NO_ERROR;
}

static void
answer(struct intake *intake, uint64_t serial, bool is_accepted)
{
    if (is_accepted)
        intake->counts.commits_accepted++;
    else
        intake->counts.commits_failed++;
    engine_committed(intake->engine, serial, is_accepted);
}

void
commits_event(struct intake *intake, rd_kafka_event_t *event)
{
    answer(intake, (uintptr_t)rd_kafka_event_opaque(event), all_accepted(intake, event));
}

void
commits_turn(struct intake *intake)
{
    if (!intake->has_refused_commit)
        return;
    intake->has_refused_commit = false;
    answer(intake, intake->refused_serial, false);
}

void
intake_commit(void *context, const struct offset_commit *commits, size_t count, uint64_t serial)
{
    struct intake *intake = context;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    rd_kafka_resp_err_t error;

    for (size_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, intake->settings.topics[commits[i].topic],
                                          commits[i].partition)
            ->offset = commits[i].offset;
    intake->counts.commits_sent++;
    error = rd_kafka_commit_queue(intake->rk, list, intake->reply_queue, NULL,
                                  (void *)(uintptr_t)serial);
    rd_kafka_topic_partition_list_destroy(list);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    log_failure(intake, error, NULL);
    intake->has_refused_commit = true;
    intake->refused_serial = serial;
}
