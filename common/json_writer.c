/*
 * Every value goes through begin_value, which writes the comma and the name; all that a writer has to
 * remember is, for each open container, whether something stands in it already.
 */
#include "json_writer.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

void
json_writer_init(struct json_writer *writer, struct text *text)
{
    memset(writer, 0, sizeof(*writer));
    writer->text = text;
}

static void
begin_value(struct json_writer *writer, const char *key)
{
    if (writer->depth > 0) {
        bool *has_member = &writer->has_member[writer->depth - 1];

        if (*has_member)
            text_add_char(writer->text, ',');
        *has_member = true;
    }
    if (key != NULL) {
        text_add_json(writer->text, key, strlen(key));
        text_add_char(writer->text, ':');
    }
}

static void
open_container(struct json_writer *writer, const char *key, char bracket)
{
    if (writer->depth == JSON_WRITER_MAX_DEPTH) {
        writer->text->failed = true;
        return;
    }
    begin_value(writer, key);
    text_add_char(writer->text, bracket);
    writer->has_member[writer->depth++] = false;
}

static void
close_container(struct json_writer *writer, char bracket)
{
    if (writer->depth == 0) {
        writer->text->failed = true;
        return;
    }
    writer->depth--;
    text_add_char(writer->text, bracket);
}

void
json_write_object(struct json_writer *writer, const char *key)
{
    open_container(writer, key, '{');
}

void
json_write_array(struct json_writer *writer, const char *key)
{
    open_container(writer, key, '[');
}

void
json_write_object_end(struct json_writer *writer)
{
    close_container(writer, '}');
}

void
json_write_array_end(struct json_writer *writer)
{
    close_container(writer, ']');
}

void
json_write_string(struct json_writer *writer, const char *key, const char *string)
{
    if (string == NULL)
        json_write_null(writer, key);
    else
        json_write_bytes(writer, key, string, strlen(string));
}

void
json_write_bytes(struct json_writer *writer, const char *key, const char *bytes, size_t length)
{
    begin_value(writer, key);
    text_add_json(writer->text, bytes, length);
}

void
json_write_integer(struct json_writer *writer, const char *key, int64_t integer)
{
    begin_value(writer, key);
    text_addf(writer->text, "%" PRId64, integer);
}

void
json_write_number(struct json_writer *writer, const char *key, double number)
{
    char digits[32] = "null";
    bool is_exact = !isfinite(number);

    for (int precision = DBL_DIG; !is_exact && precision <= DBL_DECIMAL_DIG; precision++) {
        snprintf(digits, sizeof(digits), "%.*g", precision, number);
        is_exact = strtod(digits, NULL) == number;
    }
    json_write_raw(writer, key, digits, strlen(digits));
}

void
json_write_boolean(struct json_writer *writer, const char *key, bool boolean)
{
    begin_value(writer, key);
    text_add(writer->text, boolean ? "true" : "false");
}

void
json_write_null(struct json_writer *writer, const char *key)
{
    begin_value(writer, key);
    text_add(writer->text, "null");
}

void
json_write_raw(struct json_writer *writer, const char *key, const char *json, size_t length)
{
    begin_value(writer, key);
    text_add_bytes(writer->text, json, length);
}
