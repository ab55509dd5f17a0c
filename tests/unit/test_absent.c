/* Who left while no link was good for anything: told late, once, of a whole enumeration only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed_fixture.h"

enum { WAIT_MS = 15 * 60 * 1000, POLL_MS = 33000, MANY = 1100 };

static int
setup(void **state)
{
    int result = feed_fixture_setup(state);
    struct feed_fixture *fixture = *state;

    fixture->settings.conclude_after_ms = WAIT_MS;
    return result;
}

static void
assert_asks(const struct feed_fixture *fixture, const char *token)
{
    assert_string_equal(feed_fixture_asked(fixture, 0, CALL_DELTA), token);
}

/* Members are ${changes}, and the next round is under way. */
static struct feed_fixture *
with_members(void **state, const char *changes)
{
    struct feed_fixture *fixture = *state;

    feed_fixture_start(fixture);
    feed_fixture_answer(fixture, 0, changes, NULL, "d");
    feed_fixture_acknowledge(fixture);
    feed_fixture_assert_news(fixture, "page round");
    feed_fixture_pass(fixture, POLL_MS);
    text_clear(&fixture->published);
    return fixture;
}

static void
resync(struct feed_fixture *fixture)
{
    feed_fixture_refuse(fixture, 0, CALL_DELTA, VERDICT_CHANGED, "resync", 410);
    feed_fixture_assert_news(fixture, "resync");
}

/* An enumeration of one page that finds ${changes}. */
static void
enumerate(struct feed_fixture *fixture, const char *changes)
{
    feed_fixture_answer(fixture, 0, changes, NULL, "e");
    feed_fixture_acknowledge(fixture);
    feed_fixture_assert_news(fixture, "page round");
    text_clear(&fixture->published);
}

/* A state alone: the round's count begins anew, say. */
static bool
is_state_alone(const struct feed_fixture *fixture)
{
    return fixture->serial != 0 && fixture->open_count == 1 && fixture->open[0].topic == FEED_STATE;
}

/* Lets time pass with rounds that bring nothing, until somebody is told. */
static void
idle(struct feed_fixture *fixture, int64_t ms)
{
    for (int64_t passed_ms = 0; passed_ms < ms && fixture->serial == 0; passed_ms += 1000) {
        if (feed_fixture_is_asking(fixture, 0, CALL_DELTA))
            feed_fixture_answer_nothing(fixture, 0, NULL, "e");
        if (is_state_alone(fixture)) {
            feed_fixture_acknowledge(fixture);
            text_clear(&fixture->published);
        }
        feed_fixture_pass(fixture, 1000);
    }
    text_clear(&fixture->news);
}

static void
member_who_is_told_is_known_and_one_who_left_is_forgotten(void **state)
{
    struct feed_fixture *fixture = with_members(state, "+1");

    feed_fixture_answer(fixture, 0, "+2 *9 -1 ?3", NULL, "e");
    feed_fixture_assert_published(fixture, "main +2 -1 +3 know 2:1 forget 1 know 3:1 "
                                           "state 0:change:e …");
}

static void
member_is_not_kept_where_nobody_wants_to_conclude(void **state)
{
    struct feed_fixture *fixture = *state;

    fixture->settings.conclude_after_ms = -1;
    with_members(state, "+1 +2");
    resync(fixture);
    feed_fixture_answer(fixture, 0, "+1", NULL, "e");
    feed_fixture_assert_published(fixture, "backfill +1 state 0:change:e …");
    feed_fixture_acknowledge(fixture);
    idle(fixture, 2 * WAIT_MS);
    assert_int_equal(fixture->serial, 0);
}

static void
absent_is_told_some_time_after_a_whole_enumeration(void **state)
{
    struct feed_fixture *fixture = with_members(state, "+1 +2 +3");

    resync(fixture);
    feed_fixture_answer(fixture, 0, "+1", "p", NULL);
    feed_fixture_assert_published(fixture, "backfill +1 know 1:2 state 0:resync:p …");
    feed_fixture_acknowledge(fixture);
    text_clear(&fixture->published);
    text_clear(&fixture->news);
    enumerate(fixture, "+3");
    idle(fixture, WAIT_MS - 40000);
    feed_fixture_assert_published(fixture, "");
    idle(fixture, 80000);
    feed_fixture_assert_published(fixture, "backfill -2 forget 2 state 0:change:e …");
    text_clear(&fixture->news);
    feed_fixture_acknowledge(fixture);
    feed_fixture_assert_news(fixture, "page");
    assert_int_equal(fixture->report.origin, FEED_ORIGIN_RESYNC);
    assert_int_equal(fixture->report.removed, 1);
    assert_asks(fixture, "e"); /* and the round goes on */
    idle(fixture, 2 * WAIT_MS);
    assert_int_equal(fixture->serial, 0);
}

/* The replica that was enumerated had not heard of the join; its link has told it since. */
static void
absent_who_is_reported_meanwhile_has_not_left(void **state)
{
    struct feed_fixture *fixture = with_members(state, "+1 +2");

    resync(fixture);
    enumerate(fixture, "+1");
    feed_fixture_pass(fixture, POLL_MS);
    feed_fixture_answer(fixture, 0, "+2", NULL, "e");
    feed_fixture_assert_published(fixture, "main +2 know 2:2 state 0:change:e …");
    feed_fixture_acknowledge(fixture);
    idle(fixture, 2 * WAIT_MS);
    assert_int_equal(fixture->serial, 0);
}

static void
absent_whose_leave_is_reported_meanwhile_is_told_once(void **state)
{
    struct feed_fixture *fixture = with_members(state, "+1 +2");

    resync(fixture);
    enumerate(fixture, "+1");
    feed_fixture_pass(fixture, POLL_MS);
    feed_fixture_answer(fixture, 0, "-2", NULL, "e");
    feed_fixture_assert_published(fixture, "main -2 forget 2 state 0:change:e …");
    feed_fixture_acknowledge(fixture);
    idle(fixture, 2 * WAIT_MS);
    assert_int_equal(fixture->serial, 0);
}

/* An enumeration that did not reach its last page says nothing of those it did not come to. */
static void
absent_is_never_told_of_an_enumeration_that_was_cut_off(void **state)
{
    struct feed_fixture *fixture = with_members(state, "+1 +2");

    resync(fixture);
    feed_fixture_answer(fixture, 0, "+1", "p", NULL);
    feed_fixture_acknowledge(fixture);
    text_clear(&fixture->published);
    text_clear(&fixture->news);
    for (int i = 0; i < 3; i++) { /* for hours it does not get on */
        feed_fixture_refuse(fixture, 0, CALL_DELTA, VERDICT_RETRY, "service_fault", 503);
        feed_fixture_pass(fixture, WAIT_MS);
    }
    text_clear(&fixture->news);
    resync(fixture);
    feed_fixture_pass(fixture, POLL_MS);
    feed_fixture_assert_published(fixture, "");
    enumerate(fixture, "+2");
    idle(fixture, WAIT_MS + POLL_MS);
    feed_fixture_assert_published(fixture, "backfill -1 forget 1 state 0:change:e …");
}

static void
absent_of_an_enumeration_is_not_told_once_another_is_needed(void **state)
{
    struct feed_fixture *fixture = with_members(state, "+1 +2");

    resync(fixture);
    enumerate(fixture, "+1");
    feed_fixture_pass(fixture, POLL_MS);
    resync(fixture);
    feed_fixture_pass(fixture, 2 * WAIT_MS); /* the second one is slow */
    feed_fixture_answer(fixture, 0, "+1", "p", NULL);
    feed_fixture_acknowledge(fixture);
    feed_fixture_assert_published(fixture, "backfill +1 know 1:3 state 0:resync:p");
    assert_asks(fixture, "p");
    text_clear(&fixture->news);
    enumerate(fixture, "+2");
    idle(fixture, 2 * WAIT_MS);
    assert_int_equal(fixture->serial, 0);
}

static void
absent_is_told_by_whoever_leads_then(void **state)
{
    struct feed_fixture *fixture = with_members(state, "+1 +2");

    resync(fixture);
    enumerate(fixture, "+1");
    feed_fixture_kill(fixture);
    feed_fixture_start(fixture);
    idle(fixture, WAIT_MS + POLL_MS);
    feed_fixture_assert_published(fixture, "backfill -2 forget 2 state 0:change:e …");
    feed_fixture_kill(fixture); /* the batch was open, and did not arrive */
    feed_fixture_start(fixture);
    feed_fixture_assert_published(fixture, "backfill -2 forget 2 state 0:change:e …");
    feed_fixture_acknowledge(fixture);
    feed_fixture_kill(fixture);
    text_clear(&fixture->published);
    feed_fixture_start(fixture);
    idle(fixture, 2 * WAIT_MS);
    assert_int_equal(fixture->serial, 0);
}

static void
absent_are_told_in_parcels_of_bounded_size(void **state)
{
    struct feed_fixture *fixture = *state;
    struct text members = TEXT_EMPTY;
    int64_t removed = 0, most = 0;

    for (int i = 0; i < MANY; i++)
        text_addf(&members, "%s+%d", i == 0 ? "" : " ", i);
    with_members(state, members.data);
    resync(fixture);
    enumerate(fixture, "");
    idle(fixture, WAIT_MS + POLL_MS);
    while (fixture->serial != 0) {
        feed_fixture_acknowledge(fixture);
        removed += fixture->report.removed;
        most = fixture->report.removed > most ? fixture->report.removed : most;
    }
    assert_int_equal(removed, MANY);
    assert_int_equal(most, 500);
    text_free(&members);
}

static void
absent_in_large_numbers_are_held_by_the_guard(void **state)
{
    struct feed_fixture *fixture = with_members(state, "+1 +2 +3 +4");

    resync(fixture);
    enumerate(fixture, "+1");
    fixture->settings.max_events_per_round = 2;
    for (int i = 0; i < 40 && feed_tally(fixture->feed).held == 0; i++) {
        if (feed_fixture_is_asking(fixture, 0, CALL_DELTA))
            feed_fixture_answer_nothing(fixture, 0, NULL, "e");
        feed_fixture_pass(fixture, POLL_MS);
    }
    assert_int_equal(feed_tally(fixture->feed).held, 1);
    assert_int_equal(fixture->report.removed, 3);
    feed_fixture_assert_published(fixture, "");
    assert_int_equal(feed_release(fixture->feed, NULL), 1);
    feed_fixture_pass(fixture, 0);
    feed_fixture_assert_published(
        fixture, "backfill -2 -3 -4 forget 2 forget 3 forget 4 state 0:change:e …");
}

/* Its marks still tell who was there. */
static void
absent_is_told_where_the_group_s_own_state_was_lost(void **state)
{
    struct feed_fixture *fixture = with_members(state, "+1 +2");

    feed_fixture_kill(fixture);
    feed_fixture_put_state(fixture, 0, "{\"version\":9}");
    feed_fixture_start(fixture);
    text_clear(&fixture->news);
    enumerate(fixture, "+1");
    idle(fixture, WAIT_MS + POLL_MS);
    feed_fixture_assert_published(fixture, "backfill -2 forget 2 state 0:change:e …");
}

/* What is said of no group is nothing said of its members. */
static void
absent_is_not_told_of_a_group_that_is_none(void **state)
{
    struct feed_fixture *fixture = with_members(state, "+1 +2");

    resync(fixture);
    feed_fixture_answer_nothing(fixture, 0, NULL, "e");
    feed_fixture_acknowledge(fixture);
    feed_fixture_assert_news(fixture, "page gone round");
    text_clear(&fixture->published);
    idle(fixture, 2 * WAIT_MS);
    assert_int_equal(fixture->serial, 0);
}

/* Where only changes are wanted nobody is enumerated at first, and then nobody is missing. */
static void
absent_is_nobody_where_only_changes_are_wanted(void **state)
{
    struct feed_fixture *fixture = *state;

    fixture->groups[0].initial = FEED_INITIAL_LATEST;
    feed_fixture_start(fixture);
    feed_fixture_answer(fixture, 0, "+1", "p", NULL);
    feed_fixture_acknowledge(fixture);
    text_clear(&fixture->news);
    resync(fixture);
    enumerate(fixture, "");
    idle(fixture, 2 * WAIT_MS);
    assert_int_equal(fixture->serial, 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, feed_fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(member_who_is_told_is_known_and_one_who_left_is_forgotten),
        TEST(member_is_not_kept_where_nobody_wants_to_conclude),
        TEST(absent_is_told_some_time_after_a_whole_enumeration),
        TEST(absent_who_is_reported_meanwhile_has_not_left),
        TEST(absent_whose_leave_is_reported_meanwhile_is_told_once),
        TEST(absent_is_never_told_of_an_enumeration_that_was_cut_off),
        TEST(absent_of_an_enumeration_is_not_told_once_another_is_needed),
        TEST(absent_is_told_by_whoever_leads_then),
        TEST(absent_are_told_in_parcels_of_bounded_size),
        TEST(absent_in_large_numbers_are_held_by_the_guard),
        TEST(absent_is_told_where_the_group_s_own_state_was_lost),
        TEST(absent_is_not_told_of_a_group_that_is_none),
        TEST(absent_is_nobody_where_only_changes_are_wanted),
    };
    return cmocka_run_group_tests_name("absent", tests, NULL, NULL);
}
