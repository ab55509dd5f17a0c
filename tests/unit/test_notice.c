/* A change as a record: its value is an event to whoever reads it, its headers are a CloudEvent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "event.h"
#include "json.h"
#include "notice.h"

#define GROUP "20000000-aaaa-4bbb-8ccc-0123456789ab"
#define USER "10000000-aaaa-4bbb-8ccc-0123456789ab"
#define NOW_MS INT64_C(1700000000123)

static struct guid
id_of(const char *text)
{
    struct guid guid;

    assert_true(guid_parse(text, strlen(text), &guid));
    return guid;
}

static struct notice_page
make_page(void)
{
    struct notice_page page = {
        .group = id_of(GROUP),
        .name = "https://graph.test/v1.0/groups/delta?$deltatoken=a",
        .origin = FEED_ORIGIN_RESYNC,
        .source = "urn:test",
        .wall_ms = NOW_MS,
    };

    notice_page_init(&page);
    return page;
}

/* The id that ${change} gets, the ${nth} of its user. */
static const char *
id_for(const struct notice_page *page, struct member_change change, unsigned int nth,
       char id[FINGERPRINT_TEXT_BYTES])
{
    struct notice notice = {.value = TEXT_EMPTY};
    struct feed_record record;

    assert_int_equal(notice_write(&notice, page, &change, nth, &record), 0);
    memcpy(id, notice.id, FINGERPRINT_TEXT_BYTES);
    notice_free(&notice);
    return id;
}

static const char *
header(const struct feed_record *record, const char *name)
{
    for (size_t i = 0; i < record->header_count; i++) {
        if (strcmp(record->headers[i].name, name) == 0) {
            assert_int_equal(record->headers[i].length, strlen(record->headers[i].value));
            return record->headers[i].value;
        }
    }
    fail_msg("no header %s", name);
    return NULL;
}

static void
fingerprint_is_the_published_sum_of_parts_and_their_lengths(void **state)
{
    char text[FINGERPRINT_TEXT_BYTES];
    struct fingerprint a, b;

    (void)state;
    fingerprint_init(&a);
    assert_string_equal(fingerprint_format(&a, text), "6c62272e07bb014262b821756295c58d");
    fingerprint_add_string(&a, "ab");
    fingerprint_add(&a, "", 0);
    assert_string_equal(fingerprint_format(&a, text), "6c3d42c024740ed4413a20ae5c208260");
    fingerprint_init(&b);
    fingerprint_add_string(&b, "a");
    fingerprint_add_string(&b, "b");
    assert_string_not_equal(fingerprint_format(&b, text), "6c3d42c024740ed4413a20ae5c208260");
}

static void
notice_is_an_event_and_a_cloud_event(void **state)
{
    struct notice_page page = make_page();
    struct member_change change = {.user = id_of(USER), .kind = MEMBER_USER};
    struct notice notice = {.value = TEXT_EMPTY};
    struct feed_record record;
    char value[512];

    (void)state;
    assert_int_equal(notice_write(&notice, &page, &change, 0, &record), 0);
    assert_int_equal(record.key_length, strlen(USER));
    assert_string_equal(record.key, USER);
    assert_int_equal(strlen(notice.id), 32);
    snprintf(value, sizeof(value),
             "{\"group\":\"" GROUP "\",\"user\":\"" USER
             "\",\"change\":\"added\",\"time\":\"2023-11-14T22:13:20.123Z\","
             "\"member_type\":\"user\",\"id\":\"%s\",\"source\":\"urn:test\","
             "\"origin\":\"resync\"}",
             notice.id);
    assert_int_equal(record.value_length, strlen(value));
    assert_string_equal(record.value, value);
    assert_string_equal(header(&record, "content-type"), "application/json");
    assert_string_equal(header(&record, "ce_specversion"), "1.0");
    assert_string_equal(header(&record, "ce_id"), notice.id);
    assert_string_equal(header(&record, "ce_source"), "urn:test");
    assert_string_equal(header(&record, "ce_type"), "dvsync.membership.added");
    assert_string_equal(header(&record, "ce_time"), "2023-11-14T22:13:20.123Z");
    assert_string_equal(header(&record, "ce_subject"), USER);
    assert_string_equal(header(&record, "ce_dataschema"), "urn:dvsync:event:1");
    assert_string_equal(header(&record, "ce_origin"), "resync");
    notice_free(&notice);
}

/* W3C Trace Context 3.2: version, 16 and 8 bytes that are not all zero, flags. */
static void
notice_begins_a_trace_of_its_own(void **state)
{
    struct notice_page page = make_page();
    struct member_change change = {.user = id_of(USER), .kind = MEMBER_USER};
    struct notice notice = {.value = TEXT_EMPTY};
    struct feed_record record;
    const char *trace;

    (void)state;
    assert_int_equal(notice_write(&notice, &page, &change, 0, &record), 0);
    trace = header(&record, "traceparent");
    assert_int_equal(strlen(trace), 55);
    assert_int_equal(strncmp(trace, "00-", 3), 0);
    assert_int_equal(strncmp(trace + 3, notice.id, 32), 0);
    assert_int_equal(strspn(trace + 36, "0123456789abcdef"), 16);
    assert_int_not_equal(strspn(trace + 36, "0"), 16);
    assert_int_not_equal(strncmp(trace + 36, notice.id, 16), 0);
    assert_int_not_equal(strncmp(trace + 36, notice.id + 16, 16), 0);
    assert_string_equal(trace + 52, "-01");
    notice_free(&notice);
}

static void
notice_is_read_by_the_worker_as_what_it_is(void **state)
{
    struct json_parser *parser = json_parser_create(EVENT_MAX_DEPTH, EVENT_MAX_BYTES);
    struct notice_page page = make_page();
    static const enum member_kind kinds[] = {MEMBER_USER, MEMBER_UNSAID};
    struct error error;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct member_change change = {id_of(USER), kinds[i / 2], i % 2 == 1};
        struct notice notice = {.value = TEXT_EMPTY};
        struct feed_record record;
        struct event event;

        assert_int_equal(notice_write(&notice, &page, &change, 0, &record), 0);
        assert_int_equal(event_decode(parser,
                                      &(struct message){.timestamp_ms = NOW_MS,
                                                        .key = record.key,
                                                        .key_length = record.key_length,
                                                        .value = record.value,
                                                        .value_length = record.value_length,
                                                        .headers = record.headers,
                                                        .header_count = record.header_count},
                                      &event, &error),
                         0);
        assert_true(guid_equal(&event.user, &change.user));
        assert_true(guid_equal(&event.group, &page.group));
        assert_int_equal(event.change, i % 2 == 1 ? EVENT_REMOVED : EVENT_ADDED);
        assert_true(event.time_ms == NOW_MS);
        assert_false(event.is_not_user);
        notice_free(&notice);
    }
    json_parser_destroy(parser);
}

static void
notice_has_the_same_id_whenever_its_page_is_read(void **state)
{
    struct notice_page page = make_page(), later = make_page();
    struct member_change change = {.user = id_of(USER), .kind = MEMBER_USER};
    char a[FINGERPRINT_TEXT_BYTES], b[FINGERPRINT_TEXT_BYTES];

    (void)state;
    later.wall_ms += 3600 * 1000;
    later.origin = FEED_ORIGIN_CHANGE;
    notice_page_init(&later);
    assert_string_equal(id_for(&page, change, 0, a), id_for(&later, change, 0, b));
}

static void
notice_has_another_id_for_anything_else(void **state)
{
    struct notice_page page = make_page(), other = make_page();
    struct member_change change = {.user = id_of(USER), .kind = MEMBER_USER}, different = change;
    char a[FINGERPRINT_TEXT_BYTES], b[FINGERPRINT_TEXT_BYTES];

    (void)state;
    id_for(&page, change, 0, a);
    assert_string_not_equal(a, id_for(&page, change, 1, b));
    different.is_removed = true;
    assert_string_not_equal(a, id_for(&page, different, 0, b));
    different = change;
    different.user.bytes[15] ^= 1;
    assert_string_not_equal(a, id_for(&page, different, 0, b));
    other.name = "https://graph.test/v1.0/groups/delta?$deltatoken=b";
    assert_string_not_equal(a, id_for(&other, change, 0, b));
    other = page;
    other.group.bytes[0] ^= 1;
    assert_string_not_equal(a, id_for(&other, change, 0, b));
}

static void
origins_have_names_of_their_own(void **state)
{
    (void)state;
    for (int i = 0; i < FEED_ORIGINS; i++) {
        for (int j = 0; j < i; j++)
            assert_string_not_equal(feed_origin_name((enum feed_origin)i),
                                    feed_origin_name((enum feed_origin)j));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fingerprint_is_the_published_sum_of_parts_and_their_lengths),
        cmocka_unit_test(notice_is_an_event_and_a_cloud_event),
        cmocka_unit_test(notice_begins_a_trace_of_its_own),
        cmocka_unit_test(notice_is_read_by_the_worker_as_what_it_is),
        cmocka_unit_test(notice_has_the_same_id_whenever_its_page_is_read),
        cmocka_unit_test(notice_has_another_id_for_anything_else),
        cmocka_unit_test(origins_have_names_of_their_own),
    };
    return cmocka_run_group_tests_name("notice", tests, NULL, NULL);
}
