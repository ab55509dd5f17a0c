/*
 * PATCH: one row's unit and columns, and nothing that is not to be written. If-Match is always
 * there, since without it a PATCH of a missing row makes one (P4). The answer, asked for by
 * Prefer, is the confirming read; where Dataverse sends none (204), the write is done and the
 * caller looks again.
 *
 * Asked: row, if_match, unit, writes. Found: rows, one, without roles; or none.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dataverse.h"
#include "error.h"
#include "json.h"
#include "json_writer.h"

void
dataverse_patch_body(struct text *text, const struct call *call)
{
    char digits[GUID_TEXT_BYTES], bind[sizeof("/businessunits()") + GUID_TEXT_BYTES];
    struct json_writer writer;

    json_writer_init(&writer, text);
    json_write_object(&writer, NULL);
    if (call->unit != NULL) {
        snprintf(bind, sizeof(bind), "/businessunits(%s)", guid_format(call->unit, digits));
        json_write_string(&writer, "businessunitid@odata.bind", bind);
    }
    for (size_t i = 0; i < call->write_count; i++) {
        const struct column_write *write = &call->writes[i];

        value_write(&writer, call->environment->columns[write->column].name, write->value);
    }
    json_write_object_end(&writer);
}

int
dataverse_patch_build(const struct build *build, struct error *ret_error)
{
    const struct call *call = build->call;
    struct http_request *request = build->request;

    if (call->if_match == NULL || call->if_match[0] == '\0')
        return error_set(ret_error, ERROR_INPUT, "a PATCH without If-Match");
    dataverse_start(build, HTTP_PATCH);
    http_request_header(request, "Content-Type", "application/json; charset=utf-8");
    http_request_header(request, "If-Match", call->if_match);
    http_request_header(request, "Prefer", "return=representation");
    dataverse_add_url(&request->url, call->environment, "systemusers(");
    dataverse_add_guid(&request->url, &call->row);
    text_add(&request->url, ")?");
    dataverse_row_select(&request->url, call->environment);
    dataverse_patch_body(&request->body, call);
    return 0;
}

int
dataverse_patch_read(struct answer *answer, struct error *ret_error)
{
    struct call *call = answer->call;
    struct json *root;
    int result;

    if (answer->response->status == 204)
        return 0;
    root = answer_parse(answer, ret_error);
    if (root == NULL)
        return -1;
    call->rows = calloc(1, sizeof(call->rows[0]));
    if (call->rows == NULL) {
        json_free(root);
        return error_set(ret_error, ERROR_MEMORY, "no memory for a row");
    }
    call->row_count = 1;
    result = dataverse_row_read(root, call->environment, call->rows, ret_error);
    if (result == 0 && !guid_equal(&call->rows->id, &call->row))
        result = error_set(ret_error, ERROR_INPUT, "another row than the one written");
    json_free(root);
    return result;
}
