#ifndef VALUE_H
#define VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A value on its way from an Entra attribute to a Dataverse column, and the types a column may
 * have: one table row and one converter a type (value.c), since more types follow.
 */

struct error;
struct json;
struct json_writer;
struct text;

enum value_kind { VALUE_UNREAD, VALUE_NULL, VALUE_TEXT, VALUE_INTEGER };

struct value {
    enum value_kind kind;
    int64_t integer;
    char *text; /* owned, UTF-8, NUL-terminated */
};

/* The types of columns that can be written. Names as in the configuration: "text", "integer". */
enum column_type { COLUMN_TEXT, COLUMN_INTEGER, COLUMN_TYPES };

bool column_type_parse(const char *name, enum column_type *ret_type)
    __attribute__((warn_unused_result));
const char *column_type_name(enum column_type type);

void value_free(struct value *value); /* back to VALUE_UNREAD */

/*
 * Reads what Dataverse says stands in a column of ${type}: null, or exactly that type. An answer
 * of another type is ERROR_INPUT.
 */
int value_read_column(enum column_type type, const struct json *json, struct value *ret_value,
                      struct error *ret_error) __attribute__((warn_unused_result));

/*
 * Converts an Entra attribute to what a column of ${type} takes. Absent or null: VALUE_NULL. text:
 * a string as it is ("" counts as null, since Dataverse stores it so), integers and booleans as
 * text; integer: a JSON integer or a string that is one, within 32 bits. Arrays, objects and what
 * does not fit: ERROR_INPUT with a text for the operator that holds no value of the person.
 */
int value_convert(enum column_type type, const struct json *attribute, struct value *ret_value,
                  struct error *ret_error) __attribute__((warn_unused_result));

/* Equal as Dataverse stores them. Unread values equal nothing. */
bool value_equal(const struct value *a, const struct value *b);

/* -1: no memory. */
int value_copy(const struct value *from, struct value *ret_value)
    __attribute__((warn_unused_result));

/* For people: the text or the number as it is, "null". */
void value_print(const struct value *value, struct text *text);

/* As a member of a JSON object; an unread value as null. */
void value_write(struct json_writer *writer, const char *key, const struct value *value);

#endif
