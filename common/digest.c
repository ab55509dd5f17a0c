/* One call of OpenSSL's, printed. */
#include "digest.h"

#include <stdio.h>

#include <openssl/evp.h>

int
digest_sha256(const void *bytes, size_t length, char text[DIGEST_TEXT_BYTES])
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned int size = 0;

    if (EVP_Digest(bytes, length, sum, &size, EVP_sha256(), NULL) != 1 ||
        2 * size + 1 != DIGEST_TEXT_BYTES)
        return -1;
    for (unsigned int i = 0; i < size; i++)
        (void)snprintf(text + 2 * (size_t)i, 3, "%02x", sum[i]);
    return 0;
}
