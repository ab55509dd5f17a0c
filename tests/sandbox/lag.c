/*
 * Questions go to the thread through one ring and come back through another, both under one lock; an
 * eventfd wakes the loop. The thread has a consumer handle of its own: librdkafka 2.0.2 crashes when a
 * group's offsets are asked for through a producer's and the coordinator has moved.
 */
#include "lag.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

#include "broker.h"
#include "error.h"
#include "json_writer.h"
#include "list.h"
#include "server.h"
#include "text.h"

enum { ANSWER_MS = 10 * 1000 };

struct question {
    struct link link;
    char *group;
    lag_done *done;
    void *arg;
    struct text json;
    struct error error;
    bool is_answered;
};

struct lag {
    char *bootstrap;
    int fd; /* an eventfd: answers are there */
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t asked;
    struct link questions;
    struct link answers;
    bool is_ending;
};

static int
set_error(const char *what, rd_kafka_resp_err_t code, struct error *ret_error)
{
    error_set(ret_error, ERROR_KAFKA, "%s: %s", what, rd_kafka_err2str(code));
    error_set_code(ret_error, rd_kafka_err2name(code));
    return -1;
}

/* --- on the thread: asking the broker --------------------------------------------------------- */

static rd_kafka_t *
open_handle(const char *bootstrap)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_t *handle;
    char text[256];

    (void)rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, text, sizeof(text));
    (void)rd_kafka_conf_set(conf, "client.id", "dvsync-sandbox", text, sizeof(text));
    (void)rd_kafka_conf_set(conf, "reconnect.backoff.max.ms", "500", text, sizeof(text));
    (void)rd_kafka_conf_set(conf, "log_level", "2", text, sizeof(text));
    handle = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof(text));
    if (handle == NULL)
        rd_kafka_conf_destroy(conf);
    return handle;
}

/* All partitions of all topics that are not Kafka's own; NULL with ${ret_error} filled. */
static rd_kafka_topic_partition_list_t *
list_partitions(rd_kafka_t *handle, struct error *ret_error)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_partition_list_t *list;
    rd_kafka_resp_err_t code = rd_kafka_metadata(handle, 1, NULL, &metadata, ANSWER_MS);

    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        set_error("metadata", code, ret_error);
        return NULL;
    }
    list = rd_kafka_topic_partition_list_new(metadata->topic_cnt);
    for (int i = 0; i < metadata->topic_cnt; i++) {
        const struct rd_kafka_metadata_topic *topic = &metadata->topics[i];

        if (strncmp(topic->topic, "__", 2) != 0)
            rd_kafka_topic_partition_list_add_range(list, topic->topic, 0,
                                                    topic->partition_cnt - 1);
    }
    rd_kafka_metadata_destroy(metadata);
    return list;
}

/* The partitions of the one group in ${event}; NULL with ${ret_error} filled. */
static const rd_kafka_topic_partition_list_t *
read_committed(rd_kafka_event_t *event, struct error *ret_error)
{
    const rd_kafka_group_result_t **groups;
    const rd_kafka_error_t *error;
    rd_kafka_resp_err_t code =
        event == NULL ? RD_KAFKA_RESP_ERR__TIMED_OUT : rd_kafka_event_error(event);
    size_t count = 0;

    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        set_error("committed offsets", code, ret_error);
        return NULL;
    }
    groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
        rd_kafka_event_ListConsumerGroupOffsets_result(event), &count);
    error = count == 1 ? rd_kafka_group_result_error(groups[0]) : NULL;
    if (count == 1 && error == NULL)
        return rd_kafka_group_result_partitions(groups[0]);
    set_error("committed offsets",
              error == NULL ? RD_KAFKA_RESP_ERR__BAD_MSG : rd_kafka_error_code(error), ret_error);
    return NULL;
}

static void
write_partition(struct json_writer *writer, rd_kafka_t *handle,
                const rd_kafka_topic_partition_t *partition)
{
    int64_t low = -1;
    int64_t high = -1;

    (void)rd_kafka_query_watermark_offsets(handle, partition->topic, partition->partition, &low,
                                           &high, ANSWER_MS);
    json_write_object(writer, NULL);
    json_write_string(writer, "topic", partition->topic);
    json_write_integer(writer, "partition", partition->partition);
    if (partition->offset < 0)
        json_write_null(writer, "committed");
    else
        json_write_integer(writer, "committed", partition->offset);
    json_write_integer(writer, "low", low);
    json_write_integer(writer, "high", high);
    json_write_integer(writer, "lag", high - (partition->offset < 0 ? low : partition->offset));
    json_write_object_end(writer);
}

static void
write_answer(struct question *question, rd_kafka_t *handle,
             const rd_kafka_topic_partition_list_t *committed)
{
    struct json_writer writer;

    json_writer_init(&writer, &question->json);
    json_write_object(&writer, NULL);
    json_write_string(&writer, "group", question->group);
    json_write_array(&writer, "partitions");
    for (int i = 0; i < committed->cnt; i++)
        write_partition(&writer, handle, &committed->elems[i]);
    json_write_array_end(&writer);
    json_write_object_end(&writer);
    question->is_answered = !question->json.failed;
}

/* Asks for what the group has committed of ${list}, and answers ${question}. */
static void
ask_group(struct question *question, rd_kafka_t *handle,
          const rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_ListConsumerGroupOffsets_t *request =
        rd_kafka_ListConsumerGroupOffsets_new(question->group, list);
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(handle, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(handle);
    const rd_kafka_topic_partition_list_t *committed;
    rd_kafka_event_t *event;
    char text[256];

    (void)rd_kafka_AdminOptions_set_request_timeout(options, ANSWER_MS, text, sizeof(text));
    rd_kafka_ListConsumerGroupOffsets(handle, &request, 1, options, queue);
    event = rd_kafka_queue_poll(queue, ANSWER_MS);
    committed = read_committed(event, &question->error);
    if (committed != NULL)
        write_answer(question, handle, committed);
    if (event != NULL)
        rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_ListConsumerGroupOffsets_destroy(request);
}

static void
answer(struct question *question, rd_kafka_t *handle)
{
    rd_kafka_topic_partition_list_t *list;

    error_set(&question->error, ERROR_MEMORY, "no memory for offsets");
    if (handle == NULL)
        return;
    list = list_partitions(handle, &question->error);
    if (list == NULL)
        return;
    ask_group(question, handle, list);
    rd_kafka_topic_partition_list_destroy(list);
}

/* --- the thread ------------------------------------------------------------------------------- */

/* The next question, out of the ring; NULL: it is time to end. */
static struct question *
wait_for_question(struct lag *lag)
{
    struct question *question = NULL;

    pthread_mutex_lock(&lag->lock);
    while (!lag->is_ending && list_is_empty(&lag->questions))
        pthread_cond_wait(&lag->asked, &lag->lock);
    if (!lag->is_ending) {
        question = list_entry(lag->questions.next, struct question, link);
        list_remove(&question->link);
    }
    pthread_mutex_unlock(&lag->lock);
    return question;
}

static void
hand_back(struct lag *lag, struct question *question)
{
    static const uint64_t one = 1;

    pthread_mutex_lock(&lag->lock);
    list_add_last(&lag->answers, &question->link);
    pthread_mutex_unlock(&lag->lock);
    (void)!write(lag->fd, &one, sizeof(one));
}

static void *
run(void *arg)
{
    struct lag *lag = arg;
    struct question *question;
    rd_kafka_t *handle = NULL;

    while ((question = wait_for_question(lag)) != NULL) {
        if (handle == NULL)
            handle = open_handle(lag->bootstrap);
        answer(question, handle);
        hand_back(lag, question);
    }
    if (handle != NULL)
        rd_kafka_destroy(handle);
    return NULL;
}

/* --- in the loop ------------------------------------------------------------------------------ */

static void
question_destroy(struct question *question)
{
    text_free(&question->json);
    free(question->group);
    free(question);
}

static void
deliver(void *arg)
{
    struct lag *lag = arg;
    struct link answers;
    uint64_t wakeups;

    list_init(&answers);
    (void)!read(lag->fd, &wakeups, sizeof(wakeups));
    pthread_mutex_lock(&lag->lock);
    list_move_all(&answers, &lag->answers);
    pthread_mutex_unlock(&lag->lock);
    list_for_each(link, following, &answers)
    {
        struct question *question = list_entry(link, struct question, link);

        question->done(question->arg, question->is_answered ? &question->json : NULL,
                       &question->error);
        question_destroy(question);
    }
}

static void
drop_all(struct link *questions)
{
    list_for_each(link, following, questions)
        question_destroy(list_entry(link, struct question, link));
}

struct lag *
lag_create(const struct broker *broker, struct server *server, struct error *ret_error)
{
    struct lag *lag = calloc(1, sizeof(*lag));

    error_set(ret_error, ERROR_SYSTEM, "cannot start a thread for offsets");
    if (lag == NULL)
        return NULL;
    list_init(&lag->questions);
    list_init(&lag->answers);
    pthread_mutex_init(&lag->lock, NULL);
    pthread_cond_init(&lag->asked, NULL);
    lag->bootstrap = strdup(broker_bootstrap(broker));
    lag->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (lag->bootstrap != NULL && lag->fd >= 0 && server_watch(server, lag->fd, deliver, lag) &&
        pthread_create(&lag->thread, NULL, run, lag) == 0) {
        lag->has_thread = true;
        return lag;
    }
    lag_destroy(lag);
    return NULL;
}

void
lag_destroy(struct lag *lag)
{
    if (lag == NULL)
        return;
    pthread_mutex_lock(&lag->lock);
    lag->is_ending = true;
    pthread_cond_signal(&lag->asked);
    pthread_mutex_unlock(&lag->lock);
    if (lag->has_thread)
        pthread_join(lag->thread, NULL);
    drop_all(&lag->questions);
    drop_all(&lag->answers);
    pthread_cond_destroy(&lag->asked);
    pthread_mutex_destroy(&lag->lock);
    if (lag->fd >= 0)
        close(lag->fd);
    free(lag->bootstrap);
    free(lag);
}

int
lag_ask(struct lag *lag, const char *group, lag_done *done, void *arg, struct error *ret_error)
{
    struct question *question = calloc(1, sizeof(*question));

    if (question != NULL)
        question->group = strdup(group);
    if (question == NULL || question->group == NULL) {
        free(question);
        return error_set(ret_error, ERROR_MEMORY, "no memory for a question");
    }
    question->done = done;
    question->arg = arg;
    pthread_mutex_lock(&lag->lock);
    list_add_last(&lag->questions, &question->link);
    pthread_cond_signal(&lag->asked);
    pthread_mutex_unlock(&lag->lock);
    return 0;
}
