#ifndef SENDER_H
#define SENDER_H

#include <stdbool.h>
#include <stddef.h>

#include <librdkafka/rdkafka.h>

#include "feed.h"

/*
 * The producing handle of one opening of the outbox. Everything blocks, within limits, and belongs
 * to the outbox's thread. After any failure only sender_close is left. Private to worker/kafka.
 */

struct error;
struct outbox;

struct sender {
    struct outbox *outbox;
    rd_kafka_t *rk;              /* NULL: none */
    rd_kafka_topic_t *topics[3]; /* by enum feed_topic; NULL: not needed */
    bool has_transactions;
    bool is_fenced; /* another took the transactional id over */
    size_t failed;  /* records of the batch at hand that were not acknowledged */
    rd_kafka_resp_err_t first_failure;
};

/*
 * Makes the handle, for the topics that ${outbox}'s use needs, which exist; with transactions as the settings say and the broker has them, and then this is
 * the one who writes from now on. -1 with ${ret_error}.
 */
int sender_open(struct sender *sender, struct outbox *outbox, struct error *ret_error)
    __attribute__((warn_unused_result));

/* Serves the library's callbacks, without waiting. */
void sender_serve(struct sender *sender);

/* 0: all of it is there. -1 with ${ret_error}: perhaps some of it, perhaps nothing. */
int sender_publish(struct sender *sender, const struct feed_batch *batch, struct error *ret_error)
    __attribute__((warn_unused_result));

void sender_close(struct sender *sender); /* harmless when it is not open */

#endif
