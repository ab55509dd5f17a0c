/* Where deliveries end: reported once, counted, and settled with a record's last ticket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ledger_fixture.h"

static const struct ending confirmed = {.outcome = OUTCOME_DONE,
                                        .reason = "confirmed",
                                        .detail = "role",
                                        .request_id = "request-1",
                                        .attempts = 3};

/* A record of ${tickets} tickets that share one payload, taken in at ${offset}. */
static struct record *
open(struct ledger_fixture *fixture, int32_t tickets, int64_t offset)
{
    struct record *record = record_create(tickets);
    const struct message *message = message_make(1, 1, offset, START_WALL_MS);
    struct payload *payload = payload_create(message, &fixture->ledger.bytes);

    record_bind(record, fixture->window, ledger_fixture_take(fixture, offset));
    record->event_ms = record->record_ms = START_WALL_MS;
    ledger_open(&fixture->ledger, record);
    for (int32_t i = 0; i < tickets; i++) {
        record->tickets[i].payload = payload;
        payload_hold(payload);
    }
    payload_release(payload);
    return record;
}

static void
settle(struct ledger_fixture *fixture, struct ticket *ticket)
{
    struct guid user = user_id(1);

    ledger_settle(&fixture->ledger, ticket, bench_prod(fixture->bench), &user, &confirmed);
}

static void
a_ticket_that_settles_is_reported_with_all_that_is_known(void **state)
{
    struct ledger_fixture *fixture = *state;
    struct record *record = open(fixture, 1, 7);
    const struct settled *told = &fixture->bench->scripted.settled[0];
    struct guid user = user_id(1);
    struct guid group = group_id(1);

    settle(fixture, &record->tickets[0]);
    assert_settled(&fixture->bench->scripted, 0, OUTCOME_DONE, "confirmed");
    assert_string_equal(told->environment, "prod");
    assert_string_equal(told->detail, "role");
    assert_string_equal(told->request_id, "request-1");
    assert_int_equal(told->offset, 7);
    assert_int_equal(told->attempts, 3);
    assert_int_equal(told->event_ms, START_WALL_MS);
    assert_true(guid_equal(&told->user, &user));
    assert_true(guid_equal(&told->group, &group));
}

static void
a_record_settles_with_its_last_ticket(void **state)
{
    struct ledger_fixture *fixture = *state;
    struct record *record = open(fixture, 2, 0);

    settle(fixture, &record->tickets[1]);
    assert_int_equal(window_watermark(fixture->window), 0);
    assert_int_equal(fixture->ledger.events, 1);
    settle(fixture, &record->tickets[0]);
    assert_int_equal(window_watermark(fixture->window), 1);
    assert_int_equal(fixture->ledger.events, 0);
    assert_int_equal(fixture->bench->scripted.settled_count, 2);
}

static void
what_is_not_settled_is_counted(void **state)
{
    struct ledger_fixture *fixture = *state;
    struct record *first = open(fixture, 1, 0);
    size_t bytes = fixture->ledger.bytes;
    struct record *second = open(fixture, 1, 1);

    assert_int_equal(fixture->ledger.events, 2);
    assert_true(bytes > record_size(first));
    assert_int_equal(fixture->ledger.bytes, 2 * bytes);
    settle(fixture, &first->tickets[0]);
    assert_int_equal(fixture->ledger.bytes, bytes);
    settle(fixture, &second->tickets[0]);
}

static void
a_drained_partition_is_committed_at_once(void **state)
{
    struct ledger_fixture *fixture = *state;
    struct record *record = open(fixture, 1, 0);

    offsets_end(fixture->offsets, MAIN_TOPIC, 0, 1, 0);
    settle(fixture, &record->tickets[0]);
    bench_pass(fixture->bench, 0);
    assert_int_equal(fixture->bench->scripted.commit_count, 1);
    assert_int_equal(fixture->bench->scripted.commits[0].offset, 1);
}

static void
a_stale_ticket_settles_nothing_and_says_nothing(void **state)
{
    struct ledger_fixture *fixture = *state;
    struct record *record = open(fixture, 1, 0);

    offsets_revoke(fixture->offsets, MAIN_TOPIC, 0);
    settle(fixture, &record->tickets[0]);
    assert_int_equal(fixture->bench->scripted.settled_count, 0);
    assert_int_equal(fixture->ledger.events, 0);
}

static void
a_dropped_ticket_leaves_its_event_unsettled(void **state)
{
    struct ledger_fixture *fixture = *state;
    struct record *record = open(fixture, 1, 0);

    ledger_drop(&fixture->ledger, &record->tickets[0]);
    assert_int_equal(fixture->bench->scripted.settled_count, 0);
    assert_int_equal(window_watermark(fixture->window), 0);
    assert_int_equal(window_unsettled(fixture->window), 1);
}

static void
a_record_of_which_a_ticket_was_dropped_does_not_settle(void **state)
{
    struct ledger_fixture *fixture = *state;
    struct record *record = open(fixture, 2, 0);

    ledger_drop(&fixture->ledger, &record->tickets[0]);
    settle(fixture, &record->tickets[1]);
    assert_int_equal(window_watermark(fixture->window), 0);
}

static void
a_delivery_without_a_record_is_reported_too(void **state)
{
    static const struct ending skipped = {
        .outcome = OUTCOME_SKIPPED, .reason = "unrouted", .detail = "", .request_id = ""};
    struct ledger_fixture *fixture = *state;
    const struct event event = {.user = user_id(3), .group = group_id(4), .time_ms = 5};
    const struct event timeless = {.time_ms = EVENT_NO_TIME};

    ledger_report(&fixture->ledger, message_make(3, 4, 8, 6), &event, NULL, &skipped);
    ledger_report(&fixture->ledger, message_make(3, 4, 9, 6), NULL, NULL, &skipped);
    ledger_report(&fixture->ledger, message_make(3, 4, 10, 6), &timeless, NULL, &skipped);
    ledger_report(&fixture->ledger, message_make(3, 4, 11, -1), &timeless, NULL, &skipped);
    assert_settled(&fixture->bench->scripted, 0, OUTCOME_SKIPPED, "unrouted");
    assert_true(guid_equal(&fixture->bench->scripted.settled[0].user, &event.user));
    assert_true(guid_equal(&fixture->bench->scripted.settled[0].group, &event.group));
    assert_int_equal(fixture->bench->scripted.settled[0].event_ms, 5);
    assert_int_equal(fixture->bench->scripted.settled[0].offset, 8);
    assert_true(guid_is_zero(&fixture->bench->scripted.settled[1].user));
    assert_string_equal(fixture->bench->scripted.settled[1].environment, "");
    assert_int_equal(fixture->bench->scripted.settled[2].event_ms, 6);
    assert_int_equal(fixture->bench->scripted.settled[3].event_ms, EVENT_NO_TIME);
}

#define TEST_CASE(name) \
    cmocka_unit_test_setup_teardown(name, ledger_fixture_setup, ledger_fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(a_ticket_that_settles_is_reported_with_all_that_is_known),
        TEST_CASE(a_record_settles_with_its_last_ticket),
        TEST_CASE(what_is_not_settled_is_counted),
        TEST_CASE(a_drained_partition_is_committed_at_once),
        TEST_CASE(a_stale_ticket_settles_nothing_and_says_nothing),
        TEST_CASE(a_dropped_ticket_leaves_its_event_unsettled),
        TEST_CASE(a_record_of_which_a_ticket_was_dropped_does_not_settle),
        TEST_CASE(a_delivery_without_a_record_is_reported_too),
    };
    return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
