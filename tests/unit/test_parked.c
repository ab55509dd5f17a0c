/* Retry topics: whose turn it is, what the headers of a kept record say, and the way from topic to topic. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"
#include "error.h"
#include "parked.h"

#define BYTES(text) text, sizeof(text) - 1

/* --- tiers ----------------------------------------------------------------------------------- */

static void
tiers_follow_each_other_so_many_times_each(void **state)
{
    static const struct tier tiers[] = {{NULL, 1, 2}, {NULL, 2, 1}, {NULL, 3, 3}};
    static const int expected[] = {0, 0, 1, 2, 2, 2, TO_DEAD_LETTERS, TO_DEAD_LETTERS};

    (void)state;
    for (int64_t parkings = 0; parkings < 8; parkings++)
        assert_int_equal(tier_after(tiers, 3, parkings), expected[parkings]);
    assert_int_equal(tier_after(NULL, 0, 0), TO_DEAD_LETTERS);
}

/* --- headers --------------------------------------------------------------------------------- */

static void
parked_reads_what_a_kept_record_says(void **state)
{
    static const struct kafka_header headers[] = {
        {"ce_id", NULL, 0},
        {"dvsync-origin-timestamp", BYTES("1700000000123")},
        {"dvsync-environment", BYTES("prod")},
        {"dvsync-attempts", BYTES("27")},
        {"dvsync-parkings", BYTES("3")},
        {"dvsync-first-failure", BYTES("2023-11-14T22:13:20.000Z")},
        {"dvsync-format", BYTES("1")},
    };
    struct parked parked;
    struct error error;

    (void)state;
    assert_int_equal(parked_read(headers, 7, &parked, &error), 0);
    assert_true(parked.is_kept);
    assert_int_equal(parked.origin_ms, 1700000000123);
    assert_int_equal(parked.environment_length, 4);
    assert_memory_equal(parked.environment, "prod", 4);
    assert_int_equal(parked.attempts, 27);
    assert_int_equal(parked.parkings, 3);
    assert_int_equal(parked.first_failure_ms, 1700000000000);
    assert_int_equal(parked_read(headers, 6, &parked, &error), 0);
    assert_false(parked.is_kept);
    assert_int_equal(parked.attempts, 0);
    assert_null(parked.environment);
}

static void
parked_refuses_what_no_kept_record_says(void **state)
{
    static const struct kafka_header cases[] = {
        {"dvsync-format", BYTES("2")},
        {"dvsync-format", NULL, 0},
        {"dvsync-format", BYTES("")},
        {"dvsync-attempts", BYTES("-1")},
        {"dvsync-attempts", BYTES("")},
        {"dvsync-attempts", NULL, 0},
        {"dvsync-parkings", BYTES("1000000000000000000")},
        {"dvsync-parkings", BYTES("3 ")},
        {"dvsync-origin-timestamp", BYTES("-2")},
        {"dvsync-first-failure", BYTES("yesterday")},
        {"dvsync-first-failure", NULL, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct kafka_header headers[] = {cases[i], {"dvsync-format", BYTES("1")}};
        struct parked parked;
        struct error error;

        assert_int_equal(parked_read(headers, 2, &parked, &error), -1);
        assert_int_equal(error.class, ERROR_INPUT);
        assert_non_null(strstr(error.text, cases[i].name));
    }
}

/* --- from topic to topic --------------------------------------------------------------------- */

static void
refuse(struct engine_fixture *fixture, int times)
{
    fixture->world.faults[CALL_FORCE_SYNC] =
        (struct world_fault){times, VERDICT_REFUSED, "no_licence", -1};
}

static void
start(struct engine_fixture *fixture)
{
    settings_use_tiers(&fixture->settings);
    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->world.people[1].groups = 1 << 1;
}

static void
whoever_is_refused_until_the_deadline_is_parked_and_comes_back(void **state)
{
    struct engine_fixture *fixture = *state;
    const struct letter *letter = &fixture->scripted.letters[0];

    start(fixture);
    refuse(fixture, 1000);
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 2 * fixture->settings.deadline_ms);
    assert_settled(&fixture->scripted, 0, OUTCOME_PARKED, "no_licence");
    assert_string_equal(fixture->scripted.run_outcome, "parked");
    assert_int_equal(engine_fixture_committed(fixture, 0), 1);
    assert_int_equal(letter->tier, 0);
    assert_string_equal(letter_header(letter, "dvsync-parkings"), "1");
    assert_string_equal(letter_header(letter, "dvsync-environment"), "prod");
    engine_fixture_pass(fixture, FIRST_DELAY_MS);
    refuse(fixture, 0);
    engine_fixture_return(fixture, 0);
    engine_fixture_pass(fixture, 20000);
    assert_settled(&fixture->scripted, 1, OUTCOME_DONE, "confirmed");
}

static void
each_tier_has_its_turn_and_then_the_dead_letters(void **state)
{
    static const int tiers[] = {0, 0, 1, TO_DEAD_LETTERS};
    struct engine_fixture *fixture = *state;

    start(fixture);
    refuse(fixture, 100000);
    PUBLISH(fixture, .user = 1, .group = 1);
    for (size_t i = 0; i < 4; i++) {
        engine_fixture_pass(fixture, 2 * fixture->settings.deadline_ms);
        assert_int_equal(fixture->scripted.letter_count, i + 1);
        assert_int_equal(fixture->scripted.letters[i].tier, tiers[i]);
        assert_settled(&fixture->scripted, i, i < 3 ? OUTCOME_PARKED : OUTCOME_DEAD, "no_licence");
        if (i < 3)
            engine_fixture_return(fixture, i);
    }
    assert_string_equal(letter_header(&fixture->scripted.letters[3], "dvsync-origin-topic"),
                        "events");
    assert_string_equal(letter_header(&fixture->scripted.letters[3], "dvsync-parkings"), "3");
}

static void
whoever_left_meanwhile_gets_nothing(void **state)
{
    struct engine_fixture *fixture = *state;

    start(fixture);
    refuse(fixture, 1000);
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 2 * fixture->settings.deadline_ms);
    refuse(fixture, 0);
    fixture->world.people[1].groups = 0;
    engine_fixture_pass(fixture, FIRST_DELAY_MS);
    engine_fixture_return(fixture, 0);
    engine_fixture_pass(fixture, 20000);
    assert_settled(&fixture->scripted, 1, OUTCOME_SKIPPED, "not_a_member");
}

/* The record is stamped anew, but it is the first one's time that counts. */
static void
a_newer_event_that_made_the_user_ready_covers_what_is_parked(void **state)
{
    struct engine_fixture *fixture = *state;

    start(fixture);
    refuse(fixture, 1000);
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 2 * fixture->settings.deadline_ms);
    refuse(fixture, 0);
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 20000);
    assert_settled(&fixture->scripted, 1, OUTCOME_DONE, "confirmed");
    fixture->world.trace[0] = '\0';
    engine_fixture_return(fixture, 0);
    assert_settled(&fixture->scripted, 2, OUTCOME_DONE, "remembered");
    engine_fixture_assert_trace(fixture, "");
}

static void
only_the_environment_that_is_owed_runs_again(void **state)
{
    struct engine_fixture *fixture = *state;

    settings_use_tiers(&fixture->settings);
    fixture->settings.memory_keep_ms = 0;
    engine_fixture_start(fixture, ROUTES({.group = 1}, {.group = 1, .environment = TEST}));
    world_give_rows(&fixture->world, TEST, 1, 1);
    refuse(fixture, 1000);
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 2 * fixture->settings.deadline_ms);
    assert_int_equal(fixture->scripted.settled_count, 2);
    refuse(fixture, 0);
    engine_fixture_return(fixture, 0);
    engine_fixture_pass(fixture, 20000);
    assert_int_equal(fixture->scripted.settled_count, 3);
    assert_string_equal(fixture->scripted.settled[2].environment, "prod");
}

/* Its next turn would be on the second topic, but this one does not count. */
static void
who_comes_back_to_a_misconfigured_environment_stays_on_the_same_topic(void **state)
{
    struct engine_fixture *fixture = *state;
    const struct letter *letter = &fixture->scripted.letters[2];

    start(fixture);
    refuse(fixture, 100000);
    PUBLISH(fixture, .user = 1, .group = 1);
    for (size_t i = 0; i < 2; i++) {
        engine_fixture_pass(fixture, 2 * fixture->settings.deadline_ms);
        engine_fixture_return(fixture, i);
    }
    fixture->world.faults[CALL_FORCE_SYNC].verdict = VERDICT_MISCONFIGURED;
    engine_fixture_pass(fixture, 2 * fixture->settings.deadline_ms);
    assert_int_equal(letter->tier, 0);
    assert_string_equal(letter_header(letter, "dvsync-parkings"), "2");
    assert_string_equal(letter_header(letter, "dvsync-error-class"), "misconfigured");
}

static void
what_is_rejected_goes_to_the_dead_letters_at_once(void **state)
{
    struct engine_fixture *fixture = *state;

    start(fixture);
    fixture->world.faults[CALL_FORCE_SYNC] =
        (struct world_fault){1, VERDICT_REJECTED, "too_long", -1};
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 1000);
    assert_settled(&fixture->scripted, 0, OUTCOME_DEAD, "too_long");
    assert_int_equal(fixture->scripted.letters[0].tier, TO_DEAD_LETTERS);
}

static void
without_dead_letters_the_last_chance_never_ends(void **state)
{
    struct engine_fixture *fixture = *state;

    start(fixture);
    fixture->settings.has_dead_letters = false;
    refuse(fixture, 100000);
    PUBLISH(fixture, .user = 1, .group = 1);
    for (size_t i = 0; i < 3; i++) {
        engine_fixture_pass(fixture, 2 * fixture->settings.deadline_ms);
        engine_fixture_return(fixture, i);
    }
    engine_fixture_pass(fixture, 24 * 60 * MINUTE_MS);
    assert_int_equal(fixture->scripted.letter_count, 3);
    refuse(fixture, 0);
    engine_fixture_pass(fixture, 60 * MINUTE_MS);
    assert_settled(&fixture->scripted, 3, OUTCOME_DONE, "confirmed");
}

static void
a_kept_record_of_another_version_is_no_event(void **state)
{
    static const struct kafka_header header = {"dvsync-format", BYTES("2")};
    struct engine_fixture *fixture = *state;
    struct message message = *message_make(1, 1, 0, START_WALL_MS);

    start(fixture);
    message.headers = &header;
    message.header_count = 1;
    assert_true(engine_take(fixture->engine, &message, -1));
    engine_fixture_pass(fixture, 1000);
    assert_settled(&fixture->scripted, 0, OUTCOME_DEAD, "undecodable");
    assert_int_equal(fixture->scripted.letters[0].tier, TO_DEAD_LETTERS);
}

#define TEST_CASE(name) \
    cmocka_unit_test_setup_teardown(name, engine_fixture_setup, engine_fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiers_follow_each_other_so_many_times_each),
        cmocka_unit_test(parked_reads_what_a_kept_record_says),
        cmocka_unit_test(parked_refuses_what_no_kept_record_says),
        TEST_CASE(whoever_is_refused_until_the_deadline_is_parked_and_comes_back),
        TEST_CASE(each_tier_has_its_turn_and_then_the_dead_letters),
        TEST_CASE(whoever_left_meanwhile_gets_nothing),
        TEST_CASE(a_newer_event_that_made_the_user_ready_covers_what_is_parked),
        TEST_CASE(only_the_environment_that_is_owed_runs_again),
        TEST_CASE(who_comes_back_to_a_misconfigured_environment_stays_on_the_same_topic),
        TEST_CASE(what_is_rejected_goes_to_the_dead_letters_at_once),
        TEST_CASE(without_dead_letters_the_last_chance_never_ends),
        TEST_CASE(a_kept_record_of_another_version_is_no_event),
    };
    return cmocka_run_group_tests_name("parked", tests, NULL, NULL);
}
