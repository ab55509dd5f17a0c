/* Tickets that join or come late, removals, revoked partitions, and the end of the process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine_fixture.h"

/* --- joining --------------------------------------------------------------------------------- */

static void
events_of_one_user_share_a_run_until_it_has_read(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    world_give_rows(&fixture->world, PROD, 1, 1);
    for (int i = 0; i < 10; i++)
        PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 3000);
    engine_fixture_assert_trace(fixture, "look 1");
    assert_int_equal(fixture->scripted.settled_count, 10);
    assert_int_equal(fixture->scripted.runs, 1);
    assert_int_equal(engine_fixture_committed(fixture, 0), 10);
}

static void
an_event_that_comes_while_its_user_is_read_makes_the_user_run_once_more(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}, {.group = 2}));
    world_give_rows(&fixture->world, PROD, 1, 1);
    fixture->holds[CALL_LOOK] = true;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 100);
    PUBLISH(fixture, .user = 1, .group = 1);
    PUBLISH(fixture, .user = 1, .group = 2);
    engine_fixture_pass(fixture, 1000);
    assert_int_equal(fixture->scripted.sent[CALL_LOOK], 1);
    fixture->holds[CALL_LOOK] = false;
    engine_fixture_pass(fixture, 2000);
    engine_fixture_assert_trace(fixture, "look 1; look 1");
    assert_int_equal(fixture->scripted.settled_count, 3);
    assert_int_equal(fixture->scripted.runs, 2);
}

static void
two_syncs_of_one_user_never_run_at_once(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->holds[CALL_FORCE_SYNC] = true;
    for (int i = 0; i < 20; i++) {
        PUBLISH(fixture, .user = 1, .group = 1, .partition = i % 2);
        engine_fixture_pass(fixture, 700);
    }
    assert_int_equal(fixture->scripted.sent[CALL_FORCE_SYNC], 1);
    fixture->holds[CALL_FORCE_SYNC] = false;
    engine_fixture_pass(fixture, 20000);
    assert_int_equal(fixture->scripted.sent[CALL_FORCE_SYNC], 1);
    assert_int_equal(fixture->scripted.settled_count, 20);
}

static void
a_late_event_that_the_verification_covers_settles_with_it(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    world_give_rows(&fixture->world, PROD, 1, 1);
    fixture->holds[CALL_LOOK] = true;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 100);
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = OLD_MS, .record_age_ms = OLD_MS);
    fixture->holds[CALL_LOOK] = false;
    engine_fixture_pass(fixture, 2000);
    engine_fixture_assert_trace(fixture, "look 1");
    assert_settled(&fixture->scripted, 0, OUTCOME_DONE, "confirmed");
    assert_settled(&fixture->scripted, 1, OUTCOME_DONE, "remembered");
}

static void
an_event_that_comes_while_a_run_waits_to_try_again_joins_it(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->world.faults[CALL_FORCE_SYNC] =
        (struct world_fault){1, VERDICT_REFUSED, "no_licence", -1};
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 50);
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 30000);
    assert_int_equal(fixture->scripted.runs, 1);
    assert_int_equal(fixture->scripted.settled_count, 2);
}

/* --- removals -------------------------------------------------------------------------------- */

static void
a_removal_withdraws_belief_from_those_who_wait(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1, .columns = "c"}));
    fixture->world.people[1].groups = 0;
    world_name(&fixture->world, 1, "x");
    world_give_rows(&fixture->world, PROD, 1, 1);
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = 2000);
    PUBLISH(fixture, .user = 1, .group = 1, .is_removal = true, .age_ms = 1000);
    engine_fixture_pass(fixture, 2000);
    engine_fixture_assert_trace(fixture, "look 1; sources 1?1");
    assert_settled(&fixture->scripted, 0, OUTCOME_SKIPPED, "removal");
    assert_settled(&fixture->scripted, 1, OUTCOME_SKIPPED, "not_a_member");
}

static void
somebody_who_was_removed_and_added_again_is_made_ready(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    world_give_rows(&fixture->world, PROD, 1, 1);
    fixture->world.people[1].groups = 1 << 1;
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = 3000);
    PUBLISH(fixture, .user = 1, .group = 1, .is_removal = true, .age_ms = 2000);
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = 1000);
    engine_fixture_pass(fixture, 2000);
    assert_settled(&fixture->scripted, 1, OUTCOME_DONE, "confirmed");
    assert_settled(&fixture->scripted, 2, OUTCOME_DONE, "confirmed");
}

static void
a_replayed_removal_loses_no_joiner_whom_graph_does_not_show_yet(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->world.people[1].groups = 0;
    world_give_rows(&fixture->world, PROD, 1, 1);
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = 1000);
    PUBLISH(fixture, .user = 1, .group = 1, .is_removal = true, .age_ms = 48 * 60 * MINUTE_MS,
            .topic = BACKFILL_TOPIC);
    engine_fixture_pass(fixture, 60000);
    assert_int_equal(fixture->scripted.settled_count, 1);
    fixture->world.people[1].groups = 1 << 1;
    engine_fixture_pass(fixture, 60000);
    assert_settled(&fixture->scripted, 1, OUTCOME_DONE, "confirmed");
}

static void
a_removal_makes_an_earlier_yes_void(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1, .columns = "c"}));
    world_name(&fixture->world, 1, "x");
    world_give_rows(&fixture->world, PROD, 1, 1);
    fixture->holds[CALL_LOOK] = true;
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = OLD_MS, .record_age_ms = OLD_MS);
    engine_fixture_pass(fixture, 1000); /* a member, says Graph */
    fixture->world.people[1].groups = 0;
    PUBLISH(fixture, .user = 1, .group = 1, .is_removal = true);
    fixture->holds[CALL_LOOK] = false;
    engine_fixture_pass(fixture, 1000);
    assert_settled(&fixture->scripted, 1, OUTCOME_SKIPPED, "not_a_member");
    assert_int_equal(fixture->scripted.sent[CALL_PATCH], 0);
}

static void
a_removal_from_another_group_changes_nothing(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}, {.group = 2}));
    world_give_rows(&fixture->world, PROD, 1, 1);
    PUBLISH(fixture, .user = 1, .group = 1);
    PUBLISH(fixture, .user = 1, .group = 2, .is_removal = true);
    engine_fixture_pass(fixture, 2000);
    engine_fixture_assert_trace(fixture, "look 1");
    assert_settled(&fixture->scripted, 1, OUTCOME_DONE, "confirmed");
}

static void
a_removal_takes_a_call_back_that_has_not_left_yet(void **state)
{
    struct engine_fixture *fixture = *state;

    fixture->settings.bap_concurrency = 1;
    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->world.people[1].groups = 0;
    fixture->holds[CALL_FORCE_SYNC] = true;
    PUBLISH(fixture, .user = 2, .group = 1);
    engine_fixture_pass(fixture, 100);
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = 2000);
    engine_fixture_pass(fixture, 1000);
    PUBLISH(fixture, .user = 1, .group = 1, .is_removal = true);
    fixture->holds[CALL_FORCE_SYNC] = false;
    engine_fixture_pass(fixture, 10000);
    assert_int_equal(fixture->world.rows[PROD][1].count, 0);
    assert_int_equal(fixture->world.rows[PROD][2].count, 1);
}

static void
a_removal_after_a_write_was_sent_changes_nothing(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1, .columns = "c"}));
    world_name(&fixture->world, 1, "x");
    world_give_rows(&fixture->world, PROD, 1, 1);
    fixture->holds[CALL_PATCH] = true;
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = 2000);
    engine_fixture_pass(fixture, 1000);
    PUBLISH(fixture, .user = 1, .group = 1, .is_removal = true);
    fixture->holds[CALL_PATCH] = false;
    engine_fixture_pass(fixture, 1000);
    engine_fixture_assert_trace(fixture, "look 1; sources 1; patch 1 c=x");
    assert_settled(&fixture->scripted, 1, OUTCOME_DONE, "confirmed");
}

static void
a_removal_counts_when_a_write_was_to_be_sent_but_could_not(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1, .columns = "c"}));
    fixture->world.people[1].groups = 0;
    world_name(&fixture->world, 1, "x");
    world_give_rows(&fixture->world, PROD, 1, 1);
    fixture->holds[CALL_LOOK] = true;
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = 2000);
    engine_fixture_pass(fixture, 1000);
    fixture->holds[CALL_LOOK] = false;
    fixture->scripted.refuses_send = true; /* the write is ready, the wire is not */
    engine_fixture_answer(fixture, CALL_LOOK);
    PUBLISH(fixture, .user = 1, .group = 1, .is_removal = true);
    fixture->scripted.refuses_send = false;
    engine_fixture_pass(fixture, 20000);
    assert_int_equal(fixture->scripted.sent[CALL_PATCH], 0);
    assert_settled(&fixture->scripted, 1, OUTCOME_SKIPPED, "not_a_member");
}

static void
a_removal_counts_while_a_run_that_has_written_waits_to_try_again(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1, .columns = "c", .roles = "1"}));
    world_name(&fixture->world, 1, "x");
    world_give_rows(&fixture->world, PROD, 1, 1);
    fixture->world.faults[CALL_ROLE] = (struct world_fault){1, VERDICT_RETRY, "busy", 10000};
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = 2000);
    engine_fixture_pass(fixture, 5000);
    assert_int_equal(fixture->scripted.sent[CALL_PATCH], 1);
    assert_int_equal(fixture->scripted.sent[CALL_ROLE], 1);
    fixture->world.people[1].groups = 0;
    PUBLISH(fixture, .user = 1, .group = 1, .is_removal = true);
    engine_fixture_pass(fixture, MINUTE_MS);
    assert_int_equal(fixture->scripted.sent[CALL_ROLE], 1);
    assert_settled(&fixture->scripted, 1, OUTCOME_SKIPPED, "not_a_member");
}

static void
where_nobody_can_be_asked_the_later_of_the_two_wins(void **state)
{
    static const struct route_spec spec = {.group = 1};
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, routing_make(&spec, 1, false));
    world_give_rows(&fixture->world, PROD, 1, 3);
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = 2000);
    PUBLISH(fixture, .user = 2, .group = 1, .age_ms = 1000);
    /* a copy of an old event: its record is newer than the removal */
    PUBLISH(fixture, .user = 3, .group = 1, .age_ms = OLD_MS);
    for (int user = 1; user <= 3; user++)
        PUBLISH(fixture, .user = user, .group = 1, .is_removal = true, .age_ms = 1500);
    assert_int_equal(fixture->scripted.settled_count, 5);
    assert_settled(&fixture->scripted, 1, OUTCOME_SKIPPED, "removed_since");
    assert_settled(&fixture->scripted, 4, OUTCOME_SKIPPED, "removed_since");
    engine_fixture_pass(fixture, 2000);
    engine_fixture_assert_trace(fixture, "look 2");
    assert_settled(&fixture->scripted, 5, OUTCOME_DONE, "confirmed");
}

/* --- revoked partitions ---------------------------------------------------------------------- */

static void
a_revoke_cancels_what_has_not_written_and_settles_nothing(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->holds[CALL_FORCE_SYNC] = true;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 1000);
    engine_revoke_all(fixture->engine, false);
    assert_int_equal(fixture->scripted.canceled, 1);
    engine_fixture_pass(fixture, 60000);
    assert_int_equal(fixture->scripted.settled_count, 0);
    assert_int_equal(engine_fixture_status(fixture, "unsettled_events"), 0);
    assert_int_equal(engine_fixture_status(fixture, "unsettled_bytes"), 0);
}

static void
a_run_that_has_written_finishes_after_a_revoke_but_settles_nothing(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1, .columns = "c", .roles = "1"}));
    world_name(&fixture->world, 1, "x");
    world_give_rows(&fixture->world, PROD, 1, 1);
    fixture->holds[CALL_PATCH] = true;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 1000);
    engine_revoke_all(fixture->engine, false);
    assert_int_equal(fixture->scripted.canceled, 0);
    fixture->holds[CALL_PATCH] = false;
    engine_fixture_pass(fixture, 60000);
    assert_string_equal(fixture->world.rows[PROD][1].costcentre, "x");
    assert_true(fixture->world.rows[PROD][1].roles[ADMIN]);
    assert_int_equal(fixture->scripted.settled_count, 0);
    assert_int_equal(engine_fixture_status(fixture, "unsettled_events"), 0);
}

static void
a_run_between_two_writes_is_finished_after_a_revoke(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1, .columns = "c", .roles = "1"}));
    world_name(&fixture->world, 1, "x");
    world_give_rows(&fixture->world, PROD, 1, 1);
    fixture->holds[CALL_ROLES] = true;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 1000);
    assert_string_equal(fixture->world.rows[PROD][1].costcentre, "x");
    engine_revoke_all(fixture->engine, false);
    fixture->holds[CALL_ROLES] = false;
    engine_fixture_pass(fixture, 1000);
    assert_true(fixture->world.rows[PROD][1].roles[ADMIN]);
}

static void
late_events_of_revoked_partitions_make_nobody_run_again(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1, .columns = "c"}));
    world_name(&fixture->world, 1, "x");
    world_give_rows(&fixture->world, PROD, 1, 1);
    fixture->holds[CALL_PATCH] = true;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 1000);
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_revoke_all(fixture->engine, false);
    fixture->holds[CALL_PATCH] = false;
    engine_fixture_pass(fixture, 60000);
    engine_fixture_assert_trace(fixture, "look 1; sources 1; patch 1 c=x");
    assert_int_equal(engine_fixture_status(fixture, "unsettled_events"), 0);
}

static void
an_event_that_comes_back_after_a_revoke_waits_for_the_run_that_finishes(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1, .columns = "c"}));
    world_name(&fixture->world, 1, "x");
    world_give_rows(&fixture->world, PROD, 1, 1);
    fixture->holds[CALL_PATCH] = true;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 1000);
    engine_revoke_all(fixture->engine, false);
    fixture->next_offset[MAIN_TOPIC][0] = 0;
    engine_fixture_assign(fixture);
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 1000);
    assert_int_equal(fixture->scripted.sent[CALL_PATCH], 1);
    fixture->holds[CALL_PATCH] = false;
    engine_fixture_pass(fixture, 5000);
    assert_int_equal(fixture->scripted.settled_count, 1);
    assert_int_equal(engine_fixture_committed(fixture, 0), 1);
}

static void
a_run_of_revoked_partitions_does_not_wait_for_a_fault_to_end(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1, .columns = "c"}));
    world_name(&fixture->world, 1, "x");
    world_give_rows(&fixture->world, PROD, 1, 1);
    fixture->holds[CALL_PATCH] = true;
    fixture->world.faults[CALL_PATCH] =
        (struct world_fault){1, VERDICT_MISCONFIGURED, "privilege_missing", -1};
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 1000);
    engine_revoke_all(fixture->engine, false);
    engine_fixture_answer(fixture, CALL_PATCH);
    fixture->holds[CALL_PATCH] = false;
    assert_int_equal(engine_fixture_status(fixture, "unsettled_events"), 0);
    engine_fixture_pass(fixture, 10 * MINUTE_MS);
    assert_int_equal(fixture->scripted.sent[CALL_PATCH], 1);
}

#define TEST_CASE(name) \
    cmocka_unit_test_setup_teardown(name, engine_fixture_setup, engine_fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(events_of_one_user_share_a_run_until_it_has_read),
        TEST_CASE(an_event_that_comes_while_its_user_is_read_makes_the_user_run_once_more),
        TEST_CASE(two_syncs_of_one_user_never_run_at_once),
        TEST_CASE(a_late_event_that_the_verification_covers_settles_with_it),
        TEST_CASE(an_event_that_comes_while_a_run_waits_to_try_again_joins_it),
        TEST_CASE(a_removal_withdraws_belief_from_those_who_wait),
        TEST_CASE(somebody_who_was_removed_and_added_again_is_made_ready),
        TEST_CASE(a_replayed_removal_loses_no_joiner_whom_graph_does_not_show_yet),
        TEST_CASE(a_removal_makes_an_earlier_yes_void),
        TEST_CASE(a_removal_from_another_group_changes_nothing),
        TEST_CASE(a_removal_takes_a_call_back_that_has_not_left_yet),
        TEST_CASE(a_removal_after_a_write_was_sent_changes_nothing),
        TEST_CASE(a_removal_counts_when_a_write_was_to_be_sent_but_could_not),
        TEST_CASE(a_removal_counts_while_a_run_that_has_written_waits_to_try_again),
        TEST_CASE(where_nobody_can_be_asked_the_later_of_the_two_wins),
        TEST_CASE(a_revoke_cancels_what_has_not_written_and_settles_nothing),
        TEST_CASE(a_run_that_has_written_finishes_after_a_revoke_but_settles_nothing),
        TEST_CASE(a_run_between_two_writes_is_finished_after_a_revoke),
        TEST_CASE(late_events_of_revoked_partitions_make_nobody_run_again),
        TEST_CASE(an_event_that_comes_back_after_a_revoke_waits_for_the_run_that_finishes),
        TEST_CASE(a_run_of_revoked_partitions_does_not_wait_for_a_fault_to_end),
    };
    return cmocka_run_group_tests_name("arrive", tests, NULL, NULL);
}
