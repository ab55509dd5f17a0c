/* Lists of a group's members in the double: direct and transitive, pages, types, what it costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "delta_fixture.h"

#define GROUP_URL GRAPH "/v1.0/groups/" CREW
#define MEMBERS GROUP_URL "/members"
#define USERS MEMBERS "/microsoft.graph.user"
#define ALL GROUP_URL "/transitiveMembers"
#define EVENTUAL "ConsistencyLevel: eventual\n"

/* --- helpers ---------------------------------------------------------------------------------- */

static const struct json *
find(const struct fixture *fixture, struct guid id)
{
    const struct json *value = fixture_at(fixture, "value");
    char text[GUID_TEXT_BYTES];

    guid_format(&id, text);
    for (size_t i = 0; i < json_length(value); i++)
        if (strcmp(json_string(json_get(json_at(value, i), "id"), NULL), text) == 0)
            return json_at(value, i);
    return NULL;
}

static size_t
count(const struct fixture *fixture)
{
    return json_length(fixture_at(fixture, "value"));
}

/* Ada, a device and the group Core, in which Bob and Ada are, and Crew itself. */
static void
fill(struct fixture *fixture)
{
    struct guid device = delta_person(1);

    assert_true(model_add_thing(fixture->model, &device, "device"));
    delta_join(fixture, CREW, guid_of(ADA));
    delta_join(fixture, CREW, device);
    delta_join(fixture, CREW, guid_of(CORE));
    delta_join(fixture, CORE, guid_of(BOB));
    delta_join(fixture, CORE, guid_of(ADA));
    delta_join(fixture, CORE, guid_of(CREW));
}

/* --- who is listed: G-30 ---------------------------------------------------------------------- */

static void
members_of_all_types_are_listed(void **state)
{
    struct fixture *fixture = *state;

    fill(fixture);
    assert_int_equal(fixture_get(fixture, MEMBERS), 200);
    assert_int_equal(count(fixture), 3);
    assert_string_equal(json_string(json_get(find(fixture, guid_of(ADA)), "@odata.type"), NULL),
                        "#microsoft.graph.user");
    assert_string_equal(json_string(json_get(find(fixture, guid_of(ADA)), "displayName"), NULL),
                        "Ada");
    assert_string_equal(json_string(json_get(find(fixture, delta_person(1)), "@odata.type"), NULL),
                        "#microsoft.graph.device");
    assert_string_equal(json_string(json_get(find(fixture, guid_of(CORE)), "@odata.type"), NULL),
                        "#microsoft.graph.group");
    assert_string_equal(fixture_entry(fixture)->route, "members");
    assert_int_equal(fixture_entry(fixture)->items, 3);
}

static void
a_cast_lists_users_only(void **state)
{
    struct fixture *fixture = *state;

    fill(fixture);
    assert_int_equal(fixture_get(fixture, USERS "?$select=id,department"), 200);
    assert_int_equal(count(fixture), 1);
    assert_string_equal(fixture_text(fixture, "value/0/id"), ADA);
    assert_string_equal(fixture_text(fixture, "value/0/department"), "R&D");
    assert_null(fixture_at(fixture, "value/0/@odata.type"));
    assert_int_equal(fixture_get(fixture, MEMBERS "/microsoft.graph.printer"), 400);
}

static void
transitive_members_are_listed_once_however_groups_are_nested(void **state)
{
    struct fixture *fixture = *state;

    fill(fixture);
    assert_int_equal(fixture_get(fixture, ALL), 200);
    assert_int_equal(count(fixture), 5);
    assert_int_equal(fixture_get(fixture, ALL "/microsoft.graph.user"), 200);
    assert_int_equal(count(fixture), 2);
    assert_non_null(find(fixture, guid_of(BOB)));
    delta_leave(fixture, CREW, guid_of(CORE));
    assert_int_equal(fixture_get(fixture, ALL), 200);
    assert_int_equal(count(fixture), 2);
    assert_null(find(fixture, guid_of(BOB)));
}

static void
whoever_left_or_is_deleted_or_not_replicated_is_not_listed(void **state)
{
    struct fixture *fixture = *state;
    struct guid ada = guid_of(ADA);
    struct guid nobody = guid_of(NOBODY);
    struct model_user fresh = {.id = nobody, .user_principal_name = "new@contoso.test"};

    fill(fixture);
    delta_join(fixture, CREW, guid_of(BOB));
    delta_leave(fixture, CREW, guid_of(BOB));
    assert_true(model_remove_user(fixture->model, &ada));
    assert_true(model_set(fixture->model, "graph_lag_ms", 1000));
    assert_true(model_add_user(fixture->model, &fresh));
    delta_join(fixture, CREW, nobody);
    assert_int_equal(fixture_get(fixture, USERS), 200);
    assert_int_equal(count(fixture), 0);
    fixture_pass(fixture, 1000);
    assert_int_equal(fixture_get(fixture, USERS), 200);
    assert_string_equal(fixture_text(fixture, "value/0/id"), NOBODY);
}

static void
whoever_comes_back_is_listed_once(void **state)
{
    struct fixture *fixture = *state;

    delta_join(fixture, CREW, guid_of(ADA));
    delta_leave(fixture, CREW, guid_of(ADA));
    delta_join(fixture, CREW, guid_of(ADA));
    assert_int_equal(fixture_get(fixture, MEMBERS), 200);
    assert_int_equal(count(fixture), 1);
}

static void
lists_lag_as_checks_do(void **state)
{
    struct fixture *fixture = *state;

    assert_true(model_set(fixture->model, "membership_lag_ms", 5000));
    delta_join(fixture, CREW, guid_of(ADA));
    fixture_pass(fixture, 4999);
    assert_int_equal(fixture_get(fixture, MEMBERS), 200);
    assert_int_equal(count(fixture), 0);
    fixture_pass(fixture, 1);
    assert_int_equal(fixture_get(fixture, MEMBERS), 200);
    assert_int_equal(count(fixture), 1);
}

static void
a_group_that_is_not_there_is_404(void **state)
{
    struct fixture *fixture = *state;
    struct guid crew = guid_of(CREW);

    assert_int_equal(fixture_get(fixture, GRAPH "/v1.0/groups/" NOBODY "/members"), 404);
    assert_string_equal(fixture_code(fixture), "Request_ResourceNotFound");
    assert_true(model_remove_group(fixture->model, &crew, &fixture->clock));
    assert_int_equal(fixture_get(fixture, MEMBERS), 404);
}

/* --- options and pages: G-31 to G-33 ---------------------------------------------------------- */

static void
what_lists_of_members_do_not_take_is_refused(void **state)
{
    static const char *const bad[] = {"?$top=1000",     "?$top=0",          "?$top=x",
                                      "?$select=shoe",  "?$filter=id+eq+1", "?$orderby=id",
                                      "?$expand=owner", "?$count=true",     "?x=1"};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct text url = TEXT_EMPTY;

        text_addf(&url, "%s%s", MEMBERS, bad[i]);
        assert_int_equal(fixture_get(fixture, url.data), 400);
        text_free(&url);
    }
    assert_int_equal(fixture_get(fixture, MEMBERS "?$top=999"), 200);
}

static void
a_count_comes_to_those_who_accept_its_lag(void **state)
{
    struct fixture *fixture = *state;
    int64_t all = 0;

    fill(fixture);
    assert_int_equal(fixture_call(fixture, HTTP_GET, MEMBERS "?$count=true&$top=1", EVENTUAL, NULL),
                     200);
    assert_true(json_integer(fixture_at(fixture, "@odata.count"), &all));
    assert_int_equal(all, 3);
    assert_int_equal(count(fixture), 1);
    assert_true(model_set(fixture->model, "cast_needs_count", 1));
    assert_int_equal(fixture_get(fixture, USERS), 400);
    assert_int_equal(fixture_call(fixture, HTTP_GET, USERS "?$count=true", EVENTUAL, NULL), 200);
    assert_int_equal(fixture_get(fixture, MEMBERS), 200);
}

static void
pages_neither_lose_nor_repeat_who_stays(void **state)
{
    struct fixture *fixture = *state;
    size_t listed = 0;
    int pages = 1;

    delta_join_many(fixture, CREW, 7);
    assert_int_equal(fixture_get(fixture, MEMBERS "?$select=id&$top=3"), 200);
    delta_leave(fixture, CREW, delta_person(1));
    delta_join(fixture, CREW, delta_person(8));
    for (; *fixture_text(fixture, NEXT) != '\0'; pages++) {
        listed += count(fixture);
        assert_non_null(strstr(fixture_text(fixture, NEXT), "$select=id&$top=3&$skiptoken="));
        assert_int_equal(delta_follow(fixture, NEXT), 200);
    }
    assert_int_equal(pages, 3);
    assert_int_equal(listed + count(fixture), 8);
}

static void
without_top_a_page_has_a_hundred(void **state)
{
    struct fixture *fixture = *state;

    delta_join_many(fixture, CREW, 101);
    assert_int_equal(fixture_get(fixture, MEMBERS), 200);
    assert_int_equal(count(fixture), 100);
    assert_int_equal(delta_follow(fixture, NEXT), 200);
    assert_int_equal(count(fixture), 1);
}

static void
a_page_link_holds_only_as_it_was_given(void **state)
{
    static const char *const changed[] = {
        MEMBERS "?$select=id&$top=2&$skiptoken=",
        MEMBERS "?$top=1&$select=id&$skiptoken=",
        USERS "?$select=id&$top=1&$skiptoken=",
        GRAPH "/v1.0/groups/" CORE "/members?$select=id&$top=1&$skiptoken=",
    };
    struct fixture *fixture = *state;
    char *token;

    delta_join_many(fixture, CREW, 3);
    assert_int_equal(fixture_get(fixture, MEMBERS "?$select=id&$top=1"), 200);
    token = strdup(strstr(fixture_text(fixture, NEXT), "token=") + 6);
    for (size_t i = 0; i < sizeof(changed) / sizeof(changed[0]); i++) {
        struct text url = TEXT_EMPTY;

        text_addf(&url, "%s%s", changed[i], token);
        assert_int_equal(fixture_get(fixture, url.data), 400);
        assert_int_equal(model_offences(fixture->model, MODEL_OFFENCE_LINK), i + 1);
        text_free(&url);
    }
    free(token);
}

static void
their_links_may_lead_elsewhere_too(void **state)
{
    struct fixture *fixture = *state;

    delta_join_many(fixture, CREW, 2);
    assert_true(model_set(fixture->model, "foreign_links", 1));
    assert_int_equal(fixture_get(fixture, MEMBERS "?$top=1"), 200);
    assert_int_equal(delta_follow(fixture, NEXT), 404);
    assert_int_equal(model_offences(fixture->model, MODEL_OFFENCE_FOREIGN_LINK), 1);
}

/* --- rights and costs: G-34, L-5 -------------------------------------------------------------- */

static void
rights_decide_what_is_told(void **state)
{
    static const struct {
        const char *client;
        bool may_read_members;
        int status;
    } cases[] = {{NOBODY, false, 403}, {SALES, true, 200}};
    struct fixture *fixture = *state;

    fill(fixture);
    for (size_t i = 0; i < 2; i++) {
        struct model_application weak = {.tenant = guid_of(TENANT),
                                         .client = guid_of(cases[i].client),
                                         .secret = "x",
                                         .may_read_members = cases[i].may_read_members};
        struct text form = TEXT_EMPTY, headers = TEXT_EMPTY;

        assert_true(model_add_application(fixture->model, &weak));
        text_addf(&form,
                  "client_id=%s&client_secret=x&grant_type=client_credentials&scope=" GRAPH
                  "/.default",
                  cases[i].client);
        assert_int_equal(fixture_token(fixture, form.data), 200);
        text_addf(&headers, "Authorization: Bearer %s\n", fixture_text(fixture, "access_token"));
        assert_int_equal(fixture_send(fixture, HTTP_GET, MEMBERS, headers.data, NULL),
                         cases[i].status);
        text_free(&form);
        text_free(&headers);
    }
    assert_string_equal(json_string(json_get(find(fixture, guid_of(ADA)), "@odata.type"), NULL),
                        "#microsoft.graph.user");
    assert_int_equal(json_type(json_get(find(fixture, guid_of(ADA)), "displayName")), JSON_NULL);
}

static void
each_call_has_its_price(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(fixture_get(fixture, MEMBERS), 200);
    assert_string_equal(fixture_header(fixture, "x-ms-resource-unit"), "3");
    assert_int_equal(fixture_get(fixture, ALL "/microsoft.graph.user"), 200);
    assert_string_equal(fixture_header(fixture, "x-ms-resource-unit"), "5");
    assert_int_equal(fixture_get(fixture, ALL "?$select=id"), 200);
    assert_string_equal(fixture_header(fixture, "x-ms-resource-unit"), "4");
    assert_int_equal(fixture_get(fixture, MEMBERS "?$select=id&$top=5"), 200);
    assert_string_equal(fixture_header(fixture, "x-ms-resource-unit"), "1");
    assert_int_equal(fixture_get(fixture, FIRST), 200);
    assert_string_equal(fixture_header(fixture, "x-ms-resource-unit"), "1");
}

static void
throttling_tells_fractions_of_a_second_and_minds_who_comes_early(void **state)
{
    struct fixture *fixture = *state;
    double after_s;

    assert_true(model_set(fixture->model, "graph_units", 7));
    assert_int_equal(fixture_get(fixture, ALL), 200);
    assert_int_equal(fixture_get(fixture, MEMBERS), 429);
    assert_non_null(strchr(fixture_header(fixture, "Retry-After"), '.'));
    after_s = strtod(fixture_header(fixture, "Retry-After"), NULL);
    assert_true(after_s > 1.4 && after_s < 1.5);
    fixture_pass(fixture, 1300);
    assert_int_equal(fixture_get(fixture, FIRST), 429);
    assert_int_equal(model_offences(fixture->model, MODEL_OFFENCE_EARLY), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(members_of_all_types_are_listed),
        TEST(a_cast_lists_users_only),
        TEST(transitive_members_are_listed_once_however_groups_are_nested),
        TEST(whoever_left_or_is_deleted_or_not_replicated_is_not_listed),
        TEST(whoever_comes_back_is_listed_once),
        TEST(lists_lag_as_checks_do),
        TEST(a_group_that_is_not_there_is_404),
        TEST(what_lists_of_members_do_not_take_is_refused),
        TEST(a_count_comes_to_those_who_accept_its_lag),
        TEST(pages_neither_lose_nor_repeat_who_stays),
        TEST(without_top_a_page_has_a_hundred),
        TEST(a_page_link_holds_only_as_it_was_given),
        TEST(their_links_may_lead_elsewhere_too),
        TEST(rights_decide_what_is_told),
        TEST(each_call_has_its_price),
        TEST(throttling_tells_fractions_of_a_second_and_minds_who_comes_early),
    };
    return cmocka_run_group_tests_name("model_members", tests, NULL, NULL);
}
