/* Finds the route of a request, parses its body, and turns errors into answers. */
#include "control.h"

#include <stdlib.h>
#include <string.h>

#include "control_private.h"
#include "exchange.h"
#include "json_writer.h"
#include "world.h"

enum { MAX_DEPTH = 32 };

static const struct control_route *const tables[] = {
    control_model_routes,
    control_kafka_routes,
};

static const struct {
    enum error_class class;
    int status;
} statuses[] = {
    {ERROR_INPUT, 400},  {ERROR_CONFIG, 409}, {ERROR_LIMIT, 400},
    {ERROR_MEMORY, 503}, {ERROR_SYSTEM, 503}, {ERROR_KAFKA, 502},
};

struct control *
control_create(const struct control_settings *settings)
{
    struct control *control = calloc(1, sizeof(*control));

    if (control == NULL)
        return NULL;
    control->settings = *settings;
    control->parser = json_parser_create(MAX_DEPTH, CONTROL_BODY_BYTES);
    if (control->parser == NULL) {
        free(control);
        return NULL;
    }
    return control;
}

void
control_destroy(struct control *control)
{
    if (control == NULL)
        return;
    json_parser_destroy(control->parser);
    free(control);
}

/* --- answers ---------------------------------------------------------------------------------- */

void
control_content_type(struct http_response *response, const char *type)
{
    text_clear(&response->headers);
    text_addf(&response->headers, "Content-Type: %s\n", type);
}

static int status_of(enum error_class class)
{
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        if (statuses[i].class == class)
            return statuses[i].status;
    }
    return 500;
}

void
control_refuse(const struct error *error, int status, struct http_response *response)
{
    struct json_writer writer;

    text_clear(&response->body);
    json_writer_init(&writer, &response->body);
    json_write_object(&writer, NULL);
    json_write_object(&writer, "error");
    json_write_string(&writer, "class", error_class_name(error->class));
    json_write_string(&writer, "code", error->code);
    json_write_string(&writer, "text", error->text);
    json_write_object_end(&writer);
    json_write_object_end(&writer);
    text_add_char(&response->body, '\n');
    control_content_type(response, "application/json");
    response->status = status != 0 ? status : status_of(error->class);
}

/* --- routes ----------------------------------------------------------------------------------- */

const struct control_route *
control_route_at(size_t index)
{
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        for (const struct control_route *route = tables[i]; route->path != NULL; route++) {
            if (index-- == 0)
                return route;
        }
    }
    return NULL;
}

/* True when the ${count} ${segments} are those of ${path}. */
static bool
path_matches(const char *path, const char *const *segments, size_t count)
{
    size_t i = 0;

    while (*path == '/')
        path++;
    for (; *path != '\0' && i < count; i++) {
        size_t length = strcspn(path, "/");
        bool is_any = length == 1 && *path == '*';

        if (!is_any && (strlen(segments[i]) != length || strncmp(segments[i], path, length) != 0))
            return false;
        path += length;
        path += strspn(path, "/");
    }
    return *path == '\0' && i == count;
}

static const struct control_route *
find_route(const struct control_call *call)
{
    const struct control_route *route;

    for (size_t i = 0; (route = control_route_at(i)) != NULL; i++) {
        if (route->method == call->request->method &&
            path_matches(route->path, call->locator.segments, call->locator.segment_count))
            return route;
    }
    return NULL;
}

static bool
is_collection(const struct control_call *call)
{
    const struct world_collection *collection;

    if (call->request->method != HTTP_POST || call->locator.segment_count != 1)
        return false;
    for (size_t i = 0; (collection = world_collection_at(i)) != NULL; i++) {
        if (strcmp(collection->name, call->locator.segments[0]) == 0)
            return true;
    }
    return false;
}

static int
add_things(struct control_call *call)
{
    const struct control_settings *settings = &call->control->settings;
    const char *name = call->locator.segments[0];
    size_t count;

    if (world_add(settings->world, name, call->body, &count, &call->error) != 0)
        return -1;
    text_addf(&call->response.body, "{\"added\":%zu}\n", count);
    if (strcmp(name, "environments") == 0 && settings->changed != NULL)
        settings->changed(settings->arg);
    return 0;
}

/* --- a call ----------------------------------------------------------------------------------- */

/* The path and query of an absolute or relative URL. */
static const char *
target_of(const struct http_request *request)
{
    const char *url = request->url.data == NULL ? "/" : request->url.data;
    const char *host = strstr(url, "://");
    const char *target = host == NULL ? url : strchr(host + 3, '/');

    return target == NULL ? "/" : target;
}

static int
read_body(struct control_call *call)
{
    const struct text *body = &call->request->body;

    if (body->length == 0)
        return 0;
    call->body = json_parse(call->control->parser, body->data, body->length, &call->error);
    return call->body == NULL ? error_prefix(&call->error, "body") : 0;
}

/* Runs the call's route; the status for an error, 0: by its class. */
static int
run(struct control_call *call, int *ret_status)
{
    static const char *const no_options[] = {NULL};
    const struct control_route *route;

    *ret_status = 0;
    if (locator_parse(target_of(call->request), &call->locator, &call->error) != 0 ||
        read_body(call) != 0)
        return -1;
    route = find_route(call);
    if (route == NULL && is_collection(call))
        return add_things(call);
    if (route == NULL) {
        *ret_status = 404;
        return error_set(&call->error, ERROR_INPUT, "no such route; GET / lists them");
    }
    if (locator_only(&call->locator, route->options == NULL ? no_options : route->options,
                     &call->error) != 0)
        return -1;
    return route->answer(call);
}

bool
control_answer(struct control *control, const struct http_request *request,
               struct exchange *exchange, struct http_response *ret_response)
{
    struct control_call call = {
        .control = control,
        .request = request,
        .exchange = exchange,
        .response = HTTP_RESPONSE_EMPTY,
    };
    int status;

    call.response.status = 200;
    control_content_type(&call.response, "application/json");
    if (run(&call, &status) != 0)
        control_refuse(&call.error, status, &call.response);
    locator_free(&call.locator);
    json_free(call.body);
    if (!call.is_deferred)
        *ret_response = call.response;
    else
        http_response_free(&call.response);
    return !call.is_deferred;
}

void
control_handle(void *arg, struct exchange *exchange)
{
    struct http_response response;

    if (control_answer(arg, exchange_request(exchange), exchange, &response))
        exchange_answer(exchange, &response, 0);
}
