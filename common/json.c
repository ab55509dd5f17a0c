/*
 * json-c's values behind checked accessors. json_scan reads the document; the sink here builds the tree
 * out of its pieces, each value hung up as soon as it is made, so that a half-built tree is ended by
 * its root.
 *
 * json-c's null is the pointer NULL, which here means absent; a value that is null is the address of
 * ${null_value} instead. Numbers are read and printed in the C locale, which no program of ours leaves.
 */
#include "json.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* json-c has a type of the name that is a function here; no function of it uses the name. */
#define json_type json_c_type
#include <json-c/json.h>
#undef json_type

#include "error.h"
#include "json_scan.h"
#include "text.h"

struct json {
    char unused; /* never looked at: all but ${null_value} are json-c's */
};

static const struct json null_value;

struct json_parser {
    int max_depth;
    size_t max_bytes;
    struct text name;   /* of the member whose value comes next */
    struct text string; /* a string or number in the making */
    struct json_object *root;
    struct json_object *open[JSON_SCAN_MAX_DEPTH];
    int names[JSON_SCAN_MAX_DEPTH]; /* of each that is open */
    int depth;
};

/* json-c takes values that it does not change without const: the integer takes the const away. */
static struct json_object *
object_of(const struct json *value)
{
    return value == &null_value ? NULL : (struct json_object *)(uintptr_t)value;
}

static struct json *
value_of(const struct json_object *object)
{
    return (struct json *)(object == NULL ? (uintptr_t)&null_value : (uintptr_t)object);
}

/* --- building ------------------------------------------------------------------------------------- */

static int
clamp_depth(int depth)
{
    if (depth < 1)
        return 1;
    return depth > JSON_SCAN_MAX_DEPTH ? JSON_SCAN_MAX_DEPTH : depth;
}

struct json_parser *
json_parser_create(int max_depth, size_t max_bytes)
{
    struct json_parser *parser = calloc(1, sizeof(*parser));

    if (parser == NULL)
        return NULL;
    parser->max_depth = clamp_depth(max_depth);
    parser->max_bytes = max_bytes < INT_MAX ? max_bytes : INT_MAX;
    return parser;
}

void
json_parser_destroy(struct json_parser *parser)
{
    if (parser == NULL)
        return;
    text_free(&parser->name);
    text_free(&parser->string);
    free(parser);
}

static int
fail_without_memory(struct error *ret_error)
{
    return error_set(ret_error, ERROR_MEMORY, "no memory for a JSON document");
}

/* Adds a member to the innermost object; a second one of its name does not make the object longer. */
static int
add_member(struct json_parser *parser, struct json_object *value, struct error *ret_error)
{
    struct json_object *object = parser->open[parser->depth - 1];

    if (json_object_object_add(object, parser->name.data, value) != 0) {
        json_object_put(value);
        return fail_without_memory(ret_error);
    }
    if (json_object_object_length(object) != ++parser->names[parser->depth - 1])
        return error_set(ret_error, ERROR_INPUT,
                         "JSON: the name \"%.64s\" stands twice in an object", parser->name.data);
    return 0;
}

/* Hangs ${value} up where it belongs, or ends it. */
static int
add(struct json_parser *parser, struct json_object *value, struct error *ret_error)
{
    struct json_object *parent = parser->depth == 0 ? NULL : parser->open[parser->depth - 1];

    if (json_object_is_type(parent, json_type_object))
        return add_member(parser, value, ret_error);
    if (parent == NULL) {
        parser->root = value;
    } else if (json_object_array_add(parent, value) != 0) {
        json_object_put(value);
        return fail_without_memory(ret_error);
    }
    return 0;
}

static int
open_container(void *arg, enum json_type type, struct error *ret_error)
{
    struct json_parser *parser = arg;
    struct json_object *container =
        type == JSON_OBJECT ? json_object_new_object() : json_object_new_array();

    if (container == NULL)
        return fail_without_memory(ret_error);
    if (add(parser, container, ret_error) == -1)
        return -1;
    parser->names[parser->depth] = 0;
    parser->open[parser->depth++] = container;
    return 0;
}

static void
close_container(void *arg)
{
    struct json_parser *parser = arg;

    parser->depth--;
}

static int
take_name(void *arg, const struct json_piece *name, struct error *ret_error)
{
    struct json_parser *parser = arg;

    text_clear(&parser->name);
    json_piece_add(name, &parser->name);
    return parser->name.failed ? fail_without_memory(ret_error) : 0;
}

static struct json_object *
make_string(struct json_parser *parser, const struct json_piece *piece)
{
    if (!piece->has_escapes)
        return json_object_new_string_len(piece->bytes, (int)piece->length);
    text_clear(&parser->string);
    json_piece_add(piece, &parser->string);
    if (parser->string.failed)
        return NULL;
    return json_object_new_string_len(parser->string.data, (int)parser->string.length);
}

/* A number that int64_t cannot hold; json-c keeps its digits beside it, for printing. */
static struct json_object *
make_number(struct json_parser *parser, const struct json_piece *piece)
{
    text_clear(&parser->string);
    text_add_bytes(&parser->string, piece->bytes, piece->length);
    if (parser->string.failed)
        return NULL;
    return json_object_new_double_s(strtod(parser->string.data, NULL), parser->string.data);
}

static struct json_object *
make_scalar(struct json_parser *parser, const struct json_piece *piece)
{
    int64_t integer;

    if (piece->type == JSON_STRING)
        return make_string(parser, piece);
    if (piece->type == JSON_BOOLEAN)
        return json_object_new_boolean(piece->bytes[0] == 't');
    if (piece->type == JSON_INTEGER && json_piece_integer(piece, &integer))
        return json_object_new_int64(integer);
    return make_number(parser, piece);
}

static int
take_scalar(void *arg, const struct json_piece *scalar, struct error *ret_error)
{
    struct json_parser *parser = arg;
    struct json_object *value;

    if (scalar->type == JSON_NULL)
        return add(parser, NULL, ret_error);
    value = make_scalar(parser, scalar);
    return value == NULL ? fail_without_memory(ret_error) : add(parser, value, ret_error);
}

struct json *
json_parse(struct json_parser *parser, const char *bytes, size_t length, struct error *ret_error)
{
    static const struct json_sink builder = {open_container, close_container, take_name,
                                             take_scalar};

    if (length > parser->max_bytes) {
        error_set(ret_error, ERROR_LIMIT, "JSON of %zu bytes, where %zu are the limit", length,
                  parser->max_bytes);
        return NULL;
    }
    parser->root = NULL;
    parser->depth = 0;
    if (json_scan(bytes, length, parser->max_depth, &builder, parser, ret_error) == -1) {
        json_object_put(parser->root);
        return NULL;
    }
    return value_of(parser->root);
}

void
json_free(struct json *root)
{
    json_object_put(object_of(root));
}

/* --- reading --------------------------------------------------------------------------------------- */

enum json_type
json_type(const struct json *value)
{
    static const enum json_type types[] = {
        [json_type_null] = JSON_NULL,     [json_type_boolean] = JSON_BOOLEAN,
        [json_type_double] = JSON_NUMBER, [json_type_int] = JSON_INTEGER,
        [json_type_object] = JSON_OBJECT, [json_type_array] = JSON_ARRAY,
        [json_type_string] = JSON_STRING,
    };

    return value == NULL ? JSON_ABSENT : types[json_object_get_type(object_of(value))];
}

const char *
json_type_name(enum json_type type)
{
    static const char *const names[] = {
        [JSON_ABSENT] = "absent",   [JSON_NULL] = "null",     [JSON_BOOLEAN] = "boolean",
        [JSON_INTEGER] = "integer", [JSON_NUMBER] = "number", [JSON_STRING] = "string",
        [JSON_ARRAY] = "array",     [JSON_OBJECT] = "object",
    };

    return names[type];
}

const struct json *
json_get(const struct json *object, const char *key)
{
    struct json_object *member;

    if (!json_object_object_get_ex(object_of(object), key, &member))
        return NULL;
    return value_of(member);
}

const char *
json_string(const struct json *value, size_t *ret_length)
{
    struct json_object *object = object_of(value);
    const char *string;
    size_t length;

    if (!json_object_is_type(object, json_type_string))
        return NULL;
    string = json_object_get_string(object);
    length = (size_t)json_object_get_string_len(object);
    if (strlen(string) != length)
        return NULL;
    if (ret_length != NULL)
        *ret_length = length;
    return string;
}

bool
json_integer(const struct json *value, int64_t *ret_integer)
{
    struct json_object *object = object_of(value);

    if (!json_object_is_type(object, json_type_int))
        return false;
    *ret_integer = json_object_get_int64(object);
    return true;
}

bool
json_number(const struct json *value, double *ret_number)
{
    struct json_object *object = object_of(value);
    int64_t integer;
    double number;

    if (json_integer(value, &integer)) {
        *ret_number = (double)integer;
        return true;
    }
    if (!json_object_is_type(object, json_type_double))
        return false;
    number = json_object_get_double(object);
    if (!isfinite(number))
        return false;
    *ret_number = number;
    return true;
}

bool
json_boolean(const struct json *value, bool *ret_boolean)
{
    struct json_object *object = object_of(value);

    if (!json_object_is_type(object, json_type_boolean))
        return false;
    *ret_boolean = json_object_get_boolean(object);
    return true;
}

size_t
json_length(const struct json *array)
{
    struct json_object *object = object_of(array);

    return json_object_is_type(object, json_type_array) ? json_object_array_length(object) : 0;
}

const struct json *
json_at(const struct json *array, size_t index)
{
    if (index >= json_length(array))
        return NULL;
    return value_of(json_object_array_get_idx(object_of(array), index));
}

bool
json_next(const struct json *object, struct json_member *member)
{
    struct lh_entry *entry = member->private_entry;

    if (entry != NULL)
        entry = lh_entry_next(entry);
    else if (json_type(object) == JSON_OBJECT)
        entry = lh_table_head(json_object_get_object(object_of(object)));
    if (entry == NULL)
        return false;
    member->private_entry = entry;
    member->key = lh_entry_k(entry);
    member->value = value_of(lh_entry_v(entry));
    return true;
}

/* --- printing ------------------------------------------------------------------------------------- */

/* Not by json-c's printer, which loses text when it finds no memory, and does not say so. */

static void
print_array(const struct json *array, struct text *text)
{
    size_t length = json_length(array);

    text_add_char(text, '[');
    for (size_t i = 0; i < length; i++) {
        if (i > 0)
            text_add_char(text, ',');
        json_print(json_at(array, i), text);
    }
    text_add_char(text, ']');
}

static void
print_object(const struct json *object, struct text *text)
{
    struct json_member member = {0};
    bool is_first = true;

    text_add_char(text, '{');
    while (json_next(object, &member)) {
        if (!is_first)
            text_add_char(text, ',');
        is_first = false;
        text_add_json(text, member.key, strlen(member.key));
        text_add_char(text, ':');
        json_print(member.value, text);
    }
    text_add_char(text, '}');
}

static void
print_string(struct json_object *string, struct text *text)
{
    text_add_json(text, json_object_get_string(string), (size_t)json_object_get_string_len(string));
}

void
json_print(const struct json *value, struct text *text)
{
    struct json_object *object = object_of(value);

    switch (json_object_get_type(object)) {
    case json_type_null:
        text_add(text, "null");
        break;
    case json_type_boolean:
        text_add(text, json_object_get_boolean(object) ? "true" : "false");
        break;
    case json_type_int:
        text_addf(text, "%" PRId64, json_object_get_int64(object));
        break;
    case json_type_double:
        text_add(text, json_object_get_userdata(object)); /* its digits, kept by make_number */
        break;
    case json_type_string:
        print_string(object, text);
        break;
    case json_type_array:
        print_array(value, text);
        break;
    case json_type_object:
        print_object(value, text);
        break;
    }
}

const char *
json_library_version(void)
{
    return json_c_version();
}
