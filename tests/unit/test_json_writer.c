/* What is written value by value is the document one would write by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "json_writer.h"
#include "text.h"

struct fixture {
    struct json_writer writer;
    struct text text;
};

static int
setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    if (fixture == NULL)
        return -1;
    json_writer_init(&fixture->writer, &fixture->text);
    *state = fixture;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *fixture = *state;

    text_free(&fixture->text);
    free(fixture);
    return 0;
}

static void
json_writer_puts_commas_and_names_where_they_belong(void **state)
{
    struct fixture *fixture = *state;
    struct json_writer *writer = &fixture->writer;

    json_write_object(writer, NULL);
    json_write_string(writer, "a", "x\n");
    json_write_array(writer, "b\"");
    json_write_array(writer, NULL);
    json_write_array_end(writer);
    json_write_object(writer, NULL);
    json_write_object_end(writer);
    json_write_boolean(writer, NULL, true);
    json_write_array_end(writer);
    json_write_object(writer, "c");
    json_write_null(writer, "d");
    json_write_object_end(writer);
    json_write_raw(writer, "e", "[1, 2]", 6);
    json_write_object_end(writer);
    assert_string_equal(fixture->text.data,
                        "{\"a\":\"x\\n\",\"b\\\"\":[[],{},true],\"c\":{\"d\":null},\"e\":[1, 2]}");
}

static void
json_writer_writes_every_scalar(void **state)
{
    struct fixture *fixture = *state;
    struct json_writer *writer = &fixture->writer;

    json_write_array(writer, NULL);
    json_write_string(writer, NULL, NULL);
    json_write_bytes(writer, NULL, "a\0b", 3);
    json_write_bytes(writer, NULL, NULL, 0);
    json_write_integer(writer, NULL, INT64_MIN);
    json_write_integer(writer, NULL, INT64_MAX);
    json_write_boolean(writer, NULL, false);
    json_write_array_end(writer);
    assert_string_equal(fixture->text.data,
                        "[null,\"a\\u0000b\",\"\",-9223372036854775808,9223372036854775807,false]");
}

static void
json_writer_writes_numbers_that_read_back_the_same(void **state)
{
    struct fixture *fixture = *state;
    struct json_writer *writer = &fixture->writer;

    json_write_array(writer, NULL);
    json_write_number(writer, NULL, 0.1);
    json_write_number(writer, NULL, 1.0 / 3);
    json_write_number(writer, NULL, -2);
    json_write_number(writer, NULL, 1e300);
    json_write_number(writer, NULL, 5e-324);
    json_write_number(writer, NULL, (double)NAN);
    json_write_number(writer, NULL, -(double)INFINITY);
    json_write_array_end(writer);
    assert_string_equal(fixture->text.data,
                        "[0.1,0.3333333333333333,-2,1e+300,4.94065645841247e-324,null,null]");
}

static void
json_writer_takes_a_root_that_is_no_container(void **state)
{
    struct fixture *fixture = *state;

    json_write_integer(&fixture->writer, NULL, 12);
    assert_string_equal(fixture->text.data, "12");
}

static void
json_writer_fails_beyond_its_depth_and_not_before(void **state)
{
    struct fixture *fixture = *state;

    for (int depth = 0; depth < JSON_WRITER_MAX_DEPTH; depth++)
        json_write_array(&fixture->writer, NULL);
    assert_false(fixture->text.failed);
    json_write_object(&fixture->writer, NULL);
    assert_true(fixture->text.failed);
}

static void
json_writer_fails_when_it_closes_what_is_not_open(void **state)
{
    struct fixture *fixture = *state;

    json_write_array(&fixture->writer, NULL);
    json_write_array_end(&fixture->writer);
    assert_false(fixture->text.failed);
    json_write_array_end(&fixture->writer);
    assert_true(fixture->text.failed);
}

#define with_fixture(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_fixture(json_writer_puts_commas_and_names_where_they_belong),
        with_fixture(json_writer_writes_every_scalar),
        with_fixture(json_writer_writes_numbers_that_read_back_the_same),
        with_fixture(json_writer_takes_a_root_that_is_no_container),
        with_fixture(json_writer_fails_beyond_its_depth_and_not_before),
        with_fixture(json_writer_fails_when_it_closes_what_is_not_open),
    };
    return cmocka_run_group_tests_name("json_writer", tests, NULL, NULL);
}
