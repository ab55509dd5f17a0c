/* Writes to the double's systemuser rows: PATCH, and roles by $ref. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model_fixture.h"

#define ROW_OF(id) API "systemusers(" id ")"
#define ANY "If-Match: *\n"
#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define REF ROW_OF(BOB_ROW) "/systemuserroles_association/$ref"
#define ROLE_REF "{\"@odata.id\":\"" CRM "/api/data/v9.2/roles(" READER ")\"}"
#define TO_SALES "{\"businessunitid@odata.bind\":\"/businessunits(" SALES ")\"}"

static int
patch(struct fixture *fixture, const char *id, const char *headers, const char *body)
{
    char url[128];

    snprintf(url, sizeof(url), API "systemusers(%s)", id);
    return fixture_call(fixture, HTTP_PATCH, url, headers, body);
}

static void
assert_column(struct fixture *fixture, const char *column, const char *json)
{
    struct guid row = guid_of(BOB_ROW);
    struct text text = TEXT_EMPTY;

    assert_true(model_column(fixture->model, "e1", &row, column, &text));
    assert_string_equal(text.data, json);
    text_free(&text);
}

static size_t
roles_of_bob(struct fixture *fixture)
{
    struct guid row = guid_of(BOB_ROW);

    return model_count_roles(fixture->model, "e1", &row);
}

static void
a_guarded_patch_changes_columns_and_answers_204(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(patch(fixture, BOB_ROW, ANY, "{\"new_site\":\"Basel\",\"new_rank\":3}"), 204);
    assert_int_equal(fixture->response.body.length, 0);
    assert_string_equal(fixture_header(fixture, "OData-EntityId"), ROW_OF(BOB_ROW));
    assert_column(fixture, "new_site", "\"Basel\"");
    assert_column(fixture, "new_rank", "3");
    assert_int_equal(fixture_entry(fixture)->write, MODEL_WROTE);
    assert_string_equal(fixture_entry(fixture)->route, "patch");
    assert_int_equal(patch(fixture, BOB_ROW, ANY, "{\"new_site\":null}"), 204);
    assert_column(fixture, "new_site", "null");
}

static void
the_representation_comes_when_preferred(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(fixture_call(fixture, HTTP_PATCH,
                                  ROW_OF(BOB_ROW) "?$select=new_site,_businessunitid_value",
                                  ANY "Prefer: return=representation\n", TO_SALES),
                     200);
    assert_string_equal(fixture_text(fixture, "_businessunitid_value"), SALES);
    assert_string_equal(fixture_text(fixture, "new_site"), "Bern");
    assert_string_equal(fixture_header(fixture, "Preference-Applied"), "return=representation");
    assert_int_equal(fixture_call(fixture, HTTP_PATCH, ROW_OF(BOB_ROW) "?$select=nothing", ANY,
                                  "{\"new_site\":\"Basel\"}"),
                     400);
    assert_column(fixture, "new_site", "\"Bern\"");
}

static void
an_unguarded_patch_of_an_unknown_id_makes_a_row_and_is_an_offence(void **state)
{
    struct fixture *fixture = *state;
    struct guid made = guid_of(NOBODY);
    struct text text = TEXT_EMPTY;

    assert_int_equal(patch(fixture, NOBODY, NULL, "{\"new_site\":\"Basel\"}"), 204);
    assert_int_equal(model_offences(fixture->model, MODEL_OFFENCE_UPSERT), 1);
    assert_true(model_column(fixture->model, "e1", &made, "new_site", &text));
    assert_string_equal(text.data, "\"Basel\"");
    text_free(&text);
    assert_int_equal(patch(fixture, BOB_ROW, NULL, "{\"new_site\":\"Basel\"}"), 204);
    assert_int_equal(model_offences(fixture->model, MODEL_OFFENCE_UPSERT), 1);
}

static void
preconditions_guard_the_row(void **state)
{
    struct fixture *fixture = *state;
    struct text headers = TEXT_EMPTY;

    assert_int_equal(patch(fixture, NOBODY, ANY, "{\"new_site\":\"x\"}"), 404);
    assert_string_equal(fixture_code(fixture), "0x80040217");
    assert_int_equal(fixture_get(fixture, ROW_OF(BOB_ROW)), 200);
    text_addf(&headers, "If-Match: %s\n", fixture_header(fixture, "ETag"));
    assert_int_equal(patch(fixture, BOB_ROW, headers.data, "{\"new_site\":\"Basel\"}"), 204);
    assert_int_equal(patch(fixture, BOB_ROW, headers.data, "{\"new_site\":\"Chur\"}"), 412);
    assert_string_equal(fixture_code(fixture), "0x80060882");
    assert_column(fixture, "new_site", "\"Basel\"");
    assert_int_equal(patch(fixture, BOB_ROW, "If-None-Match: *\n", "{\"new_site\":\"Chur\"}"), 412);
    assert_int_equal(fixture_entry(fixture)->write, MODEL_REFUSED);
    text_free(&headers);
}

static void
writing_what_is_there_counts_as_writing_nothing_but_changes_the_version(void **state)
{
    struct fixture *fixture = *state;
    struct guid bob = guid_of(BOB);
    struct model_row before, after;

    assert_int_equal(model_find_row(fixture->model, "e1", &bob, &before), 1);
    assert_int_equal(patch(fixture, BOB_ROW, ANY, "{\"new_site\":\"Bern\"}"), 204);
    assert_int_equal(fixture_entry(fixture)->write, MODEL_WROTE_NOTHING);
    assert_int_equal(model_find_row(fixture->model, "e1", &bob, &after), 1);
    assert_true(after.version > before.version);
    assert_int_equal(patch(fixture, BOB_ROW, ANY, "{\"new_site\":\"bern\"}"), 204);
    assert_int_equal(fixture_entry(fixture)->write, MODEL_WROTE);
}

static void
refuses(struct fixture *fixture, const char *body, int status, const char *code)
{
    assert_int_equal(patch(fixture, BOB_ROW, ANY, body), status);
    if (strcmp(fixture_code(fixture), code) != 0)
        fail_msg("%s for %s", fixture_code(fixture), body);
    assert_column(fixture, "new_site", "\"Bern\"");
}

static void
values_that_do_not_fit_are_refused_and_nothing_is_written(void **state)
{
    struct fixture *fixture = *state;

    refuses(fixture, "{\"new_site\":\"" HUNDRED "x\"}", 400, "0x80044331");
    refuses(fixture, "{\"new_site\":\"x\",\"new_rank\":2147483648}", 400, "0x80048D19");
    refuses(fixture, "{\"new_site\":\"x\",\"accessmode\":9}", 400, "0x80044330");
    refuses(fixture, "{\"new_site\":\"x\",\"new_rank\":\"3\"}", 400, "0x80048D19");
    refuses(fixture, "{\"new_site\":\"x\",\"new_rank\":3.5}", 400, "0x80048D19");
    refuses(fixture, "{\"new_site\":7}", 400, "0x80048D19");
    refuses(fixture, "{\"new_site\":\"x\",\"nothing\":1}", 400, "0x80048D19");
    refuses(fixture, "{\"new_site\":\"x\",\"islicensed\":true}", 400, "0x80040203");
    refuses(fixture, "{\"new_site\":\"x\",\"domainname\":null}", 400, "0x80040203");
    refuses(fixture, "{\"new_site\":\"x\",\"businessunitid\":\"" SALES "\"}", 400, "0x80048D19");
    refuses(fixture, "{\"new_site\":\"x\",\"businessunitid@odata.bind\":\"/roles(" READER ")\"}",
            400, "0x80048D19");
    refuses(fixture,
            "{\"new_site\":\"x\",\"businessunitid@odata.bind\":\"/businessunits(" NOBODY ")\"}",
            404, "0x80040217");
    refuses(fixture, "{\"new_site\":\"x\"", 400, "0x80048D19");
    refuses(fixture, "", 400, "0x80048D19");
    assert_int_equal(patch(fixture, BOB_ROW, ANY, "{\"new_site\":\"" HUNDRED "\"}"), 204);
}

static void
a_body_must_be_said_to_be_json(void **state)
{
    struct fixture *fixture = *state;
    const char *plain = ANY "Content-Type: text/plain\n";

    assert_int_equal(patch(fixture, BOB_ROW, plain, "{\"new_site\":\"Basel\"}"), 415);
    assert_column(fixture, "new_site", "\"Bern\"");
    assert_int_equal(fixture_call(fixture, HTTP_POST, REF, plain, ROLE_REF), 415);
    assert_int_equal(roles_of_bob(fixture), 0);
}

static void
an_empty_text_is_stored_as_null_by_setting(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(patch(fixture, BOB_ROW, ANY, "{\"new_site\":\"\"}"), 204);
    assert_column(fixture, "new_site", "null");
    assert_true(model_set(fixture->model, "empty_text_is_null", 0));
    assert_int_equal(patch(fixture, BOB_ROW, ANY, "{\"new_site\":\"\"}"), 204);
    assert_column(fixture, "new_site", "\"\"");
}

static void
a_move_costs_the_roles_unless_the_organisation_keeps_them(void **state)
{
    struct fixture *fixture = *state;
    struct guid row = guid_of(BOB_ROW), reader = guid_of(READER);

    assert_true(model_give_role(fixture->model, "e1", &row, &reader));
    assert_int_equal(patch(fixture, BOB_ROW, ANY, TO_SALES), 204);
    assert_column(fixture, "_businessunitid_value", "\"" SALES "\"");
    assert_int_equal(roles_of_bob(fixture), 0);
    assert_true(model_give_role(fixture->model, "e1", &row, &reader));
    assert_int_equal(patch(fixture, BOB_ROW, ANY, TO_SALES), 204);
    assert_int_equal(fixture_entry(fixture)->write, MODEL_WROTE_NOTHING);
    assert_int_equal(roles_of_bob(fixture), 1);
    assert_true(model_set(fixture->model, "keep_roles_on_move", 1));
    assert_int_equal(
        patch(fixture, BOB_ROW, ANY, "{\"businessunitid@odata.bind\":\"businessunits(" ROOT ")\"}"),
        204);
    assert_int_equal(roles_of_bob(fixture), 1);
}

static void
enabling_somebody_without_a_licence_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct guid bob = guid_of(BOB);

    assert_int_equal(patch(fixture, BOB_ROW, ANY, "{\"isdisabled\":true}"), 204);
    assert_true(model_set_licensed(fixture->model, &bob, false));
    assert_int_equal(patch(fixture, BOB_ROW, ANY, "{\"isdisabled\":false}"), 400);
    assert_string_equal(fixture_code(fixture), "0x8004D24C");
    assert_true(model_set_licensed(fixture->model, &bob, true));
    assert_int_equal(patch(fixture, BOB_ROW, ANY, "{\"isdisabled\":false}"), 204);
}

static void
a_write_to_an_application_row_is_an_offence(void **state)
{
    struct fixture *fixture = *state;
    struct guid id = guid_of(NOBODY);
    struct model_row row = {.id = id, .object_id = guid_of(NOBODY), .is_application = true};

    assert_true(model_add_row(fixture->model, "e1", &row, NULL));
    assert_int_equal(patch(fixture, NOBODY, ANY, "{\"new_site\":\"x\"}"), 204);
    assert_int_equal(model_offences(fixture->model, MODEL_OFFENCE_APPLICATION_ROW), 1);
    assert_int_equal(fixture_call(fixture, HTTP_POST,
                                  ROW_OF(NOBODY) "/systemuserroles_association/$ref", NULL,
                                  ROLE_REF),
                     204);
    assert_int_equal(model_offences(fixture->model, MODEL_OFFENCE_APPLICATION_ROW), 2);
}

static void
a_role_is_given_once_and_the_second_time_answered_by_setting(void **state)
{
    struct fixture *fixture = *state;
    struct guid row = guid_of(BOB_ROW), reader = guid_of(READER);

    assert_int_equal(fixture_call(fixture, HTTP_POST, REF, NULL, ROLE_REF), 204);
    assert_int_equal(fixture_entry(fixture)->write, MODEL_WROTE);
    assert_string_equal(fixture_entry(fixture)->route, "role");
    assert_true(model_holds_role(fixture->model, "e1", &row, &reader));
    assert_int_equal(
        fixture_call(fixture, HTTP_POST, REF, NULL, "{\"@odata.id\":\"roles(" READER ")\"}"), 204);
    assert_int_equal(fixture_entry(fixture)->write, MODEL_WROTE_NOTHING);
    assert_true(model_set(fixture->model, "repeated_ref_status", 412));
    assert_int_equal(fixture_call(fixture, HTTP_POST, REF, NULL, ROLE_REF), 412);
    assert_string_equal(fixture_code(fixture), "0x80040237");
    assert_int_equal(roles_of_bob(fixture), 1);
}

static void
roles_that_cannot_be_given_are_refused_by_code(void **state)
{
    struct fixture *fixture = *state;
    struct guid reader = guid_of(READER), root = guid_of(ROOT), sales = guid_of(SALES);
    struct guid row = guid_of(BOB_ROW);

    assert_true(model_move_row(fixture->model, "e1", &row, &sales));
    assert_int_equal(fixture_call(fixture, HTTP_POST, REF, NULL, ROLE_REF), 400);
    assert_string_equal(fixture_code(fixture), "0x80041409");
    assert_true(model_move_row(fixture->model, "e1", &row, &root));
    assert_true(model_set_column(fixture->model, "e1", &row, "isdisabled", "true"));
    assert_int_equal(fixture_call(fixture, HTTP_POST, REF, NULL, ROLE_REF), 400);
    assert_string_equal(fixture_code(fixture), "0x80040225");
    assert_true(model_remove_role_copy(fixture->model, "e1", &reader, &root));
    assert_int_equal(fixture_call(fixture, HTTP_POST, REF, NULL, ROLE_REF), 400);
    assert_string_equal(fixture_code(fixture), "0x80060888");
    assert_int_equal(fixture_call(fixture, HTTP_POST, REF, NULL,
                                  "{\"@odata.id\":\"https://elsewhere.test/api/data/"
                                  "v9.2/roles(" READER ")\"}"),
                     400);
    assert_int_equal(fixture_call(fixture, HTTP_POST, REF, NULL, "{}"), 400);
    assert_int_equal(fixture_call(fixture, HTTP_POST,
                                  ROW_OF(NOBODY) "/systemuserroles_association/$ref", NULL,
                                  ROLE_REF),
                     404);
}

static void
a_role_is_taken_in_both_spellings(void **state)
{
    struct fixture *fixture = *state;
    struct guid row = guid_of(BOB_ROW), reader = guid_of(READER);
    const char *by_id = REF "?$id=" CRM "/api/data/v9.2/roles(" READER ")";

    assert_true(model_give_role(fixture->model, "e1", &row, &reader));
    assert_int_equal(fixture_call(fixture, HTTP_DELETE, by_id, NULL, NULL), 204);
    assert_int_equal(roles_of_bob(fixture), 0);
    assert_int_equal(fixture_call(fixture, HTTP_DELETE, by_id, NULL, NULL), 404);
    assert_true(model_set(fixture->model, "missing_ref_status", 204));
    assert_int_equal(fixture_call(fixture, HTTP_DELETE, by_id, NULL, NULL), 204);
    assert_int_equal(fixture_entry(fixture)->write, MODEL_WROTE_NOTHING);
    assert_true(model_give_role(fixture->model, "e1", &row, &reader));
    assert_int_equal(fixture_call(fixture, HTTP_DELETE,
                                  ROW_OF(BOB_ROW) "/systemuserroles_association(" READER ")/$ref",
                                  NULL, NULL),
                     204);
    assert_int_equal(roles_of_bob(fixture), 0);
    assert_int_equal(fixture_call(fixture, HTTP_DELETE, REF, NULL, NULL), 400);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_guarded_patch_changes_columns_and_answers_204),
        TEST(the_representation_comes_when_preferred),
        TEST(an_unguarded_patch_of_an_unknown_id_makes_a_row_and_is_an_offence),
        TEST(preconditions_guard_the_row),
        TEST(writing_what_is_there_counts_as_writing_nothing_but_changes_the_version),
        TEST(values_that_do_not_fit_are_refused_and_nothing_is_written),
        TEST(a_body_must_be_said_to_be_json),
        TEST(an_empty_text_is_stored_as_null_by_setting),
        TEST(a_move_costs_the_roles_unless_the_organisation_keeps_them),
        TEST(enabling_somebody_without_a_licence_is_refused),
        TEST(a_write_to_an_application_row_is_an_offence),
        TEST(a_role_is_given_once_and_the_second_time_answered_by_setting),
        TEST(roles_that_cannot_be_given_are_refused_by_code),
        TEST(a_role_is_taken_in_both_spellings),
    };
    return cmocka_run_group_tests_name("model_patch", tests, NULL, NULL);
}
