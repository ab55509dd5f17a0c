#ifndef RNG_H
#define RNG_H

#include <stdint.h>

/*
 * A small seeded generator for jitter and simulations: the same seed gives the same run.
 * Not for secrets. (xoshiro256** seeded by splitmix64.)
 */

struct rng {
    uint64_t state[4];
};

void rng_seed(struct rng *rng, uint64_t seed);
uint64_t rng_next(struct rng *rng);

/* Uniform in [0, ${bound}); 0 when ${bound} is 0. */
uint64_t rng_below(struct rng *rng, uint64_t bound);

/* Uniform in [${low}, ${high}], both ends. */
int64_t rng_between(struct rng *rng, int64_t low, int64_t high);

#endif
