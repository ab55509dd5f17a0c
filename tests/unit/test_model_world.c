/* Seeding the double and reading it back; settings; the same seed, the same run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model_fixture.h"

static void
whatever_exists_is_not_added_twice(void **state)
{
    struct fixture *fixture = *state;
    struct model *model = fixture->model;
    struct guid root = guid_of(ROOT), reader = guid_of(READER), crew = guid_of(CREW);
    struct guid client = guid_of(CLIENT), sales = guid_of(SALES);
    struct model_user ada = {.id = guid_of(ADA), .user_principal_name = "x"};
    struct model_row row = {.id = guid_of(BOB_ROW)};
    struct model_environment one = {.id = "e1", .name = "One"};
    struct model_application application = {.client = client, .secret = ""};

    assert_false(model_add_user(model, &ada));
    assert_false(model_add_row(model, "e1", &row, NULL));
    assert_false(model_add_environment(model, &one));
    assert_false(model_add_application(model, &application));
    assert_false(model_add_business_unit(model, "e1", &root, "x"));
    assert_false(model_add_role(model, "e1", &reader, "x"));
    assert_false(model_add_group(model, &crew, "x"));
    assert_false(model_add_origin(model, CRM, MODEL_GRAPH, NULL));
    assert_false(model_add_application_user(model, "e1", &client, true));
    assert_true(model_remove_role_copy(model, "e1", &reader, &sales));
    assert_false(model_remove_role_copy(model, "e1", &reader, &sales));
}

static void
whatever_does_not_exist_is_said_to(void **state)
{
    struct fixture *fixture = *state;
    struct model *model = fixture->model;
    struct guid nobody = guid_of(NOBODY), row = guid_of(BOB_ROW);
    struct model_row stranded = {.object_id = nobody, .unit = nobody};
    struct text text = TEXT_EMPTY;

    assert_false(model_add_row(model, "e1", &stranded, NULL));
    assert_int_equal(model_find_row(model, "e1", &nobody, NULL), 0);
    stranded.unit = guid_of(ROOT);
    assert_false(model_add_row(model, "e1", &stranded, "{\"nothing\":1}"));
    assert_false(model_add_row(model, "e1", &stranded, "{\"new_rank\":\"x\"}"));
    assert_false(model_add_row(model, "e1", &stranded, "["));
    assert_int_equal(model_find_row(model, "e1", &nobody, NULL), 0);
    assert_int_equal(model_find_row(model, "e9", &nobody, NULL), 0);
    assert_false(model_column(model, "e1", &nobody, "new_site", &text));
    assert_false(model_column(model, "e1", &row, "nothing", &text));
    assert_false(model_move_row(model, "e1", &row, &nobody));
    assert_false(model_give_role(model, "e1", &row, &nobody));
    assert_false(model_join(model, &nobody, &row, &fixture->clock));
    assert_false(model_remove_user(model, &nobody));
    assert_false(model_set_attribute(model, &nobody, "x", "1"));
    assert_false(model_add_origin(model, "https://three.test", MODEL_DATAVERSE, "e9"));
    assert_false(model_add_origin(model, "https://three.test/path", MODEL_GRAPH, NULL));
    assert_false(model_set(model, "nothing", 1));
}

static void
every_setting_can_be_listed_read_and_set(void **state)
{
    struct fixture *fixture = *state;
    const char *name, *help;
    int64_t value;
    size_t count = 0;

    for (; model_setting_at(count, &name, &help); count++) {
        assert_true(*help != '\0');
        assert_true(model_set(fixture->model, name, 1000 + (int64_t)count));
        assert_true(model_get(fixture->model, name, &value));
        assert_int_equal(value, 1000 + (int64_t)count);
    }
    assert_int_equal(count * sizeof(int64_t), sizeof(struct model_settings));
    assert_int_equal(model_settings(fixture->model)->token_life_ms, 1000);
}

static void
a_role_reaches_units_that_come_later(void **state)
{
    struct fixture *fixture = *state;
    struct guid unit = guid_of(NOBODY), row = guid_of(BOB_ROW), reader = guid_of(READER);

    assert_true(model_add_business_unit(fixture->model, "e1", &unit, "Late"));
    assert_true(model_move_row(fixture->model, "e1", &row, &unit));
    assert_false(model_holds_role(fixture->model, "e1", &row, &reader));
    assert_true(model_give_role(fixture->model, "e1", &row, &reader));
    assert_true(model_holds_role(fixture->model, "e1", &row, &reader));
}

static void
two_rows_may_claim_one_object_id(void **state)
{
    struct fixture *fixture = *state;
    struct guid bob = guid_of(BOB), first = guid_of(BOB_ROW);
    struct model_row second = {.object_id = bob};
    struct model_row found;

    assert_true(model_add_row(fixture->model, "e1", &second, NULL));
    assert_int_equal(model_find_row(fixture->model, "e1", &bob, &found), 2);
    assert_true(guid_equal(&found.id, &first));
    assert_int_equal(
        fixture_get(fixture, API "systemusers?$filter=azureactivedirectoryobjectid%20eq%20" BOB),
        200);
    assert_int_equal(json_length(fixture_at(fixture, "value")), 2);
}

static void
what_the_ledger_does_not_keep_it_still_counts(void **state)
{
    struct fixture *fixture = *state;

    model_ledger_keep(fixture->model, false);
    assert_int_equal(fixture_get(fixture, API "WhoAmI"), 200);
    assert_int_equal(model_ledger_count(fixture->model), 0);
    assert_null(model_ledger_at(fixture->model, 0));
    assert_int_equal(model_calls(fixture->model, MODEL_DATAVERSE), 1);
    model_ledger_clear(fixture->model);
    assert_int_equal(model_calls(fixture->model, MODEL_DATAVERSE), 0);
}

/* A little of everything that draws on chance. */
static void
run(struct fixture *fixture, struct text *history)
{
    assert_true(model_set(fixture->model, "latency_high_ms", 50));
    for (int i = 0; i < 20; i++) {
        fixture_call(fixture, HTTP_POST,
                     BAP
                     "/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments/e1/addUser"
                     "?api-version=2023-06-01",
                     NULL, "{\"ObjectId\":\"" ADA "\"}");
        text_addf(history, "%d %lld\n", fixture->response.status, (long long)fixture->after_ms);
        fixture_get(fixture, API "systemusers");
        text_addf(history, "%lld %s\n", (long long)fixture->after_ms,
                  fixture->response.body.data == NULL ? "" : fixture->response.body.data);
        fixture_pass(fixture, 1000);
    }
}

static void
the_same_seed_gives_the_same_run(void **state)
{
    struct text first = TEXT_EMPTY, second = TEXT_EMPTY;
    void *other;

    assert_int_equal(fixture_setup(&other), 0);
    run(*state, &first);
    run(other, &second);
    assert_string_equal(first.data, second.data);
    assert_non_null(strstr(first.data, ADA));
    text_free(&first);
    text_free(&second);
    fixture_teardown(&other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(whatever_exists_is_not_added_twice),
        TEST(whatever_does_not_exist_is_said_to),
        TEST(every_setting_can_be_listed_read_and_set),
        TEST(a_role_reaches_units_that_come_later),
        TEST(two_rows_may_claim_one_object_id),
        TEST(what_the_ledger_does_not_keep_it_still_counts),
        TEST(the_same_seed_gives_the_same_run),
    };
    return cmocka_run_group_tests_name("model_world", tests, NULL, NULL);
}
