/*
 * One batch, one transaction; or without transactions two rounds of sending and waiting, the events
 * and then the states that stand for them.
 */
#include "sender.h"

#include <stdio.h>

#include "error.h"
#include "log.h"
#include "outbox_lines.h"
#include "outbox_private.h"
#include "properties.h"

enum {
    /*
     * The broker ends a transaction that takes longer, and as long as one is open readers of its
     * partitions wait: short. The library wants records to have timed out before.
     */
    TRANSACTION_MS = 15000,
    RECORD_MS = 10000,
    ASK_MS = 1000, /* one try to take the transactional id over */
    ABORT_MS = 5000,
    SLICE_MS = 100,
    REASON_BYTES = 512,
    NUMBER_BYTES = 24,
};

/* What became of one record, told within rd_kafka_poll and rd_kafka_flush. */
static void
on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    struct sender *sender = message->_private;

    (void)rk, (void)opaque;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    if (sender->failed++ == 0)
        sender->first_failure = message->err;
}

/* --- faults ---------------------------------------------------------------------------------- */

static bool
is_fencing(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
           code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

/* Where the handle has died, that is the reason, whatever ${code} says. */
static int
fault(struct sender *sender, rd_kafka_resp_err_t code, const char *text, struct error *ret_error)
{
    char reason[REASON_BYTES];
    rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(sender->rk, reason, sizeof(reason));

    if (fatal != RD_KAFKA_RESP_ERR_NO_ERROR) {
        code = fatal;
        text = reason;
    }
    sender->is_fenced = sender->is_fenced || is_fencing(code);
    error_set(ret_error, ERROR_KAFKA, "%s", text);
    error_set_code(ret_error, rd_kafka_err2name(code));
    return -1;
}

/* The same for an error object, which it ends. */
static int
fault_of(struct sender *sender, rd_kafka_error_t *error, struct error *ret_error)
{
    (void)fault(sender, rd_kafka_error_code(error), rd_kafka_error_string(error), ret_error);
    rd_kafka_error_destroy(error);
    return -1;
}

/* --- the handle ------------------------------------------------------------------------------ */

static int
connect_client(struct sender *sender, bool with_transactions, struct error *ret_error)
{
    const struct outbox_settings *settings = &sender->outbox->settings;
    int64_t record_ms = settings->publish_timeout_ms;
    char transaction[NUMBER_BYTES], record[NUMBER_BYTES], reason[REASON_BYTES];
    const struct property own[] = {
        {"bootstrap.servers", settings->bootstrap_servers},
        {"client.id", settings->client_id},
        {"transactional.id", with_transactions ? settings->transactional_id : NULL},
        {"transaction.timeout.ms", with_transactions ? transaction : NULL},
        {"message.timeout.ms", record},
        {NULL, NULL},
    };
    rd_kafka_conf_t *conf;

    if (with_transactions && record_ms > RECORD_MS)
        record_ms = RECORD_MS;
    (void)snprintf(transaction, sizeof(transaction), "%d", (int)TRANSACTION_MS);
    (void)snprintf(record, sizeof(record), "%lld", (long long)record_ms);
    conf = properties_conf(PROPERTIES_PRODUCER, own, settings->properties, ret_error);
    if (conf == NULL)
        return -1;
    outbox_lines_listen(conf, sender->outbox);
    rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    sender->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof(reason));
    if (sender->rk != NULL) {
        (void)rd_kafka_set_log_queue(sender->rk, NULL); /* to where the callbacks come from */
        sender->has_transactions = with_transactions;
        return 0;
    }
    rd_kafka_conf_destroy(conf);
    return error_set(ret_error, ERROR_KAFKA, "the client library makes no producer: %s", reason);
}

void
sender_serve(struct sender *sender)
{
    if (sender->rk != NULL)
        (void)rd_kafka_poll(sender->rk, 0);
}

void
sender_close(struct sender *sender)
{
    if (sender->rk == NULL)
        return;
    (void)rd_kafka_purge(sender->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    sender_serve(sender);
    for (int i = FEED_MAIN; i <= FEED_STATE; i++)
        if (sender->topics[i] != NULL)
            rd_kafka_topic_destroy(sender->topics[i]);
    rd_kafka_destroy(sender->rk);
    *sender = (struct sender){.outbox = sender->outbox, .is_fenced = sender->is_fenced};
}

/*
 * The first record for a topic that the library has not heard of waits for a timer of up to a
 * second, also within a transaction. So it is told of the topics, and asks for them, before.
 */
static int
open_topics(struct sender *sender, struct error *ret_error)
{
    const struct outbox *outbox = sender->outbox;

    for (int i = FEED_MAIN; i <= FEED_STATE; i++) {
        const struct rd_kafka_metadata *metadata = NULL;

        if (!outbox_needs(outbox->use, (enum feed_topic)i))
            continue;
        sender->topics[i] = rd_kafka_topic_new(sender->rk, outbox->settings.topics[i], NULL);
        if (sender->topics[i] == NULL)
            return fault(sender, rd_kafka_last_error(), "a topic cannot be opened", ret_error);
        if (rd_kafka_metadata(sender->rk, 0, sender->topics[i], &metadata, ASK_MS) ==
            RD_KAFKA_RESP_ERR_NO_ERROR)
            rd_kafka_metadata_destroy(metadata);
    }
    return 0;
}

/* --- taking over ----------------------------------------------------------------------------- */

/*
 * Brokers say in several ways that they have no transactions. One is told by no error at all: a
 * broker that knows no coordinators of transactions (Event Hubs' standard tier) is asked for one
 * again and again, and what is seen of it is that time runs out. Other questions were answered just
 * before, so a broker that is away would have been noticed.
 */
static bool
is_without_transactions(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE ||
           code == RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION ||
           code == RD_KAFKA_RESP_ERR_INVALID_REQUEST ||
           code == RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT ||
           code == RD_KAFKA_RESP_ERR__TIMED_OUT;
}

/*
 * Fences whoever had the id, and waits until what that one left open is ended. The error object, the
 * caller's, or NULL.
 */
static rd_kafka_error_t *
take_over(struct sender *sender)
{
    const struct outbox *outbox = sender->outbox;
    rd_kafka_error_t *error = NULL;

    for (int64_t left_ms = outbox->settings.take_over_within_ms; left_ms > 0; left_ms -= ASK_MS) {
        rd_kafka_error_destroy(error);
        error = rd_kafka_init_transactions(sender->rk, ASK_MS);
        sender_serve(sender);
        if (error == NULL || !rd_kafka_error_is_retriable(error) ||
            atomic_load(&outbox->is_stopping))
            break;
    }
    return error;
}

/* The handle alone. */
static int
open_client(struct sender *sender, struct error *ret_error)
{
    struct outbox *outbox = sender->outbox;
    enum outbox_transactions wanted = outbox->settings.transactions;
    rd_kafka_error_t *error;

    if (wanted == OUTBOX_NO || outbox->use == OUTBOX_BESIDE)
        return connect_client(sender, false, ret_error);
    if (connect_client(sender, true, ret_error) != 0)
        return -1;
    error = take_over(sender);
    if (error == NULL)
        return 0;
    if (wanted == OUTBOX_YES || !is_without_transactions(rd_kafka_error_code(error)) ||
        atomic_load(&outbox->is_stopping))
        return fault_of(sender, error, ret_error);
    outbox_lines_note(outbox, LOG_WARNING,
                      "the broker has no transactions, as it seems: going on without (if it has "
                      "none, set producer.transactions to \"no\")",
                      rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
    sender_close(sender);
    return connect_client(sender, false, ret_error);
}

int
sender_open(struct sender *sender, struct outbox *outbox, struct error *ret_error)
{
    *sender = (struct sender){.outbox = outbox};
    if (open_client(sender, ret_error) != 0)
        return -1;
    return open_topics(sender, ret_error);
}

/* --- a batch --------------------------------------------------------------------------------- */

static rd_kafka_headers_t *
copy_headers(const struct feed_record *record)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(record->header_count);

    for (size_t i = 0; i < record->header_count; i++)
        (void)rd_kafka_header_add(headers, record->headers[i].name, -1, record->headers[i].value,
                                  (ssize_t)record->headers[i].length);
    return headers;
}

static rd_kafka_resp_err_t
produce(struct sender *sender, const struct feed_record *record)
{
    rd_kafka_headers_t *headers;
    rd_kafka_resp_err_t code;

    if (sender->topics[record->topic] == NULL)
        return RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
    headers = copy_headers(record);
    code = rd_kafka_producev(
        sender->rk, RD_KAFKA_V_RKT(sender->topics[record->topic]),
        RD_KAFKA_V_KEY((void *)(uintptr_t)record->key, record->key_length),
        RD_KAFKA_V_VALUE((void *)(uintptr_t)record->value, record->value_length),
        RD_KAFKA_V_TIMESTAMP(record->timestamp_ms), RD_KAFKA_V_HEADERS(headers),
        RD_KAFKA_V_OPAQUE(sender), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);

    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_headers_destroy(headers);
    return code;
}

/* Hands the states or the others of ${batch} over. A full queue empties by itself: each record in it
 * is acknowledged or times out. */
static int
produce_all(struct sender *sender, const struct feed_batch *batch, bool are_states,
            struct error *ret_error)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct feed_record *record = &batch->records[i];
        rd_kafka_resp_err_t code;

        if ((record->topic == FEED_STATE) != are_states)
            continue;
        while ((code = produce(sender, record)) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
            (void)rd_kafka_poll(sender->rk, SLICE_MS);
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
            return fault(sender, code, rd_kafka_err2str(code), ret_error);
    }
    return 0;
}

/* Ends: each record is acknowledged or times out. */
static int
await_reports(struct sender *sender, struct error *ret_error)
{
    while (rd_kafka_flush(sender->rk, SLICE_MS) == RD_KAFKA_RESP_ERR__TIMED_OUT) {
        /* its callbacks count */
    }
    if (sender->failed == 0)
        return 0;
    return fault(sender, sender->first_failure, rd_kafka_err2str(sender->first_failure), ret_error);
}

static int
publish_in_turn(struct sender *sender, const struct feed_batch *batch, struct error *ret_error)
{
    if (produce_all(sender, batch, false, ret_error) != 0 ||
        await_reports(sender, ret_error) != 0 || produce_all(sender, batch, true, ret_error) != 0)
        return -1;
    return await_reports(sender, ret_error);
}

static int
commit(struct sender *sender, struct error *ret_error)
{
    rd_kafka_error_t *error = rd_kafka_commit_transaction(sender->rk, TRANSACTION_MS);

    return error == NULL ? 0 : fault_of(sender, error, ret_error);
}

/* So that readers need not wait until the broker gives it up. Where that fails, they do. */
static void
abort_transaction(struct sender *sender)
{
    if (!sender->is_fenced)
        rd_kafka_error_destroy(rd_kafka_abort_transaction(sender->rk, ABORT_MS));
}

static int
publish_at_once(struct sender *sender, const struct feed_batch *batch, struct error *ret_error)
{
    rd_kafka_error_t *error = rd_kafka_begin_transaction(sender->rk);

    if (error != NULL)
        return fault_of(sender, error, ret_error);
    if (produce_all(sender, batch, false, ret_error) == 0 &&
        produce_all(sender, batch, true, ret_error) == 0 && commit(sender, ret_error) == 0)
        return 0;
    abort_transaction(sender);
    return -1;
}

int
sender_publish(struct sender *sender, const struct feed_batch *batch, struct error *ret_error)
{
    sender->failed = 0;
    if (sender->has_transactions)
        return publish_at_once(sender, batch, ret_error);
    return publish_in_turn(sender, batch, ret_error);
}
