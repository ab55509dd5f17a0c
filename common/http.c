/*
 * Requests and answers as values: what is common to all services about them. Header lines are searched
 * where they stand; there are a dozen of them, and each is asked for once.
 */
#include "http.h"

#include <string.h>
#include <strings.h>

#include "error.h"
#include "timestamp.h"
#include "url.h"

static const int64_t MS_PER_SECOND = 1000;
static const int64_t LONGEST_WAIT_MS = INT64_C(24) * 3600 * 1000;

const char *
http_method_name(enum http_method method)
{
    static const char *const names[] = {
        [HTTP_GET] = "GET", [HTTP_POST] = "POST",     [HTTP_PATCH] = "PATCH",
        [HTTP_PUT] = "PUT", [HTTP_DELETE] = "DELETE",
    };

    return names[method];
}

const char *
http_transport_name(enum http_transport transport)
{
    static const char *const names[] = {
        [HTTP_OK] = "ok",
        [HTTP_NOT_SENT] = "not_sent",
        [HTTP_UNKNOWN] = "unknown",
        [HTTP_TOO_LARGE] = "too_large",
        [HTTP_CANCELLED] = "cancelled",
    };

    return names[transport];
}

void
http_request_free(struct http_request *request)
{
    text_free(&request->url);
    text_free(&request->headers);
    text_free(&request->body);
    *request = (struct http_request)HTTP_REQUEST_EMPTY;
}

static bool
has_control_character(const char *string)
{
    for (; *string != '\0'; string++)
        if (((unsigned char)*string < 0x20 && *string != '\t') || *string == 0x7F)
            return true;
    return false;
}

void
http_request_header(struct http_request *request, const char *name, const char *value)
{
    if (has_control_character(name) || has_control_character(value)) {
        request->headers.failed = true;
        return;
    }
    text_add(&request->headers, name);
    text_add(&request->headers, ": ");
    text_add(&request->headers, value);
    text_add_char(&request->headers, '\n');
}

bool
http_request_failed(const struct http_request *request)
{
    return request->url.failed || request->headers.failed || request->body.failed;
}

void
http_response_free(struct http_response *response)
{
    text_free(&response->headers);
    text_free(&response->body);
    *response = (struct http_response)HTTP_RESPONSE_EMPTY;
}

/* --- headers -------------------------------------------------------------------------------------- */

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Borrows the value of a line that begins with "${name}:"; NULL for another line. */
static const char *
value_in_line(const char *line, size_t line_length, const char *name, size_t *ret_length)
{
    size_t name_length = strlen(name);
    const char *end = line + line_length;
    const char *value = line + name_length + 1;

    if (line_length <= name_length || line[name_length] != ':' ||
        strncasecmp(line, name, name_length) != 0)
        return NULL;
    while (value < end && is_blank(*value))
        value++;
    while (end > value && is_blank(end[-1]))
        end--;
    *ret_length = (size_t)(end - value);
    return value;
}

const char *
http_header(const struct text *headers, const char *name, size_t *ret_length)
{
    const char *line = headers->data;
    size_t left = headers->length;

    while (left > 0) {
        const char *end = memchr(line, '\n', left);
        size_t length = end == NULL ? left : (size_t)(end - line);
        const char *value = value_in_line(line, length, name, ret_length);

        if (value != NULL)
            return value;
        line += length + (end != NULL);
        left -= length + (end != NULL);
    }
    return NULL;
}

/* Reads digits; returns what is behind them. Beyond a day the value does not matter any more. */
static const char *
read_whole_ms(const char *at, const char *end, int64_t *ret_ms)
{
    int64_t ms = 0;

    for (; at < end && *at >= '0' && *at <= '9'; at++)
        if (ms <= LONGEST_WAIT_MS)
            ms = ms * 10 + (*at - '0') * MS_PER_SECOND;
    *ret_ms = ms;
    return at;
}

/* The digits of a fraction, rounded up, so that nobody asks again too early. */
static const char *
read_fraction_ms(const char *at, const char *end, int64_t *ret_ms)
{
    int64_t worth_ms = MS_PER_SECOND / 10;
    bool has_rest = false;

    *ret_ms = 0;
    for (; at < end && *at >= '0' && *at <= '9'; at++) {
        *ret_ms += (*at - '0') * worth_ms;
        has_rest |= worth_ms == 0 && *at != '0';
        worth_ms /= 10;
    }
    *ret_ms += has_rest;
    return at;
}

/*
 * Digits, or digits with a point and more digits; -1 for anything else. Not strtod, which reads "inf",
 * "nan" and "0x10" as well.
 */
static int64_t
read_seconds_ms(const char *text, size_t length)
{
    const char *end = text + length;
    int64_t whole_ms, fraction_ms = 0;
    const char *at = read_whole_ms(text, end, &whole_ms);

    if (at == text)
        return -1;
    if (at < end && *at == '.') {
        const char *fraction = at + 1;

        at = read_fraction_ms(fraction, end, &fraction_ms);
        if (at == fraction)
            return -1;
    }
    return at == end ? whole_ms + fraction_ms : -1;
}

/* What the value asks for, which may be negative; INT64_MIN: unreadable. */
static int64_t
read_retry_after_ms(const char *value, size_t length, int64_t wall_ms)
{
    int64_t wait_ms = read_seconds_ms(value, length);
    int64_t date_ms;

    if (wait_ms >= 0)
        return wait_ms;
    return timestamp_parse_http(value, length, &date_ms) ? date_ms - wall_ms : INT64_MIN;
}

int64_t
http_retry_after_ms(const struct text *headers, int64_t wall_ms)
{
    size_t length;
    const char *value = http_header(headers, "Retry-After", &length);
    int64_t wait_ms;

    if (value == NULL)
        return -1;
    wait_ms = read_retry_after_ms(value, length, wall_ms);
    if (wait_ms == INT64_MIN)
        return -1;
    if (wait_ms < 0)
        return 0;
    return wait_ms < LONGEST_WAIT_MS ? wait_ms : LONGEST_WAIT_MS;
}

/* --- URLs ----------------------------------------------------------------------------------------- */

bool
http_same_origin(const char *url, const char *base)
{
    struct url a, b;

    return url_parse(url, &a) && url_parse(base, &b) && url_same_origin(&a, &b);
}

/* A URL with a user in it may hold a password, and is not quoted. */
static int
refuse_base_url(struct error *ret_error, const char *url, const char *fault)
{
    static const char accepted[] = "https://host or https://host/path is accepted";

    if (strchr(url, '@') != NULL)
        return error_set(ret_error, ERROR_CONFIG, "the URL %s; %s", fault, accepted);
    return error_set(ret_error, ERROR_CONFIG, "\"%s\" %s; %s", url, fault, accepted);
}

int
http_check_base_url(const char *url, bool allow_plain, struct error *ret_error)
{
    struct url parts;

    if (!url_parse(url, &parts))
        return refuse_base_url(ret_error, url, "is no absolute http or https URL without a user");
    if (!parts.is_https && !allow_plain && !url_is_loopback(&parts))
        return refuse_base_url(ret_error, url, "is plain http to another machine");
    if (strpbrk(parts.rest, "?#") != NULL)
        return refuse_base_url(ret_error, url, "has a query or a fragment");
    if (parts.rest[0] != '\0' && parts.rest[strlen(parts.rest) - 1] == '/')
        return refuse_base_url(ret_error, url, "ends with a slash");
    return 0;
}
