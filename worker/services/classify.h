#ifndef CLASSIFY_H
#define CLASSIFY_H

#include "call.h"
#include "http.h"

/*
 * One table for the refusals of all services: (service, code, status) → verdict and reason; code first, status second. Every row has
 * its source and a test.
 */

struct json_parser;

/*
 * Judges ${response} to a call of ${kind}: fills ${ret_error} (class, status, code, request id, retry_after_ms, text) and returns the verdict; VERDICT_DONE
 * for 2xx. ${refusals}: see services.h. The reason for outcomes ("no_licence", "privilege_missing" …) is a constant in *${ret_reason}.
 */
enum verdict classify(enum call_kind kind, const struct http_response *response, struct json_parser *parser,
                      const char *const *refusals, int64_t wall_ms, struct error *ret_error, const char **ret_reason);

#endif
