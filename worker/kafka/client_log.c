/*
 * Its lines come through a queue, since they are made in its threads. Their facility is the first
 * field, by which the log counts repeats: an outage makes four lines a second.
 */
#include "client_log.h"

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

/*
 * One list of properties serves consumer and producer, and each says of the other's that it ignores
 * them.
 */
static bool
is_noise(const char *facility, const char *text)
{
    return strcmp(facility, "CONFWARN") == 0 && strstr(text, "will be ignored by this") != NULL;
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
