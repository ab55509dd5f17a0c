/*
 * ROLES: copies of roles in one business unit. By root role, to find the copies that belong to a
 * user's unit; or, when no roles are given, the environment's roles that recipes name by name,
 * which in the root unit are the root roles.
 *
 * Asked: unit; roles (roots), or none. Found: found_roles, the whole list.
 */
#include <stdlib.h>

#include "dataverse.h"
#include "error.h"
#include "json.h"

#define QUERY                                                                 \
    "roles?$select=roleid,name,_parentrootroleid_value,_businessunitid_value" \
    "&$filter=_businessunitid_value%20eq%20"

/* A root role's root is itself or null, so both columns are asked. */
static void
add_roots(struct text *url, const struct call *call)
{
    for (size_t i = 0; i < call->role_count; i++) {
        text_add(url, i == 0 ? "roleid%20eq%20" : "%20or%20roleid%20eq%20");
        dataverse_add_guid(url, &call->roles[i]);
        text_add(url, "%20or%20_parentrootroleid_value%20eq%20");
        dataverse_add_guid(url, &call->roles[i]);
    }
}

/* How many were added. */
static size_t
add_names(struct text *url, const struct environment *environment)
{
    size_t added = 0;

    for (size_t i = 0; i < environment->role_count; i++) {
        if (!guid_is_zero(&environment->roles[i].id))
            continue;
        text_add(url, added++ == 0 ? "name%20eq%20" : "%20or%20name%20eq%20");
        dataverse_add_literal(url, environment->roles[i].name);
    }
    return added;
}

int
dataverse_roles_build(const struct build *build, struct error *ret_error)
{
    const struct call *call = build->call;
    struct text *url = &build->request->url;

    if (call->unit == NULL)
        return error_set(ret_error, ERROR_INPUT, "roles of no unit");
    dataverse_start(build, HTTP_GET);
    dataverse_add_url(url, call->environment, QUERY);
    dataverse_add_guid(url, call->unit);
    text_add(url, "%20and%20(");
    if (call->role_count > 0)
        add_roots(url, call);
    else if (add_names(url, call->environment) == 0)
        return error_set(ret_error, ERROR_INPUT, "no roles to look for");
    text_add(url, ")");
    return 0;
}

static int
read_role(const struct json *json, const struct guid *unit, struct role_entry *role,
          struct error *ret_error)
{
    struct guid of_unit;
    bool is_null;

    if (dataverse_guid(json, "roleid", &role->id, ret_error) == -1 ||
        dataverse_guid_or_null(json, "_parentrootroleid_value", &role->root, &is_null, ret_error) ==
            -1 ||
        dataverse_guid(json, "_businessunitid_value", &of_unit, ret_error) == -1)
        return -1;
    if (is_null)
        role->root = role->id;
    if (!guid_equal(&of_unit, unit))
        return error_set(ret_error, ERROR_INPUT, "a role of a unit that was not asked for");
    return dataverse_name(json, &role->name, ret_error);
}

static int
read_roles(const struct json *list, struct call *call, struct error *ret_error)
{
    size_t count = json_length(list);

    call->found_roles = calloc(count + 1, sizeof(call->found_roles[0]));
    if (call->found_roles == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for roles");
    for (size_t i = 0; i < count; i++) {
        struct role_entry *role = &call->found_roles[call->found_role_count++];

        if (read_role(json_at(list, i), call->unit, role, ret_error) == -1)
            return -1;
    }
    return 0;
}

int
dataverse_roles_read(struct answer *answer, struct error *ret_error)
{
    struct json *root = answer_parse(answer, ret_error);
    const struct json *list;
    int result = -1;

    if (root == NULL)
        return -1;
    list = dataverse_list(root, ret_error);
    if (list != NULL)
        result = read_roles(list, answer->call, ret_error);
    json_free(root);
    return result;
}
