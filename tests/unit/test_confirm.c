/* Users whose addUser was accepted: one tick reads all that are due, less often the longer they wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine_fixture.h"

static void
one_tick_reads_all_who_wait(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->world.visible_after_ms = 3000;
    for (int user = 1; user <= 20; user++) {
        PUBLISH(fixture, .user = user, .group = 1);
        engine_fixture_pass(fixture, 50);
    }
    fixture->world.trace[0] = '\0';
    engine_fixture_pass(fixture, 6000);
    engine_fixture_assert_trace(fixture, "look 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20");
    assert_int_equal(fixture->scripted.settled_count, 20);
}

static void
a_tick_is_jittered_by_a_tenth(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    for (int user = 1; user <= 20; user++) {
        size_t settled = fixture->scripted.settled_count;

        PUBLISH(fixture, .user = user, .group = 1);
        engine_fixture_pass(fixture, 4500);
        assert_int_equal(fixture->scripted.settled_count, settled);
        engine_fixture_pass(fixture, 1100);
        assert_int_equal(fixture->scripted.settled_count, settled + 1);
    }
}

static void
nobody_is_looked_at_when_nobody_waits(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 10000);
    fixture->world.trace[0] = '\0';
    engine_fixture_pass(fixture, 60 * MINUTE_MS);
    engine_fixture_assert_trace(fixture, "");
    assert_int_equal(fixture->scripted.sent[CALL_LOOK], 2);
}

static void
who_has_waited_long_is_looked_at_less_often(void **state)
{
    struct engine_fixture *fixture = *state;
    size_t early, late;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->world.visible_after_ms = 60 * MINUTE_MS;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 60000);
    early = fixture->scripted.sent[CALL_LOOK];
    assert_in_range(early, 7, 13);
    engine_fixture_pass(fixture, 60000);
    engine_fixture_pass(fixture, 60000);
    late = fixture->scripted.sent[CALL_LOOK];
    assert_in_range(late - early, 3, 8);
}

static void
addUser_is_sent_again_when_no_row_shows_and_in_the_end_the_event_is_dead(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->world.visible_after_ms = INT64_MAX / 2;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, fixture->settings.deadline_ms - 60000);
    assert_int_equal(fixture->scripted.settled_count, 0);
    assert_in_range(fixture->scripted.sent[CALL_FORCE_SYNC], 2, 4);
    engine_fixture_pass(fixture, 5 * MINUTE_MS);
    assert_settled(&fixture->scripted, 0, OUTCOME_DEAD, "row_not_visible");
}

static void
a_row_that_shows_later_is_ready_then(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->world.visible_after_ms = 150000;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 149000);
    assert_int_equal(fixture->scripted.settled_count, 0);
    engine_fixture_pass(fixture, 40000);
    assert_settled(&fixture->scripted, 0, OUTCOME_DONE, "confirmed");
    assert_int_equal(fixture->scripted.sent[CALL_FORCE_SYNC], 1);
}

static void
a_removal_lets_nobody_wait_on_who_is_no_member(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->world.people[1].groups = 0;
    fixture->world.visible_after_ms = 60000;
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = 1000);
    engine_fixture_pass(fixture, 10000);
    PUBLISH(fixture, .user = 1, .group = 1, .is_removal = true);
    engine_fixture_pass(fixture, 20000);
    assert_settled(&fixture->scripted, 1, OUTCOME_SKIPPED, "not_a_member");
    assert_int_equal(engine_fixture_status(fixture, "confirming"), 0);
}

#define TEST_CASE(name) \
    cmocka_unit_test_setup_teardown(name, engine_fixture_setup, engine_fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(one_tick_reads_all_who_wait),
        TEST_CASE(a_tick_is_jittered_by_a_tenth),
        TEST_CASE(nobody_is_looked_at_when_nobody_waits),
        TEST_CASE(who_has_waited_long_is_looked_at_less_often),
        TEST_CASE(addUser_is_sent_again_when_no_row_shows_and_in_the_end_the_event_is_dead),
        TEST_CASE(a_row_that_shows_later_is_ready_then),
        TEST_CASE(a_removal_lets_nobody_wait_on_who_is_no_member),
    };
    return cmocka_run_group_tests_name("confirm", tests, NULL, NULL);
}
