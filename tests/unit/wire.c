/* Starts, waits for and takes apart single requests. */
#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "error.h"

const struct http_client_settings wire_settings = {
    .connect_timeout_ms = 5000,
    .timeout_ms = 5000,
    .max_response_bytes = 1024 * 1024,
    .max_connection_s = 300,
    .user_agent = "dvsync-test/1",
    .ca_file = "",
    .proxy = "",
};

struct scripted_server wire_server;

void
wire_on_done(void *arg, struct http_response *response)
{
    struct outcome *outcome = arg;

    outcome->calls++;
    outcome->response = *response;
    *response = (struct http_response)HTTP_RESPONSE_EMPTY;
    if (outcome->victim != NULL)
        http_client_cancel(outcome->client, outcome->victim);
    if (outcome->next != NULL)
        wire_start(outcome->client, &outcome->request, outcome->next);
}

int
wire_start_server(void **state)
{
    (void)state;
    return scripted_server_start(&wire_server);
}

int
wire_stop_server(void **state)
{
    (void)state;
    scripted_server_stop(&wire_server);
    return 0;
}

int
wire_setup(void **state)
{
    struct error error;

    *state = http_client_create(&wire_settings, &error);
    return *state == NULL ? -1 : 0;
}

int
wire_teardown(void **state)
{
    http_client_destroy(*state);
    return 0;
}

struct http_request
wire_request(enum http_method method, int port, const char *path)
{
    struct http_request request = HTTP_REQUEST_EMPTY;

    request.method = method;
    text_addf(&request.url, "http://127.0.0.1:%d%s", port, path);
    return request;
}

void
wire_start(struct http_client *client, const struct http_request *request, struct outcome *outcome)
{
    struct error error;

    outcome->client = client;
    assert_non_null(http_client_start(client, request, wire_on_done, outcome, &error));
}

int64_t
wire_now_ms(void)
{
    struct clock clock;

    clock_read_system(&clock);
    return clock.mono_ms;
}

void
wire_run_until(struct http_client *client, const struct outcome *outcome)
{
    int64_t end_ms = wire_now_ms() + WIRE_PATIENCE_MS;

    while (outcome->calls == 0 && wire_now_ms() < end_ms) {
        http_client_wait(client, NULL, 0, 100);
        http_client_perform(client);
    }
    assert_int_equal(outcome->calls, 1);
}

void
wire_exchange(struct http_client *client, struct http_request *request, struct outcome *outcome)
{
    *outcome = (struct outcome){.client = client};
    wire_start(client, request, outcome);
    http_request_free(request);
    wire_run_until(client, outcome);
}

void
wire_get(struct http_client *client, const char *path, struct outcome *outcome)
{
    struct http_request request = wire_request(HTTP_GET, wire_server.port, path);

    wire_exchange(client, &request, outcome);
}

void
wire_assert_no_answer(struct outcome *outcome, enum http_transport transport)
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
wire_contains(const struct text *text, const char *part)
{
    return text->data != NULL && strstr(text->data, part) != NULL;
}
