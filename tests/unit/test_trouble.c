/* Runs that fail: deadlines, one dead letter a group, and what is held for want of a place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"

static void
fail_always(struct engine_fixture *fixture, enum call_kind kind, enum verdict verdict)
{
    fixture->world.faults[kind] = (struct world_fault){1000000, verdict, "reason", -1};
}

static struct settled
settled_at(const struct engine_fixture *fixture, int64_t offset)
{
    for (size_t i = 0; i < fixture->scripted.settled_count; i++) {
        if (fixture->scripted.settled[i].offset == offset)
            return fixture->scripted.settled[i];
    }
    fail_msg("offset %d is not settled", (int)offset);
    return (struct settled){0};
}

/* --- dead letters ---------------------------------------------------------------------------- */

static void
a_failed_run_keeps_one_record_a_group_and_supersedes_the_others(void **state)
{
    struct engine_fixture *fixture = *state;
    int64_t first, newest, middle, other;

    engine_fixture_start(fixture, ROUTES({.group = 1}, {.group = 2}));
    fail_always(fixture, CALL_FORCE_SYNC, VERDICT_REJECTED);
    first = PUBLISH(fixture, .user = 1, .group = 1, .age_ms = 3000, .record_age_ms = 3000);
    newest = PUBLISH(fixture, .user = 1, .group = 1, .age_ms = 1000, .record_age_ms = 1000);
    middle = PUBLISH(fixture, .user = 1, .group = 1, .age_ms = 2000, .record_age_ms = 2000);
    other = PUBLISH(fixture, .user = 1, .group = 2);
    engine_fixture_pass(fixture, 5000);
    assert_int_equal(fixture->scripted.letter_count, 2);
    assert_int_equal(settled_at(fixture, newest).outcome, OUTCOME_DEAD);
    assert_int_equal(settled_at(fixture, other).outcome, OUTCOME_DEAD);
    assert_int_equal(settled_at(fixture, first).outcome, OUTCOME_SUPERSEDED);
    assert_int_equal(settled_at(fixture, middle).outcome, OUTCOME_SUPERSEDED);
    assert_string_equal(settled_at(fixture, first).reason, "reason");
    assert_int_equal(engine_fixture_committed(fixture, 0), 4);
    assert_string_equal(fixture->scripted.run_outcome, "dead");
}

static void
the_letter_has_the_bytes_and_origin_of_the_newest_event(void **state)
{
    struct engine_fixture *fixture = *state;
    const struct letter *letter = &fixture->scripted.letters[0];

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fail_always(fixture, CALL_FORCE_SYNC, VERDICT_REJECTED);
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = 1000, .record_age_ms = 1000, .partition = 1);
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = 3000, .record_age_ms = 3000);
    engine_fixture_pass(fixture, 5000);
    assert_int_equal(fixture->scripted.letter_count, 1);
    assert_int_equal(letter->partition, 1);
    assert_string_equal(letter_header(letter, "dvsync-origin-partition"), "1");
    assert_non_null(strstr(letter->value, "2023-11-14T22:13:19.000Z"));
    assert_string_equal(letter_header(letter, "dvsync-environment"), "prod");
    assert_string_equal(letter_header(letter, "dvsync-error-code"), "reason");
    assert_string_equal(letter_header(letter, "dvsync-attempts"), "1");
}

static void
a_dead_letter_tells_what_failed_since_when_and_for_which_request(void **state)
{
    struct engine_fixture *fixture = *state;
    const struct letter *letter = &fixture->scripted.letters[0];

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fail_always(fixture, CALL_FORCE_SYNC, VERDICT_REFUSED);
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 3 * fixture->settings.deadline_ms);
    assert_string_equal(letter_header(letter, "dvsync-error-text"), "reason");
    assert_string_equal(letter_header(letter, "dvsync-first-failure"), "2023-11-14T22:13:20.010Z");
    assert_string_not_equal(letter_header(letter, "dvsync-last-failure"),
                            letter_header(letter, "dvsync-first-failure"));
    assert_string_equal(fixture->scripted.settled[0].detail, "reason");
    assert_memory_equal(fixture->scripted.settled[0].request_id, "id-", 3);
}

static void
a_role_that_had_no_copy_is_looked_for_again_by_the_next_event(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1, .roles = "2"}));
    world_give_rows(&fixture->world, PROD, 1, 1);
    fixture->world.rows[PROD][1].unit = SALES;
    fixture->world.lacks_reader_copies = true;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 1000);
    assert_settled(&fixture->scripted, 0, OUTCOME_DEAD, "role_without_copy");
    fixture->world.lacks_reader_copies = false;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 1000);
    assert_settled(&fixture->scripted, 1, OUTCOME_DONE, "confirmed");
}

static void
nothing_settles_before_the_delivery_report(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fail_always(fixture, CALL_FORCE_SYNC, VERDICT_REJECTED);
    fixture->holds_letters = true;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 60 * MINUTE_MS);
    assert_int_equal(fixture->scripted.letter_count, 1);
    assert_int_equal(fixture->scripted.settled_count, 0);
    assert_int_equal(engine_fixture_committed(fixture, 0), -1);
    fixture->holds_letters = false;
    engine_fixture_pass(fixture, 3000);
    assert_int_equal(engine_fixture_committed(fixture, 0), 1);
}

static void
a_letter_that_was_not_kept_is_written_again(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fail_always(fixture, CALL_FORCE_SYNC, VERDICT_REJECTED);
    fixture->breaks_letters = true;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 1000);
    assert_int_equal(fixture->scripted.settled_count, 0);
    fixture->breaks_letters = false;
    engine_fixture_pass(fixture, 60000);
    assert_settled(&fixture->scripted, 0, OUTCOME_DEAD, "reason");
    assert_true(fixture->scripted.letter_count >= 2);
    assert_int_equal(fixture->scripted.sent[CALL_FORCE_SYNC], 1);
}

static void
a_producer_that_takes_none_now_is_asked_again(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fail_always(fixture, CALL_FORCE_SYNC, VERDICT_REJECTED);
    fixture->scripted.refuses_keep = true;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 1000);
    assert_int_equal(engine_fixture_status(fixture, "held"), 1);
    fixture->scripted.refuses_keep = false;
    engine_fixture_pass(fixture, fixture->settings.backoff_cap_ms);
    assert_settled(&fixture->scripted, 0, OUTCOME_DEAD, "reason");
}

static void
an_event_that_comes_while_its_user_is_kept_runs_on_its_own(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->world.faults[CALL_FORCE_SYNC] =
        (struct world_fault){1, VERDICT_REJECTED, "reason", -1};
    fixture->holds_letters = true;
    fixture->world.people[1].groups = 1 << 1;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 1000);
    PUBLISH(fixture, .user = 1, .group = 1);
    PUBLISH(fixture, .user = 1, .group = 1, .is_removal = true, .age_ms = 5000);
    fixture->holds_letters = false;
    engine_fixture_pass(fixture, 20000);
    assert_int_equal(settled_at(fixture, 0).outcome, OUTCOME_DEAD);
    assert_int_equal(settled_at(fixture, 1).outcome, OUTCOME_DONE);
    assert_int_equal(fixture->scripted.letter_count, 1);
}

static void
a_removal_while_a_record_is_kept_counts_for_those_who_come_late(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->world.faults[CALL_FORCE_SYNC] =
        (struct world_fault){1, VERDICT_REJECTED, "reason", -1};
    fixture->holds_letters = true;
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = 9000);
    engine_fixture_pass(fixture, 5000);
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = 2000);
    engine_fixture_pass(fixture, 100);
    fixture->world.people[1].groups = 0;
    PUBLISH(fixture, .user = 1, .group = 1, .is_removal = true);
    engine_fixture_pass(fixture, 100);
    fixture->holds_letters = false;
    engine_fixture_pass(fixture, 20000);
    assert_int_equal(settled_at(fixture, 1).outcome, OUTCOME_SKIPPED);
    assert_int_equal(fixture->scripted.sent[CALL_FORCE_SYNC], 1);
}

static void
a_long_retry_after_kills_no_event(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->world.people[1].groups = 1 << 1;
    fixture->world.faults[CALL_FORCE_SYNC] =
        (struct world_fault){1, VERDICT_RETRY, "service_fault", 20 * MINUTE_MS};
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 25 * MINUTE_MS);
    assert_int_equal(fixture->scripted.letter_count, 0);
    assert_settled(&fixture->scripted, 0, OUTCOME_DONE, "confirmed");
}

static void
a_revoke_while_a_record_is_kept_settles_nothing_and_forgets_the_report(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fail_always(fixture, CALL_FORCE_SYNC, VERDICT_REJECTED);
    fixture->holds_letters = true;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 1000);
    engine_revoke_all(fixture->engine, false);
    assert_int_equal(engine_fixture_status(fixture, "unsettled_events"), 0);
    fixture->holds_letters = false;
    engine_fixture_pass(fixture, 1000);
    assert_int_equal(fixture->scripted.settled_count, 0);
}

/* --- without a dead-letter topic ------------------------------------------------------------- */

static void
without_dead_letters_events_are_held_and_tried_now_and_then(void **state)
{
    struct engine_fixture *fixture = *state;

    fixture->settings.has_dead_letters = false;
    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->world.people[1].groups = 1 << 1;
    fail_always(fixture, CALL_FORCE_SYNC, VERDICT_REJECTED);
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 60 * MINUTE_MS);
    assert_int_equal(fixture->scripted.letter_count, 0);
    assert_int_equal(fixture->scripted.settled_count, 0);
    assert_int_equal(engine_fixture_status(fixture, "held"), 1);
    assert_in_range(fixture->scripted.sent[CALL_FORCE_SYNC], 30, 70);
    fixture->world.faults[CALL_FORCE_SYNC].times = 0;
    engine_fixture_pass(fixture, 3 * MINUTE_MS);
    assert_settled(&fixture->scripted, 0, OUTCOME_DONE, "confirmed");
}

/* --- deadlines ------------------------------------------------------------------------------- */

static void
a_deadline_stands_still_while_a_lane_is_held(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->world.faults[CALL_FORCE_SYNC] =
        (struct world_fault){1, VERDICT_THROTTLED, "throttled", 50 * MINUTE_MS};
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 49 * MINUTE_MS);
    assert_int_equal(fixture->scripted.settled_count, 0);
    engine_fixture_pass(fixture, 2 * MINUTE_MS);
    assert_settled(&fixture->scripted, 0, OUTCOME_DONE, "confirmed");
}

static void
a_service_that_is_down_burns_nobody(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fail_always(fixture, CALL_LOOK, VERDICT_RETRY);
    for (int user = 1; user <= 20; user++)
        PUBLISH(fixture, .user = user, .group = 1);
    engine_fixture_pass(fixture, 5 * 60 * MINUTE_MS);
    assert_int_equal(fixture->scripted.settled_count, 0);
    assert_in_range(fixture->scripted.sent[CALL_LOOK], 100, 2000);
    fixture->world.faults[CALL_LOOK].times = 0;
    engine_fixture_pass(fixture, 10 * MINUTE_MS);
    assert_int_equal(fixture->scripted.settled_count, 20);
    assert_int_equal(fixture->scripted.letter_count, 0);
}

static void
waiting_for_graph_is_not_held_against_the_deadline(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->world.people[1].groups = 0;
    world_give_rows(&fixture->world, PROD, 1, 1);
    PUBLISH(fixture, .user = 1, .group = 1, .age_ms = OLD_MS);
    engine_fixture_pass(fixture, 13 * MINUTE_MS);
    assert_int_equal(fixture->scripted.letter_count, 0);
    fixture->world.people[1].groups = 1 << 1;
    engine_fixture_pass(fixture, 2 * MINUTE_MS);
    assert_settled(&fixture->scripted, 0, OUTCOME_DONE, "confirmed");
}

static void
a_new_run_of_the_same_user_has_a_deadline_of_its_own(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fail_always(fixture, CALL_FORCE_SYNC, VERDICT_REFUSED);
    for (int i = 0; i < 3; i++) {
        PUBLISH(fixture, .user = 1, .group = 1);
        engine_fixture_pass(fixture, fixture->settings.deadline_ms / 2);
        assert_int_equal(fixture->scripted.settled_count, i);
        engine_fixture_pass(fixture, fixture->settings.deadline_ms * 2);
        assert_int_equal(fixture->scripted.settled_count, i + 1);
    }
}

static void
somebody_who_is_blocked_in_entra_is_asked_for_until_the_deadline(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    fixture->world.people[1].is_blocked = true;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 3 * fixture->settings.deadline_ms);
    assert_settled(&fixture->scripted, 0, OUTCOME_DEAD, "disabled_in_entra");
    assert_int_equal(fixture->scripted.sent[CALL_FORCE_SYNC], 0);
}

static void
two_rows_for_one_user_are_for_a_person_to_see(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture, ROUTES({.group = 1}));
    world_give_rows(&fixture->world, PROD, 1, 1);
    fixture->world.rows[PROD][1].count = 3;
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 1000);
    assert_settled(&fixture->scripted, 0, OUTCOME_DEAD, "two_rows");
}

#define TEST_CASE(name) \
    cmocka_unit_test_setup_teardown(name, engine_fixture_setup, engine_fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(a_failed_run_keeps_one_record_a_group_and_supersedes_the_others),
        TEST_CASE(the_letter_has_the_bytes_and_origin_of_the_newest_event),
        TEST_CASE(a_dead_letter_tells_what_failed_since_when_and_for_which_request),
        TEST_CASE(a_role_that_had_no_copy_is_looked_for_again_by_the_next_event),
        TEST_CASE(nothing_settles_before_the_delivery_report),
        TEST_CASE(a_letter_that_was_not_kept_is_written_again),
        TEST_CASE(a_producer_that_takes_none_now_is_asked_again),
        TEST_CASE(an_event_that_comes_while_its_user_is_kept_runs_on_its_own),
        TEST_CASE(a_removal_while_a_record_is_kept_counts_for_those_who_come_late),
        TEST_CASE(a_long_retry_after_kills_no_event),
        TEST_CASE(a_revoke_while_a_record_is_kept_settles_nothing_and_forgets_the_report),
        TEST_CASE(without_dead_letters_events_are_held_and_tried_now_and_then),
        TEST_CASE(a_deadline_stands_still_while_a_lane_is_held),
        TEST_CASE(a_service_that_is_down_burns_nobody),
        TEST_CASE(waiting_for_graph_is_not_held_against_the_deadline),
        TEST_CASE(a_new_run_of_the_same_user_has_a_deadline_of_its_own),
        TEST_CASE(somebody_who_is_blocked_in_entra_is_asked_for_until_the_deadline),
        TEST_CASE(two_rows_for_one_user_are_for_a_person_to_see),
    };
    return cmocka_run_group_tests_name("trouble", tests, NULL, NULL);
}
