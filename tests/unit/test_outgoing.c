/* A kept record in librdkafka's hands, whole and without its value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine.h"
#include "outgoing.h"

static const struct kafka_header headers[] = {{"a", "1", 1}, {"b", NULL, 0}, {"a", "\0\1", 2}};

static struct kept_record
make_record(const char *value)
{
    return (struct kept_record){
        .tier = TO_DEAD_LETTERS,
        .partition = 3,
        .key = "key",
        .key_length = 3,
        .value = value,
        .value_length = value == NULL ? 0 : strlen(value),
        .headers = headers,
        .header_count = 3,
        .serial = 7,
    };
}

static void
assert_header(const struct outgoing *outgoing, size_t index, const char *name, const char *expected,
              size_t length)
{
    const char *found;
    const void *value;
    size_t size;

    assert_int_equal(rd_kafka_header_get_all(outgoing->headers, index, &found, &value, &size), 0);
    assert_string_equal(found, name);
    assert_int_equal(size, length);
    if (expected == NULL)
        assert_null(value);
    else
        assert_memory_equal(value, expected, length);
}

static void
assert_original_headers(const struct outgoing *outgoing)
{
    for (size_t i = 0; i < 3; i++)
        assert_header(outgoing, i, headers[i].name, headers[i].value, headers[i].length);
}

static void
outgoing_is_what_the_record_is(void **state)
{
    const struct kept_record record = make_record("abc");
    struct outgoing outgoing;

    (void)state;
    outgoing_from_record(&record, "members.dlq", &outgoing);
    assert_string_equal(outgoing.topic, "members.dlq");
    assert_int_equal(outgoing.partition, 3);
    assert_memory_equal(outgoing.key, "key", 3);
    assert_int_equal(outgoing.key_length, 3);
    assert_ptr_equal(outgoing.value, record.value);
    assert_int_equal(outgoing.value_length, 3);
    assert_int_equal(outgoing.serial, 7);
    assert_int_equal(rd_kafka_header_cnt(outgoing.headers), 3);
    assert_original_headers(&outgoing);
    outgoing_fini(&outgoing);
    outgoing_fini(&outgoing);
}

static void
outgoing_without_its_value_says_what_that_was(void **state)
{
    static const char sum[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const struct kept_record record = make_record("abc");
    struct outgoing outgoing;

    (void)state;
    outgoing_from_record(&record, "members.dlq", &outgoing);
    assert_int_equal(outgoing_cut(&outgoing), 0);
    assert_null(outgoing.value);
    assert_int_equal(outgoing.value_length, 0);
    assert_int_equal(outgoing.key_length, 3);
    assert_int_equal(rd_kafka_header_cnt(outgoing.headers), 5);
    assert_original_headers(&outgoing);
    assert_header(&outgoing, 3, "dvsync-value-sha256", sum, strlen(sum));
    assert_header(&outgoing, 4, "dvsync-value-length", "3", 1);
    outgoing_fini(&outgoing);
}

static void
outgoing_without_a_value_cannot_be_cut(void **state)
{
    static const char *const values[] = {NULL, ""};
    struct outgoing outgoing;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct kept_record record = make_record(values[i]);

        outgoing_from_record(&record, "members.dlq", &outgoing);
        assert_int_equal(outgoing_cut(&outgoing), -1);
        assert_int_equal(rd_kafka_header_cnt(outgoing.headers), 3);
        outgoing_fini(&outgoing);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outgoing_is_what_the_record_is),
        cmocka_unit_test(outgoing_without_its_value_says_what_that_was),
        cmocka_unit_test(outgoing_without_a_value_cannot_be_cut),
    };
    return cmocka_run_group_tests_name("outgoing", tests, NULL, NULL);
}
