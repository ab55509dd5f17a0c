/* What holds for every kind of call, whatever service it goes to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "services_support.h"

static struct source_item item;
static struct guid id;

/* A call of ${kind} that can be built. */
static struct call
any_call(enum call_kind kind)
{
    struct call call = call_of(kind);

    id = id_of(FIRST);
    item = (struct source_item){.user = id, .wants_person = true};
    call.ids = call.unit = call.roles = &id;
    call.id_count = call.role_count = 1;
    call.items = &item;
    call.item_count = kind == CALL_SOURCES ? 1 : 0;
    call.if_match = "*";
    call.scope = "s";
    return call;
}

static void
services_name_the_service_of_every_kind(void **state)
{
    static const char *const names[CALL_KINDS] = {
        [CALL_TOKEN] = "entra",    [CALL_FORCE_SYNC] = "bap",  [CALL_SOURCES] = "graph",
        [CALL_LOOK] = "dataverse", [CALL_PATCH] = "dataverse", [CALL_MOVE] = "dataverse",
        [CALL_ROLE] = "dataverse", [CALL_UNITS] = "dataverse", [CALL_ROLES] = "dataverse",
        [CALL_DELTA] = "graph",    [CALL_MEMBERS] = "graph",
    };

    (void)state;
    for (int kind = 0; kind < CALL_KINDS; kind++)
        assert_string_equal(services_name((enum call_kind)kind), names[kind]);
}

static void
services_send_the_token_in_one_header_and_nowhere_else(void **state)
{
    for (int kind = 0; kind < CALL_KINDS; kind++) {
        struct call call = any_call((enum call_kind)kind);
        struct http_request request = built(state, &call, "t0ken");

        if (kind == CALL_TOKEN)
            assert_no_header(&request, "Authorization");
        else
            assert_header(&request, "Authorization", "Bearer t0ken");
        assert_null(strstr(request.url.data, "t0ken"));
        if (kind != CALL_TOKEN && request.body.length > 0)
            assert_null(strstr(request.body.data, "t0ken"));
        assert_true(request.route[0] != '\0');
        http_request_free(&request);
    }
}

static void
services_stay_within_the_origin_of_their_settings(void **state)
{
    static const char *const origins[CALL_KINDS] = {
        [CALL_TOKEN] = "https://login.test/",   [CALL_FORCE_SYNC] = "https://bap.test/",
        [CALL_SOURCES] = "https://graph.test/", [CALL_DELTA] = "https://graph.test/",
        [CALL_MEMBERS] = "https://graph.test/",
    };

    for (int kind = 0; kind < CALL_KINDS; kind++) {
        struct call call = any_call((enum call_kind)kind);
        struct http_request request = built(state, &call, "t0ken");
        const char *origin = origins[kind] != NULL ? origins[kind] : "https://org.test/";

        assert_int_equal(strncmp(request.url.data, origin, strlen(origin)), 0);
        http_request_free(&request);
    }
}

static void
services_let_nothing_of_an_earlier_answer_survive_the_next(void **state)
{
    struct call call = any_call(CALL_UNITS);

    answer(state, &call, 200, "x-ms-dop-hint: 3\n",
           "{\"value\":[{\"businessunitid\":\"" UNIT
           "\",\"name\":\"n\",\"_parentbusinessunitid_value\":null}]}");
    assert_verdict(&call, VERDICT_DONE, "");
    assert_int_equal(call.dop_hint, 3);
    answer(state, &call, 503, "Retry-After: 2\nREQ_ID: r\n", "");
    assert_verdict(&call, VERDICT_RETRY, "service_fault");
    assert_null(call.units);
    assert_int_equal(call.unit_count, 0);
    assert_int_equal(call.dop_hint, 0);
    assert_true(call.error.retry_after_ms == 2000);
    assert_string_equal(call.error.request_id, "r");
}

static void
services_keep_what_is_known_of_an_answer_that_is_worth_nothing(void **state)
{
    struct call call = any_call(CALL_LOOK);

    answer(state, &call, 200, "REQ_ID: r\nx-ms-dop-hint: 12\n", "{\"value\":");
    assert_verdict(&call, VERDICT_RETRY, "malformed_answer");
    assert_int_equal(call.error.class, ERROR_INPUT);
    assert_int_equal(call.error.status, 200);
    assert_string_equal(call.error.request_id, "r");
    assert_int_equal(call.dop_hint, 12);
}

static void
services_take_a_hint_of_parallelism_only_where_it_is_a_number(void **state)
{
    static const struct {
        const char *header;
        int64_t hint;
    } rows[] = {
        {"x-ms-dop-hint: 8\n", 8},
        {"X-MS-DOP-Hint:  52 \n", 52},
        {"x-ms-dop-hint: 10000\n", 10000},
        {"x-ms-dop-hint: -1\n", 0},
        {"x-ms-dop-hint: 4x\n", 0},
        {"x-ms-dop-hint: \n", 0},
        {"x-ms-dop-hint: 10001\n", 0},
        {"x-ms-dop-hint: 99999999999\n", 0},
        {"", 0},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct call call = any_call(CALL_ROLE);

        answer(state, &call, 204, rows[i].header, NULL);
        assert_true(call.dop_hint == rows[i].hint);
    }
}

static void
services_retry_every_kind_whose_answer_was_cut(void **state)
{
    for (int kind = 0; kind < CALL_KINDS; kind++) {
        struct call call = any_call((enum call_kind)kind);
        struct http_response response = HTTP_RESPONSE_EMPTY;

        response.status = 200;
        response.transport = HTTP_UNKNOWN;
        services_read(*state, &call, &response, NOW_MS);
        assert_verdict(&call, VERDICT_RETRY, "no_answer");
        assert_int_equal(call.error.class, ERROR_TRANSPORT);
        if (kind == CALL_SOURCES)
            assert_string_equal(item.reason, "no_answer");
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(services_name_the_service_of_every_kind),
        cmocka_unit_test(services_send_the_token_in_one_header_and_nowhere_else),
        cmocka_unit_test(services_stay_within_the_origin_of_their_settings),
        cmocka_unit_test(services_let_nothing_of_an_earlier_answer_survive_the_next),
        cmocka_unit_test(services_keep_what_is_known_of_an_answer_that_is_worth_nothing),
        cmocka_unit_test(services_take_a_hint_of_parallelism_only_where_it_is_a_number),
        cmocka_unit_test(services_retry_every_kind_whose_answer_was_cut),
    };
    return cmocka_run_group_tests_name("services", tests, services_setup, services_teardown);
}
