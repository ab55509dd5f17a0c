/* The HTTP client: what it sends and what it hands over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client_fixture.h"
#include "error.h"
#include "http_client.h"

/* --- answers ---------------------------------------------------------------------------------- */

static void
http_client_hands_over_status_headers_and_body(void **state)
{
    struct outcome outcome;

    client_get(*state, "/hello", &outcome);
    assert_int_equal(outcome.response.status, 200);
    assert_int_equal(outcome.response.transport, HTTP_OK);
    assert_string_equal(outcome.response.body.data, "hello");
    assert_string_equal(outcome.response.headers.data,
                        "Content-Length: 5\nX-First: one\nx-second:two\n");
    http_response_free(&outcome.response);
}

static void
http_client_takes_an_answer_of_refusal_for_an_answer(void **state)
{
    struct outcome outcome;

    client_get(*state, "/throttled", &outcome);
    assert_int_equal(outcome.response.status, 429);
    assert_int_equal(outcome.response.transport, HTTP_OK);
    assert_true(client_contains(&outcome.response.headers, "Retry-After: 7\n"));
    assert_string_equal(outcome.response.body.data, "busy");
    http_response_free(&outcome.response);
}

static void
http_client_keeps_only_the_final_answers_headers(void **state)
{
    struct outcome outcome;

    client_get(*state, "/interim-first", &outcome);
    assert_int_equal(outcome.response.status, 200);
    assert_string_equal(outcome.response.headers.data,
                        "Transfer-Encoding: chunked\nX-Final: yes\n");
    assert_string_equal(outcome.response.body.data, "ok");
    http_response_free(&outcome.response);
}

static void
http_client_follows_no_redirect_and_keeps_no_cookie(void **state)
{
    struct outcome outcome;

    client_get(*state, "/redirect", &outcome);
    assert_int_equal(outcome.response.status, 302);
    http_response_free(&outcome.response);
    client_get(*state, "/echo", &outcome);
    assert_false(client_contains(&outcome.response.body, "Cookie"));
    http_response_free(&outcome.response);
}

/* --- requests --------------------------------------------------------------------------------- */

static void
http_client_sends_what_it_was_given_and_nothing_of_its_own_will(void **state)
{
    struct http_request request = client_request(HTTP_POST, client_server.port, "/a/../echo?b=c");
    struct outcome outcome;
    char expected[512];

    http_request_header(&request, "Content-Type", "application/json");
    http_request_header(&request, "Authorization", "Bearer x");
    text_add(&request.body, "{\"a\":1}");
    client_exchange(*state, &request, &outcome);
    snprintf(expected, sizeof(expected),
             "connection 1\nPOST /a/../echo?b=c HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
             "User-Agent: dvsync-test/1\r\nAccept: */*\r\nContent-Type: application/json\r\n"
             "Authorization: Bearer x\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
             client_server.port);
    assert_non_null(strstr(outcome.response.body.data, strchr(expected, 'P')));
    http_response_free(&outcome.response);
}

static void
assert_echo(struct http_client *client, enum http_method method, const char *body,
            const char *expected_start, const char *expected_end)
{
    struct http_request request = client_request(method, client_server.port, "/echo");
    struct outcome outcome;
    const struct text *echo = &outcome.response.body;

    text_add(&request.body, body);
    client_exchange(client, &request, &outcome);
    assert_int_equal(outcome.response.status, 200);
    assert_true(client_contains(echo, expected_start));
    assert_string_equal(echo->data + echo->length - strlen(expected_end), expected_end);
    http_response_free(&outcome.response);
}

static void
http_client_speaks_every_method(void **state)
{
    assert_echo(*state, HTTP_GET, "", "\nGET /echo", "Accept: */*\r\n\r\n");
    assert_echo(*state, HTTP_POST, "b", "\nPOST /echo", "Content-Length: 1\r\n\r\nb");
    assert_echo(*state, HTTP_POST, "", "\nPOST /echo", "Content-Length: 0\r\n\r\n");
    assert_echo(*state, HTTP_PATCH, "{}", "\nPATCH /echo", "Content-Length: 2\r\n\r\n{}");
    assert_echo(*state, HTTP_PUT, "{}", "\nPUT /echo", "Content-Length: 2\r\n\r\n{}");
    assert_echo(*state, HTTP_DELETE, "", "\nDELETE /echo", "Accept: */*\r\n\r\n");
    assert_echo(*state, HTTP_GET, "", "\nGET /echo", "Accept: */*\r\n\r\n");
}

static void
http_client_sends_a_large_body_whole_and_without_asking_first(void **state)
{
    struct http_request request = client_request(HTTP_POST, client_server.port, "/echo");
    struct outcome outcome;
    const struct text *echo = &outcome.response.body;

    for (int i = 0; i < 150000; i++)
        text_add(&request.body, "0123456789");
    text_add(&request.body, "end");
    request.max_response_bytes = 2 * 1024 * 1024;
    client_exchange(*state, &request, &outcome);
    assert_true(client_contains(echo, "Content-Length: 1500003\r\n"));
    assert_false(client_contains(echo, "Expect"));
    assert_string_equal(echo->data + echo->length - 4, "9end");
    http_response_free(&outcome.response);
}

static void
http_client_refuses_headers_that_would_become_others(void **state)
{
    static const char *const bad[] = {"X-A: b\rX-C: d\n", "X-A\n", "X-A:\n", ": b\n", "X-A:  \n\n"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct http_request request = client_request(HTTP_GET, client_server.port, "/echo");
        struct outcome outcome = {.calls = 0};
        struct error error;

        text_add(&request.headers, bad[i]);
        assert_null(http_client_start(*state, &request, client_on_done, &outcome, &error));
        assert_int_equal(error.class, ERROR_INPUT);
        assert_int_equal(http_client_perform(*state), 0);
        http_request_free(&request);
    }
}

static void
http_client_uses_a_connection_again(void **state)
{
    struct outcome outcome;
    char first[32];

    client_get(*state, "/echo", &outcome);
    snprintf(first, sizeof(first), "%.*s", (int)strcspn(outcome.response.body.data, "\n") + 1,
             outcome.response.body.data);
    http_response_free(&outcome.response);
    for (int i = 0; i < 3; i++) {
        client_get(*state, "/echo", &outcome);
        assert_true(client_contains(&outcome.response.body, first));
        http_response_free(&outcome.response);
    }
}

/* --- settings --------------------------------------------------------------------------------- */

static void
http_client_asks_no_proxy_of_the_environments(void **state)
{
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    http_client_hands_over_status_headers_and_body(state);
    unsetenv("http_proxy");
}

static void
http_client_asks_the_proxy_that_is_set(void **state)
{
    struct http_client_settings proxied = client_settings;
    struct http_request request = HTTP_REQUEST_EMPTY;
    struct outcome outcome;
    struct error error;
    struct http_client *client;
    char proxy[64];

    (void)state;
    snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", client_server.port);
    proxied.proxy = proxy;
    client = http_client_create(&proxied, &error);
    assert_non_null(client);
    text_add(&request.url, "http://service.invalid/hello");
    client_exchange(client, &request, &outcome);
    assert_int_equal(outcome.response.status, 404); /* the path it saw is the whole URL */
    http_response_free(&outcome.response);
    http_client_destroy(client);
}

static void
http_client_refuses_a_file_of_certificates_that_is_not_there(void **state)
{
    struct http_client_settings broken = client_settings;
    struct error error;

    (void)state;
    broken.ca_file = "/nowhere/ca.pem";
    assert_null(http_client_create(&broken, &error));
    assert_int_equal(error.class, ERROR_CONFIG);
    assert_non_null(strstr(error.text, "/nowhere/ca.pem"));
}

#define test(name) cmocka_unit_test_setup_teardown(name, client_setup, client_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        test(http_client_hands_over_status_headers_and_body),
        test(http_client_takes_an_answer_of_refusal_for_an_answer),
        test(http_client_keeps_only_the_final_answers_headers),
        test(http_client_follows_no_redirect_and_keeps_no_cookie),
        test(http_client_sends_what_it_was_given_and_nothing_of_its_own_will),
        test(http_client_speaks_every_method),
        test(http_client_sends_a_large_body_whole_and_without_asking_first),
        test(http_client_refuses_headers_that_would_become_others),
        test(http_client_uses_a_connection_again),
        test(http_client_asks_no_proxy_of_the_environments),
        test(http_client_asks_the_proxy_that_is_set),
        test(http_client_refuses_a_file_of_certificates_that_is_not_there),
    };

    return cmocka_run_group_tests_name("http_client", tests, client_start_server,
                                       client_stop_server);
}
