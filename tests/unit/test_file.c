/* Whole small files, and secrets as editors and orchestrators leave them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "error.h"
#include "file.h"

static char path[] = "/tmp/dvsync-test-file-XXXXXX";

static int
setup(void **state)
{
    int fd;

    (void)state;
    memset(path + sizeof(path) - 7, 'X', 6);
    fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int
teardown(void **state)
{
    (void)state;
    return unlink(path);
}

static void
write_file(const char *bytes, size_t length)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void
assert_secret(const char *written, const char *expected)
{
    struct text text = TEXT_EMPTY;
    struct error error;

    write_file(written, strlen(written));
    assert_int_equal(file_read_secret(path, &text, &error), 0);
    assert_int_equal(text.length, strlen(expected));
    assert_memory_equal(text.length > 0 ? text.data : "", expected, text.length);
    text_free(&text);
}

static void
file_reads_all_up_to_the_limit(void **state)
{
    struct text text = TEXT_EMPTY;
    struct error error;
    char bytes[10000];

    (void)state;
    memset(bytes, 'a', sizeof(bytes));
    write_file(bytes, sizeof(bytes));
    assert_int_equal(file_read(path, sizeof(bytes), &text, &error), 0);
    assert_int_equal(text.length, sizeof(bytes));
    assert_memory_equal(text.data, bytes, sizeof(bytes));
    text_clear(&text);
    assert_int_equal(file_read(path, sizeof(bytes) - 1, &text, &error), -1);
    assert_int_equal(error.class, ERROR_LIMIT);
    text_free(&text);
}

static void
file_says_why_it_cannot_be_read(void **state)
{
    struct text text = TEXT_EMPTY;
    struct error error;

    (void)state;
    assert_int_equal(file_read("/nowhere/at-all", 10, &text, &error), -1);
    assert_int_equal(error.class, ERROR_SYSTEM);
    assert_string_equal(error.code, "ENOENT");
    assert_non_null(strstr(error.text, "/nowhere/at-all"));
    assert_int_equal(file_read("/tmp", 10, &text, &error), -1);
    assert_string_equal(error.code, "EISDIR");
    text_free(&text);
}

static void
file_takes_one_line_end_off_a_secret(void **state)
{
    (void)state;
    assert_secret("s3cret", "s3cret");
    assert_secret("s3cret\n", "s3cret");
    assert_secret("s3cret\r\n", "s3cret");
    assert_secret("s3cret\n\n", "s3cret\n");
    assert_secret("s3cret\r", "s3cret\r");
    assert_secret(" s3 cret \n", " s3 cret ");
    assert_secret("\n", "");
    assert_secret("", "");
}

static void
file_appends_a_secret_without_touching_what_was_there(void **state)
{
    struct text text = TEXT_EMPTY;
    struct error error;

    (void)state;
    text_add(&text, "before\r");
    write_file("\n", 1);
    assert_int_equal(file_read_secret(path, &text, &error), 0);
    assert_string_equal(text.data, "before\r");
    text_free(&text);
}

static void
file_refuses_a_secret_with_a_nul_byte(void **state)
{
    struct text text = TEXT_EMPTY;
    struct error error;

    (void)state;
    write_file("s3\0cret", 7);
    assert_int_equal(file_read_secret(path, &text, &error), -1);
    assert_int_equal(error.class, ERROR_INPUT);
    assert_null(strstr(error.text, "s3"));
    text_free(&text);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        test(file_reads_all_up_to_the_limit),
        test(file_says_why_it_cannot_be_read),
        test(file_takes_one_line_end_off_a_secret),
        test(file_appends_a_secret_without_touching_what_was_there),
        test(file_refuses_a_secret_with_a_nul_byte),
    };

    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
