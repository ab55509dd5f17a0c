/* What counts as UTF-8, by the borders of each form and the classic ways around them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "utf8.h"

static size_t
sequence_of(const char *bytes)
{
    return utf8_sequence(bytes, strlen(bytes));
}

static void
utf8_knows_the_first_and_the_last_character_of_each_length(void **state)
{
    (void)state;
    assert_int_equal(utf8_sequence("\0", 1), 1);
    assert_int_equal(sequence_of("\x7F"), 1);
    assert_int_equal(sequence_of("\xC2\x80"), 2);
    assert_int_equal(sequence_of("\xDF\xBF"), 2);
    assert_int_equal(sequence_of("\xE0\xA0\x80"), 3);
    assert_int_equal(sequence_of("\xED\x9F\xBF"), 3);
    assert_int_equal(sequence_of("\xEE\x80\x80"), 3);
    assert_int_equal(sequence_of("\xEF\xBF\xBF"), 3);
    assert_int_equal(sequence_of("\xF0\x90\x80\x80"), 4);
    assert_int_equal(sequence_of("\xF4\x8F\xBF\xBF"), 4);
}

static void
utf8_refuses_overlong_forms_surrogates_and_what_is_beyond_unicode(void **state)
{
    static const char *const refused[] = {
        "\xC0\x80",
        "\xC1\xBF",
        "\xE0\x9F\xBF",
        "\xF0\x8F\xBF\xBF",
        "\xED\xA0\x80",
        "\xED\xBF\xBF",
        "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80",
        "\xFF",
        "\x80",
        "\xBF",
        "\xC2\x41",
        "\xE1\x80\x41",
        "\xF1\x80\x80\x41",
        "\xE1\xC0\x80",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        assert_int_equal(sequence_of(refused[i]), 0);
}

static void
utf8_refuses_a_sequence_that_the_end_cuts(void **state)
{
    (void)state;
    assert_int_equal(utf8_sequence("", 0), 0);
    for (size_t length = 1; length < 4; length++)
        assert_int_equal(utf8_sequence("\xF0\x9F\x98\x80", length), 0);
    assert_int_equal(utf8_sequence("\xF0\x9F\x98\x80", 4), 4);
}

static void
utf8_encode_writes_what_utf8_sequence_reads(void **state)
{
    static const struct {
        uint32_t character;
        const char *bytes;
    } examples[] = {
        {0x41, "A"},
        {0x7F, "\x7F"},
        {0x80, "\xC2\x80"},
        {0x7FF, "\xDF\xBF"},
        {0x800, "\xE0\xA0\x80"},
        {0xFFFF, "\xEF\xBF\xBF"},
        {0x10000, "\xF0\x90\x80\x80"},
        {0x10FFFF, "\xF4\x8F\xBF\xBF"},
    };
    char bytes[UTF8_MAX_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        size_t length = strlen(examples[i].bytes);

        assert_int_equal(utf8_encode(examples[i].character, bytes), length);
        assert_memory_equal(bytes, examples[i].bytes, length);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_knows_the_first_and_the_last_character_of_each_length),
        cmocka_unit_test(utf8_refuses_overlong_forms_surrogates_and_what_is_beyond_unicode),
        cmocka_unit_test(utf8_refuses_a_sequence_that_the_end_cuts),
        cmocka_unit_test(utf8_encode_writes_what_utf8_sequence_reads),
    };
    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
