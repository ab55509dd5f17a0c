/*
 * What is in flight is a struct flight, hung on the call; it ends with the answer or the
 * cancelling.
 */
#include "wire.h"

#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "clock.h"
#include "error.h"
#include "http_client.h"
#include "json.h"
#include "log.h"
#include "services.h"
#include "settings.h"

/* Answers of the services are flat: the deepest, a batch of rows with their roles, has 8 levels. */
enum { ANSWER_DEPTH = 16 };

struct wire {
    const struct clock *clock;
    struct log *log;
    struct wire_listener listener;
    struct http_client *client;
    struct services_settings services_settings;
    struct services services;
};

struct flight {
    struct wire *wire;
    struct call *call;
    struct http_call *http;
    const char *route; /* a constant */
};

static struct http_client *
create_client(const struct settings *settings, struct error *ret_error)
{
    const struct http_client_settings http = {
        .connect_timeout_ms = settings->connect_timeout_ms,
        .timeout_ms = settings->request_timeout_ms,
        .max_response_bytes = (size_t)settings->max_response_bytes,
        .max_connection_s = settings->max_connection_ms / 1000,
        .user_agent = "dvsync/" DVSYNC_VERSION,
        .ca_file = settings->ca_file,
        .proxy = settings->proxy,
    };

    return http_client_create(&http, ret_error);
}

struct wire *
wire_create(const struct settings *settings, const struct clock *clock, struct log *log,
            struct error *ret_error)
{
    struct wire *wire = calloc(1, sizeof(*wire));

    if (wire == NULL) {
        error_set(ret_error, ERROR_MEMORY, "no memory for the HTTP client");
        return NULL;
    }
    wire->clock = clock;
    wire->log = log;
    wire->services_settings = (struct services_settings){
        .login_url = settings->login_url,
        .bap_url = settings->bap_url,
        .graph_url = settings->graph_url,
        .bap_api_version = settings->bap_api_version,
        .refusals = (const char *const *)settings->refusals,
        .max_response_bytes = (size_t)settings->max_response_bytes,
        .timeout_ms = settings->request_timeout_ms,
    };
    wire->services.settings = &wire->services_settings;
    wire->services.parser = json_parser_create(ANSWER_DEPTH, (size_t)settings->max_response_bytes);
    if (wire->services.parser == NULL)
        error_set(ret_error, ERROR_MEMORY, "no memory for the parser of answers");
    else
        wire->client = create_client(settings, ret_error);
    if (wire->client != NULL)
        return wire;
    wire_destroy(wire);
    return NULL;
}

void
wire_destroy(struct wire *wire)
{
    if (wire == NULL)
        return;
    http_client_destroy(wire->client);
    json_parser_destroy(wire->services.parser);
    free(wire);
}

void
wire_bind(struct wire *wire, const struct wire_listener *listener)
{
    wire->listener = *listener;
}

struct http_client *
wire_client(struct wire *wire)
{
    return wire->client;
}

/* --- back ------------------------------------------------------------------------------------ */

static void
answered(void *arg, struct http_response *response)
{
    struct flight *flight = arg;
    struct wire *wire = flight->wire;
    const struct wire_listener *listener = &wire->listener;
    struct call *call = flight->call;

    listener->seen(listener->context, call, flight->route, response);
    services_read(&wire->services, call, response, wire->clock->wall_ms);
    call->wire = NULL;
    free(flight);
    listener->answered(listener->context, call);
}

/* --- out ------------------------------------------------------------------------------------- */

/* Builds the request; the secret is read at each call, so that a rotation needs no restart. */
static int
build(struct wire *wire, const struct call *call, const char *token,
      struct http_request *ret_request, struct error *ret_error)
{
    char *secret;
    int result;

    if (call->kind != CALL_TOKEN)
        return services_build(&wire->services, call, token, ret_request, ret_error);
    if (settings_read_secret(call->identity, &secret, ret_error) != 0)
        return -1;
    result = services_build(&wire->services, call, secret, ret_request, ret_error);
    explicit_bzero(secret, strlen(secret));
    free(secret);
    return result;
}

static int
start(struct wire *wire, struct call *call, const char *token, struct error *ret_error)
{
    struct http_request request = HTTP_REQUEST_EMPTY;
    struct flight *flight = calloc(1, sizeof(*flight));
    int result = -1;

    if (flight == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for a request");
    if (build(wire, call, token, &request, ret_error) == 0) {
        *flight = (struct flight){.wire = wire, .call = call, .route = request.route};
        flight->http = http_client_start(wire->client, &request, answered, flight, ret_error);
        result = flight->http == NULL ? -1 : 0;
    }
    if (call->kind == CALL_TOKEN && request.body.data != NULL)
        explicit_bzero(request.body.data, request.body.length);
    http_request_free(&request);
    if (result == 0)
        call->wire = flight;
    else
        free(flight);
    return result;
}

bool
wire_send(struct wire *wire, struct call *call, const char *token)
{
    struct error error;

    if (start(wire, call, token, &error) == 0)
        return true;
    if (call->kind == CALL_TOKEN && error.class != ERROR_MEMORY) {
        call->verdict = VERDICT_MISCONFIGURED;
        call->reason = "no_secret";
        call->error = error;
        return false;
    }
    log_error(wire->log, LOG_ERROR, "a request could not be made, it will be tried again", &error,
              (const struct log_field[]){
                  log_string("step", call_kind_name(call->kind)),
                  log_string("environment", call->environment ? call->environment->name : NULL),
                  log_string("identity", call->identity ? call->identity->name : NULL),
              },
              3);
    return false;
}

void
wire_cancel(struct wire *wire, struct call *call)
{
    struct flight *flight = call->wire;

    if (flight == NULL)
        return;
    http_client_cancel(wire->client, flight->http);
    call->wire = NULL;
    free(flight);
}
