/*
 * The table of column types: what a type reads from Dataverse and how it takes an Entra attribute.
 * A new type is one more row with two functions. A text for the operator names types, never
 * values: these belong to people.
 */
#include "value.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "json.h"
#include "json_writer.h"
#include "text.h"

/* Both get neither an absent value nor a null. */
typedef int take_fn(const struct json *json, struct value *ret_value, struct error *ret_error);

struct type {
    const char *name;
    take_fn *read;    /* what stands in the column, exactly this type */
    take_fn *convert; /* an attribute */
};

static int
refuse(const struct json *json, const char *wanted, struct error *ret_error)
{
    return error_set(ret_error, ERROR_INPUT, "%s where %s is needed",
                     json_type_name(json_type(json)), wanted);
}

static int
take_text(const char *text, size_t length, struct value *ret_value, struct error *ret_error)
{
    char *copy;

    if (length == 0) {
        *ret_value = (struct value){.kind = VALUE_NULL};
        return 0;
    }
    copy = strndup(text, length);
    if (copy == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for a value");
    *ret_value = (struct value){.kind = VALUE_TEXT, .text = copy};
    return 0;
}

static int
take_integer(int64_t integer, struct value *ret_value, struct error *ret_error)
{
    if (integer < INT32_MIN || integer > INT32_MAX)
        return error_set(ret_error, ERROR_INPUT, "a whole number beyond 32 bits");
    *ret_value = (struct value){.kind = VALUE_INTEGER, .integer = integer};
    return 0;
}

static int
read_text(const struct json *json, struct value *ret_value, struct error *ret_error)
{
    size_t length;
    const char *text = json_string(json, &length);

    if (text == NULL)
        return refuse(json, "a text", ret_error);
    return take_text(text, length, ret_value, ret_error);
}

static int
read_integer(const struct json *json, struct value *ret_value, struct error *ret_error)
{
    int64_t integer;

    if (!json_integer(json, &integer))
        return refuse(json, "a whole number", ret_error);
    return take_integer(integer, ret_value, ret_error);
}

static int
convert_to_text(const struct json *json, struct value *ret_value, struct error *ret_error)
{
    char digits[24];
    int64_t integer;
    bool flag;

    if (json_boolean(json, &flag))
        snprintf(digits, sizeof(digits), "%s", flag ? "true" : "false");
    else if (json_integer(json, &integer))
        snprintf(digits, sizeof(digits), "%" PRId64, integer);
    else
        return read_text(json, ret_value, ret_error);
    return take_text(digits, strlen(digits), ret_value, ret_error);
}

/* An optional minus and digits, nothing around them. */
static bool
parse_integer(const char *text, int64_t *ret_integer)
{
    size_t minus = text[0] == '-' ? 1 : 0;
    size_t digits = strspn(text + minus, "0123456789");

    if (digits == 0 || digits > 18 || text[minus + digits] != '\0')
        return false;
    *ret_integer = strtoll(text, NULL, 10);
    return true;
}

static int
convert_to_integer(const struct json *json, struct value *ret_value, struct error *ret_error)
{
    const char *text = json_string(json, NULL);
    int64_t integer;

    if (text == NULL)
        return read_integer(json, ret_value, ret_error);
    if (text[0] == '\0') {
        *ret_value = (struct value){.kind = VALUE_NULL};
        return 0;
    }
    if (!parse_integer(text, &integer))
        return error_set(ret_error, ERROR_INPUT, "a text that is no whole number");
    return take_integer(integer, ret_value, ret_error);
}

static const struct type types[COLUMN_TYPES] = {
    [COLUMN_TEXT] = {"text", read_text, convert_to_text},
    [COLUMN_INTEGER] = {"integer", read_integer, convert_to_integer},
};

bool
column_type_parse(const char *name, enum column_type *ret_type)
{
    for (size_t i = 0; i < COLUMN_TYPES; i++) {
        if (strcmp(types[i].name, name) == 0) {
            *ret_type = (enum column_type)i;
            return true;
        }
    }
    return false;
}

const char *
column_type_name(enum column_type type)
{
    return types[type].name;
}

void
value_free(struct value *value)
{
    if (value == NULL)
        return;
    free(value->text);
    *value = (struct value){.kind = VALUE_UNREAD};
}

int
value_read_column(enum column_type type, const struct json *json, struct value *ret_value,
                  struct error *ret_error)
{
    if (json == NULL)
        return error_set(ret_error, ERROR_INPUT, "nothing where a column is needed");
    if (json_type(json) == JSON_NULL) {
        *ret_value = (struct value){.kind = VALUE_NULL};
        return 0;
    }
    return types[type].read(json, ret_value, ret_error);
}

int
value_convert(enum column_type type, const struct json *attribute, struct value *ret_value,
              struct error *ret_error)
{
    if (attribute == NULL || json_type(attribute) == JSON_NULL) {
        *ret_value = (struct value){.kind = VALUE_NULL};
        return 0;
    }
    return types[type].convert(attribute, ret_value, ret_error);
}

bool
value_equal(const struct value *a, const struct value *b)
{
    if (a->kind != b->kind || a->kind == VALUE_UNREAD)
        return false;
    if (a->kind == VALUE_TEXT)
        return strcmp(a->text, b->text) == 0;
    return a->kind == VALUE_NULL || a->integer == b->integer;
}

int
value_copy(const struct value *from, struct value *ret_value)
{
    char *text = NULL;

    if (from->text != NULL) {
        text = strdup(from->text);
        if (text == NULL)
            return -1;
    }
    *ret_value = *from;
    ret_value->text = text;
    return 0;
}

void
value_print(const struct value *value, struct text *text)
{
    if (value->kind == VALUE_TEXT)
        text_add(text, value->text);
    else if (value->kind == VALUE_INTEGER)
        text_addf(text, "%lld", (long long)value->integer);
    else
        text_add(text, "null");
}

void
value_write(struct json_writer *writer, const char *key, const struct value *value)
{
    if (value->kind == VALUE_TEXT)
        json_write_string(writer, key, value->text);
    else if (value->kind == VALUE_INTEGER)
        json_write_integer(writer, key, value->integer);
    else
        json_write_null(writer, key);
}
