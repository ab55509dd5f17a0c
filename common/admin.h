#ifndef ADMIN_H
#define ADMIN_H

#include <stdint.h>

#include "text.h"

/*
 * The admin endpoint: GET and HEAD of a handful of paths for probes, Prometheus and operators. The only
 * place in the programs that includes libmicrohttpd, which runs as a passenger of the loop: no thread, one
 * descriptor to wait on. Bounded: 64 connections, a limit per address, 2 s idle; other methods 405,
 * unknown paths 404, with a text that lists what there is.
 */

struct admin;
struct error;

struct admin_answer {
    int status;
    const char *content_type; /* a constant */
    struct text body;         /* taken and freed by the server */
};

/* One path; the table ends with a row whose path is NULL. */
struct admin_route {
    const char *path;
    const char *help;
    void (*answer)(void *context, struct admin_answer *ret_answer);
};

/* Listens on ${address}, "127.0.0.1:8080" or "[::]:8080" (port 0: any). NULL with ${ret_error} filled. */
struct admin *admin_create(const char *address, const struct admin_route *routes, void *context,
                           struct error *ret_error);
void admin_destroy(struct admin *admin);

int admin_fd(const struct admin *admin);   /* readable when admin_run has work */
int admin_port(const struct admin *admin); /* as bound */

/* How long the loop may wait at most before admin_run, ms; -1: no matter. */
int64_t admin_wait_ms(const struct admin *admin);
void admin_run(struct admin *admin);

#endif
