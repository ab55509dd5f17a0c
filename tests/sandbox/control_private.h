#ifndef CONTROL_PRIVATE_H
#define CONTROL_PRIVATE_H

#include <stdbool.h>

#include "control.h"
#include "error.h"
#include "fields.h"
#include "http.h"
#include "json.h"
#include "locator.h"

/* What the files control*.c share: a call on its way through a route. Nobody else includes this. */

struct control {
    struct control_settings settings;
    struct json_parser *parser;
};

struct control_call {
    struct control *control;
    const struct http_request *request;
    struct locator locator;
    struct json *body; /* NULL: none came */
    struct exchange *exchange;
    struct http_response response;
    struct error error;
    bool is_deferred; /* the handler has seen to it that the exchange will be answered */
};

/* One route; a table ends with a row whose path is NULL. */
struct control_route {
    enum http_method method;
    const char *path;           /* "*" stands for any segment */
    const char *const *options; /* of the query, NULL-terminated */
    const struct field *fields; /* of the body; NULL: none, or see help */
    const char *help;
    /* 0, or -1 with ${call->error} filled */
    int (*answer)(struct control_call *call);
};

extern const struct control_route control_model_routes[]; /* control_model.c */
extern const struct control_route control_kafka_routes[]; /* control_kafka.c */

/* The ${index}-th of all routes; NULL: no more. Collections come on top. */
const struct control_route *control_route_at(size_t index);

/* Makes the answer for ${error}. */
void control_refuse(const struct error *error, int status, struct http_response *response);

/* Sets the answer's content type; the body is in ${call->response.body}. */
void control_content_type(struct http_response *response, const char *type);

#endif
