/* The token endpoint, and whose token an API's call carries. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "model_private.h"
#include "timestamp.h"

enum { PATH_TAIL = sizeof("/oauth2/v2.0/token") - 1, TOKENS_KEPT = 4096 };

/* Resources by their public names: T-4. */
static const struct {
    const char *resource;
    enum model_service service;
} official[] = {
    {"https://service.powerapps.com", MODEL_BAP},
    {"https://graph.microsoft.com", MODEL_GRAPH},
};

/* The fields of the form, and what the scope asks for. */
struct form {
    struct url fields; /* an urlencoded form reads as a query does */
    struct guid tenant;
    char *resource; /* of the scope, without "/.default" */
};

/* --- answers: T-3 ----------------------------------------------------------------------------- */

static void
refuse(struct call *call, int status, const char *error, int number, const char *text)
{
    struct guid id = model_random_guid(&call->model->rng);
    char instant[TIMESTAMP_TEXT_BYTES];
    char id_text[GUID_TEXT_BYTES];
    char description[256];
    struct json_writer writer;

    guid_format(&id, id_text);
    timestamp_format(call->model->now.wall_ms, instant);
    snprintf(description, sizeof(description), "AADSTS%d: %s Trace ID: %s Timestamp: %s", number,
             text, id_text, instant);
    model_reply_json(call, status);
    json_writer_init(&writer, &call->response->body);
    json_write_object(&writer, NULL);
    json_write_string(&writer, "error", error);
    json_write_string(&writer, "error_description", description);
    json_write_array(&writer, "error_codes");
    json_write_integer(&writer, NULL, number);
    json_write_array_end(&writer);
    json_write_string(&writer, "timestamp", instant);
    json_write_string(&writer, "trace_id", id_text);
    json_write_string(&writer, "correlation_id", id_text);
    json_write_object_end(&writer);
}

static void
drop_token(struct model *model, struct token *token)
{
    HASH_DEL(model->tokens, token);
    free(token);
}

/* Expired ones go, and above a bound the oldest. */
static void
drop_old_tokens(struct model *model)
{
    struct token *token, *next;

    HASH_ITER (hh, model->tokens, token, next) {
        if (token->expires_at_ms > model->now.mono_ms && HASH_COUNT(model->tokens) < TOKENS_KEPT)
            break;
        drop_token(model, token);
    }
}

static struct token *
make_token(struct call *call, const struct origin *audience)
{
    struct model *model = call->model;
    struct token *token = calloc(1, sizeof(*token));
    struct guid id = model_random_guid(&model->rng);
    char text[GUID_TEXT_BYTES];

    if (token == NULL)
        return NULL;
    drop_old_tokens(model);
    snprintf(token->text, sizeof(token->text), "token-%s", guid_format(&id, text));
    token->application = call->application;
    token->service = audience->service;
    token->environment = audience->environment;
    token->expires_at_ms = model->now.mono_ms + model->settings.token_life_ms;
    HASH_ADD_STR(model->tokens, text, token);
    if (token->hh.tbl == NULL) {
        free(token);
        return NULL;
    }
    return token;
}

static void
grant(struct call *call, const struct origin *audience)
{
    const struct token *token = make_token(call, audience);
    int64_t life_s = call->model->settings.token_life_ms / 1000;
    struct json_writer writer;

    if (token == NULL) {
        refuse(call, 503, "temporarily_unavailable", 90033, "A transient error has occurred.");
        return;
    }
    call->entry.write = MODEL_READ;
    model_reply_json(call, 200);
    json_writer_init(&writer, &call->response->body);
    json_write_object(&writer, NULL);
    json_write_string(&writer, "token_type", "Bearer");
    json_write_integer(&writer, "expires_in", life_s);
    json_write_integer(&writer, "ext_expires_in", life_s);
    json_write_string(&writer, "access_token", token->text);
    json_write_object_end(&writer);
}

/* --- reading the request ---------------------------------------------------------------------- */

static const char *
field(const struct form *form, const char *name)
{
    const struct option *option = model_url_option(&form->fields, name);

    return option == NULL ? "" : option->value;
}

/* "<resource>/.default" once, beside the OpenID scopes, which ask for no resource: T-2. */
static bool
read_scope(struct form *form)
{
    static const char *const no_resources[] = {"openid", "offline_access", "profile"};
    static const char tail[] = "/.default";
    const char *word = field(form, "scope");

    for (; *word != '\0'; word += strspn(word, " ")) {
        size_t length = strcspn(word, " ");
        bool is_plain = false;

        for (size_t i = 0; i < sizeof(no_resources) / sizeof(no_resources[0]); i++)
            is_plain |=
                strlen(no_resources[i]) == length && strncmp(no_resources[i], word, length) == 0;
        if (!is_plain && (form->resource != NULL || length <= sizeof(tail) - 1 ||
                          strncmp(word + length - (sizeof(tail) - 1), tail, sizeof(tail) - 1) != 0))
            return false;
        if (!is_plain && (form->resource = strndup(word, length - (sizeof(tail) - 1))) == NULL)
            return false;
        word += length;
    }
    return form->resource != NULL;
}

/* The service (and organisation) that a resource names: T-4. */
static bool
find_audience(const struct model *model, const char *resource, struct origin *ret_audience)
{
    size_t length = strlen(resource);
    struct origin *origin;

    while (length > 0 && resource[length - 1] == '/')
        length--;
    for (size_t i = 0; i < sizeof(official) / sizeof(official[0]); i++) {
        if (strlen(official[i].resource) != length ||
            strncasecmp(official[i].resource, resource, length) != 0)
            continue;
        *ret_audience = (struct origin){.service = official[i].service};
        return true;
    }
    HASH_FIND(hh, model->origins, resource, length, origin);
    if (origin == NULL || origin->service == MODEL_LOGIN)
        return false;
    *ret_audience = *origin;
    return true;
}

static bool
is_known_tenant(const struct model *model, const struct guid *tenant)
{
    const struct application *application, *next;

    HASH_ITER (hh, model->applications, application, next)
        if (guid_equal(&application->tenant, tenant))
            return true;
    return false;
}

/* Each check once, in the service's order: T-3. */
static void
serve_form(struct call *call, struct form *form)
{
    struct origin audience;

    if (!is_known_tenant(call->model, &form->tenant))
        refuse(call, 400, "invalid_request", 90002, "Tenant not found.");
    else if (*field(form, "client_id") == '\0' || *field(form, "grant_type") == '\0')
        refuse(call, 400, "invalid_request", 900144, "The request body lacks a parameter.");
    else if (strcmp(field(form, "grant_type"), "client_credentials") != 0)
        refuse(call, 400, "unsupported_grant_type", 70003, "The grant type is not supported.");
    else if (call->application == NULL || !guid_equal(&call->application->tenant, &form->tenant))
        refuse(call, 400, "unauthorized_client", 700016, "Application not found in the directory.");
    else if (*field(form, "client_secret") == '\0')
        refuse(call, 401, "invalid_client", 7000218, "The request body lacks a client secret.");
    else if (strcmp(field(form, "client_secret"), call->application->secret) != 0)
        refuse(call, 401, "invalid_client", 7000215, "Invalid client secret provided.");
    else if (!read_scope(form))
        refuse(call, 400, "invalid_scope", 70011, "The provided value for scope is not valid.");
    else if (!find_audience(call->model, form->resource, &audience))
        refuse(call, 400, "invalid_resource", 500011, "The resource principal was not found.");
    else
        grant(call, &audience);
}

static bool
is_form(const struct call *call)
{
    static const char type[] = "application/x-www-form-urlencoded";
    size_t length;
    const char *value = http_header(call->headers, "Content-Type", &length);

    return value != NULL && length >= sizeof(type) - 1 &&
           strncasecmp(value, type, sizeof(type) - 1) == 0;
}

static bool
parse_form(struct call *call, struct form *form)
{
    struct text query = TEXT_EMPTY;
    bool is_parsed;

    memset(form, 0, sizeof(*form));
    if (!is_form(call))
        return false;
    text_add_char(&query, '?');
    text_add_bytes(&query, call->body, call->body_length);
    is_parsed = !query.failed && strlen(query.data) == query.length &&
                model_url_parse(&form->fields, query.data);
    if (!is_parsed)
        model_url_free(&form->fields);
    text_free(&query); /* the fields are copies */
    return is_parsed;
}

static void
free_form(struct form *form)
{
    model_url_free(&form->fields);
    free(form->resource);
}

/* --- the OpenID document, which client libraries read first: T-6 ------------------------------ */

static bool
is_openid_path(const char *path, char tenant[GUID_TEXT_BYTES])
{
    struct guid guid;

    if (strlen(path) <= GUID_TEXT_BYTES || path[0] != '/' ||
        strcasecmp(path + GUID_TEXT_BYTES, "/v2.0/.well-known/openid-configuration") != 0 ||
        !guid_parse(path + 1, GUID_TEXT_BYTES - 1, &guid))
        return false;
    guid_format(&guid, tenant);
    return true;
}

static void
write_address(struct json_writer *writer, const char *key, const struct call *call,
              const char *const parts[2])
{
    struct text address = TEXT_EMPTY;

    text_addf(&address, "%s/%s%s", call->origin->text, parts[0], parts[1]);
    json_write_string(writer, key, address.data);
    text_free(&address);
}

static void
serve_openid(struct call *call, const char *tenant)
{
    static const char *const members[][2] = {
        {"token_endpoint", "/oauth2/v2.0/token"},
        {"issuer", "/v2.0"},
        {"authorization_endpoint", "/oauth2/v2.0/authorize"},
        {"jwks_uri", "/discovery/v2.0/keys"},
    };
    struct json_writer writer;

    if (call->method != HTTP_GET) {
        model_reply_status(call, 405);
        return;
    }
    model_reply_json(call, 200);
    json_writer_init(&writer, &call->response->body);
    json_write_object(&writer, NULL);
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        write_address(&writer, members[i][0], call, (const char *const[]){tenant, members[i][1]});
    json_write_raw(&writer, "response_types_supported", "[\"code\",\"id_token\"]", 19);
    json_write_raw(&writer, "subject_types_supported", "[\"pairwise\"]", 12);
    json_write_raw(&writer, "id_token_signing_alg_values_supported", "[\"RS256\"]", 9);
    json_write_object_end(&writer);
}

/* --- the token endpoint: T-1 ------------------------------------------------------------------ */

static bool
is_token_path(const char *path, struct guid *ret_tenant)
{
    return strlen(path) == GUID_TEXT_BYTES + PATH_TAIL && path[0] == '/' &&
           strcasecmp(path + GUID_TEXT_BYTES, "/oauth2/v2.0/token") == 0 &&
           guid_parse(path + 1, GUID_TEXT_BYTES - 1, ret_tenant);
}

void
model_login_resolve(struct call *call)
{
    struct guid tenant, client;
    struct form form;

    if (!is_token_path(call->url.path.data, &tenant))
        return;
    call->entry.route = "token";
    if (!parse_form(call, &form))
        return;
    if (guid_parse(field(&form, "client_id"), strlen(field(&form, "client_id")), &client))
        HASH_FIND(hh, call->model->applications, &client, sizeof(client), call->application);
    if (call->application != NULL)
        call->lane = &call->application->lanes[MODEL_LOGIN];
    free_form(&form);
}

void
model_login_serve(struct call *call)
{
    char tenant_text[GUID_TEXT_BYTES];
    struct form form;
    struct guid tenant;

    if (is_openid_path(call->url.path.data, tenant_text)) {
        serve_openid(call, tenant_text);
    } else if (!is_token_path(call->url.path.data, &tenant)) {
        model_reply_status(call, 404);
    } else if (call->method != HTTP_POST) {
        refuse(call, 405, "invalid_request", 900561, "The endpoint only accepts POST requests.");
    } else if (!parse_form(call, &form)) {
        model_ledger_offend(call, MODEL_OFFENCE_MALFORMED);
        refuse(call, 400, "invalid_request", 90023, "The request body is malformed.");
    } else {
        form.tenant = tenant;
        serve_form(call, &form);
        free_form(&form);
    }
}

/* --- whose token: T-5 ------------------------------------------------------------------------- */

static struct token *
find_token(const struct call *call)
{
    static const char scheme[] = "Bearer ";
    struct token *token;
    size_t length;
    const char *value = http_header(call->headers, "Authorization", &length);

    if (value == NULL || length < sizeof(scheme) - 1 ||
        strncasecmp(value, scheme, sizeof(scheme) - 1) != 0)
        return NULL;
    HASH_FIND(hh, call->model->tokens, value + sizeof(scheme) - 1, length - (sizeof(scheme) - 1),
              token);
    return token;
}

static bool
is_for(const struct token *token, const struct call *call)
{
    return token->service == call->service &&
           (call->service != MODEL_DATAVERSE || token->environment == call->origin->environment);
}

void
model_login_identify(struct call *call)
{
    const struct token *token = find_token(call);

    if (token == NULL || !is_for(token, call))
        return;
    call->application = token->application;
    if (call->service != MODEL_DATAVERSE) {
        call->lane = &token->application->lanes[call->service];
        return;
    }
    HASH_FIND(hh, call->environment->principals, &token->application->client, sizeof(struct guid),
              call->principal);
    if (call->principal != NULL)
        call->lane = &call->principal->lane;
}

bool
model_login_authorise(struct call *call)
{
    const struct token *token = find_token(call);

    if (token != NULL && is_for(token, call) && token->expires_at_ms > NOW_MS(call))
        return true;
    if (token != NULL && !is_for(token, call))
        model_ledger_offend(call, MODEL_OFFENCE_WRONG_AUDIENCE);
    model_reply_unauthorised(call);
    return false;
}
