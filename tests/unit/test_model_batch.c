/* Dataverse's $batch in the double: order, change sets, references, malformed bodies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model_fixture.h"

#define BATCH API "$batch"
#define TYPE "Content-Type: multipart/mixed; boundary=\"batch_1\"\n"
#define HTTP_PART "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
#define JSON "Content-Type: application/json\r\n"
#define NEXT "\r\n--batch_1\r\n"
#define END "\r\n--batch_1--\r\n"
#define SET_OPEN "--batch_1\r\nContent-Type: multipart/mixed; boundary=set_1\r\n\r\n"
#define SET_PART(id) "--set_1\r\n" HTTP_PART "Content-ID: " id "\r\n\r\n"
#define SET_END "--set_1--\r\n"
#define PATH "/api/data/v9.2/"
#define MOVE                                                                                \
    "PATCH " PATH "systemusers(" BOB_ROW ") HTTP/1.1\r\nContent-Type: application/json\r\n" \
    "If-Match: *\r\n\r\n{\"businessunitid@odata.bind\":\"/businessunits(" SALES ")\"}\r\n"
#define GIVE_FORMAT                                                                               \
    "POST %s/systemuserroles_association/$ref HTTP/1.1\r\nContent-Type: application/json\r\n\r\n" \
    "{\"@odata.id\":\"" CRM PATH "roles(%s)\"}\r\n"
#define SITE_OF(id, headers) \
    "PATCH systemusers(" id ") HTTP/1.1\r\n" headers JSON "\r\n{\"new_site\":\"x\"}\r\n"
#define BOB_PATH PATH "systemusers(" BOB_ROW ")"

static int
send(struct fixture *fixture, const char *body)
{
    return fixture_call(fixture, HTTP_POST, BATCH, TYPE, body);
}

static const char *
answer(const struct fixture *fixture)
{
    return fixture->response.body.data == NULL ? "" : fixture->response.body.data;
}

static bool
has(const struct fixture *fixture, const char *string)
{
    return strstr(answer(fixture), string) != NULL;
}

static void
assert_unit(struct fixture *fixture, const char *unit)
{
    struct guid bob = guid_of(BOB), expected = guid_of(unit);
    struct model_row row;

    assert_int_equal(model_find_row(fixture->model, "e1", &bob, &row), 1);
    assert_true(guid_equal(&row.unit, &expected));
}

/* The id of the reader role's copy in the sales unit. */
static void
find_copy(struct fixture *fixture, char copy[GUID_TEXT_BYTES])
{
    assert_int_equal(
        fixture_get(fixture,
                    API "roles?$select=roleid&$filter=_businessunitid_value%20eq%20" SALES),
        200);
    snprintf(copy, GUID_TEXT_BYTES, "%s", fixture_text(fixture, "value/0/roleid"));
}

/* A change set: the move, and a role given to ${target}. */
static void
write_set(struct text *body, const char *target, const char *role)
{
    text_add(body, SET_OPEN SET_PART("1") MOVE SET_PART("2"));
    text_addf(body, GIVE_FORMAT, target, role);
    text_add(body, SET_END END);
}

static void
answers_come_in_the_order_of_the_requests(void **state)
{
    struct fixture *fixture = *state;
    const char *first, *second;

    assert_int_equal(
        send(fixture, "--batch_1\r\n" HTTP_PART "\r\nGET " BOB_PATH "?$select=new_site HTTP/1.1\r\n"
                      "Accept: application/json\r\n\r\n" NEXT HTTP_PART "\r\nGET " CRM PATH
                      "businessunits?$select=name&$top=1 HTTP/1.1\r\n\r\n" NEXT HTTP_PART
                      "\r\nGET WhoAmI HTTP/1.1\r\n\r\n" END),
        200);
    assert_true(strncmp(fixture_header(fixture, "Content-Type"),
                        "multipart/mixed; boundary=batchresponse_", 40) == 0);
    first = strstr(answer(fixture), "\"new_site\":\"Bern\"");
    second = strstr(answer(fixture), "\"name\":\"One\"");
    assert_non_null(first);
    assert_non_null(second);
    assert_true(first < second);
    assert_true(has(fixture, "UserId"));
    assert_true(has(fixture,
                    "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
                    "HTTP/1.1 200 OK\r\n"));
    assert_int_equal(model_calls(fixture->model, MODEL_DATAVERSE), 1);
    assert_int_equal(model_ledger_count(fixture->model), 4);
    assert_string_equal(model_ledger_at(fixture->model, 0)->route, "batch");
    assert_int_equal(model_ledger_at(fixture->model, 0)->items, 3);
    assert_true(model_ledger_at(fixture->model, 1)->is_part);
}

static void
a_change_set_happens_as_a_whole(void **state)
{
    struct fixture *fixture = *state;
    struct guid row = guid_of(BOB_ROW), reader = guid_of(READER);
    char copy[GUID_TEXT_BYTES];
    struct text body = TEXT_EMPTY;

    find_copy(fixture, copy);
    assert_true(model_give_role(fixture->model, "e1", &row, &reader));
    write_set(&body, BOB_PATH, copy);
    assert_int_equal(send(fixture, body.data), 200);
    assert_unit(fixture, SALES);
    assert_true(model_holds_role(fixture->model, "e1", &row, &reader));
    assert_int_equal(model_count_roles(fixture->model, "e1", &row), 1);
    assert_true(has(fixture, "boundary=changesetresponse_"));
    assert_true(has(fixture, "Content-ID: 1\r\n\r\nHTTP/1.1 204 No Content\r\n"));
    assert_true(has(fixture, "Content-ID: 2\r\n"));
    text_free(&body);
}

static void
or_not_at_all(void **state)
{
    struct fixture *fixture = *state;
    struct guid row = guid_of(BOB_ROW), reader = guid_of(READER);
    struct guid bob = guid_of(BOB);
    struct model_row before, after;
    struct text body = TEXT_EMPTY;

    assert_true(model_give_role(fixture->model, "e1", &row, &reader));
    assert_int_equal(model_find_row(fixture->model, "e1", &bob, &before), 1);
    write_set(&body, BOB_PATH, READER);
    assert_int_equal(send(fixture, body.data), 400);
    assert_true(has(fixture, "0x80041409"));
    assert_false(has(fixture, "changesetresponse"));
    assert_unit(fixture, ROOT);
    assert_true(model_holds_role(fixture->model, "e1", &row, &reader));
    assert_int_equal(model_find_row(fixture->model, "e1", &bob, &after), 1);
    assert_int_equal(before.version, after.version);
    assert_true(model_set(fixture->model, "changeset_error_nested", 1));
    assert_int_equal(send(fixture, body.data), 400);
    assert_true(has(fixture, "changesetresponse"));
    text_free(&body);
}

static void
whether_a_role_check_sees_the_moved_unit_is_a_setting(void **state)
{
    struct fixture *fixture = *state;
    char copy[GUID_TEXT_BYTES];
    struct text body = TEXT_EMPTY;

    find_copy(fixture, copy);
    assert_true(model_set(fixture->model, "batch_sees_moved_unit", 0));
    write_set(&body, BOB_PATH, copy);
    assert_int_equal(send(fixture, body.data), 400);
    assert_true(has(fixture, "0x80041409"));
    assert_unit(fixture, ROOT);
    text_free(&body);
}

static void
content_ids_stand_for_rows(void **state)
{
    struct fixture *fixture = *state;
    struct guid row = guid_of(BOB_ROW), reader = guid_of(READER);
    char copy[GUID_TEXT_BYTES];
    struct text body = TEXT_EMPTY;

    find_copy(fixture, copy);
    write_set(&body, "$1", copy);
    assert_int_equal(send(fixture, body.data), 200);
    assert_true(model_holds_role(fixture->model, "e1", &row, &reader));
    text_clear(&body);
    write_set(&body, "$7", copy);
    assert_int_equal(send(fixture, body.data), 400);
    text_free(&body);
}

static void
an_upsert_in_a_set_that_fails_leaves_no_row(void **state)
{
    struct fixture *fixture = *state;
    struct guid row = guid_of(NOBODY);
    struct text json = TEXT_EMPTY;
    const char *body = SET_OPEN SET_PART("1") SITE_OF(NOBODY, "") SET_PART("2")
        SITE_OF(BOB_ROW, "If-Match: W/\"1\"\r\n") SET_END END;

    assert_int_equal(send(fixture, body), 412);
    assert_false(model_column(fixture->model, "e1", &row, "new_site", &json));
    assert_int_equal(model_offences(fixture->model, MODEL_OFFENCE_UPSERT), 1);
}

static void
the_first_failure_ends_the_batch_unless_told_to_go_on(void **state)
{
    struct fixture *fixture = *state;
    const char *body = "--batch_1\r\n" HTTP_PART "\r\nGET systemusers(" NOBODY
                       ") HTTP/1.1\r\n\r\n" NEXT HTTP_PART "\r\nGET WhoAmI HTTP/1.1\r\n\r\n" END;

    assert_int_equal(send(fixture, body), 404);
    assert_true(has(fixture, "HTTP/1.1 404 Not Found"));
    assert_false(has(fixture, "UserId"));
    assert_int_equal(
        fixture_call(fixture, HTTP_POST, BATCH, TYPE "Prefer: odata.continue-on-error\n", body),
        200);
    assert_true(has(fixture, "HTTP/1.1 404 Not Found"));
    assert_true(has(fixture, "UserId"));
}

static void
the_blank_line_after_headers_may_be_missing(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(send(fixture,
                          "--batch_1\r\n" HTTP_PART "GET WhoAmI HTTP/1.1\r\n" NEXT HTTP_PART
                          "\r\nPATCH systemusers(" BOB_ROW ") HTTP/1.1\r\nIf-Match: *\r\n" JSON
                          "{\"new_site\":\"Basel\"}" END),
                     200);
    assert_true(has(fixture, "UserId"));
    assert_true(has(fixture, "HTTP/1.1 204 No Content"));
}

static void
malformed_batches_are_refused_as_a_whole(void **state)
{
    static const char *const bad[] = {
        "",
        "--batch_1--\r\nx",
        "--batch_2\r\n" HTTP_PART "\r\nGET WhoAmI HTTP/1.1\r\n\r\n--batch_2--\r\n",
        "--batch_1\r\n" HTTP_PART "\r\nGET WhoAmI HTTP/1.1\r\n\r\n",
        "--batch_1\nContent-Type: application/http\n\nGET WhoAmI HTTP/1.1\n\n--batch_1--\n",
        "--batch_1\r\nContent-Type: text/plain\r\n\r\nGET WhoAmI HTTP/1.1\r\n\r\n" END,
        "--batch_1\r\n" HTTP_PART "\r\nGET WhoAmI\r\n\r\n" END,
        "--batch_1\r\n" HTTP_PART "\r\nGRAB WhoAmI HTTP/1.1\r\n\r\n" END,
        "--batch_1\r\n" HTTP_PART "\r\nGET https://elsewhere.test" PATH
        "WhoAmI HTTP/1.1\r\n\r\n" END,
        SET_OPEN SET_PART("1") "GET WhoAmI HTTP/1.1\r\n\r\n" SET_END END,
        SET_OPEN SET_PART("1") MOVE END,
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (send(fixture, bad[i]) != 400)
            fail_msg("%d for %s", fixture->response.status, bad[i]);
    assert_unit(fixture, ROOT);
    assert_int_equal(fixture_call(fixture, HTTP_POST, BATCH, NULL, "x"), 400);
    assert_true(model_offences(fixture->model, MODEL_OFFENCE_MALFORMED) >= 10);
}

static void
no_batch_inside_a_batch_and_no_more_than_a_thousand(void **state)
{
    struct fixture *fixture = *state;
    struct text body = TEXT_EMPTY;

    assert_int_equal(
        send(fixture, "--batch_1\r\n" HTTP_PART "\r\nPOST $batch HTTP/1.1\r\n\r\n" END), 400);
    for (int i = 0; i < 1000; i++)
        text_add(&body, "--batch_1\r\n" HTTP_PART "\r\nGET WhoAmI HTTP/1.1\r\n\r\n\r\n");
    text_add(&body, "--batch_1--\r\n");
    assert_int_equal(send(fixture, body.data), 200);
    body.length -= strlen("--batch_1--\r\n");
    text_add(&body, "--batch_1\r\n" HTTP_PART "\r\nGET WhoAmI HTTP/1.1\r\n\r\n" END);
    assert_int_equal(send(fixture, body.data), 400);
    text_free(&body);
}

static void
faults_inside_a_change_set_undo_it_unless_they_come_after_the_effect(void **state)
{
    struct fixture *fixture = *state;
    struct model_fault fault = {
        .service = MODEL_DATAVERSE, .route = "role", .times = 1, .probability = 1, .status = 503};
    char copy[GUID_TEXT_BYTES];
    struct text body = TEXT_EMPTY;

    find_copy(fixture, copy);
    write_set(&body, BOB_PATH, copy);
    assert_true(model_add_fault(fixture->model, &fault));
    assert_int_equal(send(fixture, body.data), 503);
    assert_unit(fixture, ROOT);
    fault.status = 0;
    fault.transport = HTTP_UNKNOWN;
    assert_true(model_add_fault(fixture->model, &fault));
    assert_int_equal(send(fixture, body.data), 0);
    assert_int_equal(fixture->response.transport, HTTP_UNKNOWN);
    assert_unit(fixture, ROOT);
    fault.is_after_effect = true;
    fault.route = "changeset";
    assert_true(model_add_fault(fixture->model, &fault));
    assert_int_equal(send(fixture, body.data), 0);
    assert_unit(fixture, SALES);
    text_free(&body);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers_come_in_the_order_of_the_requests),
        TEST(a_change_set_happens_as_a_whole),
        TEST(or_not_at_all),
        TEST(whether_a_role_check_sees_the_moved_unit_is_a_setting),
        TEST(content_ids_stand_for_rows),
        TEST(an_upsert_in_a_set_that_fails_leaves_no_row),
        TEST(the_first_failure_ends_the_batch_unless_told_to_go_on),
        TEST(the_blank_line_after_headers_may_be_missing),
        TEST(malformed_batches_are_refused_as_a_whole),
        TEST(no_batch_inside_a_batch_and_no_more_than_a_thousand),
        TEST(faults_inside_a_change_set_undo_it_unless_they_come_after_the_effect),
    };
    return cmocka_run_group_tests_name("model_batch", tests, NULL, NULL);
}
