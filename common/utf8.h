#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>
#include <stdint.h>

/*
 * Tells UTF-8 from other bytes (RFC 3629: nothing overlong, no surrogates, nothing above U+10FFFF), and
 * writes it. Pure; for whoever takes text from outside or prints it.
 */

enum { UTF8_MAX_BYTES = 4 };

/*
 * The length, 1 to 4, of the well-formed sequence that ${bytes} begin with; 0 when there is none,
 * also when it is cut off by ${length}.
 */
size_t utf8_sequence(const char *bytes, size_t length);

/* Writes ${character}, which must not be a surrogate nor above U+10FFFF; returns how many bytes. */
size_t utf8_encode(uint32_t character, char bytes[UTF8_MAX_BYTES]);

#endif
