/* What is known of units, roles and their copies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "call.h"
#include "core_fixture.h"
#include "directory.h"

struct fixture {
    struct routing *routing;
    struct directory *directory;
};

static char sales[] = "SALES"; /* names are compared without regard to case */
static char reader[] = "reader";
static char other[] = "Other";

static int
setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    if (fixture == NULL)
        return -1;
    fixture->routing = ROUTES({.group = 1});
    fixture->directory = directory_create(&fixture->routing->environments[PROD]);
    *state = fixture;
    return fixture->directory == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    struct fixture *fixture = *state;

    directory_destroy(fixture->directory);
    routing_unmake(fixture->routing);
    free(fixture);
    return 0;
}

static const char *
learn_all_units(struct fixture *fixture)
{
    const struct unit_entry units[] = {
        {unit_id(5), false, other},
        {unit_id(ROOT), true, NULL},
        {unit_id(LABS), false, NULL},
        {unit_id(SALES), false, sales},
    };

    return directory_learn_units(fixture->directory, units, 4);
}

static const char *
learn_all_roles(struct fixture *fixture)
{
    const struct role_entry roles[] = {{copy_id(READER, ROOT), role_id(READER), reader}};

    return directory_learn_roles(fixture->directory, roles, 1);
}

static enum copy
copy_of(struct fixture *fixture, int role, int unit, struct guid *ret_copy)
{
    struct guid root = role_id(role);
    struct guid id = unit_id(unit);

    return directory_copy(fixture->directory, &root, &id, ret_copy);
}

static int
learn_copies(struct fixture *fixture, int unit, const struct role_entry *roles, size_t count)
{
    const struct guid roots[] = {role_id(ADMIN), role_id(READER)};
    struct guid id = unit_id(unit);

    return directory_learn_copies(fixture->directory, &id, roots, 2, roles, count);
}

static void
directory_knows_no_unit_at_first(void **state)
{
    struct fixture *fixture = *state;

    assert_false(directory_has_units(fixture->directory));
    assert_null(directory_root_unit(fixture->directory));
    assert_null(directory_unit(fixture->directory, 0));
}

static void
directory_finds_units_by_name_and_by_id(void **state)
{
    struct fixture *fixture = *state;
    struct guid ids[] = {unit_id(SALES), unit_id(LABS), unit_id(ROOT)};

    assert_null(learn_all_units(fixture));
    assert_true(directory_has_units(fixture->directory));
    assert_true(guid_equal(directory_unit(fixture->directory, 0), &ids[0]));
    assert_true(guid_equal(directory_unit(fixture->directory, 1), &ids[1]));
    assert_true(guid_equal(directory_root_unit(fixture->directory), &ids[2]));
}

static void
directory_names_the_unit_that_is_not_there(void **state)
{
    static const struct {
        size_t first, count;
        const char *missing;
    } cases[] = {
        {0, 2, "Sales"},   /* without SALES */
        {1, 2, "(by id)"}, /* without LABS */
        {2, 2, "(the root unit)"},
        {0, 0, "(the root unit)"},
    };
    struct fixture *fixture = *state;
    const struct unit_entry units[] = {
        {unit_id(LABS), false, NULL},
        {unit_id(ROOT), true, NULL},
        {unit_id(SALES), false, sales},
        {unit_id(LABS), false, NULL},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(
            directory_learn_units(fixture->directory, &units[cases[i].first], cases[i].count),
            cases[i].missing);
        assert_false(directory_has_units(fixture->directory));
    }
}

static void
directory_looks_roles_up_that_are_given_by_name(void **state)
{
    struct fixture *fixture = *state;
    struct guid ids[] = {role_id(ADMIN), role_id(READER)};

    assert_false(directory_has_roles(fixture->directory));
    assert_null(directory_role_root(fixture->directory, 0));
    assert_null(learn_all_roles(fixture));
    assert_true(directory_has_roles(fixture->directory));
    assert_true(guid_equal(directory_role_root(fixture->directory, 0), &ids[0]));
    assert_true(guid_equal(directory_role_root(fixture->directory, 1), &ids[1]));
}

static void
directory_names_the_role_that_is_not_there(void **state)
{
    struct fixture *fixture = *state;
    const struct role_entry roles[] = {{role_id(THIRD), role_id(THIRD), other}};

    assert_string_equal(directory_learn_roles(fixture->directory, roles, 1), "Reader");
    assert_false(directory_has_roles(fixture->directory));
}

static void
directory_knows_roles_from_the_start_when_all_are_given_by_id(void **state)
{
    struct fixture *fixture = *state;
    struct reference *by_name = &fixture->routing->environments[PROD].roles[1];
    struct guid id = role_id(READER);

    by_name->id = id;
    directory_destroy(fixture->directory);
    fixture->directory = directory_create(&fixture->routing->environments[PROD]);
    assert_true(directory_has_roles(fixture->directory));
    assert_true(guid_equal(directory_role_root(fixture->directory, 1), &id));
}

static void
directory_tells_a_copy_from_none_and_from_unknown(void **state)
{
    struct fixture *fixture = *state;
    const struct role_entry roles[] = {{copy_id(ADMIN, SALES), role_id(ADMIN), NULL}};
    struct guid wanted = copy_id(ADMIN, SALES);
    struct guid copy = {{0}};

    assert_int_equal(copy_of(fixture, ADMIN, SALES, &copy), COPY_UNKNOWN);
    assert_int_equal(learn_copies(fixture, SALES, roles, 1), 0);
    assert_int_equal(copy_of(fixture, ADMIN, SALES, &copy), COPY_FOUND);
    assert_true(guid_equal(&copy, &wanted));
    assert_int_equal(copy_of(fixture, READER, SALES, &copy), COPY_NONE);
    assert_int_equal(copy_of(fixture, ADMIN, LABS, &copy), COPY_UNKNOWN);
    assert_int_equal(copy_of(fixture, THIRD, SALES, &copy), COPY_UNKNOWN);
}

static void
a_root_role_is_its_own_copy_in_the_root_unit(void **state)
{
    struct fixture *fixture = *state;
    const struct role_entry roles[] = {{role_id(ADMIN), {{0}}, NULL}};
    struct guid wanted = role_id(ADMIN);
    struct guid copy = {{0}};

    assert_int_equal(learn_copies(fixture, ROOT, roles, 1), 0);
    assert_int_equal(copy_of(fixture, ADMIN, ROOT, &copy), COPY_FOUND);
    assert_true(guid_equal(&copy, &wanted));
}

static void
a_later_answer_about_copies_replaces_the_earlier_one(void **state)
{
    struct fixture *fixture = *state;
    const struct role_entry roles[] = {{copy_id(ADMIN, SALES), role_id(ADMIN), NULL}};
    struct guid copy = {{0}};

    assert_int_equal(learn_copies(fixture, SALES, roles, 1), 0);
    assert_int_equal(learn_copies(fixture, SALES, NULL, 0), 0);
    assert_int_equal(copy_of(fixture, ADMIN, SALES, &copy), COPY_NONE);
    assert_int_equal(learn_copies(fixture, SALES, roles, 1), 0);
    assert_int_equal(copy_of(fixture, ADMIN, SALES, &copy), COPY_FOUND);
}

static void
directory_forgets_all_it_was_told(void **state)
{
    struct fixture *fixture = *state;
    const struct role_entry roles[] = {{copy_id(ADMIN, SALES), role_id(ADMIN), NULL}};
    struct guid copy = {{0}};

    assert_null(learn_all_units(fixture));
    assert_null(learn_all_roles(fixture));
    assert_int_equal(learn_copies(fixture, SALES, roles, 1), 0);
    directory_forget(fixture->directory);
    assert_false(directory_has_units(fixture->directory));
    assert_false(directory_has_roles(fixture->directory));
    assert_int_equal(copy_of(fixture, ADMIN, SALES, &copy), COPY_UNKNOWN);
}

#define TEST_CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(directory_knows_no_unit_at_first),
        TEST_CASE(directory_finds_units_by_name_and_by_id),
        TEST_CASE(directory_names_the_unit_that_is_not_there),
        TEST_CASE(directory_looks_roles_up_that_are_given_by_name),
        TEST_CASE(directory_names_the_role_that_is_not_there),
        TEST_CASE(directory_knows_roles_from_the_start_when_all_are_given_by_id),
        TEST_CASE(directory_tells_a_copy_from_none_and_from_unknown),
        TEST_CASE(a_root_role_is_its_own_copy_in_the_root_unit),
        TEST_CASE(a_later_answer_about_copies_replaces_the_earlier_one),
        TEST_CASE(directory_forgets_all_it_was_told),
    };
    return cmocka_run_group_tests_name("directory", tests, NULL, NULL);
}
