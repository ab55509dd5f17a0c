/* Kept records: what is written, and who is told when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core_fixture.h"
#include "keep.h"

#define BYTES(text) text, sizeof(text) - 1

struct fixture {
    struct bench *bench;
    struct keeper *keeper;
    size_t bytes; /* of payloads that live */
    int kept;
    int not_kept;
};

static const struct kafka_header headers[] = {{"ce_id", BYTES("a\0b")}, {"trace", NULL, 0}};

static int
setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    void *bench = NULL;

    if (fixture == NULL || bench_setup(&bench) != 0)
        return -1;
    fixture->bench = bench;
    fixture->keeper = keeper_create(&fixture->bench->core);
    *state = fixture;
    return fixture->keeper == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    struct fixture *fixture = *state;
    void *bench = fixture->bench;

    keeper_destroy(fixture->keeper);
    assert_int_equal(fixture->bytes, 0);
    bench_teardown(&bench);
    free(fixture);
    return 0;
}

static void
told(void *arg, const struct error *error)
{
    struct fixture *fixture = arg;

    fixture->kept += error == NULL;
    fixture->not_kept += error != NULL;
}

/* Keeps a record with these headers; the keeper alone holds its bytes. */
static struct keeping *
keep(struct fixture *fixture, const struct kafka_header *with, size_t count,
     const struct keep_reason *reason)
{
    const struct message message = {
        .topic = BACKFILL_TOPIC,
        .partition = 5,
        .offset = 42,
        .timestamp_ms = 1700000000123,
        .key = "k\0y",
        .key_length = 3,
        .value = "v\0\xff",
        .value_length = 3,
        .headers = with,
        .header_count = count,
    };
    struct payload *payload = payload_create(&message, &fixture->bytes);
    struct keeping *keeping = keeper_keep(fixture->keeper, payload, reason, told, fixture);

    payload_release(payload);
    return keeping;
}

static struct keep_reason
make_reason(const struct fixture *fixture)
{
    return (struct keep_reason){
        .environment = bench_prod(fixture->bench),
        .class = "refused",
        .code = "no_licence",
        .text = "the user has no licence",
        .attempts = 7,
        .first_failure_ms = 1700000000000,
        .last_failure_ms = 1700000600000,
    };
}

static const struct letter *
letter(const struct fixture *fixture)
{
    assert_true(fixture->bench->scripted.letter_count > 0);
    return &fixture->bench->scripted.letters[fixture->bench->scripted.letter_count - 1];
}

static void
a_record_is_kept_byte_for_byte_for_its_own_partition(void **state)
{
    struct fixture *fixture = *state;
    const struct keep_reason reason = make_reason(fixture);
    const struct letter *kept;

    assert_non_null(keep(fixture, headers, 2, &reason));
    kept = letter(fixture);
    assert_int_equal(kept->partition, 5);
    assert_int_equal(kept->key_length, 3);
    assert_memory_equal(kept->key, "k\0y", 3);
    assert_int_equal(kept->value_length, 3);
    assert_memory_equal(kept->value, "v\0\xff", 3);
    assert_string_equal(kept->headers[0].name, "ce_id");
    assert_int_equal(kept->headers[0].length, 3);
    assert_memory_equal(kept->headers[0].value, "a\0b", 3);
    assert_string_equal(kept->headers[1].name, "trace");
    assert_true(kept->headers[1].is_null);
}

static void
our_headers_follow_as_text(void **state)
{
    static const struct {
        const char *name, *value;
    } cases[] = {
        {"dvsync-format", "1"},
        {"dvsync-origin-topic", "events.backfill"},
        {"dvsync-origin-partition", "5"},
        {"dvsync-origin-offset", "42"},
        {"dvsync-origin-timestamp", "1700000000123"},
        {"dvsync-origin-group", "dvsync"},
        {"dvsync-environment", "prod"},
        {"dvsync-error-class", "refused"},
        {"dvsync-error-code", "no_licence"},
        {"dvsync-error-text", "the user has no licence"},
        {"dvsync-attempts", "7"},
        {"dvsync-parkings", "0"},
        {"dvsync-first-failure", "2023-11-14T22:13:20.000Z"},
        {"dvsync-last-failure", "2023-11-14T22:23:20.000Z"},
    };
    struct fixture *fixture = *state;
    const struct keep_reason reason = make_reason(fixture);

    assert_non_null(keep(fixture, headers, 2, &reason));
    assert_int_equal(letter(fixture)->header_count, 2 + sizeof(cases) / sizeof(cases[0]));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct letter_header *header = &letter(fixture)->headers[2 + i];

        assert_string_equal(header->name, cases[i].name);
        assert_string_equal(header->value, cases[i].value);
        assert_int_equal(header->length, strlen(cases[i].value));
    }
}

static const struct kafka_header kept_before[] = {
    {"dvsync-format", BYTES("1")},
    {"dvsync-origin-topic", BYTES("events")},
    {"dvsync-origin-partition", BYTES("2")},
    {"dvsync-origin-offset", BYTES("9")},
    {"dvsync-error-code", BYTES("disabled")},
    {"ce_id", BYTES("a")},
    {"dvsync-attempts", BYTES("20")},
    {"dvsync-parkings", BYTES("1")},
    {"dvsync-first-failure", BYTES("2023-11-14T20:00:00Z")},
};

enum { KEPT_BEFORE = sizeof(kept_before) / sizeof(kept_before[0]) };

static void
an_origin_is_never_overwritten(void **state)
{
    struct fixture *fixture = *state;
    const struct keep_reason reason = make_reason(fixture);

    assert_non_null(keep(fixture, kept_before, KEPT_BEFORE, &reason));
    assert_string_equal(letter_header(letter(fixture), "dvsync-origin-topic"), "events");
    assert_string_equal(letter_header(letter(fixture), "dvsync-origin-offset"), "9");
    assert_null(letter_header(letter(fixture), "dvsync-origin-group"));
}

static size_t
count_headers(const struct letter *letter, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < letter->header_count; i++)
        count += strcmp(letter->headers[i].name, name) == 0;
    return count;
}

static void
what_was_said_the_last_time_is_replaced_and_counted_on(void **state)
{
    struct fixture *fixture = *state;
    struct keep_reason reason = make_reason(fixture);

    reason.to = (struct destination){1, 2};
    assert_non_null(keep(fixture, kept_before, KEPT_BEFORE, &reason));
    assert_int_equal(letter(fixture)->tier, 1);
    assert_string_equal(letter_header(letter(fixture), "ce_id"), "a");
    assert_string_equal(letter_header(letter(fixture), "dvsync-error-code"), "no_licence");
    assert_string_equal(letter_header(letter(fixture), "dvsync-attempts"), "27");
    assert_string_equal(letter_header(letter(fixture), "dvsync-parkings"), "2");
    assert_string_equal(letter_header(letter(fixture), "dvsync-first-failure"),
                        "2023-11-14T20:00:00.000Z");
    assert_int_equal(count_headers(letter(fixture), "dvsync-format"), 1);
    assert_int_equal(count_headers(letter(fixture), "dvsync-error-code"), 1);
}

/* Headers like ours on a record that was never kept are somebody else's. */
static void
headers_of_no_kept_record_are_left_alone(void **state)
{
    struct fixture *fixture = *state;
    const struct keep_reason reason = make_reason(fixture);

    assert_non_null(keep(fixture, kept_before + 1, KEPT_BEFORE - 1, &reason));
    assert_int_equal(count_headers(letter(fixture), "dvsync-error-code"), 2);
    assert_string_equal(letter_header(letter(fixture), "dvsync-origin-offset"), "42");
    assert_string_equal(letter_header(letter(fixture), "dvsync-attempts"), "7");
}

static void
no_environment_is_named_where_none_could_be_read(void **state)
{
    struct fixture *fixture = *state;
    struct keep_reason reason = make_reason(fixture);

    reason.environment = NULL;
    assert_non_null(keep(fixture, NULL, 0, &reason));
    assert_null(letter_header(letter(fixture), "dvsync-environment"));
    assert_int_equal(letter(fixture)->header_count, 13);
}

static void
a_long_text_is_cut(void **state)
{
    struct fixture *fixture = *state;
    struct keep_reason reason = make_reason(fixture);
    char text[2000];

    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    reason.text = text;
    assert_non_null(keep(fixture, NULL, 0, &reason));
    assert_int_equal(strlen(letter_header(letter(fixture), "dvsync-error-text")), 1024);
}

static void
whoever_asks_is_told_once_the_report_was_seen(void **state)
{
    struct fixture *fixture = *state;
    const struct keep_reason reason = make_reason(fixture);

    assert_non_null(keep(fixture, NULL, 0, &reason));
    assert_int_equal(fixture->kept + fixture->not_kept, 0);
    assert_int_not_equal(fixture->bytes, 0);
    keeper_answered(fixture->keeper, letter(fixture)->serial, NULL);
    assert_int_equal(fixture->kept, 1);
    assert_int_equal(fixture->bytes, 0);
    assert_int_equal(keeper_count(fixture->keeper), 0);
    keeper_answered(fixture->keeper, letter(fixture)->serial, NULL);
    assert_int_equal(fixture->kept, 1);
}

static void
a_bad_report_is_told_as_such(void **state)
{
    struct fixture *fixture = *state;
    const struct keep_reason reason = make_reason(fixture);
    struct error error;

    error_set(&error, ERROR_KAFKA, "not enough replicas");
    assert_non_null(keep(fixture, NULL, 0, &reason));
    keeper_answered(fixture->keeper, letter(fixture)->serial, &error);
    assert_int_equal(fixture->kept, 0);
    assert_int_equal(fixture->not_kept, 1);
}

static void
reports_find_their_keepings_in_any_order(void **state)
{
    struct fixture *fixture = *state;
    const struct keep_reason reason = make_reason(fixture);
    struct scripted *scripted = &fixture->bench->scripted;

    for (int i = 0; i < 3; i++)
        assert_non_null(keep(fixture, NULL, 0, &reason));
    assert_int_not_equal(scripted->letters[0].serial, scripted->letters[1].serial);
    assert_int_not_equal(scripted->letters[1].serial, scripted->letters[2].serial);
    keeper_answered(fixture->keeper, scripted->letters[1].serial, NULL);
    assert_int_equal(keeper_count(fixture->keeper), 2);
    keeper_answered(fixture->keeper, 999, NULL);
    keeper_answered(fixture->keeper, scripted->letters[2].serial, NULL);
    keeper_answered(fixture->keeper, scripted->letters[0].serial, NULL);
    assert_int_equal(fixture->kept, 3);
}

static void
a_producer_that_takes_none_now_leaves_nothing_behind(void **state)
{
    struct fixture *fixture = *state;
    const struct keep_reason reason = make_reason(fixture);

    fixture->bench->scripted.refuses_keep = true;
    assert_null(keep(fixture, NULL, 0, &reason));
    assert_int_equal(keeper_count(fixture->keeper), 0);
    assert_int_equal(fixture->bytes, 0);
    assert_int_equal(fixture->not_kept, 0);
}

static void
nobody_is_told_of_a_forgotten_keeping_whose_bytes_live_until_the_report(void **state)
{
    struct fixture *fixture = *state;
    const struct keep_reason reason = make_reason(fixture);

    keeper_forget(fixture->keeper, keep(fixture, NULL, 0, &reason));
    assert_int_not_equal(fixture->bytes, 0);
    keeper_answered(fixture->keeper, letter(fixture)->serial, NULL);
    assert_int_equal(fixture->kept, 0);
    assert_int_equal(fixture->bytes, 0);
}

#define TEST_CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(a_record_is_kept_byte_for_byte_for_its_own_partition),
        TEST_CASE(our_headers_follow_as_text),
        TEST_CASE(an_origin_is_never_overwritten),
        TEST_CASE(what_was_said_the_last_time_is_replaced_and_counted_on),
        TEST_CASE(headers_of_no_kept_record_are_left_alone),
        TEST_CASE(no_environment_is_named_where_none_could_be_read),
        TEST_CASE(a_long_text_is_cut),
        TEST_CASE(whoever_asks_is_told_once_the_report_was_seen),
        TEST_CASE(a_bad_report_is_told_as_such),
        TEST_CASE(reports_find_their_keepings_in_any_order),
        TEST_CASE(a_producer_that_takes_none_now_leaves_nothing_behind),
        TEST_CASE(nobody_is_told_of_a_forgotten_keeping_whose_bytes_live_until_the_report),
    };
    return cmocka_run_group_tests_name("keep", tests, NULL, NULL);
}
