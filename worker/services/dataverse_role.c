/*
 * ROLE: gives one role to one row ("Associate and disassociate table rows"). 204, or the code that
 * says that the row has it already.
 *
 * Asked: row, roles (one copy). Found: nothing beside the verdict.
 */
#include "dataverse.h"
#include "error.h"
#include "json_writer.h"

void
dataverse_role_body(struct text *text, const struct environment *environment,
                    const struct guid *role)
{
    struct json_writer writer;
    struct text id = TEXT_EMPTY;

    dataverse_add_url(&id, environment, "roles(");
    dataverse_add_guid(&id, role);
    text_add(&id, ")");
    json_writer_init(&writer, text);
    json_write_object(&writer, NULL);
    json_write_string(&writer, "@odata.id", id.data);
    json_write_object_end(&writer);
    text->failed = text->failed || id.failed;
    text_free(&id);
}

void
dataverse_role_url(struct text *text, const struct call *call)
{
    dataverse_add_url(text, call->environment, "systemusers(");
    dataverse_add_guid(text, &call->row);
    text_add(text, ")/systemuserroles_association/$ref");
}

int
dataverse_role_build(const struct build *build, struct error *ret_error)
{
    const struct call *call = build->call;
    struct http_request *request = build->request;

    if (call->role_count != 1)
        return error_set(ret_error, ERROR_INPUT, "%zu roles where one is given", call->role_count);
    dataverse_start(build, HTTP_POST);
    http_request_header(request, "Content-Type", "application/json; charset=utf-8");
    dataverse_role_url(&request->url, call);
    dataverse_role_body(&request->body, call->environment, &call->roles[0]);
    return 0;
}
