/* Answers in each service's own shape. Every one leaves its status in the ledger's entry. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "model_private.h"
#include "timestamp.h"

enum { MESSAGE_BYTES = 512 };

/* Content types as the services send them, and the header that carries the request's id. */
static const struct {
    const char *content_type;
    const char *request_id;
} services[MODEL_SERVICES] = {
    [MODEL_LOGIN] = {"application/json; charset=utf-8", "x-ms-request-id"},
    [MODEL_BAP] = {"application/json; charset=utf-8", "x-ms-correlation-request-id"},
    [MODEL_GRAPH] = {"application/json;odata.metadata=minimal;charset=utf-8", "request-id"},
    [MODEL_DATAVERSE] = {"application/json; odata.metadata=minimal", "x-ms-service-request-id"},
};

void
model_reply_header(struct call *call, const char *name, const char *format, ...)
{
    char value[MESSAGE_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(value, sizeof(value), format, arguments);
    va_end(arguments);
    text_add(&call->response->headers, name);
    text_add(&call->response->headers, ": ");
    text_add(&call->response->headers, value);
    text_add_char(&call->response->headers, '\n');
}

/* Each answer that is not a part's carries the id of its request: R-3. */
static void
add_request_id(struct call *call)
{
    struct guid id = model_random_guid(&call->model->rng);
    char text[GUID_TEXT_BYTES];

    model_reply_header(call, services[call->service].request_id, "%s", guid_format(&id, text));
}

void
model_reply_status(struct call *call, int status)
{
    call->response->status = status;
    call->response->transport = HTTP_OK;
    call->entry.status = status;
    if (status >= 400) {
        call->is_failed = true;
        call->entry.write = MODEL_REFUSED;
    }
    if (!call->is_part)
        add_request_id(call);
    if (call->service == MODEL_DATAVERSE)
        text_add(&call->response->headers, "OData-Version: 4.0\n");
}

void
model_reply_json(struct call *call, int status)
{
    model_reply_status(call, status);
    text_add(&call->response->headers, "Content-Type: ");
    text_add(&call->response->headers, services[call->service].content_type);
    text_add_char(&call->response->headers, '\n');
}

/* Graph's errors say when and which request: G-11. */
static void
write_inner_error(struct call *call, struct json_writer *writer)
{
    struct guid id = model_random_guid(&call->model->rng);
    char instant[TIMESTAMP_TEXT_BYTES];
    char text[GUID_TEXT_BYTES];

    guid_format(&id, text);
    json_write_object(writer, "innerError");
    json_write_string(writer, "date", timestamp_format(call->model->now.wall_ms, instant));
    json_write_string(writer, "request-id", text);
    json_write_string(writer, "client-request-id", text);
    json_write_object_end(writer);
}

/* Messages quote what came, cut anywhere: only ASCII of it is safe to hand back. */
static void
make_printable(char *message)
{
    for (; *message != '\0'; message++)
        if ((unsigned char)*message < ' ' || (unsigned char)*message >= 0x7f)
            *message = '?';
}

static void
reply_error(struct call *call, int status, const char *code, char *message)
{
    struct json_writer writer;

    make_printable(message);
    text_clear(&call->response->body);
    model_reply_json(call, status);
    json_writer_init(&writer, &call->response->body);
    json_write_object(&writer, NULL);
    json_write_object(&writer, "error");
    json_write_string(&writer, "code", code);
    json_write_string(&writer, "message", message);
    if (call->service == MODEL_GRAPH)
        write_inner_error(call, &writer);
    json_write_object_end(&writer);
    json_write_object_end(&writer);
}

void
model_reply_error(struct call *call, int status, const char *code, const char *format, ...)
{
    char message[MESSAGE_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    reply_error(call, status, code, message);
}

void
model_reply_malformed(struct call *call, const char *code, const char *format, ...)
{
    char message[MESSAGE_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    model_ledger_offend(call, MODEL_OFFENCE_MALFORMED);
    reply_error(call, 400, code, message);
}

/* Dataverse's 401 has no body; what to ask for stands in WWW-Authenticate: D-3. */
static void
reply_challenge(struct call *call)
{
    const char *login = "https://login.microsoftonline.com";
    char tenant[GUID_TEXT_BYTES] = "common";
    const struct origin *origin, *next;

    HASH_ITER (hh, call->model->origins, origin, next)
        if (origin->service == MODEL_LOGIN)
            login = origin->text;
    if (call->model->applications != NULL)
        guid_format(&call->model->applications->tenant, tenant);
    model_reply_status(call, 401);
    model_reply_header(call, "WWW-Authenticate",
                       "Bearer authorization_uri=%s/%s/oauth2/authorize, resource_id=%s/", login,
                       tenant, call->origin->text);
}

/* A body must be said to be JSON: R-2. */
bool
model_reply_is_json(struct call *call)
{
    static const char type[] = "application/json";
    size_t length;
    const char *value = http_header(call->headers, "Content-Type", &length);

    if (value != NULL && length >= sizeof(type) - 1 &&
        strncasecmp(value, type, sizeof(type) - 1) == 0)
        return true;
    model_ledger_offend(call, MODEL_OFFENCE_MALFORMED);
    model_reply_error(call, 415, "", "The media type of the request is not supported.");
    return false;
}

void
model_reply_unauthorised(struct call *call)
{
    if (call->service == MODEL_DATAVERSE)
        reply_challenge(call);
    else if (call->service == MODEL_GRAPH)
        model_reply_error(call, 401, "InvalidAuthenticationToken",
                          "Access token validation failure.");
    else
        model_reply_error(call, 401, "AuthenticationFailed",
                          "The access token is missing, expired or for another audience.");
}

/* */
void
model_reply_method(struct call *call)
{
    model_reply_error(call, 405, call->service == MODEL_GRAPH ? "Request_BadRequest" : "",
                      "The requested resource does not support http method '%s'.",
                      http_method_name(call->method));
}

void
model_reply_cut(struct call *call, enum http_transport transport)
{
    call->response->status = 0;
    call->response->transport = transport;
    call->entry.status = 0;
    snprintf(call->response->reason, sizeof(call->response->reason), "%s",
             transport == HTTP_NOT_SENT ? "could not connect" : "connection reset by peer");
}
