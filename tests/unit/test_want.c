/* The union of recipes, and which of two that claim one target wins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core_fixture.h"
#include "want.h"

static struct routing *routing;
static struct want want;

static void
begin(struct routing *made)
{
    routing = made;
    assert_int_equal(want_init(&want, &routing->environments[PROD]), 0);
    want_clear(&want);
}

static void
end(void)
{
    want_fini(&want);
    routing_unmake(routing);
}

static const struct route *
route(int index)
{
    return &routing->environments[PROD].routes[index];
}

static void
want_of_no_route_wants_nothing(void **state)
{
    (void)state;
    begin(ROUTES({.group = 1, .unit = SALES, .columns = "cl", .roles = "12"}));
    assert_null(want.unit_route);
    assert_null(want.columns[COSTCENTRE]);
    assert_false(want.roles[0] || want.roles[1] || want.has_attributes || want.has_roles);
    end();
}

static void
want_is_the_union_of_its_routes(void **state)
{
    (void)state;
    begin(ROUTES({.group = 1, .unit = SALES}, {.group = 2, .columns = "c", .roles = "1"},
                 {.group = 3, .columns = "l", .roles = "12"}));
    for (int i = 0; i < 3; i++)
        want_add(&want, route(i));
    assert_ptr_equal(want.unit_route, route(0));
    assert_ptr_equal(want.columns[COSTCENTRE], &route(1)->columns[0]);
    assert_ptr_equal(want.columns[LEVEL], &route(2)->columns[0]);
    assert_true(want.roles[0] && want.roles[1]);
    assert_true(want.has_attributes && want.has_roles);
    end();
}

static void
the_higher_rank_wins_in_whatever_order_they_come(void **state)
{
    (void)state;
    begin(ROUTES({.group = 1, .rank = 1, .unit = SALES, .columns = "c"},
                 {.group = 2, .rank = 2, .unit = LABS, .columns = "C"}));
    for (int order = 0; order < 2; order++) {
        want_clear(&want);
        want_add(&want, route(order));
        want_add(&want, route(1 - order));
        assert_ptr_equal(want.unit_route, route(1));
        assert_ptr_equal(want.columns[COSTCENTRE], &route(1)->columns[0]);
    }
    end();
}

static void
rank_decides_each_target_for_itself(void **state)
{
    (void)state;
    begin(ROUTES({.group = 1, .rank = 5, .columns = "c"},
                 {.group = 2, .rank = 4, .unit = SALES, .columns = "cl"}));
    want_add(&want, route(1));
    want_add(&want, route(0));
    assert_ptr_equal(want.columns[COSTCENTRE], &route(0)->columns[0]);
    assert_ptr_equal(want.columns[LEVEL], &route(1)->columns[1]);
    assert_ptr_equal(want.unit_route, route(1));
    end();
}

static void
want_is_forgotten_when_cleared(void **state)
{
    (void)state;
    begin(ROUTES({.group = 1, .unit = SALES, .columns = "cl", .roles = "12"}));
    want_add(&want, route(0));
    want_clear(&want);
    assert_null(want.unit_route);
    assert_null(want.columns[COSTCENTRE]);
    assert_null(want.column_routes[LEVEL]);
    assert_false(want.roles[0] || want.roles[1] || want.has_attributes || want.has_roles);
    end();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(want_of_no_route_wants_nothing),
        cmocka_unit_test(want_is_the_union_of_its_routes),
        cmocka_unit_test(the_higher_rank_wins_in_whatever_order_they_come),
        cmocka_unit_test(rank_decides_each_target_for_itself),
        cmocka_unit_test(want_is_forgotten_when_cleared),
    };
    return cmocka_run_group_tests_name("want", tests, NULL, NULL);
}
