#ifndef SIGNALS_H
#define SIGNALS_H

/*
 * SIGTERM and SIGINT as a descriptor of the loop. They are blocked first thing, before any library
 * makes a thread: threads inherit the mask, and so no other thread ever gets one.
 */

struct error;

/*
 * Blocks them, and ${another} (0: no other), and ignores SIGPIPE. The descriptor, or -1 with
 * ${ret_error} filled.
 */
int signals_open(int another, struct error *ret_error);

/* The number of a signal that came, 0: none. */
int signals_take(int fd);

#endif
