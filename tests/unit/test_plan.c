/* What comes first: the person, the row, an enabled row, what must be known, and the roles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan_fixture.h"

#define PLANS(...)                                        \
    assert_plans((const struct plan_case[]){__VA_ARGS__}, \
                 sizeof((const struct plan_case[]){__VA_ARGS__}) / sizeof(struct plan_case))

#define PLAIN      \
    {              \
        .group = 1 \
    }
#define COLUMN                     \
    {                              \
        .group = 1, .columns = "c" \
    }
#define UNIT                      \
    {                             \
        .group = 1, .unit = SALES \
    }
#define ROLE                     \
    {                            \
        .group = 1, .roles = "1" \
    }
#define BOTH_ROLES                \
    {                             \
        .group = 1, .roles = "12" \
    }

static void
nobody_is_synced_whom_entra_does_not_know(void **state)
{
    (void)state;
    PLANS({.want = PLAIN, .row = ROW_UNREAD, .person = PERSON_GONE, .expected = "no_person"},
          {.want = PLAIN, .row = ROW_NONE, .person = PERSON_GONE, .expected = "no_person"},
          {.want = PLAIN, .row = ROW_ONE, .person = PERSON_GONE, .expected = "no_person"}, );
}

static void
the_row_is_read_first_and_must_be_one_of_a_person(void **state)
{
    (void)state;
    PLANS({.want = PLAIN, .row = ROW_UNREAD, .expected = "look"},
          {.want = PLAIN, .row = ROW_MANY, .expected = "reject two_rows"},
          {.want = PLAIN,
           .row = ROW_ONE,
           .flags = IS_APPLICATION,
           .expected = "skip application_user"},
          {.want = PLAIN,
           .row = ROW_ONE,
           .flags = IS_APPLICATION | IS_DISABLED,
           .expected = "skip application_user"},
          {.want = PLAIN, .row = ROW_ONE, .unit = ROOT, .expected = "done"}, );
}

static void
a_disabled_row_is_enabled_or_respected_as_configured(void **state)
{
    (void)state;
    PLANS({.want = PLAIN, .row = ROW_ONE, .flags = IS_DISABLED, .expected = "force_sync"},
          {.want = PLAIN,
           .row = ROW_ONE,
           .flags = IS_DISABLED,
           .disabled_rows = DISABLED_LEAVE,
           .expected = "skip row_disabled"},
          {.want = PLAIN, .row = ROW_ONE, .flags = IS_DISABLED | SYNCED, .expected = "confirm"}, );
}

static void
a_missing_row_is_force_synced_once_and_then_confirmed(void **state)
{
    (void)state;
    PLANS({.want = PLAIN, .row = ROW_NONE, .expected = "force_sync"},
          {.want = PLAIN, .row = ROW_NONE, .flags = SYNCED, .expected = "confirm"}, );
}

static void
force_sync_is_not_spent_on_users_whom_entra_rules_out(void **state)
{
    (void)state;
    PLANS({.want = PLAIN, .row = ROW_NONE, .person = PERSON_UNREAD, .expected = "sources"},
          {.want = PLAIN,
           .row = ROW_NONE,
           .person = PERSON_BLOCKED,
           .expected = "refuse disabled_in_entra"},
          {.want = PLAIN,
           .row = ROW_ONE,
           .flags = IS_DISABLED,
           .person = PERSON_BLOCKED,
           .expected = "refuse disabled_in_entra"},
          {.want = PLAIN,
           .row = ROW_NONE,
           .flags = SYNCED,
           .person = PERSON_BLOCKED,
           .expected = "refuse disabled_in_entra"},
          /* nobody can be asked */
          {.want = PLAIN,
           .row = ROW_NONE,
           .person = PERSON_UNREAD,
           .flags = NO_GRAPH,
           .expected = "force_sync"}, );
}

static void
only_what_is_needed_is_asked_for(void **state)
{
    (void)state;
    PLANS({.want = PLAIN,
           .row = ROW_ONE,
           .unit = ROOT,
           .person = PERSON_UNREAD,
           .flags = NO_UNITS | NO_ROLES | ROLES_UNREAD,
           .expected = "done"},
          {.want = COLUMN,
           .row = ROW_ONE,
           .unit = ROOT,
           .person = PERSON_UNREAD,
           .expected = "sources"},
          {.want = COLUMN, .row = ROW_ONE, .unit = ROOT, .flags = NO_UNITS, .expected = "done"},
          {.want = UNIT, .row = ROW_ONE, .unit = SALES, .flags = NO_UNITS, .expected = "units"},
          {.want = UNIT,
           .row = ROW_ONE,
           .unit = SALES,
           .flags = NO_ROLES | ROLES_UNREAD,
           .expected = "done"}, );
}

static void
roles_need_units_then_roots_then_those_held_then_copies(void **state)
{
    (void)state;
    PLANS({.want = BOTH_ROLES,
           .row = ROW_ONE,
           .unit = SALES,
           .flags = NO_UNITS | NO_ROLES | ROLES_UNREAD | NO_COPIES,
           .expected = "units"},
          {.want = BOTH_ROLES,
           .row = ROW_ONE,
           .unit = SALES,
           .flags = NO_ROLES | ROLES_UNREAD | NO_COPIES,
           .expected = "roles"},
          {.want = BOTH_ROLES,
           .row = ROW_ONE,
           .unit = SALES,
           .flags = ROLES_UNREAD | NO_COPIES,
           .expected = "look_roles"},
          {.want = ROLE,
           .row = ROW_ONE,
           .unit = SALES,
           .flags = NO_COPIES,
           .expected = "copies unit=1 of=1,2"}, );
}

static void
a_role_is_the_copy_for_the_unit_of_the_row(void **state)
{
    (void)state;
    PLANS(
        {.want = ROLE, .row = ROW_ONE, .unit = ROOT, .expected = "role 1@9"},
        {.want = ROLE, .row = ROW_ONE, .unit = SALES, .expected = "role 1@1"},
        {.want = BOTH_ROLES, .row = ROW_ONE, .unit = SALES, .held = "1", .expected = "role 2@1"},
        {.want = BOTH_ROLES, .row = ROW_ONE, .unit = SALES, .held = "2", .expected = "role 1@1"}, );
}

static void
roles_that_are_held_are_not_given_again(void **state)
{
    (void)state;
    PLANS({.want = ROLE, .row = ROW_ONE, .unit = SALES, .held = "1", .expected = "done"},
          {.want = BOTH_ROLES, .row = ROW_ONE, .unit = ROOT, .held = "321", .expected = "done"}, );
}

static void
a_role_without_a_copy_is_rejected_by_name(void **state)
{
    (void)state;
    PLANS({.want = {.group = 1, .roles = "2"},
           .row = ROW_ONE,
           .unit = SALES,
           .flags = READER_LACKS,
           .expected = "reject role_without_copy: Reader"},
          {.want = {.group = 1, .roles = "2"},
           .row = ROW_ONE,
           .unit = ROOT,
           .flags = READER_LACKS,
           .expected = "role 2@9"}, );
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_synced_whom_entra_does_not_know),
        cmocka_unit_test(the_row_is_read_first_and_must_be_one_of_a_person),
        cmocka_unit_test(a_disabled_row_is_enabled_or_respected_as_configured),
        cmocka_unit_test(a_missing_row_is_force_synced_once_and_then_confirmed),
        cmocka_unit_test(force_sync_is_not_spent_on_users_whom_entra_rules_out),
        cmocka_unit_test(only_what_is_needed_is_asked_for),
        cmocka_unit_test(roles_need_units_then_roots_then_those_held_then_copies),
        cmocka_unit_test(a_role_is_the_copy_for_the_unit_of_the_row),
        cmocka_unit_test(roles_that_are_held_are_not_given_again),
        cmocka_unit_test(a_role_without_a_copy_is_rejected_by_name),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
