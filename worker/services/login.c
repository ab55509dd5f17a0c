/*
 * TOKEN: an access token by the client credentials grant of Entra's v2.0 token endpoint, with a
 * secret.
 *
 * Asked: identity, scope. Found: token, token_life_ms. The secret and the token reach nothing but
 * the body and the result.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "error.h"
#include "json.h"
#include "service.h"

enum { MAX_TOKEN_BYTES = 32768, MAX_LIFE_S = 7 * 24 * 3600 };

static void
add_field(struct text *body, const char *name, const char *value)
{
    if (body->length > 0)
        text_add_char(body, '&');
    text_add(body, name);
    text_add_char(body, '=');
    text_add_url(body, value, strlen(value));
}

int
login_build(const struct build *build, struct error *ret_error)
{
    const struct identity *identity = build->call->identity;
    struct http_request *request = build->request;
    char digits[GUID_TEXT_BYTES];

    if (build->token == NULL || build->token[0] == '\0')
        return error_set(ret_error, ERROR_INPUT, "a token request without a secret");
    request->method = HTTP_POST;
    text_addf(&request->url, "%s/%s/oauth2/v2.0/token", build->settings->login_url,
              guid_format(&identity->tenant, digits));
    http_request_header(request, "Accept", "application/json");
    http_request_header(request, "Content-Type", "application/x-www-form-urlencoded");
    add_field(&request->body, "grant_type", "client_credentials");
    add_field(&request->body, "client_id", guid_format(&identity->client, digits));
    add_field(&request->body, "scope", build->call->scope);
    add_field(&request->body, "client_secret", build->token);
    return 0;
}

/* A token becomes part of a header: visible ASCII only, as RFC 6750 2.1 has it. */
static bool
is_token(const char *token, size_t length)
{
    if (token == NULL || length == 0 || length > MAX_TOKEN_BYTES)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (token[i] <= ' ' || token[i] > '~')
            return false;
    }
    return true;
}

/* Seconds; some endpoints say them as a string. */
static bool
read_life(const struct json *json, int64_t *ret_life_ms)
{
    const char *digits = json_string(json, NULL);
    int64_t life_s = 0;

    if (digits != NULL && strlen(digits) <= 10 && digits[strspn(digits, "0123456789")] == '\0')
        life_s = strtoll(digits, NULL, 10);
    else if (!json_integer(json, &life_s))
        return false;
    if (life_s <= 0)
        return false;
    *ret_life_ms = 1000 * (life_s < MAX_LIFE_S ? life_s : MAX_LIFE_S);
    return true;
}

static int
read_fields(const struct json *root, struct call *call, struct error *ret_error)
{
    const char *type = json_string(json_get(root, "token_type"), NULL);
    size_t length = 0;
    const char *token = json_string(json_get(root, "access_token"), &length);

    if (type == NULL || strcasecmp(type, "Bearer") != 0)
        return error_set(ret_error, ERROR_INPUT, "token_type: not Bearer");
    if (!is_token(token, length))
        return error_set(ret_error, ERROR_INPUT, "access_token: no token");
    if (!read_life(json_get(root, "expires_in"), &call->token_life_ms))
        return error_set(ret_error, ERROR_INPUT, "expires_in: no number of seconds");
    call->token = strdup(token);
    if (call->token == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for a token");
    return 0;
}

int
login_read(struct answer *answer, struct error *ret_error)
{
    struct json *root = answer_parse(answer, ret_error);
    int result;

    if (root == NULL)
        return -1;
    result = read_fields(root, answer->call, ret_error);
    json_free(root);
    return result;
}
