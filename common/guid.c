/*
 * Reads and prints GUIDs by table: where the digits of each byte stand, and what each digit is worth.
 * Neither loop branches on the digits, since one id or two are parsed for every event.
 */
#include "guid.h"

#include <string.h>

enum { TEXT_LENGTH = GUID_TEXT_BYTES - 1 };

/* Where in the text the two digits of a byte begin. */
static const uint8_t places[16] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};

/* One more than a digit's worth, so that what the table leaves out is 0: no digit. */
static const uint8_t worth_plus_one[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

static bool
has_hyphens(const char *text)
{
    return text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-';
}

bool
guid_parse(const char *text, size_t length, struct guid *ret_guid)
{
    struct guid guid;
    bool is_hexadecimal = true;

    if (length != TEXT_LENGTH || !has_hyphens(text))
        return false;
    for (size_t i = 0; i < sizeof(guid.bytes); i++) {
        unsigned high = worth_plus_one[(uint8_t)text[places[i]]];
        unsigned low = worth_plus_one[(uint8_t)text[places[i] + 1]];

        is_hexadecimal &= (high != 0) & (low != 0);
        guid.bytes[i] = (uint8_t)((high - 1) << 4 | (low - 1));
    }
    if (!is_hexadecimal)
        return false;
    *ret_guid = guid;
    return true;
}

const char *
guid_format(const struct guid *guid, char text[GUID_TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";

    text[8] = text[13] = text[18] = text[23] = '-';
    for (size_t i = 0; i < sizeof(guid->bytes); i++) {
        text[places[i]] = digits[guid->bytes[i] >> 4];
        text[places[i] + 1] = digits[guid->bytes[i] & 15];
    }
    text[TEXT_LENGTH] = '\0';
    return text;
}

bool
guid_equal(const struct guid *a, const struct guid *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

int
guid_compare(const struct guid *a, const struct guid *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool
guid_is_zero(const struct guid *guid)
{
    static const struct guid zero;

    return guid_equal(guid, &zero);
}
