#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>

/*
 * The core's way to the services: a call becomes an HTTP request, the answer is read into the call,
 * and whoever asked is told. Holds no queue: the core's lanes do.
 */

struct call;
struct clock;
struct error;
struct http_client;
struct http_response;
struct log;
struct settings;
struct wire;

/* Who is told. */
struct wire_listener {
    void *context;
    /* The answer, or the lack of one, to a request by way of ${route}, before it is read. */
    void (*seen)(void *context, const struct call *call, const char *route,
                 const struct http_response *response);
    /* It is read into ${call}, which the wire has let go. */
    void (*answered)(void *context, struct call *call);
};

/* All is borrowed for the wire's life. NULL with ${ret_error} filled. */
struct wire *wire_create(const struct settings *settings, const struct clock *clock,
                         struct log *log, struct error *ret_error);
/* Once, before the first call leaves; ${listener} is copied. */
void wire_bind(struct wire *wire, const struct wire_listener *listener);
void wire_destroy(struct wire *wire); /* after the core, which cancels its calls; NULL is allowed */

/* For the loop: where it waits, and what moves transfers on. */
struct http_client *wire_client(struct wire *wire);

/* The core's ports: see engine.h. */
bool wire_send(struct wire *wire, struct call *call, const char *token);
void wire_cancel(struct wire *wire, struct call *call);

#endif
