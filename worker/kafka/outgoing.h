#ifndef OUTGOING_H
#define OUTGOING_H

#include <stddef.h>
#include <stdint.h>

#include <librdkafka/rdkafka.h>

/*
 * One kept record on its way to a topic, out of the engine's hand or out of a report that it was
 * refused; and how its value is cut away when the topic does not take it for its size: what goes out
 * then has key and headers, and two more of these, with the value's SHA-256 and its length, by which
 * it can be found where it came from. Private to worker/kafka.
 */

struct kept_record;

struct outgoing {
    const char *topic;
    int32_t partition;
    const void *key;
    size_t key_length;
    const void *value;
    size_t value_length;
    rd_kafka_headers_t *headers; /* owned, until they are sent */
    uint64_t serial;
};

/* Both borrow all but the headers. ${report} is a delivery report. */
void outgoing_from_record(const struct kept_record *record, const char *topic,
                          struct outgoing *ret_outgoing);
void outgoing_from_report(const rd_kafka_message_t *report, struct outgoing *ret_outgoing);
void outgoing_fini(struct outgoing *outgoing);

/* -1: there is no value, or it cannot be hashed; nothing is changed. */
int outgoing_cut(struct outgoing *outgoing) __attribute__((warn_unused_result));

/* Copies key and value, and takes the headers over unless it fails. */
rd_kafka_resp_err_t outgoing_send(struct outgoing *outgoing, rd_kafka_t *rk)
    __attribute__((warn_unused_result));

#endif
