/* Runs from reading to settled: what is asked of whom, and in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "engine_fixture.h"

#define FULL                                                     \
    {                                                            \
        .group = 1, .unit = SALES, .columns = "cl", .roles = "2" \
    }

static void
give_attributes(struct engine_fixture *fixture, int user, const char *department, int64_t level)
{
    struct world_person *person = &fixture->world.people[user];

    snprintf(person->department, sizeof(person->department), "%s", department);
    person->level = level;
}

static void
a_new_user_is_made_ready_step_by_step(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES(FULL));
    give_attributes(fixture, 1, "R&D", 5);
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 10000);
    engine_fixture_assert_trace(
        fixture, "units; look 1; sources 1; force_sync 1; look 1; look_fresh 1; "
                 "patch 1 unit=1 c=R&D l=5; roles; look_fresh 1; copies unit=1; role 1 2@1");
    assert_settled(&fixture->scripted, 0, OUTCOME_DONE, "confirmed");
    assert_string_equal(fixture->scripted.run_outcome, "ready");
    assert_int_equal(engine_fixture_committed(fixture, 0), 1);
}

static void
a_second_pass_over_a_ready_user_writes_nothing(void **state)
{
    struct engine_fixture *fixture = *state;

    fixture->settings.memory_keep_ms = 0;
    engine_fixture_start(fixture, ROUTES(FULL));
    give_attributes(fixture, 1, "R&D", 5);
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 10000);
    fixture->world.trace[0] = '\0';
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 1000);
    engine_fixture_assert_trace(fixture, "sources 1; look 1");
    assert_int_equal(fixture->scripted.settled_count, 2);
    assert_string_equal(fixture->scripted.run_changes, "");
}

static void
a_ready_user_costs_one_look_when_nothing_is_asked_of_graph(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    world_give_rows(&fixture->world, PROD, 1, 3);
    for (int user = 1; user <= 3; user++)
        PUBLISH(fixture, .user = user, .group = 1);
    engine_fixture_pass(fixture, 1000);
    engine_fixture_assert_trace(fixture, "look 1 2 3");
    assert_int_equal(fixture->scripted.settled_count, 3);
}

static void
a_row_that_cannot_be_read_is_its_users_trouble_alone(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    world_give_rows(&fixture->world, PROD, 1, 3);
    fixture->world.rows[PROD][2].is_unreadable = true;
    for (int user = 1; user <= 3; user++)
        PUBLISH(fixture, .user = user, .group = 1);
    engine_fixture_pass(fixture, 3000);
    assert_int_equal(fixture->scripted.settled_count, 2);
    assert_int_equal(engine_fixture_committed(fixture, 0), 1);
    engine_fixture_pass(fixture, 2 * fixture->settings.deadline_ms);
    assert_int_equal(fixture->scripted.settled_count, 3);
    assert_settled(&fixture->scripted, 2, OUTCOME_DEAD, "malformed_answer");
}

static void
nothing_leaves_before_the_linger(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, fixture->settings.linger_ms - 1);
    assert_int_equal(fixture->scripted.sent[CALL_LOOK], 0);
    engine_fixture_pass(fixture, 1);
    assert_int_equal(fixture->scripted.sent[CALL_LOOK], 1);
}

static void
the_person_is_asked_for_only_when_the_row_is_missing(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 10000);
    engine_fixture_assert_trace(fixture, "look 1; sources 1; force_sync 1; look 1");
}

static void
without_graph_a_missing_row_is_synced_at_once(void **state)
{
    static const struct route_spec spec = {.group = 1};
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, routing_make(&spec, 1, false));
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = OLD_MS);
    engine_fixture_pass(fixture, 10000);
    engine_fixture_assert_trace(fixture, "look 1; force_sync 1; look 1");
    assert_settled(&fixture->scripted, 0, OUTCOME_DONE, "confirmed");
}

/* --- old events ------------------------------------------------------------------------------ */

static void
an_old_event_is_checked_and_a_member_is_made_ready(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1, .columns = "c"}));
    world_give_rows(&fixture->world, PROD, 1, 1);
    give_attributes(fixture, 1, "R&D", 0);
    fixture->world.people[1].groups = 1 << 1;
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = OLD_MS, .record_age_ms = OLD_MS);
    engine_fixture_pass(fixture, 1000);
    engine_fixture_assert_trace(fixture, "look 1; sources 1?1; patch 1 c=R&D");
    assert_settled(&fixture->scripted, 0, OUTCOME_DONE, "confirmed");
}

static void
an_old_event_of_somebody_who_left_gives_nothing(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES(FULL));
    fixture->world.people[1].groups = 0;
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = OLD_MS, .record_age_ms = OLD_MS);
    engine_fixture_pass(fixture, 10000);
    engine_fixture_assert_trace(fixture, "units; look 1; sources 1?1");
    assert_settled(&fixture->scripted, 0, OUTCOME_SKIPPED, "not_a_member");
    assert_int_equal(engine_fixture_committed(fixture, 0), 1);
}

static void
a_member_whom_graph_does_not_show_yet_is_waited_for(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->world.people[1].groups = 0;
    world_give_rows(&fixture->world, PROD, 1, 1);
    /* the event claims to be old, but its record is young */
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = OLD_MS, .record_age_ms = 0);
    engine_fixture_pass(fixture, 60000);
    assert_int_equal(fixture->scripted.settled_count, 0);
    fixture->world.people[1].groups = 1 << 1;
    engine_fixture_pass(fixture, 60000);
    assert_settled(&fixture->scripted, 0, OUTCOME_DONE, "confirmed");
}

static void
waiting_for_graph_ends_when_nothing_about_the_event_is_young(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->world.people[1].groups = 0;
    world_give_rows(&fixture->world, PROD, 1, 1);
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = OLD_MS, .record_age_ms = 0);
    engine_fixture_pass(fixture, 14 * MINUTE_MS);
    assert_int_equal(fixture->scripted.settled_count, 0);
    engine_fixture_pass(fixture, 3 * MINUTE_MS);
    assert_settled(&fixture->scripted, 0, OUTCOME_SKIPPED, "not_a_member");
}

static void
somebody_whom_entra_does_not_know_is_skipped_once_that_is_final(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1, .columns = "c"}));
    fixture->world.people[1].is_gone = true;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 14 * MINUTE_MS);
    assert_int_equal(fixture->scripted.settled_count, 0);
    engine_fixture_pass(fixture, 3 * MINUTE_MS);
    assert_settled(&fixture->scripted, 0, OUTCOME_SKIPPED, "not_a_user");
    assert_int_equal(fixture->scripted.sent[CALL_FORCE_SYNC], 0);
}

/* --- unions ---------------------------------------------------------------------------------- */

static void
recipes_of_all_waiting_groups_are_written_in_one_run(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture,
                         ROUTES({.group = 1, .columns = "c"}, {.group = 2, .columns = "l"}));
    world_give_rows(&fixture->world, PROD, 1, 1);
    give_attributes(fixture, 1, "R&D", 5);
    PUBLISH(fixture, .user = 1, .group = 1);
    PUBLISH(fixture, .user = 1, .group = 2);
    engine_fixture_pass(fixture, 1000);
    engine_fixture_assert_trace(fixture, "look 1; sources 1; patch 1 c=R&D l=5");
    assert_int_equal(fixture->scripted.runs, 1);
    assert_int_equal(fixture->scripted.settled_count, 2);
}

static void
a_rival_the_user_is_in_joins_and_rank_decides(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1, .rank = 1, .unit = SALES},
                                         {.group = 2, .rank = 2, .unit = LABS}));
    world_give_rows(&fixture->world, PROD, 1, 2);
    fixture->world.people[1].groups = 1 << 1 | 1 << 2;
    fixture->world.people[2].groups = 1 << 1;
    PUBLISH(fixture, .user = 1, .group = 1);
    PUBLISH(fixture, .user = 2, .group = 1);
    engine_fixture_pass(fixture, 1000);
    assert_int_equal(fixture->world.rows[PROD][1].unit, LABS);
    assert_int_equal(fixture->world.rows[PROD][2].unit, SALES);
    assert_int_equal(fixture->scripted.settled_count, 2);
}

static void
groups_the_user_is_not_in_any_more_do_not_count_beside_others(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture,
                         ROUTES({.group = 1, .columns = "c"}, {.group = 2, .columns = "l"}));
    fixture->world.people[1].groups = 1 << 1;
    world_give_rows(&fixture->world, PROD, 1, 1);
    give_attributes(fixture, 1, "R&D", 5);
    PUBLISH(fixture, .user = 1, .group = 1);
    PUBLISH(fixture, .user = 1, .group = 2, .age_ms = OLD_MS, .record_age_ms = OLD_MS);
    engine_fixture_pass(fixture, 1000);
    assert_int_equal(fixture->world.rows[PROD][1].level, 0);
    assert_settled(&fixture->scripted, 0, OUTCOME_SKIPPED, "not_a_member");
    assert_settled(&fixture->scripted, 1, OUTCOME_DONE, "confirmed");
}

/* --- rows that are left alone ---------------------------------------------------------------- */

static void
a_user_whose_part_fails_is_tried_again_alone(void **state)
{
    struct engine_fixture *fixture = *state;

    fixture->world.part_faults = (struct world_fault){1, VERDICT_RETRY, "service_fault", -1};
    engine_fixture_start(fixture, ROUTES({.group = 1, .columns = "c"}));
    world_give_rows(&fixture->world, PROD, 1, 2);
    PUBLISH(fixture, .user = 1, .group = 1);
    PUBLISH(fixture, .user = 2, .group = 1);
    engine_fixture_pass(fixture, 50);
    assert_int_equal(fixture->scripted.settled_count, 1);
    engine_fixture_pass(fixture, 2000);
    assert_settled(&fixture->scripted, 1, OUTCOME_DONE, "confirmed");
    assert_int_equal(fixture->scripted.settled[1].attempts, 1);
}

static void
a_retry_after_of_a_part_holds_the_lane(void **state)
{
    struct engine_fixture *fixture = *state;

    fixture->world.part_faults = (struct world_fault){1, VERDICT_RETRY, "service_fault", 20000};
    engine_fixture_start(fixture, ROUTES({.group = 1, .columns = "c"}));
    world_give_rows(&fixture->world, PROD, 1, 2);
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 50);
    PUBLISH(fixture, .user = 2, .group = 1);
    engine_fixture_pass(fixture, 19000);
    assert_int_equal(fixture->scripted.sent[CALL_SOURCES], 1);
    engine_fixture_pass(fixture, 4000);
    assert_int_equal(fixture->scripted.settled_count, 2);
}

static void
roles_that_are_not_listed_whole_are_read_again(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1, .roles = "1"}));
    world_give_rows(&fixture->world, PROD, 1, 1);
    fixture->world.incomplete_roles = 2; /* of the first look, and of that which asks afresh */
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 50);
    engine_fixture_assert_trace(fixture, "units; look 1; roles; look_fresh 1");
    engine_fixture_pass(fixture, 3000);
    engine_fixture_assert_trace(fixture, "look 1; copies unit=9; role 1 1@9");
    assert_int_equal(fixture->scripted.settled[0].attempts, 1);
}

static void
rows_of_applications_and_respected_disabled_ones_are_skipped(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->routing->environments[PROD].disabled_rows = DISABLED_LEAVE;
    world_give_rows(&fixture->world, PROD, 1, 2);
    fixture->world.rows[PROD][1].is_application = true;
    fixture->world.rows[PROD][2].is_disabled = true;
    PUBLISH(fixture, .user = 1, .group = 1);
    PUBLISH(fixture, .user = 2, .group = 1);
    engine_fixture_pass(fixture, 1000);
    assert_settled(&fixture->scripted, 0, OUTCOME_SKIPPED, "application_user");
    assert_settled(&fixture->scripted, 1, OUTCOME_SKIPPED, "row_disabled");
    assert_string_equal(fixture->scripted.run_outcome, "skipped");
}

static void
a_disabled_row_is_enabled_by_addUser(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    world_give_rows(&fixture->world, PROD, 1, 1);
    fixture->world.rows[PROD][1].is_disabled = true;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 10000);
    engine_fixture_assert_trace(fixture, "look 1; sources 1; force_sync 1; look 1");
    assert_settled(&fixture->scripted, 0, OUTCOME_DONE, "confirmed");
}

/* --- sources that grow old ------------------------------------------------------------------- */

static void
memberships_that_were_asked_for_long_ago_are_asked_for_again(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1, .roles = "1"}));
    world_give_rows(&fixture->world, PROD, 1, 1);
    fixture->holds[CALL_LOOK] = true;
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = OLD_MS, .record_age_ms = OLD_MS);
    engine_fixture_pass(fixture, fixture->settings.sources_max_age_ms + 1000);
    fixture->world.people[1].groups = 0;
    fixture->holds[CALL_LOOK] = false;
    engine_fixture_pass(fixture, 1000);
    assert_settled(&fixture->scripted, 0, OUTCOME_SKIPPED, "not_a_member");
    assert_false(fixture->world.rows[PROD][1].roles[ADMIN]);
}

static void
sources_are_read_again_before_they_are_written_late(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1, .columns = "c"}));
    give_attributes(fixture, 1, "old", 0);
    fixture->world.visible_after_ms = fixture->settings.sources_max_age_ms - 20000;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 100000);
    give_attributes(fixture, 1, "new", 0);
    fixture->holds[CALL_LOOK] = true; /* the row shows, but the answer takes its time */
    engine_fixture_pass(fixture, 100000);
    fixture->holds[CALL_LOOK] = false;
    engine_fixture_pass(fixture, 30000);
    assert_string_equal(fixture->world.rows[PROD][1].costcentre, "new");
    assert_int_equal(fixture->scripted.sent[CALL_SOURCES], 2);
}

static void
asking_for_memberships_alone_makes_no_person_young_again(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1, .columns = "c"}));
    give_attributes(fixture, 1, "old", 0);
    fixture->world.people[1].groups = 1 << 1;
    fixture->world.visible_after_ms = fixture->settings.sources_max_age_ms - 20000;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 100000);
    give_attributes(fixture, 1, "new", 0);
    fixture->holds[CALL_LOOK] = true;
    engine_fixture_pass(fixture, 100000);
    PUBLISH(fixture, .user = 1, .group = 1, .is_removal = true); /* belief is withdrawn */
    fixture->holds[CALL_LOOK] = false;
    engine_fixture_pass(fixture, 30000);
    assert_string_equal(fixture->world.rows[PROD][1].costcentre, "new");
}

#define TEST_CASE(name) \
    cmocka_unit_test_setup_teardown(name, engine_fixture_setup, engine_fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(a_new_user_is_made_ready_step_by_step),
        TEST_CASE(a_second_pass_over_a_ready_user_writes_nothing),
        TEST_CASE(a_ready_user_costs_one_look_when_nothing_is_asked_of_graph),
        TEST_CASE(a_row_that_cannot_be_read_is_its_users_trouble_alone),
        TEST_CASE(nothing_leaves_before_the_linger),
        TEST_CASE(the_person_is_asked_for_only_when_the_row_is_missing),
        TEST_CASE(without_graph_a_missing_row_is_synced_at_once),
        TEST_CASE(an_old_event_is_checked_and_a_member_is_made_ready),
        TEST_CASE(an_old_event_of_somebody_who_left_gives_nothing),
        TEST_CASE(a_member_whom_graph_does_not_show_yet_is_waited_for),
        TEST_CASE(waiting_for_graph_ends_when_nothing_about_the_event_is_young),
        TEST_CASE(somebody_whom_entra_does_not_know_is_skipped_once_that_is_final),
        TEST_CASE(recipes_of_all_waiting_groups_are_written_in_one_run),
        TEST_CASE(a_rival_the_user_is_in_joins_and_rank_decides),
        TEST_CASE(groups_the_user_is_not_in_any_more_do_not_count_beside_others),
        TEST_CASE(a_user_whose_part_fails_is_tried_again_alone),
        TEST_CASE(a_retry_after_of_a_part_holds_the_lane),
        TEST_CASE(roles_that_are_not_listed_whole_are_read_again),
        TEST_CASE(rows_of_applications_and_respected_disabled_ones_are_skipped),
        TEST_CASE(a_disabled_row_is_enabled_by_addUser),
        TEST_CASE(memberships_that_were_asked_for_long_ago_are_asked_for_again),
        TEST_CASE(sources_are_read_again_before_they_are_written_late),
        TEST_CASE(asking_for_memberships_alone_makes_no_person_young_again),
    };
    return cmocka_run_group_tests_name("sync", tests, NULL, NULL);
}
