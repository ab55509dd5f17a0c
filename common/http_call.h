#ifndef HTTP_CALL_H
#define HTTP_CALL_H

#include <stdbool.h>

#include <curl/curl.h>

#include "http_client.h"
#include "list.h"

/*
 * One transfer as libcurl sees it: an easy handle with its fixed options, a request put into it, an
 * answer collected out of it. Private to the HTTP client, which owns the calls, moves them on and
 * keeps finished ones for the next request, since making an easy handle costs more than using one.
 */

struct http_call {
    struct link link; /* in the client's running or idle ones */
    CURL *easy;
    http_done_fn *done;
    void *arg;
    struct http_response response;
    struct curl_slist *headers; /* of the request; curl borrows them */
    size_t max_body_bytes;
    bool is_in_header; /* between the final answer's status line and its empty line */
    bool is_too_large;
    char reason[CURL_ERROR_SIZE]; /* written by curl, which empties it first */
};

/* A call with the options that never change. NULL with ${ret_error} filled. */
struct http_call *http_call_create(const struct http_client_settings *settings,
                                   struct error *ret_error);
void http_call_destroy(struct http_call *call);

/*
 * Puts ${request} into ${call}, texts copied. ERROR_INPUT: a header that is not "Name: value";
 * ERROR_MEMORY. After a failure only http_call_clear or http_call_destroy make sense.
 */
int http_call_prepare(struct http_call *call, const struct http_client_settings *settings,
                      const struct http_request *request, struct error *ret_error)
    __attribute__((warn_unused_result));

/* Completes the response by what curl says of the transfer. */
void http_call_finish(struct http_call *call, CURLcode code);

/* Drops request and response. */
void http_call_clear(struct http_call *call);

#endif
