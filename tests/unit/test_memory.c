/* What a verification covers, for how long, and how much is remembered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core_fixture.h"
#include "memory.h"

enum { KEEP_MS = 300000, MARGIN_MS = 60000, ENTRIES = 4, ROUTES_EACH = 70 };

struct fixture {
    struct clock clock;
    struct environment prod, test;
    struct memory *memory;
};

static int
setup(void **state)
{
    static const struct memory_settings settings = {KEEP_MS, MARGIN_MS, ENTRIES, 1};
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    if (fixture == NULL)
        return -1;
    fixture->clock = (struct clock){START_MONO_MS, START_WALL_MS};
    fixture->prod = (struct environment){.index = 0, .route_count = ROUTES_EACH};
    fixture->test = (struct environment){.index = 1, .route_count = ROUTES_EACH};
    fixture->memory = memory_create(&settings, &fixture->clock);
    *state = fixture;
    return fixture->memory == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    struct fixture *fixture = *state;

    memory_destroy(fixture->memory);
    free(fixture);
    return 0;
}

/* ${user}'s ${route} was verified by a read that is sent now. */
static void
note(struct fixture *fixture, int user, int route)
{
    struct guid id = user_id(user);
    uint64_t routes[2] = {0};

    route_set_add(routes, route);
    memory_note(fixture->memory, &fixture->prod, &id, routes, fixture->clock.wall_ms,
                fixture->clock.mono_ms);
}

static bool
covers(struct fixture *fixture, int user, int route, int64_t latest_ms)
{
    struct guid id = user_id(user);

    return memory_covers(fixture->memory, &fixture->prod, &id, route, latest_ms);
}

static void
pass(struct fixture *fixture, int64_t ms)
{
    fixture->clock.mono_ms += ms;
    fixture->clock.wall_ms += ms;
}

static void
memory_covers_what_is_older_than_the_read_by_more_than_the_margin(void **state)
{
    struct fixture *fixture = *state;

    note(fixture, 1, 0);
    assert_true(covers(fixture, 1, 0, START_WALL_MS - MARGIN_MS - 1));
    assert_false(covers(fixture, 1, 0, START_WALL_MS - MARGIN_MS));
    assert_false(covers(fixture, 1, 0, START_WALL_MS + 1));
}

static void
memory_covers_no_event_without_any_time(void **state)
{
    struct fixture *fixture = *state;

    note(fixture, 1, 0);
    assert_false(covers(fixture, 1, 0, -1));
    assert_false(covers(fixture, 1, 0, INT64_MIN));
}

static void
memory_covers_only_the_routes_verified(void **state)
{
    struct fixture *fixture = *state;
    int64_t old_ms = START_WALL_MS - 2 * MARGIN_MS;

    note(fixture, 1, 65);
    assert_true(covers(fixture, 1, 65, old_ms));
    assert_false(covers(fixture, 1, 1, old_ms));
    assert_false(covers(fixture, 2, 65, old_ms));
}

static void
memory_tells_environments_apart(void **state)
{
    struct fixture *fixture = *state;
    struct guid id = user_id(1);

    note(fixture, 1, 0);
    assert_false(
        memory_covers(fixture->memory, &fixture->test, &id, 0, START_WALL_MS - 2 * MARGIN_MS));
}

static void
memory_replaces_what_it_knew_of_a_user(void **state)
{
    struct fixture *fixture = *state;

    note(fixture, 1, 0);
    pass(fixture, 1000);
    note(fixture, 1, 1);
    assert_false(covers(fixture, 1, 0, START_WALL_MS - 2 * MARGIN_MS));
    assert_true(covers(fixture, 1, 1, START_WALL_MS - MARGIN_MS));
    assert_int_equal(memory_count(fixture->memory), 1);
}

static void
memory_keeps_for_a_while_only(void **state)
{
    struct fixture *fixture = *state;

    note(fixture, 1, 0);
    pass(fixture, KEEP_MS - 1);
    assert_true(covers(fixture, 1, 0, START_WALL_MS - 2 * MARGIN_MS));
    pass(fixture, 1);
    assert_false(covers(fixture, 1, 0, START_WALL_MS - 2 * MARGIN_MS));
}

static void
memory_is_bounded_and_the_oldest_go_first(void **state)
{
    struct fixture *fixture = *state;

    for (int user = 1; user <= ENTRIES; user++)
        note(fixture, user, 0);
    note(fixture, 1, 0); /* again: 2 is the oldest now */
    note(fixture, ENTRIES + 1, 0);
    assert_int_equal(memory_count(fixture->memory), ENTRIES);
    assert_false(covers(fixture, 2, 0, START_WALL_MS - 2 * MARGIN_MS));
    assert_true(covers(fixture, 1, 0, START_WALL_MS - 2 * MARGIN_MS));
}

static void
memory_gives_up_what_is_too_old_when_something_new_comes(void **state)
{
    struct fixture *fixture = *state;

    note(fixture, 1, 0);
    note(fixture, 2, 0);
    pass(fixture, KEEP_MS);
    note(fixture, 3, 0);
    assert_int_equal(memory_count(fixture->memory), 1);
}

static void
memory_covers_nothing_once_the_clocks_have_drifted_apart(void **state)
{
    static const struct {
        int64_t drift_ms;
        bool is_covered;
    } cases[] = {{0, true},      {1000, true},     {-1000, true},    {1001, false},
                 {-1001, false}, {3600000, false}, {-3600000, false}};
    struct fixture *fixture = *state;

    note(fixture, 1, 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fixture->clock.wall_ms = START_WALL_MS + cases[i].drift_ms;
        assert_int_equal(covers(fixture, 1, 0, START_WALL_MS - 2 * MARGIN_MS), cases[i].is_covered);
    }
}

static void
memory_of_a_read_that_was_sent_before_a_jump_covers_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct guid id = user_id(1);
    uint64_t routes[2] = {1, 0};

    fixture->clock.wall_ms -= 3600000;
    memory_note(fixture->memory, &fixture->prod, &id, routes, START_WALL_MS, START_MONO_MS);
    assert_false(covers(fixture, 1, 0, fixture->clock.wall_ms - 2 * MARGIN_MS));
}

static void
memory_of_no_time_remembers_nothing(void **state)
{
    static const struct memory_settings none = {0, MARGIN_MS, ENTRIES, 1};
    struct fixture *fixture = *state;

    memory_destroy(fixture->memory);
    fixture->memory = memory_create(&none, &fixture->clock);
    assert_non_null(fixture->memory);
    note(fixture, 1, 0);
    assert_int_equal(memory_count(fixture->memory), 0);
    assert_false(covers(fixture, 1, 0, START_WALL_MS - 2 * MARGIN_MS));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(memory_covers_what_is_older_than_the_read_by_more_than_the_margin),
        TEST(memory_covers_no_event_without_any_time),
        TEST(memory_covers_only_the_routes_verified),
        TEST(memory_tells_environments_apart),
        TEST(memory_replaces_what_it_knew_of_a_user),
        TEST(memory_keeps_for_a_while_only),
        TEST(memory_is_bounded_and_the_oldest_go_first),
        TEST(memory_gives_up_what_is_too_old_when_something_new_comes),
        TEST(memory_covers_nothing_once_the_clocks_have_drifted_apart),
        TEST(memory_of_a_read_that_was_sent_before_a_jump_covers_nothing),
        TEST(memory_of_no_time_remembers_nothing),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
