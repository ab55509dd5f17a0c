/*
 * Every text in a struct error goes through copy_printable, the one place that cuts and cleans: what
 * it holds ends up in terminals and log lines, and much of it was written by strangers.
 */
#include "error.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

/* C0 and DEL, and C1, which UTF-8 spells C2 80 .. C2 9F. */
static bool
is_control(const char *sequence)
{
    unsigned char first = (unsigned char)sequence[0];

    return first < 0x20 || first == 0x7F || (first == 0xC2 && (unsigned char)sequence[1] < 0xA0);
}

/* Never cuts a character in two; always ends ${target}. */
static void
copy_printable(char *target, size_t capacity, const char *bytes, size_t length)
{
    size_t written = 0;

    for (size_t i = 0; i < length;) {
        size_t sequence = utf8_sequence(bytes + i, length - i);
        bool is_printable = sequence > 0 && !is_control(bytes + i);
        size_t needed = is_printable ? sequence : 1;

        if (written + needed >= capacity)
            break;
        if (is_printable)
            memcpy(target + written, bytes + i, sequence);
        else
            target[written] = '?';
        written += needed;
        i += sequence > 0 ? sequence : 1;
    }
    target[written] = '\0';
}

/* Formats into a buffer of its own: the arguments may lie in the error that will be overwritten. */
static void __attribute__((format(printf, 2, 0)))
format_text(char buffer[ERROR_TEXT_BYTES], const char *format, va_list arguments)
{
    if (vsnprintf(buffer, ERROR_TEXT_BYTES, format, arguments) < 0)
        buffer[0] = '\0';
}

int
error_set(struct error *ret_error, enum error_class class, const char *format, ...)
{
    char buffer[ERROR_TEXT_BYTES];
    va_list arguments;

    if (ret_error == NULL)
        return -1;
    va_start(arguments, format);
    format_text(buffer, format, arguments);
    va_end(arguments);
    ret_error->class = class;
    ret_error->status = 0;
    ret_error->retry_after_ms = -1;
    ret_error->code[0] = '\0';
    ret_error->request_id[0] = '\0';
    copy_printable(ret_error->text, sizeof(ret_error->text), buffer, strlen(buffer));
    return -1;
}

int
error_prefix(struct error *error, const char *format, ...)
{
    char prefix[ERROR_TEXT_BYTES];
    char whole[2 * ERROR_TEXT_BYTES + 2];
    va_list arguments;

    if (error == NULL)
        return -1;
    va_start(arguments, format);
    format_text(prefix, format, arguments);
    va_end(arguments);
    snprintf(whole, sizeof(whole), "%s: %s", prefix, error->text);
    copy_printable(error->text, sizeof(error->text), whole, strlen(whole));
    return -1;
}

void
error_set_code(struct error *error, const char *code)
{
    const char *known = code == NULL ? "" : code;

    copy_printable(error->code, sizeof(error->code), known, strlen(known));
}

void
error_set_request_id(struct error *error, const char *bytes, size_t length)
{
    copy_printable(error->request_id, sizeof(error->request_id), bytes, length);
}

const char *
error_class_name(enum error_class error_class)
{
    static const char *const names[] = {
        [ERROR_NONE] = "none",           [ERROR_INPUT] = "input",     [ERROR_CONFIG] = "config",
        [ERROR_LIMIT] = "limit",         [ERROR_MEMORY] = "memory",   [ERROR_SYSTEM] = "system",
        [ERROR_TRANSPORT] = "transport", [ERROR_SERVICE] = "service", [ERROR_KAFKA] = "kafka",
    };

    if ((size_t)error_class >= sizeof(names) / sizeof(names[0]))
        return "unknown";
    return names[error_class];
}
