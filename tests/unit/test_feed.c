/* The feed as a whole: leading and yielding, several groups, one batch at a time, running once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "feed_fixture.h"
#include "json.h"

static struct feed_setup
plain_setup(struct feed_fixture *fixture)
{
    return (struct feed_setup){
        .settings = &fixture->settings,
        .groups = fixture->groups,
        .group_count = 2,
        .routing = &fixture->routing,
        .graph_url = "https://graph.test",
        .graph_scope = "https://graph.test/.default",
        .source = "urn:test",
        .clock = &fixture->clock,
    };
}

/* --- making ----------------------------------------------------------------------------------- */

static void
feed_is_not_made_without_an_identity_or_with_a_group_twice(void **state)
{
    struct feed_fixture *fixture = *state;
    struct feed_setup setup = plain_setup(fixture);
    struct error error;

    setup.identity = 1;
    assert_null(feed_create(&setup, &error));
    assert_int_equal(error.class, ERROR_CONFIG);
    setup.identity = 0;
    fixture->groups[1] = fixture->groups[0];
    assert_null(feed_create(&setup, &error));
    assert_int_equal(error.class, ERROR_CONFIG);
    assert_non_null(strstr(error.text, "20000000-0000-0000-0000-000000000000"));
    feed_destroy(NULL);
}

/* --- leading and yielding --------------------------------------------------------------------- */

static void
feed_does_nothing_until_it_leads(void **state)
{
    struct feed_fixture *fixture = *state;
    struct feed_setup setup = plain_setup(fixture);
    struct error error;

    fixture->feed = feed_create(&setup, &error);
    assert_non_null(fixture->feed);
    assert_true(feed_next_ms(fixture->feed) == INT64_MAX);
    feed_run(fixture->feed);
    assert_false(feed_is_finished(fixture->feed));
    assert_int_equal(fixture->flight_count, 0);
}

static void
feed_that_yields_asks_and_publishes_nothing_more(void **state)
{
    struct feed_fixture *fixture = *state;

    fixture->group_count = 3;
    feed_fixture_start(fixture);
    feed_fixture_answer(fixture, 0, "+1", NULL, "d");
    feed_fixture_answer(fixture, 1, "+2", NULL, "d");
    feed_fixture_assert_published(fixture, "backfill +1 state 0:change:d …");
    feed_yield(fixture->feed);
    assert_int_equal(fixture->flight_count, 0);
    assert_int_equal(fixture->cancelled, 1);
    feed_fixture_pass(fixture, 0); /* the lane looks once more who may leave */
    feed_fixture_assert_news(fixture, "");
    assert_true(feed_next_ms(fixture->feed) == INT64_MAX);
    feed_fixture_acknowledge(fixture); /* too late, and of no effect */
    feed_fixture_assert_news(fixture, "");
    feed_fixture_assert_published(fixture, "");
    feed_yield(fixture->feed);
}

/* The batch that was open when it yielded has arrived; the other leader's state says so. */
static void
feed_that_leads_again_begins_with_what_is_saved_by_then(void **state)
{
    struct feed_fixture *fixture = *state;

    feed_fixture_start(fixture);
    feed_fixture_answer(fixture, 0, "+1", "p", NULL);
    feed_yield(fixture->feed);
    feed_fixture_acknowledge(fixture);
    feed_fixture_put_state(fixture, 0,
                           "{\"version\":1,\"phase\":\"change\",\"page\":\"" LINK("z") "\"}");
    feed_fixture_start(fixture);
    assert_string_equal(feed_fixture_asked(fixture, 0, CALL_DELTA), "z");
    feed_fixture_answer(fixture, 0, "-1", NULL, "y");
    feed_fixture_assert_published(fixture,
                                  "backfill +1 state 0:initial:p; main -1 state 0:change:y …");
}

static void
feed_ignores_the_answer_to_an_earlier_batch(void **state)
{
    struct feed_fixture *fixture = *state;
    uint64_t serial;

    feed_fixture_start(fixture);
    feed_fixture_answer(fixture, 0, "+1", "p", NULL);
    serial = fixture->serial;
    feed_fixture_acknowledge(fixture);
    feed_fixture_answer(fixture, 0, "+2", "q", NULL);
    feed_published(fixture->feed, serial, NULL);
    feed_fixture_pass(fixture, 0);
    assert_false(feed_fixture_is_asking(fixture, 0, CALL_DELTA));
    feed_fixture_acknowledge(fixture);
    assert_string_equal(feed_fixture_asked(fixture, 0, CALL_DELTA), "q");
    feed_published(fixture->feed, fixture->serial, NULL);
    feed_fixture_assert_news(fixture, "page page");
}

static void
feed_takes_a_group_whose_state_is_unusable_for_one_that_must_be_enumerated_anew(void **state)
{
    struct feed_fixture *fixture = *state;

    fixture->group_count = 2;
    feed_fixture_put_state(fixture, 0, "{\"version\":2,\"phase\":\"change\"}");
    feed_fixture_put_state(fixture, 1,
                           "{\"version\":1,\"phase\":\"change\",\"page\":\"" LINK("z") "\"}");
    feed_fixture_start(fixture);
    feed_fixture_assert_news(fixture, "state");
    assert_string_equal(fixture->reason, "state_unusable");
    assert_non_null(strstr(fixture->detail, "version 2"));
    assert_string_equal(feed_fixture_asked(fixture, 0, CALL_DELTA), "");
    assert_string_equal(feed_fixture_asked(fixture, 1, CALL_DELTA), "z");
    feed_fixture_answer(fixture, 0, "+1", NULL, "d");
    feed_fixture_assert_published(fixture, "backfill +1 state 0:change:d …");
    feed_fixture_acknowledge(fixture);
    assert_int_equal(fixture->report.origin, FEED_ORIGIN_RESYNC);
}

static void
feed_follows_no_saved_link_to_elsewhere(void **state)
{
    struct feed_fixture *fixture = *state;

    feed_fixture_put_state(fixture, 0,
                           "{\"version\":1,\"phase\":\"change\","
                           "\"page\":\"https://evil.test/v1.0/groups/delta\"}");
    feed_fixture_start(fixture);
    feed_fixture_assert_news(fixture, "state");
    assert_null(fixture->flights[0]->page);
}

/* --- several groups --------------------------------------------------------------------------- */

static void
feed_publishes_one_batch_at_a_time_in_the_order_of_pages(void **state)
{
    struct feed_fixture *fixture = *state;

    fixture->group_count = 3;
    feed_fixture_start(fixture);
    feed_fixture_answer(fixture, 2, "+1", "p", NULL);
    feed_fixture_answer(fixture, 0, "+2", "p", NULL);
    feed_fixture_answer(fixture, 1, "+3", "p", NULL);
    feed_fixture_assert_published(fixture, "backfill +1 state 2:initial:p …");
    feed_fixture_acknowledge(fixture);
    assert_string_equal(feed_fixture_asked(fixture, 2, CALL_DELTA), "p");
    feed_fixture_answer(fixture, 2, "+4", "q", NULL);
    feed_fixture_acknowledge(fixture);
    feed_fixture_acknowledge(fixture);
    feed_fixture_acknowledge(fixture);
    feed_fixture_assert_published(fixture,
                                  "backfill +2 state 0:initial:p; backfill +3 state 1:initial:p; "
                                  "backfill +4 state 2:initial:q");
}

static void
feed_hands_a_batch_over_again_when_the_port_had_no_time(void **state)
{
    struct feed_fixture *fixture = *state;

    feed_fixture_start(fixture);
    fixture->refuses_publish = true;
    feed_fixture_answer(fixture, 0, "+1", "p", NULL);
    feed_fixture_pass(fixture, 120 * 1000);
    feed_fixture_assert_published(fixture, "");
    fixture->refuses_publish = false;
    fixture->clock.wall_ms -= 120 * 1000; /* what the fixture takes for too old */
    feed_fixture_pass(fixture, 60 * 1000);
    feed_fixture_assert_published(fixture, "backfill +1 state 0:initial:p …");
    feed_fixture_assert_news(fixture, "");
}

/* What stops one group stops no other. */
static void
feed_goes_on_with_the_others_when_a_group_fails_is_gone_or_held(void **state)
{
    struct feed_fixture *fixture = *state;
    struct feed_tally tally;

    fixture->group_count = 3;
    fixture->settings.max_events_per_round = 1;
    feed_fixture_start(fixture);
    feed_fixture_refuse(fixture, 0, CALL_DELTA, VERDICT_MISCONFIGURED, "privilege_missing", 403);
    feed_fixture_answer(fixture, 1, "+1 +2", NULL, "d");
    feed_fixture_answer(fixture, 2, "+3", NULL, "d");
    feed_fixture_assert_published(fixture, "backfill +3 state 2:change:d …");
    feed_fixture_acknowledge(fixture);
    tally = feed_tally(fixture->feed);
    assert_int_equal(tally.failed, 1);
    assert_int_equal(tally.held, 1);
    assert_int_equal(tally.done, 1);
    assert_int_equal(tally.at_work + tally.gone, 0);
}

static void
feed_waits_for_graph_as_long_as_it_was_told(void **state)
{
    struct feed_fixture *fixture = *state;
    struct call *call;

    fixture->group_count = 2;
    feed_fixture_start(fixture);
    call = fixture->flights[0];
    fixture->flights[0] = fixture->flights[1];
    fixture->flight_count = 1;
    call->verdict = VERDICT_THROTTLED;
    call->error.retry_after_ms = 2128;
    feed_answered(fixture->feed, call);
    feed_fixture_assert_news(fixture, "(lane held)");
    feed_fixture_pass(fixture, 2127);
    assert_false(feed_fixture_is_asking(fixture, 0, CALL_DELTA));
    feed_fixture_answer(fixture, 1, "+1", NULL, "d");
    feed_fixture_pass(fixture, 1);
    assert_true(feed_fixture_is_asking(fixture, 0, CALL_DELTA));
}

static void
feed_tells_of_a_token_that_is_refused_and_tries_again(void **state)
{
    struct feed_fixture *fixture = *state;
    struct call *call;

    fixture->holds_tokens = true;
    feed_fixture_start(fixture);
    call = fixture->flights[0];
    assert_int_equal(call->kind, CALL_TOKEN);
    fixture->flight_count = 0;
    call->verdict = VERDICT_MISCONFIGURED;
    call->reason = "invalid_client";
    error_set(&call->error, ERROR_SERVICE, "the secret has expired");
    feed_answered(fixture->feed, call);
    feed_fixture_assert_news(fixture, "(retry) failed");
    assert_string_equal(fixture->reason, "invalid_client");
    fixture->holds_tokens = false;
    feed_fixture_pass(fixture, 60000);
    assert_true(feed_fixture_is_asking(fixture, 0, CALL_DELTA));
}

/* --- running once ----------------------------------------------------------------------------- */

static void
feed_that_runs_once_ends_after_a_round_of_every_group(void **state)
{
    struct feed_fixture *fixture = *state;

    fixture->mode = FEED_MODE_ONCE;
    fixture->group_count = 2;
    feed_fixture_start(fixture);
    feed_fixture_answer(fixture, 0, "+1", NULL, "d");
    feed_fixture_answer(fixture, 1, "+2", "p", NULL);
    feed_fixture_acknowledge(fixture);
    feed_fixture_acknowledge(fixture);
    assert_int_equal(feed_tally(fixture->feed).at_work, 1);
    feed_fixture_answer(fixture, 1, "", NULL, "d");
    assert_false(feed_is_finished(fixture->feed));
    feed_fixture_acknowledge(fixture);
    assert_true(feed_is_finished(fixture->feed));
    assert_int_equal(feed_tally(fixture->feed).done, 2);
    assert_true(feed_next_ms(fixture->feed) == INT64_MAX);
}

static void
feed_that_runs_once_ends_with_groups_held_gone_and_given_up(void **state)
{
    struct feed_fixture *fixture = *state;
    struct feed_tally tally;

    fixture->mode = FEED_MODE_ONCE;
    fixture->group_count = 3;
    fixture->settings.max_events_per_round = 1;
    feed_fixture_start(fixture);
    feed_fixture_answer(fixture, 0, "+1 +2", NULL, "d");
    feed_fixture_refuse(fixture, 1, CALL_DELTA, VERDICT_REJECTED, "group_gone", 404);
    for (int i = 0; i < 3; i++) {
        feed_fixture_refuse(fixture, 2, CALL_DELTA, VERDICT_RETRY, "service_fault", 503);
        feed_fixture_pass(fixture, 60000);
    }
    assert_true(feed_is_finished(fixture->feed));
    tally = feed_tally(fixture->feed);
    assert_int_equal(tally.held, 1);
    assert_int_equal(tally.gone, 1);
    assert_int_equal(tally.failed, 1);
    feed_release(fixture->feed, NULL);
    assert_false(feed_is_finished(fixture->feed));
}

static void
feed_that_runs_once_gives_up_what_cannot_be_published(void **state)
{
    struct feed_fixture *fixture = *state;

    fixture->mode = FEED_MODE_ONCE;
    fixture->group_count = 2;
    feed_fixture_start(fixture);
    feed_fixture_answer(fixture, 0, "+1", NULL, "d");
    feed_fixture_answer(fixture, 1, "+2", NULL, "d");
    for (int i = 0; i < 3; i++) {
        feed_fixture_fail_batch(fixture);
        feed_fixture_pass(fixture, 10000);
    }
    feed_fixture_acknowledge(fixture); /* the other's */
    assert_true(feed_is_finished(fixture->feed));
    assert_int_equal(feed_tally(fixture->feed).failed, 1);
    assert_int_equal(feed_tally(fixture->feed).done, 1);
    assert_false(feed_fixture_has_state(fixture, 0));
}

static void
feed_that_runs_once_takes_a_census_that_is_due(void **state)
{
    struct feed_fixture *fixture = *state;

    fixture->mode = FEED_MODE_ONCE;
    fixture->settings.reconcile_ms = 3600 * 1000;
    feed_fixture_put_state(fixture, 0,
                           "{\"version\":1,\"phase\":\"change\",\"page\":\"" LINK(
                               "z") "\",\"reconciled\":\"2023-11-14T21:00:00Z\"}");
    feed_fixture_start(fixture);
    feed_fixture_answer_nothing(fixture, 0, NULL, "z");
    assert_false(feed_is_finished(fixture->feed));
    feed_fixture_answer_members(fixture, 0, "+1", NULL);
    feed_fixture_acknowledge(fixture);
    assert_true(feed_is_finished(fixture->feed));
    feed_fixture_kill(fixture);
    feed_fixture_start(fixture); /* by cron again: not due any more */
    feed_fixture_answer_nothing(fixture, 0, NULL, "z");
    assert_true(feed_is_finished(fixture->feed));
}

/* --- what people see -------------------------------------------------------------------------- */

static void
feed_shows_how_its_groups_fare(void **state)
{
    struct feed_fixture *fixture = *state;
    struct json_parser *parser = json_parser_create(16, 65536);
    struct text text = TEXT_EMPTY;
    const struct json *groups, *round;
    struct json *root;
    bool flag = false;
    int64_t count = 0;

    fixture->group_count = 2;
    fixture->settings.max_events_per_round = 2;
    feed_fixture_start(fixture);
    feed_fixture_answer(fixture, 0, "+1", NULL, "d");
    feed_fixture_acknowledge(fixture);
    feed_fixture_answer(fixture, 1, "+1 +2 +3", NULL, "d");
    feed_status(fixture->feed, &text);
    root = json_parse(parser, text.data, text.length, NULL);
    assert_non_null(root);
    assert_true(json_boolean(json_get(root, "leading"), &flag) && flag);
    groups = json_get(root, "groups");
    assert_int_equal(json_length(groups), 2);
    assert_string_equal(json_string(json_get(json_at(groups, 0), "group"), NULL),
                        "20000000-0000-0000-0000-000000000000");
    assert_string_equal(json_string(json_get(json_at(groups, 0), "phase"), NULL), "change");
    assert_string_equal(json_string(json_get(json_at(groups, 0), "last_success"), NULL),
                        "2023-11-14T22:13:20.000Z");
    assert_null(json_get(json_at(groups, 1), "last_success"));
    assert_true(json_boolean(json_get(json_at(groups, 1), "held"), &flag) && flag);
    round = json_get(json_at(groups, 1), "round");
    assert_string_equal(json_string(json_get(round, "state"), NULL), "held");
    assert_true(json_integer(json_get(round, "failures"), &count) && count == 0);
    assert_string_equal(json_string(json_get(json_get(root, "lane"), "lane"), NULL), "graph/test");
    json_free(root);
    text_free(&text);
    json_parser_destroy(parser);
}

static void
note_gauge(void *context, const char *name, const char *label, double value)
{
    if (strncmp(name, "delta_", strlen("delta_")) == 0)
        text_addf(context, "%s{%.8s…%s}=%.3f ", name, label, label + 34, value);
    else
        text_addf(context, "%s{%s} ", name, label);
}

static void
feed_has_gauges_of_its_groups_and_its_lane(void **state)
{
    struct feed_fixture *fixture = *state;
    struct text text = TEXT_EMPTY;

    fixture->group_count = 2;
    fixture->settings.max_events_per_round = 1;
    feed_fixture_start(fixture);
    feed_fixture_answer(fixture, 0, "+1", NULL, "d");
    feed_fixture_acknowledge(fixture);
    feed_fixture_answer(fixture, 1, "+1 +2", NULL, "d");
    feed_gauges(fixture->feed, note_gauge, &text);
    assert_string_equal(text.data,
                        "delta_last_success_timestamp_seconds{20000000…00}=1700000000.000 "
                        "delta_held{20000000…00}=0.000 delta_held{20000001…00}=1.000 "
                        "lane_in_flight{graph/test} lane_waiting{graph/test} "
                        "lane_budget_used_ratio{graph/test} "
                        "lane_not_before_timestamp_seconds{graph/test} ");
    text_free(&text);
}

static void
feed_news_have_names_of_their_own(void **state)
{
    (void)state;
    for (int i = 0; i < FEED_NEWS_KINDS; i++) {
        for (int j = 0; j < i; j++)
            assert_string_not_equal(feed_news_name((enum feed_news)i),
                                    feed_news_name((enum feed_news)j));
    }
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, feed_fixture_setup, feed_fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(feed_is_not_made_without_an_identity_or_with_a_group_twice),
        TEST(feed_does_nothing_until_it_leads),
        TEST(feed_that_yields_asks_and_publishes_nothing_more),
        TEST(feed_that_leads_again_begins_with_what_is_saved_by_then),
        TEST(feed_ignores_the_answer_to_an_earlier_batch),
        TEST(feed_takes_a_group_whose_state_is_unusable_for_one_that_must_be_enumerated_anew),
        TEST(feed_follows_no_saved_link_to_elsewhere),
        TEST(feed_publishes_one_batch_at_a_time_in_the_order_of_pages),
        TEST(feed_hands_a_batch_over_again_when_the_port_had_no_time),
        TEST(feed_goes_on_with_the_others_when_a_group_fails_is_gone_or_held),
        TEST(feed_waits_for_graph_as_long_as_it_was_told),
        TEST(feed_tells_of_a_token_that_is_refused_and_tries_again),
        TEST(feed_that_runs_once_ends_after_a_round_of_every_group),
        TEST(feed_that_runs_once_ends_with_groups_held_gone_and_given_up),
        TEST(feed_that_runs_once_gives_up_what_cannot_be_published),
        TEST(feed_that_runs_once_takes_a_census_that_is_due),
        TEST(feed_shows_how_its_groups_fare),
        TEST(feed_has_gauges_of_its_groups_and_its_lane),
        TEST(feed_news_have_names_of_their_own),
    };
    return cmocka_run_group_tests_name("feed", tests, NULL, NULL);
}
