/*
 * Each port is a daemon of libmicrohttpd without a thread: it has an epoll descriptor, which is
 * readable when the daemon has work, and is run from here then. So the loop polls as many descriptors
 * as there are ports, however many connections these have.
 */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "error.h"
#include "exchange_mhd.h"

enum {
    PORTS_MAX = 256,
    WATCHES_MAX = 16,
    IDLE_S = 300,                 /* a connection without a request */
    CONNECTION_BYTES = 96 * 1024, /* room for a request's line (32 KiB and more) and headers */
};

struct server_port {
    struct exchange_port exchange;
    struct MHD_Daemon *daemon;
    int epoll_fd;
};

struct watch {
    server_ready *ready;
    void *arg;
};

struct server {
    struct server_settings settings;
    struct timers *timers;
    struct clock clock;
    struct server_port *ports[PORTS_MAX];
    size_t port_count;
    struct watch watches[WATCHES_MAX];
    int watched_fds[WATCHES_MAX];
    size_t watch_count;
};

struct server *
server_create(const struct server_settings *settings)
{
    struct server *server = calloc(1, sizeof(*server));

    if (server == NULL)
        return NULL;
    server->settings = *settings;
    clock_read_system(&server->clock);
    server->timers = timers_create();
    if (server->timers == NULL) {
        free(server);
        return NULL;
    }
    return server;
}

/* --- ports ------------------------------------------------------------------------------------ */

static void
port_destroy(struct server_port *port)
{
    if (port == NULL)
        return;
    if (port->daemon != NULL) {
        exchange_mhd_abandon_all(&port->exchange);
        MHD_stop_daemon(port->daemon);
    }
    text_free(&port->exchange.origin);
    free(port);
}

void
server_destroy(struct server *server)
{
    if (server == NULL)
        return;
    for (size_t i = 0; i < server->port_count; i++)
        port_destroy(server->ports[i]);
    timers_destroy(server->timers);
    free(server);
}

static struct server_port *
port_create(struct server *server, const struct server_port_settings *settings)
{
    struct server_port *port = calloc(1, sizeof(*port));

    if (port == NULL)
        return NULL;
    port->exchange.handler = settings->handler;
    port->exchange.arg = settings->arg;
    port->exchange.max_body_bytes = settings->max_body_bytes;
    port->exchange.timers = server->timers;
    port->exchange.clock = &server->clock;
    list_init(&port->exchange.held);
    return port;
}

static int
read_address(const char *text, uint16_t number, struct sockaddr_in *ret_address,
             struct error *ret_error)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(number)};

    if (inet_pton(AF_INET, text, &address.sin_addr) != 1)
        return error_set(ret_error, ERROR_CONFIG, "\"%s\" is no IPv4 address", text);
    *ret_address = address;
    return 0;
}

/* Starts ${port}'s daemon on ${address}; false with errno set. */
static bool
start_daemon(const struct server *server, struct server_port *port,
             const struct sockaddr_in *address, bool tls)
{
    struct MHD_OptionItem with_tls[] = {
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)server->settings.tls_key},
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)server->settings.tls_certificate},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem without_tls[] = {{MHD_OPTION_END, 0, NULL}};
    unsigned int flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;

    errno = 0;
    port->daemon =
        MHD_start_daemon(tls ? flags | MHD_USE_TLS : flags, 0, NULL, NULL, exchange_mhd_go_on,
                         &port->exchange, MHD_OPTION_SOCK_ADDR, address,                   /* */
                         MHD_OPTION_CONNECTION_LIMIT, server->settings.connections,        /* */
                         MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)IDLE_S,              /* */
                         MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,     /* */
                         MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024U,                            /* */
                         MHD_OPTION_URI_LOG_CALLBACK, exchange_mhd_begin, &port->exchange, /* */
                         MHD_OPTION_NOTIFY_COMPLETED, exchange_mhd_end, &port->exchange,   /* */
                         MHD_OPTION_ARRAY, tls ? with_tls : without_tls, MHD_OPTION_END);
    return port->daemon != NULL;
}

/* Starts to listen; whatever was begun is the caller's to end. */
static int
port_start(const struct server *server, struct server_port *port,
           const struct server_port_settings *settings, struct error *ret_error)
{
    struct sockaddr_in address;
    const union MHD_DaemonInfo *info;

    if (settings->tls && server->settings.tls_key == NULL)
        return error_set(ret_error, ERROR_CONFIG, "TLS needs a key and a certificate");
    if (read_address(server->settings.address, settings->port, &address, ret_error) != 0)
        return -1;
    if (!start_daemon(server, port, &address, settings->tls))
        return error_set(ret_error, errno == 0 ? ERROR_CONFIG : ERROR_SYSTEM,
                         "cannot listen on %s:%u: %s", server->settings.address, settings->port,
                         errno == 0 ? "key or certificate not accepted" : strerror(errno));
    info = MHD_get_daemon_info(port->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL)
        return error_set(ret_error, ERROR_SYSTEM, "the HTTP library has no epoll descriptor");
    port->epoll_fd = info->epoll_fd;
    return 0;
}

struct server_port *
server_listen(struct server *server, const struct server_port_settings *settings,
              struct error *ret_error)
{
    struct server_port *port;

    if (server->port_count == PORTS_MAX) {
        error_set(ret_error, ERROR_LIMIT, "more than %d ports", PORTS_MAX);
        return NULL;
    }
    port = port_create(server, settings);
    if (port == NULL) {
        error_set(ret_error, ERROR_MEMORY, "no memory for a port");
        return NULL;
    }
    if (port_start(server, port, settings, ret_error) != 0) {
        port_destroy(port);
        return NULL;
    }
    server->ports[server->port_count++] = port;
    return port;
}

uint16_t
server_port_number(const struct server_port *port)
{
    return MHD_get_daemon_info(port->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

bool
server_port_set_origin(struct server_port *port, const char *origin)
{
    text_clear(&port->exchange.origin);
    text_add(&port->exchange.origin, origin);
    return !port->exchange.origin.failed;
}

/* --- the loop --------------------------------------------------------------------------------- */

bool
server_watch(struct server *server, int fd, server_ready *ready, void *arg)
{
    if (server->watch_count == WATCHES_MAX)
        return false;
    server->watched_fds[server->watch_count] = fd;
    server->watches[server->watch_count++] = (struct watch){ready, arg};
    return true;
}

struct timers *
server_timers(struct server *server)
{
    return server->timers;
}

const struct clock *
server_clock(const struct server *server)
{
    return &server->clock;
}

/* 0 when ${port} has work that its descriptor does not show, else how long it can wait. */
static int64_t
port_wait_ms(const struct server_port *port)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;

    if (port->exchange.has_resumed)
        return 0;
    if (MHD_get_timeout(port->daemon, &wait_ms) != MHD_YES || wait_ms > INT32_MAX)
        return INT32_MAX;
    return (int64_t)wait_ms;
}

static int64_t
server_wait_ms(const struct server *server, int64_t max_wait_ms)
{
    int64_t next_ms = timers_next_ms(server->timers);
    int64_t wait_ms = max_wait_ms;

    if (next_ms != INT64_MAX && next_ms - server->clock.mono_ms < wait_ms)
        wait_ms = next_ms - server->clock.mono_ms;
    for (size_t i = 0; i < server->port_count; i++) {
        int64_t port_ms = port_wait_ms(server->ports[i]);

        wait_ms = port_ms < wait_ms ? port_ms : wait_ms;
    }
    return wait_ms < 0 ? 0 : wait_ms;
}

/* Fills ${polled}: first the watched descriptors, then the ports. */
static size_t
list_descriptors(const struct server *server, struct pollfd *polled)
{
    size_t count = 0;

    for (size_t i = 0; i < server->watch_count; i++)
        polled[count++] = (struct pollfd){.fd = server->watched_fds[i], .events = POLLIN};
    for (size_t i = 0; i < server->port_count; i++)
        polled[count++] = (struct pollfd){.fd = server->ports[i]->epoll_fd, .events = POLLIN};
    return count;
}

void
server_turn(struct server *server, int64_t max_wait_ms)
{
    struct pollfd polled[WATCHES_MAX + PORTS_MAX];
    size_t count = list_descriptors(server, polled);
    size_t watch_count = server->watch_count;

    clock_read_system(&server->clock);
    (void)poll(polled, count, (int)server_wait_ms(server, max_wait_ms));
    clock_read_system(&server->clock);
    timers_run(server->timers, server->clock.mono_ms);
    for (size_t i = 0; i < watch_count; i++) {
        if (polled[i].revents != 0)
            server->watches[i].ready(server->watches[i].arg);
    }
    for (size_t i = watch_count; i < count; i++) {
        struct server_port *port = server->ports[i - watch_count];

        if (polled[i].revents == 0 && port_wait_ms(port) > 0)
            continue;
        port->exchange.has_resumed = false;
        MHD_run(port->daemon);
    }
}
