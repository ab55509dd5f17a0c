#ifndef CONTROL_H
#define CONTROL_H

#include <stdbool.h>

/*
 * The control API: JSON over HTTP, on a port of its own, by which tests and people set the double
 * up and look into it. Small and regular: a table of routes, and a collection (world.h) for each kind of
 * thing. What it is not: part of the double; real services have nothing like it.
 *
 * Answers: 200 with JSON, JSON lines or text; 400 for bad input, 404 for an unknown path, 409 for
 * what this sandbox was not started for, 502 for Kafka's own errors; all errors with
 * {"error": {"class", "code", "text"}}.
 */

struct broker;
struct control;
struct exchange;
struct http_request;
struct http_response;
struct lag;
struct state;
struct text;
struct world;

struct control_settings {
    struct world *world;
    const struct state *state;
    struct broker *broker;      /* NULL: no Kafka, and so no offsets */
    struct lag *lag;            /* of that Kafka */
    void (*changed)(void *arg); /* an environment was added; may be NULL */
    void *arg;
};

enum { CONTROL_BODY_BYTES = 64 * 1024 * 1024 };

/* Copies ${settings}; all that it names is borrowed. NULL: no memory. */
struct control *control_create(const struct control_settings *settings);
void control_destroy(struct control *control);

/* The server's handler (server.h) of the control port; ${arg} is the control. */
void control_handle(void *arg, struct exchange *exchange);

/*
 * Answers ${request}, only the path and query of whose URL are looked at: true with *${ret_response}
 * filled (the caller's to free), or false when ${exchange} will be answered later.
 */
bool control_answer(struct control *control, const struct http_request *request,
                    struct exchange *exchange, struct http_response *ret_response);

/* All routes, collections and settings as Markdown: GET /, --help-control, and CONTROL.md. */
void control_describe(struct text *text);

#endif
