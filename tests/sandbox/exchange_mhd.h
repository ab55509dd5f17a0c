#ifndef EXCHANGE_MHD_H
#define EXCHANGE_MHD_H

#include <stdbool.h>
#include <stddef.h>

#include <microhttpd.h>

#include "clock.h"
#include "list.h"
#include "server.h"
#include "text.h"
#include "timer.h"

/*
 * What server.c and exchange.c share: the callbacks that libmicrohttpd gets for each port, and the
 * port's data that they work with. Nobody else includes this.
 */

struct exchange_port {
    server_handler *handler;
    void *arg;
    size_t max_body_bytes;
    struct text origin;    /* in front of every target */
    struct timers *timers; /* the server's */
    struct clock *clock;   /* the server's; read anew before a handler is called */
    struct link held;      /* exchanges whose connection is suspended */
    bool has_resumed; /* connections were resumed, of which the daemon's descriptor tells nothing */
};

/* MHD_OPTION_URI_LOG_CALLBACK, ${port} is the exchange_port: makes the exchange. */
void *exchange_mhd_begin(void *port, const char *target, struct MHD_Connection *connection);

/* The access handler. */
enum MHD_Result exchange_mhd_go_on(void *port, struct MHD_Connection *connection, const char *url,
                                   const char *method, const char *version, const char *data,
                                   size_t *length, void **arg);

/* MHD_OPTION_NOTIFY_COMPLETED: ends the exchange. */
void exchange_mhd_end(void *port, struct MHD_Connection *connection, void **arg,
                      enum MHD_RequestTerminationCode code);

/* Lets go of all suspended connections, unanswered, so that the port can be closed. */
void exchange_mhd_abandon_all(struct exchange_port *port);

#endif
