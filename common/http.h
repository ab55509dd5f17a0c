#ifndef HTTP_H
#define HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

/*
 * HTTP as values: a request is built out of values, an answer is read into values, and the wire is
 * somebody else's (http_client.h in the programs, the double's model in simulation and tests). Pure.
 */

struct error;

enum http_method { HTTP_GET, HTTP_POST, HTTP_PATCH, HTTP_PUT, HTTP_DELETE };

const char *http_method_name(enum http_method method);

/*
 * A request. Owns its texts; `struct http_request r = HTTP_REQUEST_EMPTY;`, ended by
 * http_request_free. ${headers} holds complete "Name: value" lines, each ended by '\n'.
 */
struct http_request {
    enum http_method method;
    struct text url; /* absolute, ready for the wire */
    struct text headers;
    struct text body;
    int64_t timeout_ms;        /* for the whole attempt; 0: the client's default */
    size_t max_response_bytes; /* 0: the client's default */
    const char *route;         /* a constant name for metrics and logs, e.g. "systemusers" */
};

#define HTTP_REQUEST_EMPTY                                     \
    {                                                          \
        HTTP_GET, TEXT_EMPTY, TEXT_EMPTY, TEXT_EMPTY, 0, 0, "" \
    }

void http_request_free(struct http_request *request);

/*
 * Adds a header. A name or value with a control character, which could smuggle in a header of somebody
 * else's, makes the request fail instead.
 */
void http_request_header(struct http_request *request, const char *name, const char *value);

/* True when any of its texts failed: no memory, or a header that must not be sent. */
bool http_request_failed(const struct http_request *request);

/*
 * An answer, or the lack of one: ${status} 0 means that none came, and ${transport} says why.
 * ${headers} as in a request, as received (names in any case). Whoever made it owns it.
 */
enum http_transport {
    HTTP_OK,        /* an answer came, whole */
    HTTP_NOT_SENT,  /* DNS, connect, TLS: the service has not seen the request */
    HTTP_UNKNOWN,   /* time-out, reset or cut after bytes were sent: it may have been carried out */
    HTTP_TOO_LARGE, /* the answer passed the limit */
    HTTP_CANCELLED,
};

struct http_response {
    int status;
    enum http_transport transport;
    struct text headers;
    struct text body;
    char reason[128]; /* for people, when there is no answer */
};

#define HTTP_RESPONSE_EMPTY                    \
    {                                          \
        0, HTTP_OK, TEXT_EMPTY, TEXT_EMPTY, "" \
    }

void http_response_free(struct http_response *response);
const char *http_transport_name(enum http_transport transport);

/*
 * Finds the first header ${name} (any case) in ${headers}; the value without surrounding blanks.
 * NULL when there is none. Borrowed from ${headers}.
 */
const char *http_header(const struct text *headers, const char *name, size_t *ret_length);

/*
 * Reads Retry-After: seconds, fractions of a second ("2.128", as Graph sends) or an HTTP date
 * (RFC 9110 10.2.3). Returns milliseconds from ${wall_ms}, never negative, at most a day;
 * -1 when absent or unreadable.
 */
int64_t http_retry_after_ms(const struct text *headers, int64_t wall_ms);

/*
 * True when ${url} has the scheme, host and port of ${base} (P4: no link to elsewhere is followed).
 * False when in doubt: what url.h does not read has no origin.
 */
bool http_same_origin(const char *url, const char *base);

/*
 * ERROR_CONFIG unless ${url} is an absolute https URL, or http to a loopback host (127.0.0.0/8, ::1,
 * localhost) or with ${allow_plain}; no user, query or fragment; no trailing slash.
 */
int http_check_base_url(const char *url, bool allow_plain, struct error *ret_error)
    __attribute__((warn_unused_result));

#endif
