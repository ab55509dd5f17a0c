/* Copies of roles are looked up in one unit only, by root or by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "services_support.h"

#define BEGIN                                                            \
    "https://org.test/api/data/v9.2/roles"                               \
    "?$select=roleid,name,_parentrootroleid_value,_businessunitid_value" \
    "&$filter=_businessunitid_value%20eq%20" UNIT "%20and%20("
#define ENTRY(id, root, unit)                                                      \
    "{\"roleid\":\"" id "\",\"name\":\"Reader\",\"_parentrootroleid_value\":" root \
    ",\"_businessunitid_value\":\"" unit "\"}"
#define LIST(entries) "{\"value\":[" entries "]}"

static struct guid unit;
static struct guid roots[2];

static struct call
roles_call(size_t count)
{
    struct call call = call_of(CALL_ROLES);

    unit = id_of(UNIT);
    roots[0] = id_of(ROOT_ROLE);
    roots[1] = id_of(THIRD);
    call.unit = &unit;
    call.roles = roots;
    call.role_count = count;
    return call;
}

static void
roles_are_asked_for_by_root_which_may_be_the_role_itself(void **state)
{
    struct call call = roles_call(2);
    struct http_request request = built(state, &call, "t0ken");

    assert_string_equal(
        request.url.data,
        BEGIN "roleid%20eq%20" ROOT_ROLE "%20or%20_parentrootroleid_value%20eq%20" ROOT_ROLE
              "%20or%20roleid%20eq%20" THIRD "%20or%20_parentrootroleid_value%20eq%20" THIRD ")");
    http_request_free(&request);
}

static void
roles_are_asked_for_by_the_names_of_the_recipes_when_none_is_given(void **state)
{
    struct call call = roles_call(0);
    struct http_request request = built(state, &call, "t0ken");

    assert_string_equal(request.url.data, BEGIN "name%20eq%20%27Reader%27)");
    http_request_free(&request);
}

static void
roles_without_a_unit_or_anything_to_look_for_are_not_asked_for(void **state)
{
    struct environment environment = test_environment;
    struct call call = roles_call(1);

    call.unit = NULL;
    assert_not_built(state, &call, ERROR_INPUT);
    call = roles_call(0);
    environment.role_count = 1;
    call.environment = &environment;
    assert_not_built(state, &call, ERROR_INPUT);
}

static void
roles_are_read_with_their_roots(void **state)
{
    struct call call = roles_call(2);

    answer(state, &call, 200, NULL,
           LIST(ENTRY(ROLE, "\"" ROOT_ROLE "\"", UNIT) "," ENTRY(THIRD, "null", UNIT)));
    assert_verdict(&call, VERDICT_DONE, "");
    assert_int_equal(call.found_role_count, 2);
    assert_true(guid_equal(&call.found_roles[0].root, &roots[0]));
    assert_true(guid_equal(&call.found_roles[1].root, &roots[1]));
    assert_true(guid_equal(&call.found_roles[1].id, &roots[1]));
    assert_string_equal(call.found_roles[0].name, "Reader");
    call_reset(&call);
}

static void
roles_of_another_unit_or_of_a_page_prove_nothing(void **state)
{
    struct call call = roles_call(2);

    answer(state, &call, 200, NULL, LIST(ENTRY(ROLE, "null", ROOT_UNIT)));
    assert_verdict(&call, VERDICT_RETRY, "malformed_answer");
    answer(state, &call, 200, NULL, "{\"value\":[],\"@odata.nextLink\":\"\"}");
    assert_verdict(&call, VERDICT_RETRY, "incomplete_answer");
    assert_null(call.found_roles);
}

static void
roles_survive_hostile_answers(void **state)
{
    struct call call = roles_call(2);

    survive(state, &call, NULL,
            LIST(ENTRY(ROLE, "\"" ROOT_ROLE "\"", UNIT) "," ENTRY(THIRD, "null", UNIT)));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roles_are_asked_for_by_root_which_may_be_the_role_itself),
        cmocka_unit_test(roles_are_asked_for_by_the_names_of_the_recipes_when_none_is_given),
        cmocka_unit_test(roles_without_a_unit_or_anything_to_look_for_are_not_asked_for),
        cmocka_unit_test(roles_are_read_with_their_roots),
        cmocka_unit_test(roles_of_another_unit_or_of_a_page_prove_nothing),
        cmocka_unit_test(roles_survive_hostile_answers),
    };
    return cmocka_run_group_tests_name("dataverse_roles", tests, services_setup, services_teardown);
}
