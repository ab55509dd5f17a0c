#ifndef CLIENT_LOG_H
#define CLIENT_LOG_H

#include <librdkafka/rdkafka.h>

/* librdkafka's own log lines in the worker's log. Private to worker/kafka. */

struct log;

/* Writes the line of ${event}, which is a log event. */
void client_log_event(struct log *log, rd_kafka_event_t *event);

#endif
