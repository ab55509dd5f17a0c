#ifndef SANDBOX_H
#define SANDBOX_H

/* The parts of dvsync-sandbox put together: server, model, world, Kafka, control API. */

struct error;
struct options;
struct sandbox;
struct server;
struct text;

/*
 * Everything listens and the world file is read when it returns. ${options} is borrowed. NULL with
 * ${ret_error} filled: ERROR_INPUT is the world file's, everything else could not be started.
 */
struct sandbox *sandbox_create(const struct options *options, struct error *ret_error);
void sandbox_destroy(struct sandbox *sandbox);

/* Whose turns the caller makes. */
struct server *sandbox_server(struct sandbox *sandbox);

/* Where everything listens, as JSON. */
void sandbox_describe(const struct sandbox *sandbox, struct text *text);

#endif
