/* The HTTP client against a server that misbehaves: what the lack of an answer is taken for. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "client_fixture.h"
#include "error.h"
#include "http_client.h"

static void
assert_answers(struct http_client *client)
{
    struct outcome outcome;

    client_get(client, "/hello", &outcome);
    assert_int_equal(outcome.response.status, 200);
    assert_string_equal(outcome.response.body.data, "hello");
    http_response_free(&outcome.response);
}

static void
http_client_calls_a_torn_answer_unknown(void **state)
{
    static const char *const paths[] = {"/half-a-header", "/cut-body", "/cut-chunks", "/nothing",
                                        "/garbage"};

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct outcome outcome;

        client_get(*state, paths[i], &outcome);
        client_assert_no_answer(&outcome, HTTP_UNKNOWN);
    }
}

static void
http_client_calls_a_request_that_reached_nobody_not_sent(void **state)
{
    struct http_request refused = client_request(HTTP_POST, 1, "/"); /* nobody listens there */
    struct http_request nowhere = client_request(HTTP_GET, 0, "");
    struct http_request no_tls = client_request(HTTP_GET, client_server.port, "/");
    struct http_request no_scheme = client_request(HTTP_GET, 0, "");
    struct outcome outcome;

    client_exchange(*state, &refused, &outcome);
    client_assert_no_answer(&outcome, HTTP_NOT_SENT);
    text_clear(&nowhere.url);
    text_add(&nowhere.url, "http://no-such-host.invalid/");
    client_exchange(*state, &nowhere, &outcome);
    client_assert_no_answer(&outcome, HTTP_NOT_SENT);
    text_clear(&no_tls.url);
    text_addf(&no_tls.url, "https://127.0.0.1:%d/", client_server.port);
    client_exchange(*state, &no_tls, &outcome);
    client_assert_no_answer(&outcome, HTTP_NOT_SENT);
    text_clear(&no_scheme.url);
    text_add(&no_scheme.url, "file:///etc/passwd");
    client_exchange(*state, &no_scheme, &outcome);
    client_assert_no_answer(&outcome, HTTP_NOT_SENT);
}

static void
http_client_calls_a_timeout_after_sending_unknown(void **state)
{
    struct http_request request = client_request(HTTP_GET, client_server.port, "/never");
    struct outcome outcome;
    int64_t started_ms = client_now_ms();

    request.timeout_ms = 50;
    client_exchange(*state, &request, &outcome);
    client_assert_no_answer(&outcome, HTTP_UNKNOWN);
    assert_true(client_now_ms() - started_ms >= 50);
}

/* A socket that listens but whose queue is full: connects to it neither succeed nor fail. */
static int
open_full_listener(int fillers[2], int *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listener, 0), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    for (int i = 0; i < 2; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)!connect(fillers[i], (struct sockaddr *)&address, sizeof(address));
    }
    *ret_port = ntohs(address.sin_port);
    return listener;
}

static void
http_client_calls_a_timeout_while_connecting_not_sent(void **state)
{
    int fillers[2];
    int port;
    int listener = open_full_listener(fillers, &port);
    struct http_request request = client_request(HTTP_GET, port, "/");
    struct outcome outcome;

    request.timeout_ms = 50;
    client_exchange(*state, &request, &outcome);
    client_assert_no_answer(&outcome, HTTP_NOT_SENT);
    close(fillers[0]);
    close(fillers[1]);
    close(listener);
}

static void
http_client_cuts_an_answer_at_its_limit(void **state)
{
    struct http_request exact = client_request(HTTP_GET, client_server.port, "/chunks");
    struct http_request above = client_request(HTTP_GET, client_server.port, "/chunks");
    struct outcome outcome;

    exact.max_response_bytes = 64;
    client_exchange(*state, &exact, &outcome);
    assert_int_equal(outcome.response.status, 200);
    assert_int_equal(outcome.response.body.length, 64);
    http_response_free(&outcome.response);
    above.max_response_bytes = 63;
    client_exchange(*state, &above, &outcome);
    client_assert_no_answer(&outcome, HTTP_TOO_LARGE);
    client_get(*state, "/many-headers", &outcome);
    client_assert_no_answer(&outcome, HTTP_TOO_LARGE);
}

static void
http_client_works_on_after_every_kind_of_failure(void **state)
{
    struct outcome outcome;

    client_get(*state, "/cut-body", &outcome);
    client_assert_no_answer(&outcome, HTTP_UNKNOWN);
    assert_answers(*state);
    client_get(*state, "/many-headers", &outcome);
    client_assert_no_answer(&outcome, HTTP_TOO_LARGE);
    client_get(*state, "/nothing", &outcome);
    client_assert_no_answer(&outcome, HTTP_UNKNOWN);
    assert_answers(*state);
}

#define test(name) cmocka_unit_test_setup_teardown(name, client_setup, client_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        test(http_client_calls_a_torn_answer_unknown),
        test(http_client_calls_a_request_that_reached_nobody_not_sent),
        test(http_client_calls_a_timeout_after_sending_unknown),
        test(http_client_calls_a_timeout_while_connecting_not_sent),
        test(http_client_cuts_an_answer_at_its_limit),
        test(http_client_works_on_after_every_kind_of_failure),
    };

    return cmocka_run_group_tests_name("http_failures", tests, client_start_server,
                                       client_stop_server);
}
