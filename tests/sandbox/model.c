/*
 * One call, from its URL's origin to its answer: which service, which route, whose; then limits,
 * faults and the service's own handler, in this order; then the ledger.
 */
#include "model.h"

#include <stdlib.h>
#include <string.h>

#include "model_private.h"

enum { JSON_DEPTH = 32, BODY_BYTES = 4 << 20, URL_BYTES = 32768 };

static const struct {
    void (*resolve)(struct call *call); /* fills route, environment, application, lane */
    void (*serve)(struct call *call);
    void (*serve_part)(struct call *call);
} services[MODEL_SERVICES] = {
    [MODEL_LOGIN] = {model_login_resolve, model_login_serve, NULL},
    [MODEL_BAP] = {model_bap_resolve, model_bap_serve, NULL},
    [MODEL_GRAPH] = {model_graph_resolve, model_graph_serve, model_graph_serve_part},
    [MODEL_DATAVERSE] = {model_dataverse_resolve, model_dataverse_serve,
                         model_dataverse_serve_part},
};

struct model *
model_create(uint64_t seed)
{
    struct model *model = calloc(1, sizeof(*model));

    if (model == NULL)
        return NULL;
    list_init(&model->pending);
    list_init(&model->faults);
    model_settings_init(&model->settings);
    rng_seed(&model->rng, seed);
    model->token_key = ~seed;
    model->is_keeping = true;
    model->parser = json_parser_create(JSON_DEPTH, BODY_BYTES);
    if (model->parser == NULL) {
        model_destroy(model);
        return NULL;
    }
    return model;
}

static void
free_origins(struct model *model)
{
    struct origin *origin, *next_origin;
    struct token *token, *next_token;

    HASH_ITER (hh, model->origins, origin, next_origin) {
        HASH_DEL(model->origins, origin);
        free(origin->text);
        free(origin);
    }
    HASH_ITER (hh, model->tokens, token, next_token) {
        HASH_DEL(model->tokens, token);
        free(token);
    }
}

void
model_destroy(struct model *model)
{
    if (model == NULL)
        return;
    free_origins(model);
    model_clear_faults(model);
    model_pending_free(model);
    model_environment_free(model);
    model_entra_free(model);
    model_groups_free(model);
    json_parser_destroy(model->parser);
    free(model->entries);
    free(model);
}

bool
model_add_origin(struct model *model, const char *text, enum model_service service,
                 const char *environment)
{
    size_t length = model_url_origin_length(text);
    struct origin *origin;

    HASH_FIND(hh, model->origins, text, length, origin);
    if (length == 0 || text[length] != '\0' || origin != NULL)
        return false;
    origin = calloc(1, sizeof(*origin));
    if (origin == NULL)
        return false;
    origin->service = service;
    if (service == MODEL_DATAVERSE)
        origin->environment = model_environment_find(model, environment);
    if (service != MODEL_DATAVERSE || origin->environment != NULL)
        origin->text = strdup(text);
    if (origin->text != NULL)
        HASH_ADD_KEYPTR(hh, model->origins, origin->text, length, origin);
    if (origin->hh.tbl == NULL) {
        free(origin->text);
        free(origin);
        return false;
    }
    return true;
}

/* --- one call --------------------------------------------------------------------------------- */

static void
carry_out(struct call *call)
{
    if (call->is_part)
        services[call->service].serve_part(call);
    else
        services[call->service].serve(call);
}

void
model_call_run(struct call *call)
{
    const struct fault *fault;

    if (!call->is_part && !model_limits_enter(call))
        return;
    fault = model_faults_take(call);
    if (fault == NULL || fault->set.is_after_effect)
        carry_out(call);
    if (fault != NULL)
        model_faults_apply(fault, call);
}

void
model_call_begin_part(struct call *part, struct call *whole, struct http_response *response)
{
    *response = (struct http_response)HTTP_RESPONSE_EMPTY;
    *part = *whole;
    memset(&part->url, 0, sizeof(part->url));
    memset(&part->target, 0, sizeof(part->target));
    part->is_part = true;
    part->is_failed = false;
    part->extra_ms = 0;
    part->response = response;
    part->entry.route = "other";
    part->entry.is_part = true;
    part->entry.items = 0;
    part->entry.write = MODEL_READ;
    memset(&part->entry.user, 0, sizeof(part->entry.user));
    part->entry.offences = 0;
    part->entry.told_ms = 0;
}

void
model_call_end_part(struct call *part, struct call *whole)
{
    whole->extra_ms += part->extra_ms;
    model_ledger_close(part->model, part->entry_index, &part->entry);
    model_url_free(&part->url);
}

/* Common to all services: what no front end lets through, and the affinity cookie: L-7, L-8. */
static bool
is_acceptable(struct call *call)
{
    size_t length;

    if (http_header(call->headers, "Cookie", &length) != NULL)
        model_ledger_offend(call, MODEL_OFFENCE_COOKIE);
    if (strlen(call->address) > URL_BYTES) {
        model_ledger_offend(call, MODEL_OFFENCE_MALFORMED);
        model_reply_error(call, 414, "", "The request URL is too long.");
        return false;
    }
    if (call->body_length > BODY_BYTES) {
        model_ledger_offend(call, MODEL_OFFENCE_MALFORMED);
        model_reply_error(call, 413, "", "The request is too large.");
        return false;
    }
    return true;
}

static void
answer_known(struct call *call)
{
    call->service = call->origin->service;
    call->environment = call->origin->environment;
    call->entry.service = call->service;
    call->entry.environment = call->environment == NULL ? "" : call->environment->id;
    if (!model_url_parse(&call->url, call->address)) {
        call->entry_index = model_ledger_open(call->model, &call->entry);
        model_reply_malformed(call, "BadRequest", "The request URL is malformed.");
        return;
    }
    services[call->service].resolve(call);
    if (call->application != NULL)
        call->entry.client = call->application->client;
    call->entry_index = model_ledger_open(call->model, &call->entry);
    if (is_acceptable(call))
        model_call_run(call);
}

/* */
static const struct origin *
find_origin(const struct model *model, const char *url)
{
    struct origin *origin;

    HASH_FIND(hh, model->origins, url, model_url_origin_length(url), origin);
    return origin;
}

static int64_t
latency_ms(struct model *model)
{
    const struct model_settings *settings = &model->settings;

    if (settings->latency_high_ms <= 0)
        return 0;
    return rng_between(&model->rng, settings->latency_low_ms, settings->latency_high_ms);
}

void
model_advance(struct model *model, const struct clock *clock)
{
    model->now = *clock;
    model_pending_advance(model);
}

void
model_answer(struct model *model, const struct http_request *request, const struct clock *clock,
             struct http_response *ret_response, int64_t *ret_after_ms)
{
    struct call call = {
        .model = model,
        .method = request->method,
        .address = request->url.data == NULL ? "" : request->url.data,
        .headers = &request->headers,
        .body = request->body.data == NULL ? "" : request->body.data,
        .body_length = request->body.length,
        .response = ret_response,
        .entry = {.wall_ms = clock->wall_ms,
                  .mono_ms = clock->mono_ms,
                  .route = "other",
                  .environment = ""},
    };

    *ret_response = (struct http_response)HTTP_RESPONSE_EMPTY;
    *ret_after_ms = 0;
    model_advance(model, clock);
    call.origin = find_origin(model, call.address);
    model_link_notice(&call);
    if (call.origin == NULL) {
        model_reply_cut(&call, HTTP_NOT_SENT);
        return;
    }
    answer_known(&call);
    *ret_after_ms = latency_ms(model) + call.extra_ms;
    model_limits_leave(&call, *ret_after_ms);
    call.entry.after_ms = *ret_after_ms;
    model_ledger_close(model, call.entry_index, &call.entry);
    model_url_free(&call.url);
}
