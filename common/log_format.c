/*
 * A line as JSON, for machines, and as text, for a terminal. Texts come from everywhere, so each
 * goes through clean_text: what is no UTF-8 would break the JSON, and an escape sequence out of an
 * answer's body must not reach the operator's terminal.
 */
#include "log_format.h"

#include <string.h>

#include "json_writer.h"
#include "timestamp.h"
#include "utf8.h"

enum { MESSAGE_WIDTH = 40, LEVEL_WIDTH = 7 };

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

/* DEL, and C1, which UTF-8 spells C2 80 .. C2 9F; C0 is escaped by whoever prints. */
static bool
is_command(const char *sequence)
{
    unsigned char first = (unsigned char)sequence[0];

    return first == 0x7F || (first == 0xC2 && (unsigned char)sequence[1] < 0xA0);
}

static void
clean_text(const char *string, struct text *clean)
{
    size_t length = strlen(string);
    size_t i = 0;

    while (i < length && clean->length < LOG_MAX_STRING_BYTES && !clean->failed) {
        size_t sequence = utf8_sequence(string + i, length - i);

        if (sequence == 0 || is_command(string + i))
            text_add(clean, REPLACEMENT);
        else
            text_add_bytes(clean, string + i, sequence);
        i += sequence > 0 ? sequence : 1;
    }
    if (i < length)
        text_add(clean, "...");
}

static bool
is_left_out(const struct log_field *field)
{
    return field->key == NULL || (field->type == LOG_FIELD_STRING && field->value.string == NULL);
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void
json_text(struct json_writer *writer, const char *key, const char *string)
{
    struct text clean = TEXT_EMPTY;

    clean_text(string, &clean);
    json_write_bytes(writer, key, clean.length > 0 ? clean.data : "", clean.length);
    if (clean.failed)
        writer->text->failed = true;
    text_free(&clean);
}

static void
json_field(struct json_writer *writer, const struct log_field *field)
{
    char guid[GUID_TEXT_BYTES];

    switch (field->type) {
    case LOG_FIELD_STRING:
        json_text(writer, field->key, field->value.string);
        break;
    case LOG_FIELD_INTEGER:
        json_write_integer(writer, field->key, field->value.integer);
        break;
    case LOG_FIELD_REAL:
        json_write_number(writer, field->key, field->value.real);
        break;
    case LOG_FIELD_GUID:
        json_write_string(writer, field->key, guid_format(&field->value.guid, guid));
        break;
    case LOG_FIELD_BOOLEAN:
        json_write_boolean(writer, field->key, field->value.integer != 0);
        break;
    }
}

static void
json_count(struct json_writer *writer, const char *key, uint64_t count)
{
    if (count > 0)
        json_write_integer(writer, key, (int64_t)count);
}

void
log_format_json(const struct log_entry *entry, struct text *line)
{
    char instant[TIMESTAMP_TEXT_BYTES];
    struct json_writer writer;

    json_writer_init(&writer, line);
    json_write_object(&writer, NULL);
    json_write_string(&writer, "ts", timestamp_format(entry->wall_ms, instant));
    json_write_string(&writer, "level", log_level_name(entry->level));
    json_text(&writer, "msg", entry->message);
    for (size_t i = 0; i < entry->count; i++)
        if (!is_left_out(&entry->fields[i]))
            json_field(&writer, &entry->fields[i]);
    json_count(&writer, "suppressed", entry->held.same);
    json_count(&writer, "suppressed_others", entry->held.others);
    json_count(&writer, "lost", entry->lost);
    json_write_object_end(&writer);
    text_add_char(line, '\n');
}

/* --- text ------------------------------------------------------------------------------------- */

/* Words stand as they are; what has blanks, quotes or commands in it is quoted as in JSON. */
static void
add_value(struct text *line, const char *string)
{
    struct text clean = TEXT_EMPTY;
    bool is_word = string[0] != '\0';

    clean_text(string, &clean);
    for (size_t i = 0; i < clean.length; i++)
        if ((unsigned char)clean.data[i] <= ' ' || strchr("\"=\\", clean.data[i]) != NULL)
            is_word = false;
    if (is_word)
        text_add_bytes(line, clean.data, clean.length);
    else
        text_add_json(line, clean.length > 0 ? clean.data : "", clean.length);
    if (clean.failed)
        line->failed = true;
    text_free(&clean);
}

/* Escaped as in JSON, without the quotes. */
static void
add_message(struct text *line, const char *message)
{
    struct text clean = TEXT_EMPTY;
    struct text quoted = TEXT_EMPTY;

    clean_text(message, &clean);
    text_add_json(&quoted, clean.length > 0 ? clean.data : "", clean.length);
    if (clean.failed || quoted.failed)
        line->failed = true;
    else
        text_addf(line, "%-*.*s", MESSAGE_WIDTH, (int)quoted.length - 2, quoted.data + 1);
    text_free(&clean);
    text_free(&quoted);
}

static void
add_field(struct text *line, const struct log_field *field)
{
    char guid[GUID_TEXT_BYTES];

    text_addf(line, " %s=", field->key);
    switch (field->type) {
    case LOG_FIELD_STRING:
        add_value(line, field->value.string);
        break;
    case LOG_FIELD_INTEGER:
        text_addf(line, "%lld", (long long)field->value.integer);
        break;
    case LOG_FIELD_REAL:
        text_addf(line, "%g", field->value.real);
        break;
    case LOG_FIELD_GUID:
        text_add(line, guid_format(&field->value.guid, guid));
        break;
    case LOG_FIELD_BOOLEAN:
        text_add(line, field->value.integer != 0 ? "true" : "false");
        break;
    }
}

static void
add_count(struct text *line, const char *key, uint64_t count)
{
    if (count > 0)
        text_addf(line, " %s=%llu", key, (unsigned long long)count);
}

void
log_format_text(const struct log_entry *entry, struct text *line)
{
    char instant[TIMESTAMP_TEXT_BYTES];

    text_addf(line, "%s %-*s ", timestamp_format(entry->wall_ms, instant), LEVEL_WIDTH,
              log_level_name(entry->level));
    add_message(line, entry->message);
    for (size_t i = 0; i < entry->count; i++)
        if (!is_left_out(&entry->fields[i]))
            add_field(line, &entry->fields[i]);
    add_count(line, "suppressed", entry->held.same);
    add_count(line, "suppressed_others", entry->held.others);
    add_count(line, "lost", entry->lost);
    while (line->length > 0 && line->data[line->length - 1] == ' ')
        line->data[--line->length] = '\0'; /* the padding of a message without fields */
    text_add_char(line, '\n');
}
