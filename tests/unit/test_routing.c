/* The compiled routes: who is found for a group, who contends with whom, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "routing.h"

/* --- a table by hand: two environments, "prod" with columns a, b, c and units, and "test" ----------- */

enum { PROD, TEST, ENVIRONMENTS };

static struct guid
group_number(int number)
{
    struct guid group = {{0}};

    group.bytes[0] = 0xAA;
    group.bytes[14] = (uint8_t)(number >> 8);
    group.bytes[15] = (uint8_t)number;
    return group;
}

static void *
must(void *pointer)
{
    assert_non_null(pointer);
    return pointer;
}

static void
name_columns(struct environment *environment)
{
    static const char *const names[] = {"new_a", "new_b", "new_c"};

    environment->columns = must(calloc(3, sizeof(environment->columns[0])));
    environment->column_count = 3;
    for (size_t i = 0; i < 3; i++)
        environment->columns[i].name = must(strdup(names[i]));
}

static int
setup(void **state)
{
    static const char *const names[] = {"prod", "test"};
    struct routing *routing = must(calloc(1, sizeof(*routing)));

    routing->environments = must(calloc(ENVIRONMENTS, sizeof(routing->environments[0])));
    routing->environment_count = ENVIRONMENTS;
    for (size_t i = 0; i < ENVIRONMENTS; i++) {
        routing->environments[i].name = must(strdup(names[i]));
        name_columns(&routing->environments[i]);
    }
    *state = routing;
    return 0;
}

static int
teardown(void **state)
{
    routing_free(*state);
    free(*state);
    return 0;
}

struct wanted {
    int group;
    const char *recipe;
    int64_t rank;
    int unit;
    const char *columns; /* "ac": new_a and new_c */
};

static void
add_route(struct routing *routing, int environment_index, struct wanted wanted)
{
    struct environment *environment = &routing->environments[environment_index];
    size_t count = strlen(wanted.columns);
    struct route *route;

    environment->routes =
        must(realloc(environment->routes, (environment->route_count + 1) * sizeof(*route)));
    route = &environment->routes[environment->route_count++];
    *route = (struct route){.group = group_number(wanted.group),
                            .recipe = must(strdup(wanted.recipe)),
                            .environment = NO_INDEX,
                            .rank = wanted.rank,
                            .unit = wanted.unit,
                            .columns = must(calloc(count + 1, sizeof(route->columns[0]))),
                            .column_count = count};
    for (size_t i = 0; i < count; i++)
        route->columns[i].column = wanted.columns[i] - 'a';
}

static void
compile(struct routing *routing)
{
    struct error error = {0};

    if (routing_compile(routing, &error) == -1)
        fail_msg("refused: %s", error.text);
}

static void
assert_refused(struct routing *routing, const char *fragment)
{
    struct error error = {0};

    assert_int_equal(routing_compile(routing, &error), -1);
    assert_int_equal(error.class, ERROR_CONFIG);
    if (strstr(error.text, fragment) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, fragment);
}

static void
assert_rivals(const struct routing *routing, int route, const int *expected, size_t count)
{
    const struct route *found = &routing->environments[PROD].routes[route];

    assert_int_equal(found->rival_count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(found->rivals[i], expected[i]);
}

/* --- finding ---------------------------------------------------------------------------------------- */

static void
routing_finds_a_groups_route_in_each_environment(void **state)
{
    struct guid one = group_number(1), two = group_number(2);
    const struct route_id *routes;

    add_route(*state, PROD, (struct wanted){2, "x", ROUTE_NO_RANK, NO_INDEX, ""});
    add_route(*state, PROD, (struct wanted){1, "y", ROUTE_NO_RANK, NO_INDEX, "a"});
    add_route(*state, TEST, (struct wanted){1, "y", ROUTE_NO_RANK, NO_INDEX, "a"});
    compile(*state);
    assert_int_equal(routing_find(*state, &one, &routes), 2);
    assert_int_equal(routes[0].environment, PROD);
    assert_int_equal(routes[0].route, 1);
    assert_int_equal(routes[1].environment, TEST);
    assert_int_equal(routes[1].route, 0);
    assert_int_equal(routing_find(*state, &two, &routes), 1);
    assert_int_equal(routes[0].route, 0);
}

static void
routing_finds_nothing_for_an_unrouted_group(void **state)
{
    struct guid one = group_number(1), two = group_number(2);
    const struct route_id *routes = NULL;

    assert_int_equal(routing_find(*state, &one, &routes), 0);
    add_route(*state, PROD, (struct wanted){1, "x", ROUTE_NO_RANK, NO_INDEX, ""});
    compile(*state);
    assert_int_equal(routing_find(*state, &two, &routes), 0);
    assert_null(routes);
}

static void
routing_finds_each_of_a_thousand_groups(void **state)
{
    enum { MANY = 1000 };
    const struct route_id *routes;

    for (int i = 0; i < MANY; i++)
        add_route(*state, i % ENVIRONMENTS, (struct wanted){i, "x", ROUTE_NO_RANK, 0, "ab"});
    compile(*state);
    for (int i = 0; i < MANY; i++) {
        struct guid group = group_number(i);

        assert_int_equal(routing_find(*state, &group, &routes), 1);
        assert_int_equal(routes[0].environment, i % ENVIRONMENTS);
        assert_int_equal(routes[0].route, i / ENVIRONMENTS);
    }
}

static void
routing_numbers_environments_and_their_routes(void **state)
{
    const struct routing *routing = *state;

    add_route(*state, TEST, (struct wanted){1, "x", ROUTE_NO_RANK, NO_INDEX, ""});
    compile(*state);
    assert_int_equal(routing->environments[TEST].index, TEST);
    assert_int_equal(routing->environments[TEST].routes[0].environment, TEST);
}

/* --- contending ------------------------------------------------------------------------------------- */

static void
routing_makes_rivals_of_two_recipes_that_claim_one_column(void **state)
{
    add_route(*state, PROD, (struct wanted){1, "x", 10, NO_INDEX, "ab"});
    add_route(*state, PROD, (struct wanted){2, "y", 20, NO_INDEX, "cb"});
    add_route(*state, PROD, (struct wanted){3, "z", ROUTE_NO_RANK, 0, ""});
    compile(*state);
    assert_rivals(*state, 0, (int[]){1}, 1);
    assert_rivals(*state, 1, (int[]){0}, 1);
    assert_rivals(*state, 2, NULL, 0);
}

static void
routing_makes_rivals_of_all_recipes_that_claim_a_business_unit(void **state)
{
    add_route(*state, PROD, (struct wanted){1, "x", 3, 0, ""});
    add_route(*state, PROD, (struct wanted){2, "y", -1, 1, ""});
    add_route(*state, PROD, (struct wanted){3, "z", 0, 0, ""});
    compile(*state);
    assert_rivals(*state, 0, (int[]){1, 2}, 2);
    assert_rivals(*state, 1, (int[]){0, 2}, 2);
    assert_rivals(*state, 2, (int[]){0, 1}, 2);
}

static void
routing_lets_routes_of_one_recipe_claim_the_same_without_ranks(void **state)
{
    add_route(*state, PROD, (struct wanted){1, "x", ROUTE_NO_RANK, 0, "abc"});
    add_route(*state, PROD, (struct wanted){2, "x", ROUTE_NO_RANK, 0, "abc"});
    compile(*state);
    assert_rivals(*state, 0, NULL, 0);
    assert_rivals(*state, 1, NULL, 0);
}

static void
routing_lets_routes_of_two_environments_claim_the_same_without_ranks(void **state)
{
    add_route(*state, PROD, (struct wanted){1, "x", ROUTE_NO_RANK, 0, "a"});
    add_route(*state, TEST, (struct wanted){2, "y", ROUTE_NO_RANK, 0, "a"});
    compile(*state);
    assert_rivals(*state, 0, NULL, 0);
}

/* --- what is refused -------------------------------------------------------------------------------- */

static void
routing_refuses_rivals_of_which_one_has_no_rank(void **state)
{
    const struct routing *routing = *state;

    add_route(*state, PROD, (struct wanted){1, "x", 10, NO_INDEX, "a"});
    add_route(*state, PROD, (struct wanted){9, "w", ROUTE_NO_RANK, NO_INDEX, "b"});
    add_route(*state, PROD, (struct wanted){2, "y", ROUTE_NO_RANK, NO_INDEX, "a"});
    assert_refused(*state,
                   "the routes of group aa000000-0000-0000-0000-000000000001 (recipe x, rank 10) "
                   "and group aa000000-0000-0000-0000-000000000002 (recipe y, no rank) both claim "
                   "column new_a in environment prod: each needs a rank, and not the same one");
    assert_int_equal(routing->fault.environment, PROD);
    assert_int_equal(routing->fault.route, 2);
}

static void
routing_refuses_rivals_of_equal_rank(void **state)
{
    add_route(*state, PROD, (struct wanted){1, "x", 7, 0, "a"});
    add_route(*state, PROD, (struct wanted){2, "y", 7, 1, ""});
    assert_refused(*state, "both claim the business unit in environment prod");
}

static void
routing_refuses_two_routes_of_a_group_to_one_environment(void **state)
{
    const struct routing *routing = *state;

    add_route(*state, PROD, (struct wanted){1, "x", ROUTE_NO_RANK, NO_INDEX, ""});
    add_route(*state, TEST, (struct wanted){1, "x", ROUTE_NO_RANK, NO_INDEX, ""});
    add_route(*state, TEST, (struct wanted){1, "y", ROUTE_NO_RANK, NO_INDEX, ""});
    assert_refused(*state, "group aa000000-0000-0000-0000-000000000001 has two routes to "
                           "environment test, with recipes x and y");
    assert_int_equal(routing->fault.environment, TEST);
    assert_int_equal(routing->fault.route, 1);
}

static void
routing_free_takes_a_table_that_was_never_filled(void **state)
{
    struct routing empty = {0};

    (void)state;
    routing_free(&empty);
    routing_free(&empty);
}

/* --- sets ------------------------------------------------------------------------------------------- */

static void
route_set_holds_exactly_what_was_added(void **state)
{
    uint64_t set[2] = {0, 0};

    (void)state;
    route_set_add(set, 0);
    route_set_add(set, 63);
    route_set_add(set, 64);
    for (int route = 0; route < 128; route++)
        assert_int_equal(route_set_has(set, route), route == 0 || route == 63 || route == 64);
}

static void
route_set_takes_a_word_for_each_64_routes_and_one_at_least(void **state)
{
    static const size_t expected[][2] = {{0, 1}, {1, 1}, {64, 1}, {65, 2}, {128, 2}, {129, 3}};

    (void)state;
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        struct environment environment = {.route_count = expected[i][0]};

        assert_int_equal(route_set_words(&environment), expected[i][1]);
    }
}

int
main(void)
{
#define ROUTING_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        ROUTING_TEST(routing_finds_a_groups_route_in_each_environment),
        ROUTING_TEST(routing_finds_nothing_for_an_unrouted_group),
        ROUTING_TEST(routing_finds_each_of_a_thousand_groups),
        ROUTING_TEST(routing_numbers_environments_and_their_routes),
        ROUTING_TEST(routing_makes_rivals_of_two_recipes_that_claim_one_column),
        ROUTING_TEST(routing_makes_rivals_of_all_recipes_that_claim_a_business_unit),
        ROUTING_TEST(routing_lets_routes_of_one_recipe_claim_the_same_without_ranks),
        ROUTING_TEST(routing_lets_routes_of_two_environments_claim_the_same_without_ranks),
        ROUTING_TEST(routing_refuses_rivals_of_which_one_has_no_rank),
        ROUTING_TEST(routing_refuses_rivals_of_equal_rank),
        ROUTING_TEST(routing_refuses_two_routes_of_a_group_to_one_environment),
        cmocka_unit_test(routing_free_takes_a_table_that_was_never_filled),
        cmocka_unit_test(route_set_holds_exactly_what_was_added),
        cmocka_unit_test(route_set_takes_a_word_for_each_64_routes_and_one_at_least),
    };
#undef ROUTING_TEST
    return cmocka_run_group_tests_name("routing", tests, NULL, NULL);
}
