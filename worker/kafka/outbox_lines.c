/* One block of memory for each, in a list that is as long as it may get. */
#include "outbox_lines.h"

#include <stdlib.h>
#include <string.h>

#include "client_log.h"
#include "outbox_private.h"

/* A library that talks all the time must not fill the memory while the loop is busy. */
enum { LINES_AT_MOST = 200 };

/* --- the thread's side ----------------------------------------------------------------------- */

/* A copy of ${line} and its texts in one block; NULL: no memory. */
static struct outbox_line *
copy_line(const struct outbox_line *line)
{
    size_t facility_bytes = line->facility == NULL ? 0 : strlen(line->facility) + 1;
    size_t text_bytes = strlen(line->text) + 1;
    struct outbox_line *copy = malloc(sizeof(*copy) + facility_bytes + text_bytes);

    if (copy == NULL)
        return NULL;
    *copy = *line;
    copy->next = NULL;
    copy->text = (char *)(copy + 1);
    memcpy(copy->text, line->text, text_bytes);
    if (line->facility != NULL) {
        copy->facility = copy->text + text_bytes;
        memcpy(copy->facility, line->facility, facility_bytes);
    }
    return copy;
}

void
outbox_lines_add(struct outbox *outbox, const struct outbox_line *line)
{
    struct outbox_line *copy = copy_line(line);
    struct outbox_news *news = &outbox->news;

    if (copy == NULL)
        return;
    (void)pthread_mutex_lock(&outbox->mutex);
    if (news->line_count >= LINES_AT_MOST) {
        free(copy);
    } else {
        if (news->first_line == NULL)
            news->first_line = copy;
        else
            news->last_line->next = copy;
        news->last_line = copy;
        news->line_count++;
    }
    (void)pthread_mutex_unlock(&outbox->mutex);
    outbox_knock(outbox);
}

void
outbox_lines_note(struct outbox *outbox, enum log_level level, const char *message,
                  const char *text)
{
    const struct outbox_line line = {
        .kind = LINE_NOTE,
        .level = (int)level,
        .message = message,
        .text = (char *)(uintptr_t)text,
    };

    outbox_lines_add(outbox, &line);
}

/* --- callbacks of the library, within its calls ---------------------------------------------- */

static void
on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    const struct outbox_line line = {
        .kind = LINE_LIBRARY,
        .level = level,
        .facility = (char *)(uintptr_t)facility,
        .text = (char *)(uintptr_t)text,
    };

    outbox_lines_add(rd_kafka_opaque(rk), &line);
}

static void
on_error(rd_kafka_t *rk, int code, const char *text, void *opaque)
{
    const struct outbox_line line = {
        .kind = LINE_PROBLEM,
        .code = code,
        .text = (char *)(uintptr_t)text,
    };

    (void)opaque;
    /* a fatal one ends the opening, with a line of its own */
    if (code != RD_KAFKA_RESP_ERR__FATAL)
        outbox_lines_add(rd_kafka_opaque(rk), &line);
}

void
outbox_lines_listen(rd_kafka_conf_t *conf, struct outbox *outbox)
{
    rd_kafka_conf_set_opaque(conf, outbox);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_error_cb(conf, on_error);
}

/* --- the loop's side ------------------------------------------------------------------------- */

static void
tell(struct log *log, const struct outbox_line *line)
{
    switch (line->kind) {
    case LINE_LIBRARY:
        client_log_line(log, line->level, line->facility, line->text);
        break;
    case LINE_PROBLEM:
        client_log_error(log, (rd_kafka_resp_err_t)line->code, line->text);
        break;
    case LINE_NOTE:
        log_line(log, (enum log_level)line->level, line->message, log_string("text", line->text));
        break;
    }
}

void
outbox_lines_tell(struct log *log, const struct outbox_line *first)
{
    for (const struct outbox_line *line = first; line != NULL; line = line->next)
        tell(log, line);
}

void
outbox_lines_free(struct outbox_line *first)
{
    while (first != NULL) {
        struct outbox_line *next = first->next;

        free(first);
        first = next;
    }
}
