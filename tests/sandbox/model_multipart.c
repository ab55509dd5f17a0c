/* Bytes are walked line by line; a delimiter counts only at the start of a line. Grammar: D-40. */
#include "model_multipart.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    enum http_method method;
} methods[] = {
    {"GET ", HTTP_GET}, {"POST ", HTTP_POST},     {"PATCH ", HTTP_PATCH},
    {"PUT ", HTTP_PUT}, {"DELETE ", HTTP_DELETE},
};

/* The start of the next line that begins with ${delimiter}, from ${at}, itself a line's start. */
static const char *
find_delimiter(const char *at, const char *end, const char *delimiter)
{
    size_t length = strlen(delimiter);

    while ((size_t)(end - at) >= length) {
        const char *line_end;

        if (memcmp(at, delimiter, length) == 0)
            return at;
        line_end = memmem(at, (size_t)(end - at), "\r\n", 2);
        if (line_end == NULL)
            return NULL;
        at = line_end + 2;
    }
    return NULL;
}

/* Behind the delimiter's line; NULL when the line does not end with CRLF. */
static const char *
skip_delimiter(struct multipart *multipart, const char *delimiter)
{
    const char *at = delimiter + strlen(multipart->delimiter);

    if (multipart->end - at >= 2 && memcmp(at, "--", 2) == 0) {
        multipart->is_closed = true;
        return multipart->end;
    }
    while (at < multipart->end && (*at == ' ' || *at == '\t'))
        at++;
    return multipart->end - at >= 2 && memcmp(at, "\r\n", 2) == 0 ? at + 2 : NULL;
}

bool
model_multipart_open(struct multipart *multipart, const char *content_type, size_t type_length,
                     const char *body, size_t body_length)
{
    static const char type[] = "multipart/mixed";
    static const char name[] = "boundary=";
    const char *boundary, *first;
    size_t length = 0;

    memset(multipart, 0, sizeof(*multipart));
    multipart->end = body + body_length;
    if (content_type == NULL || type_length < sizeof(type) - 1 ||
        strncasecmp(content_type, type, sizeof(type) - 1) != 0)
        return false;
    boundary = memmem(content_type, type_length, name, sizeof(name) - 1);
    if (boundary == NULL)
        return false;
    boundary += sizeof(name) - 1;
    if (boundary < content_type + type_length && *boundary == '"')
        boundary++;
    while (boundary + length < content_type + type_length &&
           strchr("\"; \r\n", boundary[length]) == NULL)
        length++;
    if (length == 0 || length > 70)
        return false;
    snprintf(multipart->delimiter, sizeof(multipart->delimiter), "--%.*s", (int)length, boundary);
    first = find_delimiter(body, multipart->end, multipart->delimiter);
    multipart->at = first == NULL ? NULL : skip_delimiter(multipart, first);
    return multipart->at != NULL;
}

static bool
is_request_line(const char *line, size_t length)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (length > strlen(methods[i].name) &&
            strncmp(line, methods[i].name, strlen(methods[i].name)) == 0)
            return true;
    return false;
}

/*
 * Takes header lines up to the blank one, which may be missing before a request or a body:
 * one client leaves it out. Returns what follows, or NULL for a line without CRLF or colon.
 */
static const char *
take_headers(const char *at, const char *end, struct text *headers)
{
    while (at < end) {
        const char *line_end = memmem(at, (size_t)(end - at), "\r\n", 2);
        size_t length = (size_t)((line_end == NULL ? end : line_end) - at);

        if (length == 0)
            return at + 2;
        if (*at == '{' || is_request_line(at, length))
            return at;
        if (line_end == NULL || memchr(at, ':', length) == NULL || memchr(at, '\n', length) != NULL)
            return NULL;
        text_add_bytes(headers, at, length);
        text_add_char(headers, '\n');
        at = line_end + 2;
    }
    return end;
}

bool
model_multipart_next(struct multipart *multipart, struct multipart_part *ret_part)
{
    const char *start = multipart->at;
    const char *next, *end;

    if (start == NULL || multipart->is_closed)
        return false;
    next = find_delimiter(start, multipart->end, multipart->delimiter);
    if (next == NULL)
        return false;
    end = next - start >= 2 ? next - 2 : start; /* the CRLF belongs to the delimiter */
    multipart->at = skip_delimiter(multipart, next);
    memset(ret_part, 0, sizeof(*ret_part));
    ret_part->content = take_headers(start, end, &ret_part->headers);
    if (ret_part->content == NULL || ret_part->content > end) {
        ret_part->content = end;
        ret_part->length = 0;
        return true;
    }
    ret_part->length = (size_t)(end - ret_part->content);
    return true;
}

void
model_multipart_free_part(struct multipart_part *part)
{
    text_free(&part->headers);
}

static bool
read_request_line(struct multipart_request *request, const char *line, size_t length)
{
    static const char version[] = " HTTP/1.1";
    size_t tail = sizeof(version) - 1;

    if (length <= tail || memcmp(line + length - tail, version, tail) != 0)
        return false;
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        size_t name = strlen(methods[i].name);

        if (length <= tail + name || strncmp(line, methods[i].name, name) != 0)
            continue;
        request->method = methods[i].method;
        text_add_bytes(&request->url, line + name, length - tail - name);
        return !request->url.failed && memchr(line, '\0', length) == NULL;
    }
    return false;
}

bool
model_multipart_request(const struct multipart_part *part, struct multipart_request *ret_request)
{
    const char *end = part->content + part->length;
    const char *line_end = memmem(part->content, part->length, "\r\n", 2);
    const char *at = line_end == NULL ? end : line_end + 2;

    memset(ret_request, 0, sizeof(*ret_request));
    if (!read_request_line(ret_request, part->content,
                           (size_t)((line_end == NULL ? end : line_end) - part->content)))
        return false;
    at = take_headers(at, end, &ret_request->headers);
    if (at == NULL)
        return false;
    ret_request->body = at < end ? at : end;
    ret_request->body_length = (size_t)(end - ret_request->body);
    return true;
}

void
model_multipart_free_request(struct multipart_request *request)
{
    text_free(&request->url);
    text_free(&request->headers);
}
