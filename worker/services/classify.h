#ifndef CLASSIFY_H
#define CLASSIFY_H

#include "call.h"
#include "http.h"

/*
 * One table for the refusals of all services: (service, code, status) → verdict and reason; code
 * first, status second. Every row has its source and a test.
 */

struct services;

/*
 * Judges ${response} to a call of ${kind}, or a part of such a response. Returns the verdict:
 * VERDICT_DONE for 2xx, and for the few refusals that are as good. Fills ${ret_error} with status,
 * code, request id, retry_after_ms (-1: not told) and text; its class is ERROR_NONE when done,
 * ERROR_TRANSPORT or ERROR_LIMIT when no whole answer came, else ERROR_SERVICE. *${ret_reason} is
 * a constant out of a bounded list, for outcomes and metrics ("no_licence", "privilege_missing"
 * …); "" when done.
 *
 * Of ${services} it takes the parser, and the texts of refusals that the settings list.
 */
enum verdict classify(const struct services *services, enum call_kind kind,
                      const struct http_response *response, int64_t wall_ms,
                      struct error *ret_error, const char **ret_reason);

#endif
