/* A move is one change set, and only the answers of all its parts make it done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "services_support.h"

#define TYPE "Content-Type: multipart/mixed; boundary=batchresponse_1\nREQ_ID: r1\n"
#define LEAF(id, status, headers, body)                                               \
    "--changesetresponse_2\r\nContent-Type: application/http\r\n"                     \
    "Content-Transfer-Encoding: binary\r\nContent-ID: " id "\r\n\r\nHTTP/1.1 " status \
    "\r\n" headers "\r\n" body "\r\n"
#define SET(leaves)                                                                        \
    "--batchresponse_1\r\nContent-Type: multipart/mixed; boundary=changesetresponse_2\r\n" \
    "\r\n" leaves "--changesetresponse_2--\r\n--batchresponse_1--\r\n"
#define DONE(id) LEAF(id, "204 No Content", "OData-Version: 4.0\r\n", "")
#define FAILED(status, code)                                              \
    LEAF("2", status, "REQ_ID: r2\r\nContent-Type: application/json\r\n", \
         "{\"error\":{\"code\":\"" code "\",\"message\":\"m\"}}")
#define FAILED_ALONE(status, code)                                                \
    "--batchresponse_1\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 " status \
    "\r\nContent-Type: application/json\r\n\r\n{\"error\":{\"code\":\"" code      \
    "\",\"message\":\"m\"}}\r\n--batchresponse_1--\r\n"

static char costcentre[] = "CC \"1\"";
static const struct value value = {.kind = VALUE_TEXT, .text = costcentre};
static const struct column_write writes[] = {{0, &value}};
static struct guid unit;
static struct guid copies[2];

static struct call
move_call(size_t roles)
{
    struct call call = call_of(CALL_MOVE);

    unit = id_of(UNIT);
    copies[0] = id_of(ROLE);
    copies[1] = id_of(THIRD);
    call.row = id_of(ROW);
    call.if_match = "W/\"17\"";
    call.unit = &unit;
    call.writes = writes;
    call.write_count = 1;
    call.roles = copies;
    call.role_count = roles;
    return call;
}

static void
move_is_one_change_set_of_a_patch_and_the_roles(void **state)
{
    struct call call = move_call(2);
    struct http_request request = built(state, &call, "t0ken");

    assert_int_equal(request.method, HTTP_POST);
    assert_string_equal(request.url.data, "https://org.test/api/data/v9.2/$batch");
    assert_header(&request, "Content-Type", "multipart/mixed; boundary=batch_" ROW);
    assert_header(&request, "Authorization", "Bearer t0ken");
    assert_header(&request, "OData-Version", "4.0");
    assert_string_equal(request.body.data,
                        "--batch_" ROW "\r\n"
                        "Content-Type: multipart/mixed; boundary=changeset_" ROW "\r\n\r\n"
                        "--changeset_" ROW "\r\n"
                        "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
                        "Content-ID: 1\r\n\r\n"
                        "PATCH https://org.test/api/data/v9.2/systemusers(" ROW ") HTTP/1.1\r\n"
                        "If-Match: W/\"17\"\r\n"
                        "Content-Type: application/json; charset=utf-8\r\n\r\n"
                        "{\"businessunitid@odata.bind\":\"/businessunits(" UNIT ")\","
                        "\"new_costcentre\":\"CC \\\"1\\\"\"}\r\n"
                        "--changeset_" ROW "\r\n"
                        "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
                        "Content-ID: 2\r\n\r\n"
                        "POST https://org.test/api/data/v9.2/systemusers(" ROW
                        ")/systemuserroles_association/$ref HTTP/1.1\r\n"
                        "Content-Type: application/json; charset=utf-8\r\n\r\n"
                        "{\"@odata.id\":\"https://org.test/api/data/v9.2/roles(" ROLE ")\"}\r\n"
                        "--changeset_" ROW "\r\n"
                        "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
                        "Content-ID: 3\r\n\r\n"
                        "POST https://org.test/api/data/v9.2/systemusers(" ROW
                        ")/systemuserroles_association/$ref HTTP/1.1\r\n"
                        "Content-Type: application/json; charset=utf-8\r\n\r\n"
                        "{\"@odata.id\":\"https://org.test/api/data/v9.2/roles(" THIRD ")\"}\r\n"
                        "--changeset_" ROW "--\r\n"
                        "--batch_" ROW "--\r\n");
    http_request_free(&request);
}

static void
move_is_never_sent_without_if_match(void **state)
{
    struct call call = move_call(1);

    call.if_match = NULL;
    assert_not_built(state, &call, ERROR_INPUT);
}

static void
move_is_done_when_every_part_is(void **state)
{
    struct call call = move_call(2);

    answer(state, &call, 200, TYPE, SET(DONE("1") DONE("2") DONE("3")));
    assert_verdict(&call, VERDICT_DONE, "");
    assert_string_equal(call.error.request_id, "r1");
    call = move_call(0);
    answer(state, &call, 200, TYPE, SET(DONE("1")));
    assert_verdict(&call, VERDICT_DONE, "");
}

static void
move_with_a_part_that_failed_is_judged_by_that_part(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum verdict verdict;
        const char *reason;
    } rows[] = {
        {200, SET(FAILED("400 Bad Request", "0x80041409")), VERDICT_REJECTED, "move_refused"},
        {200, SET(DONE("1") FAILED("400 Bad Request", "0x80041409")), VERDICT_REJECTED,
         "move_refused"},
        {400, SET(FAILED("400 Bad Request", "0x80041409")), VERDICT_REJECTED, "move_refused"},
        {400, FAILED_ALONE("400 Bad Request", "0x80041409"), VERDICT_REJECTED, "move_refused"},
        {412, FAILED_ALONE("412 Precondition Failed", "0x80060882"), VERDICT_CHANGED,
         "row_changed"},
        {200, SET(FAILED("404 Not Found", "0x80040217")), VERDICT_CHANGED, "row_gone"},
        {200, SET(FAILED("400 Bad Request", "0x80040265") FAILED("403 Forbidden", "0x80040220")),
         VERDICT_REJECTED, "plugin"},
        {403, FAILED_ALONE("403 Forbidden", "0x80040220"), VERDICT_MISCONFIGURED,
         "privilege_missing"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct call call = move_call(1);

        answer(state, &call, rows[i].status, TYPE, rows[i].body);
        assert_verdict(&call, rows[i].verdict, rows[i].reason);
        assert_true(call.error.code[0] != '\0');
        assert_true(call.error.request_id[0] == 'r');
    }
}

static void
move_refused_as_a_whole_is_judged_like_any_call(void **state)
{
    struct call call = move_call(1);

    answer(state, &call, 429, "Retry-After: 5\n",
           "{\"error\":{\"code\":\"0x80072322\",\"message\":\"m\"}}");
    assert_verdict(&call, VERDICT_THROTTLED, "throttled");
    assert_true(call.error.retry_after_ms == 5000);
    answer(state, &call, 401, "WWW-Authenticate: Bearer\n", "");
    assert_verdict(&call, VERDICT_UNAUTHORISED, "unauthorised");
    answer(state, &call, 503, TYPE "Retry-After: 7\n", "");
    assert_verdict(&call, VERDICT_RETRY, "malformed_answer");
    assert_true(call.error.retry_after_ms == 7000);
}

static void
move_that_was_not_answered_whole_is_not_done(void **state)
{
    static const struct {
        const char *headers, *body;
    } rows[] = {
        {TYPE, ""},
        {TYPE, SET("")},
        {TYPE, SET(DONE("1"))},
        {TYPE, SET(DONE("1") DONE("2") DONE("3"))},
        {TYPE, "--batchresponse_1\r\nContent-Type: text/plain\r\n\r\nx\r\n--batchresponse_1--\r\n"},
        {TYPE, SET(DONE("1") LEAF("2", "no status", "", ""))},
        {TYPE, SET(DONE("1") DONE("2") LEAF("3", "no status", "", ""))},
        {"Content-Type: application/json\n", SET(DONE("1") DONE("2"))},
        {NULL, SET(DONE("1") DONE("2"))},
        {"Content-Type: multipart/mixed; boundary=other\n", SET(DONE("1") DONE("2"))},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct call call = move_call(1);

        answer(state, &call, 200, rows[i].headers, rows[i].body);
        assert_verdict(&call, VERDICT_RETRY, "malformed_answer");
    }
}

static void
move_survives_hostile_answers(void **state)
{
    struct call call = move_call(1);
    char body[] = SET(DONE("1") DONE("2"));

    /* the line break after the last delimiter may be missing */
    body[strlen(body) - 2] = '\0';
    survive(state, &call, TYPE, body);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(move_is_one_change_set_of_a_patch_and_the_roles),
        cmocka_unit_test(move_is_never_sent_without_if_match),
        cmocka_unit_test(move_is_done_when_every_part_is),
        cmocka_unit_test(move_with_a_part_that_failed_is_judged_by_that_part),
        cmocka_unit_test(move_refused_as_a_whole_is_judged_like_any_call),
        cmocka_unit_test(move_that_was_not_answered_whole_is_not_done),
        cmocka_unit_test(move_survives_hostile_answers),
    };
    return cmocka_run_group_tests_name("dataverse_move", tests, services_setup, services_teardown);
}
