/* Microsoft Graph in the double: users, memberships, JSON batches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model_fixture.h"

#define V1 GRAPH "/v1.0/"
#define ADA_URL V1 "users/" ADA
#define CHECK ADA_URL "/checkMemberGroups"
#define JSON "Content-Type: application/json\n"
#define GROUPS "{\"groupIds\":[\"" CREW "\",\"" CORE "\"]}"

static void
extensions_come_only_when_selected_and_only_when_set(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(fixture_get(fixture, ADA_URL), 200);
    assert_string_equal(fixture_text(fixture, "displayName"), "Ada");
    assert_string_equal(fixture_text(fixture, "userPrincipalName"), "ada@contoso.test");
    assert_int_equal(json_type(fixture_at(fixture, "jobTitle")), JSON_NULL);
    assert_null(fixture_at(fixture, EXTENSION));
    assert_null(fixture_at(fixture, "department"));
    assert_null(fixture_at(fixture, "accountEnabled"));
    assert_int_equal(fixture_get(fixture, ADA_URL "?$select=id,accountEnabled,userType," EXTENSION),
                     200);
    assert_string_equal(fixture_text(fixture, EXTENSION), "Bern");
    assert_string_equal(fixture_text(fixture, "userType"), "Member");
    assert_int_equal(json_type(fixture_at(fixture, "accountEnabled")), JSON_BOOLEAN);
    assert_null(fixture_at(fixture, "displayName"));
    assert_int_equal(fixture_get(fixture, V1 "users/" BOB "?$select=employeeId," EXTENSION), 200);
    assert_null(fixture_at(fixture, EXTENSION));
    assert_int_equal(json_type(fixture_at(fixture, "employeeId")), JSON_NULL);
}

static void
on_premises_attributes_are_an_object(void **state)
{
    struct fixture *fixture = *state;
    struct guid ada = guid_of(ADA);

    assert_true(
        model_set_attribute(fixture->model, &ada, "onPremisesExtensionAttributes",
                            "{\"extensionAttribute1\":\"x\",\"extensionAttribute2\":null}"));
    assert_int_equal(fixture_get(fixture, ADA_URL "?$select=onPremisesExtensionAttributes"), 200);
    assert_string_equal(fixture_text(fixture, "onPremisesExtensionAttributes/extensionAttribute1"),
                        "x");
}

static void
unknown_properties_and_options_are_400(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(fixture_get(fixture, ADA_URL "?$select=shoeSize"), 400);
    assert_int_equal(fixture_get(fixture, ADA_URL "?$select=extension_x_site"), 400);
    assert_int_equal(fixture_get(fixture, ADA_URL "?$expand=manager"), 400);
    assert_int_equal(model_offences(fixture->model, MODEL_OFFENCE_MALFORMED), 3);
    assert_int_equal(fixture_get(fixture, GRAPH "/v2.0/users/" ADA), 404);
    assert_int_equal(fixture_get(fixture, V1 "nothing"), 400);
    assert_int_equal(fixture_call(fixture, HTTP_PATCH, ADA_URL, JSON, "{}"), 405);
}

static void
somebody_deleted_or_not_replicated_yet_is_404(void **state)
{
    struct fixture *fixture = *state;
    struct guid ada = guid_of(ADA), nobody = guid_of(NOBODY);
    struct model_user fresh = {.id = nobody, .user_principal_name = "new@contoso.test"};

    assert_int_equal(fixture_get(fixture, V1 "users/" NOBODY), 404);
    assert_string_equal(fixture_code(fixture), "Request_ResourceNotFound");
    assert_true(guid_equal(&fixture_entry(fixture)->user, &nobody));
    assert_true(model_set(fixture->model, "graph_lag_ms", 1000));
    assert_true(model_add_user(fixture->model, &fresh));
    assert_int_equal(fixture_get(fixture, V1 "users/" NOBODY), 404);
    fixture_pass(fixture, 1000);
    assert_int_equal(fixture_get(fixture, V1 "users/" NOBODY), 200);
    assert_true(model_remove_user(fixture->model, &ada));
    assert_int_equal(fixture_get(fixture, ADA_URL), 404);
    assert_int_equal(fixture_call(fixture, HTTP_POST, CHECK, JSON, GROUPS), 404);
}

static void
membership_is_checked_through_nested_groups(void **state)
{
    struct fixture *fixture = *state;
    struct guid crew = guid_of(CREW), core = guid_of(CORE), ada = guid_of(ADA);

    assert_int_equal(fixture_call(fixture, HTTP_POST, CHECK, JSON, GROUPS), 200);
    assert_int_equal(json_length(fixture_at(fixture, "value")), 0);
    assert_true(model_join(fixture->model, &crew, &core, &fixture->clock));
    assert_true(model_join(fixture->model, &core, &crew, &fixture->clock));
    assert_true(model_join(fixture->model, &core, &ada, &fixture->clock));
    assert_int_equal(fixture_call(fixture, HTTP_POST, CHECK, JSON, GROUPS), 200);
    assert_int_equal(json_length(fixture_at(fixture, "value")), 2);
    assert_string_equal(fixture_text(fixture, "value/0"), CREW);
    assert_int_equal(fixture_entry(fixture)->items, 2);
    assert_string_equal(fixture_entry(fixture)->route, "checkMemberGroups");
}

static void
a_fresh_join_or_leave_lags(void **state)
{
    struct fixture *fixture = *state;
    struct guid crew = guid_of(CREW), ada = guid_of(ADA);

    assert_true(model_set(fixture->model, "membership_lag_ms", 5000));
    assert_true(model_join(fixture->model, &crew, &ada, &fixture->clock));
    fixture_pass(fixture, 4999);
    assert_int_equal(fixture_call(fixture, HTTP_POST, CHECK, JSON, GROUPS), 200);
    assert_int_equal(json_length(fixture_at(fixture, "value")), 0);
    fixture_pass(fixture, 1);
    assert_int_equal(fixture_call(fixture, HTTP_POST, CHECK, JSON, GROUPS), 200);
    assert_int_equal(json_length(fixture_at(fixture, "value")), 1);
    assert_true(model_leave(fixture->model, &crew, &ada, &fixture->clock));
    fixture_pass(fixture, 4999);
    assert_int_equal(fixture_call(fixture, HTTP_POST, CHECK, JSON, GROUPS), 200);
    assert_int_equal(json_length(fixture_at(fixture, "value")), 1);
    fixture_pass(fixture, 1);
    assert_int_equal(fixture_call(fixture, HTTP_POST, CHECK, JSON, GROUPS), 200);
    assert_int_equal(json_length(fixture_at(fixture, "value")), 0);
}

static void
more_than_twenty_ids_or_one_malformed_fail_the_whole_check(void **state)
{
    struct fixture *fixture = *state;
    struct text body = TEXT_EMPTY;

    text_add(&body, "{\"groupIds\":[\"" CREW "\"");
    for (int i = 1; i < 20; i++)
        text_add(&body, ",\"" CREW "\"");
    text_add(&body, "]}");
    assert_int_equal(fixture_call(fixture, HTTP_POST, CHECK, JSON, body.data), 200);
    body.length -= 2;
    text_add(&body, ",\"" CORE "\"]}");
    assert_int_equal(fixture_call(fixture, HTTP_POST, CHECK, JSON, body.data), 400);
    assert_int_equal(
        fixture_call(fixture, HTTP_POST, CHECK, JSON, "{\"groupIds\":[\"" CREW "\",\"x\"]}"), 400);
    assert_int_equal(fixture_call(fixture, HTTP_POST, CHECK, JSON, "{\"groupIds\":[]}"), 400);
    assert_int_equal(fixture_call(fixture, HTTP_POST, CHECK, JSON, "{}"), 400);
    assert_string_equal(fixture_code(fixture), "Request_BadRequest");
    text_free(&body);
}

static void
without_permission_all_is_denied(void **state)
{
    struct fixture *fixture = *state;
    struct model_application weak = {.tenant = guid_of(TENANT),
                                     .client = guid_of(NOBODY),
                                     .secret = "x",
                                     .may_read_members = true};
    struct text headers = TEXT_EMPTY;

    assert_true(model_add_application(fixture->model, &weak));
    assert_int_equal(fixture_token(fixture, "client_id=" NOBODY "&client_secret=x&grant_type="
                                            "client_credentials&scope=" GRAPH "/.default"),
                     200);
    text_addf(&headers, JSON "Authorization: Bearer %s\n", fixture_text(fixture, "access_token"));
    assert_int_equal(fixture_send(fixture, HTTP_GET, ADA_URL, headers.data, NULL), 403);
    assert_string_equal(fixture_code(fixture), "Authorization_RequestDenied");
    assert_int_equal(fixture_send(fixture, HTTP_POST, CHECK, headers.data, GROUPS), 403);
    text_free(&headers);
}

/* --- batches ---------------------------------------------------------------------------------- */

#define ITEM(id, url) "{\"id\":\"" id "\",\"method\":\"GET\",\"url\":\"" url "\"}"

static int
batch(struct fixture *fixture, const char *requests)
{
    struct text body = TEXT_EMPTY;
    int status;

    text_addf(&body, "{\"requests\":[%s]}", requests);
    status = fixture_call(fixture, HTTP_POST, V1 "$batch", JSON, body.data);
    text_free(&body);
    return status;
}

static const struct json *
answer_of(const struct fixture *fixture, const char *id)
{
    const struct json *responses = fixture_at(fixture, "responses");

    for (size_t i = 0; i < json_length(responses); i++)
        if (strcmp(json_string(json_get(json_at(responses, i), "id"), NULL), id) == 0)
            return json_at(responses, i);
    return NULL;
}

static int64_t
status_of(const struct fixture *fixture, const char *id)
{
    int64_t status = -1;

    (void)json_integer(json_get(answer_of(fixture, id), "status"), &status);
    return status;
}

static void
each_item_of_a_batch_has_its_own_answer(void **state)
{
    struct fixture *fixture = *state;
    const struct json *body;

    assert_int_equal(
        batch(fixture,
              ITEM("1", "/users/" ADA "?$select=department") "," ITEM(
                  "2", "users/" NOBODY) ","
                                        "{\"id\":\"3\",\"method\":\"POST\",\"url\":\"/users/" ADA
                                        "/checkMemberGroups\","
                                        "\"headers\":{\"Content-Type\":\"application/"
                                        "json\"},\"body\":" GROUPS "}"),
        200);
    assert_int_equal(json_length(fixture_at(fixture, "responses")), 3);
    assert_int_equal(status_of(fixture, "1"), 200);
    body = json_get(answer_of(fixture, "1"), "body");
    assert_string_equal(json_string(json_get(body, "department"), NULL), "R&D");
    assert_non_null(json_get(json_get(answer_of(fixture, "1"), "headers"), "Content-Type"));
    assert_int_equal(status_of(fixture, "2"), 404);
    assert_int_equal(status_of(fixture, "3"), 200);
    assert_int_equal(model_calls(fixture->model, MODEL_GRAPH), 1);
    assert_int_equal(model_ledger_count(fixture->model), 4);
    assert_string_equal(model_ledger_at(fixture->model, 0)->route, "batch");
    assert_int_equal(model_ledger_at(fixture->model, 0)->items, 3);
    assert_string_equal(model_ledger_at(fixture->model, 3)->route, "checkMemberGroups");
    assert_true(model_ledger_at(fixture->model, 3)->is_part);
}

static void
answers_come_in_any_order(void **state)
{
    struct fixture *fixture = *state;
    bool is_shuffled = false;

    for (int i = 0; i < 16; i++) {
        assert_int_equal(batch(fixture, ITEM("1", "/users/" ADA) "," ITEM("2", "/users/" ADA)),
                         200);
        is_shuffled |= strcmp(fixture_text(fixture, "responses/0/id"), "2") == 0;
    }
    assert_true(is_shuffled);
}

static void
one_item_may_be_429_alone_and_asking_it_again_early_is_an_offence(void **state)
{
    struct fixture *fixture = *state;
    struct model_fault fault = {.service = MODEL_GRAPH,
                                .route = "user",
                                .times = 1,
                                .probability = 1,
                                .status = 429,
                                .headers = "Retry-After: 2.128\n"};
    const struct json *headers;

    assert_true(model_add_fault(fixture->model, &fault));
    assert_int_equal(batch(fixture, ITEM("1", "/users/" ADA) "," ITEM("2", "/users/" BOB)), 200);
    assert_int_equal(status_of(fixture, "1"), 429);
    assert_int_equal(status_of(fixture, "2"), 200);
    headers = json_get(answer_of(fixture, "1"), "headers");
    assert_string_equal(json_string(json_get(headers, "Retry-After"), NULL), "2.128");
    fixture_pass(fixture, 2000);
    assert_int_equal(batch(fixture, ITEM("1", "/users/" BOB)), 200);
    assert_int_equal(status_of(fixture, "1"), 200);
    assert_int_equal(model_offences(fixture->model, MODEL_OFFENCE_EARLY), 0);
    assert_int_equal(batch(fixture, ITEM("1", "/users/" ADA)), 200);
    assert_int_equal(status_of(fixture, "1"), 429);
    assert_int_equal(model_offences(fixture->model, MODEL_OFFENCE_EARLY), 1);
    fixture_pass(fixture, 60000);
    assert_int_equal(batch(fixture, ITEM("1", "/users/" ADA)), 200);
    assert_int_equal(status_of(fixture, "1"), 200);
}

static void
malformed_batches_are_refused_as_a_whole(void **state)
{
    static const char *const bad[] = {
        "",
        "{\"method\":\"GET\",\"url\":\"/users/" ADA "\"}",
        "{\"id\":\"1\",\"url\":\"/users/" ADA "\"}",
        "{\"id\":\"1\",\"method\":\"GET\"}",
        ITEM("1", "https://graph.test/v1.0/users/" ADA),
        ITEM("1", "/users/" ADA) "," ITEM("1", "/users/" BOB),
        "{\"id\":\"1\",\"method\":\"POST\",\"url\":\"/users/" ADA
        "/checkMemberGroups\",\"body\":" GROUPS "}",
    };
    struct fixture *fixture = *state;
    struct text many = TEXT_EMPTY;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(batch(fixture, bad[i]), 400);
    for (int i = 0; i < 21; i++)
        text_addf(&many, "%s{\"id\":\"%d\",\"method\":\"GET\",\"url\":\"/users/" ADA "\"}",
                  i == 0 ? "" : ",", i);
    assert_int_equal(batch(fixture, many.data), 400);
    assert_int_equal(fixture_call(fixture, HTTP_POST, V1 "$batch", JSON, "{"), 400);
    text_free(&many);
    assert_int_equal(batch(fixture, "{\"id\":\"1\",\"method\":\"POST\",\"url\":\"/$batch\"}"), 200);
    assert_int_equal(status_of(fixture, "1"), 400);
}

static void
units_run_out_and_come_back(void **state)
{
    struct fixture *fixture = *state;
    double after_s;

    assert_true(model_set(fixture->model, "graph_units", 10));
    for (int i = 0; i < 10; i++)
        assert_int_equal(fixture_get(fixture, ADA_URL), 200);
    assert_string_equal(fixture_header(fixture, "x-ms-resource-unit"), "1");
    assert_string_equal(fixture_header(fixture, "x-ms-throttle-limit-percentage"), "1.0");
    assert_int_equal(fixture_get(fixture, ADA_URL), 429);
    assert_string_equal(fixture_code(fixture), "TooManyRequests");
    after_s = strtod(fixture_header(fixture, "Retry-After"), NULL);
    assert_true(after_s > 0.9 && after_s < 1.1);
    fixture_pass(fixture, 500);
    assert_int_equal(fixture_get(fixture, ADA_URL), 429);
    assert_int_equal(model_offences(fixture->model, MODEL_OFFENCE_EARLY), 1);
    fixture_pass(fixture, 10000);
    assert_int_equal(fixture_get(fixture, ADA_URL), 200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(extensions_come_only_when_selected_and_only_when_set),
        TEST(on_premises_attributes_are_an_object),
        TEST(unknown_properties_and_options_are_400),
        TEST(somebody_deleted_or_not_replicated_yet_is_404),
        TEST(membership_is_checked_through_nested_groups),
        TEST(a_fresh_join_or_leave_lags),
        TEST(more_than_twenty_ids_or_one_malformed_fail_the_whole_check),
        TEST(without_permission_all_is_denied),
        TEST(each_item_of_a_batch_has_its_own_answer),
        TEST(answers_come_in_any_order),
        TEST(one_item_may_be_429_alone_and_asking_it_again_early_is_an_offence),
        TEST(malformed_batches_are_refused_as_a_whole),
        TEST(units_run_out_and_come_back),
    };
    return cmocka_run_group_tests_name("model_graph", tests, NULL, NULL);
}
