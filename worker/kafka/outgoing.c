/* librdkafka takes the headers over with the record, so they are copied first. */
#include "outgoing.h"

#include <stdio.h>

#include "digest.h"
#include "engine.h"

enum { NUMBER_BYTES = 24 };

void
outgoing_from_record(const struct kept_record *record, const char *topic,
                     struct outgoing *ret_outgoing)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(record->header_count);

    for (size_t i = 0; i < record->header_count; i++) {
        const struct kafka_header *header = &record->headers[i];

        (void)rd_kafka_header_add(headers, header->name, -1, header->value,
                                  (ssize_t)header->length);
    }
    *ret_outgoing = (struct outgoing){
        .topic = topic,
        .partition = record->partition,
        .key = record->key,
        .key_length = record->key_length,
        .value = record->value,
        .value_length = record->value_length,
        .headers = headers,
        .serial = record->serial,
    };
}

void
outgoing_from_report(const rd_kafka_message_t *report, struct outgoing *ret_outgoing)
{
    rd_kafka_headers_t *headers;

    headers = rd_kafka_message_headers(report, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR
                  ? rd_kafka_headers_copy(headers)
                  : rd_kafka_headers_new(0);
    *ret_outgoing = (struct outgoing){
        .topic = rd_kafka_topic_name(report->rkt),
        .partition = report->partition,
        .key = report->key,
        .key_length = report->key_len,
        .value = report->payload,
        .value_length = report->len,
        .headers = headers,
        .serial = (uintptr_t)report->_private,
    };
}

void
outgoing_fini(struct outgoing *outgoing)
{
    if (outgoing->headers != NULL)
        rd_kafka_headers_destroy(outgoing->headers);
    outgoing->headers = NULL;
}

int
outgoing_cut(struct outgoing *outgoing)
{
    char sum[DIGEST_TEXT_BYTES];
    char length[NUMBER_BYTES];

    if (outgoing->value_length == 0 ||
        digest_sha256(outgoing->value, outgoing->value_length, sum) != 0)
        return -1;
    (void)snprintf(length, sizeof(length), "%zu", outgoing->value_length);
    (void)rd_kafka_header_add(outgoing->headers, "dvsync-value-sha256", -1, sum, -1);
    (void)rd_kafka_header_add(outgoing->headers, "dvsync-value-length", -1, length, -1);
    outgoing->value = NULL;
    outgoing->value_length = 0;
    return 0;
}

rd_kafka_resp_err_t
outgoing_send(struct outgoing *outgoing, rd_kafka_t *rk)
{
    rd_kafka_resp_err_t error = rd_kafka_producev(
        rk, RD_KAFKA_V_TOPIC(outgoing->topic), RD_KAFKA_V_PARTITION(outgoing->partition),
        RD_KAFKA_V_KEY((void *)(uintptr_t)outgoing->key, outgoing->key_length),
        RD_KAFKA_V_VALUE((void *)(uintptr_t)outgoing->value, outgoing->value_length),
        RD_KAFKA_V_HEADERS(outgoing->headers), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_OPAQUE((void *)(uintptr_t)outgoing->serial), RD_KAFKA_V_END);

    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
        outgoing->headers = NULL;
    return error;
}
