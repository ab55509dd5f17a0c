/* DELTA and MEMBERS: what is asked for a page, and what a page says of a group and its members. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "services_support.h"

#define GROUP ROW
#define OTHER_GROUP UNIT
#define USER "{\"@odata.type\":\"#microsoft.graph.user\",\"id\":\"" FIRST "\"}"
#define LEAVER                                                    \
    "{\"@odata.type\":\"#microsoft.graph.user\",\"id\":\"" SECOND \
    "\",\"@removed\":{\"reason\":\"deleted\"}}"
#define ITEM(members) "{\"id\":\"" GROUP "\",\"members@delta\":[" members "]}"
#define PAGE(items, links) "{\"@odata.context\":\"x\",\"value\":[" items "]" links "}"
#define NEXT ",\"@odata.nextLink\":\"https://graph.test/v1.0/groups/delta?$skiptoken=a\""
#define DELTA ",\"@odata.deltaLink\":\"https://graph.test/v1.0/groups/delta?$deltatoken=b\""

static struct call
delta_call(void)
{
    struct call call = call_of(CALL_DELTA);

    call.group = id_of(GROUP);
    return call;
}

static struct call
members_call(void)
{
    struct call call = call_of(CALL_MEMBERS);

    call.group = id_of(GROUP);
    return call;
}

static void
assert_change(const struct call *call, size_t index, const char *user, enum member_kind kind,
              bool is_removed)
{
    const struct member_change *change = &call->changes[index];
    char digits[GUID_TEXT_BYTES];

    assert_true(index < call->change_count);
    assert_string_equal(guid_format(&change->user, digits), user);
    assert_int_equal(change->kind, kind);
    assert_int_equal(change->is_removed, is_removed);
}

static void
assert_url(void **state, const struct call *call, const char *url)
{
    struct http_request request = built(state, call, "t0ken");

    assert_int_equal(request.method, HTTP_GET);
    assert_string_equal(request.url.data, url);
    assert_header(&request, "Accept", "application/json");
    assert_int_equal(request.body.length, 0);
    http_request_free(&request);
}

/* --- building --------------------------------------------------------------------------------- */

static void
delta_asks_for_the_members_of_one_group(void **state)
{
    struct call call = delta_call();

    assert_url(state, &call,
               "https://graph.test/v1.0/groups/delta?$select=members&$filter=id%20eq%20%27" GROUP
               "%27");
    call.is_latest = true;
    assert_url(state, &call,
               "https://graph.test/v1.0/groups/delta?$select=members&$filter=id%20eq%20%27" GROUP
               "%27&$deltatoken=latest");
}

static void
members_are_asked_for_direct_or_transitive(void **state)
{
    struct call call = members_call();

    assert_url(state, &call,
               "https://graph.test/v1.0/groups/" GROUP "/members?$select=id&$top=999");
    call.is_transitive = true;
    assert_url(state, &call,
               "https://graph.test/v1.0/groups/" GROUP "/transitiveMembers?$select=id&$top=999");
}

static void
page_is_asked_for_by_its_link_as_it_is(void **state)
{
    struct call calls[] = {delta_call(), members_call()};

    for (size_t i = 0; i < 2; i++) {
        calls[i].page = "https://graph.test/v1.0/groups/delta?$skiptoken=a%2Fb&c=d";
        assert_url(state, &calls[i], calls[i].page);
    }
}

/* The token must not go there, wherever the link was kept meanwhile. */
static void
page_elsewhere_is_not_asked_for(void **state)
{
    static const char *const links[] = {
        "https://evil.test/v1.0/groups/delta?$skiptoken=a",
        "http://graph.test/v1.0/groups/delta?$skiptoken=a",
        "https://graph.test@evil.test/v1.0/groups/delta",
        "https://graph.test/v1.0/groups/../users",
        "https://graph.test/v1.0/users/delta",
        "https://graph.test/beta/groups/delta",
        "/v1.0/groups/delta?$skiptoken=a",
        "",
    };
    struct call calls[] = {delta_call(), members_call()};

    for (size_t i = 0; i < 2 * sizeof(links) / sizeof(links[0]); i++) {
        calls[i % 2].page = links[i / 2];
        assert_not_built(state, &calls[i % 2], ERROR_INPUT);
    }
}

/* --- reading a page of the delta query -------------------------------------------------------- */

static void
delta_tells_who_came_and_who_went_in_the_order_of_the_page(void **state)
{
    struct call call = delta_call();

    answer(state, &call, 200, "request-id: r\n", PAGE(ITEM(USER "," LEAVER "," USER), DELTA));
    assert_verdict(&call, VERDICT_DONE, "");
    assert_int_equal(call.change_count, 3);
    assert_change(&call, 0, FIRST, MEMBER_USER, false);
    assert_change(&call, 1, SECOND, MEMBER_USER, true);
    assert_change(&call, 2, FIRST, MEMBER_USER, false);
    assert_string_equal(call.delta_page, "https://graph.test/v1.0/groups/delta?$deltatoken=b");
    assert_null(call.next_page);
    assert_true(call.is_group_seen);
    assert_false(call.is_group_deleted);
    assert_string_equal(call.error.request_id, "r");
    call_reset(&call);
}

static void
delta_takes_a_group_that_stands_on_a_page_several_times_as_one(void **state)
{
    struct call call = delta_call();

    answer(state, &call, 200, NULL,
           PAGE(ITEM(USER) ",{\"id\":\"" OTHER_GROUP "\",\"members@delta\":[" USER
                           "],\"@removed\":{}}," ITEM("") "," ITEM(LEAVER),
                NEXT));
    assert_verdict(&call, VERDICT_DONE, "");
    assert_int_equal(call.change_count, 2);
    assert_change(&call, 1, SECOND, MEMBER_USER, true);
    assert_false(call.is_group_deleted);
    assert_string_equal(call.next_page, "https://graph.test/v1.0/groups/delta?$skiptoken=a");
    assert_null(call.delta_page);
    call_reset(&call);
}

static void
delta_may_have_pages_without_the_group_or_its_members(void **state)
{
    struct call call = delta_call();

    answer(state, &call, 200, NULL, PAGE("", NEXT));
    assert_verdict(&call, VERDICT_DONE, "");
    assert_int_equal(call.change_count, 0);
    assert_false(call.is_group_seen);
    answer(state, &call, 200, NULL, PAGE("{\"id\":\"" GROUP "\"}", DELTA));
    assert_verdict(&call, VERDICT_DONE, "");
    assert_int_equal(call.change_count, 0);
    assert_true(call.is_group_seen);
    call_reset(&call);
}

static void
delta_tells_that_the_group_was_deleted(void **state)
{
    static const char *const marks[] = {"{\"reason\":\"deleted\"}", "{\"reason\":\"changed\"}",
                                        "\"deleted\"", "{}", "true"};
    struct call call = delta_call();
    char body[256];

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        snprintf(body, sizeof(body),
                 "{\"value\":[{\"id\":\"" GROUP "\",\"@removed\":%s}]" DELTA "}", marks[i]);
        answer(state, &call, 200, NULL, body);
        assert_verdict(&call, VERDICT_DONE, "");
        assert_true(call.is_group_deleted);
        assert_int_equal(call.change_count, 0);
    }
    call_reset(&call);
}

/* Delta marks with an object, notifications with a string; nothing says that there is no third. */
static void
member_is_removed_whatever_the_mark_looks_like(void **state)
{
    static const char *const marks[] = {"{\"reason\":\"deleted\"}", "\"deleted\"", "{}", "1"};
    struct call call = delta_call();
    char body[512];

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        snprintf(body, sizeof(body),
                 PAGE(ITEM("{\"@odata.type\":\"#microsoft.graph.user\",\"id\":\"" FIRST
                           "\",\"@removed\":%s}"),
                      DELTA),
                 marks[i]);
        answer(state, &call, 200, NULL, body);
        assert_change(&call, 0, FIRST, MEMBER_USER, true);
    }
    answer(state, &call, 200, NULL, PAGE(ITEM("{\"id\":\"" FIRST "\",\"@removed\":null}"), DELTA));
    assert_change(&call, 0, FIRST, MEMBER_UNSAID, false);
    call_reset(&call);
}

static void
member_that_is_no_user_is_told_apart_even_with_an_id_of_another_kind(void **state)
{
    static const char *const others[] = {
        "{\"@odata.type\":\"#microsoft.graph.group\",\"id\":\"" SECOND "\"}",
        "{\"@odata.type\":\"#microsoft.graph.device\",\"id\":\"" SECOND "\"}",
        "{\"@odata.type\":\"#microsoft.graph.servicePrincipal\",\"id\":\"" SECOND "\"}",
        "{\"@odata.type\":\"#microsoft.graph.userish\",\"id\":\"no id\"}",
        "{\"@odata.type\":\"#microsoft.graph.new\"}",
        "{\"@odata.type\":null,\"id\":\"" SECOND "\"}",
    };
    struct call call = members_call();
    char body[256];

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        snprintf(body, sizeof(body), "{\"value\":[%s," USER "]}", others[i]);
        answer(state, &call, 200, NULL, body);
        assert_verdict(&call, VERDICT_DONE, "");
        assert_int_equal(call.changes[0].kind, MEMBER_OTHER);
        assert_change(&call, 1, FIRST, MEMBER_USER, false);
    }
    answer(state, &call, 200, NULL,
           "{\"value\":[{\"@odata.type\":\"#Microsoft.Graph.User\",\"id\":\"" FIRST
           "\"},{\"id\":\"" SECOND "\"}]}");
    assert_change(&call, 0, FIRST, MEMBER_USER, false);
    assert_change(&call, 1, SECOND, MEMBER_UNSAID, false);
    call_reset(&call);
}

static void
delta_is_worth_nothing_when_it_is_not_what_it_must_be(void **state)
{
    static const char *const bodies[] = {
        PAGE("", ""),
        PAGE("", NEXT DELTA),
        "{" DELTA "}",
        "{\"value\":{}" DELTA "}",
        PAGE("{\"members@delta\":[]}", DELTA),
        PAGE("{\"id\":\"x\"}", DELTA),
        PAGE("{\"id\":\"" GROUP "\",\"members@delta\":{}}", DELTA),
        PAGE("{\"id\":\"" GROUP "\",\"members@delta\":null}", DELTA),
        PAGE(ITEM("17"), DELTA),
        PAGE(ITEM("{\"@odata.type\":\"#microsoft.graph.user\"}"), DELTA),
        PAGE(ITEM("{\"id\":\"17\"}"), DELTA),
        PAGE(ITEM(USER ",{\"@odata.type\":\"#microsoft.graph.user\",\"id\":1}"), DELTA),
        PAGE("", ",\"@odata.deltaLink\":null"),
        PAGE("", ",\"@odata.deltaLink\":17"),
        PAGE("", ",\"@odata.nextLink\":{}"),
    };
    struct call call = delta_call();

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        answer(state, &call, 200, NULL, bodies[i]);
        if (call.verdict != VERDICT_RETRY || call.change_count > 0 || call.delta_page != NULL)
            fail_msg("%s was believed", bodies[i]);
        assert_verdict(&call, VERDICT_RETRY, "malformed_answer");
    }
}

static void
link_that_leads_elsewhere_makes_its_page_worth_nothing(void **state)
{
    static const char *const names[] = {"@odata.nextLink", "@odata.deltaLink"};
    static const char *const links[] = {"https://evil.test/v1.0/groups/delta?$deltatoken=b",
                                        "http://graph.test/v1.0/groups/delta",
                                        "https://graph.test:444/v1.0/groups/delta",
                                        "https://graph.test.evil.test/v1.0/groups/delta",
                                        "https://graph.test/v1.0/groups/../../elsewhere",
                                        "groups"};
    struct call call = delta_call();
    char body[512];

    for (size_t i = 0; i < 2 * sizeof(links) / sizeof(links[0]); i++) {
        snprintf(body, sizeof(body), "{\"value\":[" ITEM(USER) "],\"%s\":\"%s\"}", names[i % 2],
                 links[i / 2]);
        answer(state, &call, 200, NULL, body);
        assert_verdict(&call, VERDICT_RETRY, "malformed_answer");
        assert_int_equal(call.change_count, 0);
    }
}

static void
link_that_is_too_long_is_not_kept(void **state)
{
    static const char head[] =
        "{\"value\":[],\"@odata.deltaLink\":\"https://graph.test/v1.0/groups/";
    struct call call = delta_call();
    struct text body = TEXT_EMPTY;

    text_add(&body, head);
    for (size_t i = 0; i < 16384; i++)
        text_add_char(&body, 'x');
    text_add(&body, "\"}");
    answer(state, &call, 200, NULL, body.data);
    assert_verdict(&call, VERDICT_RETRY, "malformed_answer");
    text_free(&body);
}

static void
next_page_must_be_another_while_a_delta_link_may_stay_the_same(void **state)
{
    struct call call = delta_call();

    call.page = "https://graph.test/v1.0/groups/delta?$skiptoken=a";
    answer(state, &call, 200, NULL, PAGE("", NEXT));
    assert_verdict(&call, VERDICT_RETRY, "malformed_answer");
    call.page = "https://graph.test/v1.0/groups/delta?$deltatoken=b";
    answer(state, &call, 200, NULL, PAGE("", DELTA));
    assert_verdict(&call, VERDICT_DONE, "");
    assert_string_equal(call.delta_page, call.page);
    call_reset(&call);
}

/* --- reading a page of members ---------------------------------------------------------------- */

static void
members_end_with_the_page_that_no_link_follows(void **state)
{
    struct call call = members_call();

    answer(state, &call, 200, NULL,
           "{\"value\":[" USER "],\"@odata.nextLink\":\"https://graph.test/v1.0/groups/" GROUP
           "/members?$skiptoken=a\"}");
    assert_verdict(&call, VERDICT_DONE, "");
    assert_string_equal(call.next_page,
                        "https://graph.test/v1.0/groups/" GROUP "/members?$skiptoken=a");
    answer(state, &call, 200, NULL, "{\"value\":[]}");
    assert_verdict(&call, VERDICT_DONE, "");
    assert_null(call.next_page);
    assert_int_equal(call.change_count, 0);
    answer(state, &call, 200, NULL, "{\"value\":[],\"@odata.nextLink\":\"https://evil.test/\"}");
    assert_verdict(&call, VERDICT_RETRY, "malformed_answer");
    answer(state, &call, 200, NULL, "{}");
    assert_verdict(&call, VERDICT_RETRY, "malformed_answer");
    call_reset(&call);
}

/* --- bad days --------------------------------------------------------------------------------- */

static void
pages_survive_whatever_comes(void **state)
{
    struct call delta = delta_call(), members = members_call();

    survive(state, &delta, "request-id: r\n",
            PAGE(ITEM(USER "," LEAVER) ",{\"id\":\"" GROUP "\",\"@removed\":\"x\"}", DELTA));
    survive(state, &members, NULL,
            "{\"value\":[" USER
            "],\"@odata.nextLink\":\"https://graph.test/v1.0/groups/x/members?$skiptoken=a\"}");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delta_asks_for_the_members_of_one_group),
        cmocka_unit_test(members_are_asked_for_direct_or_transitive),
        cmocka_unit_test(page_is_asked_for_by_its_link_as_it_is),
        cmocka_unit_test(page_elsewhere_is_not_asked_for),
        cmocka_unit_test(delta_tells_who_came_and_who_went_in_the_order_of_the_page),
        cmocka_unit_test(delta_takes_a_group_that_stands_on_a_page_several_times_as_one),
        cmocka_unit_test(delta_may_have_pages_without_the_group_or_its_members),
        cmocka_unit_test(delta_tells_that_the_group_was_deleted),
        cmocka_unit_test(member_is_removed_whatever_the_mark_looks_like),
        cmocka_unit_test(member_that_is_no_user_is_told_apart_even_with_an_id_of_another_kind),
        cmocka_unit_test(delta_is_worth_nothing_when_it_is_not_what_it_must_be),
        cmocka_unit_test(link_that_leads_elsewhere_makes_its_page_worth_nothing),
        cmocka_unit_test(link_that_is_too_long_is_not_kept),
        cmocka_unit_test(next_page_must_be_another_while_a_delta_link_may_stay_the_same),
        cmocka_unit_test(members_end_with_the_page_that_no_link_follows),
        cmocka_unit_test(pages_survive_whatever_comes),
    };
    return cmocka_run_group_tests_name("graph_pages", tests, services_setup, services_teardown);
}
