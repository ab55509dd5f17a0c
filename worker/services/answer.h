#ifndef ANSWER_H
#define ANSWER_H

#include <stdint.h>

#include "http.h"

/* An answer that is being read into its call. Private to this directory. */

struct call;
struct error;
struct json;
struct services;

struct answer {
    const struct services *services;
    struct call *call; /* reset, then judged by classify */
    const struct http_response *response;
    int64_t wall_ms;
};

/*
 * The body as JSON; json_free. NULL with ERROR_INPUT, also for what is beyond the parser's limits,
 * or ERROR_MEMORY.
 */
struct json *answer_parse(const struct answer *answer, struct error *ret_error)
    __attribute__((warn_unused_result));

#endif
