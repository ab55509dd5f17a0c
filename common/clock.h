#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/*
 * The present instant, in two readings. The loop reads the system's clocks once a turn, the
 * simulation sets them; all others are given a `const struct clock *` and never ask the system.
 *
 * ${mono_ms} is for every timer and duration; it never goes back. ${wall_ms} (since 1970, UTC) is for
 * comparing with event times and dates in answers only.
 */

struct clock {
    int64_t mono_ms;
    int64_t wall_ms;
};

/* Reads CLOCK_MONOTONIC and CLOCK_REALTIME into ${clock}. */
void clock_read_system(struct clock *clock);

#endif
