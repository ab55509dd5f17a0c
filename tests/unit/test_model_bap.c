/* Force sync of the double: who is refused and how, and when the row comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model_fixture.h"

#define ADMIN BAP "/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments/"
#define ADD ADMIN "e1/addUser?api-version=2023-06-01"
#define BODY_OF(user) "{\"ObjectId\":\"" user "\"}"

static int
add(struct fixture *fixture, const char *body)
{
    return fixture_call(fixture, HTTP_POST, ADD, NULL, body);
}

/* The inner JSON of the last refusal; the caller's to free. */
static struct json *
inner_json(const struct fixture *fixture)
{
    const char *message = fixture_text(fixture, "error/message");
    const char *open = strchr(message, '{');
    const char *close = strrchr(message, '}');

    assert_non_null(open);
    assert_non_null(close);
    assert_non_null(strstr(close, "tracking Id"));
    return json_parse(fixture->parser, open, (size_t)(close + 1 - open), NULL);
}

static void
assert_refused(struct fixture *fixture, const char *user, const char *code)
{
    char body[128];
    struct json *inner;

    snprintf(body, sizeof(body), "{\"ObjectId\":\"%s\"}", user);
    assert_int_equal(add(fixture, body), 400);
    inner = inner_json(fixture);
    assert_string_equal(json_string(json_get(json_at(json_get(inner, "errors"), 0), "code"), NULL),
                        code);
    json_free(inner);
    assert_int_equal(fixture_entry(fixture)->write, MODEL_REFUSED);
}

static void
a_200_is_no_row_until_the_delay_has_passed(void **state)
{
    struct fixture *fixture = *state;
    struct guid ada = guid_of(ADA), root = guid_of(ROOT);
    struct model_row row;

    assert_int_equal(add(fixture, BODY_OF(ADA)), 200);
    assert_int_equal(fixture->response.body.length, 0);
    assert_string_equal(fixture_entry(fixture)->route, "addUser");
    assert_string_equal(fixture_entry(fixture)->environment, "e1");
    assert_true(guid_equal(&fixture_entry(fixture)->user, &ada));
    fixture_pass(fixture, 7999);
    model_advance(fixture->model, &fixture->clock);
    assert_int_equal(model_find_row(fixture->model, "e1", &ada, NULL), 0);
    fixture_pass(fixture, 1);
    model_advance(fixture->model, &fixture->clock);
    assert_int_equal(model_find_row(fixture->model, "e1", &ada, &row), 1);
    assert_true(guid_equal(&row.unit, &root));
    assert_false(row.is_disabled);
}

static void
repeating_it_makes_no_second_row_and_counts_as_writing_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct guid ada = guid_of(ADA);

    assert_int_equal(add(fixture, BODY_OF(ADA)), 200);
    assert_int_equal(fixture_entry(fixture)->write, MODEL_WROTE);
    assert_int_equal(add(fixture, BODY_OF(ADA)), 200);
    assert_int_equal(fixture_entry(fixture)->write, MODEL_WROTE_NOTHING);
    fixture_pass(fixture, 9000);
    assert_int_equal(add(fixture, "{\"objectid\":\"" ADA "\"}"), 200);
    assert_int_equal(fixture_entry(fixture)->write, MODEL_WROTE_NOTHING);
    fixture_pass(fixture, 9000);
    model_advance(fixture->model, &fixture->clock);
    assert_int_equal(model_find_row(fixture->model, "e1", &ada, NULL), 1);
}

static void
a_disabled_row_is_enabled_again_after_the_delay(void **state)
{
    struct fixture *fixture = *state;
    struct guid bob = guid_of(BOB), bob_row = guid_of(BOB_ROW);
    struct model_row row;

    assert_true(model_set_column(fixture->model, "e1", &bob_row, "isdisabled", "true"));
    assert_int_equal(add(fixture, BODY_OF(BOB)), 200);
    assert_int_equal(model_find_row(fixture->model, "e1", &bob, &row), 1);
    assert_true(row.is_disabled);
    fixture_pass(fixture, 8000);
    model_advance(fixture->model, &fixture->clock);
    assert_int_equal(model_find_row(fixture->model, "e1", &bob, &row), 1);
    assert_false(row.is_disabled);
}

static void
users_are_refused_with_json_inside_the_message(void **state)
{
    struct fixture *fixture = *state;
    struct guid ada = guid_of(ADA);

    assert_refused(fixture, NOBODY, "userNotFound");
    assert_true(model_set_licensed(fixture->model, &ada, false));
    assert_refused(fixture, ADA, "userNotLicensed");
    assert_true(model_set_attribute(fixture->model, &ada, "accountEnabled", "false"));
    assert_refused(fixture, ADA, "userDisabled");
    assert_true(model_remove_user(fixture->model, &ada));
    assert_refused(fixture, ADA, "userNotFound");
    assert_true(model_set(fixture->model, "capital_inner_json", 1));
    assert_int_equal(add(fixture, BODY_OF(ADA)), 400);
    assert_non_null(strstr(fixture_text(fixture, "error/message"), "\"Errors\":[{\"Code\":"));
}

static void
a_licence_may_come_later(void **state)
{
    struct fixture *fixture = *state;
    struct model_user late = {.id = guid_of(NOBODY),
                              .user_principal_name = "late@contoso.test",
                              .is_enabled = true,
                              .licensed_at_ms = fixture->clock.wall_ms + 60000};

    assert_true(model_add_user(fixture->model, &late));
    assert_refused(fixture, NOBODY, "userNotLicensed");
    fixture_pass(fixture, 60000);
    assert_int_equal(add(fixture, BODY_OF(NOBODY)), 200);
}

static void
only_direct_members_of_the_security_group_are_let_in(void **state)
{
    struct fixture *fixture = *state;
    struct guid crew = guid_of(CREW), core = guid_of(CORE), ada = guid_of(ADA);
    struct model_environment guarded = {
        .id = "e3", .name = "Three", .has_dataverse = true, .security_group = crew};

    assert_true(model_add_environment(fixture->model, &guarded));
    assert_true(model_join(fixture->model, &crew, &core, &fixture->clock));
    assert_true(model_join(fixture->model, &core, &ada, &fixture->clock));
    assert_int_equal(fixture_call(fixture, HTTP_POST, ADMIN "e3/addUser?api-version=2019-05-01",
                                  NULL, BODY_OF(ADA)),
                     400);
    assert_non_null(
        strstr(fixture_text(fixture, "error/message"), "UserNotMemberOfCdsSecurityGroup"));
    assert_true(model_join(fixture->model, &crew, &ada, &fixture->clock));
    assert_int_equal(fixture_call(fixture, HTTP_POST, ADMIN "e3/addUser?api-version=2019-05-01",
                                  NULL, BODY_OF(ADA)),
                     200);
}

static void
wrong_addresses_and_versions_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct model_environment bare = {.id = "e4", .name = "Four"};

    assert_true(model_add_environment(fixture->model, &bare));
    assert_int_equal(fixture_call(fixture, HTTP_POST, ADMIN "e1/addUser", NULL, BODY_OF(ADA)), 400);
    assert_int_equal(fixture_call(fixture, HTTP_POST, ADMIN "e1/addUser?api-version=2020-01-01",
                                  NULL, BODY_OF(ADA)),
                     400);
    assert_string_equal(fixture_code(fixture), "InvalidApiVersion");
    assert_int_equal(fixture_call(fixture, HTTP_POST, ADMIN "e9/addUser?api-version=2023-06-01",
                                  NULL, BODY_OF(ADA)),
                     404);
    assert_string_equal(fixture_code(fixture), "EnvironmentNotFound");
    assert_int_equal(fixture_call(fixture, HTTP_POST, ADMIN "e4/addUser?api-version=2023-06-01",
                                  NULL, BODY_OF(ADA)),
                     409);
    assert_string_equal(fixture_code(fixture), "UnlinkedEnvironmentForbiddenOperation");
    assert_int_equal(fixture_get(fixture, ADD), 405);
    assert_int_equal(fixture_get(fixture, BAP "/providers"), 404);
}

static void
an_environment_names_its_organisation(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(fixture_get(fixture, ADMIN "e1?api-version=2023-06-01"), 200);
    assert_string_equal(fixture_text(fixture, "properties/linkedEnvironmentMetadata/instanceUrl"),
                        CRM);
    assert_int_equal(fixture_get(fixture, ADMIN "e9?api-version=2023-06-01"), 404);
}

static void
bodies_outside_the_grammar_are_refused_and_counted(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(add(fixture, "{}"), 400);
    assert_int_equal(add(fixture, "{\"ObjectId\":\"x\"}"), 400);
    assert_int_equal(add(fixture, "[]"), 400);
    assert_int_equal(add(fixture, ""), 400);
    assert_string_equal(fixture_code(fixture), "InvalidRequestContent");
    assert_int_equal(model_offences(fixture->model, MODEL_OFFENCE_MALFORMED), 4);
}

static void
an_application_that_is_not_registered_is_told_so(void **state)
{
    struct fixture *fixture = *state;
    struct model_application other = {
        .tenant = guid_of(TENANT), .client = guid_of(NOBODY), .secret = "x"};
    struct text headers = TEXT_EMPTY;

    assert_true(model_add_application(fixture->model, &other));
    assert_int_equal(fixture_token(fixture, "client_id=" NOBODY "&client_secret=x&grant_type="
                                            "client_credentials&scope=" BAP "/.default"),
                     200);
    text_addf(&headers, "Authorization: Bearer %s\n", fixture_text(fixture, "access_token"));
    assert_int_equal(fixture_send(fixture, HTTP_POST, ADD, headers.data, BODY_OF(ADA)), 403);
    assert_non_null(strstr(fixture_text(fixture, "error/message"),
                           "does not have permission to access the path"));
    text_free(&headers);
}

static void
a_hundred_calls_fit_into_any_minute(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < 100; i++) {
        assert_int_equal(add(fixture, BODY_OF(BOB)), 200);
        fixture_pass(fixture, 100);
    }
    assert_int_equal(add(fixture, BODY_OF(BOB)), 429);
    assert_string_equal(fixture_header(fixture, "Retry-After"), "50");
    assert_int_equal(model_offences(fixture->model, MODEL_OFFENCE_OVER_LIMIT), 1);
    fixture_pass(fixture, 50000);
    assert_int_equal(add(fixture, BODY_OF(BOB)), 200);
    assert_int_equal(model_offences(fixture->model, MODEL_OFFENCE_EARLY), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_200_is_no_row_until_the_delay_has_passed),
        TEST(repeating_it_makes_no_second_row_and_counts_as_writing_nothing),
        TEST(a_disabled_row_is_enabled_again_after_the_delay),
        TEST(users_are_refused_with_json_inside_the_message),
        TEST(a_licence_may_come_later),
        TEST(only_direct_members_of_the_security_group_are_let_in),
        TEST(wrong_addresses_and_versions_are_refused),
        TEST(an_environment_names_its_organisation),
        TEST(bodies_outside_the_grammar_are_refused_and_counted),
        TEST(an_application_that_is_not_registered_is_told_so),
        TEST(a_hundred_calls_fit_into_any_minute),
    };
    return cmocka_run_group_tests_name("model_bap", tests, NULL, NULL);
}
