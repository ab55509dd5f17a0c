/* Group delta in the double: rounds, pages, links, what is told of whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model_fixture.h"

#define DELTA GRAPH "/v1.0/groups/delta"
#define OF_CREW "?$select=members&$filter=id%20eq%20'" CREW "'"
#define FIRST DELTA OF_CREW

/* --- helpers ---------------------------------------------------------------------------------- */

static struct guid
person(unsigned number)
{
    struct guid id = guid_of(NOBODY);

    id.bytes[0] = (uint8_t)number;
    return id;
}

static void
join(struct fixture *fixture, const char *group, struct guid member)
{
    struct guid id = guid_of(group);

    assert_true(model_join(fixture->model, &id, &member, &fixture->clock));
}

static void
leave(struct fixture *fixture, const char *group, struct guid member)
{
    struct guid id = guid_of(group);

    assert_true(model_leave(fixture->model, &id, &member, &fixture->clock));
}

static void
join_many(struct fixture *fixture, const char *group, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        join(fixture, group, person(i + 1));
}

/* Follows the last answer's nextLink, or deltaLink. */
static int
follow(struct fixture *fixture, const char *link)
{
    char *url = strdup(fixture_text(fixture, link));
    int status;

    assert_string_not_equal(url, "");
    status = fixture_get(fixture, url);
    free(url);
    return status;
}

#define NEXT "@odata.nextLink"
#define LATER "@odata.deltaLink"

static const struct json *
members_of(const struct fixture *fixture, size_t item)
{
    return json_get(json_at(fixture_at(fixture, "value"), item), "members@delta");
}

static bool
is_id(const struct json *member, struct guid id)
{
    char text[GUID_TEXT_BYTES];

    return strcmp(json_string(json_get(member, "id"), NULL), guid_format(&id, text)) == 0;
}

/* The member of any item of the page; NULL: it is not told. */
static const struct json *
find_member(const struct fixture *fixture, struct guid id)
{
    for (size_t i = 0; i < json_length(fixture_at(fixture, "value")); i++) {
        const struct json *members = members_of(fixture, i);

        for (size_t k = 0; k < json_length(members); k++)
            if (is_id(json_at(members, k), id))
                return json_at(members, k);
    }
    return NULL;
}

static bool
is_added(const struct fixture *fixture, struct guid id)
{
    const struct json *member = find_member(fixture, id);

    return member != NULL && json_get(member, "@removed") == NULL;
}

static bool
is_removed(const struct fixture *fixture, struct guid id)
{
    const struct json *member = find_member(fixture, id);

    return member != NULL && json_get(member, "@removed") != NULL;
}

static size_t
count_members(const struct fixture *fixture)
{
    size_t count = 0;

    for (size_t i = 0; i < json_length(fixture_at(fixture, "value")); i++)
        count += json_length(members_of(fixture, i));
    return count;
}

/* --- rounds: G-20, G-23 ----------------------------------------------------------------------- */

static void
the_first_round_tells_who_is_there_and_later_ones_what_changed(void **state)
{
    struct fixture *fixture = *state;
    struct guid ada = guid_of(ADA), bob = guid_of(BOB);

    join(fixture, CREW, ada);
    join(fixture, CORE, bob);
    assert_int_equal(fixture_get(fixture, FIRST), 200);
    assert_string_equal(fixture_text(fixture, "value/0/id"), CREW);
    assert_int_equal(json_length(fixture_at(fixture, "value")), 1);
    assert_int_equal(count_members(fixture), 1);
    assert_true(is_added(fixture, ada));
    assert_string_equal(fixture_text(fixture, "value/0/members@delta/0/@odata.type"),
                        "#microsoft.graph.user");
    assert_string_equal(fixture_entry(fixture)->route, "delta");
    assert_int_equal(fixture_entry(fixture)->items, 1);
    leave(fixture, CREW, ada);
    join(fixture, CREW, bob);
    assert_int_equal(follow(fixture, LATER), 200);
    assert_int_equal(count_members(fixture), 2);
    assert_true(is_removed(fixture, ada));
    assert_string_equal(
        json_string(json_get(json_get(find_member(fixture, ada), "@removed"), "reason"), NULL),
        "deleted");
    assert_true(is_added(fixture, bob));
    assert_int_equal(follow(fixture, LATER), 200);
    assert_int_equal(json_length(fixture_at(fixture, "value")), 0);
}

static void
whoever_came_and_went_within_a_round_is_not_told(void **state)
{
    struct fixture *fixture = *state;
    struct guid ada = guid_of(ADA), bob = guid_of(BOB);

    join(fixture, CREW, bob);
    assert_int_equal(fixture_get(fixture, FIRST), 200);
    join(fixture, CREW, ada);
    leave(fixture, CREW, ada);
    leave(fixture, CREW, bob);
    join(fixture, CREW, bob);
    assert_int_equal(follow(fixture, LATER), 200);
    assert_int_equal(count_members(fixture), 0);
}

static void
latest_tells_only_what_comes_later(void **state)
{
    struct fixture *fixture = *state;
    struct guid ada = guid_of(ADA), bob = guid_of(BOB);

    join(fixture, CREW, ada);
    assert_int_equal(fixture_get(fixture, FIRST "&$deltatoken=latest"), 200);
    assert_int_equal(json_length(fixture_at(fixture, "value")), 0);
    join(fixture, CREW, bob);
    assert_int_equal(follow(fixture, LATER), 200);
    assert_int_equal(count_members(fixture), 1);
    assert_true(is_added(fixture, bob));
}

static void
a_group_comes_again_on_later_pages_with_more_members(void **state)
{
    struct fixture *fixture = *state;
    int pages = 1;
    size_t told = 0;

    join_many(fixture, CREW, 7);
    assert_true(model_set(fixture->model, "delta_page_members", 3));
    assert_int_equal(fixture_get(fixture, FIRST), 200);
    for (; *fixture_text(fixture, NEXT) != '\0'; pages++) {
        assert_string_equal(fixture_text(fixture, LATER), "");
        told += count_members(fixture);
        join(fixture, CREW, person(100 + (unsigned)pages));
        assert_int_equal(follow(fixture, NEXT), 200);
        assert_string_equal(fixture_text(fixture, "value/0/id"), CREW);
    }
    assert_int_equal(pages, 3);
    assert_int_equal(told + count_members(fixture), 7);
    assert_int_equal(follow(fixture, LATER), 200);
    assert_int_equal(count_members(fixture), 2);
    assert_true(is_added(fixture, person(101)));
}

/* --- links that are worth nothing: G-25 ------------------------------------------------------- */

static void
a_link_that_is_reset_or_too_old_is_410_with_a_location(void **state)
{
    struct fixture *fixture = *state;
    struct guid crew = guid_of(CREW);
    char *link;

    join(fixture, CREW, guid_of(ADA));
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
    assert_int_equal(count_members(fixture), 1);
    free(link);
    assert_true(model_reset_delta(fixture->model, &crew));
    assert_int_equal(follow(fixture, LATER), 410);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_round_tells_who_is_there_and_later_ones_what_changed),
        TEST(whoever_came_and_went_within_a_round_is_not_told),
        TEST(latest_tells_only_what_comes_later),
        TEST(a_group_comes_again_on_later_pages_with_more_members),
        TEST(a_link_that_is_reset_or_too_old_is_410_with_a_location),
    };
    return cmocka_run_group_tests_name("model_delta", tests, NULL, NULL);
}
