/* Group delta in the double: what may be asked, which links hold, and when they do no more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "delta_fixture.h"

/* --- links that are worth nothing: G-25 ------------------------------------------------------- */

static void
a_link_that_is_reset_or_too_old_is_410_with_a_location(void **state)
{
    struct fixture *fixture = *state;
    struct guid crew = guid_of(CREW);
    char *link;

    delta_join(fixture, CREW, guid_of(ADA));
    assert_true(model_set(fixture->model, "delta_token_life_ms", 60000));
    assert_int_equal(fixture_get(fixture, FIRST), 200);
    link = strdup(fixture_text(fixture, LATER));
    fixture_pass(fixture, 60000);
    assert_int_equal(fixture_get(fixture, link), 200);
    fixture_pass(fixture, 1);
    assert_int_equal(fixture_get(fixture, link), 410);
    assert_string_equal(fixture_code(fixture), "syncStateNotFound");
    free(link);
    link = strdup(fixture_header(fixture, "Location"));
    assert_int_equal(fixture_get(fixture, link), 200);
    assert_int_equal(delta_count_members(fixture), 1);
    free(link);
    assert_true(model_reset_delta(fixture->model, &crew));
    assert_int_equal(delta_follow(fixture, LATER), 410);
}

static void
each_part_of_that_answer_may_be_otherwise(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(fixture_get(fixture, FIRST), 200);
    assert_true(model_reset_delta(fixture->model, NULL));
    assert_true(model_set(fixture->model, "delta_reset_status", 400));
    assert_true(model_set(fixture->model, "delta_reset_code", 1));
    assert_true(model_set(fixture->model, "delta_reset_location", 0));
    assert_int_equal(delta_follow(fixture, LATER), 400);
    assert_string_equal(fixture_code(fixture), "resyncRequired");
    assert_string_equal(fixture_header(fixture, "Location"), "");
    assert_int_equal(fixture_get(fixture, FIRST), 200);
    assert_true(model_reset_delta(fixture->model, NULL));
    assert_true(model_set(fixture->model, "delta_reset_location", 2));
    assert_int_equal(delta_follow(fixture, LATER), 400);
    assert_string_equal(fixture_header(fixture, "Location"), DELTA "?$deltatoken=");
    assert_int_equal(model_offences(fixture->model, MODEL_OFFENCE_MALFORMED), 0);
}

static void
a_reset_of_one_group_leaves_the_links_of_others_alone(void **state)
{
    struct fixture *fixture = *state;
    struct guid core = guid_of(CORE), nobody = guid_of(NOBODY);

    assert_int_equal(fixture_get(fixture, FIRST), 200);
    assert_true(model_reset_delta(fixture->model, &core));
    assert_false(model_reset_delta(fixture->model, &nobody));
    assert_int_equal(delta_follow(fixture, LATER), 200);
}

/* --- what is asked: G-20 to G-22 -------------------------------------------------------------- */

static void
several_groups_share_a_query_and_each_has_its_item(void **state)
{
    struct fixture *fixture = *state;

    delta_join_many(fixture, CREW, 3);
    delta_join_many(fixture, CORE, 2);
    assert_true(model_set(fixture->model, "delta_page_members", 4));
    assert_int_equal(fixture_get(fixture, FIRST "%20or%20id+eq+'" CORE "'"), 200);
    assert_int_equal(json_length(fixture_at(fixture, "value")), 1);
    assert_int_equal(delta_count_members(fixture), 3);
    assert_int_equal(delta_follow(fixture, NEXT), 200);
    assert_string_equal(fixture_text(fixture, "value/0/id"), CORE);
    assert_int_equal(delta_count_members(fixture), 2);
    delta_leave(fixture, CREW, delta_person(1));
    delta_leave(fixture, CORE, delta_person(2));
    assert_int_equal(delta_follow(fixture, LATER), 200);
    assert_int_equal(json_length(fixture_at(fixture, "value")), 2);
    assert_true(delta_is_removed(fixture, delta_person(1)));
    assert_true(delta_is_removed(fixture, delta_person(2)));
}

static int
ask_for_groups(struct fixture *fixture, int count)
{
    struct text url = TEXT_EMPTY;
    int status;

    text_add(&url, FIRST);
    for (int i = 1; i < count; i++)
        text_add(&url, "+or+id+eq+'" CREW "'");
    status = fixture_get(fixture, url.data);
    text_free(&url);
    return status;
}

static void
fifty_groups_fit_into_a_query(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(ask_for_groups(fixture, 50), 200);
    assert_int_equal(delta_follow(fixture, LATER), 200);
    assert_int_equal(ask_for_groups(fixture, 51), 400);
}

static void
what_group_delta_does_not_take_is_refused(void **state)
{
    static const char *const bad[] = {
        DELTA,
        DELTA "?$select=members",
        FIRST "&$top=5",
        FIRST "&$expand=members",
        FIRST "&$orderby=id",
        FIRST "&$count=true",
        FIRST "&x=1",
        DELTA "?$select=members,shoeSize&$filter=id+eq+'" CREW "'",
        DELTA "?$filter=displayName+eq+'Crew'",
        DELTA "?$filter=id+eq+" CREW,
        DELTA "?$filter=id+ne+'" CREW "'",
        DELTA "?$filter=id+eq+'" CREW "'+and+id+eq+'" CORE "'",
        DELTA "?$filter=id+eq+'" CREW "'+or+",
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(fixture_get(fixture, bad[i]), 400);
    assert_int_equal(model_offences(fixture->model, MODEL_OFFENCE_MALFORMED),
                     sizeof(bad) / sizeof(bad[0]));
    assert_int_equal(fixture_call(fixture, HTTP_POST, FIRST, NULL, "{}"), 405);
}

static void
without_the_right_to_read_members_it_is_denied(void **state)
{
    struct fixture *fixture = *state;
    struct model_application weak = {.tenant = guid_of(TENANT),
                                     .client = guid_of(NOBODY),
                                     .secret = "x",
                                     .may_read_users = true};
    struct text headers = TEXT_EMPTY;

    assert_true(model_add_application(fixture->model, &weak));
    assert_int_equal(fixture_token(fixture, "client_id=" NOBODY "&client_secret=x&grant_type="
                                            "client_credentials&scope=" GRAPH "/.default"),
                     200);
    text_addf(&headers, "Authorization: Bearer %s\n", fixture_text(fixture, "access_token"));
    assert_int_equal(fixture_send(fixture, HTTP_GET, FIRST, headers.data, NULL), 403);
    assert_string_equal(fixture_code(fixture), "Authorization_RequestDenied");
    text_free(&headers);
}

static void
only_what_is_selected_is_told(void **state)
{
    struct fixture *fixture = *state;

    delta_join(fixture, CREW, guid_of(ADA));
    assert_int_equal(fixture_get(fixture, DELTA "?$select=displayName&$filter=id+eq+'" CREW "'"),
                     200);
    assert_string_equal(fixture_text(fixture, "value/0/displayName"), "Crew");
    assert_null(delta_members_of(fixture, 0));
    assert_int_equal(fixture_get(fixture, DELTA "?$filter=id+eq+'" CREW "'"), 200);
    assert_string_equal(fixture_text(fixture, "value/0/displayName"), "Crew");
    assert_int_equal(delta_count_members(fixture), 1);
    assert_int_equal(fixture_get(fixture, FIRST), 200);
    assert_string_equal(fixture_text(fixture, "value/0/displayName"), "");
}

/* --- links: G-23, G-26 ------------------------------------------------------------------------ */

/* Asks for the last answer's link, with ${more} behind it. */
static int
follow_with(struct fixture *fixture, const char *link, const char *more)
{
    struct text url = TEXT_EMPTY;
    int status;

    text_add(&url, fixture_text(fixture, link));
    text_add(&url, more);
    status = fixture_get(fixture, url.data);
    text_free(&url);
    return status;
}

static void
a_link_that_was_changed_is_an_offence(void **state)
{
    struct fixture *fixture = *state;
    char *link;

    assert_int_equal(fixture_get(fixture, FIRST), 200);
    link = strdup(fixture_text(fixture, LATER));
    assert_int_equal(follow_with(fixture, LATER, "&$select=members"), 400);
    assert_int_equal(fixture_get(fixture, FIRST), 200);
    assert_int_equal(follow_with(fixture, LATER, "&$filter=id+eq+'" CORE "'"), 400);
    assert_int_equal(fixture_get(fixture, FIRST), 200);
    assert_int_equal(follow_with(fixture, LATER, "0"), 400);
    assert_int_equal(model_offences(fixture->model, MODEL_OFFENCE_LINK), 3);
    assert_int_equal(fixture_get(fixture, link), 200);
    link[strlen(link) - 1] = link[strlen(link) - 1] == '0' ? '1' : '0';
    assert_int_equal(fixture_get(fixture, link), 400);
    assert_int_equal(fixture_get(fixture, DELTA "?$skiptoken=x"), 400);
    assert_int_equal(model_offences(fixture->model, MODEL_OFFENCE_LINK), 5);
    free(link);
}

static void
a_delta_token_is_no_skip_token(void **state)
{
    struct fixture *fixture = *state;
    struct text url = TEXT_EMPTY;

    assert_int_equal(fixture_get(fixture, FIRST), 200);
    text_add(&url, DELTA "?$skiptoken=");
    text_add(&url, strchr(fixture_text(fixture, LATER), '=') + 1);
    assert_int_equal(fixture_get(fixture, url.data), 400);
    assert_int_equal(model_offences(fixture->model, MODEL_OFFENCE_LINK), 1);
    text_free(&url);
}

static void
the_same_link_tells_the_same_page_again(void **state)
{
    struct fixture *fixture = *state;
    char *link;

    delta_join_many(fixture, CREW, 5);
    assert_true(model_set(fixture->model, "delta_page_members", 3));
    assert_int_equal(fixture_get(fixture, FIRST), 200);
    link = strdup(fixture_text(fixture, NEXT));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fixture_get(fixture, link), 200);
        assert_int_equal(delta_count_members(fixture), 3);
        assert_true(delta_is_added(fixture, delta_person(3)));
        delta_leave(fixture, CREW, delta_person((unsigned)i + 4));
    }
    assert_int_equal(delta_follow(fixture, LATER), 200);
    assert_true(delta_is_removed(fixture, delta_person(4)));
    assert_true(delta_is_removed(fixture, delta_person(5)));
    free(link);
}

static void
a_link_to_another_service_shows_when_it_is_followed(void **state)
{
    struct fixture *fixture = *state;
    const char *link;

    assert_true(model_set(fixture->model, "foreign_links", 1));
    assert_int_equal(fixture_get(fixture, FIRST), 200);
    link = fixture_text(fixture, LATER);
    assert_int_equal(strncmp(link, LOGIN "/", strlen(LOGIN "/")), 0);
    assert_int_equal(model_offences(fixture->model, MODEL_OFFENCE_FOREIGN_LINK), 0);
    assert_int_equal(delta_follow(fixture, LATER), 404);
    assert_int_equal(model_offences(fixture->model, MODEL_OFFENCE_FOREIGN_LINK), 1);
}

static void
a_link_to_a_host_behind_the_right_name_shows_too(void **state)
{
    struct fixture *fixture = *state;

    assert_true(model_set(fixture->model, "foreign_links", 2));
    assert_int_equal(fixture_get(fixture, FIRST), 200);
    assert_int_equal(strncmp(fixture_text(fixture, LATER), GRAPH "@", strlen(GRAPH "@")), 0);
    assert_int_equal(delta_follow(fixture, LATER), 0);
    assert_int_equal(fixture->response.transport, HTTP_NOT_SENT);
    assert_int_equal(model_offences(fixture->model, MODEL_OFFENCE_FOREIGN_LINK), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_link_that_is_reset_or_too_old_is_410_with_a_location),
        TEST(each_part_of_that_answer_may_be_otherwise),
        TEST(a_reset_of_one_group_leaves_the_links_of_others_alone),
        TEST(several_groups_share_a_query_and_each_has_its_item),
        TEST(fifty_groups_fit_into_a_query),
        TEST(what_group_delta_does_not_take_is_refused),
        TEST(without_the_right_to_read_members_it_is_denied),
        TEST(only_what_is_selected_is_told),
        TEST(a_link_that_was_changed_is_an_offence),
        TEST(a_delta_token_is_no_skip_token),
        TEST(the_same_link_tells_the_same_page_again),
        TEST(a_link_to_another_service_shows_when_it_is_followed),
        TEST(a_link_to_a_host_behind_the_right_name_shows_too),
    };
    return cmocka_run_group_tests_name("model_delta_query", tests, NULL, NULL);
}
