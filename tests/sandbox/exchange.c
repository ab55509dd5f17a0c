/*
 * An exchange goes through the states below in order. libmicrohttpd calls its access handler once when
 * the headers are in, again for each piece of the body, and again when all is there; a connection
 * whose answer is not there yet is suspended, and resuming it brings the handler one last call, in
 * which the answer is queued.
 */
#include "exchange.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "exchange_mhd.h"

enum { SILENCE_MS = 5 * 60 * 1000, OVERSIZED_BLOCK_BYTES = 64 * 1024, HALF_BYTES = 64 };

enum state {
    RECEIVING, /* headers and body come in */
    HANDED,    /* the handler has it and has not answered */
    DELAYED,   /* answered, and held back by the timer */
    READY,     /* to be queued at the next call */
    QUEUED,    /* on its way out */
};

struct exchange {
    struct exchange_port *port;
    struct MHD_Connection *connection;
    struct http_request request;
    struct http_response response;
    enum state state;
    bool is_new; /* its headers were not read yet */
    bool is_too_large;
    bool is_suspended;
    bool is_abandoned;
    struct timer timer;
    struct link link; /* in port->held while suspended */
};

static const struct {
    const char *name;
    enum http_method method;
} methods[] = {
    {"GET", HTTP_GET}, {"POST", HTTP_POST},     {"PATCH", HTTP_PATCH},
    {"PUT", HTTP_PUT}, {"DELETE", HTTP_DELETE},
};

/* --- how an answer gets onto the wire --------------------------------------------------------- */

/* Half of HALF_BYTES, and then an error, which closes the connection. */
static ssize_t
read_half(void *arg, uint64_t position, char *buffer, size_t size)
{
    (void)arg;
    if (position >= HALF_BYTES / 2)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (size > HALF_BYTES / 2)
        size = HALF_BYTES / 2;
    memset(buffer, ' ', size);
    return (ssize_t)size;
}

static ssize_t
read_endless(void *arg, uint64_t position, char *buffer, size_t size)
{
    (void)arg;
    (void)position;
    memset(buffer, ' ', size);
    return (ssize_t)size;
}

static struct MHD_Response *
make_cut(enum http_transport transport)
{
    if (transport == HTTP_UNKNOWN)
        return MHD_create_response_from_callback(HALF_BYTES, HALF_BYTES, read_half, NULL, NULL);
    if (transport == HTTP_TOO_LARGE)
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, OVERSIZED_BLOCK_BYTES,
                                                 read_endless, NULL, NULL);
    return NULL;
}

/* Adds the complete lines of ${headers}, which are taken apart in place. */
static void
add_headers(struct MHD_Response *wire, struct text *headers)
{
    char *rest = headers->data;
    char *line;

    while (rest != NULL && (line = strsep(&rest, "\n")) != NULL) {
        char *value = strchr(line, ':');

        if (value == NULL)
            continue;
        *value++ = '\0';
        value += strspn(value, " \t");
        (void)MHD_add_response_header(wire, line, value);
    }
}

static struct MHD_Response *
make_whole(struct http_response *response)
{
    size_t length = 0;
    char *body = text_take(&response->body, &length);
    struct MHD_Response *wire =
        body != NULL ? MHD_create_response_from_buffer(length, body, MHD_RESPMEM_MUST_FREE)
                     : MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);

    if (wire == NULL) {
        free(body);
        return NULL;
    }
    add_headers(wire, &response->headers);
    return wire;
}

/* Queues the answer; anything but MHD_YES closes the connection. */
static enum MHD_Result
queue_answer(struct exchange *exchange)
{
    struct http_response *response = &exchange->response;
    bool is_cut = response->status == 0;
    struct MHD_Response *wire = is_cut ? make_cut(response->transport) : make_whole(response);
    enum MHD_Result result;

    exchange->state = QUEUED;
    if (wire == NULL)
        return MHD_NO;
    result = MHD_queue_response(exchange->connection,
                                is_cut ? MHD_HTTP_OK : (unsigned int)response->status, wire);
    MHD_destroy_response(wire);
    return result;
}

/* --- holding back ----------------------------------------------------------------------------- */

static void
suspend(struct exchange *exchange)
{
    MHD_suspend_connection(exchange->connection);
    exchange->is_suspended = true;
    list_add_last(&exchange->port->held, &exchange->link);
}

static void
resume(struct exchange *exchange)
{
    if (!exchange->is_suspended)
        return;
    exchange->is_suspended = false;
    exchange->port->has_resumed = true;
    list_remove(&exchange->link);
    MHD_resume_connection(exchange->connection);
}

static void
release(struct timer *timer, void *arg)
{
    struct exchange *exchange = arg;

    (void)timer;
    exchange->state = READY;
    resume(exchange);
}

const struct http_request *
exchange_request(const struct exchange *exchange)
{
    return &exchange->request;
}

void
exchange_answer(struct exchange *exchange, struct http_response *response, int64_t after_ms)
{
    struct exchange_port *port = exchange->port;

    exchange->response = *response;
    *response = (struct http_response)HTTP_RESPONSE_EMPTY;
    if (exchange->response.status == 0 && exchange->response.transport == HTTP_CANCELLED)
        after_ms = SILENCE_MS;
    exchange->state = DELAYED;
    if (after_ms <= 0 ||
        timer_set(port->timers, &exchange->timer, port->clock->mono_ms + after_ms) != 0)
        release(&exchange->timer, exchange);
}

void
exchange_mhd_abandon_all(struct exchange_port *port)
{
    list_for_each(link, following, &port->held)
    {
        struct exchange *exchange = list_entry(link, struct exchange, link);

        exchange->is_abandoned = true;
        resume(exchange);
    }
}

/* --- the request comes in --------------------------------------------------------------------- */

void *
exchange_mhd_begin(void *port, const char *target, struct MHD_Connection *connection)
{
    struct exchange *exchange = calloc(1, sizeof(*exchange));

    if (exchange == NULL)
        return NULL;
    exchange->port = port;
    exchange->connection = connection;
    exchange->request = (struct http_request)HTTP_REQUEST_EMPTY;
    exchange->response = (struct http_response)HTTP_RESPONSE_EMPTY;
    exchange->is_new = true;
    timer_init(&exchange->timer, release, exchange);
    list_init(&exchange->link);
    text_add(&exchange->request.url, exchange->port->origin.data);
    text_add(&exchange->request.url, target);
    return exchange;
}

static enum MHD_Result
add_header(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct http_request *request = arg;

    (void)kind;
    http_request_header(request, name, value == NULL ? "" : value);
    return MHD_YES;
}

/* False: a method that no service here knows. */
static bool
read_method(const char *name, enum http_method *ret_method)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strcmp(name, methods[i].name) != 0)
            continue;
        *ret_method = methods[i].method;
        return true;
    }
    return false;
}

static void
receive(struct exchange *exchange, const char *data, size_t length)
{
    struct text *body = &exchange->request.body;

    if (body->length + length > exchange->port->max_body_bytes)
        exchange->is_too_large = true;
    if (!exchange->is_too_large)
        text_add_bytes(body, data, length);
}

/* Answers what is not to reach the handler; false when there is no such reason. */
static bool
refuse(struct exchange *exchange, const char *method)
{
    struct http_response response = HTTP_RESPONSE_EMPTY;

    if (!read_method(method, &exchange->request.method))
        response.status = MHD_HTTP_METHOD_NOT_ALLOWED;
    else if (exchange->is_too_large)
        response.status = MHD_HTTP_CONTENT_TOO_LARGE;
    else if (http_request_failed(&exchange->request))
        response.status = MHD_HTTP_SERVICE_UNAVAILABLE;
    else
        return false;
    exchange_answer(exchange, &response, 0);
    return true;
}

/* The request is whole: hands it over, and suspends the connection unless it was answered at once. */
static enum MHD_Result
hand_over(struct exchange *exchange, const char *method)
{
    struct exchange_port *port = exchange->port;

    exchange->state = HANDED;
    if (!refuse(exchange, method)) {
        clock_read_system(port->clock);
        port->handler(port->arg, exchange);
    }
    if (exchange->state == READY)
        return queue_answer(exchange);
    suspend(exchange);
    return MHD_YES;
}

enum MHD_Result
exchange_mhd_go_on(void *port, struct MHD_Connection *connection, const char *url,
                   const char *method, const char *version, const char *data, size_t *length,
                   void **arg)
{
    struct exchange *exchange = *arg;

    (void)port;
    (void)url;
    (void)version;
    if (exchange == NULL || exchange->is_abandoned)
        return MHD_NO;
    if (exchange->is_new) {
        exchange->is_new = false;
        MHD_get_connection_values(connection, MHD_HEADER_KIND, add_header, &exchange->request);
        return MHD_YES;
    }
    if (*length > 0) {
        receive(exchange, data, *length);
        *length = 0;
        return MHD_YES;
    }
    if (exchange->state == RECEIVING)
        return hand_over(exchange, method);
    return exchange->state == READY ? queue_answer(exchange) : MHD_YES;
}

void
exchange_mhd_end(void *port, struct MHD_Connection *connection, void **arg,
                 enum MHD_RequestTerminationCode code)
{
    struct exchange *exchange = *arg;

    (void)port;
    (void)connection;
    (void)code;
    if (exchange == NULL)
        return;
    timer_cancel(exchange->port->timers, &exchange->timer);
    list_remove(&exchange->link);
    http_request_free(&exchange->request);
    http_response_free(&exchange->response);
    free(exchange);
    *arg = NULL;
}
