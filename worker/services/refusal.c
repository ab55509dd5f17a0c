/*
 * One function a shape, each of which leaves an answer of another shape alone. Strings go from the
 * JSON into fixed buffers at once, so that the parser is free again for a document inside a
 * message.
 */
#include "refusal.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"

enum { TEXT_FROM_BODY_BYTES = 300 };

bool
refusal_number(const char *code, uint32_t *ret_number)
{
    bool is_hexadecimal = strncmp(code, "0x", 2) == 0 || strncmp(code, "0X", 2) == 0;
    const char *digits = is_hexadecimal ? code + 2 : code + (code[0] == '-' ? 1 : 0);
    size_t length = strspn(digits, is_hexadecimal ? "0123456789abcdefABCDEF" : "0123456789");
    long long number;

    if (length == 0 || length > 10 || digits[length] != '\0')
        return false;
    number = strtoll(code, NULL, is_hexadecimal ? 16 : 10);
    if (number < INT32_MIN || number > UINT32_MAX)
        return false;
    *ret_number = (uint32_t)number;
    return true;
}

static void
set_text(struct refusal *refusal, const char *bytes, size_t length)
{
    snprintf(refusal->text, sizeof(refusal->text), "%.*s",
             (int)(length < ERROR_TEXT_BYTES ? length : ERROR_TEXT_BYTES), bytes);
}

/* A string, or a number as some layers print it. */
static void
take_code(const struct json *json, struct refusal *refusal)
{
    const char *code = json_string(json, NULL);
    int64_t integer;

    if (code != NULL)
        snprintf(refusal->code, sizeof(refusal->code), "%s", code);
    else if (json_integer(json, &integer))
        snprintf(refusal->code, sizeof(refusal->code), "%lld", (long long)integer);
}

/* The first of the members that is a string. */
static const char *
first_string(const struct json *object, const char *name, const char *other_name)
{
    const char *string = json_string(json_get(object, name), NULL);

    return string != NULL ? string : json_string(json_get(object, other_name), NULL);
}

/* {"errors": [{"code": …, "description": …}]} in a message; members may begin with capitals. */
static void
open_inner(const struct json *inner, struct refusal *refusal)
{
    const struct json *errors = json_get(inner, "errors");
    const struct json *item = json_at(errors != NULL ? errors : json_get(inner, "Errors"), 0);
    const char *code = first_string(item, "code", "Code");
    const char *description = first_string(item, "description", "Description");

    if (description != NULL)
        snprintf(refusal->text, sizeof(refusal->text), "%s%s%s", code != NULL ? code : "",
                 code != NULL ? ": " : "", description);
}

static void
open_message(struct json_parser *parser, const char *message, struct refusal *refusal)
{
    const char *begin = strchr(message, '{');
    const char *end = strrchr(message, '}');
    struct json *inner;

    if (begin == NULL || end == NULL || end < begin)
        return;
    inner = json_parse(parser, begin, (size_t)(end - begin) + 1, NULL);
    if (inner == NULL)
        return;
    open_inner(inner, refusal);
    json_free(inner);
}

/* ${ret_message} gets a copy of a message that may hold a document of its own. */
static void
read_json(const struct json *root, struct refusal *refusal, struct text *ret_message)
{
    const struct json *error = json_get(root, "error");
    const char *message;

    if (json_type(error) == JSON_OBJECT) {
        take_code(json_get(error, "code"), refusal);
        message = first_string(error, "message", "Message");
    } else if (error != NULL) {
        take_code(error, refusal);
        message = json_string(json_get(root, "error_description"), NULL);
    } else {
        message = first_string(root, "Message", "message");
    }
    if (message == NULL)
        return;
    set_text(refusal, message, strlen(message));
    text_add(ret_message, message);
}

static void
read_other(const struct http_response *response, struct refusal *refusal)
{
    const struct text *body = &response->body;
    size_t length = body->length < TEXT_FROM_BODY_BYTES ? body->length : TEXT_FROM_BODY_BYTES;
    const char *challenge;

    if (body->length > 0 && body->data[0] != '<')
        set_text(refusal, body->data, length);
    if (refusal->text[0] != '\0')
        return;
    challenge = http_header(&response->headers, "WWW-Authenticate", &length);
    if (challenge != NULL)
        set_text(refusal, challenge, length);
    else
        snprintf(refusal->text, sizeof(refusal->text), "HTTP %d with %s", response->status,
                 body->length > 0 ? "a page" : "an empty body");
}

static bool
is_of_address(char c)
{
    return (unsigned char)c >= 0x80 || isalnum((unsigned char)c) ||
           (c != '\0' && strchr("@._-+#%", c) != NULL);
}

/*
 * Services name people by their sign-in name or mail address, which is nothing for a log: each
 * becomes "***". Who is meant is known by the object id.
 */
static void
mask_addresses(char *text)
{
    const char *from = text;
    char *to = text;
    static const char mask[] = "***";

    while (*from != '\0') {
        size_t length = 0;

        while (is_of_address(from[length]))
            length++;
        if (length >= sizeof(mask) && memchr(from, '@', length) != NULL) {
            memcpy(to, mask, sizeof(mask) - 1);
            to += sizeof(mask) - 1;
        } else {
            length = length > 0 ? length : 1;
            memmove(to, from, length);
            to += length;
        }
        from += length;
    }
    *to = '\0';
}

int
refusal_read(const struct http_response *response, struct json_parser *parser,
             struct refusal *ret_refusal)
{
    struct text message = TEXT_EMPTY;
    struct json *root = NULL;
    struct error error;

    *ret_refusal = (struct refusal){.code = ""};
    if (response->body.length > 0)
        root = json_parse(parser, response->body.data, response->body.length, &error);
    if (response->body.length > 0 && root == NULL && error.class == ERROR_MEMORY)
        return -1;
    read_json(root, ret_refusal, &message);
    json_free(root);
    if (message.length > 0 && !message.failed)
        open_message(parser, message.data, ret_refusal);
    text_free(&message);
    if (ret_refusal->text[0] == '\0')
        read_other(response, ret_refusal);
    mask_addresses(ret_refusal->text);
    if (!refusal_number(ret_refusal->code, &ret_refusal->number))
        ret_refusal->number = 0;
    return 0;
}
