#ifndef LOG_REPEATS_H
#define LOG_REPEATS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Which lines of the log are let through: at most ${burst} of one key in any minute, the rest
 * counted. Private to log.
 *
 * A fixed number of keys is remembered, a few for each value of a hash; a new key takes the place of
 * the one that was quiet for longest. What was counted for that one is not lost but told apart.
 */

struct log_repeats;

/* What the line that is let through accounts for. */
struct log_held {
    uint64_t same;   /* lines of its key */
    uint64_t others; /* lines of keys that are forgotten */
};

/* ${burst} >= 1. NULL: no memory. */
struct log_repeats *log_repeats_create(int burst);
void log_repeats_destroy(struct log_repeats *repeats); /* NULL is allowed */

/* True, with *${ret_held} filled, when a line of ${key} may be written at ${now_ms} (monotonic). */
bool log_repeats_admit(struct log_repeats *repeats, uint64_t key, int64_t now_ms,
                       struct log_held *ret_held);

/* All that is counted and not yet accounted for. */
uint64_t log_repeats_held(const struct log_repeats *repeats);

#endif
