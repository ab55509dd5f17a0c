/* What is misconfigured for everybody: jobs are held, one at a time probes, its success frees all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine_fixture.h"

enum { USERS = 10 };

static void
start(struct engine_fixture *fixture, struct routing *routing)
{
    engine_fixture_start(fixture, routing);
    for (int user = 1; user <= USERS; user++) {
        world_name(&fixture->world, user, "x");
        fixture->world.people[user].groups = 1 << 1 | 1 << 2; /* young events are old by the end */
        PUBLISH(fixture, .user = user, .group = 1);
    }
}

static void
misconfigure(struct engine_fixture *fixture, enum call_kind kind)
{
    fixture->world.faults[kind] =
        (struct world_fault){1000000, VERDICT_MISCONFIGURED, "privilege_missing", -1};
}

/* Nobody settles while ${kind} is misconfigured, it is probed every half minute, then all settle. */
static void
hold_and_probe(struct engine_fixture *fixture, enum call_kind kind)
{
    misconfigure(fixture, kind);
    start(fixture, ROUTES({.group = 1, .columns = "c", .roles = "1"}));
    if (kind != CALL_FORCE_SYNC)
        world_give_rows(&fixture->world, PROD, 1, USERS);
    engine_fixture_pass(fixture, 10000);
    assert_in_range(fixture->scripted.sent[kind], 1, USERS);
    engine_fixture_pass(fixture, 60 * MINUTE_MS);
    assert_in_range(fixture->scripted.sent[kind], 110, 135);
    assert_int_equal(fixture->scripted.settled_count, 0);
    fixture->world.faults[kind].times = 0;
    engine_fixture_pass(fixture, 60000);
    assert_int_equal(fixture->scripted.settled_count, USERS);
}

static void
who_may_not_add_users_is_held_and_one_at_a_time_probes(void **state)
{
    hold_and_probe(*state, CALL_FORCE_SYNC);
}

static void
who_may_not_write_rows_is_held_and_one_at_a_time_probes(void **state)
{
    hold_and_probe(*state, CALL_PATCH);
}

static void
who_may_not_give_roles_is_held_and_one_at_a_time_probes(void **state)
{
    hold_and_probe(*state, CALL_ROLE);
}

static void
whoever_left_while_all_were_held_gets_nothing(void **state)
{
    struct engine_fixture *fixture = *state;

    misconfigure(fixture, CALL_ROLE);
    start(fixture, ROUTES({.group = 1, .roles = "1"}));
    world_give_rows(&fixture->world, PROD, 1, USERS);
    engine_fixture_pass(fixture, 60 * MINUTE_MS);
    for (int user = 1; user <= USERS; user++)
        fixture->world.people[user].groups = 0;
    fixture->world.faults[CALL_ROLE].times = 0;
    int probes = (int)fixture->scripted.sent[CALL_ROLE];
    engine_fixture_pass(fixture, 60 * MINUTE_MS);
    assert_int_equal(fixture->scripted.sent[CALL_ROLE], probes);
    assert_settled(&fixture->scripted, 0, OUTCOME_SKIPPED, "not_a_member");
}

static void
nothing_is_burnt_against_a_fault(void **state)
{
    struct engine_fixture *fixture = *state;

    misconfigure(fixture, CALL_FORCE_SYNC);
    start(fixture, ROUTES({.group = 1}));
    engine_fixture_pass(fixture, 24 * 60 * MINUTE_MS);
    assert_int_equal(fixture->scripted.letter_count, 0);
    assert_int_equal(engine_fixture_committed(fixture, 0), -1);
}

static void
an_environment_with_a_fault_is_shown_and_others_keep_the_worker_ready(void **state)
{
    struct engine_fixture *fixture = *state;

    misconfigure(fixture, CALL_FORCE_SYNC);
    start(fixture, ROUTES({.group = 1}, {.group = 2, .environment = TEST}));
    engine_fixture_pass(fixture, 10000);
    assert_true(engine_is_ready(fixture->engine));
    PUBLISH(fixture, .user = 1, .group = 2);
    engine_fixture_pass(fixture, 10000);
    assert_false(engine_is_ready(fixture->engine));
    fixture->world.faults[CALL_FORCE_SYNC].times = 0;
    engine_fixture_pass(fixture, 60000);
    assert_true(engine_is_ready(fixture->engine));
}

static void
a_fault_of_one_environment_leaves_the_other_alone(void **state)
{
    struct engine_fixture *fixture = *state;

    fixture->world.faults[CALL_FORCE_SYNC] =
        (struct world_fault){1, VERDICT_MISCONFIGURED, "forbidden", -1};
    engine_fixture_start(fixture, ROUTES({.group = 1}, {.group = 1, .environment = TEST}));
    world_give_rows(&fixture->world, TEST, 1, 1);
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 10000);
    assert_int_equal(fixture->scripted.settled_count, 1);
    assert_string_equal(fixture->scripted.settled[0].environment, "test");
}

static void
no_right_to_ask_for_memberships_is_a_fault_and_no_answer(void **state)
{
    struct engine_fixture *fixture = *state;

    fixture->world.part_faults =
        (struct world_fault){1000000, VERDICT_MISCONFIGURED, "privilege_missing", -1};
    engine_fixture_start(fixture, ROUTES({.group = 1}));
    world_give_rows(&fixture->world, PROD, 1, 1);
    fixture->world.people[1].groups = 1 << 1;
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = OLD_MS, .record_age_ms = OLD_MS);
    engine_fixture_pass(fixture, 60 * MINUTE_MS);
    assert_int_equal(fixture->scripted.settled_count, 0);
    assert_in_range(fixture->scripted.sent[CALL_SOURCES], 100, 135);
    fixture->world.part_faults.times = 0;
    engine_fixture_pass(fixture, 60000);
    assert_settled(&fixture->scripted, 0, OUTCOME_DONE, "confirmed");
}

/* The right to read persons is another one: whoever needs nothing else goes on. */
static void
no_right_to_ask_for_memberships_holds_nobody_who_is_believed(void **state)
{
    struct engine_fixture *fixture = *state;

    fixture->world.part_faults =
        (struct world_fault){1000000, VERDICT_MISCONFIGURED, "privilege_missing", -1};
    fixture->world.part_faults_are_of_members = true;
    engine_fixture_start(fixture, ROUTES({.group = 1, .columns = "c"}));
    world_give_rows(&fixture->world, PROD, 1, 9);
    for (int user = 1; user <= 4; user++) {
        PUBLISH(fixture, .user = user, .group = 1, .age_ms = OLD_MS, .record_age_ms = OLD_MS);
        engine_fixture_pass(fixture, 100);
    }
    assert_int_equal(fixture->scripted.sent[CALL_SOURCES], 1);
    for (int user = 5; user <= 8; user++) {
        PUBLISH(fixture, .user = user, .group = 1);
        engine_fixture_pass(fixture, 100);
    }
    assert_int_equal(fixture->scripted.settled_count, 4);
    /* nor does their success let those go who may not be asked about */
    assert_int_equal(fixture->scripted.sent[CALL_SOURCES], 5);
}

static void
a_wrong_secret_holds_everybody_and_sends_nothing_but_probes_for_a_token(void **state)
{
    struct engine_fixture *fixture = *state;

    misconfigure(fixture, CALL_TOKEN);
    start(fixture, ROUTES({.group = 1}));
    engine_fixture_pass(fixture, 60 * MINUTE_MS);
    assert_int_equal(fixture->scripted.sent[CALL_LOOK], 0);
    assert_in_range(fixture->scripted.sent[CALL_TOKEN], 200, 270);
    assert_int_equal(fixture->scripted.settled_count, 0);
    fixture->world.faults[CALL_TOKEN].times = 0;
    engine_fixture_pass(fixture, 2 * MINUTE_MS);
    assert_int_equal(fixture->scripted.settled_count, USERS);
}

static void
a_wrong_secret_shows_before_the_first_event(void **state)
{
    struct engine_fixture *fixture = *state;

    misconfigure(fixture, CALL_TOKEN);
    engine_fixture_start(fixture, ROUTES({.group = 1}));
    engine_fixture_pass(fixture, 1000);
    assert_false(engine_is_ready(fixture->engine));
    fixture->world.faults[CALL_TOKEN].times = 0;
    engine_fixture_pass(fixture, MINUTE_MS);
    assert_true(engine_is_ready(fixture->engine));
}

static void
who_comes_while_a_fault_is_known_is_held_without_a_call(void **state)
{
    struct engine_fixture *fixture = *state;
    size_t sent;

    misconfigure(fixture, CALL_FORCE_SYNC);
    start(fixture, ROUTES({.group = 1}));
    engine_fixture_pass(fixture, 10000);
    sent = fixture->scripted.sent[CALL_FORCE_SYNC];
    PUBLISH(fixture, .user = 20, .group = 1);
    engine_fixture_pass(fixture, 10000);
    assert_int_equal(fixture->scripted.sent[CALL_FORCE_SYNC], sent);
    assert_int_equal(engine_fixture_status(fixture, "held"), USERS + 1);
    engine_fixture_pass(fixture, fixture->settings.probe_ms);
    assert_int_equal(fixture->scripted.sent[CALL_FORCE_SYNC], sent + 1);
}

static void
who_comes_when_nobody_is_held_any_more_is_the_probe(void **state)
{
    struct engine_fixture *fixture = *state;
    size_t sent;

    misconfigure(fixture, CALL_FORCE_SYNC);
    start(fixture, ROUTES({.group = 1}));
    engine_fixture_pass(fixture, 10000);
    engine_revoke_all(fixture->engine, false);
    engine_fixture_assign(fixture);
    engine_fixture_pass(fixture, 10 * MINUTE_MS);
    sent = fixture->scripted.sent[CALL_FORCE_SYNC];
    for (int user = 20; user < 23; user++)
        PUBLISH(fixture, .user = user, .group = 1);
    engine_fixture_pass(fixture, 1000);
    assert_int_equal(fixture->scripted.sent[CALL_FORCE_SYNC], sent + 1);
    fixture->world.faults[CALL_FORCE_SYNC].times = 0;
    engine_fixture_pass(fixture, 2 * fixture->settings.probe_ms);
    assert_int_equal(fixture->scripted.settled_count, 3);
}

static void
whoever_is_held_can_be_revoked(void **state)
{
    struct engine_fixture *fixture = *state;

    misconfigure(fixture, CALL_FORCE_SYNC);
    start(fixture, ROUTES({.group = 1}));
    engine_fixture_pass(fixture, 10000);
    assert_int_equal(engine_fixture_status(fixture, "held"), USERS);
    engine_revoke_all(fixture->engine, false);
    assert_int_equal(engine_fixture_status(fixture, "held"), 0);
    engine_fixture_pass(fixture, 60000);
    assert_int_equal(engine_fixture_status(fixture, "unsettled_bytes"), 0);
}

static void
a_part_that_is_throttled_holds_the_lane_and_its_user_stays_in_line(void **state)
{
    struct engine_fixture *fixture = *state;

    fixture->world.part_faults = (struct world_fault){1, VERDICT_THROTTLED, "throttled", 20000};
    engine_fixture_start(fixture, ROUTES({.group = 1, .columns = "c"}));
    world_give_rows(&fixture->world, PROD, 1, 2);
    PUBLISH(fixture, .user = 1, .group = 1);
    PUBLISH(fixture, .user = 2, .group = 1);
    engine_fixture_pass(fixture, 19000);
    assert_int_equal(fixture->scripted.settled_count, 1);
    engine_fixture_pass(fixture, 2000);
    assert_int_equal(fixture->scripted.settled_count, 2);
    assert_int_equal(fixture->scripted.sent[CALL_SOURCES], 2);
}

/* --- the breaker ----------------------------------------------------------------------------- */

/* Ten users of PROD, which cannot be served, and one of TEST behind them in the same partition. */
static void
break_prod(struct engine_fixture *fixture, enum call_kind kind, struct route_spec spec)
{
    settings_use_tiers(&fixture->settings);
    misconfigure(fixture, kind);
    fixture->world.fails_only_prod = true;
    start(fixture,
          routing_make((const struct route_spec[]){spec, {.group = 2, .environment = TEST}}, 2,
                       true));
    world_give_rows(&fixture->world, TEST, 1, 20);
    if (kind != CALL_FORCE_SYNC)
        world_give_rows(&fixture->world, PROD, 1, 20);
    PUBLISH(fixture, .user = 20, .group = 2);
}

static void
assert_all_are_parked(struct engine_fixture *fixture, enum call_kind kind, struct route_spec spec)
{
    break_prod(fixture, kind, spec);
    engine_fixture_pass(fixture, fixture->settings.grace_ms - 1000);
    assert_int_equal(fixture->scripted.letter_count, 0);
    assert_int_equal(fixture->scripted.settled_count, 1);
    engine_fixture_pass(fixture, fixture->settings.probe_ms + 5000);
    assert_int_equal(fixture->scripted.letter_count, USERS);
    assert_int_equal(engine_fixture_committed(fixture, 0), USERS + 1);
    assert_settled(&fixture->scripted, 1, OUTCOME_PARKED, "misconfigured");
    for (size_t i = 0; i < USERS; i++) {
        assert_int_equal(fixture->scripted.letters[i].tier, 0);
        assert_string_equal(letter_header(&fixture->scripted.letters[i], "dvsync-parkings"), "0");
    }
}

static void
whoever_needs_a_right_that_lacks_is_parked_after_the_grace(void **state)
{
    assert_all_are_parked(*state, CALL_FORCE_SYNC, (struct route_spec){.group = 1});
}

static void
whoever_needs_rows_that_cannot_be_read_is_parked_after_the_grace(void **state)
{
    assert_all_are_parked(*state, CALL_LOOK, (struct route_spec){.group = 1});
}

static void
whoever_needs_attributes_that_cannot_be_read_is_parked_after_the_grace(void **state)
{
    assert_all_are_parked(*state, CALL_SOURCES, (struct route_spec){.group = 1, .columns = "c"});
}

static void
whoever_needs_units_that_are_not_there_is_parked_after_the_grace(void **state)
{
    assert_all_are_parked(*state, CALL_UNITS, (struct route_spec){.group = 1, .unit = SALES});
}

static void
who_comes_back_while_it_lasts_is_parked_again_on_the_same_topic_uncounted(void **state)
{
    struct engine_fixture *fixture = *state;

    break_prod(fixture, CALL_FORCE_SYNC, (struct route_spec){.group = 1});
    engine_fixture_pass(fixture, fixture->settings.grace_ms + fixture->settings.probe_ms + 5000);
    for (size_t i = 0; i < 5; i++) {
        engine_fixture_return(fixture, USERS - 1 + i);
        engine_fixture_pass(fixture, fixture->settings.probe_ms + 5000);
        assert_int_equal(fixture->scripted.letter_count, USERS + i + 1);
        assert_int_equal(fixture->scripted.letters[USERS + i].tier, 0);
        assert_string_equal(letter_header(&fixture->scripted.letters[USERS + i], "dvsync-parkings"),
                            "0");
    }
    fixture->world.faults[CALL_FORCE_SYNC].times = 0;
    for (size_t i = 0; i < USERS; i++)
        engine_fixture_return(fixture, i);
    engine_fixture_pass(fixture, 2 * MINUTE_MS);
    assert_int_equal(fixture->scripted.letter_count, USERS + 5);
    assert_true(engine_is_ready(fixture->engine));
    assert_int_equal(engine_fixture_status(fixture, "unsettled_events"), 0);
}

#define TEST_CASE(name) \
    cmocka_unit_test_setup_teardown(name, engine_fixture_setup, engine_fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(who_may_not_add_users_is_held_and_one_at_a_time_probes),
        TEST_CASE(who_may_not_write_rows_is_held_and_one_at_a_time_probes),
        TEST_CASE(who_may_not_give_roles_is_held_and_one_at_a_time_probes),
        TEST_CASE(whoever_left_while_all_were_held_gets_nothing),
        TEST_CASE(nothing_is_burnt_against_a_fault),
        TEST_CASE(an_environment_with_a_fault_is_shown_and_others_keep_the_worker_ready),
        TEST_CASE(a_fault_of_one_environment_leaves_the_other_alone),
        TEST_CASE(no_right_to_ask_for_memberships_is_a_fault_and_no_answer),
        TEST_CASE(no_right_to_ask_for_memberships_holds_nobody_who_is_believed),
        TEST_CASE(a_wrong_secret_holds_everybody_and_sends_nothing_but_probes_for_a_token),
        TEST_CASE(a_wrong_secret_shows_before_the_first_event),
        TEST_CASE(whoever_needs_a_right_that_lacks_is_parked_after_the_grace),
        TEST_CASE(whoever_needs_rows_that_cannot_be_read_is_parked_after_the_grace),
        TEST_CASE(whoever_needs_attributes_that_cannot_be_read_is_parked_after_the_grace),
        TEST_CASE(whoever_needs_units_that_are_not_there_is_parked_after_the_grace),
        TEST_CASE(who_comes_back_while_it_lasts_is_parked_again_on_the_same_topic_uncounted),
        TEST_CASE(who_comes_while_a_fault_is_known_is_held_without_a_call),
        TEST_CASE(who_comes_when_nobody_is_held_any_more_is_the_probe),
        TEST_CASE(whoever_is_held_can_be_revoked),
        TEST_CASE(a_part_that_is_throttled_holds_the_lane_and_its_user_stays_in_line),
    };
    return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}
