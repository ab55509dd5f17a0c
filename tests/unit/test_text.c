/* What was added stands in the text, whole and encoded as the standards say, or the text has failed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text.h"

#define LITERAL(string) (string), sizeof(string) - 1

/* Checks length, bytes and the NUL, and ends the text. */
static void
assert_text(struct text *text, const char *expected)
{
    assert_false(text->failed);
    assert_non_null(text->data);
    assert_int_equal(text->length, strlen(expected));
    assert_string_equal(text->data, expected);
    text_free(text);
}

static void
text_is_the_sum_of_what_was_added(void **state)
{
    struct text text = TEXT_EMPTY;

    (void)state;
    text_add(&text, "one");
    text_add_char(&text, ' ');
    text_add_bytes(&text, "two!", 3);
    text_addf(&text, " %d%%", 3);
    assert_text(&text, "one two 3%");
}

static void
text_is_ended_by_a_nul_after_adding_nothing(void **state)
{
    struct text text = TEXT_EMPTY;

    (void)state;
    text_add(&text, "");
    assert_text(&text, "");
    text_add_bytes(&text, NULL, 0);
    assert_text(&text, "");
    text_addf(&text, "%s", "");
    assert_text(&text, "");
    text_reserve(&text, 10);
    assert_text(&text, "");
}

static void
text_keeps_bytes_that_are_nul(void **state)
{
    struct text text = TEXT_EMPTY;

    (void)state;
    text_add_bytes(&text, "a\0b", 3);
    assert_int_equal(text.length, 3);
    assert_memory_equal(text.data, "a\0b", 4);
    text_free(&text);
}

static void
text_grows_by_any_steps(void **state)
{
    struct text text = TEXT_EMPTY;

    (void)state;
    for (size_t step = 0; step < 300; step++)
        for (size_t i = 0; i < step; i++)
            text_add_char(&text, (char)('a' + step % 26));
    assert_int_equal(text.length, 299 * 300 / 2);
    assert_int_equal(strlen(text.data), text.length);
    assert_true(text.capacity <= 2 * text.length);
    text_free(&text);
}

static void
text_addf_adds_the_whole_at_every_border_of_the_room(void **state)
{
    char expected[400];

    (void)state;
    for (int width = 1; width < 300; width++) {
        struct text text = TEXT_EMPTY;

        text_add(&text, "ab");
        text_addf(&text, "%*d", width, 7);
        assert_int_equal(text.length, 2 + width);
        snprintf(expected, sizeof(expected), "ab%*d", width, 7);
        assert_text(&text, expected);
    }
}

static void
text_reserve_makes_room_that_is_used_without_moving(void **state)
{
    struct text text = TEXT_EMPTY;
    const char *before;

    (void)state;
    text_reserve(&text, 1000);
    before = text.data;
    for (int i = 0; i < 100; i++)
        text_add(&text, "0123456789");
    assert_ptr_equal(text.data, before);
    text_free(&text);
}

static void
text_remembers_that_memory_ran_out_until_it_is_cleared(void **state)
{
    struct text text = TEXT_EMPTY;

    (void)state;
    text_add(&text, "kept");
    text_reserve(&text, SIZE_MAX - 2);
    assert_true(text.failed);
    text_add(&text, "more");
    text_add_char(&text, 'c');
    text_addf(&text, "%d", 1);
    assert_true(text.failed);
    assert_int_equal(text.length, 4);
    text_clear(&text);
    assert_int_equal(text.length, 0);
    text_add(&text, "again");
    assert_text(&text, "again");
}

static void
text_clear_keeps_the_memory(void **state)
{
    struct text text = TEXT_EMPTY;
    const char *before;

    (void)state;
    text_clear(&text);
    assert_null(text.data);
    text_add(&text, "something");
    before = text.data;
    text_clear(&text);
    assert_string_equal(text.data, "");
    text_add(&text, "else");
    assert_ptr_equal(text.data, before);
    assert_text(&text, "else");
}

static void
text_add_url_leaves_only_unreserved_characters(void **state)
{
    struct text text = TEXT_EMPTY;

    (void)state;
    text_add_url(&text, LITERAL("AZaz09-._~"));
    assert_text(&text, "AZaz09-._~");
    text_add_url(&text, LITERAL("a b/c?d&e=f%'(\xC3\xA9)+\0!"));
    assert_text(&text, "a%20b%2Fc%3Fd%26e%3Df%25%27%28%C3%A9%29%2B%00%21");
    text_add_url(&text, LITERAL("@[`{:/^"));
    assert_text(&text, "%40%5B%60%7B%3A%2F%5E");
}

static void
text_add_json_escapes_what_json_demands_and_no_more(void **state)
{
    struct text text = TEXT_EMPTY;

    (void)state;
    text_add_json(&text, LITERAL("plain / \x7F \xC3\xA9"));
    assert_text(&text, "\"plain / \x7F \xC3\xA9\"");
    text_add_json(&text, LITERAL("\"\\\b\f\n\r\t\0\x1F end"));
    assert_text(&text, "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f end\"");
    text_add_json(&text, NULL, 0);
    assert_text(&text, "\"\"");
}

static void
text_add_base64_gives_the_vectors_of_rfc_4648(void **state)
{
    static const struct {
        const char *bytes, *padded, *url;
    } vectors[] = {
        {"f", "Zg==", "Zg"},
        {"fo", "Zm8=", "Zm8"},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg==", "Zm9vYg"},
        {"fooba", "Zm9vYmE=", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
        {"\xFB\xFF\xFE", "+//+", "-__-"},
        {"", "", ""},
    };
    struct text text = TEXT_EMPTY;

    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        text_add_base64(&text, vectors[i].bytes, strlen(vectors[i].bytes));
        assert_text(&text, vectors[i].padded);
        text_add_base64url(&text, vectors[i].bytes, strlen(vectors[i].bytes));
        assert_text(&text, vectors[i].url);
    }
}

static void
text_take_gives_the_bytes_away(void **state)
{
    struct text text = TEXT_EMPTY;
    size_t length = 99;
    char *bytes;

    (void)state;
    text_add(&text, "given");
    bytes = text_take(&text, &length);
    assert_string_equal(bytes, "given");
    assert_int_equal(length, 5);
    assert_null(text.data);
    assert_int_equal(text.length, 0);
    free(bytes);
    bytes = text_take(&text, NULL);
    assert_string_equal(bytes, "");
    free(bytes);
}

static void
text_take_gives_nothing_of_a_text_that_failed(void **state)
{
    struct text text = TEXT_EMPTY;

    (void)state;
    text_add(&text, "half");
    text_reserve(&text, SIZE_MAX);
    assert_null(text_take(&text, NULL));
    assert_null(text.data);
    assert_false(text.failed);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_the_sum_of_what_was_added),
        cmocka_unit_test(text_is_ended_by_a_nul_after_adding_nothing),
        cmocka_unit_test(text_keeps_bytes_that_are_nul),
        cmocka_unit_test(text_grows_by_any_steps),
        cmocka_unit_test(text_addf_adds_the_whole_at_every_border_of_the_room),
        cmocka_unit_test(text_reserve_makes_room_that_is_used_without_moving),
        cmocka_unit_test(text_remembers_that_memory_ran_out_until_it_is_cleared),
        cmocka_unit_test(text_clear_keeps_the_memory),
        cmocka_unit_test(text_add_url_leaves_only_unreserved_characters),
        cmocka_unit_test(text_add_json_escapes_what_json_demands_and_no_more),
        cmocka_unit_test(text_add_base64_gives_the_vectors_of_rfc_4648),
        cmocka_unit_test(text_take_gives_the_bytes_away),
        cmocka_unit_test(text_take_gives_nothing_of_a_text_that_failed),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
