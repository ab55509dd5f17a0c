#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>

/*
 * The engine's way to the services: a call becomes an HTTP request, the answer is read into the
 * call, and the engine is told. Holds no queue: the engine's lanes do.
 */

struct call;
struct clock;
struct engine;
struct error;
struct http_client;
struct log;
struct observer;
struct settings;
struct wire;

/* All is borrowed for the wire's life. NULL with ${ret_error} filled. */
struct wire *wire_create(const struct settings *settings, const struct clock *clock,
                         struct log *log, struct observer *observer, struct error *ret_error);
void
wire_destroy(struct wire *wire); /* after the engine, which cancels its calls; NULL is allowed */
void wire_bind(struct wire *wire, struct engine *engine);

/* For the loop: where it waits, and what moves transfers on. */
struct http_client *wire_client(struct wire *wire);

/* The engine's ports: see engine.h. */
bool wire_send(struct wire *wire, struct call *call, const char *token);
void wire_cancel(struct wire *wire, struct call *call);

#endif
