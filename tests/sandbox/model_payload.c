/* Bodies of writes: each member is a writable column, or a look-up with @odata.bind: D-21. */
#include "model_payload.h"

#include <string.h>

#include "model_private.h"

static const char bind[] = "@odata.bind";

/* For a member of an unknown name as well: D-19. */
static bool
refuse_payload(struct call *call, const char *reason, const char *name)
{
    model_reply_malformed(call, "0x80048D19",
                          "Error identified in Payload provided by the user for Entity :'%s'. "
                          "%s '%.100s'.",
                          call->target.table->entity, reason, name);
    return false;
}

/* .NET counts UTF-16 units. */
static int64_t
count_units(const char *text)
{
    int64_t count = 0;

    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;

        count += (byte & 0xc0) != 0x80;
        count += byte >= 0xf0;
    }
    return count;
}

static bool
read_text(struct call *call, const struct column *column, const struct json *json,
          struct value *ret_value)
{
    const char *string = json_string(json, NULL);
    struct value borrowed;

    if (string == NULL)
        return refuse_payload(call, "Cannot convert a value to target type 'Edm.String' for",
                              column->name);
    if (count_units(string) > column->high) {
        model_reply_error(
            call, 400, "0x80044331",
            "A validation error occurred. The length of the '%s' attribute of the '%s' "
            "entity exceeded the maximum allowed length of '%lld'.",
            column->name, call->target.table->entity, (long long)column->high);
        return false;
    }
    ret_value->type = VALUE_NULL;
    if (*string == '\0' && call->model->settings.empty_text_is_null != 0) /* D-27 */
        return true;
    borrowed = VALUE_OF_TEXT((char *)(uintptr_t)string); /* only read */
    return model_value_copy(ret_value, &borrowed) ||
           refuse_payload(call, "Out of memory for", column->name);
}

static bool
read_integer(struct call *call, const struct column *column, const struct json *json,
             struct value *ret_value)
{
    int64_t integer;

    if (!json_integer(json, &integer) || integer < INT32_MIN || integer > INT32_MAX)
        return refuse_payload(call, "Cannot convert a value to target type 'Edm.Int32' for",
                              column->name);
    if (integer < column->low || integer > column->high) {
        model_reply_error(
            call, 400, "0x80044330",
            "A validation error occurred. The value %lld of '%s' is outside the valid "
            "range.",
            (long long)integer, column->name);
        return false;
    }
    *ret_value = VALUE_OF_INTEGER(integer);
    return true;
}

static bool
read_boolean(struct call *call, const struct column *column, const struct json *json,
             struct value *ret_value)
{
    bool boolean;

    if (!json_boolean(json, &boolean))
        return refuse_payload(call, "Cannot convert a value to target type 'Edm.Boolean' for",
                              column->name);
    *ret_value = VALUE_OF_BOOLEAN(boolean);
    return true;
}

/* The row that a look-up shall point at must exist. */
static bool
read_bind(struct call *call, const struct column *column, const struct json *json,
          struct value *ret_value)
{
    const struct table *table = &call->environment->tables[column->target];
    const char *string = json_string(json, NULL);
    char text[GUID_TEXT_BYTES];
    struct guid id;

    if (string == NULL || !model_target_reference(call, string, table, &id))
        return refuse_payload(call, "Could not resolve the reference of", column->name);
    if (model_table_find(table, &id) == NULL) {
        model_reply_error(call, 404, "0x80040217", "%s With Id = %s Does Not Exist", table->entity,
                          guid_format(&id, text));
        return false;
    }
    *ret_value = VALUE_OF_GUID(id);
    return true;
}

static bool
read_value(struct call *call, const struct column *column, const struct json *json,
           struct value *ret_value)
{
    static bool (*const readers[])(struct call *, const struct column *, const struct json *,
                                   struct value *) = {
        [COLUMN_TEXT] = read_text,
        [COLUMN_INTEGER] = read_integer,
        [COLUMN_BOOLEAN] = read_boolean,
        [COLUMN_LOOKUP] = read_bind,
    };

    if (column->type == COLUMN_LOOKUP || json_type(json) != JSON_NULL)
        return readers[column->type](call, column, json, ret_value);
    if (column->is_required) {
        model_reply_error(call, 400, "0x80040203", "The attribute '%s' cannot be null.",
                          column->name);
        return false;
    }
    ret_value->type = VALUE_NULL;
    return true;
}

/* A look-up is written with @odata.bind, anything else without. */
static const struct column *
find_column(const struct table *table, const char *key)
{
    size_t length = strlen(key);
    size_t tail = sizeof(bind) - 1;
    bool is_bind = length > tail && strcmp(key + length - tail, bind) == 0;
    size_t index = model_table_written(table, key, is_bind ? length - tail : length);

    if (index == table->column_count || (table->columns[index].type == COLUMN_LOOKUP) != is_bind)
        return NULL;
    return &table->columns[index];
}

static bool
read_member(struct call *call, const struct json_member *member, struct payload *payload)
{
    const struct table *table = call->target.table;
    const struct column *column = find_column(table, member->key);
    struct change *change = &payload->changes[payload->count];

    if (member->key[0] == '@')
        return true; /* an annotation of the whole */
    if (column == NULL || payload->count == CHANGES_MOST)
        return refuse_payload(call, "An undeclared property was found:", member->key);
    if (!column->is_writable) {
        model_reply_error(call, 400, "0x80040203", "The attribute '%s' is not valid for update.",
                          column->name);
        return false;
    }
    change->column = (size_t)(column - table->columns);
    if (!read_value(call, column, member->value, &change->value))
        return false;
    payload->count++;
    return true;
}

bool
model_payload_parse(struct call *call, struct payload *ret_payload)
{
    struct json *root = json_parse(call->model->parser, call->body, call->body_length, NULL);
    struct json_member member = {0};
    bool is_read = json_type(root) == JSON_OBJECT;

    ret_payload->count = 0;
    if (!is_read)
        refuse_payload(call, "Invalid JSON", "");
    while (is_read && json_next(root, &member))
        is_read = read_member(call, &member, ret_payload);
    json_free(root);
    if (!is_read)
        model_payload_free(ret_payload);
    return is_read;
}

void
model_payload_free(struct payload *payload)
{
    for (size_t i = 0; i < payload->count; i++)
        model_value_fini(&payload->changes[i].value);
    payload->count = 0;
}
