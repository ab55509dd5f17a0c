/* Counts parkings off, tier by tier. */
#include "tier.h"

int
tier_after(const struct tier *tiers, size_t count, int64_t parkings)
{
    for (size_t i = 0; i < count; i++) {
        if (parkings < tiers[i].times)
            return (int)i;
        parkings -= tiers[i].times;
    }
    return TO_DEAD_LETTERS;
}
