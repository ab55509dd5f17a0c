/* The token request holds the secret in its body only; an answer is a token or nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "services_support.h"

#define BODY "{\"token_type\":\"Bearer\",\"expires_in\":3599,\"access_token\":\"eyJ.a-b_c~+/=\"}"

static struct call
token_call(void)
{
    struct call call = call_of(CALL_TOKEN);

    call.environment = NULL;
    call.scope = "https://org.test/.default";
    return call;
}

static void
login_asks_by_client_credentials_with_everything_encoded(void **state)
{
    struct call call = token_call();
    struct http_request request = built(state, &call, "s&cret=+ü");

    assert_int_equal(request.method, HTTP_POST);
    assert_string_equal(request.url.data, "https://login.test/" TENANT "/oauth2/v2.0/token");
    assert_string_equal(request.body.data, "grant_type=client_credentials&client_id=" CLIENT
                                           "&scope=https%3A%2F%2Forg.test%2F.default"
                                           "&client_secret=s%26cret%3D%2B%C3%BC");
    assert_header(&request, "Content-Type", "application/x-www-form-urlencoded");
    assert_no_header(&request, "Authorization");
    assert_string_equal(request.route, "token");
    http_request_free(&request);
}

static void
login_does_not_ask_without_a_secret(void **state)
{
    struct call call = token_call();
    struct http_request request = HTTP_REQUEST_EMPTY;
    struct error error;

    assert_int_equal(services_build(*state, &call, "", &request, &error), -1);
    assert_int_equal(error.class, ERROR_INPUT);
    http_request_free(&request);
}

static void
login_reads_a_token_and_its_life(void **state)
{
    struct call call = token_call();

    answer(state, &call, 200, NULL, BODY);
    assert_verdict(&call, VERDICT_DONE, "");
    assert_string_equal(call.token, "eyJ.a-b_c~+/=");
    assert_true(call.token_life_ms == 3599000);
    answer(state, &call, 200, NULL,
           "{\"token_type\":\"bearer\",\"expires_in\":\"86399\",\"access_token\":\"x\"}");
    assert_verdict(&call, VERDICT_DONE, "");
    assert_string_equal(call.token, "x");
    assert_true(call.token_life_ms == 86399000);
    call_reset(&call);
}

static void
login_takes_no_life_longer_than_a_week(void **state)
{
    struct call call = token_call();

    answer(state, &call, 200, NULL,
           "{\"token_type\":\"Bearer\",\"expires_in\":9223372036854775807,\"access_token\":\"x\"}");
    assert_verdict(&call, VERDICT_DONE, "");
    assert_true(call.token_life_ms == INT64_C(604800000));
    call_reset(&call);
}

static void
login_refuses_what_is_no_token(void **state)
{
    static const char *const bodies[] = {
        "",
        "<html>",
        "{\"expires_in\":3599,\"access_token\":\"x\"}",
        "{\"token_type\":\"MAC\",\"expires_in\":3599,\"access_token\":\"x\"}",
        "{\"token_type\":\"Bearer\",\"expires_in\":3599}",
        "{\"token_type\":\"Bearer\",\"expires_in\":3599,\"access_token\":\"\"}",
        "{\"token_type\":\"Bearer\",\"expires_in\":3599,\"access_token\":\"a\\nX-Evil: 1\"}",
        "{\"token_type\":\"Bearer\",\"expires_in\":3599,\"access_token\":\"a b\"}",
        "{\"token_type\":\"Bearer\",\"expires_in\":3599,\"access_token\":\"\\u00fc\"}",
        "{\"token_type\":\"Bearer\",\"expires_in\":3599,\"access_token\":17}",
        "{\"token_type\":\"Bearer\",\"access_token\":\"x\"}",
        "{\"token_type\":\"Bearer\",\"expires_in\":0,\"access_token\":\"x\"}",
        "{\"token_type\":\"Bearer\",\"expires_in\":-5,\"access_token\":\"x\"}",
        "{\"token_type\":\"Bearer\",\"expires_in\":\"soon\",\"access_token\":\"x\"}",
        "{\"token_type\":\"Bearer\",\"expires_in\":\"\",\"access_token\":\"x\"}",
        "{\"token_type\":\"Bearer\",\"expires_in\":1.5,\"access_token\":\"x\"}",
        "{\"token_type\":\"Bearer\",\"expires_in\":\"99999999999\",\"access_token\":\"x\"}",
    };

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct call call = token_call();

        answer(state, &call, 200, NULL, bodies[i]);
        assert_verdict(&call, VERDICT_RETRY, "malformed_answer");
        assert_null(call.token);
        assert_int_equal(call.error.status, 200);
        assert_null(strstr(call.error.text, "Evil"));
    }
}

static void
login_survives_hostile_answers(void **state)
{
    struct call call = token_call();

    survive(state, &call, NULL, BODY);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(login_asks_by_client_credentials_with_everything_encoded),
        cmocka_unit_test(login_does_not_ask_without_a_secret),
        cmocka_unit_test(login_reads_a_token_and_its_life),
        cmocka_unit_test(login_takes_no_life_longer_than_a_week),
        cmocka_unit_test(login_refuses_what_is_no_token),
        cmocka_unit_test(login_survives_hostile_answers),
    };
    return cmocka_run_group_tests_name("login", tests, services_setup, services_teardown);
}
