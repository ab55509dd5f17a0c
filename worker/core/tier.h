#ifndef TIER_H
#define TIER_H

#include <stddef.h>
#include <stdint.h>

/*
 * The delayed retry topics. A record whose user could not be made ready is parked on the first of them, comes back when its delay is over, and is parked
 * again, so many times on each; after that it goes to the dead letters. How often it was parked travels in its headers (parked.h).
 */

enum { TIERS_MOST = 8 };

struct tier {
    char *topic;
    int64_t delay_ms; /* after the record's timestamp it is taken in again */
    int64_t times;    /* a record is parked here at most so often */
};

/* Where a record goes that cannot be done now. */
enum { TO_DEAD_LETTERS = -1, TO_NOWHERE = -2 /* no dead-letter topic: it is held */ };

/* The tier of a record that was parked ${parkings} times so far, by index; TO_DEAD_LETTERS: it had its chances. */
int tier_after(const struct tier *tiers, size_t count, int64_t parkings);

#endif
