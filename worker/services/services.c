/*
 * The table: kind of call → service, route, builder, reader. What is the same for all of them
 * stands here and nowhere else: bearer token, limits, the verdict, and what becomes of an answer
 * that is worth nothing.
 */
#include "services.h"

#include <string.h>

#include "classify.h"
#include "error.h"
#include "service.h"

/* Dataverse refuses longer URLs of plain requests ("Query data using the Web API": 32 KB). */
enum { MAX_URL_BYTES = 32768, MAX_DOP_HINT = 10000 };

struct kind {
    const char *service;
    const char *route;
    build_fn *build;
    read_fn *read;      /* NULL: any 2xx says it all */
    bool reads_refusal; /* the reader also looks into answers other than 2xx */
};

static const struct kind kinds[CALL_KINDS] = {
    [CALL_TOKEN] = {"entra", "token", login_build, login_read, false},
    [CALL_FORCE_SYNC] = {"bap", "addUser", bap_build, NULL, false},
    [CALL_SOURCES] = {"graph", "batch", graph_build, graph_read, false},
    [CALL_LOOK] = {"dataverse", "systemusers", dataverse_look_build, dataverse_look_read, false},
    [CALL_PATCH] = {"dataverse", "patch", dataverse_patch_build, dataverse_patch_read, false},
    [CALL_MOVE] = {"dataverse", "changeset", dataverse_move_build, dataverse_move_read, true},
    [CALL_ROLE] = {"dataverse", "role", dataverse_role_build, NULL, false},
    [CALL_UNITS] = {"dataverse", "businessunits", dataverse_units_build, dataverse_units_read,
                    false},
    [CALL_ROLES] = {"dataverse", "roles", dataverse_roles_build, dataverse_roles_read, false},
    [CALL_DELTA] = {"graph", "delta", graph_delta_build, graph_delta_read, false},
    [CALL_MEMBERS] = {"graph", "members", graph_members_build, graph_members_read, false},
};

const char *
services_name(enum call_kind kind)
{
    return kinds[kind].service;
}

static void
authorise(struct http_request *request, const char *token)
{
    text_add(&request->headers, "Authorization: Bearer ");
    text_add(&request->headers, token);
    text_add_char(&request->headers, '\n');
}

int
services_build(const struct services *services, const struct call *call, const char *token,
               struct http_request *ret_request, struct error *ret_error)
{
    const struct kind *kind = &kinds[call->kind];
    const struct build build = {services->settings, call, token, ret_request};

    ret_request->route = kind->route;
    ret_request->timeout_ms = services->settings->timeout_ms;
    ret_request->max_response_bytes = services->settings->max_response_bytes;
    if (call->kind != CALL_TOKEN)
        authorise(ret_request, token);
    if (kind->build(&build, ret_error) == -1)
        return -1;
    if (http_request_failed(ret_request))
        return error_set(ret_error, ERROR_MEMORY, "no memory for a request");
    if (ret_request->url.length > MAX_URL_BYTES)
        return error_set(ret_error, ERROR_LIMIT, "a URL of %zu bytes, where %d are the limit",
                         ret_request->url.length, (int)MAX_URL_BYTES);
    return 0;
}

/* How many requests at once Dataverse advises; digits only. */
static int64_t
read_dop_hint(const struct http_response *response)
{
    size_t length = 0;
    const char *digits = http_header(&response->headers, "x-ms-dop-hint", &length);
    int64_t hint = 0;

    if (digits == NULL || length == 0 || length > 5)
        return 0;
    for (size_t i = 0; i < length; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return 0;
        hint = hint * 10 + (digits[i] - '0');
    }
    return hint <= MAX_DOP_HINT ? hint : 0;
}

/* Results go, what is known of the answer itself stays. */
static void
give_up(struct call *call, const struct http_response *response, const struct error *fault)
{
    static const char *const reasons[] = {
        [ERROR_INPUT] = "malformed_answer",
        [ERROR_LIMIT] = "incomplete_answer",
        [ERROR_CONFIG] = "column_type_differs",
        [ERROR_MEMORY] = "no_memory",
    };
    struct error judged = call->error;
    int64_t dop_hint = call->dop_hint;

    call_reset(call);
    call->dop_hint = dop_hint;
    call->verdict = fault->class == ERROR_CONFIG ? VERDICT_MISCONFIGURED : VERDICT_RETRY;
    call->reason = reasons[fault->class];
    error_set(&call->error, fault->class, "%s", fault->text);
    call->error.status = response->status;
    call->error.retry_after_ms = judged.retry_after_ms;
    error_set_request_id(&call->error, judged.request_id, strlen(judged.request_id));
}

/* What befell the whole befell each of its items. */
static void
share_verdict(struct call *call)
{
    for (size_t i = 0; call->verdict != VERDICT_DONE && i < call->item_count; i++) {
        call->items[i].verdict = call->verdict;
        call->items[i].reason = call->reason;
        call->items[i].error = call->error;
    }
}

void
services_read(const struct services *services, struct call *call,
              const struct http_response *response, int64_t wall_ms)
{
    const struct kind *kind = &kinds[call->kind];
    struct answer answer = {services, call, response, wall_ms};
    struct error fault;

    call_reset(call);
    call->verdict = classify(services, call->kind, response, wall_ms, &call->error, &call->reason);
    call->dop_hint = read_dop_hint(response);
    if (kind->read != NULL && (call->verdict == VERDICT_DONE || kind->reads_refusal) &&
        kind->read(&answer, &fault) == -1)
        give_up(call, response, &fault);
    share_verdict(call);
}
