/* Starts, waits for and takes apart single requests. */
#include "client_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "error.h"

const struct http_client_settings client_settings = {
    .connect_timeout_ms = 5000,
    .timeout_ms = 5000,
    .max_response_bytes = 1024 * 1024,
    .max_connection_s = 300,
    .user_agent = "dvsync-test/1",
    .ca_file = "",
    .proxy = "",
};

struct scripted_server client_server;

void
client_on_done(void *arg, struct http_response *response)
{
    struct outcome *outcome = arg;

    outcome->calls++;
    outcome->response = *response;
    *response = (struct http_response)HTTP_RESPONSE_EMPTY;
    if (outcome->victim != NULL)
        http_client_cancel(outcome->client, outcome->victim);
    if (outcome->next != NULL)
        client_start(outcome->client, &outcome->request, outcome->next);
}

int
client_start_server(void **state)
{
    (void)state;
    return scripted_server_start(&client_server);
}

int
client_stop_server(void **state)
{
    (void)state;
    scripted_server_stop(&client_server);
    return 0;
}

int
client_setup(void **state)
{
    struct error error;

    *state = http_client_create(&client_settings, &error);
    return *state == NULL ? -1 : 0;
}

int
client_teardown(void **state)
{
    http_client_destroy(*state);
    return 0;
}

struct http_request
client_request(enum http_method method, int port, const char *path)
{
    struct http_request request = HTTP_REQUEST_EMPTY;

    request.method = method;
    text_addf(&request.url, "http://127.0.0.1:%d%s", port, path);
    return request;
}

void
client_start(struct http_client *client, const struct http_request *request,
             struct outcome *outcome)
{
    struct error error;

    outcome->client = client;
    assert_non_null(http_client_start(client, request, client_on_done, outcome, &error));
}

int64_t
client_now_ms(void)
{
    struct clock clock;

    clock_read_system(&clock);
    return clock.mono_ms;
}

void
client_run_until(struct http_client *client, const struct outcome *outcome)
{
    int64_t end_ms = client_now_ms() + CLIENT_PATIENCE_MS;

    while (outcome->calls == 0 && client_now_ms() < end_ms) {
        http_client_wait(client, NULL, 0, 100);
        http_client_perform(client);
    }
    assert_int_equal(outcome->calls, 1);
}

void
client_exchange(struct http_client *client, struct http_request *request, struct outcome *outcome)
{
    *outcome = (struct outcome){.client = client};
    client_start(client, request, outcome);
    http_request_free(request);
    client_run_until(client, outcome);
}

void
client_get(struct http_client *client, const char *path, struct outcome *outcome)
{
    struct http_request request = client_request(HTTP_GET, client_server.port, path);

    client_exchange(client, &request, outcome);
}

void
client_assert_no_answer(struct outcome *outcome, enum http_transport transport)
{
    assert_int_equal(outcome->response.status, 0);
    assert_string_equal(http_transport_name(outcome->response.transport),
                        http_transport_name(transport));
    assert_int_not_equal(outcome->response.reason[0], '\0');
    assert_int_equal(outcome->response.body.length, 0);
    assert_int_equal(outcome->response.headers.length, 0);
    http_response_free(&outcome->response);
}

bool
client_contains(const struct text *text, const char *part)
{
    return text->data != NULL && strstr(text->data, part) != NULL;
}
