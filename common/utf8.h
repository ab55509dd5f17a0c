#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>

/*
 * Tells UTF-8 from other bytes (RFC 3629: nothing overlong, no surrogates, nothing above U+10FFFF).
 * Pure; for whoever takes text from outside or prints it.
 */

/*
 * The length, 1 to 4, of the well-formed sequence that ${bytes} begin with; 0 when there is none,
 * also when it is cut off by ${length}.
 */
size_t utf8_sequence(const char *bytes, size_t length);

#endif
