/* A role is given by one association; having it already is as good. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "services_support.h"

static struct guid role;

static struct call
role_call(void)
{
    struct call call = call_of(CALL_ROLE);

    role = id_of(ROLE);
    call.row = id_of(ROW);
    call.roles = &role;
    call.role_count = 1;
    return call;
}

static void
role_is_associated_by_reference(void **state)
{
    struct call call = role_call();
    struct http_request request = built(state, &call, "t0ken");

    assert_int_equal(request.method, HTTP_POST);
    assert_string_equal(request.url.data, "https://org.test/api/data/v9.2/systemusers(" ROW
                                          ")/systemuserroles_association/$ref");
    assert_string_equal(request.body.data,
                        "{\"@odata.id\":\"https://org.test/api/data/v9.2/roles(" ROLE ")\"}");
    assert_header(&request, "Content-Type", "application/json; charset=utf-8");
    assert_header(&request, "Authorization", "Bearer t0ken");
    assert_string_equal(request.route, "role");
    http_request_free(&request);
}

static void
role_call_gives_exactly_one(void **state)
{
    struct call call = role_call();

    call.role_count = 0;
    assert_not_built(state, &call, ERROR_INPUT);
    call.role_count = 2;
    assert_not_built(state, &call, ERROR_INPUT);
}

static void
role_is_given_by_204_and_by_the_code_of_one_that_is_there(void **state)
{
    struct call call = role_call();

    answer(state, &call, 204, "x-ms-service-request-id: r\n", NULL);
    assert_verdict(&call, VERDICT_DONE, "");
    assert_string_equal(call.error.request_id, "r");
    answer(state, &call, 412, NULL, "{\"error\":{\"code\":\"0x80040237\",\"message\":\"m\"}}");
    assert_verdict(&call, VERDICT_DONE, "");
    answer(state, &call, 412, NULL, "{\"error\":{\"code\":\"0x80040333\",\"message\":\"m\"}}");
    assert_verdict(&call, VERDICT_REJECTED, "duplicate");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(role_is_associated_by_reference),
        cmocka_unit_test(role_call_gives_exactly_one),
        cmocka_unit_test(role_is_given_by_204_and_by_the_code_of_one_that_is_there),
    };
    return cmocka_run_group_tests_name("dataverse_role", tests, services_setup, services_teardown);
}
