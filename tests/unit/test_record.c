/* Records, and the bytes they share and give up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "record.h"

#define BYTES(text) text, sizeof(text) - 1

static const struct kafka_header headers[] = {
    {"ce_id", BYTES("a\0b")},
    {"trace", NULL, 0},
    {"", BYTES("")},
    {"ce_id", BYTES("again")},
};

static struct message
make_message(void)
{
    return (struct message){
        .topic = 1,
        .partition = 3,
        .offset = 77,
        .timestamp_ms = 1234,
        .key = "k\0y",
        .key_length = 3,
        .value = "v\0\xff",
        .value_length = 3,
        .headers = headers,
        .header_count = sizeof(headers) / sizeof(headers[0]),
    };
}

static void
payload_copies_a_message_byte_for_byte(void **state)
{
    struct message message = make_message();
    struct kafka_header found[4];
    size_t account = 10;
    struct payload *payload = payload_create(&message, &account);

    (void)state;
    assert_non_null(payload);
    assert_int_equal(payload->topic, 1);
    assert_int_equal(payload->partition, 3);
    assert_int_equal(payload->offset, 77);
    assert_int_equal(payload->timestamp_ms, 1234);
    assert_memory_equal(payload_key(payload), "k\0y", payload->key_length);
    assert_memory_equal(payload_value(payload), "v\0\xff", payload->value_length);
    payload_headers(payload, found);
    for (size_t i = 0; i < payload->header_count; i++) {
        assert_string_equal(found[i].name, headers[i].name);
        assert_int_equal(found[i].length, headers[i].length);
        assert_int_equal(found[i].value == NULL, headers[i].value == NULL);
        if (headers[i].value != NULL)
            assert_memory_equal(found[i].value, headers[i].value, headers[i].length);
    }
    payload_release(payload);
}

static void
payload_tells_null_from_empty(void **state)
{
    struct message empty = {.key = "", .value = ""};
    struct message null = {.key = NULL, .value = NULL};
    size_t account = 0;
    struct payload *payload = payload_create(&empty, &account);

    (void)state;
    assert_non_null(payload_key(payload));
    assert_non_null(payload_value(payload));
    payload_release(payload);
    payload = payload_create(&null, &account);
    assert_null(payload_key(payload));
    assert_null(payload_value(payload));
    payload_release(payload);
}

static void
payload_is_counted_until_its_last_holder_lets_go(void **state)
{
    struct message message = make_message();
    size_t account = 10;
    struct payload *payload = payload_create(&message, &account);
    size_t counted = account;

    (void)state;
    assert_in_range(counted, 10 + sizeof(struct payload) + 6, 1000);
    payload_hold(payload);
    payload_release(payload);
    assert_int_equal(account, counted);
    payload_release(payload);
    assert_int_equal(account, 10);
    payload_release(NULL);
}

static void
record_has_open_tickets_of_its_own(void **state)
{
    struct record *record = record_create(3);

    (void)state;
    assert_int_equal(record->open, 3);
    for (int i = 0; i < 3; i++) {
        assert_ptr_equal(record->tickets[i].record, record);
        assert_true(record->tickets[i].removed_ms == EVENT_NO_TIME);
        assert_null(record->tickets[i].payload);
    }
    assert_int_equal(record_size(record), sizeof(struct record) + 3 * sizeof(struct ticket));
    record_destroy(record);
}

static void
record_is_stale_once_its_window_is_closed(void **state)
{
    struct window *window = window_create(0, 0, 5);
    struct record *record = record_create(1);
    window_serial serial = 0;

    (void)state;
    assert_int_equal(window_take(window, 5, &serial), 0);
    assert_int_equal(window_take(window, 6, &serial), 0);
    record_bind(record, window, serial);
    assert_int_equal(window_offset(record->window, record->serial), 6);
    window_close(window);
    window_release(window); /* the record holds it still */
    assert_true(record_is_stale(record));
    record_destroy(record);
}

static void
record_takes_the_later_of_its_two_times(void **state)
{
    static const struct {
        int64_t event_ms, record_ms, latest_ms, news_ms;
    } cases[] = {
        {10, 20, 20, 10},
        {20, 10, 20, 20},
        {EVENT_NO_TIME, 20, 20, 20},
        {10, -1, 10, 10},
        {EVENT_NO_TIME, -1, -1, EVENT_NO_TIME},
    };
    struct record *record = record_create(1);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        record->event_ms = cases[i].event_ms;
        record->record_ms = cases[i].record_ms;
        assert_true(record_latest_ms(record) == cases[i].latest_ms);
        assert_true(record_news_ms(record) == cases[i].news_ms);
    }
    record_destroy(record);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(payload_copies_a_message_byte_for_byte),
        cmocka_unit_test(payload_tells_null_from_empty),
        cmocka_unit_test(payload_is_counted_until_its_last_holder_lets_go),
        cmocka_unit_test(record_has_open_tickets_of_its_own),
        cmocka_unit_test(record_is_stale_once_its_window_is_closed),
        cmocka_unit_test(record_takes_the_later_of_its_two_times),
    };
    return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
