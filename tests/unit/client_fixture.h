#ifndef CLIENT_FIXTURE_H
#define CLIENT_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "http_client.h"
#include "scripted_server.h"

/*
 * An HTTP client at work, for its tests: a client for each test, the scripted server for all of a
 * program, requests sent and waited for. Failures fail the test.
 */

enum { CLIENT_PATIENCE_MS = 10000 };

extern const struct http_client_settings client_settings;
extern struct scripted_server client_server;

/* One request's end, and what its callback is to do with others. */
struct outcome {
    struct http_client *client;
    struct http_response response;
    int calls;
    struct http_call *victim;    /* cancelled in the callback */
    struct outcome *next;        /* started in the callback */
    struct http_request request; /* of ${next} */
};

int client_start_server(void **state);
int client_stop_server(void **state);
int client_setup(void **state); /* *state: a client of client_settings */
int client_teardown(void **state);

int64_t client_now_ms(void);

/* A request of http://127.0.0.1:${port}${path}. */
struct http_request client_request(enum http_method method, int port, const char *path);

/* The callback of a call whose argument is a struct outcome; takes the response. */
void client_on_done(void *arg, struct http_response *response);

/* Starts ${request} for ${outcome}, of which only what the callback is to do may be filled. */
void client_start(struct http_client *client, const struct http_request *request,
                  struct outcome *outcome);

/* Runs the loop until ${outcome} was called. */
void client_run_until(struct http_client *client, const struct outcome *outcome);

/* Sends ${request}, ends it, and waits for the answer. */
void client_exchange(struct http_client *client, struct http_request *request,
                     struct outcome *outcome);

/* The same for a GET of the server's ${path}. */
void client_get(struct http_client *client, const char *path, struct outcome *outcome);

/* Frees the response, too. */
void client_assert_no_answer(struct outcome *outcome, enum http_transport transport);

bool client_contains(const struct text *text, const char *part);

#endif
