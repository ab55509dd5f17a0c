#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "http_client.h"
#include "scripted_server.h"

/*
 * An HTTP client at work, for its tests: a client for each test, the scripted server for all of a
 * program, requests sent and waited for. Failures fail the test.
 */

enum { WIRE_PATIENCE_MS = 10000 };

extern const struct http_client_settings wire_settings;
extern struct scripted_server wire_server;

/* One request's end, and what its callback is to do with others. */
struct outcome {
    struct http_client *client;
    struct http_response response;
    int calls;
    struct http_call *victim;    /* cancelled in the callback */
    struct outcome *next;        /* started in the callback */
    struct http_request request; /* of ${next} */
};

int wire_start_server(void **state);
int wire_stop_server(void **state);
int wire_setup(void **state); /* *state: a client of wire_settings */
int wire_teardown(void **state);

int64_t wire_now_ms(void);

/* A request of http://127.0.0.1:${port}${path}. */
struct http_request wire_request(enum http_method method, int port, const char *path);

/* The callback of a call whose argument is a struct outcome; takes the response. */
void wire_on_done(void *arg, struct http_response *response);

/* Starts ${request} for ${outcome}, of which only what the callback is to do may be filled. */
void wire_start(struct http_client *client, const struct http_request *request,
                struct outcome *outcome);

/* Runs the loop until ${outcome} was called. */
void wire_run_until(struct http_client *client, const struct outcome *outcome);

/* Sends ${request}, ends it, and waits for the answer. */
void wire_exchange(struct http_client *client, struct http_request *request,
                   struct outcome *outcome);

/* The same for a GET of the server's ${path}. */
void wire_get(struct http_client *client, const char *path, struct outcome *outcome);

/* Frees the response, too. */
void wire_assert_no_answer(struct outcome *outcome, enum http_transport transport);

bool wire_contains(const struct text *text, const char *part);

#endif
