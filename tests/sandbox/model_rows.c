/* systemuser rows: how they come to be, change, and are read back. */
#include <stdlib.h>
#include <string.h>

#include "model_private.h"

static struct table *
users_of(struct environment *environment)
{
    return &environment->tables[TABLE_SYSTEMUSER];
}

static bool
flag(const struct table *table, const struct row *row, const char *name)
{
    const struct value *value = model_table_value(table, row, name);

    return value->type == VALUE_BOOLEAN && value->boolean;
}

bool
model_rows_is_application(struct environment *environment, const struct row *row)
{
    return model_table_value(users_of(environment), row, "applicationid")->type == VALUE_GUID;
}

bool
model_rows_is_disabled(struct environment *environment, const struct row *row)
{
    return flag(users_of(environment), row, "isdisabled");
}

/* A row as it is before anybody touches it: root unit, enabled, read-write: D-2. */
struct row *
model_rows_make(struct environment *environment, const struct guid *id,
                const struct guid *object_id)
{
    struct table *table = users_of(environment);
    struct row *row = model_table_add(table, id);
    bool is_made;

    if (row == NULL)
        return NULL;
    is_made =
        model_table_put(table, row, "isdisabled", VALUE_OF_BOOLEAN(false)) &&
        model_table_put(table, row, "islicensed", VALUE_OF_BOOLEAN(true)) &&
        model_table_put(table, row, "issyncwithdirectory", VALUE_OF_BOOLEAN(true)) &&
        model_table_put(table, row, "setupuser", VALUE_OF_BOOLEAN(false)) &&
        model_table_put(table, row, "accessmode", VALUE_OF_INTEGER(0)) &&
        model_table_put(table, row, "azurestate", VALUE_OF_INTEGER(0)) &&
        model_table_put(table, row, "_businessunitid_value", VALUE_OF_GUID(environment->root_unit));
    if (is_made && object_id != NULL && !guid_is_zero(object_id))
        is_made =
            model_table_put(table, row, "azureactivedirectoryobjectid", VALUE_OF_GUID(*object_id));
    if (!is_made) {
        model_table_remove(table, row);
        return NULL;
    }
    row->version = ++environment->version;
    return row;
}

bool
model_rows_make_application(struct model *model, struct environment *environment,
                            const struct guid *client, struct guid *ret_id)
{
    struct guid id = model_random_guid(&model->rng);
    struct guid object_id = model_random_guid(&model->rng);
    struct row *row = model_rows_make(environment, &id, &object_id);

    if (row == NULL ||
        !model_table_put(users_of(environment), row, "applicationid", VALUE_OF_GUID(*client)))
        return false;
    *ret_id = id;
    return true;
}

/* --- roles ------------------------------------------------------------------------------------ */

/* Keeps what the list was, for an $expand that serves it stale: D-16. */
static void
remember_roles(struct model *model, struct row *row)
{
    struct past_list past = {.until_ms = model->now.mono_ms};

    if (model->settings.stale_expand_ms == 0 || !model_value_list_copy(&past.list, &row->roles))
        return;
    model_value_list_fini(&row->past[ROW_PAST - 1].list);
    memmove(&row->past[1], &row->past[0], (ROW_PAST - 1) * sizeof(row->past[0]));
    row->past[0] = past;
}

const struct id_list *
model_rows_stale_roles(const struct model *model, const struct row *row)
{
    int64_t instant_ms = model->now.mono_ms - model->settings.stale_expand_ms;
    const struct id_list *list = &row->roles;

    for (int i = 0; i < ROW_PAST && row->past[i].until_ms > instant_ms; i++)
        list = &row->past[i].list;
    return model->settings.stale_expand_ms == 0 ? &row->roles : list;
}

bool
model_rows_give(struct model *model, struct row *row, const struct guid *role)
{
    remember_roles(model, row);
    return model_value_list_add(&row->roles, role);
}

bool
model_rows_take(struct model *model, struct row *row, const struct guid *role)
{
    remember_roles(model, row);
    return model_value_list_remove(&row->roles, role);
}

/* A move takes all directly given roles away unless the organisation keeps them: D-30. */
bool
model_rows_move(struct model *model, struct environment *environment, struct row *row,
                const struct guid *unit)
{
    if (!model_table_put(users_of(environment), row, "_businessunitid_value", VALUE_OF_GUID(*unit)))
        return false;
    if (model->settings.keep_roles_on_move == 0 && row->roles.count > 0) {
        remember_roles(model, row);
        model_value_list_fini(&row->roles);
    }
    return true;
}

/* --- what a force sync does: B-8 -------------------------------------------------------------- */

bool
model_rows_need_sync(struct environment *environment, const struct guid *user)
{
    const struct row *row = model_table_find_indexed(users_of(environment), user);

    for (; row != NULL; row = row->next_same)
        if (!model_rows_is_disabled(environment, row))
            return false;
    return true;
}

/* The text of an attribute that is a JSON string; the caller's to free. NULL: none. */
static char *
attribute_text(const struct model *model, const struct person *person, const char *name)
{
    char *copy = NULL;

    for (size_t i = 0; i < person->attribute_count; i++) {
        const char *json = person->attributes[i].json;
        struct json *value;

        if (strcmp(person->attributes[i].name, name) != 0)
            continue;
        value = json_parse(model->parser, json, strlen(json), NULL);
        if (json_type(value) == JSON_STRING)
            copy = strdup(json_string(value, NULL));
        json_free(value);
    }
    return copy;
}

static bool
put_attribute(const struct model *model, struct table *table, struct row *row,
              const struct person *person, const char *const names[2])
{
    char *text = attribute_text(model, person, names[0]);
    bool is_put = true;

    if (text != NULL)
        is_put = model_table_put(table, row, names[1], VALUE_OF_TEXT(text));
    free(text);
    return is_put;
}

bool
model_rows_sync(struct model *model, struct environment *environment, const struct person *person)
{
    static const char *const copied[][2] = {{"displayName", "fullname"},
                                            {"givenName", "firstname"},
                                            {"surname", "lastname"},
                                            {"jobTitle", "title"}};
    struct table *table = users_of(environment);
    struct row *row = model_table_find_indexed(table, &person->id);
    struct value name = VALUE_OF_TEXT(person->user_principal_name);
    struct guid id;
    bool is_put;

    if (row != NULL) {
        row->version = ++environment->version;
        return model_table_put(table, row, "isdisabled", VALUE_OF_BOOLEAN(false));
    }
    id = model_random_guid(&model->rng);
    row = model_rows_make(environment, &id, &person->id);
    is_put = row != NULL && model_table_put(table, row, "domainname", name) &&
             model_table_put(table, row, "internalemailaddress", name);
    for (size_t i = 0; is_put && i < sizeof(copied) / sizeof(copied[0]); i++)
        is_put = put_attribute(model, table, row, person, copied[i]);
    return is_put;
}

/* --- seeding and reading back ----------------------------------------------------------------- */

static struct row *
find_row(struct model *model, const char *environment_id, const struct guid *row,
         struct environment **ret_environment)
{
    *ret_environment = model_environment_find(model, environment_id);
    return *ret_environment == NULL ? NULL : model_table_find(users_of(*ret_environment), row);
}

static struct value
value_of_json(const struct json *json, enum column_type type)
{
    struct value value = {.type = VALUE_NULL};
    const char *string = json_string(json, NULL);
    struct guid guid;

    if (type == COLUMN_INTEGER && json_integer(json, &value.integer))
        value.type = VALUE_INTEGER;
    else if (type == COLUMN_BOOLEAN && json_boolean(json, &value.boolean))
        value.type = VALUE_BOOLEAN;
    else if (type == COLUMN_TEXT && string != NULL)
        value = VALUE_OF_TEXT((char *)(uintptr_t)string); /* only read, and copied */
    else if (string != NULL && guid_parse(string, strlen(string), &guid))
        value = VALUE_OF_GUID(guid);
    return value;
}

static bool
seed_columns(struct model *model, struct table *table, struct row *row, const char *columns)
{
    struct json *root = json_parse(model->parser, columns, strlen(columns), NULL);
    struct json_member member = {0};
    bool is_seeded = json_type(root) == JSON_OBJECT;

    while (is_seeded && json_next(root, &member)) {
        size_t column = model_table_queried(table, member.key, strlen(member.key));
        struct value value = {.type = VALUE_NULL};

        if (column < table->column_count)
            value = value_of_json(member.value, table->columns[column].type);
        is_seeded = column > 0 && column < table->column_count &&
                    (value.type != VALUE_NULL || json_type(member.value) == JSON_NULL) &&
                    model_table_set(table, row, column, &value);
    }
    json_free(root);
    return is_seeded;
}

bool
model_add_row(struct model *model, const char *environment_id, const struct model_row *set,
              const char *columns_json)
{
    struct environment *environment = model_environment_find(model, environment_id);
    struct table *table;
    struct guid row_id;
    struct row *row;
    bool is_put;

    if (environment == NULL)
        return false;
    table = users_of(environment);
    row_id = guid_is_zero(&set->id) ? model_random_guid(&model->rng) : set->id;
    row = model_rows_make(environment, &row_id, &set->object_id);
    if (row == NULL)
        return false;
    is_put = model_table_put(table, row, "isdisabled", VALUE_OF_BOOLEAN(set->is_disabled));
    if (set->is_application)
        is_put = is_put && model_table_put(table, row, "applicationid",
                                           VALUE_OF_GUID(model_random_guid(&model->rng)));
    if (!guid_is_zero(&set->unit))
        is_put = is_put && model_environment_has_unit(environment, &set->unit) &&
                 model_table_put(table, row, "_businessunitid_value", VALUE_OF_GUID(set->unit));
    if (columns_json != NULL)
        is_put = is_put && seed_columns(model, table, row, columns_json);
    if (!is_put)
        model_table_remove(table, row);
    return is_put;
}

static void
read_row(struct environment *environment, const struct row *row, struct model_row *ret_row)
{
    const struct table *table = users_of(environment);

    memset(ret_row, 0, sizeof(*ret_row));
    ret_row->id = row->id;
    ret_row->version = row->version;
    ret_row->unit = model_table_value(table, row, "_businessunitid_value")->guid;
    ret_row->is_disabled = model_rows_is_disabled(environment, row);
    ret_row->is_application = model_rows_is_application(environment, row);
    if (model_table_value(table, row, "azureactivedirectoryobjectid")->type == VALUE_GUID)
        ret_row->object_id = model_table_value(table, row, "azureactivedirectoryobjectid")->guid;
}

size_t
model_find_row(struct model *model, const char *environment_id, const struct guid *object_id,
               struct model_row *ret_row)
{
    struct environment *environment = model_environment_find(model, environment_id);
    const struct row *row;
    size_t count = 0;

    if (environment == NULL)
        return 0;
    row = model_table_find_indexed(users_of(environment), object_id);
    if (row != NULL && ret_row != NULL)
        read_row(environment, row, ret_row);
    for (; row != NULL; row = row->next_same)
        count++;
    return count;
}

bool
model_column(struct model *model, const char *environment_id, const struct guid *row_id,
             const char *column, struct text *ret_json)
{
    struct environment *environment;
    const struct row *row = find_row(model, environment_id, row_id, &environment);
    struct json_writer writer;
    size_t index;

    if (row == NULL)
        return false;
    index = model_table_queried(users_of(environment), column, strlen(column));
    if (index == users_of(environment)->column_count)
        return false;
    json_writer_init(&writer, ret_json);
    model_query_write_value(&writer, NULL, &row->values[index]);
    return true;
}

bool
model_set_column(struct model *model, const char *environment_id, const struct guid *row_id,
                 const char *column, const char *json)
{
    struct environment *environment;
    struct row *row = find_row(model, environment_id, row_id, &environment);
    struct text object = TEXT_EMPTY;
    bool is_set;

    text_add_char(&object, '{');
    text_add_json(&object, column, strlen(column));
    text_addf(&object, ":%s}", json);
    is_set = row != NULL && !object.failed &&
             seed_columns(model, users_of(environment), row, object.data);
    if (is_set)
        row->version = ++environment->version;
    text_free(&object);
    return is_set;
}

bool
model_holds_role(struct model *model, const char *environment_id, const struct guid *row_id,
                 const struct guid *root_role)
{
    struct environment *environment;
    const struct row *row = find_row(model, environment_id, row_id, &environment);
    const struct value *unit;
    struct guid role;

    if (row == NULL)
        return false;
    unit = model_table_value(users_of(environment), row, "_businessunitid_value");
    role = model_roles_id(environment, root_role, &unit->guid);
    return model_value_list_has(&row->roles, &role);
}

size_t
model_count_roles(struct model *model, const char *environment_id, const struct guid *row_id)
{
    struct environment *environment;
    const struct row *row = find_row(model, environment_id, row_id, &environment);

    return row == NULL ? 0 : row->roles.count;
}

bool
model_move_row(struct model *model, const char *environment_id, const struct guid *row_id,
               const struct guid *unit)
{
    struct environment *environment;
    struct row *row = find_row(model, environment_id, row_id, &environment);

    if (row == NULL || !model_environment_has_unit(environment, unit))
        return false;
    row->version = ++environment->version;
    return model_rows_move(model, environment, row, unit);
}

bool
model_give_role(struct model *model, const char *environment_id, const struct guid *row_id,
                const struct guid *root_role)
{
    struct environment *environment;
    struct row *row = find_row(model, environment_id, row_id, &environment);
    const struct value *unit;
    const struct row *role;

    if (row == NULL)
        return false;
    unit = model_table_value(users_of(environment), row, "_businessunitid_value");
    role = model_roles_find(environment, root_role, &unit->guid);
    return role != NULL &&
           (model_value_list_has(&row->roles, &role->id) || model_rows_give(model, row, &role->id));
}
