/* Instants in and out of text, to the millisecond, and nothing that is no date. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "rng.h"
#include "timestamp.h"

typedef bool parse_fn(const char *text, size_t length, int64_t *ret_ms);

struct example {
    const char *text;
    int64_t ms;
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
assert_read(parse_fn *parse, const struct example *examples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t ms = -1;

        if (!parse(examples[i].text, strlen(examples[i].text), &ms))
            fail_msg("%s was refused", examples[i].text);
        if (ms != examples[i].ms)
            fail_msg("%s was read as %lld", examples[i].text, (long long)ms);
    }
}

static void
assert_refused(parse_fn *parse, const char *const *texts, size_t count)
{
    int64_t ms = 7;

    for (size_t i = 0; i < count; i++)
        if (parse(texts[i], strlen(texts[i]), &ms))
            fail_msg("%s was read", texts[i]);
    assert_int_equal(ms, 7);
}

static void
timestamp_reads_rfc_3339(void **state)
{
    static const struct example examples[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1969-12-31T23:59:59.999Z", -1},
        {"2026-01-31T23:59:59.999Z", INT64_C(1769903999999)},
        {"1985-04-12T23:20:50.52Z", INT64_C(482196050520)},
        {"1996-12-19T16:39:57-08:00", INT64_C(851042397000)},
        {"1937-01-01T12:00:27.87+00:20", INT64_C(-1041337172130)},
        {"2026-01-01t00:00:00z", INT64_C(1767225600000)},
        {"2026-01-01T00:00:00-00:00", INT64_C(1767225600000)},
        {"2026-01-01T23:59:00+23:59", INT64_C(1767225600000)},
        {"2000-02-29T00:00:00Z", INT64_C(951782400000)},
        {"0000-01-01T00:00:00Z", INT64_C(-62167219200000)},
        {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
    };

    (void)state;
    assert_read(timestamp_parse, examples, COUNT(examples));
}

static void
timestamp_cuts_fractions_to_milliseconds(void **state)
{
    static const struct example examples[] = {
        {"1970-01-01T00:00:01.5Z", 1500},
        {"1970-01-01T00:00:01.05Z", 1050},
        {"1970-01-01T00:00:01.9999999Z", 1999},
        {"1970-01-01T00:00:01.00000000000000000000000000000009Z", 1000},
    };

    (void)state;
    assert_read(timestamp_parse, examples, COUNT(examples));
}

static void
timestamp_counts_a_leap_second_as_the_second_after(void **state)
{
    static const struct example examples[] = {
        {"1990-12-31T23:59:60Z", INT64_C(662688000000)},
        {"1990-12-31T15:59:60.25-08:00", INT64_C(662688000250)},
    };
    static const char *const refused[] = {"1990-12-31T23:58:60Z", "1990-12-31T23:59:60+01:00",
                                          "1990-12-31T23:59:61Z"};

    (void)state;
    assert_read(timestamp_parse, examples, COUNT(examples));
    assert_refused(timestamp_parse, refused, COUNT(refused));
}

static void
timestamp_refuses_impossible_dates_and_times(void **state)
{
    static const char *const refused[] = {
        "2026-00-01T00:00:00Z",      "2026-13-01T00:00:00Z",      "2026-01-00T00:00:00Z",
        "2026-01-32T00:00:00Z",      "2026-04-31T00:00:00Z",      "2025-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",      "2026-01-01T24:00:00Z",      "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+00:60",
    };

    (void)state;
    assert_refused(timestamp_parse, refused, COUNT(refused));
}

static void
timestamp_refuses_other_spellings(void **state)
{
    static const char *const refused[] = {
        "",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-01-01 00:00:00Z",
        "2026-01-01T00:00Z",
        "2026-1-01T00:00:00Z",
        "26-01-01T00:00:00Z",
        "+2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00,5Z",
        "2026-01-01T00:00:00ZZ",
        "2026-01-01T00:00:00 Z",
        " 2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00+0000",
        "2026-01-01T00:00:00+00",
        "2026-01-01T-1:00:00Z",
        "20260101T000000Z",
    };
    int64_t ms;

    (void)state;
    assert_refused(timestamp_parse, refused, COUNT(refused));
    assert_false(timestamp_parse("2026-01-01T00:00:00Z", 19, &ms));
    assert_false(timestamp_parse("2026-01-01T00:00:00Z", 21, &ms));
}

static void
timestamp_reads_the_three_forms_of_http(void **state)
{
    static const struct example examples[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", INT64_C(784111777000)},
        {"Sunday, 06-Nov-94 08:49:37 GMT", INT64_C(784111777000)},
        {"Sun Nov  6 08:49:37 1994", INT64_C(784111777000)},
        {"Wed Nov 16 08:49:37 1994", INT64_C(784975777000)},
        {"Thursday, 01-Jan-26 00:00:00 GMT", INT64_C(1767225600000)},
        {"Thursday, 01-Jan-70 00:00:00 GMT", 0},
        {"Sat, 31 Dec 2016 23:59:60 GMT", INT64_C(1483228800000)},
    };

    (void)state;
    assert_read(timestamp_parse_http, examples, COUNT(examples));
}

static void
timestamp_refuses_what_is_no_date_of_http(void **state)
{
    static const char *const refused[] = {
        "",
        "120",
        "1994-11-06T08:49:37Z",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "sun, 06 nov 1994 08:49:37 gmt",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Nov, 06 Sun 1994 08:49:37 GMT",
    };

    (void)state;
    assert_refused(timestamp_parse_http, refused, COUNT(refused));
}

static void
timestamp_prints_what_it_reads(void **state)
{
    static const struct example examples[] = {
        {"1970-01-01T00:00:00.000Z", 0},
        {"1969-12-31T23:59:59.999Z", -1},
        {"2024-02-29T12:34:56.789Z", INT64_C(1709210096789)},
        {"0000-01-01T00:00:00.000Z", INT64_C(-62167219200000)},
        {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
    };
    char text[TIMESTAMP_TEXT_BYTES];

    (void)state;
    assert_read(timestamp_parse, examples, COUNT(examples));
    for (size_t i = 0; i < COUNT(examples); i++)
        assert_string_equal(timestamp_format(examples[i].ms, text), examples[i].text);
}

static void
timestamp_prints_the_nearest_of_four_digit_years(void **state)
{
    char text[TIMESTAMP_TEXT_BYTES];

    (void)state;
    assert_string_equal(timestamp_format(INT64_MIN, text), "0000-01-01T00:00:00.000Z");
    assert_string_equal(timestamp_format(INT64_MAX, text), "9999-12-31T23:59:59.999Z");
}

static void
timestamp_agrees_with_the_c_library(void **state)
{
    char text[TIMESTAMP_TEXT_BYTES], expected[TIMESTAMP_TEXT_BYTES];
    struct rng rng;

    (void)state;
    rng_seed(&rng, 3);
    for (int i = 0; i < 20000; i++) {
        time_t seconds = rng_between(&rng, INT64_C(-62167219200), INT64_C(253402300799));
        struct tm broken_down;
        int64_t ms;

        assert_non_null(gmtime_r(&seconds, &broken_down));
        broken_down.tm_year += 1900;
        snprintf(expected, sizeof(expected), "%04u-%02u-%02uT%02u:%02u:%02u.000Z",
                 (unsigned)broken_down.tm_year % 10000, (unsigned)(broken_down.tm_mon + 1) % 100,
                 (unsigned)broken_down.tm_mday % 100, (unsigned)broken_down.tm_hour % 100,
                 (unsigned)broken_down.tm_min % 100, (unsigned)broken_down.tm_sec % 100);
        assert_string_equal(timestamp_format(seconds * 1000, text), expected);
        assert_true(timestamp_parse(text, strlen(text), &ms));
        assert_true(ms == seconds * 1000);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timestamp_reads_rfc_3339),
        cmocka_unit_test(timestamp_cuts_fractions_to_milliseconds),
        cmocka_unit_test(timestamp_counts_a_leap_second_as_the_second_after),
        cmocka_unit_test(timestamp_refuses_impossible_dates_and_times),
        cmocka_unit_test(timestamp_refuses_other_spellings),
        cmocka_unit_test(timestamp_reads_the_three_forms_of_http),
        cmocka_unit_test(timestamp_refuses_what_is_no_date_of_http),
        cmocka_unit_test(timestamp_prints_what_it_reads),
        cmocka_unit_test(timestamp_prints_the_nearest_of_four_digit_years),
        cmocka_unit_test(timestamp_agrees_with_the_c_library),
    };
    return cmocka_run_group_tests_name("timestamp", tests, NULL, NULL);
}
