#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "exchange.h"
#include "timer.h"

/*
 * HTTP on several ports, and the loop that everything in the sandbox runs in: one thread, so that
 * the model behind the ports needs no lock. With exchange.c the only place that includes
 * libmicrohttpd.
 *
 * A request that has come in whole is handed to its port's handler as a value (exchange.h), which
 * answers at once or later. An answer that is to take a while is held back by a timer; nobody sleeps.
 *
 * Bounded: ports, watched descriptors, connections per port, bytes of a request's line and headers,
 * bytes of its body (413).
 */

struct server;
struct server_port;
struct error;

struct server_settings {
    const char *address;      /* to listen on, "127.0.0.1" */
    unsigned int connections; /* at most, per port */
    const char *tls_key;      /* PEM texts, for the ports with TLS; NULL: none have it */
    const char *tls_certificate;
};

/* Takes a request; must see to it that exchange_answer is called once, now or later. */
typedef void server_handler(void *arg, struct exchange *exchange);

/* Something became readable on a watched descriptor. */
typedef void server_ready(void *arg);

struct server_port_settings {
    uint16_t port; /* 0: any */
    bool tls;
    size_t max_body_bytes;
    server_handler *handler;
    void *arg;
};

/* ${settings} is borrowed while the server lives. NULL: no memory. */
struct server *server_create(const struct server_settings *settings);

/*
 * Closes everything; NULL is allowed. Whoever still means to answer an exchange has to be ended
 * before: unanswered requests are cut.
 */
void server_destroy(struct server *server);

/*
 * Listens; the port lives as long as the server. NULL with ${ret_error} filled: ERROR_SYSTEM,
 * ERROR_LIMIT (too many ports), ERROR_CONFIG (key or certificate).
 */
struct server_port *server_listen(struct server *server,
                                  const struct server_port_settings *settings,
                                  struct error *ret_error);

uint16_t server_port_number(const struct server_port *port);

/*
 * What the URLs of this port's requests start with ("http://127.0.0.1:9401"), whatever the Host
 * header says; nothing until set. False: no memory.
 */
bool server_port_set_origin(struct server_port *port, const char *origin);

/* Calls ${ready} in each turn in which ${fd} is readable. False: too many. */
bool server_watch(struct server *server, int fd, server_ready *ready, void *arg);

/* The heap whose timers the loop runs, and the loop's present instant. */
struct timers *server_timers(struct server *server);
const struct clock *server_clock(const struct server *server);

/* One turn: waits until something is to be done, at most ${max_wait_ms}, and does it. */
void server_turn(struct server *server, int64_t max_wait_ms);

#endif
