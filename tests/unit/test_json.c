/* Trees out of JSON: every getter takes one type only, and what json-c would blur stays sharp. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "json.h"
#include "text.h"

enum { MAX_DEPTH = 8, MAX_BYTES = 400 };

static int
setup(void **state)
{
    *state = json_parser_create(MAX_DEPTH, MAX_BYTES);
    return *state == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    json_parser_destroy(*state);
    return 0;
}

static struct json *
parse(struct json_parser *parser, const char *document)
{
    struct error error;
    struct json *root = json_parse(parser, document, strlen(document), &error);

    if (root == NULL)
        fail_msg("%s: %s", document, error.text);
    return root;
}

static void
assert_refused(struct json_parser *parser, const char *document, enum error_class class,
               const char *text)
{
    struct error error;

    assert_null(json_parse(parser, document, strlen(document), &error));
    assert_int_equal(error.class, class);
    assert_string_equal(error.text, text);
}

/* One of each type, under the names of the types. */
static const char every_type[] = "{\"null\":null,\"boolean\":true,\"integer\":-7,\"number\":2.5,"
                                 "\"string\":\"x\",\"array\":[1],\"object\":{\"a\":1}}";

static const enum json_type types[] = {JSON_NULL,   JSON_BOOLEAN, JSON_INTEGER, JSON_NUMBER,
                                       JSON_STRING, JSON_ARRAY,   JSON_OBJECT};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
json_type_tells_every_type_and_what_is_absent(void **state)
{
    struct json *root = parse(*state, every_type);

    for (size_t i = 0; i < COUNT(types); i++)
        assert_int_equal(json_type(json_get(root, json_type_name(types[i]))), types[i]);
    assert_int_equal(json_type(json_get(root, "other")), JSON_ABSENT);
    assert_string_equal(json_type_name(JSON_ABSENT), "absent");
    json_free(root);
}

static void
json_getters_take_their_own_type_only(void **state)
{
    struct json *root = parse(*state, every_type);

    for (size_t i = 0; i <= COUNT(types); i++) {
        enum json_type type = i < COUNT(types) ? types[i] : JSON_ABSENT;
        const struct json *value = json_get(root, json_type_name(type));
        int64_t integer;
        double number;
        bool boolean;

        assert_int_equal(json_string(value, NULL) != NULL, type == JSON_STRING);
        assert_int_equal(json_integer(value, &integer), type == JSON_INTEGER);
        assert_int_equal(json_number(value, &number), type == JSON_NUMBER || type == JSON_INTEGER);
        assert_int_equal(json_boolean(value, &boolean), type == JSON_BOOLEAN);
        assert_int_equal(json_length(value), type == JSON_ARRAY);
        assert_int_equal(json_at(value, 0) != NULL, type == JSON_ARRAY);
        assert_int_equal(json_get(value, "a") != NULL, type == JSON_OBJECT);
    }
    json_free(root);
}

static void
json_getters_leave_the_result_alone_when_they_refuse(void **state)
{
    struct json *root = parse(*state, "[\"12\"]");
    int64_t integer = 3;
    double number = 4;
    bool boolean = true;

    assert_false(json_integer(json_at(root, 0), &integer));
    assert_false(json_number(json_at(root, 0), &number));
    assert_false(json_boolean(json_at(root, 0), &boolean));
    assert_int_equal(integer, 3);
    assert_true(number == 4);
    assert_true(boolean);
    json_free(root);
}

static void
json_numbers_come_exactly_or_not_at_all(void **state)
{
    struct json *root =
        parse(*state, "[9223372036854775807, -9223372036854775808, "
                      "9223372036854775808, -9223372036854775809, 1e999, 1.0, -0.1]");
    int64_t integer;
    double number;

    assert_true(json_integer(json_at(root, 0), &integer) && integer == INT64_MAX);
    assert_true(json_integer(json_at(root, 1), &integer) && integer == INT64_MIN);
    for (size_t i = 2; i < json_length(root); i++) {
        assert_int_equal(json_type(json_at(root, i)), JSON_NUMBER);
        assert_false(json_integer(json_at(root, i), &integer));
    }
    assert_true(json_number(json_at(root, 0), &number) && number == 9223372036854775807.0);
    assert_true(json_number(json_at(root, 2), &number) && number == 9223372036854775808.0);
    assert_true(json_number(json_at(root, 3), &number) && number == -9223372036854775808.0);
    assert_false(json_number(json_at(root, 4), &number));
    assert_true(json_number(json_at(root, 6), &number) && number == -0.1);
    json_free(root);
}

static void
json_strings_have_their_length_and_no_nul(void **state)
{
    struct json *root = parse(*state, "[\"M\\u00fcller\", \"\", \"a\\u0000b\"]");
    size_t length = 99;

    assert_string_equal(json_string(json_at(root, 0), &length), "M\xC3\xBCller");
    assert_int_equal(length, 7);
    assert_string_equal(json_string(json_at(root, 1), &length), "");
    assert_int_equal(length, 0);
    assert_null(json_string(json_at(root, 2), &length));
    assert_int_equal(length, 0);
    assert_int_equal(json_type(json_at(root, 2)), JSON_STRING);
    json_free(root);
}

static void
json_names_are_found_whatever_way_they_are_spelt(void **state)
{
    struct json *root = parse(*state, "{\"\\u0061\\n\":1,\"\":2,\"A\":3}");
    int64_t integer;

    assert_true(json_integer(json_get(root, "a\n"), &integer) && integer == 1);
    assert_true(json_integer(json_get(root, ""), &integer) && integer == 2);
    assert_true(json_integer(json_get(root, "A"), &integer) && integer == 3);
    assert_null(json_get(root, "a"));
    json_free(root);
}

static void
json_refuses_a_name_that_stands_twice_in_an_object(void **state)
{
    static const char twice[] = "JSON: the name \"a\" stands twice in an object";
    struct json *root = parse(*state, "{\"a\":{\"a\":1},\"b\":[{\"a\":1},{\"a\":2}]}");

    json_free(root);
    assert_refused(*state, "{\"a\":1,\"a\":1}", ERROR_INPUT, twice);
    assert_refused(*state, "[{\"a\":{},\"b\":{},\"a\":[1]}]", ERROR_INPUT, twice);
    assert_refused(*state, "{\"b\":{\"c\":{},\"a\":null,\"\\u0061\":null}}", ERROR_INPUT, twice);
}

static void
json_root_may_be_any_value(void **state)
{
    static const char *const documents[] = {"null", "true", "12", "1.5", "\"x\"", "[]", "{}"};
    static const enum json_type expected[] = {JSON_NULL,   JSON_BOOLEAN, JSON_INTEGER, JSON_NUMBER,
                                              JSON_STRING, JSON_ARRAY,   JSON_OBJECT};

    for (size_t i = 0; i < COUNT(documents); i++) {
        struct json *root = parse(*state, documents[i]);

        assert_int_equal(json_type(root), expected[i]);
        json_free(root);
    }
    json_free(NULL);
}

static void
json_parser_refuses_what_is_no_json_and_can_be_used_again(void **state)
{
    struct json *root;

    assert_refused(*state, "{\"a\":[1,2", ERROR_INPUT, "JSON, byte 9: it ends too early");
    assert_refused(*state, "{\"a\":[1,2]} x", ERROR_INPUT,
                   "JSON, byte 12: more bytes after the value");
    assert_refused(*state, "", ERROR_INPUT, "JSON, byte 0: it ends too early");
    root = parse(*state, "{\"a\":[1,2]}");
    assert_int_equal(json_length(json_get(root, "a")), 2);
    json_free(root);
}

static void
json_parser_reads_exactly_its_length(void **state)
{
    struct error error;
    struct json *root = json_parse(*state, "[12]345", 4, &error);
    int64_t integer;

    assert_true(json_integer(json_at(root, 0), &integer) && integer == 12);
    json_free(root);
    root = json_parse(*state, "12345", 2, &error);
    assert_true(json_integer(root, &integer) && integer == 12);
    json_free(root);
    root = json_parse(*state, "1.25", 3, &error);
    assert_int_equal(json_type(root), JSON_NUMBER);
    json_free(root);
}

static void
json_parser_keeps_its_limits(void **state)
{
    char document[MAX_BYTES + 2];

    memset(document, ' ', sizeof(document));
    memcpy(document, "[]", 2);
    document[MAX_BYTES + 1] = '\0';
    assert_refused(*state, document, ERROR_LIMIT, "JSON of 401 bytes, where 400 are the limit");
    document[MAX_BYTES] = '\0';
    json_free(parse(*state, document));
    json_free(parse(*state, "[[[[[[[[]]]]]]]]"));
    assert_refused(*state, "[[[[[[[[[]]]]]]]]]", ERROR_LIMIT, "JSON, byte 8: nested too deeply");
}

static void
json_parser_takes_any_depth_as_one_that_it_can_keep(void **state)
{
    struct json_parser *parser = json_parser_create(0, MAX_BYTES);
    struct json *root;
    char document[2 * 65 + 1] = {0};

    (void)state;
    root = parse(parser, "[1]");
    json_free(root);
    assert_refused(parser, "[[1]]", ERROR_LIMIT, "JSON, byte 1: nested too deeply");
    json_parser_destroy(parser);
    parser = json_parser_create(1000000, MAX_BYTES);
    memset(document, '[', 65);
    memset(document + 65, ']', 65);
    assert_refused(parser, document, ERROR_LIMIT, "JSON, byte 64: nested too deeply");
    json_parser_destroy(parser);
    json_parser_destroy(NULL);
}

static void
json_next_walks_members_in_document_order(void **state)
{
    struct json *root = parse(*state, "{\"z\":1,\"a\":null,\"m\":[],\"\":true}");
    static const char *const keys[] = {"z", "a", "m", ""};
    struct json_member member = {0};

    for (size_t i = 0; i < COUNT(keys); i++) {
        assert_true(json_next(root, &member));
        assert_string_equal(member.key, keys[i]);
        assert_ptr_equal(member.value, json_get(root, keys[i]));
    }
    assert_false(json_next(root, &member));
    json_free(root);
}

static void
json_next_finds_nothing_in_what_is_no_object(void **state)
{
    struct json *root = parse(*state, "[{}, [1], null]");

    for (size_t i = 0; i <= json_length(root); i++) {
        struct json_member member = {0};

        assert_false(json_next(json_at(root, i), &member));
    }
    json_free(root);
}

static void
json_at_ends_with_the_array(void **state)
{
    struct json *root = parse(*state, "[1,null]");

    assert_int_equal(json_length(root), 2);
    assert_int_equal(json_type(json_at(root, 1)), JSON_NULL);
    assert_null(json_at(root, 2));
    assert_null(json_at(root, SIZE_MAX));
    json_free(root);
}

static void
json_print_gives_the_document_back_without_its_blanks(void **state)
{
    struct json *root =
        parse(*state, " {\"b/\" : [1, -2.50, 1e2, null, false],\n\"a\": "
                      "{\"x\": \"\\u00e9\\n\\\"\\u0001/\"}, \"n\": 12345678901234567890} ");
    struct text text = TEXT_EMPTY;

    json_print(root, &text);
    assert_string_equal(text.data,
                        "{\"b/\":[1,-2.50,1e2,null,false],"
                        "\"a\":{\"x\":\"\xC3\xA9\\n\\\"\\u0001/\"},\"n\":12345678901234567890}");
    text_clear(&text);
    json_print(json_at(json_get(root, "b/"), 3), &text);
    json_print(NULL, &text);
    assert_string_equal(text.data, "nullnull");
    text_free(&text);
    json_free(root);
}

#define with_parser(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_parser(json_type_tells_every_type_and_what_is_absent),
        with_parser(json_getters_take_their_own_type_only),
        with_parser(json_getters_leave_the_result_alone_when_they_refuse),
        with_parser(json_numbers_come_exactly_or_not_at_all),
        with_parser(json_strings_have_their_length_and_no_nul),
        with_parser(json_names_are_found_whatever_way_they_are_spelt),
        with_parser(json_refuses_a_name_that_stands_twice_in_an_object),
        with_parser(json_root_may_be_any_value),
        with_parser(json_parser_refuses_what_is_no_json_and_can_be_used_again),
        with_parser(json_parser_reads_exactly_its_length),
        with_parser(json_parser_keeps_its_limits),
        with_parser(json_parser_takes_any_depth_as_one_that_it_can_keep),
        with_parser(json_next_walks_members_in_document_order),
        with_parser(json_next_finds_nothing_in_what_is_no_object),
        with_parser(json_at_ends_with_the_array),
        with_parser(json_print_gives_the_document_back_without_its_blanks),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
