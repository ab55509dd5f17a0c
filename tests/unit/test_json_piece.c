/* What names, strings and integers stand for, once a scan has found them well formed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "json_piece.h"
#include "text.h"

static struct json_piece
piece_of(enum json_type type, const char *bytes)
{
    return (struct json_piece){type, bytes, strlen(bytes), strchr(bytes, '\\') != NULL};
}

static void
assert_stands_for(const char *bytes, const char *expected, size_t length)
{
    struct json_piece piece = piece_of(JSON_STRING, bytes);
    struct text text = TEXT_EMPTY;

    json_piece_add(&piece, &text);
    assert_int_equal(text.length, length);
    assert_memory_equal(text.data, expected, length + 1);
    text_free(&text);
}

static void
json_piece_without_escapes_stands_for_its_bytes(void **state)
{
    (void)state;
    assert_stands_for("", "", 0);
    assert_stands_for("M\xC3\xBCller", "M\xC3\xBCller", 7);
}

static void
json_piece_resolves_every_escape(void **state)
{
    (void)state;
    assert_stands_for("a\\\"\\\\\\/\\b\\f\\n\\r\\tz", "a\"\\/\b\f\n\r\tz", 10);
    assert_stands_for("\\\\u0041", "\\u0041", 6);
    assert_stands_for("\\u0041 \\u00e9 \\u20AC", "A \xC3\xA9 \xE2\x82\xAC", 8);
    assert_stands_for("\\ud83d\\uDE00\\udbff\\udfff", "\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF", 8);
    assert_stands_for("\\u0000|\\u001F\\uFFFF", "\0|\x1F\xEF\xBF\xBF", 6);
}

static void
json_piece_holds_integers_as_far_as_64_bits_reach(void **state)
{
    static const struct {
        const char *bytes;
        int64_t integer;
    } integers[] = {
        {"0", 0},
        {"-0", 0},
        {"7", 7},
        {"-42", -42},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
    };
    int64_t integer;

    (void)state;
    for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++) {
        struct json_piece piece = piece_of(JSON_INTEGER, integers[i].bytes);

        assert_true(json_piece_integer(&piece, &integer));
        assert_true(integer == integers[i].integer);
    }
}

static void
json_piece_refuses_integers_beyond_64_bits(void **state)
{
    static const char *const refused[] = {
        "9223372036854775808",        "-9223372036854775809",  "18446744073709551617",
        "99999999999999999999999999", "-92233720368547758080",
    };
    int64_t integer = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct json_piece piece = piece_of(JSON_INTEGER, refused[i]);

        assert_false(json_piece_integer(&piece, &integer));
    }
    assert_int_equal(integer, 7);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_piece_without_escapes_stands_for_its_bytes),
        cmocka_unit_test(json_piece_resolves_every_escape),
        cmocka_unit_test(json_piece_holds_integers_as_far_as_64_bits_reach),
        cmocka_unit_test(json_piece_refuses_integers_beyond_64_bits),
    };
    return cmocka_run_group_tests_name("json_piece", tests, NULL, NULL);
}
