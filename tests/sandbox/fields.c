/* One reader per type, in a table. A member that is null counts as absent, unless it may be any JSON. */
#include "fields.h"

#include <stdint.h>
#include <string.h>

#include "error.h"
#include "guid.h"
#include "json.h"
#include "timestamp.h"

/* Stores ${value} at ${place}; false: of another type, or unreadable. */
typedef bool field_reader(const struct json *value, void *place);

static bool
read_guid(const struct json *value, void *place)
{
    size_t length;
    const char *text = json_string(value, &length);

    return text != NULL && guid_parse(text, length, place);
}

static bool
read_string(const struct json *value, void *place)
{
    const char *text = json_string(value, NULL);

    if (text != NULL)
        *(const char **)place = text;
    return text != NULL;
}

static bool
read_boolean(const struct json *value, void *place)
{
    return json_boolean(value, place);
}

static bool
read_integer(const struct json *value, void *place)
{
    return json_integer(value, place);
}

static bool
read_number(const struct json *value, void *place)
{
    return json_number(value, place);
}

static bool
read_instant(const struct json *value, void *place)
{
    size_t length;
    const char *text = json_string(value, &length);

    return text != NULL ? timestamp_parse(text, length, place) : json_integer(value, place);
}

static bool
keep(const struct json *value, void *place)
{
    *(const struct json **)place = value;
    return true;
}

static bool
keep_object(const struct json *value, void *place)
{
    return json_type(value) == JSON_OBJECT && keep(value, place);
}

static bool
keep_array(const struct json *value, void *place)
{
    return json_type(value) == JSON_ARRAY && keep(value, place);
}

static const struct {
    const char *name;
    field_reader *read;
} types[] = {
    [FIELD_GUID] = {"a GUID", read_guid},
    [FIELD_STRING] = {"a string", read_string},
    [FIELD_BOOLEAN] = {"a boolean", read_boolean},
    [FIELD_INTEGER] = {"an integer", read_integer},
    [FIELD_NUMBER] = {"a number", read_number},
    [FIELD_INSTANT] = {"an instant (RFC 3339, or milliseconds since 1970)", read_instant},
    [FIELD_OBJECT] = {"an object", keep_object},
    [FIELD_ARRAY] = {"an array", keep_array},
    [FIELD_ANY] = {"any JSON", keep},
};

const char *
field_type_name(enum field_type type)
{
    return types[type].name;
}

static const struct field *
find(const struct field *table, const char *name)
{
    for (const struct field *field = table; field->name != NULL; field++) {
        if (strcmp(field->name, name) == 0)
            return field;
    }
    return NULL;
}

static bool
is_there(const struct field *field, const struct json *value)
{
    enum json_type type = json_type(value);

    return type != JSON_ABSENT && (type != JSON_NULL || field->type == FIELD_ANY);
}

static int
read_member(const struct field *table, const struct json_member *member, void *target,
            struct error *ret_error)
{
    const struct field *field = find(table, member->key);

    if (field == NULL)
        return error_set(ret_error, ERROR_INPUT, "there is no member \"%s\" here", member->key);
    if (!is_there(field, member->value) ||
        types[field->type].read(member->value, (char *)target + field->offset))
        return 0;
    return error_set(ret_error, ERROR_INPUT, "\"%s\" must be %s; found: %s", field->name,
                     types[field->type].name, json_type_name(json_type(member->value)));
}

int
fields_read(const struct field *table, const struct json *object, void *target,
            struct error *ret_error)
{
    struct json_member member = {0};

    if (json_type(object) != JSON_OBJECT)
        return error_set(ret_error, ERROR_INPUT, "an object is wanted; found: %s",
                         json_type_name(json_type(object)));
    while (json_next(object, &member)) {
        if (read_member(table, &member, target, ret_error) != 0)
            return -1;
    }
    for (const struct field *field = table; field->name != NULL; field++) {
        if (field->required && !is_there(field, json_get(object, field->name)))
            return error_set(ret_error, ERROR_INPUT, "\"%s\" is missing (%s)", field->name,
                             types[field->type].name);
    }
    return 0;
}
