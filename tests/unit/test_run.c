/* How a run ends: what it tells, what it leaves behind, and that it starts from nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine_fixture.h"

static void
each_run_is_told_once_and_each_delivery_once(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}, {.group = 2, .environment = TEST}));
    world_give_rows(&fixture->world, PROD, 1, 5);
    world_give_rows(&fixture->world, TEST, 1, 5);
    for (int user = 1; user <= 5; user++) {
        PUBLISH(fixture, .user = user, .group = 1);
        PUBLISH(fixture, .user = user, .group = 2);
        PUBLISH(fixture, .user = user, .group = 1);
    }
    engine_fixture_pass(fixture, 3000);
    assert_int_equal(fixture->scripted.runs, 10);
    assert_int_equal(fixture->scripted.settled_count, 15);
    assert_int_equal(engine_fixture_committed(fixture, 0), 15);
}

static void
nothing_is_left_of_a_run_that_ended(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1, .columns = "cl", .roles = "12"}));
    for (int user = 1; user <= 5; user++) {
        world_name(&fixture->world, user, "x");
        PUBLISH(fixture, .user = user, .group = 1);
    }
    engine_fixture_pass(fixture, 10000);
    assert_int_equal(engine_fixture_status(fixture, "unsettled_events"), 0);
    assert_int_equal(engine_fixture_status(fixture, "unsettled_bytes"), 0);
    assert_int_equal(engine_fixture_status(fixture, "remembered"), 5);
    assert_true(engine_is_drained(fixture->engine));
}

static void
the_next_run_of_a_user_starts_from_nothing(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1, .columns = "c"}));
    world_name(&fixture->world, 1, "x");
    world_give_rows(&fixture->world, PROD, 1, 1);
    fixture->world.faults[CALL_PATCH] = (struct world_fault){2, VERDICT_RETRY, "reason", -1};
    fixture->holds[CALL_PATCH] = true;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 100);
    engine_fixture_answer(fixture, CALL_PATCH);
    engine_fixture_pass(fixture, 2000);
    engine_fixture_answer(fixture, CALL_PATCH);
    engine_fixture_pass(fixture, 3000);
    PUBLISH(fixture, .user = 1, .group = 1); /* late: the third write is in flight */
    fixture->holds[CALL_PATCH] = false;
    engine_fixture_pass(fixture, 2000);
    assert_int_equal(fixture->scripted.runs, 2);
    assert_int_equal(fixture->scripted.settled[0].attempts, 2);
    assert_int_equal(fixture->scripted.settled[1].attempts, 0);
    assert_string_equal(fixture->scripted.settled[0].detail, "new_costcentre");
    assert_string_equal(fixture->scripted.settled[1].detail, "");
}

static void
the_next_run_asks_anew_who_is_a_member(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1, .columns = "c"}));
    world_name(&fixture->world, 1, "x");
    world_give_rows(&fixture->world, PROD, 1, 1);
    fixture->holds[CALL_PATCH] = true;
    PUBLISH(fixture, .user = 1, .group = 1, .has_no_time = true);
    engine_fixture_pass(fixture, 100);
    PUBLISH(fixture, .user = 1, .group = 1, .has_no_time = true); /* late */
    fixture->world.people[1].groups = 0;
    fixture->holds[CALL_PATCH] = false;
    engine_fixture_pass(fixture, 17 * MINUTE_MS);
    assert_settled(&fixture->scripted, 0, OUTCOME_DONE, "confirmed");
    assert_settled(&fixture->scripted, 1, OUTCOME_SKIPPED, "not_a_member");
}

static void
a_verification_is_as_old_as_its_earliest_read(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->world.visible_after_ms = 100000;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 150000);
    assert_int_equal(fixture->scripted.settled_count, 1);
    /* younger than the first read less the margin, older than the last one */
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = 200000, .record_age_ms = 200000);
    assert_int_equal(fixture->scripted.settled_count, 1);
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = 211000, .record_age_ms = 211000);
    assert_settled(&fixture->scripted, 1, OUTCOME_DONE, "remembered");
}

static void
what_failed_is_not_remembered(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->world.faults[CALL_FORCE_SYNC] =
        (struct world_fault){1, VERDICT_REJECTED, "reason", -1};
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 1000);
    assert_int_equal(engine_fixture_status(fixture, "remembered"), 0);
}

#define TEST_CASE(name) \
    cmocka_unit_test_setup_teardown(name, engine_fixture_setup, engine_fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(each_run_is_told_once_and_each_delivery_once),
        TEST_CASE(nothing_is_left_of_a_run_that_ended),
        TEST_CASE(the_next_run_of_a_user_starts_from_nothing),
        TEST_CASE(the_next_run_asks_anew_who_is_a_member),
        TEST_CASE(a_verification_is_as_old_as_its_earliest_read),
        TEST_CASE(what_failed_is_not_remembered),
    };
    return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}
