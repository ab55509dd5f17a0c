/* The engine as a whole: room, shares, commits over a rebalance, and stopping. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"
#include "error.h"

/* --- room ------------------------------------------------------------------------------------ */

static void
intake_is_held_at_the_limit_of_events_and_goes_on_below(void **state)
{
    struct engine_fixture *fixture = *state;

    fixture->settings.max_events = 3;
    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->holds[CALL_FORCE_SYNC] = true;
    for (int user = 1; user <= 3; user++) {
        assert_true(engine_has_room(fixture->engine));
        PUBLISH(fixture, .user = user, .group = 1);
    }
    assert_false(engine_has_room(fixture->engine));
    fixture->holds[CALL_FORCE_SYNC] = false;
    engine_fixture_pass(fixture, 10000);
    assert_true(engine_has_room(fixture->engine));
}

static void
intake_is_held_at_the_limit_of_bytes(void **state)
{
    struct engine_fixture *fixture = *state;
    int user = 1;

    fixture->settings.max_bytes = 10000;
    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->holds[CALL_LOOK] = true;
    for (; engine_has_room(fixture->engine); user++)
        PUBLISH(fixture, .user = user, .group = 1);
    assert_in_range(user, 4, 20);
    fixture->holds[CALL_LOOK] = false;
    engine_fixture_pass(fixture, 10000);
    assert_int_equal(engine_fixture_status(fixture, "unsettled_bytes"), 0);
    assert_true(engine_has_room(fixture->engine));
}

static void
many_events_of_one_user_share_its_bytes(void **state)
{
    struct engine_fixture *fixture = *state;
    int64_t one, hundred;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->holds[CALL_LOOK] = true;
    PUBLISH(fixture, .user = 1, .group = 1);
    one = engine_fixture_status(fixture, "unsettled_bytes");
    for (int i = 1; i < 50; i++)
        PUBLISH(fixture, .user = 1, .group = 1);
    hundred = engine_fixture_status(fixture, "unsettled_bytes");
    assert_in_range(hundred - one, 49 * 80, 49 * 96);
}

/* --- commits and rebalances ------------------------------------------------------------------ */

static void
a_revoke_commits_what_has_settled_before_it_returns(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    world_give_rows(&fixture->world, PROD, 1, 1);
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 100);
    assert_int_equal(engine_fixture_committed(fixture, 0), -1);
    engine_revoke_all(fixture->engine, false);
    assert_int_equal(engine_fixture_committed(fixture, 0), 1);
}

static void
nothing_is_committed_once_the_assignment_was_lost(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    world_give_rows(&fixture->world, PROD, 1, 1);
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 100);
    engine_revoke_all(fixture->engine, true);
    engine_fixture_pass(fixture, 60000);
    assert_int_equal(engine_fixture_committed(fixture, 0), -1);
}

static void
a_drained_partition_is_committed_at_once(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    world_give_rows(&fixture->world, PROD, 1, 1);
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_end(fixture->engine, MAIN_TOPIC, 0, 5, 0); /* markers up to there */
    engine_fixture_pass(fixture, 100);
    assert_int_equal(engine_fixture_committed(fixture, 0), 5);
}

static void
a_commit_whose_answer_is_lost_is_sent_again_in_silence(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    world_give_rows(&fixture->world, PROD, 1, 1);
    fixture->holds_commits = true;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 5000);
    assert_int_equal(fixture->scripted.commit_count, 1);
    engine_fixture_pass(fixture, fixture->settings.offsets.answer_within_ms + 2500);
    assert_int_equal(fixture->scripted.commit_count, 2);
    assert_int_equal(engine_fixture_committed(fixture, 0), 1);
}

/* --- lanes ----------------------------------------------------------------------------------- */

static size_t
force_syncs_at_once(struct engine_fixture *fixture)
{
    return scripted_flying(&fixture->scripted, CALL_FORCE_SYNC);
}

static void
publish_new_users(struct engine_fixture *fixture, int first, int last)
{
    fixture->holds[CALL_FORCE_SYNC] = true;
    for (int user = first; user <= last; user++)
        PUBLISH(fixture, .user = user, .group = 1);
    engine_fixture_pass(fixture, 1000);
}

static void
limits_are_shared_out_by_the_partitions_of_the_main_topic(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    engine_partitions_of_main(fixture->engine, 2 * PARTITIONS);
    engine_fixture_pass(fixture, 100);
    engine_revoke_all(fixture->engine, false); /* a rebalance adds nothing up */
    engine_fixture_assign(fixture);
    engine_partitions_of_main(fixture->engine, 2 * PARTITIONS);
    engine_fixture_pass(fixture, 2 * fixture->settings.bap_span_ms);
    publish_new_users(fixture, 1, 20);
    assert_int_equal(force_syncs_at_once(fixture), fixture->settings.bap_concurrency / 2);
}

static void
a_fixed_share_is_kept_whatever_is_assigned(void **state)
{
    struct engine_fixture *fixture = *state;

    fixture->settings.share = 0.25;
    engine_fixture_start(fixture, ROUTES({.group = 1}));
    publish_new_users(fixture, 1, 20);
    assert_int_equal(force_syncs_at_once(fixture), fixture->settings.bap_concurrency / 4);
}

static void
a_rebalance_that_gives_the_same_back_changes_no_share(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    engine_fixture_pass(fixture, 100);
    engine_revoke_all(fixture->engine, false);
    engine_fixture_pass(fixture, 1000);
    engine_fixture_assign(fixture);
    publish_new_users(fixture, 1, 20);
    assert_int_equal(force_syncs_at_once(fixture), fixture->settings.bap_concurrency);
}

static void
environments_of_one_identity_share_graph_but_not_dataverse(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}, {.group = 1, .environment = TEST}));
    world_give_rows(&fixture->world, PROD, 1, 1);
    world_give_rows(&fixture->world, TEST, 1, 1);
    fixture->world.people[1].groups = 1 << 1;
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = OLD_MS, .record_age_ms = OLD_MS);
    engine_fixture_pass(fixture, 1000);
    assert_int_equal(fixture->scripted.settled_count, 2);
    assert_int_equal(fixture->scripted.sent[CALL_TOKEN], 3); /* graph and two Dataverses */
}

/* --- stopping -------------------------------------------------------------------------------- */

static void
running_jobs_get_their_time_when_the_engine_stops(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 1000);
    engine_stop(fixture->engine, 20000);
    assert_false(engine_has_room(fixture->engine));
    assert_false(engine_is_drained(fixture->engine));
    engine_fixture_pass(fixture, 10000);
    assert_true(engine_is_drained(fixture->engine));
    assert_settled(&fixture->scripted, 0, OUTCOME_DONE, "confirmed");
}

static void
jobs_that_do_not_end_in_time_are_given_up_unsettled(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->holds[CALL_FORCE_SYNC] = true;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 1000);
    PUBLISH(fixture, .user = 1, .group = 1);
    fixture->holds_letters = true;
    engine_fixture_publish_bytes(fixture, "no json");
    engine_stop(fixture->engine, 20000);
    engine_fixture_pass(fixture, 19000);
    assert_false(engine_is_drained(fixture->engine));
    engine_fixture_pass(fixture, 1000);
    assert_true(engine_is_drained(fixture->engine));
    assert_int_equal(fixture->scripted.settled_count, 0);
    assert_int_equal(engine_fixture_status(fixture, "unsettled_events"), 0);
    engine_revoke_all(fixture->engine, false);
    assert_int_equal(engine_fixture_committed(fixture, 0), -1);
}

static void
who_only_waits_is_given_up_at_once(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->world.faults[CALL_FORCE_SYNC] =
        (struct world_fault){1000, VERDICT_REFUSED, "no_licence", -1};
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 20000);
    engine_stop(fixture->engine, 20000);
    assert_true(engine_is_drained(fixture->engine));
    assert_int_equal(fixture->scripted.settled_count, 0);
}

static void
stop_while_all_fail(struct engine_fixture *fixture, enum call_kind kind, enum verdict verdict)
{
    fixture->world.faults[kind] = (struct world_fault){1000, verdict, "trouble", -1};
    engine_fixture_start(fixture, ROUTES({.group = 1, .unit = SALES}));
    world_give_rows(&fixture->world, PROD, 1, 2);
    for (int user = 1; user <= 3; user++)
        PUBLISH(fixture, .user = user, .group = 1);
    engine_fixture_pass(fixture, 10000);
    engine_stop(fixture->engine, 20000);
    engine_fixture_pass(fixture, 200);
    assert_true(engine_is_drained(fixture->engine));
}

static void
who_waits_for_a_service_that_fails_is_given_up_at_once(void **state)
{
    stop_while_all_fail(*state, CALL_LOOK, VERDICT_RETRY);
}

static void
who_waits_for_a_token_is_given_up_at_once(void **state)
{
    stop_while_all_fail(*state, CALL_TOKEN, VERDICT_MISCONFIGURED);
}

static void
who_waits_for_the_units_is_given_up_at_once(void **state)
{
    stop_while_all_fail(*state, CALL_UNITS, VERDICT_MISCONFIGURED);
}

static void
who_begins_to_wait_while_the_engine_stops_is_given_up_too(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->world.faults[CALL_FORCE_SYNC] =
        (struct world_fault){1000, VERDICT_REFUSED, "no_licence", -1};
    fixture->holds[CALL_FORCE_SYNC] = true;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 1000);
    engine_stop(fixture->engine, 20000);
    engine_fixture_pass(fixture, 1000);
    assert_false(engine_is_drained(fixture->engine));
    fixture->holds[CALL_FORCE_SYNC] = false;
    engine_fixture_pass(fixture, 200);
    assert_true(engine_is_drained(fixture->engine));
}

static void
a_write_that_has_left_is_waited_for_when_the_time_is_over(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1, .columns = "c"}));
    world_give_rows(&fixture->world, PROD, 1, 1);
    world_name(&fixture->world, 1, "R&D");
    fixture->holds[CALL_PATCH] = true;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 1000);
    engine_stop(fixture->engine, 20000);
    engine_fixture_pass(fixture, 22000);
    assert_false(engine_is_drained(fixture->engine));
    fixture->holds[CALL_PATCH] = false;
    engine_fixture_pass(fixture, 100);
    assert_settled(&fixture->scripted, 0, OUTCOME_DONE, "confirmed");
    assert_true(engine_is_drained(fixture->engine));
}

/* --- a log that was cut ---------------------------------------------------------------------- */

static void
what_hangs_on_a_log_that_was_cut_is_dropped(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->holds[CALL_LOOK] = true;
    for (int user = 1; user <= 3; user++)
        PUBLISH(fixture, .user = user, .group = 1);
    engine_fixture_pass(fixture, 100);
    assert_int_equal(engine_fixture_status(fixture, "unsettled_events"), 3);
    assert_true(engine_take(fixture->engine, message_make(4, 1, 0, START_WALL_MS), 0));
    engine_fixture_pass(fixture, 100);
    assert_int_equal(engine_fixture_status(fixture, "unsettled_events"), 1);
}

static void
an_event_that_one_environment_gave_up_is_not_committed_for_the_other(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}, {.group = 1, .environment = TEST}));
    fixture->world.faults[CALL_FORCE_SYNC] =
        (struct world_fault){1, VERDICT_REFUSED, "no_licence", -1}; /* of one of the two */
    fixture->settings.backoff_base_ms = 60000;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 100);
    engine_stop(fixture->engine, 20000);
    engine_fixture_pass(fixture, 20000);
    assert_int_equal(fixture->scripted.settled_count, 1);
    engine_revoke_all(fixture->engine, false);
    assert_int_equal(engine_fixture_committed(fixture, 0), -1);
}

static void
an_engine_ends_in_the_midst_of_everything(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1, .columns = "c", .roles = "1"}));
    world_give_rows(&fixture->world, PROD, 1, 4);
    for (int user = 1; user <= 6; user++) {
        world_name(&fixture->world, user, "x");
        PUBLISH(fixture, .user = user, .group = 1);
    }
    engine_fixture_publish_bytes(fixture, "no json");
    fixture->holds_letters = fixture->holds[CALL_PATCH] = fixture->holds[CALL_FORCE_SYNC] = true;
    engine_fixture_pass(fixture, 100);
    engine_destroy(fixture->engine);
    fixture->engine = NULL;
    assert_int_equal(fixture->scripted.settled_count, 0);
}

/* --- making ---------------------------------------------------------------------------------- */

static void
an_engine_without_graph_refuses_columns(void **state)
{
    struct engine_fixture *fixture = *state;
    struct routing *routing = ROUTES({.group = 1, .columns = "c"});
    const struct engine_setup setup = {
        .settings = &fixture->settings, .routing = routing, .clock = &fixture->clock};
    struct error error;

    routing->environments[TEST].has_graph = false;
    assert_null(engine_create(&setup, &error));
    assert_int_equal(error.class, ERROR_CONFIG);
    assert_non_null(strstr(error.text, "'test'"));
    routing_unmake(routing);
}

#define TEST_CASE(name) \
    cmocka_unit_test_setup_teardown(name, engine_fixture_setup, engine_fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(intake_is_held_at_the_limit_of_events_and_goes_on_below),
        TEST_CASE(intake_is_held_at_the_limit_of_bytes),
        TEST_CASE(many_events_of_one_user_share_its_bytes),
        TEST_CASE(a_revoke_commits_what_has_settled_before_it_returns),
        TEST_CASE(nothing_is_committed_once_the_assignment_was_lost),
        TEST_CASE(a_drained_partition_is_committed_at_once),
        TEST_CASE(a_commit_whose_answer_is_lost_is_sent_again_in_silence),
        TEST_CASE(limits_are_shared_out_by_the_partitions_of_the_main_topic),
        TEST_CASE(a_fixed_share_is_kept_whatever_is_assigned),
        TEST_CASE(a_rebalance_that_gives_the_same_back_changes_no_share),
        TEST_CASE(environments_of_one_identity_share_graph_but_not_dataverse),
        TEST_CASE(running_jobs_get_their_time_when_the_engine_stops),
        TEST_CASE(jobs_that_do_not_end_in_time_are_given_up_unsettled),
        TEST_CASE(who_only_waits_is_given_up_at_once),
        TEST_CASE(who_waits_for_a_service_that_fails_is_given_up_at_once),
        TEST_CASE(who_waits_for_a_token_is_given_up_at_once),
        TEST_CASE(who_waits_for_the_units_is_given_up_at_once),
        TEST_CASE(who_begins_to_wait_while_the_engine_stops_is_given_up_too),
        TEST_CASE(a_write_that_has_left_is_waited_for_when_the_time_is_over),
        TEST_CASE(what_hangs_on_a_log_that_was_cut_is_dropped),
        TEST_CASE(an_event_that_one_environment_gave_up_is_not_committed_for_the_other),
        TEST_CASE(an_engine_ends_in_the_midst_of_everything),
        TEST_CASE(an_engine_without_graph_refuses_columns),
    };
    return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
