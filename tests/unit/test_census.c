/* Enumerations of present members: when they are due, what they publish, where they go on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed_fixture.h"

#define HOUR_MS INT64_C(3600000)

static bool
is_asking(const struct feed_fixture *fixture)
{
    return feed_fixture_is_asking(fixture, 0, CALL_MEMBERS);
}

static void
assert_asks(const struct feed_fixture *fixture, const char *token)
{
    assert_string_equal(feed_fixture_asked(fixture, 0, CALL_MEMBERS), token);
}

/* Watched since just now, with a first round that is over; polls are out of the way. */
static struct feed_fixture *
watched(void **state)
{
    struct feed_fixture *fixture = *state;

    fixture->settings.reconcile_ms = 24 * HOUR_MS;
    fixture->settings.poll_ms = 10000 * HOUR_MS;
    feed_fixture_start(fixture);
    feed_fixture_answer(fixture, 0, "", NULL, "d");
    feed_fixture_acknowledge(fixture);
    feed_fixture_assert_published(fixture, " state 0:change:d");
    feed_fixture_assert_news(fixture, "page round");
    return fixture;
}

static void
census_is_taken_only_where_it_is_wanted(void **state)
{
    struct feed_fixture *fixture = *state;

    feed_fixture_start(fixture);
    feed_fixture_answer(fixture, 0, "", NULL, "d");
    feed_fixture_acknowledge(fixture);
    for (int i = 0; i < 30; i++) {
        feed_fixture_pass(fixture, 24 * HOUR_MS);
        assert_false(is_asking(fixture));
        feed_fixture_answer_nothing(fixture, 0, NULL, "d");
    }
}

static void
census_publishes_all_members_behind_those_who_join(void **state)
{
    struct feed_fixture *fixture = watched(state);

    feed_fixture_pass(fixture, 24 * HOUR_MS - 1);
    assert_false(is_asking(fixture));
    feed_fixture_pass(fixture, 1);
    assert_asks(fixture, "");
    assert_false(fixture->flights[0]->is_transitive);
    feed_fixture_answer_members(fixture, 0, "+1 *9 ?2", "m");
    feed_fixture_assert_published(fixture, "backfill +1 +2 state 0:change:d/m …");
    feed_fixture_acknowledge(fixture);
    assert_int_equal(fixture->report.origin, FEED_ORIGIN_RECONCILE);
    assert_asks(fixture, "m");
    feed_fixture_answer_members(fixture, 0, "+3", NULL);
    feed_fixture_assert_published(fixture, "backfill +3 state 0:change:d …");
    feed_fixture_acknowledge(fixture);
    feed_fixture_assert_news(fixture, "page page round");
    assert_int_equal(fixture->report.added, 3);
    assert_int_equal(fixture->report.others, 1);
    assert_int_equal(fixture->report.origin, FEED_ORIGIN_RECONCILE);
    feed_fixture_pass(fixture, 24 * HOUR_MS - 1);
    assert_false(is_asking(fixture));
    feed_fixture_pass(fixture, 1);
    assert_asks(fixture, "");
}

static void
census_takes_nested_members_where_that_is_wanted(void **state)
{
    struct feed_fixture *fixture = *state;

    fixture->settings.is_transitive = true;
    watched(state);
    feed_fixture_pass(fixture, 24 * HOUR_MS);
    assert_true(fixture->flights[0]->is_transitive);
}

/* Who restarts often must not put it off for ever, and who restarts now must not take it at once. */
static void
census_is_due_by_the_time_of_the_last_one_whoever_leads(void **state)
{
    struct feed_fixture *fixture = watched(state);

    feed_fixture_pass(fixture, 20 * HOUR_MS);
    feed_fixture_kill(fixture);
    feed_fixture_start(fixture);
    assert_false(is_asking(fixture));
    feed_fixture_pass(fixture, 4 * HOUR_MS - 1);
    assert_false(is_asking(fixture));
    feed_fixture_pass(fixture, 1);
    assert_asks(fixture, "");
    feed_fixture_kill(fixture);
    fixture->clock.wall_ms -= 1000 * HOUR_MS; /* it was wrong, or is */
    feed_fixture_start(fixture);
    assert_false(is_asking(fixture));
    feed_fixture_pass(fixture, 24 * HOUR_MS);
    assert_asks(fixture, "");
}

static void
census_goes_on_after_a_kill_where_the_state_says(void **state)
{
    struct feed_fixture *fixture = watched(state);

    feed_fixture_pass(fixture, 24 * HOUR_MS);
    feed_fixture_answer_members(fixture, 0, "+1", "m");
    feed_fixture_acknowledge(fixture);
    feed_fixture_answer_members(fixture, 0, "+2", "n");
    feed_fixture_kill(fixture);
    feed_fixture_start(fixture);
    assert_asks(fixture, "m");
}

static void
census_begins_anew_when_its_link_is_worthless(void **state)
{
    struct feed_fixture *fixture = watched(state);

    feed_fixture_pass(fixture, 24 * HOUR_MS);
    feed_fixture_answer_members(fixture, 0, "+1", "m");
    feed_fixture_acknowledge(fixture);
    feed_fixture_refuse(fixture, 0, CALL_MEMBERS, VERDICT_CHANGED, "resync", 410);
    feed_fixture_assert_news(fixture, "page failed");
    feed_fixture_pass(fixture, 1000);
    assert_asks(fixture, "");
    feed_fixture_answer_members(fixture, 0, "+1", "n");
    feed_fixture_acknowledge(fixture);
    feed_fixture_refuse(fixture, 0, CALL_MEMBERS, VERDICT_MISCONFIGURED, "request_refused", 400);
    feed_fixture_pass(fixture, 30000);
    assert_asks(fixture, "");
    feed_fixture_answer_members(fixture, 0, "+1", NULL);
    feed_fixture_acknowledge(fixture);
    assert_int_equal(fixture->report.added, 1); /* of this enumeration alone */
}

static void
census_of_a_group_that_is_none_is_over(void **state)
{
    struct feed_fixture *fixture = watched(state);

    feed_fixture_pass(fixture, 24 * HOUR_MS);
    feed_fixture_refuse(fixture, 0, CALL_MEMBERS, VERDICT_REJECTED, "group_gone", 404);
    feed_fixture_assert_news(fixture, "gone");
    assert_false(is_asking(fixture));
    feed_fixture_pass(fixture, 24 * HOUR_MS);
    feed_fixture_answer_members(fixture, 0, "", NULL);
    feed_fixture_acknowledge(fixture);
    feed_fixture_assert_news(fixture, "page back round");
}

/* Each moves its own part of the state, whichever was published in between. */
static void
census_and_round_go_side_by_side(void **state)
{
    struct feed_fixture *fixture = *state;

    fixture->settings.reconcile_ms = 33000;
    feed_fixture_start(fixture);
    feed_fixture_answer(fixture, 0, "", NULL, "d");
    feed_fixture_acknowledge(fixture);
    feed_fixture_assert_published(fixture, " state 0:change:d");
    feed_fixture_pass(fixture, 33000);
    feed_fixture_answer_members(fixture, 0, "+1", "m");
    feed_fixture_answer(fixture, 0, "+5", NULL, "e");
    feed_fixture_assert_published(fixture, "backfill +1 state 0:change:d/m …");
    feed_fixture_acknowledge(fixture);
    feed_fixture_assert_published(fixture, "main +5 state 0:change:e/m …");
    feed_fixture_answer_members(fixture, 0, "+2", NULL);
    feed_fixture_acknowledge(fixture);
    feed_fixture_assert_published(fixture, "backfill +2 state 0:change:e …");
    feed_fixture_acknowledge(fixture);
}

static void
census_and_round_ask_for_what_they_asked_for_when_the_other_s_page_is_published(void **state)
{
    struct feed_fixture *fixture = *state;

    fixture->settings.reconcile_ms = 33000;
    feed_fixture_start(fixture);
    feed_fixture_answer(fixture, 0, "", NULL, "first");
    feed_fixture_acknowledge(fixture);
    feed_fixture_pass(fixture, 33000);
    feed_fixture_answer_members(fixture, 0, "+1", "second");
    feed_fixture_acknowledge(fixture);
    assert_string_equal(feed_fixture_asked(fixture, 0, CALL_DELTA), "first");
    feed_fixture_answer(fixture, 0, "+5", NULL, "third");
    feed_fixture_acknowledge(fixture);
    assert_asks(fixture, "second");
}

/* An enumeration that is no longer wanted is no longer gone on with. */
static void
census_is_left_when_it_is_no_longer_wanted(void **state)
{
    struct feed_fixture *fixture = watched(state);

    feed_fixture_pass(fixture, 24 * HOUR_MS);
    feed_fixture_answer_members(fixture, 0, "+1", "m");
    feed_fixture_acknowledge(fixture);
    feed_fixture_kill(fixture);
    fixture->settings.reconcile_ms = 0;
    feed_fixture_start(fixture);
    feed_fixture_pass(fixture, 48 * HOUR_MS);
    assert_false(is_asking(fixture));
}

/* --- lists that lag behind ---------------------------------------------------------------------- */

/* User 1 has just left; a list is about to be asked for. */
static struct feed_fixture *
left_before_census(void **state)
{
    struct feed_fixture *fixture = *state;

    fixture->settings.conclude_after_ms = 900 * 1000;
    fixture->settings.reconcile_ms = 24 * HOUR_MS;
    fixture->settings.poll_ms = 24 * HOUR_MS;
    feed_fixture_start(fixture);
    feed_fixture_answer(fixture, 0, "+1 +2", NULL, "d");
    feed_fixture_acknowledge(fixture);
    feed_fixture_pass(fixture, 24 * HOUR_MS);
    while (!feed_fixture_is_asking(fixture, 0, CALL_DELTA))
        feed_fixture_pass(fixture, HOUR_MS);
    feed_fixture_answer(fixture, 0, "-1", NULL, "e");
    text_clear(&fixture->published);
    return fixture;
}

static void
census_does_not_bring_back_who_has_just_left(void **state)
{
    struct feed_fixture *fixture = left_before_census(state);

    feed_fixture_answer_members(fixture, 0, "+1 +2", "m"); /* and that is not published yet */
    feed_fixture_acknowledge(fixture);
    feed_fixture_assert_published(fixture, "backfill +2 state 0:change:e/m …");
    feed_fixture_acknowledge(fixture);
    feed_fixture_pass(fixture, 900 * 1000);
    feed_fixture_answer_members(fixture, 0, "+1", NULL);
    feed_fixture_assert_published(fixture, " state 0:change:e …");
    feed_fixture_kill(fixture);
    feed_fixture_start(fixture); /* who leads anew does not know who has just left */
    feed_fixture_pass(fixture, 900 * 1000 - 1);
    assert_false(is_asking(fixture));
    feed_fixture_pass(fixture, 1);
    assert_asks(fixture, "m");
}

static void
census_believes_a_list_when_time_has_passed(void **state)
{
    struct feed_fixture *fixture = left_before_census(state);

    feed_fixture_acknowledge(fixture);
    feed_fixture_pass(fixture, 900 * 1000 + 1);
    feed_fixture_answer_members(fixture, 0, "+1 +2", NULL);
    feed_fixture_assert_published(fixture, "backfill +1 +2 state 0:change:e …");
}

/* --- a backfill ------------------------------------------------------------------------------- */

static void
backfill_publishes_all_members_and_leaves_the_state_alone(void **state)
{
    struct feed_fixture *fixture = *state;

    fixture->mode = FEED_MODE_BACKFILL;
    feed_fixture_put_state(fixture, 0, "not even JSON");
    feed_fixture_start(fixture);
    assert_false(feed_fixture_is_asking(fixture, 0, CALL_DELTA));
    assert_asks(fixture, "");
    feed_fixture_answer_members(fixture, 0, "+1 +2", "m");
    feed_fixture_assert_published(fixture, "backfill +1 +2 …");
    assert_int_equal(feed_tally(fixture->feed).at_work, 1);
    feed_fixture_acknowledge(fixture);
    assert_int_equal(fixture->report.origin, FEED_ORIGIN_BACKFILL);
    assert_asks(fixture, "m");
    feed_fixture_answer_members(fixture, 0, "*9", "n");
    feed_fixture_assert_published(fixture, "");
    feed_fixture_answer_members(fixture, 0, "+3", NULL);
    feed_fixture_assert_published(fixture, "backfill +3 …");
    assert_false(feed_is_finished(fixture->feed));
    feed_fixture_acknowledge(fixture);
    assert_true(feed_is_finished(fixture->feed));
    feed_fixture_assert_news(fixture, "page page page round");
    assert_int_equal(feed_tally(fixture->feed).done, 1);
    assert_true(feed_next_ms(fixture->feed) == INT64_MAX);
}

static void
backfill_that_cannot_read_gives_up(void **state)
{
    struct feed_fixture *fixture = *state;

    fixture->mode = FEED_MODE_BACKFILL;
    feed_fixture_start(fixture);
    for (int i = 1; i <= 3; i++) {
        feed_fixture_refuse(fixture, 0, CALL_MEMBERS, VERDICT_RETRY, "service_fault", 503);
        feed_fixture_pass(fixture, 60000);
    }
    feed_fixture_assert_news(fixture, "failed failed failed");
    assert_int_equal(fixture->report.next_in_ms, -1);
    assert_true(feed_is_finished(fixture->feed));
    assert_int_equal(feed_tally(fixture->feed).failed, 1);
}

static void
backfill_of_no_group_says_so(void **state)
{
    struct feed_fixture *fixture = *state;

    fixture->mode = FEED_MODE_BACKFILL;
    feed_fixture_start(fixture);
    feed_fixture_refuse(fixture, 0, CALL_MEMBERS, VERDICT_REJECTED, "group_gone", 404);
    assert_true(feed_is_finished(fixture->feed));
    assert_int_equal(feed_tally(fixture->feed).gone, 1);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, feed_fixture_setup, feed_fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(census_is_taken_only_where_it_is_wanted),
        TEST(census_publishes_all_members_behind_those_who_join),
        TEST(census_takes_nested_members_where_that_is_wanted),
        TEST(census_is_due_by_the_time_of_the_last_one_whoever_leads),
        TEST(census_goes_on_after_a_kill_where_the_state_says),
        TEST(census_begins_anew_when_its_link_is_worthless),
        TEST(census_of_a_group_that_is_none_is_over),
        TEST(census_and_round_go_side_by_side),
        TEST(census_and_round_ask_for_what_they_asked_for_when_the_other_s_page_is_published),
        TEST(census_is_left_when_it_is_no_longer_wanted),
        TEST(census_does_not_bring_back_who_has_just_left),
        TEST(census_believes_a_list_when_time_has_passed),
        TEST(backfill_publishes_all_members_and_leaves_the_state_alone),
        TEST(backfill_that_cannot_read_gives_up),
        TEST(backfill_of_no_group_says_so),
    };
    return cmocka_run_group_tests_name("census", tests, NULL, NULL);
}
