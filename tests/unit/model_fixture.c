#include "model_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const origins[MODEL_SERVICES] = {
    [MODEL_LOGIN] = LOGIN, [MODEL_BAP] = BAP, [MODEL_GRAPH] = GRAPH, [MODEL_DATAVERSE] = CRM};

struct guid
guid_of(const char *text)
{
    struct guid guid;

    assert_true(guid_parse(text, strlen(text), &guid));
    return guid;
}

static void
seed_people(struct model *model)
{
    struct model_user ada = {.id = guid_of(ADA),
                             .user_principal_name = "ada@contoso.test",
                             .is_enabled = true,
                             .is_licensed = true,
                             .attributes =
                                 "{\"displayName\":\"Ada\",\"department\":\"R&D\",\"" EXTENSION
                                 "\":\"Bern\"}"};
    struct model_user bob = ada;
    struct model_row row = {.id = guid_of(BOB_ROW), .object_id = guid_of(BOB)};
    struct guid crew = guid_of(CREW), core = guid_of(CORE);

    bob.id = guid_of(BOB);
    bob.user_principal_name = "bob@contoso.test";
    bob.attributes = NULL;
    assert_true(model_add_user(model, &ada));
    assert_true(model_add_user(model, &bob));
    assert_true(model_add_row(model, "e1", &row,
                              "{\"domainname\":\"bob@contoso.test\",\"new_site\":\"Bern\"}"));
    assert_true(model_add_group(model, &crew, "Crew"));
    assert_true(model_add_group(model, &core, "Core"));
}

static void
seed_environments(struct model *model)
{
    static const char *const texts[] = {"new_site", NULL};
    static const char *const integers[] = {"new_rank", NULL};
    struct model_environment one = {.id = "e1",
                                    .name = "One",
                                    .root_unit = guid_of(ROOT),
                                    .has_dataverse = true,
                                    .text_columns = texts,
                                    .integer_columns = integers};
    struct model_environment two = {.id = "e2", .name = "Two", .has_dataverse = true};
    struct guid client = guid_of(CLIENT), sales = guid_of(SALES), reader = guid_of(READER);

    assert_true(model_add_environment(model, &one));
    assert_true(model_add_environment(model, &two));
    assert_true(model_add_role(model, "e1", &reader, "Reader"));
    assert_true(model_add_business_unit(model, "e1", &sales, "Sales"));
    assert_true(model_add_application_user(model, "e1", &client, true));
}

static void
seed(struct model *model)
{
    struct model_application application = {.tenant = guid_of(TENANT),
                                            .client = guid_of(CLIENT),
                                            .secret = SECRET,
                                            .is_bap_management = true,
                                            .may_read_users = true,
                                            .may_read_members = true};

    assert_true(model_add_application(model, &application));
    seed_environments(model);
    seed_people(model);
    for (int i = 0; i < MODEL_SERVICES; i++)
        assert_true(model_add_origin(model, origins[i], (enum model_service)i, "e1"));
    assert_true(model_add_origin(model, OTHER_CRM, MODEL_DATAVERSE, "e2"));
}

static char *
fetch_token(struct fixture *fixture, const char *resource)
{
    char form[256];

    snprintf(form, sizeof(form),
             "client_id=" CLIENT "&client_secret=s3cret%%26value%%3D1&grant_type=client_credentials"
             "&scope=%s/.default",
             resource);
    assert_int_equal(fixture_token(fixture, form), 200);
    return strdup(fixture_text(fixture, "access_token"));
}

int
fixture_setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    assert_non_null(fixture);
    fixture->clock = (struct clock){.mono_ms = 1000000, .wall_ms = 1767225600000};
    fixture->parser = json_parser_create(32, 1 << 24);
    fixture->model = model_create(1);
    assert_non_null(fixture->model);
    seed(fixture->model);
    fixture->tokens[MODEL_BAP] = fetch_token(fixture, "https://service.powerapps.com/");
    fixture->tokens[MODEL_GRAPH] = fetch_token(fixture, "https://graph.microsoft.com");
    fixture->tokens[MODEL_DATAVERSE] = fetch_token(fixture, CRM);
    model_ledger_clear(fixture->model);
    *state = fixture;
    return 0;
}

int
fixture_teardown(void **state)
{
    struct fixture *fixture = *state;

    model_destroy(fixture->model);
    http_response_free(&fixture->response);
    json_free(fixture->json);
    json_parser_destroy(fixture->parser);
    for (int i = 0; i < MODEL_SERVICES; i++)
        free(fixture->tokens[i]);
    free(fixture);
    return 0;
}

int
fixture_send(struct fixture *fixture, enum http_method method, const char *url, const char *headers,
             const char *body)
{
    struct http_request request = HTTP_REQUEST_EMPTY;

    http_response_free(&fixture->response);
    json_free(fixture->json);
    request.method = method;
    text_add(&request.url, url);
    text_add(&request.headers, headers == NULL ? "" : headers);
    text_add(&request.body, body == NULL ? "" : body);
    model_answer(fixture->model, &request, &fixture->clock, &fixture->response, &fixture->after_ms);
    http_request_free(&request);
    fixture->json = json_parse(
        fixture->parser, fixture->response.body.data == NULL ? "" : fixture->response.body.data,
        fixture->response.body.length, NULL);
    return fixture->response.status;
}

int
fixture_call(struct fixture *fixture, enum http_method method, const char *url, const char *headers,
             const char *body)
{
    const char *token = "";
    struct text all = TEXT_EMPTY;
    int status;

    for (int i = 0; i < MODEL_SERVICES; i++)
        if (strncmp(url, origins[i], strlen(origins[i])) == 0 && fixture->tokens[i] != NULL)
            token = fixture->tokens[i];
    text_addf(&all, "Authorization: Bearer %s\n", token);
    if (headers != NULL)
        text_add(&all, headers);
    if (body != NULL && (headers == NULL || strstr(headers, "Content-Type") == NULL))
        text_add(&all, "Content-Type: application/json; charset=utf-8\n");
    status = fixture_send(fixture, method, url, all.data, body);
    text_free(&all);
    return status;
}

int
fixture_token(struct fixture *fixture, const char *form)
{
    return fixture_send(fixture, HTTP_POST, LOGIN "/" TENANT "/oauth2/v2.0/token",
                        "Content-Type: application/x-www-form-urlencoded\n", form);
}

void
fixture_pass(struct fixture *fixture, int64_t ms)
{
    fixture->clock.mono_ms += ms;
    fixture->clock.wall_ms += ms;
}

const struct json *
fixture_at(const struct fixture *fixture, const char *path)
{
    const struct json *value = fixture->json;
    char step[128];

    while (*path != '\0' && value != NULL) {
        size_t length = strcspn(path, "/");

        snprintf(step, sizeof(step), "%.*s", (int)length, path);
        value = json_type(value) == JSON_ARRAY ? json_at(value, strtoul(step, NULL, 10))
                                               : json_get(value, step);
        path += length + (path[length] == '/');
    }
    return value;
}

const char *
fixture_text(const struct fixture *fixture, const char *path)
{
    const char *string = json_string(fixture_at(fixture, path), NULL);

    return string == NULL ? "" : string;
}

const char *
fixture_code(const struct fixture *fixture)
{
    return fixture_text(fixture, "error/code");
}

const char *
fixture_header(struct fixture *fixture, const char *name)
{
    static char value[512];
    size_t length;
    const char *found = http_header(&fixture->response.headers, name, &length);

    snprintf(value, sizeof(value), "%.*s", found == NULL ? 0 : (int)length,
             found == NULL ? "" : found);
    return value;
}

const struct model_entry *
fixture_entry(const struct fixture *fixture)
{
    size_t count = model_ledger_count(fixture->model);

    assert_true(count > 0);
    return model_ledger_at(fixture->model, count - 1);
}
