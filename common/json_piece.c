/*
 * Nothing is checked here: the scan has seen that escapes are whole, that surrogates come in pairs and
 * that an integer is made of digits.
 */
#include "json_piece.h"

#include <string.h>

#include "text.h"
#include "utf8.h"

enum { UNICODE_ESCAPE_LENGTH = 6 }; /* "\u12ab" */

/* The code unit of the \u escape at ${escape}. */
static uint32_t
code_unit(const char *escape)
{
    uint32_t unit = 0;

    for (int i = 2; i < UNICODE_ESCAPE_LENGTH; i++) {
        int c = (unsigned char)escape[i];

        unit = unit << 4 | (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return unit;
}

/* Adds the character of a \u escape, or of a pair of them; returns what is behind it. */
static const char *
add_unicode_escape(const char *escape, struct text *text)
{
    char bytes[UTF8_MAX_BYTES];
    uint32_t character = code_unit(escape);

    escape += UNICODE_ESCAPE_LENGTH;
    if (character >= 0xD800 && character <= 0xDBFF) {
        character = 0x10000 + ((character - 0xD800) << 10) + (code_unit(escape) - 0xDC00);
        escape += UNICODE_ESCAPE_LENGTH;
    }
    text_add_bytes(text, bytes, utf8_encode(character, bytes));
    return escape;
}

static const char *
add_escape(const char *escape, struct text *text)
{
    static const char meanings[128] = {
        ['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
        ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t',
    };

    if (escape[1] == 'u')
        return add_unicode_escape(escape, text);
    text_add_char(text, meanings[escape[1] & 127]);
    return escape + 2;
}

void
json_piece_add(const struct json_piece *piece, struct text *text)
{
    const char *end = piece->bytes + piece->length;
    const char *at = piece->bytes;
    const char *escape = NULL;

    while (piece->has_escapes && (escape = memchr(at, '\\', (size_t)(end - at))) != NULL) {
        text_add_bytes(text, at, (size_t)(escape - at));
        at = add_escape(escape, text);
    }
    text_add_bytes(text, at, (size_t)(end - at));
}

/* From 0 downwards, since int64_t reaches one further there. */
bool
json_piece_integer(const struct json_piece *piece, int64_t *ret_integer)
{
    bool is_negative = piece->bytes[0] == '-';
    int64_t integer = 0;

    for (size_t i = is_negative; i < piece->length; i++)
        if (__builtin_mul_overflow(integer, 10, &integer) ||
            __builtin_sub_overflow(integer, piece->bytes[i] - '0', &integer))
            return false;
    if (!is_negative && integer == INT64_MIN)
        return false;
    *ret_integer = is_negative ? integer : -integer;
    return true;
}
