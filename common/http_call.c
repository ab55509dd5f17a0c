/*
 * The easy handle: which options every transfer has, how a request becomes options, how the pieces
 * of an answer are collected within their limits, and what an end without an answer means: has the
 * service seen the request, or can it not have?
 */
#include "http_call.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "error.h"

enum {
    MAX_HEADER_BYTES = 64 * 1024,
    /* curl keeps one of each per live transfer; larger ones gain nothing on answers of some 100 KiB */
    RECEIVE_BUFFER_BYTES = 16 * 1024,
    SEND_BUFFER_BYTES = 16 * 1024,
};

/* --- options ---------------------------------------------------------------------------------- */

struct long_option {
    CURLoption option;
    long value;
};

static const struct long_option fixed_options[] = {
    {CURLOPT_NOSIGNAL, 1},
    {CURLOPT_FOLLOWLOCATION, 0},
    {CURLOPT_DISALLOW_USERNAME_IN_URL, 1},
    {CURLOPT_PATH_AS_IS, 1}, /* the URL was made by us, byte for byte */
    {CURLOPT_TCP_KEEPALIVE, 1},
    {CURLOPT_BUFFERSIZE, RECEIVE_BUFFER_BYTES},
    {CURLOPT_UPLOAD_BUFFERSIZE, SEND_BUFFER_BYTES},
    {CURLOPT_SUPPRESS_CONNECT_HEADERS, 1},
    {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
};

/* Remembers the first option that curl refuses, so that setting many reads well. */
struct options {
    CURL *easy;
    CURLcode code;
};

static void
set_long(struct options *options, CURLoption option, long value)
{
    if (options->code == CURLE_OK)
        options->code = curl_easy_setopt(options->easy, option, value);
}

static void
set_string(struct options *options, CURLoption option, const char *value)
{
    if (options->code == CURLE_OK)
        options->code = curl_easy_setopt(options->easy, option, value);
}

static int
check_options(const struct options *options, struct error *ret_error)
{
    if (options->code == CURLE_OK)
        return 0;
    if (options->code == CURLE_OUT_OF_MEMORY)
        return error_set(ret_error, ERROR_MEMORY, "no memory for an HTTP request");
    return error_set(ret_error, ERROR_CONFIG, "libcurl %s refuses an option: %s",
                     http_client_version(), curl_easy_strerror(options->code));
}

/* --- the answer comes in ---------------------------------------------------------------------- */

/* Gives curl what it takes for a failed write, which ends the transfer. */
static size_t
refuse_too_large(struct http_call *call)
{
    call->is_too_large = true;
    return 0;
}

static bool
is_status_line(const char *line, size_t length)
{
    return length >= 5 && memcmp(line, "HTTP/", 5) == 0;
}

static size_t
without_line_end(const char *line, size_t length)
{
    while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
        length--;
    return length;
}

/* A folded line (RFC 9112 5.2, obsolete) or one without a colon would break "Name: value\n". */
static bool
is_header(const char *line, size_t length)
{
    return line[0] != ' ' && line[0] != '\t' && memchr(line, ':', length) != NULL;
}

/*
 * Called by curl for each line. Every status line starts afresh, so interim answers (1xx) leave
 * nothing behind; what comes after the empty line are trailers, which nobody asked for.
 */
static size_t
take_header(char *line, size_t size, size_t count, void *arg)
{
    struct http_call *call = arg;
    struct text *headers = &call->response.headers;
    size_t received = size * count;
    size_t length = without_line_end(line, received);

    if (is_status_line(line, length)) {
        text_clear(headers);
        call->is_in_header = true;
        return received;
    }
    if (length == 0)
        call->is_in_header = false;
    if (!call->is_in_header || !is_header(line, length))
        return received;
    if (headers->length + length >= MAX_HEADER_BYTES)
        return refuse_too_large(call);
    text_add_bytes(headers, line, length);
    text_add_char(headers, '\n');
    return headers->failed ? 0 : received;
}

static size_t
take_body(char *bytes, size_t size, size_t count, void *arg)
{
    struct http_call *call = arg;
    struct text *body = &call->response.body;
    size_t received = size * count;

    if (received > call->max_body_bytes - body->length)
        return refuse_too_large(call);
    text_add_bytes(body, bytes, received);
    return body->failed ? 0 : received;
}

/* --- making a call ---------------------------------------------------------------------------- */

static void
set_callbacks(struct http_call *call)
{
    /* none of these can fail: they store a pointer */
    curl_easy_setopt(call->easy, CURLOPT_PRIVATE, call);
    curl_easy_setopt(call->easy, CURLOPT_ERRORBUFFER, call->reason);
    curl_easy_setopt(call->easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(call->easy, CURLOPT_HEADERDATA, call);
    curl_easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(call->easy, CURLOPT_WRITEDATA, call);
}

static int
set_fixed_options(struct http_call *call, const struct http_client_settings *settings,
                  struct error *ret_error)
{
    struct options options = {call->easy, CURLE_OK};

    for (size_t i = 0; i < sizeof(fixed_options) / sizeof(fixed_options[0]); i++)
        set_long(&options, fixed_options[i].option, fixed_options[i].value);
    set_long(&options, CURLOPT_CONNECTTIMEOUT_MS, (long)settings->connect_timeout_ms);
    set_long(&options, CURLOPT_MAXLIFETIME_CONN, (long)settings->max_connection_s);
    set_string(&options, CURLOPT_PROTOCOLS_STR, "http,https");
    set_string(&options, CURLOPT_USERAGENT, settings->user_agent);
    /* "" switches off what http_proxy, https_proxy and no_proxy in the environment say */
    set_string(&options, CURLOPT_PROXY, settings->proxy);
    set_string(&options, CURLOPT_NOPROXY, "");
    if (settings->ca_file[0] != '\0')
        set_string(&options, CURLOPT_CAINFO, settings->ca_file);
    return check_options(&options, ret_error);
}

struct http_call *
http_call_create(const struct http_client_settings *settings, struct error *ret_error)
{
    struct http_call *call = calloc(1, sizeof(*call));

    if (call != NULL) {
        list_init(&call->link);
        call->easy = curl_easy_init();
    }
    if (call == NULL || call->easy == NULL) {
        error_set(ret_error, ERROR_MEMORY, "no memory for an HTTP request");
        goto failed;
    }
    set_callbacks(call);
    if (set_fixed_options(call, settings, ret_error) != 0)
        goto failed;
    return call;

failed:
    http_call_destroy(call);
    return NULL;
}

void
http_call_destroy(struct http_call *call)
{
    if (call == NULL)
        return;
    list_remove(&call->link);
    curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->headers);
    http_response_free(&call->response);
    free(call);
}

/* --- a request goes in ------------------------------------------------------------------------ */

static int
add_header(struct http_call *call, const char *line, struct error *ret_error)
{
    struct curl_slist *longer = curl_slist_append(call->headers, line);

    if (longer == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for an HTTP request");
    call->headers = longer;
    return 0;
}

/*
 * "Name: value": curl reads a line without value as "leave that header out", and sends control
 * characters as they are, which would let a value add headers of its own.
 */
static bool
is_sendable(const char *line)
{
    const char *value = strchr(line, ':');

    if (value == NULL || value == line || value[1 + strspn(value + 1, " ")] == '\0')
        return false;
    for (const char *c = line; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7F)
            return false;
    return true;
}

/* Adds each line of ${text}, a copy that is cut up here. */
static int
add_lines(struct http_call *call, char *text, struct error *ret_error)
{
    char *rest = text;

    while (rest != NULL && *rest != '\0') {
        const char *line = strsep(&rest, "\n");

        if (!is_sendable(line))
            return error_set(ret_error, ERROR_INPUT, "an HTTP header is not \"Name: value\"");
        if (add_header(call, line, ret_error) != 0)
            return -1;
    }
    return 0;
}

static int
add_headers(struct http_call *call, const struct http_request *request, struct error *ret_error)
{
    size_t length;
    char *copy;
    int result;

    /* an interim "100 Continue" costs a round trip; curl would ask for it before large bodies */
    if (add_header(call, "Expect:", ret_error) != 0)
        return -1;
    /* without this curl calls every body a form */
    if (http_header(&request->headers, "Content-Type", &length) == NULL &&
        add_header(call, "Content-Type:", ret_error) != 0)
        return -1;
    if (request->headers.length == 0)
        return 0;
    if (strlen(request->headers.data) != request->headers.length)
        return error_set(ret_error, ERROR_INPUT, "an HTTP header holds a NUL byte");
    copy = strdup(request->headers.data);
    if (copy == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for an HTTP request");
    result = add_lines(call, copy, ret_error);
    free(copy);
    return result;
}

/* For curl a request is a GET or a POST with another name; a POST without body says length 0. */
static void
set_method(struct options *options, const struct http_request *request)
{
    bool has_body = request->body.length > 0 || request->method == HTTP_POST ||
                    request->method == HTTP_PATCH || request->method == HTTP_PUT;

    set_string(options, CURLOPT_CUSTOMREQUEST, http_method_name(request->method));
    if (!has_body) {
        set_long(options, CURLOPT_HTTPGET, 1);
        return;
    }
    set_long(options, CURLOPT_POST, 1);
    if (options->code == CURLE_OK)
        options->code = curl_easy_setopt(options->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                                         (curl_off_t)request->body.length);
    set_string(options, CURLOPT_COPYPOSTFIELDS, request->body.length > 0 ? request->body.data : "");
}

/*
 * HTTP/2 only where TLS agrees on it. Over plain HTTP a wish for it would make every request to a
 * new host wait for the first one's answer, to learn whether the connection can be shared.
 */
static void
set_version(struct options *options, const struct http_request *request)
{
    bool is_secure = strncasecmp(request->url.data, "https:", 6) == 0;

    set_long(options, CURLOPT_HTTP_VERSION,
             is_secure ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1);
    set_long(options, CURLOPT_PIPEWAIT, is_secure ? 1 : 0);
}

int
http_call_prepare(struct http_call *call, const struct http_client_settings *settings,
                  const struct http_request *request, struct error *ret_error)
{
    struct options options = {call->easy, CURLE_OK};
    int64_t timeout_ms = request->timeout_ms > 0 ? request->timeout_ms : settings->timeout_ms;

    if (http_request_failed(request))
        return error_set(ret_error, ERROR_MEMORY, "no memory for an HTTP request");
    if (request->url.length == 0)
        return error_set(ret_error, ERROR_INPUT, "an HTTP request without a URL");
    if (add_headers(call, request, ret_error) != 0)
        return -1;
    call->max_body_bytes = request->max_response_bytes > 0 ? request->max_response_bytes
                                                           : settings->max_response_bytes;
    set_string(&options, CURLOPT_URL, request->url.data);
    set_method(&options, request);
    set_version(&options, request);
    set_long(&options, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    if (options.code == CURLE_OK)
        options.code = curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers);
    return check_options(&options, ret_error);
}

/* --- the end ---------------------------------------------------------------------------------- */

/*
 * The service cannot have seen the request when no byte of it was written and curl never got to
 * the point before writing. Both are asked, and when in doubt the request may have been carried
 * out: curl may have written it to a connection that turned out dead and then failed to make a new
 * one.
 */
static bool
was_never_sent(const struct http_call *call)
{
    long request_bytes = 1;
    curl_off_t ready_after_us = 1;

    if (curl_easy_getinfo(call->easy, CURLINFO_REQUEST_SIZE, &request_bytes) != CURLE_OK)
        return false;
    if (curl_easy_getinfo(call->easy, CURLINFO_PRETRANSFER_TIME_T, &ready_after_us) != CURLE_OK)
        return false;
    return request_bytes == 0 && ready_after_us == 0;
}

static enum http_transport
classify(const struct http_call *call)
{
    if (call->is_too_large)
        return HTTP_TOO_LARGE;
    return was_never_sent(call) ? HTTP_NOT_SENT : HTTP_UNKNOWN;
}

static void
explain(struct http_call *call, CURLcode code)
{
    const char *reason = call->reason[0] != '\0' ? call->reason : curl_easy_strerror(code);
    struct error printable;

    if (call->is_too_large)
        reason = "the answer is larger than its limit";
    else if (code == CURLE_OK)
        reason = "the answer ended within its headers";
    error_set(&printable, ERROR_TRANSPORT, "%.*s", (int)sizeof(call->response.reason) - 1, reason);
    memcpy(call->response.reason, printable.text, strlen(printable.text) + 1);
}

void
http_call_finish(struct http_call *call, CURLcode code)
{
    struct http_response *response = &call->response;
    long status = 0;

    /* curl calls an answer that ends within its headers a success */
    if (code == CURLE_OK && !call->is_in_header)
        curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    response->status = (int)status;
    response->transport = HTTP_OK;
    if (status != 0)
        return;
    response->transport = classify(call);
    explain(call, code);
    text_free(&response->headers);
    text_free(&response->body);
}

void
http_call_clear(struct http_call *call)
{
    /* curl borrows the headers and keeps the copied body until told otherwise; neither can fail */
    curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(call->easy, CURLOPT_COPYPOSTFIELDS, NULL);
    curl_slist_free_all(call->headers);
    call->headers = NULL;
    http_response_free(&call->response);
    call->response = (struct http_response)HTTP_RESPONSE_EMPTY;
    call->is_in_header = false;
    call->is_too_large = false;
}
