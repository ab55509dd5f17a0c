/*
 * The double under any request: the first line is the URL's path (its first letter chooses the service,
 * its second the method), the rest the body. Whatever comes, the answer must be whole and the next
 * request be answered as well.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

#define CLIENT "aaaaaaaa-0000-4000-8000-000000000002"
#define TENANT "aaaaaaaa-0000-4000-8000-000000000001"
#define UNIT "bbbbbbbb-0000-4000-8000-000000000001"
#define ROLE "cccccccc-0000-4000-8000-000000000001"
#define USER "dddddddd-0000-4000-8000-000000000001"
#define GROUP "eeeeeeee-0000-4000-8000-000000000001"
#define ROW "ffffffff-0000-4000-8000-000000000001"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const origins[MODEL_SERVICES] = {"https://login.test", "https://bap.test",
                                                    "https://graph.test", "https://crm.test"};
static const struct clock now = {.mono_ms = 1000000, .wall_ms = 1767225600000};
static char tokens[MODEL_SERVICES][64];

static struct guid
guid_of(const char *text)
{
    struct guid guid;

    if (!guid_parse(text, strlen(text), &guid))
        abort();
    return guid;
}

static void
need(bool is_done)
{
    if (!is_done)
        abort();
}

static void
seed_environment(struct model *model, const struct guid *client)
{
    static const char *const texts[] = {"new_site", NULL};
    static const char *const integers[] = {"new_rank", NULL};
    struct model_environment environment = {.id = "e1",
                                            .name = "One",
                                            .root_unit = guid_of(UNIT),
                                            .has_dataverse = true,
                                            .text_columns = texts,
                                            .integer_columns = integers};
    struct model_row row = {.id = guid_of(ROW), .object_id = guid_of(USER)};
    struct guid role = guid_of(ROLE);

    need(model_add_environment(model, &environment));
    need(model_add_application_user(model, "e1", client, true));
    need(model_add_role(model, "e1", &role, "Reader"));
    need(model_add_row(model, "e1", &row, "{\"new_site\":\"Bern\"}"));
}

static struct model *
make_world(void)
{
    struct model *model = model_create(1);
    struct guid client = guid_of(CLIENT), group = guid_of(GROUP);
    struct model_application application = {.tenant = guid_of(TENANT),
                                            .client = client,
                                            .secret = "x",
                                            .is_bap_management = true,
                                            .may_read_users = true,
                                            .may_read_members = true};
    struct model_user user = {.id = guid_of(USER),
                              .user_principal_name = "u@contoso.test",
                              .is_enabled = true,
                              .is_licensed = true,
                              .attributes = "{\"department\":\"R\"}"};

    need(model != NULL && model_add_application(model, &application));
    seed_environment(model, &client);
    need(model_add_user(model, &user) && model_add_group(model, &group, "Crew"));
    need(model_join(model, &group, &user.id, &now) && model_join(model, &group, &group, &now));
    for (int i = 0; i < MODEL_SERVICES; i++)
        need(model_add_origin(model, origins[i], (enum model_service)i, "e1"));
    return model;
}

static void
ask(struct model *model, struct http_request *request, struct http_response *response)
{
    int64_t after_ms;

    model_answer(model, request, &now, response, &after_ms);
    http_request_free(request);
}

static void
fetch_token(struct model *model, enum model_service service)
{
    struct http_request request = HTTP_REQUEST_EMPTY;
    struct http_response response;
    const char *token;

    request.method = HTTP_POST;
    text_add(&request.url, "https://login.test/" TENANT "/oauth2/v2.0/token");
    text_add(&request.headers, "Content-Type: application/x-www-form-urlencoded\n");
    text_addf(&request.body,
              "client_id=" CLIENT
              "&client_secret=x&grant_type=client_credentials&scope=%s/.default",
              origins[service]);
    ask(model, &request, &response);
    token = strstr(response.body.data, "\"access_token\":\"");
    need(token != NULL);
    token += sizeof("\"access_token\":\"") - 1;
    snprintf(tokens[service], sizeof(tokens[service]), "%.*s", (int)strcspn(token, "\""), token);
    http_response_free(&response);
}

/* Does what the input says, as somebody who may. */
static void
ask_input(struct model *model, const char *input, size_t size)
{
    struct http_request request = HTTP_REQUEST_EMPTY;
    struct http_response response;
    const char *line_end = memchr(input, '\n', size);
    size_t length = line_end == NULL ? size : (size_t)(line_end - input);
    enum model_service service = (enum model_service)(input[0] & 3);

    request.method = (enum http_method)((uint8_t)input[1] % 5);
    text_add(&request.url, origins[service]);
    text_add_bytes(&request.url, input + 2, length - 2);
    text_addf(&request.headers, "Authorization: Bearer %s\nIf-Match: *\n", tokens[service]);
    text_add(&request.headers,
             service == MODEL_LOGIN ? "Content-Type: application/x-www-form-urlencoded\n" : "");
    text_add(&request.headers,
             strstr(request.url.data, "$batch") != NULL && service == MODEL_DATAVERSE
                 ? "Content-Type: multipart/mixed; boundary=b\n"
                 : "Content-Type: application/json\n");
    if (length < size)
        text_add_bytes(&request.body, line_end + 1, size - length - 1);
    ask(model, &request, &response);
    need(response.status >= 200 && response.status < 600 && !response.body.failed);
    http_response_free(&response);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char healthy[] = "\x03\x00/api/data/v9.2/systemusers";
    const char *input = (const char *)data;
    const char *line_end = memchr(input, '\n', size);
    struct model *model;

    if (size < 3 || input[2] != '/' || (line_end != NULL && line_end - input < 3))
        return 0; /* no path: another origin */
    model = make_world();
    for (int i = MODEL_BAP; i < MODEL_SERVICES; i++)
        fetch_token(model, (enum model_service)i);
    ask_input(model, input, size);
    ask_input(model, healthy, sizeof(healthy) - 1);
    model_destroy(model);
    return 0;
}
