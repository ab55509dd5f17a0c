/*
 * PATCH writes only what is to be written, never makes a row, and its answer is the confirming
 * read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "services_support.h"

#define REPRESENTATION                                                                   \
    "{\"@odata.context\":\"x\",\"@odata.etag\":\"W/\\\"18\\\"\",\"systemuserid\":\"" ROW \
    "\",\"azureactivedirectoryobjectid\":\"" FIRST                                       \
    "\",\"isdisabled\":false,\"applicationid\":null,\"_businessunitid_value\":\"" UNIT   \
    "\",\"new_costcentre\":\"CC\",\"new_level\":null}"

static char text[] = "a \"b\"\r\n--c";
static const struct value values[] = {{.kind = VALUE_TEXT, .text = text}, {.kind = VALUE_NULL}};
static const struct column_write writes[] = {{0, &values[0]}, {1, &values[1]}};

static struct call
patch_call(void)
{
    struct call call = call_of(CALL_PATCH);

    call.row = id_of(ROW);
    call.if_match = "W/\"17\"";
    call.writes = writes;
    call.write_count = 2;
    return call;
}

static void
patch_writes_what_is_given_and_nothing_else(void **state)
{
    struct call call = patch_call();
    struct http_request request = built(state, &call, "t0ken");

    assert_int_equal(request.method, HTTP_PATCH);
    assert_string_equal(request.url.data,
                        "https://org.test/api/data/v9.2/systemusers(" ROW ")?$select=systemuserid,"
                        "azureactivedirectoryobjectid,isdisabled,applicationid,"
                        "_businessunitid_value,new_costcentre,new_level");
    assert_string_equal(request.body.data,
                        "{\"new_costcentre\":\"a \\\"b\\\"\\r\\n--c\",\"new_level\":null}");
    assert_header(&request, "If-Match", "W/\"17\"");
    assert_header(&request, "Prefer", "return=representation");
    assert_header(&request, "Content-Type", "application/json; charset=utf-8");
    assert_header(&request, "OData-Version", "4.0");
    assert_string_equal(request.route, "patch");
    http_request_free(&request);
}

static void
patch_names_the_unit_by_its_navigation_property(void **state)
{
    struct call call = patch_call();
    struct guid unit = id_of(UNIT);
    struct http_request request;

    call.unit = &unit;
    call.write_count = 0;
    call.if_match = "*";
    request = built(state, &call, "t0ken");
    assert_string_equal(request.body.data,
                        "{\"businessunitid@odata.bind\":\"/businessunits(" UNIT ")\"}");
    assert_header(&request, "If-Match", "*");
    http_request_free(&request);
}

static void
patch_is_never_sent_without_if_match(void **state)
{
    struct call call = patch_call();

    call.if_match = NULL;
    assert_not_built(state, &call, ERROR_INPUT);
    call.if_match = "";
    assert_not_built(state, &call, ERROR_INPUT);
}

static void
patch_reads_the_row_as_it_is_now(void **state)
{
    struct call call = patch_call();

    call.wants_roles = true;
    answer(state, &call, 200, NULL, REPRESENTATION);
    assert_verdict(&call, VERDICT_DONE, "");
    assert_int_equal(call.row_count, 1);
    assert_string_equal(call.rows[0].etag, "W/\"18\"");
    assert_string_equal(call.rows[0].values[0].text, "CC");
    assert_false(call.rows[0].has_roles);
    call_reset(&call);
}

static void
patch_without_a_representation_is_done_and_found_nothing(void **state)
{
    struct call call = patch_call();

    answer(state, &call, 204, NULL, NULL);
    assert_verdict(&call, VERDICT_DONE, "");
    assert_int_equal(call.row_count, 0);
    assert_null(call.rows);
}

static void
patch_that_answers_with_another_row_confirms_nothing(void **state)
{
    struct call call = patch_call();

    call.row = id_of(FIRST);
    answer(state, &call, 200, NULL, REPRESENTATION);
    assert_verdict(&call, VERDICT_RETRY, "malformed_answer");
    assert_null(call.rows);
}

static void
patch_of_a_row_that_changed_or_went_is_looked_at_again(void **state)
{
    struct call call = patch_call();

    answer(state, &call, 412, NULL, "{\"error\":{\"code\":\"0x80060882\",\"message\":\"m\"}}");
    assert_verdict(&call, VERDICT_CHANGED, "row_changed");
    answer(state, &call, 404, NULL, "{\"error\":{\"code\":\"0x80040217\",\"message\":\"m\"}}");
    assert_verdict(&call, VERDICT_CHANGED, "row_gone");
    assert_int_equal(call.error.status, 404);
    assert_string_equal(call.error.code, "0x80040217");
}

static void
patch_survives_hostile_answers(void **state)
{
    struct call call = patch_call();

    survive(state, &call, NULL, REPRESENTATION);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patch_writes_what_is_given_and_nothing_else),
        cmocka_unit_test(patch_names_the_unit_by_its_navigation_property),
        cmocka_unit_test(patch_is_never_sent_without_if_match),
        cmocka_unit_test(patch_reads_the_row_as_it_is_now),
        cmocka_unit_test(patch_without_a_representation_is_done_and_found_nothing),
        cmocka_unit_test(patch_that_answers_with_another_row_confirms_nothing),
        cmocka_unit_test(patch_of_a_row_that_changed_or_went_is_looked_at_again),
        cmocka_unit_test(patch_survives_hostile_answers),
    };
    return cmocka_run_group_tests_name("dataverse_patch", tests, services_setup, services_teardown);
}
