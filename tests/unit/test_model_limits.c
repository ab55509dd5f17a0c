/* Published limits in the double, and whether callers obey what they are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model_fixture.h"

#define WHO API "WhoAmI"

static uint64_t
early(const struct fixture *fixture)
{
    return model_offences(fixture->model, MODEL_OFFENCE_EARLY);
}

static void
requests_are_counted_in_a_sliding_window(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < 6000; i++) {
        assert_int_equal(fixture_get(fixture, WHO), 200);
        fixture_pass(fixture, 10);
    }
    assert_string_equal(fixture_header(fixture, "x-ms-ratelimit-burst-remaining-xrm-requests"),
                        "0");
    assert_int_equal(fixture_get(fixture, WHO), 429);
    assert_string_equal(fixture_code(fixture), "0x80072322");
    assert_string_equal(fixture_header(fixture, "Retry-After"), "240");
    fixture_pass(fixture, 240000);
    assert_int_equal(fixture_get(fixture, WHO), 200);
    assert_int_equal(model_offences(fixture->model, MODEL_OFFENCE_OVER_LIMIT), 1);
    assert_int_equal(early(fixture), 0);
}

static void
execution_time_is_summed(void **state)
{
    struct fixture *fixture = *state;

    assert_true(model_set(fixture->model, "dataverse_execution_ms", 10000));
    assert_true(model_set(fixture->model, "latency_low_ms", 1000));
    assert_true(model_set(fixture->model, "latency_high_ms", 1000));
    for (int i = 0; i < 10; i++) {
        assert_int_equal(fixture_get(fixture, WHO), 200);
        assert_int_equal(fixture->after_ms, 1000);
        fixture_pass(fixture, 1000);
    }
    assert_string_equal(fixture_header(fixture, "x-ms-ratelimit-time-remaining-xrm-requests"),
                        "0.000");
    assert_int_equal(fixture_get(fixture, WHO), 429);
    assert_string_equal(fixture_code(fixture), "0x80072321");
    assert_string_equal(fixture_header(fixture, "Retry-After"), "290");
    fixture_pass(fixture, 290000);
    assert_int_equal(fixture_get(fixture, WHO), 200);
}

static void
calls_at_once_are_limited(void **state)
{
    struct fixture *fixture = *state;

    assert_true(model_set(fixture->model, "latency_low_ms", 100));
    assert_true(model_set(fixture->model, "latency_high_ms", 100));
    for (int i = 0; i < 52; i++)
        assert_int_equal(fixture_get(fixture, WHO), 200);
    assert_int_equal(fixture_get(fixture, WHO), 429);
    assert_string_equal(fixture_code(fixture), "0x80072326");
    assert_int_equal(fixture_get(fixture, WHO), 429);
    assert_int_equal(early(fixture), 0);
    fixture_pass(fixture, 5000);
    assert_int_equal(fixture_get(fixture, WHO), 200);
}

static void
a_call_that_never_arrived_is_not_counted(void **state)
{
    struct fixture *fixture = *state;
    struct model_fault fault = {
        .service = MODEL_DATAVERSE, .probability = 1, .transport = HTTP_NOT_SENT};

    assert_true(model_set(fixture->model, "dataverse_requests", 2));
    assert_true(model_add_fault(fixture->model, &fault));
    for (int i = 0; i < 5; i++)
        assert_int_equal(fixture_get(fixture, WHO), 0);
    model_clear_faults(fixture->model);
    assert_int_equal(fixture_get(fixture, WHO), 200);
    assert_int_equal(fixture_get(fixture, WHO), 200);
    assert_int_equal(fixture_get(fixture, WHO), 429);
}

static void
asking_again_early_is_an_offence_and_lengthens_the_wait(void **state)
{
    struct fixture *fixture = *state;
    struct model_fault fault = {.service = MODEL_DATAVERSE,
                                .times = 1,
                                .probability = 1,
                                .status = 429,
                                .headers = "Retry-After: 10\n",
                                .body = "{\"error\":{\"code\":\"0x80072322\",\"message\":\"\"}}"};

    assert_true(model_add_fault(fixture->model, &fault));
    assert_int_equal(fixture_get(fixture, WHO), 429);
    fixture_pass(fixture, 10);
    assert_int_equal(fixture_get(fixture, WHO), 429);
    assert_int_equal(early(fixture), 0);
    fixture_pass(fixture, 8990);
    assert_int_equal(fixture_get(fixture, WHO), 429);
    assert_int_equal(early(fixture), 1);
    assert_string_equal(fixture_header(fixture, "Retry-After"), "7");
    fixture_pass(fixture, 1000);
    assert_int_equal(fixture_get(fixture, WHO), 429);
    assert_int_equal(early(fixture), 2);
    fixture_pass(fixture, 60000);
    assert_int_equal(fixture_get(fixture, WHO), 200);
}

static void
a_503_with_retry_after_is_counted_but_does_not_refuse(void **state)
{
    struct fixture *fixture = *state;
    struct model_fault fault = {.service = MODEL_DATAVERSE,
                                .times = 1,
                                .probability = 1,
                                .status = 503,
                                .headers = "Retry-After: 10\n"};

    assert_true(model_add_fault(fixture->model, &fault));
    assert_int_equal(fixture_get(fixture, WHO), 503);
    fixture_pass(fixture, 5000);
    assert_int_equal(fixture_get(fixture, WHO), 200);
    assert_int_equal(early(fixture), 1);
    fixture_pass(fixture, 5000);
    assert_int_equal(fixture_get(fixture, WHO), 200);
    assert_int_equal(early(fixture), 1);
}

static void
the_ledger_tells_who_was_told_to_wait_and_called_before(void **state)
{
    struct fixture *fixture = *state;
    struct guid client = guid_of(CLIENT);
    struct model_fault fault = {.service = MODEL_DATAVERSE,
                                .times = 1,
                                .probability = 1,
                                .status = 503,
                                .headers = "Retry-After: 10\n"};
    size_t first = model_ledger_count(fixture->model);
    const struct model_entry *entry;

    assert_true(model_add_fault(fixture->model, &fault));
    assert_int_equal(fixture_get(fixture, WHO), 503);
    fixture_pass(fixture, 5000);
    assert_int_equal(fixture_get(fixture, WHO), 200);
    entry = model_ledger_at(fixture->model, first);
    assert_int_equal(entry->told_ms, 10000);
    assert_int_equal(entry->offences, 0);
    entry = model_ledger_at(fixture->model, first + 1);
    assert_int_equal(entry->told_ms, 0);
    assert_int_equal(entry->offences, 1U << MODEL_OFFENCE_EARLY);
    assert_true(guid_equal(&entry->client, &client));
}

static void
each_application_and_organisation_has_its_own_window(void **state)
{
    struct fixture *fixture = *state;
    struct guid client = guid_of(CLIENT);
    struct text headers = TEXT_EMPTY;

    assert_true(model_set(fixture->model, "dataverse_requests", 1));
    assert_true(model_add_application_user(fixture->model, "e2", &client, true));
    assert_int_equal(fixture_token(fixture, "client_id=" CLIENT
                                            "&client_secret=s3cret%26value%3D1&grant_type="
                                            "client_credentials&scope=" OTHER_CRM "/.default"),
                     200);
    text_addf(&headers, "Authorization: Bearer %s\n", fixture_text(fixture, "access_token"));
    assert_int_equal(fixture_get(fixture, WHO), 200);
    assert_int_equal(fixture_get(fixture, WHO), 429);
    assert_int_equal(
        fixture_send(fixture, HTTP_GET, OTHER_CRM "/api/data/v9.2/WhoAmI", headers.data, NULL),
        200);
    text_free(&headers);
}

static void
limits_can_be_off_and_the_hint_on(void **state)
{
    struct fixture *fixture = *state;

    assert_true(model_set(fixture->model, "dataverse_requests", 1));
    assert_true(model_set(fixture->model, "limits", 0));
    assert_int_equal(fixture_get(fixture, WHO), 200);
    assert_int_equal(fixture_get(fixture, WHO), 200);
    assert_true(model_set(fixture->model, "limits", 1));
    assert_true(model_set(fixture->model, "dop_hint", 12));
    assert_int_equal(fixture_get(fixture, WHO), 200);
    assert_string_equal(fixture_header(fixture, "x-ms-dop-hint"), "12");
}

static void
long_urls_and_cookies_are_noticed(void **state)
{
    struct fixture *fixture = *state;
    struct text url = TEXT_EMPTY;

    text_add(&url, API "systemusers?$filter=");
    while (url.length < 32769)
        text_add(&url, "%20");
    assert_int_equal(fixture_get(fixture, url.data), 414);
    text_free(&url);
    assert_int_equal(fixture_call(fixture, HTTP_GET, WHO, "Cookie: ARRAffinity=x\n", NULL), 200);
    assert_int_equal(model_offences(fixture->model, MODEL_OFFENCE_COOKIE), 1);
    assert_int_equal(fixture_send(fixture, HTTP_GET, "https://nowhere.test/", NULL, NULL), 0);
    assert_int_equal(fixture->response.transport, HTTP_NOT_SENT);
}

/* --- faults ----------------------------------------------------------------------------------- */

static void
a_fault_takes_hold_of_its_route_as_often_as_told(void **state)
{
    struct fixture *fixture = *state;
    struct model_fault fault = {.service = MODEL_DATAVERSE,
                                .route = "businessunits",
                                .environment = "e1",
                                .times = 2,
                                .probability = 1,
                                .status = 502,
                                .extra_ms = 70,
                                .body = "<html>",
                                .headers = "X-Fault: yes\n"};

    assert_true(model_add_fault(fixture->model, &fault));
    assert_int_equal(fixture_get(fixture, WHO), 200);
    assert_int_equal(fixture_get(fixture, API "businessunits"), 502);
    assert_string_equal(fixture->response.body.data, "<html>");
    assert_string_equal(fixture_header(fixture, "X-Fault"), "yes");
    assert_int_equal(fixture->after_ms, 70);
    assert_int_equal(fixture_entry(fixture)->status, 502);
    assert_int_equal(fixture_entry(fixture)->after_ms, 70);
    assert_int_equal(fixture_get(fixture, API "businessunits"), 502);
    assert_int_equal(fixture_get(fixture, API "businessunits"), 200);
}

static void
a_cut_loses_the_answer_before_or_after_the_effect(void **state)
{
    struct fixture *fixture = *state;
    struct model_fault fault = {
        .service = MODEL_DATAVERSE, .times = 1, .probability = 1, .transport = HTTP_UNKNOWN};
    struct guid row = guid_of(BOB_ROW);
    struct text text = TEXT_EMPTY;
    const char *url = API "systemusers(" BOB_ROW ")";

    assert_true(model_add_fault(fixture->model, &fault));
    assert_int_equal(fixture_call(fixture, HTTP_PATCH, url, "If-Match: *\n", "{\"new_rank\":1}"),
                     0);
    assert_int_equal(fixture->response.transport, HTTP_UNKNOWN);
    assert_int_equal(fixture_entry(fixture)->write, MODEL_REFUSED);
    assert_true(model_column(fixture->model, "e1", &row, "new_rank", &text));
    assert_string_equal(text.data, "null");
    fault.is_after_effect = true;
    assert_true(model_add_fault(fixture->model, &fault));
    assert_int_equal(fixture_call(fixture, HTTP_PATCH, url, "If-Match: *\n", "{\"new_rank\":1}"),
                     0);
    assert_int_equal(fixture_entry(fixture)->write, MODEL_WROTE);
    text_clear(&text);
    assert_true(model_column(fixture->model, "e1", &row, "new_rank", &text));
    assert_string_equal(text.data, "1");
    text_free(&text);
}

static void
a_fault_may_only_delay(void **state)
{
    struct fixture *fixture = *state;
    struct model_fault slow = {.service = MODEL_DATAVERSE, .probability = 1, .extra_ms = 500};
    struct model_fault broken = {
        .service = MODEL_DATAVERSE, .times = 1, .probability = 1, .status = 500};

    assert_true(model_add_fault(fixture->model, &slow));
    assert_true(model_add_fault(fixture->model, &broken));
    assert_int_equal(fixture_get(fixture, WHO), 500);
    assert_int_equal(fixture->after_ms, 500);
    assert_int_equal(fixture_get(fixture, WHO), 200);
    assert_int_equal(fixture->after_ms, 500);
}

static void
chance_is_seeded(void **state)
{
    struct fixture *fixture = *state;
    struct model_fault fault = {.service = MODEL_DATAVERSE, .probability = 0.5, .status = 500};
    int broken = 0;

    assert_true(model_add_fault(fixture->model, &fault));
    for (int i = 0; i < 200; i++)
        broken += fixture_get(fixture, WHO) == 500;
    assert_true(broken > 60 && broken < 140);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(requests_are_counted_in_a_sliding_window),
        TEST(execution_time_is_summed),
        TEST(calls_at_once_are_limited),
        TEST(a_call_that_never_arrived_is_not_counted),
        TEST(asking_again_early_is_an_offence_and_lengthens_the_wait),
        TEST(a_503_with_retry_after_is_counted_but_does_not_refuse),
        TEST(the_ledger_tells_who_was_told_to_wait_and_called_before),
        TEST(each_application_and_organisation_has_its_own_window),
        TEST(limits_can_be_off_and_the_hint_on),
        TEST(long_urls_and_cookies_are_noticed),
        TEST(a_fault_takes_hold_of_its_route_as_often_as_told),
        TEST(a_cut_loses_the_answer_before_or_after_the_effect),
        TEST(a_fault_may_only_delay),
        TEST(chance_is_seeded),
    };
    return cmocka_run_group_tests_name("model_limits", tests, NULL, NULL);
}
