/*
 * One function grows the run (by doubling, so that adding is O(1) amortised) and one appends to it;
 * everything else is made of these two. The encoders copy runs of bytes that stay as they are at once.
 */
#include "text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST_CAPACITY = 64 };

void
text_free(struct text *text)
{
    free(text->data);
    *text = (struct text)TEXT_EMPTY;
}

void
text_clear(struct text *text)
{
    text->length = 0;
    text->failed = false;
    if (text->data != NULL)
        text->data[0] = '\0';
}

/* Makes room for ${more} bytes and the NUL. */
static void
grow(struct text *text, size_t more)
{
    size_t capacity = text->capacity > SMALLEST_CAPACITY ? text->capacity : SMALLEST_CAPACITY;
    char *data;

    if (more >= SIZE_MAX / 2 - text->length) {
        text->failed = true;
        return;
    }
    while (capacity < text->length + more + 1)
        capacity *= 2;
    data = realloc(text->data, capacity);
    if (data == NULL) {
        text->failed = true;
        return;
    }
    text->data = data;
    text->capacity = capacity;
    text->data[text->length] = '\0';
}

/* True when ${more} bytes may be written behind the last one. */
static inline bool
has_room(struct text *text, size_t more)
{
    if (text->failed)
        return false;
    if (text->capacity <= text->length || text->capacity - text->length <= more)
        grow(text, more);
    return !text->failed;
}

void
text_reserve(struct text *text, size_t more)
{
    (void)has_room(text, more);
}

void
text_add_bytes(struct text *text, const void *bytes, size_t length)
{
    if (!has_room(text, length))
        return;
    if (length > 0)
        memcpy(text->data + text->length, bytes, length);
    text->length += length;
    text->data[text->length] = '\0';
}

void
text_add(struct text *text, const char *string)
{
    text_add_bytes(text, string, strlen(string));
}

void
text_add_char(struct text *text, char c)
{
    if (!has_room(text, 1))
        return;
    text->data[text->length++] = c;
    text->data[text->length] = '\0';
}

/* Formats into the room that there is, or nothing; returns the length that the whole needs, or -1. */
static int __attribute__((format(printf, 2, 0)))
format_into_room(struct text *text, const char *format, va_list arguments)
{
    size_t room = text->capacity - text->length;
    int length = vsnprintf(text->data + text->length, room, format, arguments);

    if (length < 0 || (size_t)length >= room)
        text->data[text->length] = '\0';
    else
        text->length += (size_t)length;
    return length;
}

void
text_addf(struct text *text, const char *format, ...)
{
    va_list arguments;
    size_t room;
    int length;

    if (!has_room(text, 1))
        return;
    room = text->capacity - text->length;
    va_start(arguments, format);
    length = format_into_room(text, format, arguments);
    va_end(arguments);
    if (length < 0)
        text->failed = true;
    if (length < 0 || (size_t)length < room || !has_room(text, (size_t)length))
        return;
    va_start(arguments, format);
    format_into_room(text, format, arguments);
    va_end(arguments);
}

/* Adds bytes[from … to - 1], of which ${bytes} may be NULL when there is none. */
static void
add_run(struct text *text, const char *bytes, size_t from, size_t to)
{
    if (from < to)
        text_add_bytes(text, bytes + from, to - from);
}

static bool
is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void
text_add_url(struct text *text, const char *bytes, size_t length)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t run = 0;

    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)bytes[i];

        if (is_unreserved(c))
            continue;
        add_run(text, bytes, run, i);
        text_add_bytes(text, (char[]){'%', digits[c >> 4], digits[c & 15]}, 3);
        run = i + 1;
    }
    add_run(text, bytes, run, length);
}

static bool
needs_escape(unsigned char c)
{
    return c < 0x20 || c == '"' || c == '\\';
}

static void
add_json_escape(struct text *text, unsigned char c)
{
    static const char letters[256] = {
        ['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
        ['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't',
    };

    if (letters[c] != '\0')
        text_add_bytes(text, (char[]){'\\', letters[c]}, 2);
    else
        text_addf(text, "\\u%04x", c);
}

void
text_add_json(struct text *text, const char *bytes, size_t length)
{
    size_t run = 0;

    text_add_char(text, '"');
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)bytes[i];

        if (!needs_escape(c))
            continue;
        add_run(text, bytes, run, i);
        add_json_escape(text, c);
        run = i + 1;
    }
    add_run(text, bytes, run, length);
    text_add_char(text, '"');
}

/* The four digits for up to three bytes; those that stand for no byte at all are left to the caller. */
static void
encode_group(const uint8_t *bytes, size_t count, const char *alphabet, char digits[4])
{
    uint32_t bits = (uint32_t)bytes[0] << 16;

    if (count > 1)
        bits |= (uint32_t)bytes[1] << 8;
    if (count > 2)
        bits |= bytes[2];
    for (int i = 0; i < 4; i++)
        digits[i] = alphabet[bits >> (18 - 6 * i) & 63];
}

static void
add_base64(struct text *text, const uint8_t *bytes, size_t length, const char *last_two,
           bool is_padded)
{
    char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789??";
    char digits[4];

    memcpy(alphabet + 62, last_two, 2);
    text_reserve(text, length / 3 * 4 + 4);
    for (size_t i = 0; i < length; i += 3) {
        size_t count = length - i < 3 ? length - i : 3;

        encode_group(bytes + i, count, alphabet, digits);
        text_add_bytes(text, digits, count + 1);
        if (is_padded)
            text_add_bytes(text, "==", 3 - count);
    }
}

void
text_add_base64(struct text *text, const void *bytes, size_t length)
{
    add_base64(text, bytes, length, "+/", true);
}

void
text_add_base64url(struct text *text, const void *bytes, size_t length)
{
    add_base64(text, bytes, length, "-_", false);
}

char *
text_take(struct text *text, size_t *ret_length)
{
    char *data;

    text_reserve(text, 0);
    if (text->failed) {
        text_free(text);
        return NULL;
    }
    data = text->data;
    if (ret_length != NULL)
        *ret_length = text->length;
    *text = (struct text)TEXT_EMPTY;
    return data;
}
