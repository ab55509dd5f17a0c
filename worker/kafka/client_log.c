/*
 * Its lines come through a queue, since they are made in its threads. Their facility is the first
 * field, by which the log counts repeats: an outage makes four lines a second.
 */
#include "client_log.h"

#include <stdbool.h>
#include <string.h>

#include "log.h"

/*
 * By syslog's levels. What the library calls an error is a connection that failed and is tried
 * again.
 */
static enum log_level
level_of(int syslog_level)
{
    if (syslog_level <= 2)
        return LOG_ERROR;
    if (syslog_level <= 4)
        return LOG_WARNING;
    return syslog_level <= 6 ? LOG_INFO : LOG_DEBUG;
}

/* What nobody can do anything about. */
static const struct {
    const char *facility;
    const char *part; /* of the text */
} noise[] = {
    /* one list of properties serves consumer and producer, and each says it of the other's */
    {"CONFWARN", "will be ignored by this"},
    /* of brokers before 0.11, and of the library's in-process cluster, at every look at metadata */
    {"AUTOCREATE", "not supported by broker"},
};

static bool
is_noise(const char *facility, const char *text)
{
    for (size_t i = 0; i < sizeof(noise) / sizeof(noise[0]); i++)
        if (strcmp(facility, noise[i].facility) == 0 && strstr(text, noise[i].part) != NULL)
            return true;
    return false;
}

void
client_log_line(struct log *log, int syslog_level, const char *facility, const char *text)
{
    if (is_noise(facility, text))
        return;
    log_line(log, level_of(syslog_level), "librdkafka", log_string("facility", facility),
             log_string("text", text));
}

void
client_log_event(struct log *log, rd_kafka_event_t *event)
{
    const char *facility = "";
    const char *text = "";
    int syslog_level = 6;

    if (rd_kafka_event_log(event, &facility, &text, &syslog_level) == 0)
        client_log_line(log, syslog_level, facility, text);
}

/* How loud an error of the library is. What is in no row, and is not fatal, is a warning. */
static const struct {
    rd_kafka_resp_err_t code;
    enum log_level level;
    const char *message;
} known_errors[] = {
    {RD_KAFKA_RESP_ERR__TRANSPORT, LOG_INFO, "connection to a broker failed or ended"},
    {RD_KAFKA_RESP_ERR__TIMED_OUT, LOG_INFO, "a broker did not answer in time"},
    {RD_KAFKA_RESP_ERR__RESOLVE, LOG_WARNING, "a broker's name cannot be resolved"},
    {RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, LOG_WARNING, "no broker can be reached, trying on"},
    {RD_KAFKA_RESP_ERR__AUTHENTICATION, LOG_ERROR, "a broker refuses the credentials"},
    {RD_KAFKA_RESP_ERR__SSL, LOG_ERROR, "no secure connection to a broker"},
    {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, LOG_ERROR, "no right to read as this group"},
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, LOG_ERROR, "no right to read a topic"},
    {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, LOG_ERROR, "a topic does not exist, waiting for it"},
    {RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT, LOG_ERROR,
     "the broker does not allow this session.timeout.ms: no partitions will be assigned"},
    {RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED, LOG_ERROR,
     "the loop stood still for longer than max.poll.interval.ms, the partitions are lost"},
};

void
client_log_error(struct log *log, rd_kafka_resp_err_t code, const char *text)
{
    enum log_level level = LOG_WARNING;
    const char *message = "error from the Kafka client";

    for (size_t i = 0; i < sizeof(known_errors) / sizeof(known_errors[0]); i++) {
        if (known_errors[i].code != code)
            continue;
        level = known_errors[i].level;
        message = known_errors[i].message;
    }
    log_line(log, level, message, log_string("code", rd_kafka_err2name(code)),
             log_string("text", text));
}
