/*
 * UNITS: the root business unit, and those that the environment's recipes name, by id or by name.
 *
 * Asked: environment. Found: units, the whole list; which of them a name means is the caller's
 * business.
 */
#include <stdlib.h>

#include "dataverse.h"
#include "error.h"
#include "json.h"

#define QUERY                                                               \
    "businessunits?$select=businessunitid,name,_parentbusinessunitid_value" \
    "&$filter=_parentbusinessunitid_value%20eq%20null"

int
dataverse_units_build(const struct build *build, struct error *ret_error)
{
    const struct environment *environment = build->call->environment;
    struct text *url = &build->request->url;

    (void)ret_error;
    dataverse_start(build, HTTP_GET);
    dataverse_add_url(url, environment, QUERY);
    for (size_t i = 0; i < environment->unit_count; i++) {
        const struct reference *unit = &environment->units[i];

        if (guid_is_zero(&unit->id)) {
            text_add(url, "%20or%20name%20eq%20");
            dataverse_add_literal(url, unit->name);
        } else {
            text_add(url, "%20or%20businessunitid%20eq%20");
            dataverse_add_guid(url, &unit->id);
        }
    }
    return 0;
}

static int
read_unit(const struct json *json, struct unit_entry *unit, struct error *ret_error)
{
    struct guid parent;

    if (dataverse_guid(json, "businessunitid", &unit->id, ret_error) == -1 ||
        dataverse_guid_or_null(json, "_parentbusinessunitid_value", &parent, &unit->is_root,
                               ret_error) == -1)
        return -1;
    return dataverse_name(json, &unit->name, ret_error);
}

static int
read_units(const struct json *list, struct call *call, struct error *ret_error)
{
    size_t count = json_length(list);

    call->units = calloc(count + 1, sizeof(call->units[0]));
    if (call->units == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for business units");
    for (size_t i = 0; i < count; i++) {
        if (read_unit(json_at(list, i), &call->units[call->unit_count++], ret_error) == -1)
            return -1;
    }
    return 0;
}

int
dataverse_units_read(struct answer *answer, struct error *ret_error)
{
    struct json *root = answer_parse(answer, ret_error);
    const struct json *list;
    int result = -1;

    if (root == NULL)
        return -1;
    list = dataverse_list(root, ret_error);
    if (list != NULL)
        result = read_units(list, answer->call, ret_error);
    json_free(root);
    return result;
}
