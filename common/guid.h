#ifndef GUID_H
#define GUID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A GUID as 16 bytes. Between parse and print an id is never text: whatever reaches a URL or a
 * filter was printed by guid_format (P4). Bytes stand in the order of the text, so comparing
 * bytes compares texts.
 */

struct guid {
    uint8_t bytes[16];
};

enum { GUID_TEXT_BYTES = 37 }; /* 36 characters and the NUL */

/*
 * Reads exactly ${length} bytes of ${text}: 8-4-4-4-12 hexadecimal digits of either case, without
 * braces or spaces. Returns false, with *${ret_guid} untouched, for anything else.
 */
bool guid_parse(const char *text, size_t length, struct guid *ret_guid)
    __attribute__((warn_unused_result));

/* Prints lower case into ${text} and returns it. */
const char *guid_format(const struct guid *guid, char text[GUID_TEXT_BYTES]);

bool guid_equal(const struct guid *a, const struct guid *b);
int guid_compare(const struct guid *a, const struct guid *b); /* <0, 0, >0 */
bool guid_is_zero(const struct guid *guid);

#endif
