#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "http.h"

/*
 * The wire: libcurl's multi interface, and the place where the loop waits. No other module includes
 * curl's header.
 *
 * It queues nothing: what is handed over runs at once, so the caller keeps its own queue (lanes).
 * Redirects are not followed, cookies not kept (Dataverse's affinity), HTTP/2 where TLS offers it,
 * connections live ${max_connection_s} at most. Answers are cut off at their limit as they come in.
 *
 * One request may reach the service twice: curl repeats it, whatever the method, when a connection
 * that it had kept turns out to be closed before the first byte of an answer. Requests must stand
 * that anyway (P2).
 */

struct http_client;
struct http_call;
struct error;

struct http_client_settings {
    int64_t connect_timeout_ms;
    int64_t timeout_ms;        /* default for an attempt */
    size_t max_response_bytes; /* default */
    int64_t max_connection_s;
    const char *user_agent;
    const char *ca_file; /* "": the system's */
    const char *proxy;   /* "": none, and the environment's is not used */
};

/*
 * Called from http_client_perform, once, unless cancelled. ${response} is the client's; it may be
 * plundered. Here calls may be started and cancelled, but the client must not be destroyed.
 *
 * Without an answer (cut, too large, none at all) status is 0, headers and body are empty, and
 * ${reason} says why.
 */
typedef void http_done_fn(void *arg, struct http_response *response);

/*
 * ${settings} is copied, its texts are borrowed for the client's life. NULL with ${ret_error}
 * filled: ERROR_CONFIG (a file or an option that cannot be used), ERROR_MEMORY.
 */
struct http_client *http_client_create(const struct http_client_settings *settings,
                                       struct error *ret_error);
void http_client_destroy(struct http_client *client); /* calls nobody back; NULL is allowed */

/*
 * Starts ${request}, whose texts are copied or no longer needed when it returns. NULL, with
 * ${ret_error} filled, when it could not be started (ERROR_INPUT, ERROR_MEMORY); ${done} is not
 * called then. Otherwise the handle, valid until ${done} is called or it is cancelled.
 */
struct http_call *http_client_start(struct http_client *client, const struct http_request *request,
                                    http_done_fn *done, void *arg, struct error *ret_error);
void http_client_cancel(struct http_client *client, struct http_call *call);

/*
 * Waits until a socket of curl's or one of ${fds} (readable) has something, or ${timeout_ms} have
 * passed; a time that lies behind (negative) means a look without waiting. This is the one place
 * where the programs wait.
 */
void http_client_wait(struct http_client *client, const int *fds, size_t count, int64_t timeout_ms);

/* Moves all transfers on and calls those that are done. Returns how many still run. */
int http_client_perform(struct http_client *client);

/* The version of libcurl that is loaded, e.g. "7.88.1". */
const char *http_client_version(void);

/* The TLS library that libcurl uses, with its version, e.g. "OpenSSL/3.0.17". */
const char *http_client_tls_version(void);

#endif
