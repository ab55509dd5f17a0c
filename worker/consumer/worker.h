#ifndef WORKER_H
#define WORKER_H

#include <stdbool.h>

/*
 * dvsync-worker as a whole: the parts, wired, and the loop's one turn. One thread; it waits in one
 * place (worker_turn), and everything that comes is handled before it waits again.
 */

struct error;
struct settings;
struct worker;

/*
 * Sets everything up: ${settings} is borrowed for the worker's life, ${signal_fd} is
 * signals_open's. NULL with ${ret_error} filled.
 */
struct worker *worker_create(const struct settings *settings, int signal_fd,
                             struct error *ret_error);

/*
 * One turn: waits, serves Kafka, the services, the admin endpoint and signals, and lets the engine
 * act.
 */
void worker_turn(struct worker *worker);

/* True when it has stopped; ${ret_exit_code} is one of exit_code.h. */
bool worker_is_done(const struct worker *worker, int *ret_exit_code);

/*
 * Takes all down. Where leaving the group did not end in time, what the client library still does
 * is not waited for: the caller exits at once.
 */
void worker_destroy(struct worker *worker);

#endif
