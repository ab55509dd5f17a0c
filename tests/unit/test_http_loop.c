/* The HTTP client in the loop: many calls, cancelling, waiting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "client_fixture.h"
#include "error.h"
#include "http_client.h"

static void
http_client_runs_all_calls_at_once(void **state)
{
    enum { COUNT = 40 };
    struct outcome outcomes[COUNT] = {{.calls = 0}};
    struct http_request request = client_request(HTTP_GET, client_server.port, "/late");
    int64_t started_ms = client_now_ms();

    for (int i = 0; i < COUNT; i++)
        client_start(*state, &request, &outcomes[i]);
    http_request_free(&request);
    for (int i = 0; i < COUNT; i++) {
        client_run_until(*state, &outcomes[i]);
        assert_int_equal(outcomes[i].response.status, 200);
        http_response_free(&outcomes[i].response);
    }
    assert_true(client_now_ms() - started_ms < COUNT * 100 / 2);
    assert_int_equal(http_client_perform(*state), 0);
}

static void
http_client_lets_a_callback_cancel_another_call(void **state)
{
    struct http_request hello = client_request(HTTP_GET, client_server.port, "/hello");
    struct http_request never = client_request(HTTP_GET, client_server.port, "/never");
    struct outcome first = {.client = *state};
    struct outcome second = {.client = *state};
    struct error error;

    first.victim = http_client_start(*state, &never, client_on_done, &second, &error);
    assert_non_null(first.victim);
    client_start(*state, &hello, &first);
    client_run_until(*state, &first);
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
    struct http_request refused = client_request(HTTP_GET, 1, "/");
    struct outcome first = {.client = *state};
    struct outcome second = {.client = *state};
    struct error error;

    first.victim = http_client_start(*state, &refused, client_on_done, &second, &error);
    second.victim = http_client_start(*state, &refused, client_on_done, &first, &error);
    assert_non_null(first.victim);
    assert_non_null(second.victim);
    for (int64_t end_ms = client_now_ms() + CLIENT_PATIENCE_MS;
         http_client_perform(*state) > 0 && client_now_ms() < end_ms;)
        http_client_wait(*state, NULL, 0, 100);
    assert_int_equal(first.calls + second.calls, 1);
    http_request_free(&refused);
}

static void
http_client_lets_a_callback_start_the_next_call(void **state)
{
    struct outcome second = {.client = *state};
    struct outcome first = {.client = *state, .next = &second};
    struct http_request request = client_request(HTTP_GET, client_server.port, "/hello");

    first.request = client_request(HTTP_GET, client_server.port, "/throttled");
    client_start(*state, &request, &first);
    client_run_until(*state, &first);
    client_run_until(*state, &second);
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
    struct http_request request = client_request(HTTP_POST, client_server.port, "/never");
    struct error error;
    struct http_client *client = http_client_create(&client_settings, &error);
    struct outcome outcomes[3] = {{.calls = 0}};

    (void)state;
    assert_non_null(client);
    for (int i = 0; i < 3; i++)
        client_start(client, &request, &outcomes[i]);
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
    int64_t started_ms = client_now_ms();

    for (int i = 0; i < 20; i++)
        fds[i] = eventfd(0, EFD_NONBLOCK);
    http_client_wait(*state, fds, 20, 30);
    assert_true(client_now_ms() - started_ms >= 29);
    assert_int_equal(eventfd_write(fds[19], 1), 0);
    started_ms = client_now_ms();
    http_client_wait(*state, fds, 20, INT64_MAX);
    http_client_wait(*state, fds, 19, -1);
    assert_true(client_now_ms() - started_ms < 1000);
    for (int i = 0; i < 20; i++)
        close(fds[i]);
}

#define test(name) cmocka_unit_test_setup_teardown(name, client_setup, client_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        test(http_client_runs_all_calls_at_once),
        test(http_client_lets_a_callback_cancel_another_call),
        test(http_client_calls_nobody_back_who_was_cancelled_when_already_done),
        test(http_client_lets_a_callback_start_the_next_call),
        test(http_client_calls_nobody_back_when_destroyed),
        test(http_client_wakes_for_a_descriptor_of_the_callers),
    };

    return cmocka_run_group_tests_name("http_loop", tests, client_start_server, client_stop_server);
}
