/* Who joins now comes before who is only looked at again: in lanes, in batches, at the door. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine_fixture.h"
#include "lane_fixture.h"

/* --- lanes ----------------------------------------------------------------------------------- */

static void
submit_patient(struct lane_fixture *fixture, int first, int last)
{
    for (int i = first; i <= last; i++)
        fixture->probes[i].is_patient = true;
    lane_fixture_submit(fixture, first, last);
}

/* The numbers of those that leave, one after the other. */
static void
assert_order(struct lane_fixture *fixture, const int *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(lane_fixture_number(fixture, 0), numbers[i]);
        lane_fixture_answer(fixture, VERDICT_DONE);
    }
}

static void
one_at_a_time(struct lane_fixture *fixture)
{
    const struct lane_limits limits = {.concurrency = 1, .span_ms = 1000};

    lane_fixture_limit(fixture, &limits);
}

static void
urgent_calls_leave_before_patient_ones(void **state)
{
    static const int order[] = {0, 10, 11, 1, 2};
    struct lane_fixture *fixture = *state;

    one_at_a_time(fixture);
    submit_patient(fixture, 0, 2);
    lane_fixture_submit(fixture, 10, 11);
    assert_order(fixture, order, 5);
}

static void
patient_calls_never_starve(void **state)
{
    struct lane_fixture *fixture = *state;
    int patient = 0;

    one_at_a_time(fixture);
    submit_patient(fixture, 0, 9);
    lane_fixture_submit(fixture, 100, 200);
    for (int i = 0; i < 40; i++) {
        patient += lane_fixture_number(fixture, 0) < 100;
        lane_fixture_answer(fixture, VERDICT_DONE);
    }
    assert_in_range(patient, 40 / PATIENT_EVERY, 40 / PATIENT_EVERY + 2);
}

static void
a_call_that_became_urgent_leaves_before_patient_ones(void **state)
{
    static const int order[] = {0, 5, 1, 2};
    struct lane_fixture *fixture = *state;

    one_at_a_time(fixture);
    submit_patient(fixture, 0, 5);
    lane_promote(fixture->lane, &fixture->probes[5].call);
    assert_order(fixture, order, 4);
}

static void
patient_calls_leave_a_part_of_the_limits_to_urgent_ones(void **state)
{
    const struct lane_limits limits = {.concurrency = 20, .calls = 40, .span_ms = 1000};
    struct lane_fixture *fixture = *state;

    lane_fixture_limit(fixture, &limits);
    submit_patient(fixture, 0, 60);
    assert_int_equal(lane_fixture_flying(fixture), 18);
    lane_fixture_submit(fixture, 100, 105);
    assert_int_equal(lane_fixture_flying(fixture), 20);
    for (int i = 0; i < 60 && lane_fixture_flying(fixture) > 0; i++)
        lane_fixture_answer(fixture, VERDICT_DONE);
    assert_int_equal(lane_waiting(fixture->lane),
                     61 - 30); /* of 40 the patient take 36 with the urgent 6 */
    lane_fixture_submit(fixture, 110, 120);
    assert_int_equal(lane_fixture_flying(fixture), 4);
}

/* --- batches and jobs ------------------------------------------------------------------------ */

static void
start_with_small_batches(struct engine_fixture *fixture)
{
    fixture->settings.look_ids = 2;
    fixture->settings.dataverse_concurrency = 1;
    engine_fixture_start(fixture, ROUTES({.group = 1}, {.group = 2}));
    world_give_rows(&fixture->world, PROD, 1, USERS_MOST - 1);
}

static void
who_joins_boards_before_who_is_checked(void **state)
{
    struct engine_fixture *fixture = *state;

    start_with_small_batches(fixture);
    fixture->holds[CALL_LOOK] = true;
    for (int user = 1; user <= 6; user++)
        PUBLISH(fixture, .user = user, .group = 1, .topic = BACKFILL_TOPIC);
    engine_fixture_pass(fixture, 100);
    PUBLISH(fixture, .user = 20, .group = 1);
    engine_fixture_pass(fixture, 100);
    fixture->holds[CALL_LOOK] = false;
    engine_fixture_pass(fixture, 100);
    engine_fixture_assert_trace(fixture, "look 1 2; look 20 3; look 4 5; look 6");
}

static void
who_is_checked_and_then_joins_boards_sooner(void **state)
{
    struct engine_fixture *fixture = *state;

    start_with_small_batches(fixture);
    fixture->holds[CALL_LOOK] = true;
    for (int user = 1; user <= 6; user++)
        PUBLISH(fixture, .user = user, .group = 1, .topic = BACKFILL_TOPIC);
    engine_fixture_pass(fixture, 100);
    PUBLISH(fixture, .user = 6, .group = 2);
    fixture->holds[CALL_LOOK] = false;
    engine_fixture_pass(fixture, 100);
    engine_fixture_assert_trace(fixture, "look 1 2; look 6 3; look 4 5");
}

static size_t
settled_of(const struct scripted *scripted, int topic)
{
    size_t count = 0;

    for (size_t i = 0; i < scripted->settled_count; i++)
        count += scripted->settled[i].topic == topic;
    return count;
}

/* Every eighth batch begins with those who wait longest of the patient. */
static void
who_is_checked_never_starves(void **state)
{
    struct engine_fixture *fixture = *state;
    int64_t backfilled;

    fixture->settings.memory_keep_ms = 0;
    fixture->settings.linger_ms = 0;
    start_with_small_batches(fixture);
    fixture->holds[CALL_LOOK] = true;
    PUBLISH(fixture, .user = 30, .group = 1);
    engine_fixture_pass(fixture, 10);
    backfilled = PUBLISH(fixture, .user = 31, .group = 1, .topic = BACKFILL_TOPIC);
    for (int user = 1; user < 30; user++)
        PUBLISH(fixture, .user = user, .group = 1);
    for (int i = 0; i < PATIENT_EVERY + 1; i++)
        engine_fixture_answer(fixture, CALL_LOOK);
    assert_int_equal(backfilled, 0);
    assert_int_equal(settled_of(&fixture->scripted, BACKFILL_TOPIC), 1);
}

/* --- the door -------------------------------------------------------------------------------- */

static void
other_topics_leave_room_to_the_main_one(void **state)
{
    struct engine_fixture *fixture = *state;

    fixture->settings.max_events = 8;
    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->holds[CALL_LOOK] = true;
    for (int user = 1; user <= 6; user++) {
        assert_true(engine_has_room_for(fixture->engine, BACKFILL_TOPIC));
        PUBLISH(fixture, .user = user, .group = 1, .topic = BACKFILL_TOPIC);
    }
    assert_false(engine_has_room_for(fixture->engine, BACKFILL_TOPIC));
    for (int user = 7; user <= 8; user++) {
        assert_true(engine_has_room(fixture->engine));
        PUBLISH(fixture, .user = user, .group = 1);
    }
    assert_false(engine_has_room(fixture->engine));
}

#define LANE_CASE(name) \
    cmocka_unit_test_setup_teardown(name, lane_fixture_setup, lane_fixture_teardown)
#define ENGINE_CASE(name) \
    cmocka_unit_test_setup_teardown(name, engine_fixture_setup, engine_fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        LANE_CASE(urgent_calls_leave_before_patient_ones),
        LANE_CASE(patient_calls_never_starve),
        LANE_CASE(a_call_that_became_urgent_leaves_before_patient_ones),
        LANE_CASE(patient_calls_leave_a_part_of_the_limits_to_urgent_ones),
        ENGINE_CASE(who_joins_boards_before_who_is_checked),
        ENGINE_CASE(who_is_checked_and_then_joins_boards_sooner),
        ENGINE_CASE(who_is_checked_never_starves),
        ENGINE_CASE(other_topics_leave_room_to_the_main_one),
    };
    return cmocka_run_group_tests_name("priority", tests, NULL, NULL);
}
