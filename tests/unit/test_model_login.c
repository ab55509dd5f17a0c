/* The token endpoint of the double, and what its tokens open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model_fixture.h"

#define FORM "Content-Type: application/x-www-form-urlencoded\n"
#define GOOD "client_id=" CLIENT "&client_secret=s3cret%26value%3D1&grant_type=client_credentials"

static void
a_token_is_given_with_its_life_and_never_twice(void **state)
{
    struct fixture *fixture = *state;
    char first[64];
    int64_t life_s = 0;

    assert_int_equal(fixture_token(fixture, GOOD "&scope=" CRM "/.default+openid+profile"), 200);
    assert_string_equal(fixture_text(fixture, "token_type"), "Bearer");
    assert_true(json_integer(fixture_at(fixture, "expires_in"), &life_s));
    assert_int_equal(life_s, 3599);
    snprintf(first, sizeof(first), "%s", fixture_text(fixture, "access_token"));
    assert_int_equal(fixture_token(fixture, GOOD "&scope=" CRM "/.default"), 200);
    assert_string_not_equal(first, fixture_text(fixture, "access_token"));
    assert_string_equal(fixture_entry(fixture)->route, "token");
}

static void
refuses(struct fixture *fixture, const char *form, int status, const char *error)
{
    assert_int_equal(fixture_token(fixture, form), status);
    assert_string_equal(fixture_text(fixture, "error"), error);
    assert_int_equal(json_length(fixture_at(fixture, "error_codes")), 1);
    assert_true(strncmp(fixture_text(fixture, "error_description"), "AADSTS", 6) == 0);
}

static void
a_form_with_anything_wrong_is_refused_by_name(void **state)
{
    refuses(*state, "client_id=" CLIENT "&client_secret=no&grant_type=client_credentials&scope=x",
            401, "invalid_client");
    refuses(*state, "client_id=" NOBODY "&client_secret=no&grant_type=client_credentials&scope=x",
            400, "unauthorized_client");
    refuses(*state, "client_id=" CLIENT "&grant_type=password&scope=x", 400,
            "unsupported_grant_type");
    refuses(*state, "client_id=" CLIENT, 400, "invalid_request");
    refuses(*state, GOOD "&scope=" CRM "/.default+" GRAPH "/.default", 400, "invalid_scope");
    refuses(*state, GOOD "&scope=openid", 400, "invalid_scope");
    refuses(*state, GOOD "&scope=" CRM "/user_impersonation", 400, "invalid_scope");
    refuses(*state, GOOD "&scope=https://elsewhere.test/.default", 400, "invalid_resource");
    refuses(*state, GOOD "&scope=" LOGIN "/.default", 400, "invalid_resource");
}

static void
an_unknown_tenant_is_refused(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(fixture_send(fixture, HTTP_POST, LOGIN "/" NOBODY "/oauth2/v2.0/token", FORM,
                                  GOOD "&scope=" CRM "/.default"),
                     400);
    assert_string_equal(fixture_text(fixture, "error"), "invalid_request");
    assert_int_equal(
        fixture_send(fixture, HTTP_GET, LOGIN "/" TENANT "/oauth2/v2.0/token", NULL, NULL), 405);
    assert_int_equal(fixture_send(fixture, HTTP_POST, LOGIN "/common", NULL, NULL), 404);
}

static void
the_openid_document_names_the_token_endpoint(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(fixture_send(fixture, HTTP_GET,
                                  LOGIN "/" TENANT "/v2.0/.well-known/openid-configuration", NULL,
                                  NULL),
                     200);
    assert_string_equal(fixture_text(fixture, "token_endpoint"),
                        LOGIN "/" TENANT "/oauth2/v2.0/token");
    assert_string_equal(fixture_text(fixture, "issuer"), LOGIN "/" TENANT "/v2.0");
}

static void
each_api_refuses_a_token_for_another_audience_in_its_own_way(void **state)
{
    struct fixture *fixture = *state;
    struct text headers = TEXT_EMPTY;

    text_addf(&headers, "Authorization: Bearer %s\n", fixture->tokens[MODEL_GRAPH]);
    assert_int_equal(fixture_send(fixture, HTTP_GET, API "WhoAmI", headers.data, NULL), 401);
    assert_int_equal(fixture->response.body.length, 0);
    assert_non_null(strstr(fixture_header(fixture, "WWW-Authenticate"), "resource_id=" CRM));
    assert_int_equal(model_offences(fixture->model, MODEL_OFFENCE_WRONG_AUDIENCE), 1);
    text_clear(&headers);
    text_addf(&headers, "Authorization: Bearer %s\n", fixture->tokens[MODEL_DATAVERSE]);
    assert_int_equal(fixture_send(fixture, HTTP_GET, GRAPH "/v1.0/users/" ADA, headers.data, NULL),
                     401);
    assert_string_equal(fixture_code(fixture), "InvalidAuthenticationToken");
    assert_int_equal(fixture_send(fixture, HTTP_GET, BAP "/x", headers.data, NULL), 401);
    assert_int_equal(
        fixture_send(fixture, HTTP_GET, OTHER_CRM "/api/data/v9.2/WhoAmI", headers.data, NULL),
        401);
    assert_int_equal(model_offences(fixture->model, MODEL_OFFENCE_WRONG_AUDIENCE), 4);
    text_free(&headers);
}

static void
a_token_ends_with_its_life(void **state)
{
    struct fixture *fixture = *state;

    fixture_pass(fixture, 3599000 - 1);
    assert_int_equal(fixture_get(fixture, API "WhoAmI"), 200);
    fixture_pass(fixture, 1);
    assert_int_equal(fixture_get(fixture, API "WhoAmI"), 401);
    assert_int_equal(model_offences(fixture->model, MODEL_OFFENCE_WRONG_AUDIENCE), 0);
}

static void
without_a_token_nothing_opens(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(fixture_send(fixture, HTTP_GET, API "WhoAmI", NULL, NULL), 401);
    assert_int_equal(
        fixture_send(fixture, HTTP_GET, API "WhoAmI", "Authorization: Basic x\n", NULL), 401);
    assert_int_equal(fixture_send(fixture, HTTP_GET, GRAPH "/v1.0/users/" ADA, NULL, NULL), 401);
    assert_int_equal(fixture_send(fixture, HTTP_POST, BAP "/x", NULL, NULL), 401);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_token_is_given_with_its_life_and_never_twice),
        TEST(a_form_with_anything_wrong_is_refused_by_name),
        TEST(an_unknown_tenant_is_refused),
        TEST(the_openid_document_names_the_token_endpoint),
        TEST(each_api_refuses_a_token_for_another_audience_in_its_own_way),
        TEST(a_token_ends_with_its_life),
        TEST(without_a_token_nothing_opens),
    };
    return cmocka_run_group_tests_name("model_login", tests, NULL, NULL);
}
