/* The common ground of the Dataverse Web API: OData 4.0 under /api/data/v9.2/. */
#include "dataverse.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "json.h"

void
dataverse_add_url(struct text *text, const struct environment *environment, const char *path)
{
    text_add(text, environment->url);
    text_add(text, "/api/data/v9.2/");
    text_add(text, path);
}

void
dataverse_add_guid(struct text *text, const struct guid *guid)
{
    char digits[GUID_TEXT_BYTES];

    text_add_bytes(text, guid_format(guid, digits), GUID_TEXT_BYTES - 1);
}

void
dataverse_add_literal(struct text *text, const char *string)
{
    text_add(text, "%27");
    for (const char *quote; (quote = strchr(string, '\'')) != NULL; string = quote + 1) {
        text_add_url(text, string, (size_t)(quote - string));
        text_add(text, "%27%27");
    }
    text_add_url(text, string, strlen(string));
    text_add(text, "%27");
}

void
dataverse_start(const struct build *build, enum http_method method)
{
    struct http_request *request = build->request;

    request->method = method;
    http_request_header(request, "Accept", "application/json");
    http_request_header(request, "OData-MaxVersion", "4.0");
    http_request_header(request, "OData-Version", "4.0");
}

const struct json *
dataverse_list(const struct json *root, struct error *ret_error)
{
    const struct json *list = json_get(root, "value");

    if (json_type(list) != JSON_ARRAY) {
        error_set(ret_error, ERROR_INPUT, "no list in the answer");
        return NULL;
    }
    if (json_get(root, "@odata.nextLink") != NULL) {
        error_set(ret_error, ERROR_LIMIT, "the list is incomplete: another page follows");
        return NULL;
    }
    return list;
}

int
dataverse_guid(const struct json *object, const char *name, struct guid *ret_guid,
               struct error *ret_error)
{
    const struct json *member = json_get(object, name);
    size_t length;
    const char *text = json_string(member, &length);

    if (text != NULL && guid_parse(text, length, ret_guid))
        return 0;
    return error_set(ret_error, ERROR_INPUT, "%s: %s where a GUID is needed", name,
                     json_type_name(json_type(member)));
}

int
dataverse_guid_or_null(const struct json *object, const char *name, struct guid *ret_guid,
                       bool *ret_is_null, struct error *ret_error)
{
    if (json_type(json_get(object, name)) != JSON_NULL) {
        *ret_is_null = false;
        return dataverse_guid(object, name, ret_guid, ret_error);
    }
    *ret_guid = (struct guid){{0}};
    *ret_is_null = true;
    return 0;
}

int
dataverse_name(const struct json *object, char **ret_name, struct error *ret_error)
{
    const char *name = json_string(json_get(object, "name"), NULL);
    char *copy;

    if (name == NULL)
        return error_set(ret_error, ERROR_INPUT, "name: no string");
    copy = strdup(name);
    if (copy == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for a name");
    *ret_name = copy;
    return 0;
}
