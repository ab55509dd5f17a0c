/*
 * LOOK asks for rows by ids that were printed from GUIDs, and a list counts whole or not at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "services_support.h"

#define SELECT                                                                    \
    "$select=systemuserid,azureactivedirectoryobjectid,isdisabled,applicationid," \
    "_businessunitid_value,new_costcentre,new_level"
#define IN                                                                                \
    "&$filter=Microsoft.Dynamics.CRM.In(PropertyName=%27azureactivedirectoryobjectid%27," \
    "PropertyValues=%5B"
#define ROW_OF(object_id, more)                                                        \
    "{\"@odata.etag\":\"W/\\\"17\\\"\",\"systemuserid\":\"" ROW                        \
    "\",\"azureactivedirectoryobjectid\":\"" object_id                                 \
    "\",\"isdisabled\":false,\"applicationid\":null,\"_businessunitid_value\":\"" UNIT \
    "\",\"new_costcentre\":\"CC 1\",\"new_level\":-3" more "}"
#define LIST(rows) "{\"@odata.context\":\"x\",\"value\":[" rows "]}"

static struct guid ids[2];

static struct call
look_call(size_t count)
{
    struct call call = call_of(CALL_LOOK);

    ids[0] = id_of(SECOND);
    ids[1] = id_of(FIRST);
    call.ids = ids;
    call.id_count = count;
    return call;
}

static void
assert_malformed(void **state, const char *body, const char *text)
{
    struct call call = look_call(2);

    answer(state, &call, 200, NULL, body);
    assert_verdict(&call, VERDICT_RETRY, "malformed_answer");
    assert_string_equal(call.error.text, text);
    assert_null(call.rows);
}

static void
look_asks_for_all_ids_in_one_filter(void **state)
{
    struct call call = look_call(2);
    struct http_request request = built(state, &call, "t0ken");

    assert_int_equal(request.method, HTTP_GET);
    assert_string_equal(request.url.data, "https://org.test/api/data/v9.2/systemusers?" SELECT IN
                                          "%27" SECOND "%27,%27" FIRST "%27%5D)");
    assert_int_equal(request.body.length, 0);
    assert_header(&request, "Authorization", "Bearer t0ken");
    assert_header(&request, "Accept", "application/json");
    assert_header(&request, "OData-MaxVersion", "4.0");
    assert_header(&request, "OData-Version", "4.0");
    assert_no_header(&request, "If-None-Match");
    assert_string_equal(request.route, "systemusers");
    http_request_free(&request);
}

static void
look_asks_for_a_single_id_in_the_same_way(void **state)
{
    struct call call = look_call(1);
    struct http_request request = built(state, &call, "t0ken");

    assert_string_equal(request.url.data, "https://org.test/api/data/v9.2/systemusers?" SELECT IN
                                          "%27" SECOND "%27%5D)");
    http_request_free(&request);
}

static void
look_expands_roles_and_wants_nothing_out_of_a_cache(void **state)
{
    struct call call = look_call(1);
    struct http_request request;

    call.wants_roles = true;
    request = built(state, &call, "t0ken");
    assert_non_null(strstr(request.url.data, "%5D)&$expand=systemuserroles_association("
                                             "$select=roleid,_parentrootroleid_value)"));
    assert_header(&request, "If-None-Match", "null");
    http_request_free(&request);
    call.wants_roles = false;
    call.wants_fresh = true;
    request = built(state, &call, "t0ken");
    assert_null(strstr(request.url.data, "$expand"));
    assert_header(&request, "If-None-Match", "null");
    http_request_free(&request);
}

static void
look_for_250_ids_fits_into_a_url_and_a_thousand_do_not(void **state)
{
    static struct guid many[1000];
    struct call call = look_call(0);
    struct http_request request;

    call.ids = many;
    call.id_count = 250;
    request = built(state, &call, "t0ken");
    assert_true(request.url.length < 16384);
    http_request_free(&request);
    call.id_count = 1000;
    assert_not_built(state, &call, ERROR_LIMIT);
}

static void
look_reads_rows_in_any_order(void **state)
{
    struct call call = look_call(2);
    struct guid id = id_of(ROW), first = id_of(FIRST), unit = id_of(UNIT);
    const struct row *row;

    answer(state, &call, 200, "x-ms-service-request-id: r1\nx-ms-dop-hint: 8\n",
           LIST(ROW_OF(FIRST, "") "," ROW_OF(SECOND, "")));
    assert_verdict(&call, VERDICT_DONE, "");
    assert_int_equal(call.row_count, 2);
    row = &call.rows[0];
    assert_true(guid_equal(&row->id, &id));
    assert_true(guid_equal(&row->object_id, &first));
    assert_true(guid_equal(&row->unit, &unit));
    assert_string_equal(row->etag, "W/\"17\"");
    assert_false(row->is_disabled);
    assert_false(row->is_application);
    assert_false(row->has_roles);
    assert_string_equal(row->values[0].text, "CC 1");
    assert_true(row->values[1].integer == -3);
    assert_string_equal(call.error.request_id, "r1");
    assert_int_equal(call.dop_hint, 8);
    call_reset(&call);
}

static void
look_tells_applications_and_disabled_rows_and_empty_columns(void **state)
{
    struct call call = look_call(2);

    answer(state, &call, 200, NULL,
           LIST("{\"@odata.etag\":\"W/\\\"1\\\"\",\"systemuserid\":\"" ROW
                "\",\"azureactivedirectoryobjectid\":\"" FIRST
                "\",\"isdisabled\":true,\"applicationid\":\"" CLIENT
                "\",\"_businessunitid_value\":\"" UNIT
                "\",\"new_costcentre\":null,\"new_level\":null}"));
    assert_verdict(&call, VERDICT_DONE, "");
    assert_true(call.rows[0].is_disabled);
    assert_true(call.rows[0].is_application);
    assert_int_equal(call.rows[0].values[0].kind, VALUE_NULL);
    assert_int_equal(call.rows[0].values[1].kind, VALUE_NULL);
    call_reset(&call);
}

static void
look_finds_nobody_in_an_empty_list(void **state)
{
    struct call call = look_call(2);

    answer(state, &call, 200, NULL, LIST(""));
    assert_verdict(&call, VERDICT_DONE, "");
    assert_int_equal(call.row_count, 0);
    call_reset(&call);
}

static void
look_tells_of_two_rows_that_claim_one_id(void **state)
{
    struct call call = look_call(1);

    answer(state, &call, 200, NULL, LIST(ROW_OF(SECOND, "") "," ROW_OF(SECOND, "")));
    assert_verdict(&call, VERDICT_DONE, "");
    assert_int_equal(call.row_count, 2);
    call_reset(&call);
}

static void
look_reads_roles_and_takes_a_root_role_for_its_own_root(void **state)
{
    struct call call = look_call(2);
    struct guid role = id_of(ROLE), root = id_of(ROOT_ROLE);

    answer(state, &call, 200, NULL,
           LIST(ROW_OF(FIRST,
                       ",\"systemuserroles_association\":["
                       "{\"roleid\":\"" ROLE "\",\"_parentrootroleid_value\":\"" ROOT_ROLE
                       "\"},{\"roleid\":\"" ROOT_ROLE
                       "\",\"_parentrootroleid_value\":null}]") "," ROW_OF(SECOND,
                                                                           ",\"systemuserroles_"
                                                                           "association\":[]")));
    assert_verdict(&call, VERDICT_DONE, "");
    assert_true(call.rows[0].has_roles);
    assert_int_equal(call.rows[0].role_count, 2);
    assert_true(guid_equal(&call.rows[0].roles[0].id, &role));
    assert_true(guid_equal(&call.rows[0].roles[0].root, &root));
    assert_true(guid_equal(&call.rows[0].roles[1].id, &root));
    assert_true(guid_equal(&call.rows[0].roles[1].root, &root));
    assert_true(call.rows[1].has_roles);
    assert_int_equal(call.rows[1].role_count, 0);
    call_reset(&call);
}

static void
look_takes_roles_with_another_page_for_not_read(void **state)
{
    struct call call = look_call(2);

    answer(state, &call, 200, NULL,
           LIST(ROW_OF(FIRST, ",\"systemuserroles_association\":[{\"roleid\":\"" ROLE
                              "\",\"_parentrootroleid_value\":null}],"
                              "\"systemuserroles_association@odata.nextLink\":\"https://evil\"")));
    assert_verdict(&call, VERDICT_DONE, "");
    assert_false(call.rows[0].has_roles);
    assert_int_equal(call.rows[0].role_count, 0);
    call_reset(&call);
}

static void
look_never_takes_a_page_for_the_whole(void **state)
{
    struct call call = look_call(2);

    answer(state, &call, 200, "x-ms-service-request-id: r2\n",
           "{\"value\":[" ROW_OF(FIRST, "") "],\"@odata.nextLink\":\"https://evil.test/\"}");
    assert_verdict(&call, VERDICT_RETRY, "incomplete_answer");
    assert_non_null(strstr(call.error.text, "incomplete"));
    assert_null(strstr(call.error.text, "evil"));
    assert_string_equal(call.error.request_id, "r2");
    assert_null(call.rows);
}

static void
look_refuses_rows_that_were_not_asked_for(void **state)
{
    assert_malformed(state, LIST(ROW_OF(FIRST, "") "," ROW_OF(THIRD, "")),
                     "a row that was not asked for");
}

/* The other row is read as if nothing were. */
static void
assert_unreadable(void **state, const char *body, const char *text)
{
    struct call call = look_call(2);
    const struct guid user = id_of(FIRST);

    answer(state, &call, 200, NULL, body);
    assert_verdict(&call, VERDICT_DONE, "");
    assert_int_equal(call.row_count, 2);
    assert_string_equal(call.rows[0].fault, text);
    assert_true(guid_equal(&call.rows[0].object_id, &user));
    assert_null(call.rows[0].values);
    assert_null(call.rows[1].fault);
    assert_non_null(call.rows[1].values);
    call_reset(&call);
}

static void
look_tells_whose_row_has_anything_missing_or_malformed(void **state)
{
    static const struct {
        const char *from, *to, *text;
    } cases[] = {
        {ROW, "x", "systemuserid: string where a GUID is needed"},
        {"\"isdisabled\":false", "\"isdisabled\":null", "isdisabled: no boolean"},
        {"\"isdisabled\":false,", "", "isdisabled: no boolean"},
        {"\"applicationid\":null,", "", "applicationid: absent where a GUID is needed"},
        {"\"" UNIT "\"", "null", "_businessunitid_value: null where a GUID is needed"},
        {"W/\\\"17\\\"", "W/\\\"1\\r\\nX: 7\\\"", "@odata.etag: no entity tag"},
        {"W/\\\"17\\\"", "", "@odata.etag: no entity tag"},
        {"W/\\\"17\\\"", "W/17", "@odata.etag: no entity tag"},
        {"W/\\\"17\\\"", "W/\\\"01234567890123456789012345678901234567890123456789012345678901\\\"",
         "@odata.etag: no entity tag"},
        {",\"new_level\":-3", "", "column new_level: nothing where a column is needed"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *whole = LIST(ROW_OF(FIRST, "") "," ROW_OF(SECOND, ""));
        const char *at = strstr(whole, cases[i].from);
        char body[2048];

        assert_non_null(at);
        snprintf(body, sizeof(body), "%.*s%s%s", (int)(at - whole), whole, cases[i].to,
                 at + strlen(cases[i].from));
        assert_unreadable(state, body, cases[i].text);
    }
}

static void
look_refuses_a_row_that_is_nobodys(void **state)
{
    assert_malformed(state, LIST(ROW_OF("x", "") "," ROW_OF(SECOND, "")),
                     "azureactivedirectoryobjectid: string where a GUID is needed");
}

static void
look_says_that_a_column_is_of_another_type_than_configured(void **state)
{
    struct call call = look_call(2);

    answer(state, &call, 200, NULL,
           LIST("{\"@odata.etag\":\"W/\\\"1\\\"\",\"systemuserid\":\"" ROW
                "\",\"azureactivedirectoryobjectid\":\"" FIRST
                "\",\"isdisabled\":true,\"applicationid\":null,\"_businessunitid_value\":\"" UNIT
                "\",\"new_costcentre\":17,\"new_level\":null}"));
    assert_verdict(&call, VERDICT_MISCONFIGURED, "column_type_differs");
    assert_string_equal(call.error.text, "column new_costcentre: integer where a text is needed");
    assert_null(call.rows);
}

static void
look_without_columns_reads_rows_without_values(void **state)
{
    struct environment environment = test_environment;
    struct call call = look_call(2);

    environment.column_count = 0;
    call.environment = &environment;
    answer(state, &call, 200, NULL, LIST(ROW_OF(FIRST, "")));
    assert_verdict(&call, VERDICT_DONE, "");
    assert_null(call.rows[0].values);
    call_reset(&call);
}

static void
look_survives_hostile_answers(void **state)
{
    struct call call = look_call(2);

    survive(state, &call, "Content-Type: application/json\n",
            LIST(ROW_OF(FIRST, ",\"systemuserroles_association\":[{\"roleid\":\"" ROLE
                               "\",\"_parentrootroleid_value\":null}]") "," ROW_OF(SECOND, "")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(look_asks_for_all_ids_in_one_filter),
        cmocka_unit_test(look_asks_for_a_single_id_in_the_same_way),
        cmocka_unit_test(look_expands_roles_and_wants_nothing_out_of_a_cache),
        cmocka_unit_test(look_for_250_ids_fits_into_a_url_and_a_thousand_do_not),
        cmocka_unit_test(look_reads_rows_in_any_order),
        cmocka_unit_test(look_tells_applications_and_disabled_rows_and_empty_columns),
        cmocka_unit_test(look_finds_nobody_in_an_empty_list),
        cmocka_unit_test(look_tells_of_two_rows_that_claim_one_id),
        cmocka_unit_test(look_reads_roles_and_takes_a_root_role_for_its_own_root),
        cmocka_unit_test(look_takes_roles_with_another_page_for_not_read),
        cmocka_unit_test(look_never_takes_a_page_for_the_whole),
        cmocka_unit_test(look_refuses_rows_that_were_not_asked_for),
        cmocka_unit_test(look_tells_whose_row_has_anything_missing_or_malformed),
        cmocka_unit_test(look_refuses_a_row_that_is_nobodys),
        cmocka_unit_test(look_says_that_a_column_is_of_another_type_than_configured),
        cmocka_unit_test(look_without_columns_reads_rows_without_values),
        cmocka_unit_test(look_survives_hostile_answers),
    };
    return cmocka_run_group_tests_name("dataverse_look", tests, services_setup, services_teardown);
}
