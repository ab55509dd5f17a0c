/* A GUID that was parsed and printed is the same id in one spelling, and nothing else gets through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guid.h"

#define SAMPLE "01234567-89ab-cdef-0123-456789abcdef"

static bool
parse(const char *text, struct guid *ret_guid)
{
    return guid_parse(text, strlen(text), ret_guid);
}

static struct guid
parsed(const char *text)
{
    struct guid guid = {{0}};

    assert_true(parse(text, &guid));
    return guid;
}

static void
guid_bytes_stand_in_the_order_of_the_text(void **state)
{
    static const uint8_t expected[16] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF,
                                         0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF};
    struct guid guid = parsed(SAMPLE);

    (void)state;
    assert_memory_equal(guid.bytes, expected, sizeof(expected));
}

static void
guid_of_either_case_is_printed_in_lower_case(void **state)
{
    char text[GUID_TEXT_BYTES];
    struct guid guid = parsed("01234567-89AB-cDeF-0123-456789ABCDEF");

    (void)state;
    assert_string_equal(guid_format(&guid, text), SAMPLE);
}

static void
guid_of_any_bytes_survives_print_and_parse(void **state)
{
    char text[GUID_TEXT_BYTES];
    struct guid guid, again;

    (void)state;
    for (unsigned value = 0; value < 256; value++) {
        for (unsigned i = 0; i < sizeof(guid.bytes); i++)
            guid.bytes[i] = (uint8_t)(value + 17 * i);
        assert_true(parse(guid_format(&guid, text), &again));
        assert_true(guid_equal(&guid, &again));
    }
}

static void
guid_parse_refuses_every_byte_that_is_no_digit_at_every_place(void **state)
{
    struct guid guid = {{42}};
    char text[] = SAMPLE;

    (void)state;
    for (size_t place = 0; place < sizeof(text) - 1; place++) {
        for (int byte = 0; byte < 256; byte++) {
            char right = SAMPLE[place];
            bool is_good =
                right == '-' ? byte == '-' : byte != 0 && strchr("0123456789abcdefABCDEF", byte);

            text[place] = (char)byte;
            if (!is_good)
                assert_false(guid_parse(text, sizeof(text) - 1, &guid));
            text[place] = right;
        }
    }
    assert_int_equal(guid.bytes[0], 42);
}

static void
guid_parse_refuses_other_spellings_and_lengths(void **state)
{
    static const char *const refused[] = {
        "",
        "0123456789abcdef0123456789abcdef",
        "{" SAMPLE "}",
        " " SAMPLE,
        SAMPLE " ",
        SAMPLE "0",
        "01234567-89ab-cdef-0123-456789abcde",
        "012345678-9ab-cdef-0123-456789abcdef",
    };
    struct guid guid;

    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        assert_false(parse(refused[i], &guid));
    assert_false(guid_parse(SAMPLE, 35, &guid));
}

static void
guid_order_is_the_order_of_the_texts(void **state)
{
    struct guid low = parsed("7fffffff-0000-0000-0000-000000000000");
    struct guid high = parsed("80000000-0000-0000-0000-000000000000");

    (void)state;
    assert_true(guid_compare(&low, &high) < 0);
    assert_true(guid_compare(&high, &low) > 0);
    assert_int_equal(guid_compare(&low, &low), 0);
    assert_false(guid_equal(&low, &high));
}

static void
guid_is_zero_for_all_zeros_only(void **state)
{
    struct guid zero = parsed("00000000-0000-0000-0000-000000000000");
    struct guid one = parsed("00000000-0000-0000-0000-000000000001");

    (void)state;
    assert_true(guid_is_zero(&zero));
    assert_false(guid_is_zero(&one));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guid_bytes_stand_in_the_order_of_the_text),
        cmocka_unit_test(guid_of_either_case_is_printed_in_lower_case),
        cmocka_unit_test(guid_of_any_bytes_survives_print_and_parse),
        cmocka_unit_test(guid_parse_refuses_every_byte_that_is_no_digit_at_every_place),
        cmocka_unit_test(guid_parse_refuses_other_spellings_and_lengths),
        cmocka_unit_test(guid_order_is_the_order_of_the_texts),
        cmocka_unit_test(guid_is_zero_for_all_zeros_only),
    };
    return cmocka_run_group_tests_name("guid", tests, NULL, NULL);
}
