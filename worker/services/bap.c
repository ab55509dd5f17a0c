/*
 * FORCE SYNC: addUser of the Power Platform admin API, as the PowerShell module's
 * Add-AdminPowerAppsSyncUser sends it. Any 2xx means accepted, and the body is ignored: a 200 is
 * no row yet, nor an enabled one.
 *
 * Asked: environment, user. Found: nothing beside the verdict.
 */
#include <ctype.h>
#include <string.h>

#include "error.h"
#include "json_writer.h"
#include "service.h"

#define PATH "/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments/"

/* A GUID, or "Default-" and one; nothing that could be another path. */
static bool
is_environment_id(const char *id)
{
    if (id[0] == '\0')
        return false;
    for (; *id != '\0'; id++) {
        if (!isalnum((unsigned char)*id) && *id != '-' && *id != '_')
            return false;
    }
    return true;
}

int
bap_build(const struct build *build, struct error *ret_error)
{
    const char *id = build->call->environment->id;
    const char *version = build->settings->bap_api_version;
    struct http_request *request = build->request;
    struct json_writer writer;
    char digits[GUID_TEXT_BYTES];

    if (!is_environment_id(id))
        return error_set(ret_error, ERROR_INPUT, "\"%s\" is no environment id", id);
    request->method = HTTP_POST;
    text_add(&request->url, build->settings->bap_url);
    text_add(&request->url, PATH);
    text_add_url(&request->url, id, strlen(id));
    text_add(&request->url, "/addUser?api-version=");
    text_add_url(&request->url, version, strlen(version));
    http_request_header(request, "Accept", "application/json");
    http_request_header(request, "Content-Type", "application/json; charset=utf-8");
    json_writer_init(&writer, &request->body);
    json_write_object(&writer, NULL);
    json_write_string(&writer, "ObjectId", guid_format(&build->call->user, digits));
    json_write_object_end(&writer);
    return 0;
}
