#ifndef EXCHANGE_H
#define EXCHANGE_H

#include <stdint.h>

#include "http.h"

/*
 * One request to the sandbox and its answer, as the handler of a port sees them. The server owns it
 * and hands it over once the request has come in whole; it lives until it was answered.
 */

struct exchange;

const struct http_request *exchange_request(const struct exchange *exchange);

/*
 * Answers with ${response}, which is plundered and ended, in ${after_ms}; within the handler or at
 * any time later, but once: ${exchange} must not be used after it.
 *
 * Status 0 is a cut, and the transport says how it looks to the client:
 *   HTTP_NOT_SENT   the connection is closed without a byte
 *   HTTP_UNKNOWN    a status line, headers and half a body, then closed
 *   HTTP_TOO_LARGE  a body that does not end
 *   HTTP_CANCELLED  silence for five minutes, then closed
 */
void exchange_answer(struct exchange *exchange, struct http_response *response, int64_t after_ms);

#endif
