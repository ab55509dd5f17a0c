/* What an error promises: whole, cut, clean, and never a byte too many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"

static void
error_set_fills_the_text_and_empties_the_rest(void **state)
{
    struct error error;

    (void)state;
    memset(&error, 'x', sizeof(error));
    assert_int_equal(error_set(&error, ERROR_SERVICE, "answer %d of %s", 3, "us"), -1);
    assert_int_equal(error.class, ERROR_SERVICE);
    assert_int_equal(error.status, 0);
    assert_int_equal(error.retry_after_ms, -1);
    assert_string_equal(error.code, "");
    assert_string_equal(error.request_id, "");
    assert_string_equal(error.text, "answer 3 of us");
}

static void
error_functions_take_no_error_at_all(void **state)
{
    (void)state;
    assert_int_equal(error_set(NULL, ERROR_INPUT, "x"), -1);
    assert_int_equal(error_prefix(NULL, "x"), -1);
}

static void
error_text_is_cut_and_ended(void **state)
{
    struct error error;

    (void)state;
    error_set(&error, ERROR_INPUT, "%600d", 7);
    assert_int_equal(strlen(error.text), ERROR_TEXT_BYTES - 1);
}

static void
error_text_is_not_cut_within_a_character(void **state)
{
    struct error error;
    char bytes[ERROR_TEXT_BYTES];

    (void)state;
    memset(bytes, 'x', sizeof(bytes));
    memcpy(bytes + ERROR_CODE_BYTES - 2, "\xC3\xA9", 3);
    error_set(&error, ERROR_INPUT, "x");
    error_set_code(&error, bytes);
    assert_int_equal(strlen(error.code), ERROR_CODE_BYTES - 2);
    error_set_code(&error, bytes + 1);
    assert_int_equal(strlen(error.code), ERROR_CODE_BYTES - 1);
}

static void
error_text_shows_a_question_mark_for_what_is_not_printable(void **state)
{
    struct error error;

    (void)state;
    error_set(&error, ERROR_INPUT, "%s", "a\nb\x1B[31m\x7F \xC2\x9B \xFF\xC3 M\xC3\xBCller");
    assert_string_equal(error.text, "a?b?[31m? ? ?? M\xC3\xBCller");
}

static void
error_set_may_quote_the_text_that_it_replaces(void **state)
{
    struct error error;

    (void)state;
    error_set(&error, ERROR_INPUT, "first");
    error_set(&error, ERROR_LIMIT, "second, after %s", error.text);
    assert_string_equal(error.text, "second, after first");
}

static void
error_prefix_changes_the_text_only(void **state)
{
    struct error error;

    (void)state;
    error_set(&error, ERROR_SERVICE, "no such user");
    error.status = 404;
    error.retry_after_ms = 5;
    error_set_code(&error, "0x80040217");
    assert_int_equal(error_prefix(&error, "environment %s", "sales"), -1);
    assert_string_equal(error.text, "environment sales: no such user");
    assert_int_equal(error.class, ERROR_SERVICE);
    assert_int_equal(error.status, 404);
    assert_int_equal(error.retry_after_ms, 5);
    assert_string_equal(error.code, "0x80040217");
}

static void
error_prefix_cuts_the_end_of_the_text(void **state)
{
    struct error error;

    (void)state;
    error_set(&error, ERROR_INPUT, "%510d", 7);
    error_prefix(&error, "line 3");
    assert_int_equal(strlen(error.text), ERROR_TEXT_BYTES - 1);
    assert_memory_equal(error.text, "line 3: ", 8);
}

static void
error_codes_and_request_ids_are_cut_and_cleaned(void **state)
{
    struct error error;

    (void)state;
    error_set(&error, ERROR_SERVICE, "x");
    error_set_code(&error, "a\tb");
    assert_string_equal(error.code, "a?b");
    error_set_code(&error, NULL);
    assert_string_equal(error.code, "");
    error_set_request_id(&error, "1234\r\nmore", 5);
    assert_string_equal(error.request_id, "1234?");
}

static void
error_classes_have_names(void **state)
{
    (void)state;
    for (int i = ERROR_NONE; i <= ERROR_KAFKA; i++)
        assert_string_not_equal(error_class_name((enum error_class)i), "unknown");
    assert_string_equal(error_class_name(ERROR_TRANSPORT), "transport");
    assert_string_equal(error_class_name((enum error_class)(ERROR_KAFKA + 1)), "unknown");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_set_fills_the_text_and_empties_the_rest),
        cmocka_unit_test(error_functions_take_no_error_at_all),
        cmocka_unit_test(error_text_is_cut_and_ended),
        cmocka_unit_test(error_text_is_not_cut_within_a_character),
        cmocka_unit_test(error_text_shows_a_question_mark_for_what_is_not_printable),
        cmocka_unit_test(error_set_may_quote_the_text_that_it_replaces),
        cmocka_unit_test(error_prefix_changes_the_text_only),
        cmocka_unit_test(error_prefix_cuts_the_end_of_the_text),
        cmocka_unit_test(error_codes_and_request_ids_are_cut_and_cleaned),
        cmocka_unit_test(error_classes_have_names),
    };
    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
