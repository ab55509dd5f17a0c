/*
 * libmicrohttpd with epoll and no thread of its own: its epoll descriptor is one more that the loop
 * waits on, and everything happens inside admin_run.
 *
 * It calls on_request once a request's headers are there, and again when its body has come. What is
 * refused is refused at the first call, which makes the library close the connection without reading
 * the body. MHD_NO would do so without an answer, so it is never given while there is one to give.
 */
#include "admin.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

#include "admin_listen.h"
#include "error.h"

enum {
    MAX_CONNECTIONS = 64,
    MAX_CONNECTIONS_OF_ADDRESS = 16,
    IDLE_S = 2, /* longer, and a few half-sent requests would keep the probes out */
    MAX_CONNECTION_BYTES = 16 * 1024,
};

#define PLAIN_TEXT "text/plain; charset=utf-8"

struct admin {
    struct MHD_Daemon *daemon;
    const struct admin_route *routes;
    void *context;
    struct MHD_Response *no_memory; /* made beforehand */
    int fd;
    int port;
};

const char *
admin_library_version(void)
{
    return MHD_get_version();
}

/* --- answers ---------------------------------------------------------------------------------- */

/* Takes ${answer}'s body. NULL: no memory. */
static struct MHD_Response *
make_response(struct admin_answer *answer)
{
    struct MHD_Response *response;
    size_t length;
    char *body = text_take(&answer->body, &length);

    if (body == NULL)
        return NULL;
    response = MHD_create_response_from_buffer(length, body, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        free(body);
        return NULL;
    }
    if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type) !=
            MHD_YES ||
        MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") != MHD_YES) {
        MHD_destroy_response(response);
        return NULL;
    }
    return response;
}

/* ${allow}: a value for that header; NULL: none. */
static enum MHD_Result
send_answer(struct admin *admin, struct MHD_Connection *connection, struct admin_answer *answer,
            const char *allow)
{
    struct MHD_Response *response = make_response(answer);
    enum MHD_Result result;

    if (response == NULL)
        return MHD_queue_response(connection, MHD_HTTP_SERVICE_UNAVAILABLE, admin->no_memory);
    if (allow != NULL)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow);
    result = MHD_queue_response(connection, (unsigned)answer->status, response);
    MHD_destroy_response(response); /* our hold on it: it is kept until it is sent */
    return result;
}

static enum MHD_Result
refuse(struct admin *admin, struct MHD_Connection *connection, int status, const char *text)
{
    struct admin_answer answer = {status, PLAIN_TEXT, TEXT_EMPTY};

    text_addf(&answer.body, "%s\n", text);
    return send_answer(admin, connection, &answer,
                       status == MHD_HTTP_METHOD_NOT_ALLOWED ? "GET, HEAD" : NULL);
}

static void
list_paths(const struct admin *admin, struct admin_answer *answer)
{
    answer->status = MHD_HTTP_NOT_FOUND;
    text_add(&answer->body, "No such path. There are:\n");
    for (const struct admin_route *route = admin->routes; route->path != NULL; route++)
        text_addf(&answer->body, "  %-12s %s\n", route->path, route->help);
}

static enum MHD_Result
serve(struct admin *admin, struct MHD_Connection *connection, const char *path)
{
    struct admin_answer answer = {MHD_HTTP_OK, PLAIN_TEXT, TEXT_EMPTY};
    const struct admin_route *route = admin->routes;

    while (route->path != NULL && strcmp(route->path, path) != 0)
        route++;
    if (route->path == NULL)
        list_paths(admin, &answer);
    else
        route->answer(admin->context, &answer);
    return send_answer(admin, connection, &answer, NULL);
}

/* --- requests --------------------------------------------------------------------------------- */

static bool
has_body(struct MHD_Connection *connection)
{
    const char *length =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    const char *coding =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_TRANSFER_ENCODING);

    return coding != NULL || (length != NULL && strcmp(length, "0") != 0);
}

/* The parameters are the library's to choose. */
static enum MHD_Result
on_request(void *arg, struct MHD_Connection *connection, const char *path, const char *method,
           const char *version, const char *body, size_t *body_bytes, void **request)
{
    static char seen; /* its address marks a request whose headers were looked at */
    struct admin *admin = arg;

    (void)version;
    (void)body;
    *body_bytes = 0; /* were there any, they would be taken and dropped */
    if (*request == &seen)
        return serve(admin, connection, path);
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return refuse(admin, connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                      "Only GET and HEAD are answered here.");
    if (has_body(connection))
        return refuse(admin, connection, MHD_HTTP_BAD_REQUEST, "No request has a body here.");
    *request = &seen;
    return MHD_YES;
}

/* --- life ------------------------------------------------------------------------------------- */

static int
start_daemon(struct admin *admin, int listener)
{
    static char text[] = "No memory.\n";
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_LISTEN_SOCKET, listener, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, MAX_CONNECTIONS, NULL},
        {MHD_OPTION_PER_IP_CONNECTION_LIMIT, MAX_CONNECTIONS_OF_ADDRESS, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, MAX_CONNECTION_BYTES, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    const union MHD_DaemonInfo *info;

    admin->no_memory = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_PERSISTENT);
    if (admin->no_memory == NULL)
        return -1;
    admin->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, admin,
                                     MHD_OPTION_ARRAY, options, MHD_OPTION_END);
    if (admin->daemon == NULL)
        return -1;
    info = MHD_get_daemon_info(admin->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL)
        return -1;
    admin->fd = info->epoll_fd;
    return 0;
}

struct admin *
admin_create(const char *address, const struct admin_route *routes, void *context,
             struct error *ret_error)
{
    int listener = admin_listen(address, ret_error);
    struct admin *admin;

    if (listener < 0)
        return NULL;
    admin = calloc(1, sizeof(*admin));
    if (admin != NULL) {
        admin->routes = routes;
        admin->context = context;
        admin->port = admin_listen_port(listener);
    }
    /* when it fails the library has closed the socket, or not: it is left to the program's end */
    if (admin == NULL || start_daemon(admin, listener) != 0) {
        error_set(ret_error, ERROR_MEMORY, "no memory for the admin endpoint");
        admin_destroy(admin);
        return NULL;
    }
    return admin;
}

void
admin_destroy(struct admin *admin)
{
    if (admin == NULL)
        return;
    if (admin->daemon != NULL)
        MHD_stop_daemon(admin->daemon);
    if (admin->no_memory != NULL)
        MHD_destroy_response(admin->no_memory);
    free(admin);
}

int
admin_fd(const struct admin *admin)
{
    return admin->fd;
}

int
admin_port(const struct admin *admin)
{
    return admin->port;
}

/* --- the loop --------------------------------------------------------------------------------- */

int64_t
admin_wait_ms(const struct admin *admin)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;

    if (MHD_get_timeout(admin->daemon, &wait_ms) != MHD_YES)
        return -1;
    return wait_ms > INT64_MAX ? INT64_MAX : (int64_t)wait_ms;
}

void
admin_run(struct admin *admin)
{
    (void)MHD_run(admin->daemon);
}
