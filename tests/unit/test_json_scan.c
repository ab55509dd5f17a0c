/* RFC 8259 case by case: what is JSON passes whole, and what is not is refused at the byte at fault. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "json_scan.h"
#include "text.h"

enum { MAX_DEPTH = 4 };

struct refusal {
    const char *bytes;
    const char *text;
};

/* A sink that notes what it is given, in short, and fails once it has noted ${limit} bytes. */
struct notes {
    struct text text;
    size_t limit;
};

static int
fail_when_full(const struct notes *notes, struct error *ret_error)
{
    if (notes->limit != 0 && notes->text.length >= notes->limit)
        return error_set(ret_error, ERROR_MEMORY, "full");
    return 0;
}

static int
note_open(void *arg, enum json_type type, struct error *ret_error)
{
    struct notes *notes = arg;

    text_add_char(&notes->text, type == JSON_OBJECT ? '{' : '[');
    return fail_when_full(notes, ret_error);
}

static void
note_close(void *arg)
{
    struct notes *notes = arg;

    text_add_char(&notes->text, ')');
}

static int
note_name(void *arg, const struct json_piece *name, struct error *ret_error)
{
    struct notes *notes = arg;

    assert_int_equal(name->type, JSON_STRING);
    text_addf(&notes->text, "%.*s%s=", (int)name->length, name->bytes,
              name->has_escapes ? "!" : "");
    return fail_when_full(notes, ret_error);
}

static int
note_scalar(void *arg, const struct json_piece *scalar, struct error *ret_error)
{
    struct notes *notes = arg;

    text_addf(&notes->text, "%s(%.*s)%s ", json_type_name(scalar->type), (int)scalar->length,
              scalar->bytes, scalar->has_escapes ? "!" : "");
    return fail_when_full(notes, ret_error);
}

static const struct json_sink note_taker = {note_open, note_close, note_name, note_scalar};

static int
scan_bytes(const char *bytes, size_t length, struct error *ret_error)
{
    struct notes notes = {TEXT_EMPTY, 0};
    int result = json_scan(bytes, length, MAX_DEPTH, &note_taker, &notes, ret_error);

    text_free(&notes.text);
    return result;
}

static int
scan(const char *bytes, struct error *ret_error)
{
    return scan_bytes(bytes, strlen(bytes), ret_error);
}

static void
assert_accepted(const char *const *documents, size_t count)
{
    struct error error;

    for (size_t i = 0; i < count; i++) {
        if (scan(documents[i], &error) == -1)
            fail_msg("%s: %s", documents[i], error.text);
    }
}

static void
assert_refused(const struct refusal *refusals, size_t count)
{
    struct error error;

    for (size_t i = 0; i < count; i++) {
        if (scan(refusals[i].bytes, &error) == 0)
            fail_msg("%s was accepted", refusals[i].bytes);
        assert_int_equal(error.class, ERROR_INPUT);
        assert_string_equal(error.text, refusals[i].text);
    }
}

static void
assert_notes(const char *document, const char *expected)
{
    struct notes notes = {TEXT_EMPTY, 0};
    struct error error;

    assert_int_equal(json_scan(document, strlen(document), MAX_DEPTH, &note_taker, &notes, &error),
                     0);
    assert_string_equal(notes.text.data, expected);
    text_free(&notes.text);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
json_scan_accepts_every_form_of_value(void **state)
{
    static const char *const documents[] = {
        "{}",
        "[]",
        "\"\"",
        "0",
        "-0",
        "10",
        "-12.50",
        "0.0",
        "1e5",
        "1E+05",
        "-0.1e-9",
        "123456789012345678901234567890",
        "1e999",
        "true",
        "false",
        "null",
        "[[],{}]",
        "{\"\":{\"a\":[1,\"x\",null,true,false,{}]}}",
        " \t\r\n[ 1 , 2 ] \t\r\n",
        "{ \"a\" : 1 , \"b\" : [ ] }",
        "[1,[2,[3,[4]]]]",
    };

    (void)state;
    assert_accepted(documents, COUNT(documents));
}

static void
json_scan_accepts_every_escape_and_all_of_unicode(void **state)
{
    static const char *const documents[] = {
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
        "\"\\u0041\\u00e9\\uFFFF\\uD7FF\\uE000\"",
        "\"\\uD83D\\uDE00 \\uDBFF\\uDFFF\"",
        "\"\\u0000\"",
        "\"\x7F\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"",
        "[\"exactly8\",\"eight or more bytes\",\"no \\\\ word \\\" border\"]",
    };

    (void)state;
    assert_accepted(documents, COUNT(documents));
}

static void
json_scan_refuses_what_json_c_lets_through(void **state)
{
    static const struct refusal refusals[] = {
        {"{'a':1}", "JSON, byte 1: a name in double quotes must stand here"},
        {"['a']", "JSON, byte 1: a value must stand here"},
        {"NaN", "JSON, byte 0: a value must stand here"},
        {"[Infinity]", "JSON, byte 1: a value must stand here"},
        {"[-Infinity]", "JSON, byte 2: a digit must stand here"},
        {"nulL", "JSON, byte 3: a value must stand here"},
        {"[True]", "JSON, byte 1: a value must stand here"},
        {"/* */ 1", "JSON, byte 0: a value must stand here"},
        {"{\"a\":1}x", "JSON, byte 7: more bytes after the value"},
        {"1 2", "JSON, byte 2: more bytes after the value"},
        {"[1,]", "JSON, byte 3: a value must stand here"},
        {"{\"a\":1,}", "JSON, byte 7: a name in double quotes must stand here"},
        {"\xEF\xBB\xBF{}", "JSON, byte 0: a value must stand here"},
    };

    (void)state;
    assert_refused(refusals, COUNT(refusals));
}

static void
json_scan_refuses_broken_structure(void **state)
{
    static const struct refusal refusals[] = {
        {"[1 2]", "JSON, byte 3: a comma or the end must stand here"},
        {"[,1]", "JSON, byte 1: a value must stand here"},
        {"{,}", "JSON, byte 1: a name in double quotes must stand here"},
        {"{\"a\" 1}", "JSON, byte 5: a colon must stand here"},
        {"{\"a\":}", "JSON, byte 5: a value must stand here"},
        {"{1:2}", "JSON, byte 1: a name in double quotes must stand here"},
        {"{\"a\",\"b\"}", "JSON, byte 4: a colon must stand here"},
        {"[1}", "JSON, byte 2: a comma or the end must stand here"},
        {"{\"a\":1]", "JSON, byte 6: a comma or the end must stand here"},
        {"]", "JSON, byte 0: a value must stand here"},
        {"[]]", "JSON, byte 2: more bytes after the value"},
        {"[\v1]", "JSON, byte 1: a value must stand here"},
    };

    (void)state;
    assert_refused(refusals, COUNT(refusals));
}

static void
json_scan_refuses_broken_numbers(void **state)
{
    static const struct refusal refusals[] = {
        {"[01]", "JSON, byte 2: a comma or the end must stand here"},
        {"[-01]", "JSON, byte 3: a comma or the end must stand here"},
        {"[+1]", "JSON, byte 1: a value must stand here"},
        {"[.5]", "JSON, byte 1: a value must stand here"},
        {"[1.]", "JSON, byte 3: a digit must stand here"},
        {"[1.e5]", "JSON, byte 3: a digit must stand here"},
        {"[1e]", "JSON, byte 3: a digit must stand here"},
        {"[1e+]", "JSON, byte 4: a digit must stand here"},
        {"[-]", "JSON, byte 2: a digit must stand here"},
        {"[0x1]", "JSON, byte 2: a comma or the end must stand here"},
        {"[1_0]", "JSON, byte 2: a comma or the end must stand here"},
    };

    (void)state;
    assert_refused(refusals, COUNT(refusals));
}

static void
json_scan_refuses_broken_strings(void **state)
{
    static const struct refusal refusals[] = {
        {"\"a\nb\"", "JSON, byte 2: a control character in a string"},
        {"\"long enough\x1F\"", "JSON, byte 12: a control character in a string"},
        {"\"\\x41\"", "JSON, byte 2: no such escape"},
        {"\"\\'\"", "JSON, byte 2: no such escape"},
        {"\"\\u12g4\"", "JSON, byte 5: four hexadecimal digits must follow \\u"},
        {"\"\\uD800\"", "JSON, byte 7: a lone surrogate"},
        {"\"\\uD800x\"", "JSON, byte 7: a lone surrogate"},
        {"\"\\uD800\\n\"", "JSON, byte 8: a lone surrogate"},
        {"\"\\uD800\\u0041\"", "JSON, byte 13: a lone surrogate"},
        {"\"\\uD800\\uD800\"", "JSON, byte 13: a lone surrogate"},
        {"\"\\uDC00\"", "JSON, byte 7: a lone surrogate"},
        {"\"\xFF\"", "JSON, byte 1: not UTF-8"},
        {"\"\xC0\x80\"", "JSON, byte 1: not UTF-8"},
        {"\"\xED\xA0\x80\"", "JSON, byte 1: not UTF-8"},
        {"\"long enough \xE2\x82\"", "JSON, byte 13: not UTF-8"},
        {"{\"a\\u0000b\":1}", "JSON, byte 9: U+0000 in the name of a member"},
    };

    (void)state;
    assert_refused(refusals, COUNT(refusals));
}

static void
json_scan_refuses_a_nul_anywhere_but_in_an_escape(void **state)
{
    struct error error;

    (void)state;
    assert_int_equal(scan_bytes("\"a\0b\"", 5, &error), -1);
    assert_string_equal(error.text, "JSON, byte 2: a control character in a string");
    assert_int_equal(scan_bytes("\"\\\0\"", 4, &error), -1);
    assert_string_equal(error.text, "JSON, byte 2: no such escape");
    assert_int_equal(scan_bytes("[]\0", 3, &error), -1);
    assert_string_equal(error.text, "JSON, byte 2: more bytes after the value");
}

static void
json_scan_sees_every_byte_at_every_place_of_a_long_string(void **state)
{
    char document[] = "\"xxxxxxxxxxxxxxxxxxxxxxxx\"";
    struct error error;

    (void)state;
    for (size_t place = 1; place < sizeof(document) - 2; place++) {
        for (int byte = 0; byte < 256; byte++) {
            bool is_plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';

            document[place] = (char)byte;
            if ((scan_bytes(document, sizeof(document) - 1, &error) == 0) != is_plain)
                fail_msg("byte %02x at place %zu", (unsigned)byte, place);
        }
        document[place] = 'x';
    }
}

static void
json_scan_refuses_every_document_that_was_cut(void **state)
{
    static const char document[] =
        " {\"name\\n\": [true, false, null, -1.5e+7, \"\\uD83D\\uDE00\xC3\xA9\"], \"b\": {}}";
    struct error error;
    char expected[64];

    (void)state;
    assert_int_equal(scan(document, &error), 0);
    for (size_t length = 0; length < sizeof(document) - 1; length++) {
        /* bytes of its own, so that a sanitizer sees who reads beyond them */
        char *bytes = malloc(length + 1);

        assert_non_null(bytes);
        bytes = realloc(memcpy(bytes, document, length), length > 0 ? length : 1);
        assert_non_null(bytes);
        assert_int_equal(scan_bytes(bytes, length, &error), -1);
        free(bytes);
        assert_int_equal(error.class, ERROR_INPUT);
        snprintf(expected, sizeof(expected), "JSON, byte %zu: it ends too early", length);
        if (document[length] == '\xA9') /* half a character */
            snprintf(expected, sizeof(expected), "JSON, byte %zu: not UTF-8", length - 1);
        assert_string_equal(error.text, expected);
    }
}

static void
json_scan_stops_at_its_depth_and_not_before(void **state)
{
    struct notes notes = {TEXT_EMPTY, 0};
    struct error error;
    char document[2 * JSON_SCAN_MAX_DEPTH];

    (void)state;
    assert_int_equal(scan("[{\"a\":[{}]}]", &error), 0);
    assert_int_equal(scan("[{\"a\":[{\"b\":[]}]}]", &error), -1);
    assert_int_equal(error.class, ERROR_LIMIT);
    assert_string_equal(error.text, "JSON, byte 12: nested too deeply");
    memset(document, '[', JSON_SCAN_MAX_DEPTH);
    memset(document + JSON_SCAN_MAX_DEPTH, ']', JSON_SCAN_MAX_DEPTH);
    assert_int_equal(
        json_scan(document, sizeof(document), JSON_SCAN_MAX_DEPTH, &note_taker, &notes, &error), 0);
    text_free(&notes.text);
}

static void
json_scan_hands_over_every_piece_in_order(void **state)
{
    (void)state;
    assert_notes(
        " {\"a\" : {\"b\\n\":1,\"b\":-2.0 } ,\"\":[ \"x\\\"y\", [] , null,true ]} ",
        "{a={b\\n!=integer(1) b=number(-2.0) )=[string(x\\\"y)! [)null(null) boolean(true) ))");
    assert_notes("1e5", "number(1e5) ");
    assert_notes("\"whole\"", "string(whole) ");
}

static void
json_scan_ends_with_the_error_of_its_sink(void **state)
{
    static const char document[] = "{\"a\":[1,\"b\",{}]}";
    static const char all[] = "{a=[integer(1) string(b) {)))";
    struct error error;

    (void)state;
    for (size_t limit = 1; limit < sizeof(all) - 3; limit++) {
        struct notes notes = {TEXT_EMPTY, limit};

        assert_int_equal(
            json_scan(document, sizeof(document) - 1, MAX_DEPTH, &note_taker, &notes, &error), -1);
        assert_int_equal(error.class, ERROR_MEMORY);
        assert_string_equal(error.text, "full");
        assert_memory_equal(notes.text.data, all, notes.text.length);
        text_free(&notes.text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_scan_accepts_every_form_of_value),
        cmocka_unit_test(json_scan_accepts_every_escape_and_all_of_unicode),
        cmocka_unit_test(json_scan_refuses_what_json_c_lets_through),
        cmocka_unit_test(json_scan_refuses_broken_structure),
        cmocka_unit_test(json_scan_refuses_broken_numbers),
        cmocka_unit_test(json_scan_refuses_broken_strings),
        cmocka_unit_test(json_scan_refuses_a_nul_anywhere_but_in_an_escape),
        cmocka_unit_test(json_scan_sees_every_byte_at_every_place_of_a_long_string),
        cmocka_unit_test(json_scan_refuses_every_document_that_was_cut),
        cmocka_unit_test(json_scan_stops_at_its_depth_and_not_before),
        cmocka_unit_test(json_scan_hands_over_every_piece_in_order),
        cmocka_unit_test(json_scan_ends_with_the_error_of_its_sink),
    };
    return cmocka_run_group_tests_name("json_scan", tests, NULL, NULL);
}
