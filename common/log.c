/*
 * Decides whether a line is written, has it formatted into a buffer that is used again and again,
 * and writes it. How it looks is log_format.c's business, which repeats are held back is
 * log_repeats.c's.
 */
#include "log.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "log_format.h"
#include "log_repeats.h"
#include "text.h"

enum {
    MAX_ERROR_FIELDS = 5 + 24,
    ERROR_KEYS = 2, /* of the caller's fields tell repeats of a fault apart */
    MAX_BURST = 1000,
    /* how long a line waits for whoever reads the pipe, before it is counted as lost */
    PATIENCE_MS = 100,
};

struct log {
    int fd;
    bool is_text;
    enum log_level level;
    const struct clock *clock;
    struct log_repeats *repeats; /* NULL: none are held back */
    struct text line;
    uint64_t lost;
    bool is_torn; /* the last line was written in part, and has no end */
};

const char *
log_level_name(enum log_level level)
{
    static const char *const names[] = {
        [LOG_DEBUG] = "debug",
        [LOG_INFO] = "info",
        [LOG_WARNING] = "warning",
        [LOG_ERROR] = "error",
    };

    return names[level];
}

struct log *
log_create(int fd, enum log_format format, enum log_level level, int burst,
           const struct clock *clock)
{
    struct log *log = calloc(1, sizeof(*log));

    if (log == NULL)
        return NULL;
    log->fd = fd;
    log->is_text = format == LOG_TEXT || (format == LOG_AUTO && isatty(fd) == 1);
    log->level = level;
    log->clock = clock;
    if (burst > 0) {
        log->repeats = log_repeats_create(burst < MAX_BURST ? burst : MAX_BURST);
        if (log->repeats == NULL) {
            free(log);
            return NULL;
        }
    }
    return log;
}

bool
log_wants(const struct log *log, enum log_level level)
{
    return level >= log->level;
}

/* --- writing ---------------------------------------------------------------------------------- */

/* How many bytes of the rest were written; 0: give up. */
static size_t
write_some(int fd, const char *bytes, size_t length)
{
    struct pollfd writable = {.fd = fd, .events = POLLOUT};
    ssize_t written;

    do
        written = write(fd, bytes, length);
    while (written < 0 && errno == EINTR);
    if (written > 0)
        return (size_t)written;
    if (written < 0 && errno == EAGAIN && poll(&writable, 1, PATIENCE_MS) == 1) {
        written = write(fd, bytes, length);
        return written > 0 ? (size_t)written : 0;
    }
    return 0;
}

static void
write_whole(struct log *log)
{
    const char *bytes = log->line.data;
    size_t length = log->line.length;

    while (length > 0) {
        size_t written = write_some(log->fd, bytes, length);

        if (written == 0) {
            log->is_torn = log->is_torn || length < log->line.length;
            log->lost++;
            return;
        }
        bytes += written;
        length -= written;
    }
    log->lost = 0;
    log->is_torn = false;
}

static void
write_entry(struct log *log, struct log_entry *entry)
{
    entry->wall_ms = log->clock->wall_ms;
    entry->lost = log->lost;
    text_clear(&log->line);
    if (log->is_torn)
        text_add_char(&log->line, '\n');
    if (log->is_text)
        log_format_text(entry, &log->line);
    else
        log_format_json(entry, &log->line);
    if (log->line.failed)
        log->lost++;
    else
        write_whole(log);
}

/* --- repeats ---------------------------------------------------------------------------------- */

/* FNV-1a. */
static uint64_t
hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
    const unsigned char *byte = bytes;

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ byte[i]) * UINT64_C(0x100000001B3);
    return hash;
}

static uint64_t
hash_value(uint64_t hash, const struct log_field *field)
{
    if (field->type == LOG_FIELD_GUID)
        return hash_bytes(hash, &field->value.guid, sizeof(field->value.guid));
    if (field->type != LOG_FIELD_STRING)
        return hash_bytes(hash, &field->value.integer, sizeof(field->value.integer));
    if (field->value.string == NULL)
        return hash;
    return hash_bytes(hash, field->value.string, strlen(field->value.string));
}

/* The message with its NUL, so that it and the value cannot run into one another. */
static uint64_t
key_of(const struct log_entry *entry)
{
    uint64_t hash =
        hash_bytes(UINT64_C(0xCBF29CE484222325), entry->message, strlen(entry->message) + 1);

    for (size_t i = 0; i < entry->key_count; i++)
        hash = hash_value(hash, &entry->keys[i]);
    return hash;
}

/* --- lines ------------------------------------------------------------------------------------ */

static void
submit(struct log *log, struct log_entry *entry)
{
    if (log->repeats != NULL &&
        !log_repeats_admit(log->repeats, key_of(entry), log->clock->mono_ms, &entry->held))
        return;
    write_entry(log, entry);
}

void
log_write(struct log *log, enum log_level level, const char *message,
          const struct log_field *fields, size_t count)
{
    struct log_entry entry = {.level = level,
                              .message = message,
                              .fields = fields,
                              .count = count,
                              .keys = fields,
                              .key_count = count > 0 ? 1 : 0};

    if (log_wants(log, level))
        submit(log, &entry);
}

static struct log_field
text_field(const char *key, const char *text)
{
    return log_string(text[0] == '\0' ? NULL : key, text);
}

void
log_error(struct log *log, enum log_level level, const char *message, const struct error *error,
          const struct log_field *fields, size_t count)
{
    struct log_field all[MAX_ERROR_FIELDS] = {
        log_string("error_class", error_class_name(error->class)),
        text_field("code", error->code),
        log_integer(error->status == 0 ? NULL : "status", error->status),
        text_field("request_id", error->request_id),
        text_field("error", error->text),
    };
    size_t length = 5;
    struct log_entry entry = {.level = level,
                              .message = message,
                              .fields = all,
                              .keys = fields,
                              .key_count = count < ERROR_KEYS ? count : ERROR_KEYS};

    for (size_t i = 0; i < count && length < MAX_ERROR_FIELDS; i++)
        all[length++] = fields[i];
    entry.count = length;
    if (log_wants(log, level))
        submit(log, &entry);
}

void
log_destroy(struct log *log)
{
    struct log_entry entry = {.level = LOG_WARNING, .message = "log lines were suppressed"};

    if (log == NULL)
        return;
    if (log->repeats != NULL)
        entry.held.same = log_repeats_held(log->repeats);
    if (entry.held.same > 0 && log_wants(log, entry.level))
        write_entry(log, &entry);
    log_repeats_destroy(log->repeats);
    text_free(&log->line);
    free(log);
}
