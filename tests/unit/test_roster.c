/* Who is known as a member: in memory, and as marks on the state topic. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json.h"
#include "mark.h"
#include "roster.h"

#define GROUP "20000000-aaaa-4bbb-8ccc-0123456789ab"
#define USER "10000000-aaaa-4bbb-8ccc-0123456789ab"

enum { NOW_MS = 1000 };

static struct guid
user_id(int number)
{
    return (struct guid){{0x10, 0, (uint8_t)(number >> 8), (uint8_t)number}};
}

static struct member_change
change_of(int number, bool is_removed)
{
    return (struct member_change){user_id(number), MEMBER_USER, is_removed};
}

static void
apply(struct roster *roster, const struct member_change *changes, size_t count, int64_t generation)
{
    assert_int_equal(roster_hear(roster, changes, count, NOW_MS), 0);
    roster_apply(roster, changes, count, generation);
}

static void
roster_knows_who_came_and_forgets_who_left(void **state)
{
    const struct member_change first[] = {change_of(1, false), change_of(2, false)};
    const struct member_change second[] = {change_of(1, true), change_of(3, false)};
    struct member_change missing[4];
    struct roster roster;

    (void)state;
    roster_init(&roster);
    assert_int_equal(roster_latest(&roster), 0);
    apply(&roster, first, 2, 1);
    apply(&roster, second, 2, 2);
    assert_int_equal(roster_count(&roster), 2);
    assert_int_equal(roster_latest(&roster), 2);
    assert_int_equal(roster_missing(&roster, 1, missing, 4), 0);
    assert_int_equal(roster_missing(&roster, 2, missing, 4), 1);
    assert_true(guid_equal(&missing[0].user, &first[1].user));
    assert_int_equal(missing[0].kind, MEMBER_USER);
    assert_true(missing[0].is_removed);
    assert_int_equal(roster_missing(&roster, 3, missing, 4), 2);
    assert_int_equal(roster_missing(&roster, 3, missing, 1), 1);
    roster_free(&roster);
    assert_int_equal(roster_count(&roster), 0);
    roster_free(&roster);
}

static void
roster_takes_the_last_of_a_page_for_true(void **state)
{
    const struct member_change back[] = {change_of(1, false), change_of(1, true),
                                         change_of(1, false)};
    const struct member_change gone[] = {change_of(1, true), change_of(1, false),
                                         change_of(1, true), change_of(2, true)};
    struct roster roster;

    (void)state;
    roster_init(&roster);
    apply(&roster, back, 3, 1);
    assert_int_equal(roster_count(&roster), 1);
    apply(&roster, gone, 4, 1);
    assert_int_equal(roster_count(&roster), 0);
    roster_tidy(&roster, NOW_MS);
    assert_non_null(roster.hash); /* those who left are still known as such */
    roster_tidy(&roster, NOW_MS + 1);
    assert_null(roster.hash); /* no places are left over */
    roster_free(&roster);
}

static void
roster_has_nobody_in_a_place_that_was_only_made(void **state)
{
    const struct member_change changes[] = {change_of(1, false), {user_id(2), MEMBER_OTHER, false}};
    struct member_change missing[4];
    struct roster roster;

    (void)state;
    roster_init(&roster);
    assert_int_equal(roster_hear(&roster, changes, 2, NOW_MS), 0);
    roster_tidy(&roster, 2 * NOW_MS); /* it is still needed */
    assert_int_equal(roster_count(&roster), 0);
    assert_int_equal(roster_missing(&roster, 9, missing, 4), 0);
    roster_apply(&roster, changes, 2, 3);
    assert_int_equal(roster_count(&roster), 1); /* who is no user is no member */
    roster_free(&roster);
}

static void
roster_knows_for_some_time_who_left(void **state)
{
    const struct member_change left = change_of(1, true), back = change_of(1, false);
    struct guid stranger = user_id(2);
    struct roster roster;

    (void)state;
    roster_init(&roster);
    assert_int_equal(roster_hear(&roster, &back, 1, NOW_MS - 1), 0);
    roster_apply(&roster, &back, 1, 1);
    assert_false(roster_has_left(&roster, &back.user, 0));
    assert_int_equal(roster_hear(&roster, &left, 1, NOW_MS), 0);
    assert_true(roster_has_left(&roster, &left.user, NOW_MS)); /* before it is published */
    assert_false(roster_has_left(&roster, &left.user, NOW_MS + 1));
    assert_false(roster_has_left(&roster, &stranger, 0));
    roster_tidy(&roster, NOW_MS + 1);
    assert_int_equal(roster_count(&roster), 1); /* it is not published */
    roster_apply(&roster, &left, 1, 1);
    assert_true(roster_has_left(&roster, &left.user, NOW_MS));
    assert_int_equal(roster_hear(&roster, &back, 1, NOW_MS + 5), 0);
    assert_false(roster_has_left(&roster, &left.user, NOW_MS));
    roster_free(&roster);
}

static void
roster_can_be_loaded(void **state)
{
    struct member_change missing[4];
    struct guid user = user_id(1);
    struct roster roster;

    (void)state;
    roster_init(&roster);
    assert_int_equal(roster_add(&roster, &user, 5), 0);
    assert_int_equal(roster_add(&roster, &user, 6), 0);
    assert_int_equal(roster_count(&roster), 1);
    assert_int_equal(roster_latest(&roster), 6);
    assert_int_equal(roster_missing(&roster, 6, missing, 4), 0);
    roster_free(&roster);
}

static void
mark_is_read_as_it_was_written(void **state)
{
    struct json_parser *parser = json_parser_create(8, 65536);
    struct mark mark;
    struct guid user, expected;

    (void)state;
    mark_write(&mark, GROUP, USER, INT64_MAX);
    assert_string_equal(mark.key, GROUP "/" USER);
    assert_string_equal(mark.value, "{\"version\":1,\"seen\":9223372036854775807}");
    assert_true(mark_read_key(mark.key, strlen(mark.key), GROUP, &user));
    assert_true(guid_parse(USER, strlen(USER), &expected));
    assert_true(guid_equal(&user, &expected));
    assert_true(mark_read_value(parser, mark.value, strlen(mark.value)) == INT64_MAX);
    json_parser_destroy(parser);
}

static void
mark_of_another_group_or_kind_is_none(void **state)
{
    static const char *const keys[] = {GROUP,
                                       GROUP "/",
                                       GROUP "/" USER "x",
                                       GROUP "-" USER,
                                       GROUP "/1000000x-aaaa-4bbb-8ccc-0123456789ab",
                                       USER "/" GROUP,
                                       ""};
    struct guid user;

    (void)state;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (mark_read_key(keys[i], strlen(keys[i]), GROUP, &user))
            fail_msg("%s was taken for a member's key", keys[i]);
    }
}

static void
mark_that_cannot_be_read_counts_as_the_earliest(void **state)
{
    static const char *const values[] = {"",   "{}", "{\"seen\":0}", "{\"seen\":\"7\"}",
                                         "[]", "7",  "{\"seen\":-1}"};
    struct json_parser *parser = json_parser_create(8, 65536);

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        assert_int_equal(mark_read_value(parser, values[i], strlen(values[i])), 1);
    assert_int_equal(mark_read_value(parser, "{\"seen\":7}", 10), 7);
    json_parser_destroy(parser);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roster_knows_who_came_and_forgets_who_left),
        cmocka_unit_test(roster_takes_the_last_of_a_page_for_true),
        cmocka_unit_test(roster_has_nobody_in_a_place_that_was_only_made),
        cmocka_unit_test(roster_knows_for_some_time_who_left),
        cmocka_unit_test(roster_can_be_loaded),
        cmocka_unit_test(mark_is_read_as_it_was_written),
        cmocka_unit_test(mark_of_another_group_or_kind_is_none),
        cmocka_unit_test(mark_that_cannot_be_read_counts_as_the_earliest),
    };
    return cmocka_run_group_tests_name("roster", tests, NULL, NULL);
}
