#ifndef CLIENT_LOG_H
#define CLIENT_LOG_H

#include <librdkafka/rdkafka.h>

/* librdkafka's own log lines and errors in the program's log. Private to worker/kafka. */

struct log;

/* Writes the line of ${event}, which is a log event. */
void client_log_event(struct log *log, rd_kafka_event_t *event);
/* The same for a line that came by a callback. */
void client_log_line(struct log *log, int syslog_level, const char *facility, const char *text);

/* An error that the library reports and goes on after, as loud as it is for an operator. */
void client_log_error(struct log *log, rd_kafka_resp_err_t code, const char *text);

#endif
