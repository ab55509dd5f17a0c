#ifndef FINGERPRINT_H
#define FINGERPRINT_H

#include <stddef.h>
#include <stdint.h>

/*
 * 128 bits that name a thing by what it is made of: the same parts in the same order give the same
 * name, in every process and at any time. FNV-1a, 128 bits wide: nobody who could choose the parts
 * gains anything by a collision, and by chance there is none. Pure.
 */

struct fingerprint {
    unsigned __int128 sum;
};

enum { FINGERPRINT_TEXT_BYTES = 33 }; /* 32 hexadecimal digits and the NUL */

void fingerprint_init(struct fingerprint *fingerprint);

/* Adds a part; its length counts as well, so that "ab", "c" is another thing than "a", "bc". */
void fingerprint_add(struct fingerprint *fingerprint, const void *bytes, size_t length);
void fingerprint_add_string(struct fingerprint *fingerprint, const char *string);

/* Prints lower case into ${text} and returns it. */
const char *fingerprint_format(const struct fingerprint *fingerprint,
                               char text[FINGERPRINT_TEXT_BYTES]);

#endif
