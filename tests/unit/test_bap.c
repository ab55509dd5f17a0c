/* addUser names the Entra object id, and no environment id can lead to another path. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "services_support.h"

static struct call
sync_call(void)
{
    struct call call = call_of(CALL_FORCE_SYNC);

    call.user = id_of(FIRST);
    return call;
}

static void
bap_asks_for_one_user_in_one_environment(void **state)
{
    struct call call = sync_call();
    struct http_request request = built(state, &call, "t0ken");

    assert_int_equal(request.method, HTTP_POST);
    assert_string_equal(request.url.data,
                        "https://bap.test/providers/Microsoft.BusinessAppPlatform/scopes/admin/"
                        "environments/Default-" TENANT "/addUser?api-version=2023-06-01");
    assert_string_equal(request.body.data, "{\"ObjectId\":\"" FIRST "\"}");
    assert_header(&request, "Authorization", "Bearer t0ken");
    assert_header(&request, "Content-Type", "application/json; charset=utf-8");
    assert_string_equal(request.route, "addUser");
    http_request_free(&request);
}

static void
bap_refuses_an_environment_id_that_is_another_path(void **state)
{
    static const char *const ids[] = {"", "a/b", "..", "a?b", "a#b", "a%2fb", "a b", "\xc3\xbc"};

    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        struct environment environment = test_environment;
        struct call call = sync_call();
        char id[16];

        snprintf(id, sizeof(id), "%s", ids[i]);
        environment.id = id;
        call.environment = &environment;
        assert_not_built(state, &call, ERROR_INPUT);
    }
}

static void
bap_takes_any_2xx_as_accepted_whatever_the_body(void **state)
{
    static const char *const bodies[] = {"", "{}", "OK", "<html>", "[[[["};

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct call call = sync_call();

        answer(state, &call, 200, NULL, bodies[i]);
        assert_verdict(&call, VERDICT_DONE, "");
        answer(state, &call, 202, "x-ms-correlation-request-id: abc\n", bodies[i]);
        assert_verdict(&call, VERDICT_DONE, "");
        assert_string_equal(call.error.request_id, "abc");
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bap_asks_for_one_user_in_one_environment),
        cmocka_unit_test(bap_refuses_an_environment_id_that_is_another_path),
        cmocka_unit_test(bap_takes_any_2xx_as_accepted_whatever_the_body),
    };
    return cmocka_run_group_tests_name("bap", tests, services_setup, services_teardown);
}
