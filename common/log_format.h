#ifndef LOG_FORMAT_H
#define LOG_FORMAT_H

#include "log.h"
#include "log_repeats.h"
#include "text.h"

/* How a line of the log looks. Private to log; pure. */

struct log_entry {
    int64_t wall_ms;
    enum log_level level;
    const char *message;
    const struct log_field *fields;
    size_t count;
    const struct log_field *keys; /* message and these tell repeats apart */
    size_t key_count;
    struct log_held held;
    uint64_t lost; /* lines that could not be written before */
};

enum { LOG_MAX_STRING_BYTES = 4096 };

/* Both append ${entry} as one line with its end. */
void log_format_json(const struct log_entry *entry, struct text *line);
void log_format_text(const struct log_entry *entry, struct text *line);

#endif
