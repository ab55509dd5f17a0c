/* Group delta in the double: rounds, pages, and what is told of whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "delta_fixture.h"

/* --- rounds: G-20, G-23 ----------------------------------------------------------------------- */

static void
the_first_round_tells_who_is_there_and_later_ones_what_changed(void **state)
{
    struct fixture *fixture = *state;
    struct guid ada = guid_of(ADA), bob = guid_of(BOB);

    delta_join(fixture, CREW, ada);
    delta_join(fixture, CORE, bob);
    assert_int_equal(fixture_get(fixture, FIRST), 200);
    assert_string_equal(fixture_text(fixture, "value/0/id"), CREW);
    assert_int_equal(json_length(fixture_at(fixture, "value")), 1);
    assert_int_equal(delta_count_members(fixture), 1);
    assert_true(delta_is_added(fixture, ada));
    assert_string_equal(fixture_text(fixture, "value/0/members@delta/0/@odata.type"),
                        "#microsoft.graph.user");
    assert_string_equal(fixture_entry(fixture)->route, "delta");
    assert_int_equal(fixture_entry(fixture)->items, 1);
    delta_leave(fixture, CREW, ada);
    delta_join(fixture, CREW, bob);
    assert_int_equal(delta_follow(fixture, LATER), 200);
    assert_int_equal(delta_count_members(fixture), 2);
    assert_true(delta_is_removed(fixture, ada));
    assert_string_equal(
        json_string(json_get(json_get(delta_find_member(fixture, ada), "@removed"), "reason"),
                    NULL),
        "deleted");
    assert_true(delta_is_added(fixture, bob));
    assert_int_equal(delta_follow(fixture, LATER), 200);
    assert_int_equal(json_length(fixture_at(fixture, "value")), 0);
}

static void
whoever_came_and_went_within_a_round_is_not_told(void **state)
{
    struct fixture *fixture = *state;
    struct guid ada = guid_of(ADA), bob = guid_of(BOB);

    delta_join(fixture, CREW, bob);
    assert_int_equal(fixture_get(fixture, FIRST), 200);
    delta_join(fixture, CREW, ada);
    delta_leave(fixture, CREW, ada);
    delta_leave(fixture, CREW, bob);
    delta_join(fixture, CREW, bob);
    assert_int_equal(delta_follow(fixture, LATER), 200);
    assert_int_equal(delta_count_members(fixture), 0);
}

static void
whoever_is_gone_again_may_be_told_as_gone(void **state)
{
    struct fixture *fixture = *state;

    assert_true(model_set(fixture->model, "delta_tells_gone", 1));
    delta_join(fixture, CREW, guid_of(ADA));
    delta_leave(fixture, CREW, guid_of(ADA));
    assert_int_equal(fixture_get(fixture, FIRST), 200);
    assert_true(delta_is_removed(fixture, guid_of(ADA)));
    delta_join(fixture, CREW, guid_of(BOB));
    delta_leave(fixture, CREW, guid_of(BOB));
    assert_int_equal(delta_follow(fixture, LATER), 200);
    assert_int_equal(delta_count_members(fixture), 1);
    assert_true(delta_is_removed(fixture, guid_of(BOB)));
}

static void
latest_tells_only_what_comes_later(void **state)
{
    struct fixture *fixture = *state;
    struct guid ada = guid_of(ADA), bob = guid_of(BOB);

    delta_join(fixture, CREW, ada);
    assert_int_equal(fixture_get(fixture, FIRST "&$deltaToken=latest"), 200);
    assert_int_equal(json_length(fixture_at(fixture, "value")), 0);
    delta_join(fixture, CREW, bob);
    assert_int_equal(delta_follow(fixture, LATER), 200);
    assert_int_equal(delta_count_members(fixture), 1);
    assert_true(delta_is_added(fixture, bob));
}

static void
a_group_comes_again_on_later_pages_with_more_members(void **state)
{
    struct fixture *fixture = *state;
    int pages = 1;
    size_t told = 0;

    delta_join_many(fixture, CREW, 7);
    assert_true(model_set(fixture->model, "delta_page_members", 3));
    assert_int_equal(fixture_get(fixture, FIRST), 200);
    for (; *fixture_text(fixture, NEXT) != '\0'; pages++) {
        assert_string_equal(fixture_text(fixture, LATER), "");
        told += delta_count_members(fixture);
        delta_join(fixture, CREW, delta_person(100 + (unsigned)pages));
        assert_int_equal(delta_follow(fixture, NEXT), 200);
        assert_string_equal(fixture_text(fixture, "value/0/id"), CREW);
    }
    assert_int_equal(pages, 3);
    assert_int_equal(told + delta_count_members(fixture), 7);
    assert_int_equal(delta_follow(fixture, LATER), 200);
    assert_int_equal(delta_count_members(fixture), 2);
    assert_true(delta_is_added(fixture, delta_person(101)));
}

/* --- odd rounds: G-23, G-24, G-27 ------------------------------------------------------------- */

static void
empty_pages_may_come_before_each_page(void **state)
{
    struct fixture *fixture = *state;

    delta_join_many(fixture, CREW, 5);
    assert_true(model_set(fixture->model, "delta_page_members", 3));
    assert_true(model_set(fixture->model, "delta_empty_pages", 2));
    assert_int_equal(fixture_get(fixture, FIRST), 200);
    for (int page = 1; page <= 6; page++) {
        assert_int_equal(json_length(fixture_at(fixture, "value")), page % 3 == 0);
        assert_int_equal(*fixture_text(fixture, LATER) != '\0', page == 6);
        if (page < 6)
            assert_int_equal(delta_follow(fixture, NEXT), 200);
    }
}

static void
a_change_is_told_only_after_the_lag(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(fixture_get(fixture, FIRST), 200);
    assert_true(model_set(fixture->model, "delta_lag_ms", 5000));
    fixture_pass(fixture, 5000);
    delta_join(fixture, CREW, guid_of(ADA));
    fixture_pass(fixture, 2000);
    delta_join(fixture, CREW, guid_of(BOB));
    fixture_pass(fixture, 2999);
    assert_int_equal(delta_follow(fixture, LATER), 200);
    assert_int_equal(delta_count_members(fixture), 0);
    fixture_pass(fixture, 1);
    assert_int_equal(delta_follow(fixture, LATER), 200);
    assert_int_equal(delta_count_members(fixture), 1);
    assert_true(delta_is_added(fixture, guid_of(ADA)));
    fixture_pass(fixture, 2000);
    assert_int_equal(delta_follow(fixture, LATER), 200);
    assert_int_equal(delta_count_members(fixture), 1);
    assert_true(delta_is_added(fixture, guid_of(BOB)));
}

static void
changes_may_be_told_again_in_later_rounds_and_never_wrongly(void **state)
{
    struct fixture *fixture = *state;

    delta_join_many(fixture, CREW, 4);
    assert_true(model_set(fixture->model, "delta_replays", 2));
    assert_int_equal(fixture_get(fixture, FIRST), 200);
    assert_int_equal(delta_count_members(fixture), 4);
    delta_leave(fixture, CREW, delta_person(4));
    assert_int_equal(delta_follow(fixture, LATER), 200);
    assert_int_equal(delta_count_members(fixture), 2);
    assert_true(delta_is_added(fixture, delta_person(3)));
    assert_true(delta_is_removed(fixture, delta_person(4)));
    assert_int_equal(delta_follow(fixture, LATER), 200);
    assert_int_equal(delta_count_members(fixture), 1);
    assert_true(delta_is_removed(fixture, delta_person(4)));
}

static void
members_may_be_told_twice_in_one_round(void **state)
{
    struct fixture *fixture = *state;

    delta_join_many(fixture, CREW, 4);
    assert_true(model_set(fixture->model, "delta_page_members", 3));
    assert_true(model_set(fixture->model, "delta_repeats", 9));
    assert_int_equal(fixture_get(fixture, FIRST), 200);
    assert_true(delta_is_added(fixture, delta_person(2)));
    assert_int_equal(delta_follow(fixture, NEXT), 200);
    assert_true(delta_is_added(fixture, delta_person(2)));
    assert_true(delta_is_added(fixture, delta_person(3)));
    assert_int_equal(delta_follow(fixture, NEXT), 200);
    assert_true(delta_is_added(fixture, delta_person(4)));
    assert_string_not_equal(fixture_text(fixture, LATER), "");
}

static void
members_come_in_any_order(void **state)
{
    struct fixture *fixture = *state;
    char first[GUID_TEXT_BYTES] = "";
    bool is_shuffled = false;

    delta_join_many(fixture, CREW, 5);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(fixture_get(fixture, FIRST), 200);
        is_shuffled |=
            i > 0 && strcmp(first, fixture_text(fixture, "value/0/members@delta/0/id")) != 0;
        snprintf(first, sizeof(first), "%s", fixture_text(fixture, "value/0/members@delta/0/id"));
    }
    assert_true(is_shuffled);
}

/* --- who is told of: G-28 --------------------------------------------------------------------- */

static void
removed_may_be_a_string(void **state)
{
    struct fixture *fixture = *state;

    delta_join(fixture, CREW, guid_of(ADA));
    assert_true(model_set(fixture->model, "delta_removed_text", 1));
    assert_int_equal(fixture_get(fixture, FIRST), 200);
    delta_leave(fixture, CREW, guid_of(ADA));
    assert_int_equal(delta_follow(fixture, LATER), 200);
    assert_string_equal(fixture_text(fixture, "value/0/members@delta/0/@removed"), "deleted");
}

static void
each_member_has_its_type(void **state)
{
    static const char *const types[] = {"device", "servicePrincipal", "somethingNew"};
    struct fixture *fixture = *state;
    struct guid silent = delta_person(9);

    for (unsigned i = 0; i < 3; i++) {
        struct guid id = delta_person(i + 1);

        assert_true(model_add_thing(fixture->model, &id, types[i]));
        delta_join(fixture, CREW, id);
    }
    assert_true(model_add_thing(fixture->model, &silent, ""));
    assert_false(model_add_thing(fixture->model, &silent, "device"));
    delta_join(fixture, CREW, silent);
    delta_join(fixture, CREW, guid_of(CORE));
    assert_int_equal(fixture_get(fixture, FIRST), 200);
    for (unsigned i = 0; i < 3; i++) {
        const char *type = json_string(
            json_get(delta_find_member(fixture, delta_person(i + 1)), "@odata.type"), NULL);

        assert_string_equal(strrchr(type, '.') + 1, types[i]);
    }
    assert_null(json_get(delta_find_member(fixture, silent), "@odata.type"));
    assert_string_equal(
        json_string(json_get(delta_find_member(fixture, guid_of(CORE)), "@odata.type"), NULL),
        "#microsoft.graph.group");
}

static void
changes_in_nested_groups_are_not_told(void **state)
{
    struct fixture *fixture = *state;

    delta_join(fixture, CREW, guid_of(CORE));
    assert_int_equal(fixture_get(fixture, FIRST), 200);
    delta_join(fixture, CORE, guid_of(ADA));
    assert_int_equal(delta_follow(fixture, LATER), 200);
    assert_int_equal(json_length(fixture_at(fixture, "value")), 0);
}

static void
whoever_is_deleted_is_told_as_removed(void **state)
{
    struct fixture *fixture = *state;
    struct guid ada = guid_of(ADA);

    delta_join(fixture, CREW, ada);
    assert_int_equal(fixture_get(fixture, FIRST), 200);
    assert_true(model_remove_user(fixture->model, &ada));
    assert_int_equal(delta_follow(fixture, LATER), 200);
    assert_true(delta_is_removed(fixture, ada));
}

static void
a_deleted_group_is_told_once_and_to_those_who_knew_it(void **state)
{
    struct fixture *fixture = *state;
    struct guid crew = guid_of(CREW), core = guid_of(CORE), ada = guid_of(ADA);

    delta_join(fixture, CREW, ada);
    delta_join(fixture, CORE, crew);
    assert_int_equal(fixture_get(fixture, FIRST), 200);
    delta_join(fixture, CREW, guid_of(BOB));
    assert_true(model_remove_group(fixture->model, &crew, &fixture->clock));
    assert_false(model_remove_group(fixture->model, &crew, &fixture->clock));
    assert_false(model_join(fixture->model, &crew, &ada, &fixture->clock));
    assert_int_equal(delta_follow(fixture, LATER), 200);
    assert_int_equal(json_length(fixture_at(fixture, "value")), 1);
    assert_string_equal(fixture_text(fixture, "value/0/id"), CREW);
    assert_string_equal(fixture_text(fixture, "value/0/@removed/reason"), "deleted");
    assert_null(delta_members_of(fixture, 0));
    assert_int_equal(delta_follow(fixture, LATER), 200);
    assert_int_equal(json_length(fixture_at(fixture, "value")), 0);
    assert_int_equal(fixture_get(fixture, FIRST), 200);
    assert_int_equal(json_length(fixture_at(fixture, "value")), 0);
    assert_true(model_join(fixture->model, &core, &ada, &fixture->clock));
    assert_int_equal(fixture_get(fixture, DELTA "?$select=members&$filter=id+eq+'" CORE "'"), 200);
    assert_int_equal(delta_count_members(fixture), 1);
}

static void
a_group_that_is_made_later_is_told_then(void **state)
{
    struct fixture *fixture = *state;
    struct guid late = guid_of(NOBODY);

    assert_int_equal(fixture_get(fixture, DELTA "?$filter=id+eq+'" NOBODY "'"), 200);
    assert_int_equal(json_length(fixture_at(fixture, "value")), 0);
    assert_true(model_add_group(fixture->model, &late, "Late"));
    assert_int_equal(delta_follow(fixture, LATER), 200);
    assert_string_equal(fixture_text(fixture, "value/0/displayName"), "Late");
    assert_null(delta_members_of(fixture, 0));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_round_tells_who_is_there_and_later_ones_what_changed),
        TEST(whoever_came_and_went_within_a_round_is_not_told),
        TEST(whoever_is_gone_again_may_be_told_as_gone),
        TEST(latest_tells_only_what_comes_later),
        TEST(a_group_comes_again_on_later_pages_with_more_members),
        TEST(empty_pages_may_come_before_each_page),
        TEST(a_change_is_told_only_after_the_lag),
        TEST(changes_may_be_told_again_in_later_rounds_and_never_wrongly),
        TEST(members_may_be_told_twice_in_one_round),
        TEST(members_come_in_any_order),
        TEST(removed_may_be_a_string),
        TEST(each_member_has_its_type),
        TEST(changes_in_nested_groups_are_not_told),
        TEST(whoever_is_deleted_is_told_as_removed),
        TEST(a_deleted_group_is_told_once_and_to_those_who_knew_it),
        TEST(a_group_that_is_made_later_is_told_then),
    };
    return cmocka_run_group_tests_name("model_delta", tests, NULL, NULL);
}
