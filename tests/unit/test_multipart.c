/* A multipart body is taken apart to its last part, and one that was cut is told from one that ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "multipart.h"

#define BYTES(string) ((struct bytes){(string), strlen(string)})
#define TYPE "multipart/mixed; boundary=b-1"

static void
assert_bytes(struct bytes bytes, const char *expected)
{
    assert_int_equal(bytes.length, strlen(expected));
    assert_memory_equal(bytes.at, expected, bytes.length);
}

static struct multipart
begin(const char *type, const char *body)
{
    struct multipart multipart;

    assert_true(multipart_begin(&multipart, BYTES(type), BYTES(body)));
    return multipart;
}

static void
multipart_finds_the_boundary_however_it_is_written(void **state)
{
    static const struct {
        const char *type, *boundary;
    } good[] = {
        {"multipart/mixed; boundary=abc", "abc"},
        {"Multipart/Mixed;Charset=x;BOUNDARY=abc ; a=b", "abc"},
        {"multipart/mixed; boundary=\"a b;c\"; x=y", "a b;c"},
        {"multipart/mixed;\tboundary=abc;", "abc"},
    };
    static const char *const bad[] = {
        "",
        "application/json",
        "multipart/mixed",
        "multipart/mixed; boundary=",
        "multipart/mixed; boundary=\"\"",
        "multipart/mixed; xboundary=abc",
        TYPE "45678901234567890123456789012345678901234567890123456789012345678xyz",
    };
    struct multipart multipart;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(multipart_begin(&multipart, BYTES(good[i].type), BYTES("")));
        assert_bytes(multipart.boundary, good[i].boundary);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(multipart_begin(&multipart, BYTES(bad[i]), BYTES("")));
}

static void
multipart_gives_its_parts_in_order_and_then_ends(void **state)
{
    struct multipart multipart = begin(TYPE, "preamble\r\n--b-1\r\nA: 1\r\nB: 2\r\n\r\nfirst\r\n"
                                             "--b-1  \r\n\r\n\r\nsec\r\nond\r\n\r\n--b-1--\r\nend");
    struct part part;

    (void)state;
    assert_int_equal(multipart_next(&multipart, &part), MULTIPART_PART);
    assert_bytes(part.headers, "A: 1\r\nB: 2\r\n");
    assert_bytes(part.body, "first");
    assert_int_equal(multipart_next(&multipart, &part), MULTIPART_PART);
    assert_bytes(part.headers, "");
    assert_bytes(part.body, "\r\nsec\r\nond\r\n");
    assert_int_equal(multipart_next(&multipart, &part), MULTIPART_END);
}

static void
multipart_takes_plain_line_feeds_and_parts_without_a_body(void **state)
{
    struct multipart multipart = begin(TYPE, "--b-1\nA: 1\n--b-1\nB: 2\n\n--b-1--");
    struct part part;

    (void)state;
    assert_int_equal(multipart_next(&multipart, &part), MULTIPART_PART);
    assert_bytes(part.headers, "A: 1");
    assert_int_equal(part.body.length, 0);
    assert_int_equal(multipart_next(&multipart, &part), MULTIPART_PART);
    assert_bytes(part.headers, "B: 2\n");
    assert_int_equal(part.body.length, 0);
    assert_int_equal(multipart_next(&multipart, &part), MULTIPART_END);
}

static void
multipart_without_its_closing_delimiter_was_cut(void **state)
{
    static const char *const bodies[] = {
        "",
        "no delimiter",
        "--b-1",
        "--b-1\r\nA: 1\r\n\r\ncut",
        "--b-12\r\n\r\nx\r\n--b-12--\r\n",
        "--b-1x--\r\n",
        " --b-1--\r\n",
        "--b-1-\r\n",
    };
    struct part part;

    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct multipart multipart = begin(TYPE, bodies[i]);

        assert_int_equal(multipart_next(&multipart, &part), MULTIPART_CUT);
    }
}

static void
multipart_of_no_parts_ends_at_once(void **state)
{
    struct multipart multipart = begin(TYPE, "--b-1--\r\n");
    struct part part;

    (void)state;
    assert_int_equal(multipart_next(&multipart, &part), MULTIPART_END);
}

static void
multipart_tells_the_type_of_a_part(void **state)
{
    struct part part = {.headers = BYTES("X: y\r\ncontent-type: \t application/http\r\nZ: 1")};

    (void)state;
    assert_bytes(multipart_type(&part), "application/http");
    assert_true(multipart_is(multipart_type(&part), "Application/HTTP"));
    assert_false(multipart_is(multipart_type(&part), "application/http2"));
    part.headers = BYTES("X: y");
    assert_int_equal(multipart_type(&part).length, 0);
}

static void
multipart_reads_the_http_message_in_a_part(void **state)
{
    struct part part = {.body =
                            BYTES("HTTP/1.1 412 Precondition Failed\r\nA: 1\r\nB: 2\r\n\r\n{}")};
    struct http_response response;

    (void)state;
    assert_true(multipart_http(&part, &response));
    assert_int_equal(response.status, 412);
    assert_string_equal(response.headers.data, "A: 1\nB: 2\n");
    assert_string_equal(response.body.data, "{}");
    http_response_free(&response);
    part.body = BYTES("HTTP/1.1 204");
    assert_true(multipart_http(&part, &response));
    assert_int_equal(response.status, 204);
    assert_int_equal(response.body.length, 0);
    http_response_free(&response);
}

static void
multipart_refuses_what_is_no_http_message(void **state)
{
    static const char *const bodies[] = {
        "",
        "HTTP/1.1",
        "HTTP/1.1 20",
        "HTTP/1.1 2x4 OK",
        "HTTP/1.1 2040 OK",
        "HTTP/1.1200",
        "HTTP/1.1x200 OK",
        "HTTP/2 200 OK",
        "HTTP/1.1 099 OK",
        "HTTP/1.1 600 OK",
        "{\"a\":1}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct part part = {.body = BYTES(bodies[i])};
        struct http_response response;

        assert_false(multipart_http(&part, &response));
        http_response_free(&response);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(multipart_finds_the_boundary_however_it_is_written),
        cmocka_unit_test(multipart_gives_its_parts_in_order_and_then_ends),
        cmocka_unit_test(multipart_takes_plain_line_feeds_and_parts_without_a_body),
        cmocka_unit_test(multipart_without_its_closing_delimiter_was_cut),
        cmocka_unit_test(multipart_of_no_parts_ends_at_once),
        cmocka_unit_test(multipart_tells_the_type_of_a_part),
        cmocka_unit_test(multipart_reads_the_http_message_in_a_part),
        cmocka_unit_test(multipart_refuses_what_is_no_http_message),
    };
    return cmocka_run_group_tests_name("multipart", tests, NULL, NULL);
}
