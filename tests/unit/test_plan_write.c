/* The one write of unit and columns: what is written, under which condition, and what a move costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plan_fixture.h"

#define PLANS(...)                                        \
    assert_plans((const struct plan_case[]){__VA_ARGS__}, \
                 sizeof((const struct plan_case[]){__VA_ARGS__}) / sizeof(struct plan_case))

#define ENFORCE                     \
    {                               \
        .group = 1, .columns = "cl" \
    }
#define INITIAL                     \
    {                               \
        .group = 1, .columns = "CL" \
    }
#define CLEAR                                               \
    {                                                       \
        .group = 1, .columns = "cl", .absent = ABSENT_CLEAR \
    }
#define INITIAL_CLEAR                                       \
    {                                                       \
        .group = 1, .columns = "CL", .absent = ABSENT_CLEAR \
    }
#define UNIT                      \
    {                             \
        .group = 1, .unit = SALES \
    }
#define INITIAL_UNIT                                             \
    {                                                            \
        .group = 1, .unit = SALES, .unit_policy = POLICY_INITIAL \
    }
#define ROW .row = ROW_ONE, .unit = ROOT

/* --- columns --------------------------------------------------------------------------------- */

static void
enforced_columns_always_follow_entra(void **state)
{
    (void)state;
    PLANS(
        {.want = ENFORCE, ROW, .department = "x", .expected = "patch c=x if=*"},
        {.want = ENFORCE,
         ROW,
         .department = "x",
         .person_level = 5,
         .expected = "patch c=x l=5 if=*"},
        {.want = ENFORCE, ROW, .costcentre = "y", .department = "x", .expected = "patch c=x if=*"},
        {.want = ENFORCE, ROW, .level = 4, .person_level = 5, .expected = "patch l=5 if=*"}, );
}

static void
an_equal_value_is_never_written(void **state)
{
    (void)state;
    PLANS({.want = ENFORCE,
           ROW,
           .costcentre = "x",
           .department = "x",
           .level = 5,
           .person_level = 5,
           .expected = "done"},
          {.want = ENFORCE,
           ROW,
           .costcentre = "x",
           .department = "x",
           .level = 4,
           .person_level = 5,
           .expected = "patch l=5 if=*"},
          {.want = CLEAR, ROW, .expected = "done"}, );
}

static void
initial_columns_are_written_while_they_are_empty_and_with_the_etag(void **state)
{
    (void)state;
    PLANS({.want = INITIAL, ROW, .department = "x", .expected = "patch c=x if=E"},
          {.want = INITIAL, ROW, .costcentre = "y", .department = "x", .expected = "done"},
          {.want = INITIAL,
           ROW,
           .costcentre = "y",
           .department = "x",
           .person_level = 5,
           .expected = "patch l=5 if=E"},
          {.want = {.group = 1, .columns = "cL"},
           ROW,
           .department = "x",
           .person_level = 5,
           .expected = "patch c=x l=5 if=E"},
          {.want = {.group = 1, .columns = "cL"},
           ROW,
           .department = "x",
           .level = 4,
           .person_level = 5,
           .expected = "patch c=x if=*"}, );
}

static void
an_absent_attribute_leaves_or_clears_as_configured(void **state)
{
    (void)state;
    PLANS(
        {.want = ENFORCE, ROW, .costcentre = "y", .level = 4, .expected = "done"},
        {.want = CLEAR, ROW, .costcentre = "y", .level = 4, .expected = "patch c=null l=null if=*"},
        {.want = CLEAR,
         ROW,
         .costcentre = "y",
         .person_level = 5,
         .expected = "patch c=null l=5 if=*"},
        /* what is there is not the value of a fresh row */
        {.want = INITIAL_CLEAR, ROW, .costcentre = "y", .expected = "done"}, );
}

static void
a_value_that_does_not_convert_is_rejected_with_its_fault(void **state)
{
    (void)state;
    PLANS({.want = ENFORCE,
           ROW,
           .department = "x",
           .flags = BAD_LEVEL,
           .expected = "reject value_not_convertible: no number"},
          {.want = {.group = 1, .columns = "c"},
           ROW,
           .department = "x",
           .flags = BAD_LEVEL,
           .expected = "patch c=x if=*"}, );
}

static void
a_value_that_did_not_stay_is_rejected_and_not_written_again(void **state)
{
    (void)state;
    PLANS({.want = ENFORCE,
           ROW,
           .costcentre = "y",
           .department = "x",
           .flags = WROTE_COSTCENTRE,
           .expected = "reject value_did_not_stay: new_costcentre"},
          {.want = ENFORCE,
           ROW,
           .costcentre = "x",
           .department = "x",
           .flags = WROTE_COSTCENTRE,
           .expected = "done"},
          {.want = ENFORCE,
           ROW,
           .costcentre = "x",
           .department = "x",
           .person_level = 5,
           .flags = WROTE_COSTCENTRE,
           .expected = "patch l=5 if=*"}, );
}

static void
old_sources_are_read_again_before_they_are_written(void **state)
{
    (void)state;
    PLANS({.want = ENFORCE, ROW, .department = "x", .flags = STALE_SOURCES, .expected = "sources"},
          {.want = ENFORCE,
           ROW,
           .costcentre = "x",
           .department = "x",
           .flags = STALE_SOURCES,
           .expected = "done"},
          /* a unit does not come from there */
          {.want = UNIT,
           ROW,
           .flags = STALE_SOURCES | FRESH_ROLES,
           .expected = "patch unit=1 if=E"}, );
}

/* --- the unit -------------------------------------------------------------------------------- */

static void
the_unit_is_enforced_or_set_while_it_is_the_root(void **state)
{
    (void)state;
    PLANS({.want = UNIT, .row = ROW_ONE, .unit = SALES, .expected = "done"},
          {.want = UNIT, ROW, .flags = FRESH_ROLES, .expected = "patch unit=1 if=E"},
          {.want = UNIT,
           .row = ROW_ONE,
           .unit = LABS,
           .flags = FRESH_ROLES,
           .expected = "patch unit=1 if=E"},
          {.want = INITIAL_UNIT, ROW, .flags = FRESH_ROLES, .expected = "patch unit=1 if=E"},
          {.want = INITIAL_UNIT,
           .row = ROW_ONE,
           .unit = LABS,
           .flags = FRESH_ROLES,
           .expected = "done"}, );
}

static void
unit_and_columns_go_in_one_write_with_the_etag(void **state)
{
    (void)state;
    PLANS({.want = {.group = 1, .unit = SALES, .columns = "cl"},
           ROW,
           .department = "x",
           .person_level = 5,
           .flags = FRESH_ROLES,
           .expected = "patch unit=1 c=x l=5 if=E"}, );
}

static void
a_move_that_did_not_stay_is_rejected(void **state)
{
    (void)state;
    PLANS({.want = UNIT, ROW, .flags = MOVED | FRESH_ROLES, .expected = "reject unit_did_not_stay"},
          {.want = UNIT, .row = ROW_ONE, .unit = SALES, .flags = MOVED, .expected = "done"}, );
}

/* --- what a move costs ----------------------------------------------------------------------- */

static void
a_move_keeps_roles_by_giving_their_copies_in_the_same_set(void **state)
{
    (void)state;
    PLANS({.want = UNIT, ROW, .held = "1", .expected = "look_roles"},
          {.want = UNIT,
           ROW,
           .held = "1",
           .flags = FRESH_ROLES,
           .expected = "move unit=1 roles=1@1 if=E"},
          {.want = UNIT,
           ROW,
           .held = "12",
           .flags = FRESH_ROLES,
           .expected = "move unit=1 roles=1@1,2@1 if=E"},
          {.want = {.group = 1, .unit = SALES, .columns = "c"},
           ROW,
           .held = "2",
           .department = "x",
           .flags = FRESH_ROLES,
           .expected = "move unit=1 c=x roles=2@1 if=E"}, );
}

static void
copies_are_asked_for_before_a_move_for_all_that_are_held(void **state)
{
    (void)state;
    PLANS({.want = UNIT,
           ROW,
           .held = "21",
           .flags = FRESH_ROLES | NO_COPIES,
           .expected = "copies unit=1 of=2,1"},
          /* a role that no recipe names is held as well */
          {.want = UNIT,
           ROW,
           .held = "13",
           .flags = FRESH_ROLES,
           .expected = "copies unit=1 of=1,3"}, );
}

static void
a_move_is_not_made_when_a_role_has_no_copy_there(void **state)
{
    (void)state;
    PLANS({.want = UNIT,
           ROW,
           .held = "12",
           .flags = FRESH_ROLES | READER_LACKS,
           .expected = "reject role_without_copy"},
          {.want = UNIT,
           ROW,
           .held = "1",
           .flags = FRESH_ROLES | READER_LACKS,
           .expected = "move unit=1 roles=1@1 if=E"}, );
}

static void
a_move_of_more_roles_than_a_set_holds_is_not_made(void **state)
{
    char held[PLAN_MAX_ROLES + 2];

    (void)state;
    memset(held, '1', sizeof(held) - 1);
    held[sizeof(held) - 1] = '\0';
    PLANS({.want = UNIT,
           ROW,
           .held = held,
           .flags = FRESH_ROLES,
           .expected = "reject too_many_roles"}, );
}

static void
a_plain_patch_moves_where_roles_are_dropped_or_kept_by_the_organisation(void **state)
{
    (void)state;
    PLANS(
        {.want = UNIT, ROW, .held = "12", .move_roles = MOVE_DROP, .expected = "patch unit=1 if=E"},
        {.want = UNIT,
         ROW,
         .held = "12",
         .move_roles = MOVE_ORGANISATION_KEEPS,
         .expected = "patch unit=1 if=E"},
        {.want = UNIT,
         ROW,
         .held = "12",
         .flags = READER_LACKS,
         .move_roles = MOVE_DROP,
         .expected = "patch unit=1 if=E"}, );
}

static void
roles_are_given_after_the_move_in_the_new_unit(void **state)
{
    (void)state;
    PLANS({.want = {.group = 1, .unit = SALES, .roles = "1"},
           ROW,
           .flags = FRESH_ROLES,
           .expected = "patch unit=1 if=E"},
          {.want = {.group = 1, .unit = SALES, .roles = "1"},
           .row = ROW_ONE,
           .unit = SALES,
           .flags = MOVED,
           .expected = "role 1@1"}, );
}

static void
a_role_of_another_recipe_is_no_obstacle(void **state)
{
    (void)state;
    PLANS({.want = ENFORCE, ROW, .held = "3", .department = "x", .expected = "patch c=x if=*"}, );
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enforced_columns_always_follow_entra),
        cmocka_unit_test(an_equal_value_is_never_written),
        cmocka_unit_test(initial_columns_are_written_while_they_are_empty_and_with_the_etag),
        cmocka_unit_test(an_absent_attribute_leaves_or_clears_as_configured),
        cmocka_unit_test(a_value_that_does_not_convert_is_rejected_with_its_fault),
        cmocka_unit_test(a_value_that_did_not_stay_is_rejected_and_not_written_again),
        cmocka_unit_test(old_sources_are_read_again_before_they_are_written),
        cmocka_unit_test(the_unit_is_enforced_or_set_while_it_is_the_root),
        cmocka_unit_test(unit_and_columns_go_in_one_write_with_the_etag),
        cmocka_unit_test(a_move_that_did_not_stay_is_rejected),
        cmocka_unit_test(a_move_keeps_roles_by_giving_their_copies_in_the_same_set),
        cmocka_unit_test(copies_are_asked_for_before_a_move_for_all_that_are_held),
        cmocka_unit_test(a_move_is_not_made_when_a_role_has_no_copy_there),
        cmocka_unit_test(a_move_of_more_roles_than_a_set_holds_is_not_made),
        cmocka_unit_test(a_plain_patch_moves_where_roles_are_dropped_or_kept_by_the_organisation),
        cmocka_unit_test(roles_are_given_after_the_move_in_the_new_unit),
        cmocka_unit_test(a_role_of_another_recipe_is_no_obstacle),
    };
    return cmocka_run_group_tests_name("plan, writes", tests, NULL, NULL);
}
