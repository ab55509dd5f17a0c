/* Rounds that stop: of groups that are none, and of more events than the guard lets pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed_fixture.h"

/* A group whose first enumeration is behind it; its delta link ends in "d". */
static struct feed_fixture *
settled(void **state)
{
    struct feed_fixture *fixture = *state;

    feed_fixture_start(fixture);
    feed_fixture_answer(fixture, 0, "", NULL, "d");
    feed_fixture_acknowledge(fixture);
    feed_fixture_assert_published(fixture, " state 0:change:d");
    feed_fixture_assert_news(fixture, "page round");
    return fixture;
}

static void
assert_asks(const struct feed_fixture *fixture, const char *token)
{
    assert_string_equal(feed_fixture_asked(fixture, 0, CALL_DELTA), token);
}

static bool
is_asking(const struct feed_fixture *fixture)
{
    return feed_fixture_is_asking(fixture, 0, CALL_DELTA);
}

/* --- groups that are none --------------------------------------------------------------------- */

static void
round_tells_once_that_its_group_was_deleted_and_goes_on(void **state)
{
    struct feed_fixture *fixture = settled(state);

    feed_fixture_pass(fixture, 33000);
    feed_fixture_answer_deleted(fixture, 0, "e");
    feed_fixture_acknowledge(fixture);
    feed_fixture_assert_news(fixture, "page gone round");
    feed_fixture_pass(fixture, 33000);
    feed_fixture_answer_nothing(fixture, 0, NULL, "f");
    feed_fixture_acknowledge(fixture);
    feed_fixture_assert_news(fixture, "page round");
    assert_int_equal(feed_tally(fixture->feed).gone, 1);
    feed_fixture_kill(fixture);
    feed_fixture_start(fixture);
    feed_fixture_answer_deleted(fixture, 0, "g");
    feed_fixture_acknowledge(fixture);
    feed_fixture_assert_news(fixture, "page round");
    feed_fixture_pass(fixture, 33000);
    feed_fixture_answer(fixture, 0, "+1", NULL, "h");
    feed_fixture_acknowledge(fixture);
    feed_fixture_assert_news(fixture, "page back round");
    assert_int_equal(feed_tally(fixture->feed).done, 1);
}

static void
round_tells_that_there_is_no_such_group(void **state)
{
    struct feed_fixture *fixture = *state;

    feed_fixture_start(fixture);
    feed_fixture_answer_nothing(fixture, 0, "p", NULL);
    feed_fixture_acknowledge(fixture);
    feed_fixture_answer_nothing(fixture, 0, NULL, "d");
    feed_fixture_acknowledge(fixture);
    feed_fixture_assert_news(fixture, "page page gone round");
}

static void
round_knows_a_group_that_an_earlier_page_spoke_of(void **state)
{
    struct feed_fixture *fixture = *state;

    feed_fixture_start(fixture);
    feed_fixture_answer(fixture, 0, "+1", "p", NULL);
    feed_fixture_acknowledge(fixture);
    feed_fixture_kill(fixture);
    feed_fixture_start(fixture);
    feed_fixture_answer_nothing(fixture, 0, NULL, "d");
    feed_fixture_acknowledge(fixture);
    feed_fixture_assert_news(fixture, "page page round");
}

static void
round_asks_on_for_a_group_that_is_not_found(void **state)
{
    struct feed_fixture *fixture = settled(state);

    feed_fixture_pass(fixture, 33000);
    feed_fixture_refuse(fixture, 0, CALL_DELTA, VERDICT_REJECTED, "group_gone", 404);
    feed_fixture_assert_news(fixture, "gone");
    assert_string_equal(fixture->reason, "not_found");
    feed_fixture_pass(fixture, 33000);
    feed_fixture_refuse(fixture, 0, CALL_DELTA, VERDICT_REJECTED, "group_gone", 404);
    feed_fixture_assert_news(fixture, "");
    feed_fixture_pass(fixture, 33000);
    assert_asks(fixture, "d");
}

/* --- the guard -------------------------------------------------------------------------------- */

static void
round_of_too_many_events_is_held_until_it_is_released(void **state)
{
    struct feed_fixture *fixture = *state;

    fixture->settings.max_events_per_round = 3;
    settled(state);
    feed_fixture_pass(fixture, 33000);
    feed_fixture_answer(fixture, 0, "+1 +2 *8 *9", "p", NULL);
    feed_fixture_acknowledge(fixture);
    feed_fixture_answer(fixture, 0, "+3 -4", "q", NULL);
    feed_fixture_assert_published(fixture, "main +1 +2 state 0:change:p");
    feed_fixture_assert_news(fixture, "page held");
    assert_int_equal(fixture->report.added, 1);
    assert_int_equal(fixture->report.removed, 1);
    assert_int_equal(fixture->report.next_in_ms, -1);
    assert_int_equal(feed_tally(fixture->feed).held, 1);
    feed_fixture_pass(fixture, 24 * 3600 * 1000);
    assert_false(is_asking(fixture));
    assert_int_equal(feed_release(fixture->feed, &fixture->groups[1].id), 0);
    assert_int_equal(feed_release(fixture->feed, &fixture->groups[0].id), 1);
    assert_int_equal(feed_release(fixture->feed, NULL), 0);
    feed_fixture_pass(fixture, 0);
    assert_asks(fixture, "p"); /* as the page is by now */
    feed_fixture_answer(fixture, 0, "+3 +5", "q", NULL);
    feed_fixture_acknowledge(fixture);
    feed_fixture_answer(fixture, 0, "+6 +7 +8 +9", NULL, "e");
    feed_fixture_acknowledge(fixture);
    feed_fixture_assert_published(fixture,
                                  "main +3 +5 state 0:change:q; main +6 +7 +8 +9 state 0:change:e");
    feed_fixture_assert_news(fixture, "released page page round");
    feed_fixture_pass(fixture, 33000); /* the next round is guarded again */
    feed_fixture_answer(fixture, 0, "+1 +2 +3 +4", NULL, "f");
    feed_fixture_assert_news(fixture, "held");
}

static void
round_counts_its_events_and_keeps_its_release_across_a_kill(void **state)
{
    struct feed_fixture *fixture = *state;

    fixture->settings.max_events_per_round = 3;
    feed_fixture_start(fixture);
    feed_fixture_answer(fixture, 0, "+1 +2 +3", "p", NULL);
    feed_fixture_acknowledge(fixture);
    feed_fixture_kill(fixture);
    feed_fixture_start(fixture);
    feed_fixture_answer(fixture, 0, "+4", "q", NULL);
    feed_fixture_assert_news(fixture, "page held");
    assert_int_equal(feed_release(fixture->feed, NULL), 1);
    feed_fixture_pass(fixture, 0);
    feed_fixture_answer(fixture, 0, "+4", "q", NULL);
    feed_fixture_acknowledge(fixture);
    feed_fixture_kill(fixture);
    feed_fixture_start(fixture);
    feed_fixture_answer(fixture, 0, "+5 +6 +7 +8", "r", NULL);
    feed_fixture_acknowledge(fixture);
    feed_fixture_assert_news(fixture, "released page page");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, feed_fixture_setup, feed_fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(round_tells_once_that_its_group_was_deleted_and_goes_on),
        TEST(round_tells_that_there_is_no_such_group),
        TEST(round_knows_a_group_that_an_earlier_page_spoke_of),
        TEST(round_asks_on_for_a_group_that_is_not_found),
        TEST(round_of_too_many_events_is_held_until_it_is_released),
        TEST(round_counts_its_events_and_keeps_its_release_across_a_kill),
    };
    return cmocka_run_group_tests_name("round_stops", tests, NULL, NULL);
}
