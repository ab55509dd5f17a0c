/*
 * What Dataverse and Entra say becomes a value of the column's type, or is refused by name of
 * type.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "json.h"
#include "json_writer.h"
#include "text.h"
#include "value.h"

typedef int take_fn(enum column_type type, const struct json *json, struct value *ret_value,
                    struct error *ret_error);

/* ${json} NULL: absent. */
static int
take(take_fn *fn, enum column_type type, const char *json, struct value *ret_value,
     struct error *ret_error)
{
    struct json_parser *parser = json_parser_create(4, 1000);
    struct json *root = json == NULL ? NULL : json_parse(parser, json, strlen(json), NULL);
    int result;

    assert_true(json == NULL || root != NULL);
    result = fn(type, root, ret_value, ret_error);
    json_free(root);
    json_parser_destroy(parser);
    return result;
}

static void
assert_text(take_fn *fn, const char *json, const char *expected)
{
    struct value value = {0};
    struct error error;

    assert_int_equal(take(fn, COLUMN_TEXT, json, &value, &error), 0);
    assert_int_equal(value.kind, VALUE_TEXT);
    assert_string_equal(value.text, expected);
    value_free(&value);
    assert_int_equal(value.kind, VALUE_UNREAD);
}

static void
assert_integer(take_fn *fn, const char *json, int64_t expected)
{
    struct value value = {0};
    struct error error;

    assert_int_equal(take(fn, COLUMN_INTEGER, json, &value, &error), 0);
    assert_int_equal(value.kind, VALUE_INTEGER);
    assert_true(value.integer == expected);
}

static void
assert_nothing(take_fn *fn, enum column_type type, const char *json)
{
    struct value value = {0};
    struct error error;

    assert_int_equal(take(fn, type, json, &value, &error), 0);
    assert_int_equal(value.kind, VALUE_NULL);
    assert_null(value.text);
}

static void
assert_refused(take_fn *fn, enum column_type type, const char *json, const char *text)
{
    struct value value = {.kind = VALUE_INTEGER, .integer = 7};
    struct error error;

    assert_int_equal(take(fn, type, json, &value, &error), -1);
    assert_int_equal(error.class, ERROR_INPUT);
    assert_string_equal(error.text, text);
    assert_true(value.integer == 7);
}

static void
value_knows_every_type_by_its_name_in_the_configuration(void **state)
{
    enum column_type type = COLUMN_TYPES;

    (void)state;
    for (int i = 0; i < COLUMN_TYPES; i++) {
        assert_true(column_type_parse(column_type_name((enum column_type)i), &type));
        assert_int_equal(type, i);
    }
    assert_false(column_type_parse("Text", &type));
    assert_false(column_type_parse("", &type));
    assert_int_equal(type, COLUMN_TYPES - 1);
}

static void
value_reads_a_column_of_exactly_its_type(void **state)
{
    (void)state;
    assert_text(value_read_column, "\"Zürich\"", "Zürich");
    assert_integer(value_read_column, "-2147483648", INT32_MIN);
    assert_nothing(value_read_column, COLUMN_TEXT, "null");
    assert_nothing(value_read_column, COLUMN_INTEGER, "null");
    assert_nothing(value_read_column, COLUMN_TEXT, "\"\"");
}

static void
value_refuses_a_column_of_another_type_or_none(void **state)
{
    (void)state;
    assert_refused(value_read_column, COLUMN_TEXT, "17", "integer where a text is needed");
    assert_refused(value_read_column, COLUMN_TEXT, "true", "boolean where a text is needed");
    assert_refused(value_read_column, COLUMN_TEXT, "[\"a\"]", "array where a text is needed");
    assert_refused(value_read_column, COLUMN_INTEGER, "\"17\"",
                   "string where a whole number is needed");
    assert_refused(value_read_column, COLUMN_INTEGER, "17.0",
                   "number where a whole number is needed");
    assert_refused(value_read_column, COLUMN_INTEGER, "2147483648",
                   "a whole number beyond 32 bits");
    assert_refused(value_read_column, COLUMN_TEXT, NULL, "nothing where a column is needed");
}

static void
value_takes_nothing_from_an_attribute_that_is_not_there(void **state)
{
    (void)state;
    for (int i = 0; i < COLUMN_TYPES; i++) {
        assert_nothing(value_convert, (enum column_type)i, NULL);
        assert_nothing(value_convert, (enum column_type)i, "null");
        assert_nothing(value_convert, (enum column_type)i, "\"\"");
    }
}

static void
value_converts_attributes_to_text(void **state)
{
    (void)state;
    assert_text(value_convert, "\" as it is \"", " as it is ");
    assert_text(value_convert, "0", "0");
    assert_text(value_convert, "-9007199254740993", "-9007199254740993");
    assert_text(value_convert, "true", "true");
    assert_text(value_convert, "false", "false");
    assert_refused(value_convert, COLUMN_TEXT, "1.5", "number where a text is needed");
    assert_refused(value_convert, COLUMN_TEXT, "[\"a\"]", "array where a text is needed");
    assert_refused(value_convert, COLUMN_TEXT, "{\"a\":1}", "object where a text is needed");
}

static void
value_converts_attributes_to_whole_numbers(void **state)
{
    (void)state;
    assert_integer(value_convert, "0", 0);
    assert_integer(value_convert, "2147483647", INT32_MAX);
    assert_integer(value_convert, "\"2147483647\"", INT32_MAX);
    assert_integer(value_convert, "\"-2147483648\"", INT32_MIN);
    assert_integer(value_convert, "\"007\"", 7);
}

static void
value_refuses_attributes_that_are_no_whole_numbers_without_telling_them(void **state)
{
    static const char *const others[] = {
        "\"12 \"",  "\" 12\"",    "\"+12\"",
        "\"1.0\"",  "\"1e3\"",    "\"-\"",
        "\"0x10\"", "\"secret\"", "\"9999999999999999999\"",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_refused(value_convert, COLUMN_INTEGER, others[i], "a text that is no whole number");
    assert_refused(value_convert, COLUMN_INTEGER, "\"2147483648\"",
                   "a whole number beyond 32 bits");
    assert_refused(value_convert, COLUMN_INTEGER, "-2147483649", "a whole number beyond 32 bits");
    assert_refused(value_convert, COLUMN_INTEGER, "true", "boolean where a whole number is needed");
}

static void
value_is_equal_only_to_the_same_of_its_kind(void **state)
{
    struct value unread = {.kind = VALUE_UNREAD}, nothing = {.kind = VALUE_NULL};
    struct value one = {.kind = VALUE_INTEGER, .integer = 1};
    struct value two = {.kind = VALUE_INTEGER, .integer = 2};
    char small[] = "a", capital[] = "A", again[] = "a";
    struct value text = {.kind = VALUE_TEXT, .text = small};
    struct value other = {.kind = VALUE_TEXT, .text = capital};
    struct value same = {.kind = VALUE_TEXT, .text = again};

    (void)state;
    assert_false(value_equal(&unread, &unread));
    assert_false(value_equal(&unread, &nothing));
    assert_true(value_equal(&nothing, &nothing));
    assert_true(value_equal(&one, &one));
    assert_false(value_equal(&one, &two));
    assert_false(value_equal(&one, &text));
    assert_false(value_equal(&nothing, &text));
    assert_true(value_equal(&text, &same));
    assert_false(value_equal(&text, &other));
}

static void
value_copies_its_text(void **state)
{
    char bytes[] = "a";
    struct value text = {.kind = VALUE_TEXT, .text = bytes}, copy;

    (void)state;
    assert_int_equal(value_copy(&text, &copy), 0);
    assert_true(value_equal(&text, &copy));
    assert_true(copy.text != text.text);
    value_free(&copy);
    value_free(NULL);
}

static void
value_writes_itself_as_a_member(void **state)
{
    char bytes[] = "\"x\"";
    struct value values[] = {
        {.kind = VALUE_TEXT, .text = bytes},
        {.kind = VALUE_INTEGER, .integer = -5},
        {.kind = VALUE_NULL},
    };
    struct text text = TEXT_EMPTY;
    struct json_writer writer;

    (void)state;
    json_writer_init(&writer, &text);
    json_write_object(&writer, NULL);
    value_write(&writer, "a", &values[0]);
    value_write(&writer, "b", &values[1]);
    value_write(&writer, "c", &values[2]);
    json_write_object_end(&writer);
    assert_string_equal(text.data, "{\"a\":\"\\\"x\\\"\",\"b\":-5,\"c\":null}");
    text_free(&text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(value_knows_every_type_by_its_name_in_the_configuration),
        cmocka_unit_test(value_reads_a_column_of_exactly_its_type),
        cmocka_unit_test(value_refuses_a_column_of_another_type_or_none),
        cmocka_unit_test(value_takes_nothing_from_an_attribute_that_is_not_there),
        cmocka_unit_test(value_converts_attributes_to_text),
        cmocka_unit_test(value_converts_attributes_to_whole_numbers),
        cmocka_unit_test(value_refuses_attributes_that_are_no_whole_numbers_without_telling_them),
        cmocka_unit_test(value_is_equal_only_to_the_same_of_its_kind),
        cmocka_unit_test(value_copies_its_text),
        cmocka_unit_test(value_writes_itself_as_a_member),
    };
    return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
