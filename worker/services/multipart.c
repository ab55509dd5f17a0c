/*
 * A delimiter is a line that begins with two hyphens and the boundary; a part reaches from the
 * line after one to the line break before the next.
 */
#include "multipart.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "text.h"

/* Takes the next line off ${rest}; it comes without its end. False: nothing is left. */
static bool
take_line(struct bytes *rest, struct bytes *ret_line)
{
    const char *end;
    size_t length, taken;

    if (rest->length == 0)
        return false;
    end = memchr(rest->at, '\n', rest->length);
    taken = end == NULL ? rest->length : (size_t)(end - rest->at) + 1;
    length = end == NULL ? taken : taken - 1;
    if (length > 0 && rest->at[length - 1] == '\r')
        length--;
    *ret_line = (struct bytes){rest->at, length};
    rest->at += taken;
    rest->length -= taken;
    return true;
}

static bool
begins_with(struct bytes bytes, const char *prefix)
{
    size_t length = strlen(prefix);

    return bytes.length >= length && strncasecmp(bytes.at, prefix, length) == 0;
}

bool
multipart_is(struct bytes type, const char *media_type)
{
    return begins_with(type, media_type);
}

/* The value of a parameter up to its end; quotes are taken off. */
static struct bytes
unquote(struct bytes value)
{
    size_t length = 0;
    bool is_quoted = value.length > 0 && value.at[0] == '"';

    if (is_quoted) {
        value.at++;
        value.length--;
    }
    while (length < value.length && value.at[length] != '"' &&
           (is_quoted || (value.at[length] != ';' && !isspace((unsigned char)value.at[length]))))
        length++;
    return (struct bytes){value.at, length};
}

static struct bytes
find_boundary(struct bytes type)
{
    for (size_t i = 0; i < type.length; i++) {
        struct bytes rest = {type.at + i, type.length - i};

        if (begins_with(rest, "boundary=") && i > 0 && strchr("; \t", type.at[i - 1]) != NULL)
            return unquote((struct bytes){rest.at + 9, rest.length - 9});
    }
    return (struct bytes){NULL, 0};
}

bool
multipart_begin(struct multipart *multipart, struct bytes content_type, struct bytes body)
{
    *multipart = (struct multipart){.rest = body};
    if (!multipart_is(content_type, "multipart/mixed"))
        return false;
    multipart->boundary = find_boundary(content_type);
    return multipart->boundary.length > 0 && multipart->boundary.length <= 70;
}

enum delimiter { NO_DELIMITER, DELIMITER, LAST_DELIMITER };

static enum delimiter
read_delimiter(const struct multipart *multipart, struct bytes line)
{
    const struct bytes *boundary = &multipart->boundary;
    struct bytes rest;

    if (line.length < boundary->length + 2 || memcmp(line.at, "--", 2) != 0 ||
        memcmp(line.at + 2, boundary->at, boundary->length) != 0)
        return NO_DELIMITER;
    rest = (struct bytes){line.at + 2 + boundary->length, line.length - 2 - boundary->length};
    if (begins_with(rest, "--"))
        return LAST_DELIMITER;
    for (size_t i = 0; i < rest.length; i++) {
        if (rest.at[i] != ' ' && rest.at[i] != '\t')
            return NO_DELIMITER;
    }
    return DELIMITER;
}

/* Headers end at an empty line, or with the bytes: some writers leave it out before nothing. */
static void
split_part(struct bytes bytes, struct part *ret_part)
{
    struct bytes rest = bytes, line;

    *ret_part = (struct part){.headers = bytes};
    while (take_line(&rest, &line)) {
        if (line.length > 0)
            continue;
        ret_part->headers.length = (size_t)(line.at - bytes.at);
        ret_part->body = rest;
        return;
    }
}

/* From ${begin} to the line break before ${end}. */
static struct bytes
between(const char *begin, const char *end)
{
    if (end > begin && end[-1] == '\n')
        end--;
    if (end > begin && end[-1] == '\r')
        end--;
    return (struct bytes){begin, (size_t)(end - begin)};
}

enum multipart_step
multipart_next(struct multipart *multipart, struct part *ret_part)
{
    const char *begin = multipart->rest.at;
    struct bytes line;

    while (take_line(&multipart->rest, &line)) {
        enum delimiter delimiter = read_delimiter(multipart, line);
        bool was_open = multipart->is_open;

        if (delimiter == NO_DELIMITER)
            continue;
        multipart->is_open = delimiter == DELIMITER;
        if (!was_open && delimiter == LAST_DELIMITER)
            return MULTIPART_END;
        if (was_open) {
            split_part(between(begin, line.at), ret_part);
            if (delimiter == LAST_DELIMITER)
                multipart->rest = (struct bytes){line.at, line.length};
            return MULTIPART_PART;
        }
        begin = multipart->rest.at;
    }
    return MULTIPART_CUT;
}

struct bytes
multipart_type(const struct part *part)
{
    struct bytes rest = part->headers, line;

    while (take_line(&rest, &line)) {
        if (!begins_with(line, "Content-Type:"))
            continue;
        line.at += 13;
        line.length -= 13;
        while (line.length > 0 && (line.at[0] == ' ' || line.at[0] == '\t')) {
            line.at++;
            line.length--;
        }
        return line;
    }
    return (struct bytes){NULL, 0};
}

/* "HTTP/1.1 204 No Content" */
static bool
read_status(struct bytes line, int *ret_status)
{
    int status = 0;

    if (!begins_with(line, "HTTP/1.") || line.length < 12 || line.at[8] != ' ')
        return false;
    for (size_t i = 9; i < 12; i++) {
        if (!isdigit((unsigned char)line.at[i]))
            return false;
        status = status * 10 + (line.at[i] - '0');
    }
    if (status < 100 || status > 599 || (line.length > 12 && line.at[12] != ' '))
        return false;
    *ret_status = status;
    return true;
}

bool
multipart_http(const struct part *part, struct http_response *ret_response)
{
    struct bytes rest = part->body, line;

    *ret_response = (struct http_response)HTTP_RESPONSE_EMPTY;
    if (!take_line(&rest, &line) || !read_status(line, &ret_response->status))
        return false;
    while (take_line(&rest, &line) && line.length > 0) {
        text_add_bytes(&ret_response->headers, line.at, line.length);
        text_add_char(&ret_response->headers, '\n');
    }
    text_add_bytes(&ret_response->body, rest.length == 0 ? "" : rest.at, rest.length);
    return !ret_response->headers.failed && !ret_response->body.failed;
}
