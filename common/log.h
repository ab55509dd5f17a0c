#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "guid.h"

/*
 * The log: one line per call, a message and keys with values, as JSON or as aligned text. Only the
 * programs write to it; common/, the core and the services never do. One writer, the loop's thread;
 * librdkafka's lines come through a queue.
 *
 * JSON: {"ts":"2026-01-31T23:59:59.999Z","level":"info","msg":"…", then the fields}. Texts may hold
 * any bytes: what is no UTF-8 and what would command a terminal is replaced, long ones are cut.
 *
 * Repeats: at most ${burst} lines of one message (and one value of its first field) in any minute;
 * the rest is counted, and the count stands in the next line that is let through ("suppressed").
 * A line that could not be written is counted as well ("lost").
 */

struct log;
struct clock;

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_JSON, LOG_TEXT, LOG_AUTO }; /* auto: text on a terminal */

struct log_field {
    const char *key; /* NULL: no such field, left out */
    enum {
        LOG_FIELD_STRING,
        LOG_FIELD_INTEGER,
        LOG_FIELD_REAL,
        LOG_FIELD_GUID,
        LOG_FIELD_BOOLEAN,
    } type;
    union {
        const char *string; /* NULL: the field is left out */
        int64_t integer;
        double real;
        struct guid guid;
    } value;
};

static inline struct log_field
log_string(const char *key, const char *string)
{
    return (struct log_field){key, LOG_FIELD_STRING, {.string = string}};
}

static inline struct log_field
log_integer(const char *key, int64_t integer)
{
    return (struct log_field){key, LOG_FIELD_INTEGER, {.integer = integer}};
}

static inline struct log_field
log_real(const char *key, double real)
{
    return (struct log_field){key, LOG_FIELD_REAL, {.real = real}};
}

static inline struct log_field
log_guid(const char *key, const struct guid *guid)
{
    if (guid == NULL)
        return (struct log_field){NULL, LOG_FIELD_GUID, {.integer = 0}};
    return (struct log_field){key, LOG_FIELD_GUID, {.guid = *guid}};
}

static inline struct log_field
log_boolean(const char *key, bool boolean)
{
    return (struct log_field){key, LOG_FIELD_BOOLEAN, {.integer = boolean}};
}

/*
 * Writes to ${fd} (borrowed) from ${level} up. ${burst} 0: repeats are not held back. ${clock} gives
 * the time stamps and must outlive the log. NULL: no memory.
 */
struct log *log_create(int fd, enum log_format format, enum log_level level, int burst,
                       const struct clock *clock);

/* Says how many lines were held back and not yet accounted for. NULL is allowed. */
void log_destroy(struct log *log);

/* False: a line of ${level} would be dropped, do not bother to make it. */
bool log_wants(const struct log *log, enum log_level level);

/* One line, in one write(2), that may wait for a slow reader but not for a stuck one. */
void log_write(struct log *log, enum log_level level, const char *message,
               const struct log_field *fields, size_t count);

/* log_line(log, LOG_INFO, "user is ready", log_guid("user", &id), log_integer("attempts", 1)); */
#define log_line(log, level, message, ...)                                  \
    log_write(log, level, message, (const struct log_field[]){__VA_ARGS__}, \
              sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))

/*
 * A line with an error's class, code, status, request id and text as its first fields, as far as it
 * has them ("error_class" "code" "status" "request_id" "error"), and then ${fields}, at most 24.
 */
void log_error(struct log *log, enum log_level level, const char *message,
               const struct error *error, const struct log_field *fields, size_t count);

const char *log_level_name(enum log_level level);

#endif
