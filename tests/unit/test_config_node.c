/* The way through a settings file's lists and groups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config.h"
#include "config_fixture.h"
#include "error.h"

static const char routes_file[] = "routes = (\n"
                                  "  { group = \"g\"; rank = 3; strict = true; kind = \"move\";\n"
                                  "    roles = [\"r1\", \"r2\"]; big = 5000000000L; },\n"
                                  "  { },\n"
                                  "  7\n"
                                  ");\n"
                                  "name = \"n\";\n";

static const char *const kinds[] = {"keep", "move", NULL};

static void
config_hands_out_the_members_of_blocks(void **state)
{
    struct config *config = config_fixture_load(routes_file);
    const struct config_node *routes = config_block(config, "routes");
    const struct config_node *route = config_node_at(routes, 0);
    const struct config_integer any = {.minimum = 0, .maximum = INT64_MAX};
    struct error error;
    const char *string;
    int64_t integer;
    bool boolean;
    int choice;

    (void)state;
    assert_int_equal(config_node_is_list(routes, "routes", &error), 0);
    assert_int_equal(config_node_count(routes), 3);
    assert_int_equal(config_node_is_group(route, "a route", &error), 0);
    assert_int_equal(config_node_string(route, "group", NULL, &string, &error), 0);
    assert_string_equal(string, "g");
    assert_int_equal(config_node_integer(route, "rank", &any, &integer, &error), 0);
    assert_int_equal(integer, 3);
    assert_int_equal(config_node_integer(route, "big", &any, &integer, &error), 0);
    assert_int_equal(integer, 5000000000);
    assert_int_equal(config_node_boolean(route, "strict", false, &boolean, &error), 0);
    assert_true(boolean);
    assert_int_equal(config_node_choice(route, "kind", kinds, 0, &choice, &error), 0);
    assert_int_equal(choice, 1);
    assert_int_equal(
        config_node_text(config_node_at(config_node_get(route, "roles"), 1), &string, &error), 0);
    assert_string_equal(string, "r2");
    assert_null(config_block(config, "absent"));
    config_free(config);
}

static void
config_uses_fallbacks_for_absent_members(void **state)
{
    struct config *config = config_fixture_load(routes_file);
    const struct config_node *route = config_node_at(config_block(config, "routes"), 1);
    const int64_t nine = 9;
    const struct config_integer accepted = {.minimum = 0, .maximum = 1, .fallback = &nine};
    struct error error;
    const char *string;
    int64_t integer;
    bool boolean;
    int choice;

    (void)state;
    assert_int_equal(config_node_string(route, "group", "f", &string, &error), 0);
    assert_string_equal(string, "f");
    assert_int_equal(config_node_integer(route, "rank", &accepted, &integer, &error), 0);
    assert_int_equal(integer, 9);
    assert_int_equal(config_node_boolean(route, "strict", true, &boolean, &error), 0);
    assert_true(boolean);
    assert_int_equal(config_node_choice(route, "kind", kinds, 1, &choice, &error), 0);
    assert_int_equal(choice, 1);
    config_free(config);
}

static void
assert_fault(const struct error *error, const char *place, const char *what)
{
    assert_int_equal(error->class, ERROR_CONFIG);
    if (strstr(error->text, place) == NULL || strstr(error->text, what) == NULL)
        fail_msg("\"%s\" or \"%s\" is missing in: %s", place, what, error->text);
}

static void
config_says_where_a_block_is_wrong(void **state)
{
    struct config *config = config_fixture_load(routes_file);
    const struct config_node *routes = config_block(config, "routes");
    const struct config_node *route = config_node_at(routes, 0);
    const struct config_integer accepted = {.minimum = 0, .maximum = 2};
    static const char *const names[] = {"group", "rank", "strict", "kind", "role", "big", NULL};
    static const char *const other_kinds[] = {"a", "b", NULL};
    struct error error;
    const char *string;
    int64_t integer;
    bool boolean;
    int choice;

    (void)state;
    assert_int_equal(config_node_is_group(routes, "a route", &error), -1);
    assert_fault(&error, ":1: routes: found a list", "a route");
    assert_int_equal(config_node_is_list(route, "routes", &error), -1);
    assert_fault(&error, ":2: routes[0]: found a group", "a list");
    assert_int_equal(config_node_is_group(config_node_at(routes, 2), "a route", &error), -1);
    assert_fault(&error, ":5: routes[2]: found an integer", "a group");
    assert_int_equal(config_node_only(route, names, &error), -1);
    assert_fault(&error, ":3: routes[0].roles: no such setting", "did you mean role?");
    assert_int_equal(config_node_string(route, "rank", NULL, &string, &error), -1);
    assert_fault(&error, ":2: routes[0].rank: found an integer", "a text");
    assert_int_equal(config_node_string(route, "none", NULL, &string, &error), -1);
    assert_fault(&error, "routes[0]: none is missing", "a text");
    assert_int_equal(config_node_integer(route, "rank", &accepted, &integer, &error), -1);
    assert_fault(&error, "routes[0].rank: found 3", "from 0 to 2");
    assert_int_equal(config_node_integer(route, "none", &accepted, &integer, &error), -1);
    assert_fault(&error, "routes[0]: none is missing", "an integer");
    assert_int_equal(config_node_boolean(route, "rank", true, &boolean, &error), -1);
    assert_fault(&error, "routes[0].rank: found an integer", "true or false");
    assert_int_equal(config_node_choice(route, "kind", other_kinds, 0, &choice, &error), -1);
    assert_fault(&error, "routes[0].kind: found \"move\"", "one of: a, b");
    assert_int_equal(config_node_choice(route, "none", other_kinds, -1, &choice, &error), -1);
    assert_fault(&error, "none is missing", "a text");
    config_free(config);
}

#define test(name) \
    cmocka_unit_test_setup_teardown(name, config_fixture_setup, config_fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        test(config_hands_out_the_members_of_blocks),
        test(config_uses_fallbacks_for_absent_members),
        test(config_says_where_a_block_is_wrong),
    };

    return cmocka_run_group_tests_name("config_node", tests, NULL, NULL);
}
