/* The HTTP client against a server that misbehaves: what comes back, and what it is taken for. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "error.h"
#include "http_client.h"
#include "scripted_server.h"

#define PATIENCE_MS 10000

static const struct http_client_settings settings = {
    .connect_timeout_ms = 5000,
    .timeout_ms = 5000,
    .max_response_bytes = 1024 * 1024,
    .max_connection_s = 300,
    .user_agent = "dvsync-test/1",
    .ca_file = "",
    .proxy = "",
};

static struct scripted_server server;

/* One request's end, and what its callback is to do with others. */
struct outcome {
    struct http_client *client;
    struct http_response response;
    int calls;
    struct http_call *victim;    /* cancelled in the callback */
    struct outcome *next;        /* started in the callback */
    struct http_request request; /* of ${next} */
};

static void start(struct http_client *client, const struct http_request *request,
                  struct outcome *outcome);

static void
on_done(void *arg, struct http_response *response)
{
    struct outcome *outcome = arg;

    outcome->calls++;
    outcome->response = *response;
    *response = (struct http_response)HTTP_RESPONSE_EMPTY;
    if (outcome->victim != NULL)
        http_client_cancel(outcome->client, outcome->victim);
    if (outcome->next != NULL)
        start(outcome->client, &outcome->request, outcome->next);
}

static int
start_server(void **state)
{
    (void)state;
    return scripted_server_start(&server);
}

static int
stop_server(void **state)
{
    (void)state;
    scripted_server_stop(&server);
    return 0;
}

static int
setup(void **state)
{
    struct error error;

    *state = http_client_create(&settings, &error);
    return *state == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    http_client_destroy(*state);
    return 0;
}

static struct http_request
make_request(enum http_method method, int port, const char *path)
{
    struct http_request request = HTTP_REQUEST_EMPTY;

    request.method = method;
    text_addf(&request.url, "http://127.0.0.1:%d%s", port, path);
    return request;
}

static void
start(struct http_client *client, const struct http_request *request, struct outcome *outcome)
{
    struct error error;

    outcome->client = client;
    assert_non_null(http_client_start(client, request, on_done, outcome, &error));
}

static int64_t
now_ms(void)
{
    struct clock clock;

    clock_read_system(&clock);
    return clock.mono_ms;
}

static void
run_until(struct http_client *client, const struct outcome *outcome)
{
    int64_t end_ms = now_ms() + PATIENCE_MS;

    while (outcome->calls == 0 && now_ms() < end_ms) {
        http_client_wait(client, NULL, 0, 100);
        http_client_perform(client);
    }
    assert_int_equal(outcome->calls, 1);
}

/* Sends ${request}, ends it, and waits for the answer. */
static void
exchange(struct http_client *client, struct http_request *request, struct outcome *outcome)
{
    *outcome = (struct outcome){.client = client};
    start(client, request, outcome);
    http_request_free(request);
    run_until(client, outcome);
}

static void
get(struct http_client *client, const char *path, struct outcome *outcome)
{
    struct http_request request = make_request(HTTP_GET, server.port, path);

    exchange(client, &request, outcome);
}

static void
assert_no_answer(struct outcome *outcome, enum http_transport transport)
{
    assert_int_equal(outcome->response.status, 0);
    assert_string_equal(http_transport_name(outcome->response.transport),
                        http_transport_name(transport));
    assert_int_not_equal(outcome->response.reason[0], '\0');
    assert_int_equal(outcome->response.body.length, 0);
    assert_int_equal(outcome->response.headers.length, 0);
    http_response_free(&outcome->response);
}

static bool
contains(const struct text *text, const char *part)
{
    return text->data != NULL && strstr(text->data, part) != NULL;
}

/* --- answers ---------------------------------------------------------------------------------- */

static void
http_client_hands_over_status_headers_and_body(void **state)
{
    struct outcome outcome;

    get(*state, "/hello", &outcome);
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

    get(*state, "/throttled", &outcome);
    assert_int_equal(outcome.response.status, 429);
    assert_int_equal(outcome.response.transport, HTTP_OK);
    assert_true(contains(&outcome.response.headers, "Retry-After: 7\n"));
    assert_string_equal(outcome.response.body.data, "busy");
    http_response_free(&outcome.response);
}

static void
http_client_keeps_only_the_final_answers_headers(void **state)
{
    struct outcome outcome;

    get(*state, "/interim-first", &outcome);
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

    get(*state, "/redirect", &outcome);
    assert_int_equal(outcome.response.status, 302);
    http_response_free(&outcome.response);
    get(*state, "/echo", &outcome);
    assert_false(contains(&outcome.response.body, "Cookie"));
    http_response_free(&outcome.response);
}

/* --- requests --------------------------------------------------------------------------------- */

static void
http_client_sends_what_it_was_given_and_nothing_of_its_own_will(void **state)
{
    struct http_request request = make_request(HTTP_POST, server.port, "/a/../echo?b=c");
    struct outcome outcome;
    char expected[512];

    http_request_header(&request, "Content-Type", "application/json");
    http_request_header(&request, "Authorization", "Bearer x");
    text_add(&request.body, "{\"a\":1}");
    exchange(*state, &request, &outcome);
    snprintf(expected, sizeof(expected),
             "connection 1\nPOST /a/../echo?b=c HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
             "User-Agent: dvsync-test/1\r\nAccept: */*\r\nContent-Type: application/json\r\n"
             "Authorization: Bearer x\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
             server.port);
    assert_non_null(strstr(outcome.response.body.data, strchr(expected, 'P')));
    http_response_free(&outcome.response);
}

static void
assert_echo(struct http_client *client, enum http_method method, const char *body,
            const char *expected_start, const char *expected_end)
{
    struct http_request request = make_request(method, server.port, "/echo");
    struct outcome outcome;
    const struct text *echo = &outcome.response.body;

    text_add(&request.body, body);
    exchange(client, &request, &outcome);
    assert_int_equal(outcome.response.status, 200);
    assert_true(contains(echo, expected_start));
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
    struct http_request request = make_request(HTTP_POST, server.port, "/echo");
    struct outcome outcome;
    const struct text *echo = &outcome.response.body;

    for (int i = 0; i < 150000; i++)
        text_add(&request.body, "0123456789");
    text_add(&request.body, "end");
    request.max_response_bytes = 2 * 1024 * 1024;
    exchange(*state, &request, &outcome);
    assert_true(contains(echo, "Content-Length: 1500003\r\n"));
    assert_false(contains(echo, "Expect"));
    assert_string_equal(echo->data + echo->length - 4, "9end");
    http_response_free(&outcome.response);
}

static void
http_client_refuses_headers_that_would_become_others(void **state)
{
    static const char *const bad[] = {"X-A: b\rX-C: d\n", "X-A\n", "X-A:\n", ": b\n", "X-A:  \n\n"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct http_request request = make_request(HTTP_GET, server.port, "/echo");
        struct outcome outcome = {.calls = 0};
        struct error error;

        text_add(&request.headers, bad[i]);
        assert_null(http_client_start(*state, &request, on_done, &outcome, &error));
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

    get(*state, "/echo", &outcome);
    snprintf(first, sizeof(first), "%.*s", (int)strcspn(outcome.response.body.data, "\n") + 1,
             outcome.response.body.data);
    http_response_free(&outcome.response);
    for (int i = 0; i < 3; i++) {
        get(*state, "/echo", &outcome);
        assert_true(contains(&outcome.response.body, first));
        http_response_free(&outcome.response);
    }
}

/* --- no answer -------------------------------------------------------------------------------- */

static void
http_client_calls_a_torn_answer_unknown(void **state)
{
    static const char *const paths[] = {"/half-a-header", "/cut-body", "/cut-chunks", "/nothing",
                                        "/garbage"};

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct outcome outcome;

        get(*state, paths[i], &outcome);
        assert_no_answer(&outcome, HTTP_UNKNOWN);
    }
}

static void
http_client_calls_a_request_that_reached_nobody_not_sent(void **state)
{
    struct http_request refused = make_request(HTTP_POST, 1, "/"); /* nobody listens there */
    struct http_request nowhere = make_request(HTTP_GET, 0, "");
    struct http_request no_tls = make_request(HTTP_GET, server.port, "/");
    struct http_request no_scheme = make_request(HTTP_GET, 0, "");
    struct outcome outcome;

    exchange(*state, &refused, &outcome);
    assert_no_answer(&outcome, HTTP_NOT_SENT);
    text_clear(&nowhere.url);
    text_add(&nowhere.url, "http://no-such-host.invalid/");
    exchange(*state, &nowhere, &outcome);
    assert_no_answer(&outcome, HTTP_NOT_SENT);
    text_clear(&no_tls.url);
    text_addf(&no_tls.url, "https://127.0.0.1:%d/", server.port);
    exchange(*state, &no_tls, &outcome);
    assert_no_answer(&outcome, HTTP_NOT_SENT);
    text_clear(&no_scheme.url);
    text_add(&no_scheme.url, "file:///etc/passwd");
    exchange(*state, &no_scheme, &outcome);
    assert_no_answer(&outcome, HTTP_NOT_SENT);
}

static void
http_client_calls_a_timeout_after_sending_unknown(void **state)
{
    struct http_request request = make_request(HTTP_GET, server.port, "/never");
    struct outcome outcome;
    int64_t started_ms = now_ms();

    request.timeout_ms = 50;
    exchange(*state, &request, &outcome);
    assert_no_answer(&outcome, HTTP_UNKNOWN);
    assert_true(now_ms() - started_ms >= 50);
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
    struct http_request request = make_request(HTTP_GET, port, "/");
    struct outcome outcome;

    request.timeout_ms = 50;
    exchange(*state, &request, &outcome);
    assert_no_answer(&outcome, HTTP_NOT_SENT);
    close(fillers[0]);
    close(fillers[1]);
    close(listener);
}

static void
http_client_cuts_an_answer_at_its_limit(void **state)
{
    struct http_request exact = make_request(HTTP_GET, server.port, "/chunks");
    struct http_request above = make_request(HTTP_GET, server.port, "/chunks");
    struct outcome outcome;

    exact.max_response_bytes = 64;
    exchange(*state, &exact, &outcome);
    assert_int_equal(outcome.response.status, 200);
    assert_int_equal(outcome.response.body.length, 64);
    http_response_free(&outcome.response);
    above.max_response_bytes = 63;
    exchange(*state, &above, &outcome);
    assert_no_answer(&outcome, HTTP_TOO_LARGE);
    get(*state, "/many-headers", &outcome);
    assert_no_answer(&outcome, HTTP_TOO_LARGE);
}

static void
http_client_works_on_after_every_kind_of_failure(void **state)
{
    struct outcome outcome;

    get(*state, "/cut-body", &outcome);
    assert_no_answer(&outcome, HTTP_UNKNOWN);
    http_client_hands_over_status_headers_and_body(state);
    get(*state, "/many-headers", &outcome);
    assert_no_answer(&outcome, HTTP_TOO_LARGE);
    get(*state, "/nothing", &outcome);
    assert_no_answer(&outcome, HTTP_UNKNOWN);
    http_client_hands_over_status_headers_and_body(state);
}

/* --- the loop --------------------------------------------------------------------------------- */

static void
http_client_runs_all_calls_at_once(void **state)
{
    enum { COUNT = 20 };
    struct outcome outcomes[COUNT] = {{.calls = 0}};
    struct http_request request = make_request(HTTP_GET, server.port, "/late");
    int64_t started_ms = now_ms();

    for (int i = 0; i < COUNT; i++)
        start(*state, &request, &outcomes[i]);
    http_request_free(&request);
    for (int i = 0; i < COUNT; i++) {
        run_until(*state, &outcomes[i]);
        assert_int_equal(outcomes[i].response.status, 200);
        http_response_free(&outcomes[i].response);
    }
    assert_true(now_ms() - started_ms < COUNT * 100 / 2);
    assert_int_equal(http_client_perform(*state), 0);
}

static void
http_client_lets_a_callback_cancel_another_call(void **state)
{
    struct http_request hello = make_request(HTTP_GET, server.port, "/hello");
    struct http_request never = make_request(HTTP_GET, server.port, "/never");
    struct outcome first = {.client = *state};
    struct outcome second = {.client = *state};
    struct error error;

    first.victim = http_client_start(*state, &never, on_done, &second, &error);
    assert_non_null(first.victim);
    start(*state, &hello, &first);
    run_until(*state, &first);
    assert_int_equal(http_client_perform(*state), 0);
    assert_int_equal(second.calls, 0);
    http_response_free(&first.response);
    http_request_free(&hello);
    http_request_free(&never);
}

/* Both are done in the same turn; whichever is first takes the other with it. */
static void
http_client_calls_nobody_back_who_was_cancelled_when_already_done(void **state)
{
    struct http_request refused = make_request(HTTP_GET, 1, "/");
    struct outcome first = {.client = *state};
    struct outcome second = {.client = *state};
    struct error error;

    first.victim = http_client_start(*state, &refused, on_done, &second, &error);
    second.victim = http_client_start(*state, &refused, on_done, &first, &error);
    assert_non_null(first.victim);
    assert_non_null(second.victim);
    for (int64_t end_ms = now_ms() + PATIENCE_MS;
         http_client_perform(*state) > 0 && now_ms() < end_ms;)
        http_client_wait(*state, NULL, 0, 100);
    assert_int_equal(first.calls + second.calls, 1);
    http_request_free(&refused);
}

static void
http_client_lets_a_callback_start_the_next_call(void **state)
{
    struct outcome second = {.client = *state};
    struct outcome first = {.client = *state, .next = &second};
    struct http_request request = make_request(HTTP_GET, server.port, "/hello");

    first.request = make_request(HTTP_GET, server.port, "/throttled");
    start(*state, &request, &first);
    run_until(*state, &first);
    run_until(*state, &second);
    assert_int_equal(first.response.status, 200);
    assert_int_equal(second.response.status, 429);
    http_response_free(&first.response);
    http_response_free(&second.response);
    http_request_free(&first.request);
    http_request_free(&request);
}

static void
http_client_calls_nobody_back_when_destroyed(void **state)
{
    struct http_request request = make_request(HTTP_POST, server.port, "/never");
    struct error error;
    struct http_client *client = http_client_create(&settings, &error);
    struct outcome outcomes[3] = {{.calls = 0}};

    (void)state;
    assert_non_null(client);
    for (int i = 0; i < 3; i++)
        start(client, &request, &outcomes[i]);
    http_client_wait(client, NULL, 0, 10);
    assert_int_equal(http_client_perform(client), 3);
    http_client_destroy(client);
    for (int i = 0; i < 3; i++)
        assert_int_equal(outcomes[i].calls, 0);
    http_request_free(&request);
    http_client_destroy(NULL);
}

static void
http_client_wakes_for_a_descriptor_of_the_callers(void **state)
{
    int fds[20];
    int64_t started_ms = now_ms();

    for (int i = 0; i < 20; i++)
        fds[i] = eventfd(0, EFD_NONBLOCK);
    http_client_wait(*state, fds, 20, 30);
    assert_true(now_ms() - started_ms >= 29);
    assert_int_equal(eventfd_write(fds[19], 1), 0);
    started_ms = now_ms();
    http_client_wait(*state, fds, 20, INT64_MAX);
    http_client_wait(*state, fds, 19, -1);
    assert_true(now_ms() - started_ms < 1000);
    for (int i = 0; i < 20; i++)
        close(fds[i]);
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
    struct http_client_settings proxied = settings;
    struct http_request request = HTTP_REQUEST_EMPTY;
    struct outcome outcome;
    struct error error;
    struct http_client *client;
    char proxy[64];

    (void)state;
    snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", server.port);
    proxied.proxy = proxy;
    client = http_client_create(&proxied, &error);
    assert_non_null(client);
    text_add(&request.url, "http://service.invalid/hello");
    exchange(client, &request, &outcome);
    assert_int_equal(outcome.response.status, 404); /* the path it saw is the whole URL */
    http_response_free(&outcome.response);
    http_client_destroy(client);
}

static void
http_client_refuses_a_file_of_certificates_that_is_not_there(void **state)
{
    struct http_client_settings broken = settings;
    struct error error;

    (void)state;
    broken.ca_file = "/nowhere/ca.pem";
    assert_null(http_client_create(&broken, &error));
    assert_int_equal(error.class, ERROR_CONFIG);
    assert_non_null(strstr(error.text, "/nowhere/ca.pem"));
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
        test(http_client_calls_a_torn_answer_unknown),
        test(http_client_calls_a_request_that_reached_nobody_not_sent),
        test(http_client_calls_a_timeout_after_sending_unknown),
        test(http_client_calls_a_timeout_while_connecting_not_sent),
        test(http_client_cuts_an_answer_at_its_limit),
        test(http_client_works_on_after_every_kind_of_failure),
        test(http_client_runs_all_calls_at_once),
        test(http_client_lets_a_callback_cancel_another_call),
        test(http_client_calls_nobody_back_who_was_cancelled_when_already_done),
        test(http_client_lets_a_callback_start_the_next_call),
        test(http_client_calls_nobody_back_when_destroyed),
        test(http_client_wakes_for_a_descriptor_of_the_callers),
        test(http_client_asks_no_proxy_of_the_environments),
        test(http_client_asks_the_proxy_that_is_set),
        test(http_client_refuses_a_file_of_certificates_that_is_not_there),
    };

    return cmocka_run_group_tests_name("http_client", tests, start_server, stop_server);
}
