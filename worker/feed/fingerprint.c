/* The parameters are those of the FNV reference ("FNV hash parameters", 128 bit). */
#include "fingerprint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* 2^88 + 2^8 + 0x3b */
static const unsigned __int128 prime = ((unsigned __int128)1 << 88) + 0x13b;

void
fingerprint_init(struct fingerprint *fingerprint)
{
    fingerprint->sum =
        ((unsigned __int128)UINT64_C(0x6c62272e07bb0142) << 64) + UINT64_C(0x62b821756295c58d);
}

static void
mix(struct fingerprint *fingerprint, const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        fingerprint->sum = (fingerprint->sum ^ bytes[i]) * prime;
}

void
fingerprint_add(struct fingerprint *fingerprint, const void *bytes, size_t length)
{
    unsigned char size[8];

    for (size_t i = 0; i < sizeof(size); i++)
        size[i] = (unsigned char)((uint64_t)length >> (8 * i));
    mix(fingerprint, bytes, length);
    mix(fingerprint, size, sizeof(size));
}

void
fingerprint_add_string(struct fingerprint *fingerprint, const char *string)
{
    fingerprint_add(fingerprint, string, strlen(string));
}

const char *
fingerprint_format(const struct fingerprint *fingerprint, char text[FINGERPRINT_TEXT_BYTES])
{
    snprintf(text, FINGERPRINT_TEXT_BYTES, "%016" PRIx64 "%016" PRIx64,
             (uint64_t)(fingerprint->sum >> 64), (uint64_t)fingerprint->sum);
    return text;
}
