/*
 * The outbox's thread, from top to bottom: are the topics there, take over, read the states, publish
 * batch after batch, end.
 */
#include "batch.h"
#include "log.h"
#include "outbox_lines.h"
#include "outbox_private.h"
#include "properties.h"
#include "sender.h"
#include "text.h"
#include "topics.h"

/* How often the library's callbacks are served while there is no batch. */
enum { IDLE_MS = 500, REASON_BYTES = 512 };

struct tenure {
    struct outbox *outbox;
    rd_kafka_t *consumer; /* for questions and saved states */
    struct sender sender;
};

/* --- the reading handle ---------------------------------------------------------------------- */

static int
open_consumer(struct tenure *tenure, struct error *ret_error)
{
    const struct outbox_settings *settings = &tenure->outbox->settings;
    const struct property own[] = {
        {"bootstrap.servers", settings->bootstrap_servers},
        {"group.id", settings->group_id},
        {"client.id", settings->client_id},
        {NULL, NULL},
    };
    char reason[REASON_BYTES];
    rd_kafka_conf_t *conf =
        properties_conf(PROPERTIES_CONSUMER, own, settings->properties, ret_error);

    if (conf == NULL)
        return -1;
    outbox_lines_listen(conf, tenure->outbox);
    tenure->consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof(reason));
    if (tenure->consumer != NULL) {
        (void)rd_kafka_set_log_queue(tenure->consumer, NULL);
        (void)rd_kafka_poll_set_consumer(tenure->consumer);
        return 0;
    }
    rd_kafka_conf_destroy(conf);
    return error_set(ret_error, ERROR_KAFKA, "the client library makes no consumer: %s", reason);
}

static void
close_consumer(struct tenure *tenure)
{
    if (tenure->consumer != NULL)
        rd_kafka_destroy_flags(tenure->consumer, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    tenure->consumer = NULL;
}

/* --- topics ---------------------------------------------------------------------------------- */

/* All that are missing are named at once. */
static int
check_topics(struct tenure *tenure, int32_t *ret_state_partitions, struct error *ret_error)
{
    enum outbox_use use = tenure->outbox->use;
    struct text missing = TEXT_EMPTY;
    int result = 0;

    for (int i = FEED_MAIN; i <= FEED_STATE && result == 0; i++) {
        const char *topic = tenure->outbox->settings.topics[i];
        int32_t partitions = 1;

        if (outbox_needs(use, (enum feed_topic)i))
            result = topics_size(tenure->consumer, topic, &partitions, ret_error);
        if (result == 0 && partitions == 0)
            text_addf(&missing, "%s%s", missing.length == 0 ? "" : ", ", topic);
        if (i == FEED_STATE)
            *ret_state_partitions = partitions;
    }
    if (missing.failed)
        result = error_set(ret_error, ERROR_MEMORY, "no memory for names of topics");
    else if (result == 0 && missing.length > 0)
        result = error_set(ret_error, ERROR_CONFIG, "there is no topic %s: make it first%s",
                           missing.data,
                           outbox_needs(use, FEED_STATE) ? " (that of the states compacted)" : "");
    text_free(&missing);
    return result;
}

/*
 * With retention by time a group that is quiet for long would lose its state, and begin anew. Asked
 * once, and when there is nothing else to do: brokers that do not know the question make one wait.
 */
static void
check_compaction(struct tenure *tenure)
{
    const char *topic = tenure->outbox->settings.topics[FEED_STATE];
    bool is_due = tenure->outbox->use != OUTBOX_BESIDE && !tenure->outbox->is_checked;

    tenure->outbox->is_checked = true;
    if (is_due && topics_is_plain(tenure->consumer, topic))
        outbox_lines_note(tenure->outbox, LOG_ERROR,
                          "the topic of the saved states is not compacted, they will be lost to "
                          "retention: set its cleanup.policy to compact",
                          topic);
}

/* --- the whole ------------------------------------------------------------------------------- */

static int
open_all(struct tenure *tenure, struct error *ret_error)
{
    struct outbox *outbox = tenure->outbox;
    struct states states = {NULL, 0};
    int32_t partitions = 0;

    if (open_consumer(tenure, ret_error) != 0 || check_topics(tenure, &partitions, ret_error) != 0)
        return -1;
    if (outbox->use != OUTBOX_READ && sender_open(&tenure->sender, outbox, ret_error) != 0)
        return -1;
    if (outbox->use != OUTBOX_BESIDE &&
        states_read(tenure->consumer, outbox->settings.topics[FEED_STATE], partitions,
                    &outbox->is_stopping, &states, ret_error) != 0)
        return -1;
    outbox_say_opened(outbox, &states, tenure->sender.has_transactions);
    return 0;
}

/* The reading handle is needed no longer than that. */
static void
be_idle(struct tenure *tenure)
{
    if (tenure->consumer == NULL)
        return;
    check_compaction(tenure);
    close_consumer(tenure);
}

static int
publish_batches(struct tenure *tenure, struct error *ret_error)
{
    for (;;) {
        const struct batch *batch = outbox_await(tenure->outbox, IDLE_MS);

        sender_serve(&tenure->sender);
        if (batch == NULL && atomic_load(&tenure->outbox->is_stopping))
            return 0;
        if (batch == NULL) {
            be_idle(tenure);
            continue;
        }
        if (sender_publish(&tenure->sender, &batch->feed, ret_error) != 0)
            return -1;
        outbox_say_published(tenure->outbox, batch->feed.serial);
    }
}

void *
tenure_run(void *outbox_pointer)
{
    struct outbox *outbox = outbox_pointer;
    struct tenure tenure = {.outbox = outbox};
    struct error error = {.class = ERROR_NONE, .retry_after_ms = -1};
    enum outbox_end end = OUTBOX_CLOSED;

    if (open_all(&tenure, &error) != 0)
        end = atomic_load(&outbox->is_stopping) ? OUTBOX_CLOSED : OUTBOX_FAILED;
    else if (publish_batches(&tenure, &error) != 0)
        end = OUTBOX_FAILED;
    if (tenure.sender.is_fenced)
        end = OUTBOX_FENCED;
    close_consumer(&tenure);
    sender_close(&tenure.sender);
    outbox_say_ended(outbox, end, &error);
    return NULL;
}
