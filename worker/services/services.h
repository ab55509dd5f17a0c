#ifndef SERVICES_H
#define SERVICES_H

#include <stdbool.h>
#include <stdint.h>

#include "call.h"
#include "http.h"

/*
 * Calls in the core's words ↔ HTTP requests and answers of Entra's token endpoint, the Power
 * Platform admin API (BAP), Dataverse and Graph. Pure: one request builder and one reader per kind
 * of call (a table in services.c), and one classification of refusals for all of them
 * (classify.c). Facts cite the documented name of the API.
 */

struct json_parser;

struct services_settings {
    const char *login_url; /* "https://login.microsoftonline.com" */
    const char *bap_url;   /* "https://api.bap.microsoft.com" */
    const char *graph_url; /* "https://graph.microsoft.com" */
    const char *bap_api_version;
    const char *const
        *refusals; /* NULL-terminated: texts in addUser's 400 that are known refusals */
    size_t max_response_bytes;
    int64_t timeout_ms;
};

struct services {
    const struct services_settings *settings;
    struct json_parser *parser; /* for answers: depth 16, max_response_bytes */
};

/*
 * Builds ${call}'s request into ${ret_request} (empty before, the caller's to free in any case).
 * ${token}: the bearer token; for CALL_TOKEN the client secret. -1 with ${ret_error}:
 * ERROR_MEMORY; ERROR_LIMIT, more than a URL can hold; ERROR_INPUT, nothing that may be sent (a
 * PATCH without If-Match, say).
 */
int services_build(const struct services *services, const struct call *call, const char *token,
                   struct http_request *ret_request, struct error *ret_error)
    __attribute__((warn_unused_result));

/*
 * Reads the answer: sets verdict, reason, error (with status, code, request id, retry-after) and
 * what was found; results of an earlier answer are freed. Whatever the bytes, the call is in a
 * defined state after it: an incomplete or malformed answer gives VERDICT_RETRY and no results at
 * all. The items of a CALL_SOURCES have verdicts of their own when the call is done, else the
 * call's.
 *
 * Retry-After may stand with any verdict but VERDICT_DONE (a 503 has it too), and in a single
 * item.
 */
void services_read(const struct services *services, struct call *call,
                   const struct http_response *response, int64_t wall_ms);

/* The service's name for metrics: "entra" "bap" "dataverse" "graph". */
const char *services_name(enum call_kind kind);

#endif
