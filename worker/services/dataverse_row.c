/*
 * A row of systemuser: which columns are asked for, and how they are read. The two stand together,
 * since a column that was asked for and is not there makes the answer incomplete (an empty one
 * comes as null).
 */
#include <stdlib.h>
#include <string.h>

#include "dataverse.h"
#include "error.h"
#include "json.h"

#define COLUMNS \
    "systemuserid,azureactivedirectoryobjectid,isdisabled,applicationid,_businessunitid_value"

void
dataverse_row_select(struct text *text, const struct environment *environment)
{
    text_add(text, "$select=" COLUMNS);
    for (size_t i = 0; i < environment->column_count; i++) {
        const char *name = environment->columns[i].name;

        text_add_char(text, ',');
        text_add_url(text, name, strlen(name));
    }
}

/* It comes back to us in a header: nothing but what an entity tag may hold (RFC 9110 8.8.3). */
static int
read_etag(const struct json *json, char ret_etag[ETAG_BYTES], struct error *ret_error)
{
    size_t length = 0;
    const char *etag = json_string(json_get(json, "@odata.etag"), &length);

    if (etag == NULL || length < 2 || length >= ETAG_BYTES || etag[length - 1] != '"')
        return error_set(ret_error, ERROR_INPUT, "@odata.etag: no entity tag");
    for (size_t i = 0; i < length; i++) {
        if (etag[i] <= ' ' || etag[i] > '~')
            return error_set(ret_error, ERROR_INPUT, "@odata.etag: no entity tag");
    }
    memcpy(ret_etag, etag, length + 1);
    return 0;
}

static int
read_columns(const struct json *json, const struct environment *environment, struct row *row,
             struct error *ret_error)
{
    if (environment->column_count == 0)
        return 0;
    row->values = calloc(environment->column_count, sizeof(row->values[0]));
    if (row->values == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for a row");
    for (size_t i = 0; i < environment->column_count; i++) {
        const struct column *column = &environment->columns[i];
        const struct json *member = json_get(json, column->name);

        if (value_read_column(column->type, member, &row->values[i], ret_error) == 0)
            continue;
        if (member != NULL && ret_error->class == ERROR_INPUT)
            ret_error->class = ERROR_CONFIG;
        return error_prefix(ret_error, "column %s", column->name);
    }
    return 0;
}

/* A root role names itself as its root, or nothing. */
static int
read_role(const struct json *json, struct held_role *role, struct error *ret_error)
{
    bool is_null;

    if (dataverse_guid(json, "roleid", &role->id, ret_error) == -1 ||
        dataverse_guid_or_null(json, "_parentrootroleid_value", &role->root, &is_null, ret_error) ==
            -1)
        return -1;
    if (is_null)
        role->root = role->id;
    return 0;
}

static int
read_roles(const struct json *json, struct row *row, struct error *ret_error)
{
    const struct json *list = json_get(json, "systemuserroles_association");
    size_t count = json_length(list);

    if (list == NULL || json_get(json, "systemuserroles_association@odata.nextLink") != NULL)
        return 0;
    if (json_type(list) != JSON_ARRAY)
        return error_set(ret_error, ERROR_INPUT, "systemuserroles_association: no list");
    row->roles = calloc(count + 1, sizeof(row->roles[0]));
    if (row->roles == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for roles");
    for (size_t i = 0; i < count; i++) {
        if (read_role(json_at(list, i), &row->roles[i], ret_error) == -1)
            return -1;
    }
    row->role_count = count;
    row->has_roles = true;
    return 0;
}

int
dataverse_row_read(const struct json *json, const struct environment *environment,
                   struct row *ret_row, struct error *ret_error)
{
    struct guid application;
    bool is_person;

    /* whose it is comes first: known also of a row that cannot be read */
    if (dataverse_guid(json, "azureactivedirectoryobjectid", &ret_row->object_id, ret_error) ==
            -1 ||
        dataverse_guid(json, "systemuserid", &ret_row->id, ret_error) == -1 ||
        dataverse_guid(json, "_businessunitid_value", &ret_row->unit, ret_error) == -1 ||
        dataverse_guid_or_null(json, "applicationid", &application, &is_person, ret_error) == -1 ||
        read_etag(json, ret_row->etag, ret_error) == -1)
        return -1;
    if (!json_boolean(json_get(json, "isdisabled"), &ret_row->is_disabled))
        return error_set(ret_error, ERROR_INPUT, "isdisabled: no boolean");
    ret_row->is_application = !is_person;
    if (read_columns(json, environment, ret_row, ret_error) == -1)
        return -1;
    return read_roles(json, ret_row, ret_error);
}
