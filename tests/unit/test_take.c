/* Records on their way in: what settles at once, what makes tickets, and that all or nothing is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine_fixture.h"
#include "scarce_memory.h"

/* --- settled by policy ----------------------------------------------------------------------- */

static void
what_is_none_of_our_business_is_skipped_at_once(void **state)
{
    static const struct {
        struct event_spec spec;
        const char *reason;
    } cases[] = {
        {{.user = 1, .group = 9}, "unrouted"},
        {{.user = 1, .group = 1, .is_removal = true}, "removal"},
        {{.user = 1, .group = 9, .is_removal = true}, "removal"},
        {{.user = 1, .group = 1, .is_not_user = true}, "not_a_user"},
        {{.user = 1, .group = 9, .is_not_user = true}, "not_a_user"},
    };
    struct engine_fixture *fixture = *state;
    size_t count = sizeof(cases) / sizeof(cases[0]);

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    for (size_t i = 0; i < count; i++) {
        engine_fixture_publish(fixture, cases[i].spec);
        assert_settled(&fixture->scripted, i, OUTCOME_SKIPPED, cases[i].reason);
        assert_string_equal(fixture->scripted.settled[i].environment, "");
    }
    engine_fixture_pass(fixture, 2000);
    assert_int_equal(engine_fixture_committed(fixture, 0), (int64_t)count);
    engine_fixture_assert_trace(fixture, "");
}

static void
a_record_that_is_no_event_goes_to_the_dead_letters(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->holds_letters = true;
    engine_fixture_publish_bytes(fixture, "{\"group\": 5}");
    engine_fixture_pass(fixture, 5000);
    assert_int_equal(fixture->scripted.settled_count, 0);
    assert_string_equal(fixture->scripted.letters[0].value, "{\"group\": 5}");
    assert_int_equal(engine_fixture_committed(fixture, 0), -1);
    fixture->holds_letters = false;
    engine_fixture_pass(fixture, 5000);
    assert_settled(&fixture->scripted, 0, OUTCOME_DEAD, "undecodable");
    assert_int_equal(engine_fixture_committed(fixture, 0), 1);
}

/* --- tickets --------------------------------------------------------------------------------- */

static void
a_group_of_several_environments_settles_when_all_have(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}, {.group = 1, .environment = TEST}));
    world_give_rows(&fixture->world, PROD, 1, 1); /* in TEST it must be made */
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 3000);
    assert_int_equal(fixture->scripted.settled_count, 1);
    assert_string_equal(fixture->scripted.settled[0].environment, "prod");
    assert_int_equal(engine_fixture_committed(fixture, 0), -1);
    engine_fixture_pass(fixture, 6000);
    assert_int_equal(fixture->scripted.settled_count, 2);
    assert_string_equal(fixture->scripted.settled[1].environment, "test");
    assert_int_equal(engine_fixture_committed(fixture, 0), 1);
}

static void
an_unsettled_event_holds_the_commit_back(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    world_give_rows(&fixture->world, PROD, 2, 2);
    fixture->holds[CALL_FORCE_SYNC] = true;
    PUBLISH(fixture, .user = 2, .group = 1);
    PUBLISH(fixture, .user = 1, .group = 1);
    PUBLISH(fixture, .user = 2, .group = 9);
    engine_fixture_pass(fixture, 60000);
    assert_int_equal(engine_fixture_committed(fixture, 0), 1);
    fixture->holds[CALL_FORCE_SYNC] = false;
    engine_fixture_pass(fixture, 60000);
    assert_int_equal(engine_fixture_committed(fixture, 0), 3);
}

/* --- memory of verifications ----------------------------------------------------------------- */

static void
nothing_is_taken_of_a_partition_that_is_not_ours(void **state)
{
    static const struct event_spec specs[] = {
        {.user = 1, .group = 1},
        {.user = 1, .group = 9},
        {.user = 1, .group = 1, .is_removal = true},
        {.user = 1, .group = 1, .age_ms = OLD_MS, .record_age_ms = OLD_MS},
    };
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    world_give_rows(&fixture->world, PROD, 1, 1);
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 1000);
    engine_revoke_all(fixture->engine, false);
    for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++)
        assert_false(engine_fixture_try(fixture, specs[i]));
    assert_false(engine_fixture_try_bytes(fixture, "no json"));
    assert_int_equal(fixture->scripted.settled_count, 1);
    assert_int_equal(engine_fixture_status(fixture, "unsettled_events"), 0);
    assert_int_equal(engine_fixture_status(fixture, "unsettled_bytes"), 0);
}

static void
a_skipped_event_at_the_end_is_committed_at_once(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    engine_high(fixture->engine, MAIN_TOPIC, 0, 1);
    PUBLISH(fixture, .user = 1, .group = 9);
    engine_fixture_pass(fixture, 300);
    assert_int_equal(engine_fixture_committed(fixture, 0), 1);
}

static void
an_event_may_be_remembered_in_one_environment_and_run_in_the_other(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}, {.group = 1, .environment = TEST}));
    world_give_rows(&fixture->world, PROD, 1, 1);
    fixture->holds[CALL_FORCE_SYNC] = true;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 1000);
    assert_int_equal(fixture->scripted.settled_count, 1);
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = OLD_MS, .record_age_ms = OLD_MS);
    assert_settled(&fixture->scripted, 1, OUTCOME_DONE, "remembered");
    assert_string_equal(fixture->scripted.settled[1].environment, "prod");
    fixture->holds[CALL_FORCE_SYNC] = false;
    engine_fixture_pass(fixture, 20000);
    assert_int_equal(fixture->scripted.settled_count, 4);
    assert_int_equal(engine_fixture_committed(fixture, 0), 2);
}

static void
a_stray_of_a_revoked_partition_is_forgotten(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->holds_letters = true;
    engine_fixture_publish_bytes(fixture, "no json");
    engine_revoke_all(fixture->engine, false);
    assert_int_equal(engine_fixture_status(fixture, "undecodable_held"), 0);
    assert_int_equal(engine_fixture_status(fixture, "unsettled_events"), 0);
    fixture->holds_letters = false;
    engine_fixture_pass(fixture, 1000);
    assert_int_equal(fixture->scripted.settled_count, 0);
}

static void
an_event_that_a_verification_covers_settles_at_once(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}, {.group = 2}));
    world_give_rows(&fixture->world, PROD, 1, 1);
    fixture->world.people[1].groups = 1 << 1;
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = OLD_MS, .record_age_ms = OLD_MS);
    engine_fixture_pass(fixture, 1000);
    fixture->world.trace[0] = '\0';
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = 62000, .record_age_ms = 62000);
    assert_settled(&fixture->scripted, 1, OUTCOME_DONE, "remembered");
    /* the record is as old as the event at most */
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = 62000, .record_age_ms = 0);
    PUBLISH(fixture, .user = 1, .group = 2, .age_ms = 62000, .record_age_ms = 62000);
    assert_int_equal(fixture->scripted.settled_count, 2);
    engine_fixture_pass(fixture, 1000);
    assert_int_equal(fixture->scripted.settled_count, 4);
}

static void
where_one_environment_remembers_the_other_is_still_asked(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}, {.group = 2, .recipe = "b"},
                                         {.group = 2, .environment = TEST, .recipe = "b"}));
    world_give_rows(&fixture->world, PROD, 1, 1);
    world_give_rows(&fixture->world, TEST, 1, 1);
    fixture->world.people[1].groups = 1 << 2;
    PUBLISH(fixture, .user = 1, .group = 2, .age_ms = OLD_MS, .record_age_ms = OLD_MS);
    engine_fixture_pass(fixture, 1000);
    engine_fixture_pass(fixture, fixture->settings.memory_keep_ms);
    PUBLISH(fixture, .user = 1, .group = 2, .age_ms = OLD_MS, .record_age_ms = OLD_MS);
    engine_fixture_pass(fixture, 1000);
    assert_int_equal(fixture->scripted.settled_count, 4); /* too long ago: asked again */
    PUBLISH(fixture, .user = 1, .group = 2, .age_ms = OLD_MS, .record_age_ms = OLD_MS);
    assert_settled(&fixture->scripted, 4, OUTCOME_DONE, "remembered");
    assert_settled(&fixture->scripted, 5, OUTCOME_DONE, "remembered");
    engine_fixture_pass(fixture, 3000);
    assert_int_equal(engine_fixture_committed(fixture, 0), 3);
}

static void
nothing_is_remembered_once_the_clocks_have_drifted_apart(void **state)
{
    static const struct {
        int64_t drift_ms;
        bool is_remembered;
    } cases[] = {{1000, true}, {-1000, true}, {1001, false}, {-1001, false}};
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    world_give_rows(&fixture->world, PROD, 1, 1);
    fixture->world.people[1].groups = 1 << 1;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t settled = fixture->scripted.settled_count;

        PUBLISH(fixture, .user = 1, .group = 1, .age_ms = OLD_MS, .record_age_ms = OLD_MS);
        engine_fixture_pass(fixture, 1000);
        settled = fixture->scripted.settled_count;
        fixture->clock.wall_ms += cases[i].drift_ms;
        PUBLISH(fixture, .user = 1, .group = 1, .age_ms = OLD_MS, .record_age_ms = OLD_MS);
        assert_int_equal(fixture->scripted.settled_count == settled + 1, cases[i].is_remembered);
        fixture->clock.wall_ms -= cases[i].is_remembered ? cases[i].drift_ms : 0;
        engine_fixture_pass(fixture, 1000);
    }
}

/* --- all or nothing -------------------------------------------------------------------------- */

/* Tries with every allocation failing in turn; how many there were. */
static size_t
take_with_scarce_memory(struct engine_fixture *fixture, struct event_spec spec)
{
    for (size_t i = 0;; i++) {
        int64_t events = engine_fixture_status(fixture, "unsettled_events");
        int64_t bytes = engine_fixture_status(fixture, "unsettled_bytes");
        bool is_taken;

        scarce_memory_fail_after(i);
        is_taken = engine_fixture_try(fixture, spec);
        if (!scarce_memory_has_failed()) {
            assert_true(is_taken);
            return i;
        }
        if (is_taken)
            return i + 1; /* it did without */
        assert_int_equal(engine_fixture_status(fixture, "unsettled_events"), events);
        assert_int_equal(engine_fixture_status(fixture, "unsettled_bytes"), bytes);
    }
}

static void
without_memory_nothing_is_taken_and_the_same_record_can_come_again(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}, {.group = 1, .environment = TEST}));
    world_give_rows(&fixture->world, PROD, 1, 1);
    world_give_rows(&fixture->world, TEST, 1, 1);
    fixture->world.people[1].groups = 1 << 1;
    assert_in_range(take_with_scarce_memory(fixture, (struct event_spec){.user = 1, .group = 1}), 4,
                    20);
    (void)take_with_scarce_memory(fixture, (struct event_spec){.user = 1, .group = 1});
    (void)take_with_scarce_memory(fixture, (struct event_spec){.user = 1, .group = 9});
    (void)take_with_scarce_memory(fixture,
                                  (struct event_spec){.user = 1, .group = 1, .is_removal = true});
    engine_fixture_pass(fixture, 60000);
    assert_int_equal(fixture->scripted.settled_count, 6);
    assert_int_equal(engine_fixture_committed(fixture, 0), 4);
}

#define TEST_CASE(name) \
    cmocka_unit_test_setup_teardown(name, engine_fixture_setup, engine_fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(what_is_none_of_our_business_is_skipped_at_once),
        TEST_CASE(a_record_that_is_no_event_goes_to_the_dead_letters),
        TEST_CASE(a_group_of_several_environments_settles_when_all_have),
        TEST_CASE(an_unsettled_event_holds_the_commit_back),
        TEST_CASE(nothing_is_taken_of_a_partition_that_is_not_ours),
        TEST_CASE(a_skipped_event_at_the_end_is_committed_at_once),
        TEST_CASE(an_event_may_be_remembered_in_one_environment_and_run_in_the_other),
        TEST_CASE(a_stray_of_a_revoked_partition_is_forgotten),
        TEST_CASE(an_event_that_a_verification_covers_settles_at_once),
        TEST_CASE(where_one_environment_remembers_the_other_is_still_asked),
        TEST_CASE(nothing_is_remembered_once_the_clocks_have_drifted_apart),
        TEST_CASE(without_memory_nothing_is_taken_and_the_same_record_can_come_again),
    };
    return cmocka_run_group_tests_name("take", tests, NULL, NULL);
}
