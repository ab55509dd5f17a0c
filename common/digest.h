#ifndef DIGEST_H
#define DIGEST_H

#include <stddef.h>

/* SHA-256, by OpenSSL. */

enum { DIGEST_TEXT_BYTES = 65 }; /* 64 hexadecimal digits and the NUL */

/* Of ${length} bytes, as lower-case digits in ${text}. -1: OpenSSL refused, ${text} is untouched. */
int digest_sha256(const void *bytes, size_t length, char text[DIGEST_TEXT_BYTES])
    __attribute__((warn_unused_result));

#endif
