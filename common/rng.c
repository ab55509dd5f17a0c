/*
 * xoshiro256** 1.0 of Blackman and Vigna (public domain), its state filled by splitmix64 as they advise:
 * so no seed, 0 included, gives the all-zero state that the generator could not leave.
 */
#include "rng.h"

static uint64_t
rotate_left(uint64_t value, int bits)
{
    return value << bits | value >> (64 - bits);
}

void
rng_seed(struct rng *rng, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        uint64_t z = (seed += UINT64_C(0x9E3779B97F4A7C15));

        z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
        z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
        rng->state[i] = z ^ z >> 31;
    }
}

uint64_t
rng_next(struct rng *rng)
{
    uint64_t *s = rng->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t
rng_below(struct rng *rng, uint64_t bound)
{
    uint64_t excess, value;

    if (bound == 0)
        return 0;
    /* 2^64 modulo bound: so many of the lowest values would make small results too frequent. */
    excess = (UINT64_MAX - bound + 1) % bound;
    do
        value = rng_next(rng);
    while (value < excess);
    return value % bound;
}

int64_t
rng_between(struct rng *rng, int64_t low, int64_t high)
{
    uint64_t count = (uint64_t)high - (uint64_t)low + 1; /* 0: all 2^64 */
    uint64_t offset = count == 0 ? rng_next(rng) : rng_below(rng, count);

    return (int64_t)((uint64_t)low + offset);
}
