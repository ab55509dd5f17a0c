/*
 * Every row of the table of refusals, by an answer as the service gives it; and what no table
 * foresees.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "classify.h"
#include "error.h"
#include "services_support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ODATA(code) "{\"error\":{\"code\":\"" code "\",\"message\":\"m\"}}"
#define OAUTH(error) "{\"error\":\"" error "\",\"error_description\":\"AADSTS1: m\"}"
#define BAP_TEXT(text) "{\"error\":{\"code\":\"c\",\"message\":\"" text "\"}}"

struct expectation {
    enum call_kind kind;
    int status;
    const char *body;
    enum verdict verdict;
    const char *reason;
};

static enum verdict
judge(void **state, enum call_kind kind, struct http_response *response, struct error *ret_error,
      const char **ret_reason)
{
    return classify(*state, kind, response, NOW_MS, ret_error, ret_reason);
}

static void
assert_judged(void **state, const struct expectation *expected)
{
    struct http_response response = HTTP_RESPONSE_EMPTY;
    struct error error;
    const char *reason;
    enum verdict verdict;

    response.status = expected->status;
    text_add(&response.body, expected->body);
    verdict = judge(state, expected->kind, &response, &error, &reason);
    if (verdict != expected->verdict || strcmp(reason, expected->reason) != 0)
        fail_msg("%s %d %s: %s \"%s\" where %s \"%s\" was expected", call_kind_name(expected->kind),
                 expected->status, expected->body, verdict_name(verdict), reason,
                 verdict_name(expected->verdict), expected->reason);
    assert_int_equal(error.status, expected->status);
    assert_int_equal(error.class, verdict == VERDICT_DONE ? ERROR_NONE : ERROR_SERVICE);
    assert_int_equal(error.text[0] == '\0', verdict == VERDICT_DONE);
    http_response_free(&response);
}

static void
assert_all_judged(void **state, const struct expectation *expectations, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_judged(state, &expectations[i]);
}

/* A code that means the same with every call to Dataverse. */
static void
assert_code(void **state, const char *code, int status, enum verdict verdict, const char *reason)
{
    static const enum call_kind kinds[] = {CALL_LOOK, CALL_PATCH, CALL_MOVE,
                                           CALL_ROLE, CALL_UNITS, CALL_ROLES};
    char body[128];

    snprintf(body, sizeof(body), ODATA("%s"), code);
    for (size_t i = 0; i < COUNT(kinds); i++)
        assert_judged(state, &(struct expectation){kinds[i], status, body, verdict, reason});
}

static void
classify_knows_what_dataverse_says_of_the_caller_and_of_itself(void **state)
{
    static const struct {
        const char *code;
        int status;
        enum verdict verdict;
        const char *reason;
    } rows[] = {
        {"0x80072322", 429, VERDICT_THROTTLED, "throttled"},
        {"0x80072321", 503, VERDICT_THROTTLED, "throttled"},
        {"0x80072326", 503, VERDICT_THROTTLED, "throttled"},
        {"-2147015902", 503, VERDICT_THROTTLED, "throttled"},
        {"0x80040220", 403, VERDICT_MISCONFIGURED, "privilege_missing"},
        {"0x80048306", 403, VERDICT_MISCONFIGURED, "privilege_missing"},
        {"0x8004A110", 403, VERDICT_MISCONFIGURED, "privilege_missing"},
        {"0x80048405", 403, VERDICT_MISCONFIGURED, "access_denied"},
        {"0x8004F502", 403, VERDICT_MISCONFIGURED, "access_denied"},
        {"0x8004F504", 403, VERDICT_MISCONFIGURED, "access_denied"},
        {"0x8004F507", 403, VERDICT_MISCONFIGURED, "access_denied"},
        {"0x80042F09", 403, VERDICT_MISCONFIGURED, "caller_without_role"},
        {"0x80042f09", 403, VERDICT_MISCONFIGURED, "caller_without_role"},
        {"0x80072560", 403, VERDICT_MISCONFIGURED, "caller_unknown"},
        {"0x8004A113", 503, VERDICT_MISCONFIGURED, "admin_mode"},
        {"0x80060888", 400, VERDICT_MISCONFIGURED, "unknown_name"},
        {"0x8004A100", 403, VERDICT_UNAUTHORISED, "unauthorised"},
        {"0x8004A101", 403, VERDICT_UNAUTHORISED, "unauthorised"},
        {"0x8004A102", 403, VERDICT_UNAUTHORISED, "unauthorised"},
        {"0x8004A103", 403, VERDICT_UNAUTHORISED, "unauthorised"},
        {"0x8004A104", 403, VERDICT_UNAUTHORISED, "unauthorised"},
        {"0x8004A105", 403, VERDICT_UNAUTHORISED, "unauthorised"},
        {"0x80040204", 403, VERDICT_UNAUTHORISED, "unauthorised"},
        {"0x80060891", 404, VERDICT_WAIT, "no_row_yet"},
        {"0x80060882", 412, VERDICT_CHANGED, "row_changed"},
        {"0x8004D24B", 400, VERDICT_REFUSED, "no_licence"},
        {"0x8004D24C", 403, VERDICT_REFUSED, "no_licence"},
        {"0x80041d28", 400, VERDICT_REFUSED, "not_in_entra"},
        {"0x80040225", 400, VERDICT_REFUSED, "user_disabled"},
        {"0x80060892", 412, VERDICT_REJECTED, "duplicate"},
        {"0x80040333", 412, VERDICT_REJECTED, "duplicate"},
        {"0x80041d48", 400, VERDICT_REJECTED, "application_user"},
        {"0x80040d40", 400, VERDICT_REJECTED, "application_user"},
        {"0x80044507", 403, VERDICT_REJECTED, "no_tenant_access"},
        {"0x80072559", 400, VERDICT_RETRY, "service_fault"},
        {"0x80044150", 500, VERDICT_RETRY, "service_fault"},
        {"-2147204784", 400, VERDICT_RETRY, "service_fault"},
        {"0x80044151", 400, VERDICT_RETRY, "service_fault"},
        {"0x80072031", 400, VERDICT_RETRY, "service_fault"},
        {"0x8004Ed47", 400, VERDICT_RETRY, "service_fault"},
        {"0x80040216", 400, VERDICT_RETRY, "service_fault"},
        {"0x8005F103", 400, VERDICT_RETRY, "service_fault"},
        {"0x80060308", 400, VERDICT_RETRY, "service_fault"},
    };

    for (size_t i = 0; i < COUNT(rows); i++)
        assert_code(state, rows[i].code, rows[i].status, rows[i].verdict, rows[i].reason);
}

static void
classify_knows_what_dataverse_says_of_a_write(void **state)
{
    static const struct expectation expectations[] = {
        {CALL_PATCH, 404, ODATA("0x80040217"), VERDICT_CHANGED, "row_gone"},
        {CALL_MOVE, 404, ODATA("0x80040217"), VERDICT_CHANGED, "row_gone"},
        {CALL_ROLE, 404, ODATA("0x80040217"), VERDICT_CHANGED, "row_gone"},
        {CALL_MOVE, 400, ODATA("0x80041409"), VERDICT_REJECTED, "move_refused"},
        {CALL_ROLE, 400, ODATA("0x80041409"), VERDICT_CHANGED, "role_of_other_unit"},
        {CALL_ROLE, 412, ODATA("0x80040237"), VERDICT_DONE, ""},
        {CALL_MOVE, 412, ODATA("0x80040237"), VERDICT_REJECTED, "move_refused"},
        {CALL_PATCH, 412, ODATA("0x80040237"), VERDICT_REJECTED, "duplicate"},
        {CALL_PATCH, 400, ODATA("0x80041d68"), VERDICT_REJECTED, "group_refused"},
        {CALL_PATCH, 400, ODATA("0x80048350"), VERDICT_REJECTED, "group_refused"},
        {CALL_PATCH, 400, ODATA("0x80040265"), VERDICT_REJECTED, "plugin"},
        {CALL_PATCH, 400, ODATA("0x80040203"), VERDICT_REJECTED, "bad_value"},
        {CALL_PATCH, 400, ODATA("0x80060890"), VERDICT_REJECTED, "bad_value"},
        {CALL_PATCH, 400, ODATA("0x8004431A"), VERDICT_REJECTED, "bad_value"},
        {CALL_PATCH, 400, ODATA("0x80044330"), VERDICT_REJECTED, "bad_value"},
        {CALL_PATCH, 400, ODATA("0x80044331"), VERDICT_REJECTED, "bad_value"},
        {CALL_PATCH, 400, ODATA("0x8004418A"), VERDICT_REJECTED, "too_large"},
        {CALL_PATCH, 405, ODATA("0x80040227"), VERDICT_REJECTED, "not_allowed"},
        {CALL_PATCH, 405, ODATA("0x8004023B"), VERDICT_REJECTED, "not_allowed"},
        {CALL_PATCH, 405, ODATA("0x80040315"), VERDICT_REJECTED, "not_allowed"},
        /* the same codes of a read are nobody's value */
        {CALL_LOOK, 404, ODATA("0x80040217"), VERDICT_MISCONFIGURED, "not_found"},
        {CALL_LOOK, 400, ODATA("0x80040203"), VERDICT_MISCONFIGURED, "request_refused"},
    };

    assert_all_judged(state, expectations, COUNT(expectations));
}

static void
classify_knows_the_refusals_of_add_user(void **state)
{
    static const struct expectation expectations[] = {
        {CALL_FORCE_SYNC, 409, ODATA("UnlinkedEnvironmentForbiddenOperation"),
         VERDICT_MISCONFIGURED, "no_dataverse"},
        {CALL_FORCE_SYNC, 409, ODATA("LinkedEnvironmentForbiddenOperation"), VERDICT_MISCONFIGURED,
         "forbidden"},
        {CALL_FORCE_SYNC, 400, ODATA("EnvironmentNotFound"), VERDICT_MISCONFIGURED,
         "environment_unknown"},
        {CALL_FORCE_SYNC, 404, "", VERDICT_MISCONFIGURED, "environment_unknown"},
        {CALL_FORCE_SYNC, 400, BAP_TEXT("x userNotLicensed y"), VERDICT_REFUSED, "no_licence"},
        {CALL_FORCE_SYNC, 400, BAP_TEXT("x UserNotLicensed y"), VERDICT_REFUSED, "no_licence"},
        {CALL_FORCE_SYNC, 400, BAP_TEXT("UserNotMemberOfCdsSecurityGroup"), VERDICT_REFUSED,
         "not_in_security_group"},
        {CALL_FORCE_SYNC, 400, BAP_TEXT("Some Text of ours"), VERDICT_REFUSED, "refused_as_listed"},
        {CALL_FORCE_SYNC, 400, BAP_TEXT("never seen"), VERDICT_REFUSED, "refused"},
        {CALL_FORCE_SYNC, 422, "", VERDICT_REFUSED, "refused"},
        {CALL_FORCE_SYNC, 403, "x does not have permission to access the path y",
         VERDICT_MISCONFIGURED, "not_registered"},
        {CALL_FORCE_SYNC, 403, "", VERDICT_MISCONFIGURED, "forbidden"},
        {CALL_FORCE_SYNC, 409, "", VERDICT_RETRY, "busy"},
        {CALL_FORCE_SYNC, 401, "", VERDICT_UNAUTHORISED, "unauthorised"},
        {CALL_FORCE_SYNC, 429, "", VERDICT_THROTTLED, "throttled"},
        {CALL_FORCE_SYNC, 503, BAP_TEXT("userNotLicensed"), VERDICT_RETRY, "service_fault"},
    };

    assert_all_judged(state, expectations, COUNT(expectations));
}

static void
classify_knows_the_errors_of_the_token_endpoint(void **state)
{
    static const struct expectation expectations[] = {
        {CALL_TOKEN, 400, OAUTH("invalid_client"), VERDICT_MISCONFIGURED, "invalid_client"},
        {CALL_TOKEN, 400, OAUTH("unauthorized_client"), VERDICT_MISCONFIGURED,
         "unauthorized_client"},
        {CALL_TOKEN, 400, OAUTH("invalid_scope"), VERDICT_MISCONFIGURED, "invalid_scope"},
        {CALL_TOKEN, 400, OAUTH("invalid_request"), VERDICT_MISCONFIGURED, "invalid_request"},
        {CALL_TOKEN, 400, OAUTH("invalid_resource"), VERDICT_MISCONFIGURED, "invalid_resource"},
        {CALL_TOKEN, 400, OAUTH("temporarily_unavailable"), VERDICT_RETRY, "service_fault"},
        {CALL_TOKEN, 400, OAUTH("server_error"), VERDICT_RETRY, "service_fault"},
        {CALL_TOKEN, 400, OAUTH("invalid_grant"), VERDICT_MISCONFIGURED, "request_refused"},
        {CALL_TOKEN, 401, "", VERDICT_MISCONFIGURED, "invalid_client"},
        {CALL_TOKEN, 429, "", VERDICT_THROTTLED, "throttled"},
        {CALL_TOKEN, 500, "", VERDICT_RETRY, "service_fault"},
    };

    assert_all_judged(state, expectations, COUNT(expectations));
}

static void
classify_knows_the_codes_of_graph(void **state)
{
    static const struct expectation expectations[] = {
        {CALL_SOURCES, 404, ODATA("Request_ResourceNotFound"), VERDICT_DONE, ""},
        {CALL_SOURCES, 400, ODATA("Request_ResourceNotFound"), VERDICT_MISCONFIGURED,
         "request_refused"},
        {CALL_SOURCES, 403, ODATA("Authorization_RequestDenied"), VERDICT_MISCONFIGURED,
         "privilege_missing"},
        {CALL_SOURCES, 429, ODATA("TooManyRequests"), VERDICT_THROTTLED, "throttled"},
        {CALL_SOURCES, 503, ODATA("TooManyRequests"), VERDICT_THROTTLED, "throttled"},
        {CALL_SOURCES, 401, ODATA("InvalidAuthenticationToken"), VERDICT_UNAUTHORISED,
         "unauthorised"},
        {CALL_SOURCES, 404, "", VERDICT_MISCONFIGURED, "not_found"},
        {CALL_SOURCES, 400, ODATA("Request_BadRequest"), VERDICT_MISCONFIGURED, "request_refused"},
    };

    assert_all_judged(state, expectations, COUNT(expectations));
}

static void
classify_knows_when_a_link_of_graph_is_worth_nothing_any_more(void **state)
{
    static const enum call_kind kinds[] = {CALL_DELTA, CALL_MEMBERS};

    for (size_t i = 0; i < COUNT(kinds); i++) {
        const struct expectation expectations[] = {
            {kinds[i], 400, ODATA("syncStateNotFound"), VERDICT_CHANGED, "resync"},
            {kinds[i], 410, ODATA("SyncStateNotFound"), VERDICT_CHANGED, "resync"},
            {kinds[i], 410, ODATA("syncStateInvalid"), VERDICT_CHANGED, "resync"},
            {kinds[i], 400, ODATA("resyncRequired"), VERDICT_CHANGED, "resync"},
            {kinds[i], 410, "", VERDICT_CHANGED, "resync"},
            {kinds[i], 410, ODATA("other"), VERDICT_CHANGED, "resync"},
            {kinds[i], 404, ODATA("Request_ResourceNotFound"), VERDICT_REJECTED, "group_gone"},
            {kinds[i], 404, "", VERDICT_MISCONFIGURED, "not_found"},
            {kinds[i], 403, ODATA("Authorization_RequestDenied"), VERDICT_MISCONFIGURED,
             "privilege_missing"},
            {kinds[i], 503, ODATA("TooManyRequests"), VERDICT_THROTTLED, "throttled"},
            {kinds[i], 429, "", VERDICT_THROTTLED, "throttled"},
            {kinds[i], 401, "", VERDICT_UNAUTHORISED, "unauthorised"},
            {kinds[i], 400, ODATA("Request_BadRequest"), VERDICT_MISCONFIGURED, "request_refused"},
            {kinds[i], 500, "", VERDICT_RETRY, "service_fault"},
        };

        assert_all_judged(state, expectations, COUNT(expectations));
    }
    assert_judged(state, &(struct expectation){CALL_SOURCES, 410, "", VERDICT_MISCONFIGURED,
                                               "request_refused"});
}

static void
classify_goes_by_status_where_no_code_is_known(void **state)
{
    static const struct expectation expectations[] = {
        {CALL_LOOK, 302, "", VERDICT_RETRY, "redirected"},
        {CALL_PATCH, 307, "", VERDICT_RETRY, "redirected"},
        {CALL_LOOK, 401, "", VERDICT_UNAUTHORISED, "unauthorised"},
        {CALL_LOOK, 403, ODATA(""), VERDICT_MISCONFIGURED, "forbidden"},
        {CALL_PATCH, 404, "<html>", VERDICT_MISCONFIGURED, "not_found"},
        {CALL_LOOK, 408, "", VERDICT_RETRY, "service_fault"},
        {CALL_PATCH, 409, "", VERDICT_RETRY, "busy"},
        {CALL_PATCH, 412, "", VERDICT_CHANGED, "row_changed"},
        {CALL_MOVE, 412, "", VERDICT_CHANGED, "row_changed"},
        {CALL_ROLE, 412, "", VERDICT_MISCONFIGURED, "request_refused"},
        {CALL_PATCH, 413, "", VERDICT_REJECTED, "too_large"},
        {CALL_LOOK, 413, "", VERDICT_MISCONFIGURED, "request_refused"},
        {CALL_LOOK, 425, "", VERDICT_RETRY, "service_fault"},
        {CALL_LOOK, 429, "", VERDICT_THROTTLED, "throttled"},
        {CALL_LOOK, 499, "", VERDICT_RETRY, "service_fault"},
        {CALL_PATCH, 400, ODATA("0x8FFFFFFF"), VERDICT_REJECTED, "rejected"},
        {CALL_MOVE, 400, "", VERDICT_REJECTED, "rejected"},
        {CALL_ROLE, 400, "", VERDICT_REJECTED, "rejected"},
        {CALL_LOOK, 400, "", VERDICT_MISCONFIGURED, "request_refused"},
        {CALL_UNITS, 400, "", VERDICT_MISCONFIGURED, "request_refused"},
        {CALL_PATCH, 405, "", VERDICT_MISCONFIGURED, "request_refused"},
        {CALL_LOOK, 500, "", VERDICT_RETRY, "service_fault"},
        {CALL_PATCH, 502, "<html>bad gateway", VERDICT_RETRY, "service_fault"},
        {CALL_LOOK, 599, "", VERDICT_RETRY, "service_fault"},
        {CALL_LOOK, 199, "", VERDICT_RETRY, "malformed_answer"},
        {CALL_LOOK, 700, "", VERDICT_RETRY, "malformed_answer"},
    };

    assert_all_judged(state, expectations, COUNT(expectations));
}

static void
classify_takes_every_2xx_for_done_and_keeps_the_request_id(void **state)
{
    static const char *const names[] = {
        "x-ms-service-request-id",     "REQ_ID",         "Request-Id", "x-ms-correlation-id",
        "x-ms-correlation-request-id", "X-MS-Request-Id"};

    for (size_t i = 0; i < COUNT(names); i++) {
        struct http_response response = HTTP_RESPONSE_EMPTY;
        struct error error;
        const char *reason;

        response.status = 200 + (int)i;
        text_addf(&response.headers, "%s: id-%zu\n", names[i], i);
        assert_int_equal(judge(state, CALL_PATCH, &response, &error, &reason), VERDICT_DONE);
        assert_int_equal(error.class, ERROR_NONE);
        assert_true(error.retry_after_ms == -1);
        assert_int_equal(strncmp(error.request_id, "id-", 3), 0);
        assert_string_equal(reason, "");
        http_response_free(&response);
    }
}

static void
classify_fills_the_error_from_headers_and_body(void **state)
{
    struct http_response response = HTTP_RESPONSE_EMPTY;
    struct error error;
    const char *reason;

    response.status = 429;
    text_add(&response.headers, "Retry-After: 17\nx-ms-service-request-id: abc\n");
    text_add(&response.body, "{\"error\":{\"code\":\"0x80072322\",\"message\":\"too\\nmany\"}}");
    assert_int_equal(judge(state, CALL_LOOK, &response, &error, &reason), VERDICT_THROTTLED);
    assert_int_equal(error.class, ERROR_SERVICE);
    assert_int_equal(error.status, 429);
    assert_true(error.retry_after_ms == 17000);
    assert_string_equal(error.code, "0x80072322");
    assert_string_equal(error.request_id, "abc");
    assert_string_equal(error.text, "too?many");
    http_response_free(&response);
}

static void
classify_says_that_a_redirect_is_not_followed(void **state)
{
    struct http_response response = HTTP_RESPONSE_EMPTY;
    struct error error;
    const char *reason;

    response.status = 301;
    text_add(&response.headers, "Location: https://evil.test/\n");
    assert_int_equal(judge(state, CALL_LOOK, &response, &error, &reason), VERDICT_RETRY);
    assert_string_equal(error.text, "redirected by HTTP 301, which is not followed");
    http_response_free(&response);
}

static void
classify_retries_what_was_not_answered(void **state)
{
    static const struct {
        enum http_transport transport;
        enum error_class class;
        const char *reason;
    } rows[] = {
        {HTTP_NOT_SENT, ERROR_TRANSPORT, "no_answer"},
        {HTTP_UNKNOWN, ERROR_TRANSPORT, "no_answer"},
        {HTTP_CANCELLED, ERROR_TRANSPORT, "no_answer"},
        {HTTP_TOO_LARGE, ERROR_LIMIT, "answer_too_large"},
        {HTTP_OK, ERROR_TRANSPORT, "no_answer"},
    };

    for (int kind = 0; kind < CALL_KINDS; kind++) {
        for (size_t i = 0; i < COUNT(rows); i++) {
            struct http_response response = HTTP_RESPONSE_EMPTY;
            struct error error;
            const char *reason;

            response.transport = rows[i].transport;
            snprintf(response.reason, sizeof(response.reason), "cut");
            assert_int_equal(judge(state, (enum call_kind)kind, &response, &error, &reason),
                             VERDICT_RETRY);
            assert_int_equal(error.class, rows[i].class);
            assert_string_equal(reason, rows[i].reason);
            assert_string_equal(error.text, "cut");
            assert_int_equal(error.status, 0);
        }
    }
}

static void
classify_never_takes_a_cut_2xx_for_done(void **state)
{
    struct http_response response = HTTP_RESPONSE_EMPTY;
    struct error error;
    const char *reason;

    response.status = 200;
    response.transport = HTTP_UNKNOWN;
    assert_int_equal(judge(state, CALL_PATCH, &response, &error, &reason), VERDICT_RETRY);
    assert_true(error.text[0] != '\0');
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classify_knows_what_dataverse_says_of_the_caller_and_of_itself),
        cmocka_unit_test(classify_knows_what_dataverse_says_of_a_write),
        cmocka_unit_test(classify_knows_the_refusals_of_add_user),
        cmocka_unit_test(classify_knows_the_errors_of_the_token_endpoint),
        cmocka_unit_test(classify_knows_the_codes_of_graph),
        cmocka_unit_test(classify_knows_when_a_link_of_graph_is_worth_nothing_any_more),
        cmocka_unit_test(classify_goes_by_status_where_no_code_is_known),
        cmocka_unit_test(classify_takes_every_2xx_for_done_and_keeps_the_request_id),
        cmocka_unit_test(classify_fills_the_error_from_headers_and_body),
        cmocka_unit_test(classify_says_that_a_redirect_is_not_followed),
        cmocka_unit_test(classify_retries_what_was_not_answered),
        cmocka_unit_test(classify_never_takes_a_cut_2xx_for_done),
    };
    return cmocka_run_group_tests_name("classify", tests, services_setup, services_teardown);
}
