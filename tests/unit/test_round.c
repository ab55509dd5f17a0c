/* Rounds of one group's delta query: what is asked, published and noted, and what is not. */
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

/* --- the way of a round ----------------------------------------------------------------------- */

static void
round_begins_with_all_members_on_the_backfill_topic(void **state)
{
    struct feed_fixture *fixture = *state;

    feed_fixture_start(fixture);
    assert_asks(fixture, "");
    assert_false(fixture->flights[0]->is_latest);
    feed_fixture_answer(fixture, 0, "+1 +2", "p", NULL);
    feed_fixture_assert_published(fixture, "backfill +1 +2 state 0:initial:p …");
    feed_fixture_acknowledge(fixture);
    assert_int_equal(fixture->report.origin, FEED_ORIGIN_INITIAL);
    assert_asks(fixture, "p");
    feed_fixture_answer(fixture, 0, "+3", NULL, "d");
    feed_fixture_assert_published(fixture, "backfill +3 state 0:change:d …");
    feed_fixture_assert_news(fixture, "page");
    feed_fixture_acknowledge(fixture);
    feed_fixture_assert_news(fixture, "page round");
    assert_int_equal(fixture->report.origin, FEED_ORIGIN_INITIAL);
    assert_int_equal(fixture->report.added, 3);
    assert_int_equal(fixture->report.pages, 2);
    assert_false(is_asking(fixture));
}

static void
round_begins_with_nobody_where_only_changes_are_wanted(void **state)
{
    struct feed_fixture *fixture = *state;

    fixture->groups[0].initial = FEED_INITIAL_LATEST;
    feed_fixture_start(fixture);
    assert_true(fixture->flights[0]->is_latest);
    feed_fixture_answer_nothing(fixture, 0, NULL, "d");
    feed_fixture_assert_published(fixture, " state 0:change:d …");
    feed_fixture_acknowledge(fixture);
    feed_fixture_assert_news(fixture, "page round"); /* and not that there is no such group */
    feed_fixture_pass(fixture, 33000);
    assert_asks(fixture, "d");
    assert_false(fixture->flights[0]->is_latest);
    feed_fixture_answer(fixture, 0, "+1", NULL, "e");
    feed_fixture_assert_published(fixture, "main +1 state 0:change:e …");
}

static void
round_publishes_changes_on_the_main_topic_and_takes_people_only(void **state)
{
    struct feed_fixture *fixture = settled(state);

    feed_fixture_pass(fixture, 33000);
    assert_asks(fixture, "d");
    feed_fixture_answer(fixture, 0, "+1 *9 -2 ?3", NULL, "e");
    feed_fixture_assert_published(fixture, "main +1 -2 +3 state 0:change:e …");
    feed_fixture_acknowledge(fixture);
    feed_fixture_assert_news(fixture, "page round");
    assert_int_equal(fixture->report.added, 2);
    assert_int_equal(fixture->report.removed, 1);
    assert_int_equal(fixture->report.others, 1);
    assert_int_equal(fixture->report.origin, FEED_ORIGIN_CHANGE);
}

static void
round_asks_for_no_page_before_the_one_before_it_is_published(void **state)
{
    struct feed_fixture *fixture = settled(state);

    feed_fixture_pass(fixture, 33000);
    feed_fixture_answer(fixture, 0, "+1", "p", NULL);
    feed_fixture_pass(fixture, 3600 * 1000);
    assert_false(is_asking(fixture));
    feed_fixture_acknowledge(fixture);
    assert_asks(fixture, "p");
}

static void
round_writes_nothing_when_nothing_is_new(void **state)
{
    struct feed_fixture *fixture = settled(state);

    feed_fixture_pass(fixture, 33000);
    feed_fixture_answer_nothing(fixture, 0, NULL, "d");
    feed_fixture_assert_published(fixture, "");
    feed_fixture_assert_news(fixture, "page round");
    feed_fixture_pass(fixture, 33000);
    feed_fixture_answer_nothing(fixture, 0, NULL, "e");
    feed_fixture_assert_published(fixture, " state 0:change:e …");
}

static void
round_follows_a_round_after_the_interval_a_tenth_more_or_less(void **state)
{
    struct feed_fixture *fixture = settled(state);
    int64_t shortest_ms = INT64_MAX, longest_ms = 0;

    for (int i = 0; i < 200; i++) {
        int64_t end_ms = fixture->clock.mono_ms, waited_ms;

        while (!is_asking(fixture))
            feed_fixture_pass(fixture, 1);
        waited_ms = fixture->clock.mono_ms - end_ms;
        shortest_ms = waited_ms < shortest_ms ? waited_ms : shortest_ms;
        longest_ms = waited_ms > longest_ms ? waited_ms : longest_ms;
        feed_fixture_answer_nothing(fixture, 0, NULL, "d");
    }
    assert_in_range(shortest_ms, 27000, 28000);
    assert_in_range(longest_ms, 32000, 33000);
}

/* --- after a kill ----------------------------------------------------------------------------- */

static void
round_goes_on_after_a_kill_where_the_state_says(void **state)
{
    struct feed_fixture *fixture = *state;

    feed_fixture_start(fixture);
    feed_fixture_answer(fixture, 0, "+1", "p", NULL);
    feed_fixture_acknowledge(fixture);
    feed_fixture_answer(fixture, 0, "+2", "q", NULL);
    feed_fixture_kill(fixture); /* the batch was open, and did not arrive */
    feed_fixture_start(fixture);
    assert_asks(fixture, "p");
    feed_fixture_answer(fixture, 0, "+2", "q", NULL);
    feed_fixture_assert_published(fixture, "backfill +1 state 0:initial:p; backfill +2 state "
                                           "0:initial:q; backfill +2 state 0:initial:q …");
}

static void
round_gives_the_events_of_a_page_the_same_ids_when_it_is_read_again(void **state)
{
    struct feed_fixture *fixture = *state;
    char ids[2][64];

    for (int i = 0; i < 2; i++) {
        feed_fixture_start(fixture);
        feed_fixture_answer(fixture, 0, i == 0 ? "+1 +2" : "+5 +2", "p", NULL);
        for (size_t j = 0; j < fixture->open[1].header_count; j++) {
            const struct kafka_header *header = &fixture->open[1].headers[j];

            if (strcmp(header->name, "ce_id") == 0)
                snprintf(ids[i], sizeof(ids[i]), "%s", header->value);
        }
        feed_fixture_kill(fixture);
        fixture->clock.wall_ms += 1000;
    }
    assert_string_equal(ids[0], ids[1]);
    feed_fixture_assert_published(fixture, "backfill +1 +2 state 0:initial:p; "
                                           "backfill +5 +2 state 0:initial:p");
}

/* --- links that are worth nothing ------------------------------------------------------------- */

static void
round_whose_link_is_worthless_enumerates_all_members_again_and_says_so(void **state)
{
    struct feed_fixture *fixture = settled(state);

    feed_fixture_pass(fixture, 33000);
    feed_fixture_refuse(fixture, 0, CALL_DELTA, VERDICT_CHANGED, "resync", 410);
    feed_fixture_assert_news(fixture, "resync");
    assert_string_equal(fixture->reason, "resync");
    assert_string_equal(fixture->request_id, "request");
    assert_int_equal(fixture->report.next_in_ms, 0);
    assert_asks(fixture, "");
    feed_fixture_answer(fixture, 0, "+1", "p", NULL);
    feed_fixture_assert_published(fixture, "backfill +1 state 0:resync:p …");
    feed_fixture_acknowledge(fixture);
    assert_int_equal(fixture->report.origin, FEED_ORIGIN_RESYNC);
    feed_fixture_answer(fixture, 0, "", NULL, "e");
    feed_fixture_assert_published(fixture, " state 0:change:e …");
    feed_fixture_acknowledge(fixture);
    feed_fixture_assert_news(fixture, "page page round");
    assert_int_equal(fixture->report.origin, FEED_ORIGIN_RESYNC);
}

static void
round_takes_a_refused_link_for_a_worthless_one(void **state)
{
    struct feed_fixture *fixture = settled(state);

    feed_fixture_pass(fixture, 33000);
    feed_fixture_refuse(fixture, 0, CALL_DELTA, VERDICT_MISCONFIGURED, "request_refused", 400);
    feed_fixture_assert_news(fixture, "resync");
    assert_string_equal(fixture->reason, "link_refused");
    assert_asks(fixture, "");
    /* a first page has no link that could be blamed */
    feed_fixture_refuse(fixture, 0, CALL_DELTA, VERDICT_MISCONFIGURED, "request_refused", 400);
    feed_fixture_assert_news(fixture, "failed");
    assert_int_equal(fixture->report.next_in_ms, 30000);
}

static void
round_that_must_begin_anew_again_and_again_does_so_ever_more_seldom(void **state)
{
    struct feed_fixture *fixture = settled(state);
    static const int64_t pauses_ms[] = {0, 30000, 60000, 120000, 240000};

    feed_fixture_pass(fixture, 33000);
    for (size_t i = 0; i < sizeof(pauses_ms) / sizeof(pauses_ms[0]); i++) {
        feed_fixture_refuse(fixture, 0, CALL_DELTA, VERDICT_CHANGED, "resync", 410);
        assert_int_equal(fixture->report.next_in_ms, pauses_ms[i]);
        feed_fixture_pass(fixture, pauses_ms[i]);
        assert_asks(fixture, "");
        feed_fixture_answer(fixture, 0, "+1", NULL, "d");
        feed_fixture_acknowledge(fixture);
        feed_fixture_pass(fixture, 33000);
        assert_asks(fixture, "d");
    }
    feed_fixture_answer_nothing(fixture, 0, NULL, "e"); /* a link was good for something */
    feed_fixture_acknowledge(fixture);
    feed_fixture_pass(fixture, 33000);
    feed_fixture_refuse(fixture, 0, CALL_DELTA, VERDICT_CHANGED, "resync", 410);
    assert_int_equal(fixture->report.next_in_ms, 0);
    for (int i = 0; i < 30; i++) {
        feed_fixture_pass(fixture, 3600 * 1000);
        feed_fixture_answer(fixture, 0, "", "p", NULL);
        if (fixture->serial != 0)
            feed_fixture_acknowledge(fixture);
        feed_fixture_refuse(fixture, 0, CALL_DELTA, VERDICT_CHANGED, "resync", 410);
    }
    assert_int_equal(fixture->report.next_in_ms, 3600 * 1000);
}

static void
round_that_must_begin_anew_in_the_first_enumeration_is_still_the_first(void **state)
{
    struct feed_fixture *fixture = *state;

    feed_fixture_start(fixture);
    feed_fixture_answer(fixture, 0, "+1", "p", NULL);
    feed_fixture_acknowledge(fixture);
    feed_fixture_refuse(fixture, 0, CALL_DELTA, VERDICT_CHANGED, "resync", 410);
    assert_asks(fixture, "");
    feed_fixture_answer(fixture, 0, "+1", NULL, "d");
    feed_fixture_assert_published(fixture,
                                  "backfill +1 state 0:initial:p; backfill +1 state 0:change:d …");
    feed_fixture_acknowledge(fixture);
    assert_int_equal(fixture->report.origin, FEED_ORIGIN_INITIAL);
}

static void
round_tells_nothing_of_who_is_missing_where_that_is_not_wanted(void **state)
{
    struct feed_fixture *fixture = *state;

    feed_fixture_start(fixture);
    feed_fixture_answer(fixture, 0, "+1 +2", NULL, "d");
    feed_fixture_acknowledge(fixture);
    feed_fixture_pass(fixture, 33000);
    feed_fixture_refuse(fixture, 0, CALL_DELTA, VERDICT_CHANGED, "resync", 410);
    feed_fixture_answer(fixture, 0, "+1", "p", NULL);
    feed_fixture_acknowledge(fixture);
    feed_fixture_refuse(fixture, 0, CALL_DELTA, VERDICT_CHANGED, "resync", 410);
    feed_fixture_pass(fixture, 30000);
    feed_fixture_answer(fixture, 0, "+1", NULL, "e");
    feed_fixture_acknowledge(fixture);
    feed_fixture_assert_published(fixture, "backfill +1 +2 state 0:change:d; "
                                           "backfill +1 state 0:resync:p; "
                                           "backfill +1 state 0:change:e");
}

/* --- failures --------------------------------------------------------------------------------- */

static void
round_asks_for_a_page_that_failed_again_with_growing_pauses(void **state)
{
    struct feed_fixture *fixture = settled(state);

    feed_fixture_pass(fixture, 33000);
    for (int i = 1; i <= 4; i++) {
        int64_t most_ms = 500 * (INT64_C(1) << i);

        feed_fixture_refuse(fixture, 0, CALL_DELTA, VERDICT_RETRY, "service_fault", 503);
        feed_fixture_assert_news(fixture, "failed");
        assert_int_equal(fixture->report.attempt, i);
        assert_string_equal(fixture->reason, "service_fault");
        assert_in_range(fixture->report.next_in_ms, most_ms / 10, most_ms);
        feed_fixture_pass(fixture, most_ms);
        assert_asks(fixture, "d");
    }
    feed_fixture_answer(fixture, 0, "+1", NULL, "e");
    feed_fixture_assert_published(fixture, "main +1 state 0:change:e …");
    feed_fixture_acknowledge(fixture);
    feed_fixture_pass(fixture, 33000);
    feed_fixture_refuse(fixture, 0, CALL_DELTA, VERDICT_RETRY, "service_fault", 503);
    assert_int_equal(fixture->report.attempt, 1);
}

static void
round_that_may_not_read_is_tried_at_a_fixed_interval(void **state)
{
    struct feed_fixture *fixture = settled(state);

    feed_fixture_pass(fixture, 33000);
    for (int i = 0; i < 3; i++) {
        feed_fixture_refuse(fixture, 0, CALL_DELTA, VERDICT_MISCONFIGURED, "privilege_missing",
                            403);
        assert_int_equal(fixture->report.next_in_ms, 30000);
        assert_false(is_asking(fixture));
        feed_fixture_pass(fixture, 30000);
        assert_asks(fixture, "d");
    }
}

static void
round_hands_over_a_batch_that_failed_again_before_anything_else(void **state)
{
    struct feed_fixture *fixture = settled(state);

    feed_fixture_pass(fixture, 33000);
    feed_fixture_answer(fixture, 0, "+1", NULL, "e");
    feed_fixture_fail_batch(fixture);
    feed_fixture_assert_news(fixture, "failed");
    assert_string_equal(fixture->reason, "not_published");
    assert_string_equal(fixture->detail, "the broker is away");
    feed_fixture_assert_published(fixture, "main +1 state 0:change:e");
    feed_fixture_pass(fixture, 1000);
    feed_fixture_assert_published(fixture, "main +1 state 0:change:e …");
    feed_fixture_acknowledge(fixture);
    feed_fixture_assert_news(fixture, "page round");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, feed_fixture_setup, feed_fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(round_begins_with_all_members_on_the_backfill_topic),
        TEST(round_begins_with_nobody_where_only_changes_are_wanted),
        TEST(round_publishes_changes_on_the_main_topic_and_takes_people_only),
        TEST(round_asks_for_no_page_before_the_one_before_it_is_published),
        TEST(round_writes_nothing_when_nothing_is_new),
        TEST(round_follows_a_round_after_the_interval_a_tenth_more_or_less),
        TEST(round_goes_on_after_a_kill_where_the_state_says),
        TEST(round_gives_the_events_of_a_page_the_same_ids_when_it_is_read_again),
        TEST(round_whose_link_is_worthless_enumerates_all_members_again_and_says_so),
        TEST(round_takes_a_refused_link_for_a_worthless_one),
        TEST(round_that_must_begin_anew_again_and_again_does_so_ever_more_seldom),
        TEST(round_that_must_begin_anew_in_the_first_enumeration_is_still_the_first),
        TEST(round_tells_nothing_of_who_is_missing_where_that_is_not_wanted),
        TEST(round_asks_for_a_page_that_failed_again_with_growing_pauses),
        TEST(round_that_may_not_read_is_tried_at_a_fixed_interval),
        TEST(round_hands_over_a_batch_that_failed_again_before_anything_else),
    };
    return cmocka_run_group_tests_name("round", tests, NULL, NULL);
}
