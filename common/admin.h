#ifndef ADMIN_H
#define ADMIN_H

#include <stdint.h>

#include "text.h"

/*
 * The admin endpoint: GET and HEAD of a handful of paths for probes, Prometheus and operators. The
 * only place in the programs that includes libmicrohttpd, which runs as a passenger of the loop: no
 * thread, one descriptor to wait on. Bounded: 64 connections, 16 of one address, 2 s idle, 16 KiB of
 * headers, no request bodies; other methods 405, unknown paths 404, with a text that lists what
 * there is.
 *
 * There is no authentication and no TLS: it belongs on a private address.
 */

struct admin;
struct error;

struct admin_answer {
    int status;               /* 200 */
    const char *content_type; /* a constant; plain text in UTF-8 */
    struct text body;         /* taken and freed by the server */
};

/* One path; the table (borrowed) ends with a row whose path is NULL. */
struct admin_route {
    const char *path;
    const char *help;

    /* Called within admin_run. ${ret_answer} comes with the values above, and an empty body. */
    void (*answer)(void *context, struct admin_answer *ret_answer);
};

/*
 * Listens on ${address}, "127.0.0.1:8080" or "[::]:8080" (port 0: any; [::] takes IPv4 as well).
 * NULL with ${ret_error} filled: ERROR_CONFIG (no such address), ERROR_SYSTEM (it is taken, or not
 * ours), ERROR_MEMORY.
 */
struct admin *admin_create(const char *address, const struct admin_route *routes, void *context,
                           struct error *ret_error);
void admin_destroy(struct admin *admin); /* cuts connections; NULL is allowed */

int admin_fd(const struct admin *admin);   /* readable when admin_run has work */
int admin_port(const struct admin *admin); /* as bound */

/* How long the loop may wait at most before admin_run, ms; -1: no matter. */
int64_t admin_wait_ms(const struct admin *admin);
void admin_run(struct admin *admin);

/* The version of libmicrohttpd that is loaded, e.g. "0.9.75". */
const char *admin_library_version(void);

#endif
