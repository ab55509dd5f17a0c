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
client_log_event(struct log *log, rd_kafka_event_t *event)
{
    const char *facility = "";
    const char *text = "";
    int syslog_level = 6;

    if (rd_kafka_event_log(event, &facility, &text, &syslog_level) != 0 || is_noise(facility, text))
        return;
    log_line(log, level_of(syslog_level), "librdkafka", log_string("facility", facility),
             log_string("text", text));
}
