/* Ids: random ones from the model's seed, and those that follow from two others. */
#include <string.h>

#include "model_private.h"

/* Marks a version 4, variant 1 GUID, as the services make them. */
static void
mark(struct guid *guid)
{
    guid->bytes[6] = (uint8_t)((guid->bytes[6] & 0x0f) | 0x40);
    guid->bytes[8] = (uint8_t)((guid->bytes[8] & 0x3f) | 0x80);
}

struct guid
model_random_guid(struct rng *rng)
{
    uint64_t halves[2] = {rng_next(rng), rng_next(rng)};
    struct guid guid;

    memcpy(guid.bytes, halves, sizeof(guid.bytes));
    mark(&guid);
    return guid;
}

struct guid
model_random_derived(const struct guid *a, const struct guid *b)
{
    uint64_t words[4];
    uint64_t seed;
    struct rng rng;

    memcpy(words, a->bytes, sizeof(a->bytes));
    memcpy(words + 2, b->bytes, sizeof(b->bytes));
    seed = words[0];
    for (int i = 1; i < 4; i++) {
        rng_seed(&rng, seed);
        seed = rng_next(&rng) ^ words[i];
    }
    rng_seed(&rng, seed);
    return model_random_guid(&rng);
}
