/* sandbox_create starts the parts in the order in which they need each other; the end is the reverse. */
#include "sandbox.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "broker.h"
#include "control.h"
#include "error.h"
#include "file.h"
#include "json.h"
#include "lag.h"
#include "model.h"
#include "options.h"
#include "server.h"
#include "state.h"
#include "text.h"
#include "world.h"

enum {
    SERVICE_BODY_BYTES = 4 * 1024 * 1024,
    WORLD_BYTES = 256 * 1024 * 1024,
    WORLD_DEPTH = 32,
    PEM_BYTES = 64 * 1024,
};

struct sandbox {
    const struct options *options;
    struct text tls_key;
    struct text tls_certificate;
    struct server_settings server_settings;
    struct server *server;
    struct model *model;
    struct world *world;
    struct broker *broker;
    struct lag *lag;
    struct control *control;
    struct text control_origin;
    struct text service_origins[MODEL_DATAVERSE];
    struct text opened; /* the latest environment's origin */
    struct state state;
};

/* --- ports ------------------------------------------------------------------------------------ */

/* The handler of all ports but the control API's. */
static void
serve(void *arg, struct exchange *exchange)
{
    struct sandbox *sandbox = arg;
    struct http_response response = HTTP_RESPONSE_EMPTY;
    int64_t after_ms = 0;

    model_answer(sandbox->model, exchange_request(exchange), server_clock(sandbox->server),
                 &response, &after_ms);
    exchange_answer(exchange, &response, after_ms);
}

/* Listens as ${settings} say and prints the origin into ${ret_origin}. */
static int
listen_on(struct sandbox *sandbox, const struct server_port_settings *settings,
          struct text *ret_origin, struct error *ret_error)
{
    struct server_port *port = server_listen(sandbox->server, settings, ret_error);

    if (port == NULL)
        return -1;
    text_clear(ret_origin);
    text_addf(ret_origin, "%s://%s:%u", settings->tls ? "https" : "http", sandbox->options->name,
              server_port_number(port));
    if (ret_origin->failed || !server_port_set_origin(port, ret_origin->data))
        return error_set(ret_error, ERROR_MEMORY, "no memory for a port");
    return 0;
}

/* A port of the service, or of the environment's Dataverse. */
static int
open_service(struct sandbox *sandbox, enum model_service service, const char *environment,
             int64_t port, struct text *ret_origin, struct error *ret_error)
{
    const struct server_port_settings settings = {
        .port = (uint16_t)port,
        .tls = sandbox->options->tls_key != NULL,
        .max_body_bytes = SERVICE_BODY_BYTES,
        .handler = serve,
        .arg = sandbox,
    };

    if (listen_on(sandbox, &settings, ret_origin, ret_error) != 0)
        return -1;
    if (!model_add_origin(sandbox->model, ret_origin->data, service, environment))
        return error_set(ret_error, ERROR_INPUT, "%s is taken", ret_origin->data);
    return 0;
}

static const char *
open_environment(void *arg, const char *environment, uint16_t port, struct error *ret_error)
{
    struct sandbox *sandbox = arg;

    if (open_service(sandbox, MODEL_DATAVERSE, environment, port, &sandbox->opened, ret_error) != 0)
        return NULL;
    return sandbox->opened.data;
}

static int
open_services(struct sandbox *sandbox, struct error *ret_error)
{
    const int64_t ports[MODEL_DATAVERSE] = {
        [MODEL_LOGIN] = sandbox->options->login_port,
        [MODEL_BAP] = sandbox->options->bap_port,
        [MODEL_GRAPH] = sandbox->options->graph_port,
    };

    for (enum model_service service = MODEL_LOGIN; service < MODEL_DATAVERSE; service++) {
        if (open_service(sandbox, service, NULL, ports[service], &sandbox->service_origins[service],
                         ret_error) != 0)
            return -1;
    }
    sandbox->state.login = sandbox->service_origins[MODEL_LOGIN].data;
    sandbox->state.bap = sandbox->service_origins[MODEL_BAP].data;
    sandbox->state.graph = sandbox->service_origins[MODEL_GRAPH].data;
    return 0;
}

/* --- parts, in order -------------------------------------------------------------------------- */

static int
start_server(struct sandbox *sandbox, struct error *ret_error)
{
    const struct options *options = sandbox->options;

    sandbox->server_settings = (struct server_settings){
        .address = options->listen,
        .connections = (unsigned int)options->connections,
    };
    if (options->tls_key != NULL) {
        if (file_read(options->tls_key, PEM_BYTES, &sandbox->tls_key, ret_error) != 0 ||
            file_read(options->tls_certificate, PEM_BYTES, &sandbox->tls_certificate, ret_error) !=
                0)
            return -1;
        sandbox->server_settings.tls_key = sandbox->tls_key.data;
        sandbox->server_settings.tls_certificate = sandbox->tls_certificate.data;
    }
    sandbox->server = server_create(&sandbox->server_settings);
    if (sandbox->server == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for a server");
    return 0;
}

static int
start_world(struct sandbox *sandbox, struct error *ret_error)
{
    sandbox->model = model_create((uint64_t)sandbox->options->seed);
    if (sandbox->model != NULL)
        sandbox->world = world_create(&(struct world_settings){
            .model = sandbox->model,
            .clock = server_clock(sandbox->server),
            .open = open_environment,
            .open_arg = sandbox,
        });
    if (sandbox->world == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for a world");
    sandbox->state.world = sandbox->world;
    return 0;
}

static int
start_kafka(struct sandbox *sandbox, struct error *ret_error)
{
    const struct options *options = sandbox->options;

    if (!options->broker && options->bootstrap == NULL)
        return 0;
    sandbox->broker = broker_create(
        &(struct broker_settings){
            .bootstrap = options->bootstrap,
            .brokers = (int)options->brokers,
            .topic = options->topic,
            .retry = options->retry,
            .partitions = (int)options->partitions,
        },
        sandbox->server, ret_error);
    if (sandbox->broker == NULL)
        return -1;
    sandbox->state.broker = sandbox->broker;
    sandbox->lag = lag_create(sandbox->broker, sandbox->server, ret_error);
    return sandbox->lag == NULL ? -1 : 0;
}

/* Called when environments were added: the file says where each one listens. */
static void
save_state(void *arg)
{
    struct sandbox *sandbox = arg;
    struct error error;

    if (sandbox->options->state != NULL &&
        state_save(&sandbox->state, sandbox->options->state, &error) != 0)
        fprintf(stderr, "dvsync-sandbox: %s\n", error.text);
}

static int
start_control(struct sandbox *sandbox, struct error *ret_error)
{
    struct server_port_settings settings = {
        .port = (uint16_t)sandbox->options->control_port,
        .max_body_bytes = CONTROL_BODY_BYTES,
        .handler = control_handle,
    };

    sandbox->control = control_create(&(struct control_settings){
        .world = sandbox->world,
        .state = &sandbox->state,
        .broker = sandbox->broker,
        .lag = sandbox->lag,
        .changed = save_state,
        .arg = sandbox,
    });
    if (sandbox->control == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for the control API");
    settings.arg = sandbox->control;
    if (listen_on(sandbox, &settings, &sandbox->control_origin, ret_error) != 0)
        return -1;
    sandbox->state.control = sandbox->control_origin.data;
    return 0;
}

/* Adds the world file's things, if one was named. */
static int
load_world(struct sandbox *sandbox, struct error *ret_error)
{
    const char *path = sandbox->options->world;
    struct json_parser *parser = NULL;
    struct text text = TEXT_EMPTY;
    struct json *document = NULL;
    int result = -1;

    if (path == NULL)
        return 0;
    if (file_read(path, WORLD_BYTES, &text, ret_error) != 0)
        goto end;
    error_set(ret_error, ERROR_MEMORY, "no memory");
    parser = json_parser_create(WORLD_DEPTH, WORLD_BYTES);
    if (parser != NULL)
        document = json_parse(parser, text.data, text.length, ret_error);
    if (document != NULL)
        result = world_load(sandbox->world, document, ret_error);
    if (result != 0)
        error_prefix(ret_error, "%s", path);
end:
    json_free(document);
    json_parser_destroy(parser);
    text_free(&text);
    return result;
}

static int
start(struct sandbox *sandbox, struct error *ret_error)
{
    if (start_server(sandbox, ret_error) != 0 || start_world(sandbox, ret_error) != 0 ||
        open_services(sandbox, ret_error) != 0 || start_kafka(sandbox, ret_error) != 0 ||
        load_world(sandbox, ret_error) != 0 || start_control(sandbox, ret_error) != 0)
        return -1;
    if (sandbox->options->state == NULL)
        return 0;
    return state_save(&sandbox->state, sandbox->options->state, ret_error);
}

struct sandbox *
sandbox_create(const struct options *options, struct error *ret_error)
{
    struct sandbox *sandbox = calloc(1, sizeof(*sandbox));

    if (sandbox == NULL) {
        error_set(ret_error, ERROR_MEMORY, "no memory for a sandbox");
        return NULL;
    }
    sandbox->options = options;
    if (start(sandbox, ret_error) == 0)
        return sandbox;
    sandbox_destroy(sandbox);
    return NULL;
}

void
sandbox_destroy(struct sandbox *sandbox)
{
    if (sandbox == NULL)
        return;
    lag_destroy(sandbox->lag);
    broker_destroy(sandbox->broker);
    server_destroy(sandbox->server);
    control_destroy(sandbox->control);
    world_destroy(sandbox->world);
    model_destroy(sandbox->model);
    for (size_t i = 0; i < MODEL_DATAVERSE; i++)
        text_free(&sandbox->service_origins[i]);
    text_free(&sandbox->control_origin);
    text_free(&sandbox->opened);
    text_free(&sandbox->tls_key);
    text_free(&sandbox->tls_certificate);
    free(sandbox);
}

struct server *
sandbox_server(struct sandbox *sandbox)
{
    return sandbox->server;
}

void
sandbox_describe(const struct sandbox *sandbox, struct text *text)
{
    state_write(&sandbox->state, text);
}
