#ifndef OUTBOX_LINES_H
#define OUTBOX_LINES_H

#include <librdkafka/rdkafka.h>

#include "log.h"

/* What the outbox's thread has for the log, which belongs to the loop. Private to worker/kafka. */

struct outbox;

struct outbox_line {
    struct outbox_line *next;
    enum { LINE_LIBRARY, LINE_PROBLEM, LINE_NOTE } kind;
    int level;           /* LIBRARY: syslog's; NOTE: enum log_level */
    int code;            /* PROBLEM: rd_kafka_resp_err_t */
    const char *message; /* NOTE: a constant */
    char *facility;      /* LIBRARY; in this block of memory, as ${text} */
    char *text;
};

/* The thread's: puts a copy of ${line} into the news. One that finds no room is dropped. */
void outbox_lines_add(struct outbox *outbox, const struct outbox_line *line);
void outbox_lines_note(struct outbox *outbox, enum log_level level, const char *message,
                       const char *text);

/* Whatever a handle made of ${conf} logs or complains of becomes such lines. */
void outbox_lines_listen(rd_kafka_conf_t *conf, struct outbox *outbox);

/* The loop's: writes them to the log. */
void outbox_lines_tell(struct log *log, const struct outbox_line *first);
void outbox_lines_free(struct outbox_line *first);

#endif
