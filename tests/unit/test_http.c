/* Headers in and out, how long to wait, and where a link or a setting may lead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "http.h"

#define WALL_MS INT64_C(784111777000) /* Sun, 06 Nov 1994 08:49:37 GMT */
#define DAY_MS INT64_C(86400000)
#define SHORTER "graph.microsoft.co"
#define HOST SHORTER "m"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
assert_header(const char *headers, const char *name, const char *expected)
{
    struct text text = TEXT_EMPTY;
    const char *value;
    size_t length = 0;

    text_add(&text, headers);
    value = http_header(&text, name, &length);
    if (expected == NULL) {
        assert_null(value);
    } else {
        assert_non_null(value);
        assert_int_equal(length, strlen(expected));
        assert_memory_equal(value, expected, length);
    }
    text_free(&text);
}

static int64_t
retry_after_ms(const char *value)
{
    struct text headers = TEXT_EMPTY;
    int64_t wait_ms;

    text_addf(&headers, "Date: x\nretry-after: %s\n", value);
    wait_ms = http_retry_after_ms(&headers, WALL_MS);
    text_free(&headers);
    return wait_ms;
}

static void
http_request_collects_header_lines(void **state)
{
    struct http_request request = HTTP_REQUEST_EMPTY;

    (void)state;
    http_request_header(&request, "Accept", "application/json");
    http_request_header(&request, "If-Match", "W/\"1\"");
    assert_string_equal(request.headers.data, "Accept: application/json\nIf-Match: W/\"1\"\n");
    assert_false(http_request_failed(&request));
    http_request_free(&request);
    assert_null(request.headers.data);
}

static void
http_request_fails_rather_than_smuggle_in_a_header(void **state)
{
    static const char *const values[] = {"a\r\nX: y", "a\nX: y", "a\rb", "a\x01", "a\x7F"};

    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        struct http_request request = HTTP_REQUEST_EMPTY;

        http_request_header(&request, "If-Match", values[i]);
        assert_true(http_request_failed(&request));
        http_request_free(&request);
        http_request_header(&request, values[i], "x");
        assert_true(http_request_failed(&request));
        http_request_free(&request);
    }
}

static void
http_request_has_failed_when_any_of_its_texts_has(void **state)
{
    struct http_request request = HTTP_REQUEST_EMPTY;

    (void)state;
    text_reserve(&request.url, SIZE_MAX);
    assert_true(http_request_failed(&request));
    http_request_free(&request);
    text_reserve(&request.body, SIZE_MAX);
    assert_true(http_request_failed(&request));
    http_request_free(&request);
    assert_false(http_request_failed(&request));
}

static void
http_header_is_found_in_any_case_and_trimmed(void **state)
{
    static const char headers[] =
        "Date: today\r\nX-Ms:  a b \t\r\nEmpty:\nETag:W/\"1\"\nx-ms: second\n";

    (void)state;
    assert_header(headers, "x-ms", "a b");
    assert_header(headers, "DATE", "today");
    assert_header(headers, "Empty", "");
    assert_header(headers, "etag", "W/\"1\"");
    assert_header("Last: 1", "last", "1");
}

static void
http_header_is_not_found_where_it_only_looks_like_it(void **state)
{
    static const char headers[] = "X-Name: Name: no\nNam: e\nNameless: x\nName x: y\nName";

    (void)state;
    assert_header(headers, "Name", NULL);
    assert_header(headers, "X", NULL);
    assert_header("", "Name", NULL);
}

static void
http_retry_after_reads_seconds_and_fractions(void **state)
{
    static const struct {
        const char *value;
        int64_t expected_ms;
    } examples[] = {
        {"0", 0},
        {"0.0", 0},
        {"1", 1000},
        {"120", 120000},
        {"0120", 120000},
        {"2.128", 2128},
        {"2.1281", 2129},
        {"0.0001", 1},
        {"0.00000000000000000000000000000001", 1},
        {"86399.9999", DAY_MS},
        {"86400", DAY_MS},
        {"86401", DAY_MS},
        {"99999999999999999999999999999999", DAY_MS},
        {"99999999999999999999999999999999.5", DAY_MS},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(examples); i++)
        if (retry_after_ms(examples[i].value) != examples[i].expected_ms)
            fail_msg("%s was read as %lld", examples[i].value,
                     (long long)retry_after_ms(examples[i].value));
}

static void
http_retry_after_reads_dates(void **state)
{
    (void)state;
    assert_int_equal(retry_after_ms("Sun, 06 Nov 1994 08:49:38 GMT"), 1000);
    assert_int_equal(retry_after_ms("Sunday, 06-Nov-94 08:50:37 GMT"), 60000);
    assert_int_equal(retry_after_ms("Sun, 06 Nov 1994 08:49:37 GMT"), 0);
    assert_int_equal(retry_after_ms("Sun, 06 Nov 1994 08:49:36 GMT"), 0);
    assert_int_equal(retry_after_ms("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
    assert_int_equal(retry_after_ms("Fri, 31 Dec 9999 23:59:59 GMT"), DAY_MS);
}

static void
http_retry_after_refuses_everything_else(void **state)
{
    static const char *const refused[] = {
        "",      "-1",       "-0",   "+1",  ".5",   "5.",   "1.2.3", "1e3", "0x10",
        "inf",   "nan",      "1,5",  "1 2", "1s",   "1, 2", "soon",  "1.",  ".",
        "0x1p4", "infinity", "1\v2", "--1", "1.-5", "1.+5", "1. 5",  "1_0", "1994-11-06",
    };
    struct text none = TEXT_EMPTY;

    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++)
        if (retry_after_ms(refused[i]) != -1)
            fail_msg("\"%s\" was read", refused[i]);
    assert_int_equal(http_retry_after_ms(&none, WALL_MS), -1);
}

static void
http_same_origin_knows_its_own(void **state)
{
    static const char base[] = "https://graph.microsoft.com/v1.0";

    (void)state;
    assert_true(http_same_origin("https://graph.microsoft.com/v1.0/users?$skiptoken=x", base));
    assert_true(http_same_origin("HTTPS://GRAPH.Microsoft.com:443", base));
    assert_true(http_same_origin("http://127.0.0.1:8080/a", "http://127.0.0.1:8080"));
    assert_true(http_same_origin("http://host:80/a", "http://host"));
}

static void
http_same_origin_is_not_fooled(void **state)
{
    static const char base[] = "https://" HOST;
    static const char *const elsewhere[] = {
        "https://graph.microsoft.com.evil.test/v1.0",
        "https://graph.microsoft.com@evil.test/",
        "https://graph.microsoft.com:443@evil.test/",
        "https://user@graph.microsoft.com/",
        "https://evil.test/https://graph.microsoft.com",
        "https://evil.test#https://graph.microsoft.com",
        "https://evil.test\\@graph.microsoft.com/",
        "https://graph.microsoft.com\\.evil.test/",
        "https://graph.microsoft.com%00.evil.test/",
        "http://graph.microsoft.com/",
        "http://graph.microsoft.com:443/",
        "https://graph.microsoft.com:80/",
        "https://graph.microsoft.com:4433/",
        "//graph.microsoft.com/v1.0",
        "/v1.0/users",
        "graph.microsoft.com",
        "",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(elsewhere); i++)
        if (http_same_origin(elsewhere[i], base))
            fail_msg("%s was taken for %s", elsewhere[i], base);
    assert_false(http_same_origin("https://" SHORTER, base));
    assert_false(http_same_origin("https://" HOST ".", base));
    assert_false(http_same_origin("", ""));
}

static void
http_base_url_may_be_https_or_plain_where_allowed(void **state)
{
    struct error error;

    (void)state;
    assert_int_equal(http_check_base_url("https://org.crm4.dynamics.com", false, &error), 0);
    assert_int_equal(http_check_base_url("https://host:8443/api/data/v9.2", false, &error), 0);
    assert_int_equal(http_check_base_url("http://127.0.0.1:8080/graph", false, &error), 0);
    assert_int_equal(http_check_base_url("http://localhost", false, &error), 0);
    assert_int_equal(http_check_base_url("http://[::1]:1", false, &error), 0);
    assert_int_equal(http_check_base_url("http://sandbox:8080", true, &error), 0);
}

static void
http_base_url_is_refused_with_its_fault(void **state)
{
    static const struct {
        const char *url, *text;
    } examples[] = {
        {"http://sandbox:8080", "\"http://sandbox:8080\" is plain http to another machine"},
        {"http://127.0.0.1.test", "\"http://127.0.0.1.test\" is plain http to another machine"},
        {"https://host/", "\"https://host/\" ends with a slash"},
        {"https://host/api/", "\"https://host/api/\" ends with a slash"},
        {"https://host?a=b", "\"https://host?a=b\" has a query or a fragment"},
        {"https://host/a#b", "\"https://host/a#b\" has a query or a fragment"},
        {"host", "\"host\" is no absolute http or https URL without a user"},
        {"", "\"\" is no absolute http or https URL without a user"},
        {"ftp://host", "\"ftp://host\" is no absolute http or https URL without a user"},
        {"https://a:secret@host", "the URL is no absolute http or https URL without a user"},
    };
    static const char accepted[] = "; https://host or https://host/path is accepted";
    struct error error;

    (void)state;
    for (size_t i = 0; i < COUNT(examples); i++) {
        size_t length = strlen(examples[i].text);

        assert_int_equal(http_check_base_url(examples[i].url, false, &error), -1);
        assert_int_equal(error.class, ERROR_CONFIG);
        assert_int_equal(strncmp(error.text, examples[i].text, length), 0);
        assert_string_equal(error.text + length, accepted);
    }
    assert_int_equal(http_check_base_url("http://host/", true, &error), -1);
}

static void
http_methods_and_transports_have_names(void **state)
{
    (void)state;
    assert_string_equal(http_method_name(HTTP_GET), "GET");
    assert_string_equal(http_method_name(HTTP_POST), "POST");
    assert_string_equal(http_method_name(HTTP_PATCH), "PATCH");
    assert_string_equal(http_method_name(HTTP_PUT), "PUT");
    assert_string_equal(http_method_name(HTTP_DELETE), "DELETE");
    assert_string_equal(http_transport_name(HTTP_OK), "ok");
    assert_string_equal(http_transport_name(HTTP_CANCELLED), "cancelled");
}

static void
http_response_is_empty_after_it_was_freed(void **state)
{
    struct http_response response = HTTP_RESPONSE_EMPTY;

    (void)state;
    response.status = 200;
    text_add(&response.headers, "a: b\n");
    text_add(&response.body, "{}");
    http_response_free(&response);
    assert_int_equal(response.status, 0);
    assert_null(response.headers.data);
    assert_null(response.body.data);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(http_request_collects_header_lines),
        cmocka_unit_test(http_request_fails_rather_than_smuggle_in_a_header),
        cmocka_unit_test(http_request_has_failed_when_any_of_its_texts_has),
        cmocka_unit_test(http_header_is_found_in_any_case_and_trimmed),
        cmocka_unit_test(http_header_is_not_found_where_it_only_looks_like_it),
        cmocka_unit_test(http_retry_after_reads_seconds_and_fractions),
        cmocka_unit_test(http_retry_after_reads_dates),
        cmocka_unit_test(http_retry_after_refuses_everything_else),
        cmocka_unit_test(http_same_origin_knows_its_own),
        cmocka_unit_test(http_same_origin_is_not_fooled),
        cmocka_unit_test(http_base_url_may_be_https_or_plain_where_allowed),
        cmocka_unit_test(http_base_url_is_refused_with_its_fault),
        cmocka_unit_test(http_methods_and_transports_have_names),
        cmocka_unit_test(http_response_is_empty_after_it_was_freed),
    };
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
