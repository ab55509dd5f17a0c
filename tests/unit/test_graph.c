/* SOURCES asks for many people in one batch; each is answered, or not, by himself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "services_support.h"

#define USER_URL(user)                                               \
    "/users/" user "?$select=id,accountEnabled,userType,department," \
    "extension_1_costCentre,onPremisesExtensionAttributes,extension_1_level"
#define PERSON(user, more)                     \
    "{\"@odata.context\":\"x\",\"id\":\"" user \
    "\",\"accountEnabled\":true,\"userType\":\"Member\"" more "}"
#define PART(id, status, body) "{\"id\":\"" id "\",\"status\":" status ",\"body\":" body "}"
#define BATCH(parts) "{\"responses\":[" parts "]}"
#define GROUPS(ids) "{\"@odata.context\":\"x\",\"value\":[" ids "]}"
#define GONE "{\"error\":{\"code\":\"Request_ResourceNotFound\",\"message\":\"m\"}}"

/* Two users; the second is asked for two groups as well. */
struct asked {
    struct call call;
    struct source_item items[2];
    struct guid groups[2];
    bool is_member[2];
};

static void
ask(struct asked *asked)
{
    *asked = (struct asked){.call = call_of(CALL_SOURCES)};
    asked->groups[0] = id_of(THIRD);
    asked->groups[1] = id_of(ROW);
    asked->items[0] = (struct source_item){.user = id_of(FIRST), .wants_person = true};
    asked->items[1] = (struct source_item){
        .user = id_of(SECOND),
        .wants_person = true,
        .groups = asked->groups,
        .group_count = 2,
        .is_member = asked->is_member,
    };
    asked->call.items = asked->items;
    asked->call.item_count = 2;
}

static void
assert_item(const struct source_item *item, enum verdict verdict, const char *reason)
{
    if (item->verdict != verdict || strcmp(item->reason, reason) != 0)
        fail_msg("%s \"%s\" (%s) where %s \"%s\" was expected", verdict_name(item->verdict),
                 item->reason, item->error.text, verdict_name(verdict), reason);
    assert_int_equal(item->error.class == ERROR_NONE, verdict == VERDICT_DONE);
}

static void
graph_asks_for_people_and_groups_in_one_batch(void **state)
{
    struct asked asked;
    struct http_request request;

    ask(&asked);
    request = built(state, &asked.call, "t0ken");
    assert_int_equal(request.method, HTTP_POST);
    assert_string_equal(request.url.data, "https://graph.test/v1.0/$batch");
    assert_header(&request, "Authorization", "Bearer t0ken");
    assert_header(&request, "Content-Type", "application/json");
    assert_string_equal(
        request.body.data,
        "{\"requests\":["
        "{\"id\":\"0\",\"method\":\"GET\",\"url\":\"" USER_URL(
            FIRST) "\"},"
                   "{\"id\":\"2\",\"method\":\"GET\",\"url\":\"" USER_URL(
                       SECOND) "\"},"
                               "{\"id\":\"3\",\"method\":\"POST\",\"url\":\"/users/" SECOND
                               "/checkMemberGroups\","
                               "\"headers\":{\"Content-Type\":\"application/json\"},"
                               "\"body\":{\"groupIds\":[\"" THIRD "\",\"" ROW "\"]}}]}");
    http_request_free(&request);
}

static void
graph_selects_a_property_once_however_often_it_is_named(void **state)
{
    static char names[][64] = {"userType", "a/b", "a/c", "d", "d"};
    struct attribute attributes[5];
    struct environment environment = test_environment;
    struct asked asked;
    struct http_request request;

    for (size_t i = 0; i < 5; i++)
        attributes[i] = (struct attribute){names[i], COLUMN_TEXT};
    environment.attributes = attributes;
    environment.attribute_count = 5;
    ask(&asked);
    asked.call.environment = &environment;
    request = built(state, &asked.call, "t0ken");
    assert_non_null(strstr(request.body.data, "?$select=id,accountEnabled,userType,a,d\""));
    http_request_free(&request);
}

static void
graph_refuses_batches_beyond_the_published_limits(void **state)
{
    struct source_item items[21] = {{.wants_person = true}};
    struct guid groups[21] = {{{0}}};
    struct asked asked;

    ask(&asked);
    for (size_t i = 0; i < 21; i++)
        items[i].wants_person = true;
    asked.call.items = items;
    asked.call.item_count = 20;
    items[0].groups = groups;
    items[0].group_count = 1;
    assert_not_built(state, &asked.call, ERROR_INPUT);
    asked.call.item_count = 21;
    items[0].wants_person = items[1].wants_person = false;
    assert_not_built(state, &asked.call, ERROR_INPUT);
    asked.call.item_count = 0;
    assert_not_built(state, &asked.call, ERROR_INPUT);
    asked.call.item_count = 1;
    items[0].group_count = 21;
    assert_not_built(state, &asked.call, ERROR_INPUT);
}

static void
graph_reads_people_whatever_the_order_of_the_answers(void **state)
{
    struct asked asked;
    const struct person *person = &asked.items[0].person;

    ask(&asked);
    answer(state, &asked.call, 200, NULL,
           BATCH(PART("3", "200", GROUPS("\"" ROW "\"")) "," PART(
               "2", "200",
               PERSON(SECOND,
                      "")) "," PART("0", "200",
                                    PERSON(FIRST,
                                           ",\"department\":\"D\",\"extension_1_costCentre\":17,"
                                           "\"onPremisesExtensionAttributes\":"
                                           "{\"extensionAttribute3\":\"three\"},"
                                           "\"extension_1_level\":\"9\""))));
    assert_verdict(&asked.call, VERDICT_DONE, "");
    assert_item(&asked.items[0], VERDICT_DONE, "");
    assert_item(&asked.items[1], VERDICT_DONE, "");
    assert_true(person->exists && person->is_enabled && !person->is_guest);
    assert_string_equal(person->values[0].text, "D");
    assert_string_equal(person->values[1].text, "17");
    assert_string_equal(person->values[2].text, "three");
    assert_true(person->values[3].integer == 9);
    assert_int_equal(asked.items[1].person.values[0].kind, VALUE_NULL);
    assert_int_equal(asked.items[1].person.values[2].kind, VALUE_NULL);
    assert_false(asked.is_member[0]);
    assert_true(asked.is_member[1]);
    call_reset(&asked.call);
}

static void
graph_tells_guests_and_disabled_people(void **state)
{
    struct asked asked;

    ask(&asked);
    asked.call.item_count = 1;
    answer(state, &asked.call, 200, NULL,
           BATCH(PART("0", "200",
                      "{\"id\":\"" FIRST "\",\"accountEnabled\":false,"
                      "\"userType\":\"Guest\"}")));
    assert_item(&asked.items[0], VERDICT_DONE, "");
    assert_false(asked.items[0].person.is_enabled);
    assert_true(asked.items[0].person.is_guest);
    call_reset(&asked.call);
}

static void
graph_marks_a_value_that_does_not_convert_and_keeps_the_rest(void **state)
{
    struct asked asked;
    const struct person *person = &asked.items[0].person;

    ask(&asked);
    asked.call.item_count = 1;
    answer(state, &asked.call, 200, NULL,
           BATCH(PART("0", "200",
                      PERSON(FIRST, ",\"department\":[\"a\"],"
                                    "\"extension_1_level\":\"secret\","
                                    "\"extension_1_costCentre\":\"c\""))));
    assert_item(&asked.items[0], VERDICT_DONE, "");
    assert_string_equal(person->faults[0], "array where a text is needed");
    assert_int_equal(person->values[0].kind, VALUE_UNREAD);
    assert_null(person->faults[1]);
    assert_string_equal(person->values[1].text, "c");
    assert_string_equal(person->faults[3], "a text that is no whole number");
    call_reset(&asked.call);
}

static void
graph_knows_nobody_who_is_not_there_and_has_him_in_no_group(void **state)
{
    struct asked asked;

    ask(&asked);
    answer(state, &asked.call, 200, NULL,
           BATCH(PART("0", "200", PERSON(FIRST, "")) "," PART("2", "404", GONE) "," PART("3", "404",
                                                                                         GONE)));
    assert_item(&asked.items[0], VERDICT_DONE, "");
    assert_item(&asked.items[1], VERDICT_DONE, "");
    assert_false(asked.items[1].person.exists);
    assert_null(asked.items[1].person.values);
    assert_false(asked.is_member[0] || asked.is_member[1]);
    call_reset(&asked.call);
}

static void
graph_takes_a_404_without_its_code_for_no_answer_about_the_person(void **state)
{
    struct asked asked;

    ask(&asked);
    asked.call.item_count = 1;
    answer(
        state, &asked.call, 200, NULL,
        BATCH(PART("0", "404", "{\"error\":{\"code\":\"ResourceNotFound\",\"message\":\"m\"}}")));
    assert_item(&asked.items[0], VERDICT_MISCONFIGURED, "not_found");
}

static void
graph_throttles_one_item_alone_with_its_own_retry_after(void **state)
{
    struct asked asked;

    ask(&asked);
    answer(state, &asked.call, 200, NULL,
           BATCH(PART(
               "0", "200",
               PERSON(FIRST,
                      "")) ","
                           "{\"id\":\"2\",\"status\":429,\"headers\":{\"Retry-After\":\"2.128\","
                           "\"y\":\"a\\nrequest-id: "
                           "evil\",\"bad\\nname\":\"x\",\"request-id\":\"q7\",\"n\":1},\"body\":{"
                           "\"error\":{"
                           "\"code\":\"TooManyRequests\",\"message\":\"slow down\"}}}," PART(
                               "3", "200", GROUPS(""))));
    assert_verdict(&asked.call, VERDICT_DONE, "");
    assert_item(&asked.items[0], VERDICT_DONE, "");
    assert_item(&asked.items[1], VERDICT_THROTTLED, "throttled");
    assert_true(asked.items[1].error.retry_after_ms == 2128);
    assert_string_equal(asked.items[1].error.request_id, "q7");
    assert_string_equal(asked.items[1].error.text, "slow down");
    call_reset(&asked.call);
}

static void
graph_part_without_a_request_id_has_that_of_the_batch(void **state)
{
    struct asked asked;

    ask(&asked);
    answer(
        state, &asked.call, 200, "request-id: whole\n",
        BATCH(PART("0", "403", "{\"error\":{\"code\":\"Authorization_RequestDenied\"}}") "," PART(
            "2", "200", PERSON(SECOND, "")) "," PART("3", "200", GROUPS(""))));
    assert_item(&asked.items[0], VERDICT_MISCONFIGURED, "privilege_missing");
    assert_string_equal(asked.items[0].error.request_id, "whole");
    call_reset(&asked.call);
}

static void
graph_gives_no_half_item(void **state)
{
    struct asked asked;

    ask(&asked);
    answer(state, &asked.call, 200, NULL,
           BATCH(PART("0", "200", PERSON(FIRST, "")) "," PART(
               "2", "200", PERSON(SECOND, "")) "," PART("3", "503", "{}")));
    assert_item(&asked.items[1], VERDICT_RETRY, "service_fault");
    assert_false(asked.items[1].person.exists);
    assert_null(asked.items[1].person.values);
    call_reset(&asked.call);
}

static void
graph_asks_again_for_parts_that_are_missing_double_or_malformed(void **state)
{
    static const char *const parts[] = {
        "",
        PART("9", "200", PERSON(FIRST, "")),
        PART("999", "200", PERSON(FIRST, "")),
        PART("x", "200", PERSON(FIRST, "")),
        PART("0", "200", PERSON(FIRST, "")) "," PART("0", "200", PERSON(FIRST, "")),
        PART("0", "200", PERSON(FIRST, "")) "," PART("0", "200", PERSON(FIRST, "")) "," PART(
            "0", "200", PERSON(FIRST, "")),
        PART("0", "200", PERSON(SECOND, "")),
        PART("0", "200", "null"),
        PART("0", "200", "\"text\""),
        PART("0", "\"200\"", PERSON(FIRST, "")),
        PART("0", "99", PERSON(FIRST, "")),
        PART("0", "0", PERSON(FIRST, "")),
        PART("0", "200", "{\"id\":\"" FIRST "\",\"userType\":\"Member\"}"),
        PART("0", "200", "{\"id\":\"" FIRST "\",\"accountEnabled\":null}"),
        "{\"id\":0,\"status\":200,\"body\":" PERSON(FIRST, "") "}",
    };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        struct asked asked;
        char body[2048];

        ask(&asked);
        asked.call.item_count = 1;
        snprintf(body, sizeof(body), BATCH("%s"), parts[i]);
        answer(state, &asked.call, 200, NULL, body);
        assert_verdict(&asked.call, VERDICT_DONE, "");
        assert_item(&asked.items[0], VERDICT_RETRY, "malformed_answer");
        assert_null(asked.items[0].person.values);
    }
}

static void
graph_asks_again_for_groups_that_are_no_whole_list_of_those_asked(void **state)
{
    static const char *const bodies[] = {
        "{}",
        "{\"value\":null}",
        GROUPS("\"" FIRST "\""),
        GROUPS("\"" ROW "\",\"x\""),
        GROUPS("17"),
        "{\"value\":[\"" ROW "\"],\"@odata.nextLink\":\"https://evil\"}",
    };

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct asked asked;
        char body[2048];

        ask(&asked);
        snprintf(body, sizeof(body),
                 BATCH(PART("2", "200", PERSON(SECOND, "")) "," PART("3", "200", "%s")), bodies[i]);
        answer(state, &asked.call, 200, NULL, body);
        assert_item(&asked.items[1], VERDICT_RETRY, "malformed_answer");
        assert_false(asked.is_member[0] || asked.is_member[1]);
        call_reset(&asked.call);
    }
}

static void
graph_right_that_is_missing_is_a_fault_of_the_configuration(void **state)
{
    struct asked asked;

    ask(&asked);
    answer(
        state, &asked.call, 200, NULL,
        BATCH(PART("0", "200", PERSON(FIRST, "")) "," PART("2", "200", PERSON(SECOND, "")) "," PART(
            "3", "403",
            "{\"error\":{\"code\":\"Authorization_RequestDenied\",\"message\":\"m\"}}")));
    assert_item(&asked.items[1], VERDICT_MISCONFIGURED, "privilege_missing");
    call_reset(&asked.call);
}

static void
graph_whole_that_failed_is_each_item_that_failed(void **state)
{
    struct asked asked;

    ask(&asked);
    answer(state, &asked.call, 429, "Retry-After: 10\n", "");
    assert_verdict(&asked.call, VERDICT_THROTTLED, "throttled");
    assert_item(&asked.items[0], VERDICT_THROTTLED, "throttled");
    assert_true(asked.items[1].error.retry_after_ms == 10000);
    answer(state, &asked.call, 200, NULL, "{}");
    assert_verdict(&asked.call, VERDICT_RETRY, "malformed_answer");
    assert_item(&asked.items[1], VERDICT_RETRY, "malformed_answer");
}

static void
graph_survives_hostile_answers(void **state)
{
    struct asked asked;

    ask(&asked);
    survive(state, &asked.call, NULL,
            BATCH(PART(
                "0", "200",
                PERSON(FIRST, ",\"department\":\"D\"")) ","
                                                        "{\"id\":\"2\",\"status\":404,\"headers\":{"
                                                        "\"a\":\"b\"},\"body\":" GONE "}," PART(
                                                            "3", "200", GROUPS("\"" ROW "\""))));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(graph_asks_for_people_and_groups_in_one_batch),
        cmocka_unit_test(graph_selects_a_property_once_however_often_it_is_named),
        cmocka_unit_test(graph_refuses_batches_beyond_the_published_limits),
        cmocka_unit_test(graph_reads_people_whatever_the_order_of_the_answers),
        cmocka_unit_test(graph_tells_guests_and_disabled_people),
        cmocka_unit_test(graph_marks_a_value_that_does_not_convert_and_keeps_the_rest),
        cmocka_unit_test(graph_knows_nobody_who_is_not_there_and_has_him_in_no_group),
        cmocka_unit_test(graph_takes_a_404_without_its_code_for_no_answer_about_the_person),
        cmocka_unit_test(graph_throttles_one_item_alone_with_its_own_retry_after),
        cmocka_unit_test(graph_part_without_a_request_id_has_that_of_the_batch),
        cmocka_unit_test(graph_gives_no_half_item),
        cmocka_unit_test(graph_asks_again_for_parts_that_are_missing_double_or_malformed),
        cmocka_unit_test(graph_asks_again_for_groups_that_are_no_whole_list_of_those_asked),
        cmocka_unit_test(graph_right_that_is_missing_is_a_fault_of_the_configuration),
        cmocka_unit_test(graph_whole_that_failed_is_each_item_that_failed),
        cmocka_unit_test(graph_survives_hostile_answers),
    };
    return cmocka_run_group_tests_name("graph", tests, services_setup, services_teardown);
}
