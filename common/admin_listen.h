#ifndef ADMIN_LISTEN_H
#define ADMIN_LISTEN_H

/* The admin endpoint's listening socket. Private to admin. */

struct error;

/*
 * Opens a socket that listens on ${address} (as admin_create takes it) and does not block; -1 with
 * ${ret_error} filled.
 */
int admin_listen(const char *address, struct error *ret_error) __attribute__((warn_unused_result));

/* The port that ${fd} is bound to. */
int admin_listen_port(int fd);

#endif
