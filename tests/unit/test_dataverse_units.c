/* Units are looked up by what the recipes name them by, and the root is always among them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "services_support.h"

#define ROOT_ENTRY \
    "{\"businessunitid\":\"" ROOT_UNIT "\",\"name\":\"org\",\"_parentbusinessunitid_value\":null}"
#define ENTRY                     \
    "{\"businessunitid\":\"" UNIT \
    "\",\"name\":\"O'Hara & Söhne\",\"_parentbusinessunitid_value\":\"" ROOT_UNIT "\"}"

static void
units_are_asked_for_by_id_and_by_name_with_the_root(void **state)
{
    struct call call = call_of(CALL_UNITS);
    struct http_request request = built(state, &call, "t0ken");

    assert_int_equal(request.method, HTTP_GET);
    assert_string_equal(request.url.data,
                        "https://org.test/api/data/v9.2/businessunits"
                        "?$select=businessunitid,name,_parentbusinessunitid_value"
                        "&$filter=_parentbusinessunitid_value%20eq%20null"
                        "%20or%20businessunitid%20eq%20" UNIT
                        "%20or%20name%20eq%20%27O%27%27Hara%20%26%20S%C3%B6hne%27");
    assert_header(&request, "Authorization", "Bearer t0ken");
    http_request_free(&request);
}

static void
units_are_read_with_the_root_marked(void **state)
{
    struct call call = call_of(CALL_UNITS);
    struct guid root = id_of(ROOT_UNIT), unit = id_of(UNIT);

    answer(state, &call, 200, NULL, "{\"value\":[" ROOT_ENTRY "," ENTRY "]}");
    assert_verdict(&call, VERDICT_DONE, "");
    assert_int_equal(call.unit_count, 2);
    assert_true(call.units[0].is_root);
    assert_true(guid_equal(&call.units[0].id, &root));
    assert_false(call.units[1].is_root);
    assert_true(guid_equal(&call.units[1].id, &unit));
    assert_string_equal(call.units[1].name, "O'Hara & Söhne");
    call_reset(&call);
}

static void
units_count_whole_or_not_at_all(void **state)
{
    struct call call = call_of(CALL_UNITS);

    answer(state, &call, 200, NULL,
           "{\"value\":[" ROOT_ENTRY "],\"@odata.nextLink\":\"https://evil.test\"}");
    assert_verdict(&call, VERDICT_RETRY, "incomplete_answer");
    assert_null(call.units);
    answer(state, &call, 200, NULL,
           "{\"value\":[" ROOT_ENTRY ",{\"businessunitid\":\"" UNIT "\",\"name\":\"x\"}]}");
    assert_verdict(&call, VERDICT_RETRY, "malformed_answer");
    answer(state, &call, 200, NULL,
           "{\"value\":[{\"businessunitid\":\"" UNIT
           "\",\"name\":null,\"_parentbusinessunitid_value\":null}]}");
    assert_verdict(&call, VERDICT_RETRY, "malformed_answer");
    assert_null(call.units);
}

static void
units_survive_hostile_answers(void **state)
{
    struct call call = call_of(CALL_UNITS);

    survive(state, &call, NULL, "{\"value\":[" ROOT_ENTRY "," ENTRY "]}");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_are_asked_for_by_id_and_by_name_with_the_root),
        cmocka_unit_test(units_are_read_with_the_root_marked),
        cmocka_unit_test(units_count_whole_or_not_at_all),
        cmocka_unit_test(units_survive_hostile_answers),
    };
    return cmocka_run_group_tests_name("dataverse_units", tests, services_setup, services_teardown);
}
