/*
 * Table 3-7 of the Unicode standard as a table: the first byte says how long the sequence is and
 * which range its second byte must lie in; all later ones lie in 80..BF. The narrowed ranges are what
 * keeps overlong forms, surrogates and numbers above U+10FFFF out.
 */
#include "utf8.h"

#include <stdbool.h>
#include <stdint.h>

struct row {
    uint8_t first_low;
    uint8_t first_high;
    uint8_t second_low;
    uint8_t second_high;
    uint8_t length;
};

static const struct row rows[] = {
    {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
    {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
    {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
};

static bool
is_within(uint8_t byte, uint8_t low, uint8_t high)
{
    return byte >= low && byte <= high;
}

static const struct row *
find_row(uint8_t first)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (is_within(first, rows[i].first_low, rows[i].first_high))
            return &rows[i];
    return NULL;
}

size_t
utf8_sequence(const char *bytes, size_t length)
{
    const struct row *row;

    if (length == 0)
        return 0;
    if ((uint8_t)bytes[0] < 0x80)
        return 1;
    row = find_row((uint8_t)bytes[0]);
    if (row == NULL || length < row->length)
        return 0;
    if (!is_within((uint8_t)bytes[1], row->second_low, row->second_high))
        return 0;
    for (size_t i = 2; i < row->length; i++)
        if (!is_within((uint8_t)bytes[i], 0x80, 0xBF))
            return 0;
    return row->length;
}

static size_t
encoded_length(uint32_t character)
{
    if (character < 0x80)
        return 1;
    if (character < 0x800)
        return 2;
    return character < 0x10000 ? 3 : 4;
}

size_t
utf8_encode(uint32_t character, char bytes[UTF8_MAX_BYTES])
{
    static const uint8_t marks[] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t length = encoded_length(character);

    for (size_t i = length - 1; i > 0; i--) {
        bytes[i] = (char)(0x80 | (character & 0x3F));
        character >>= 6;
    }
    bytes[0] = (char)(marks[length] | character);
    return length;
}
