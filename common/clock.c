/*
 * The only place that asks the system what time it is. CLOCK_MONOTONIC, not CLOCK_BOOTTIME: while the
 * machine sleeps no time-out should run down.
 */
#include "clock.h"

#include <time.h>

static int64_t
read_ms(clockid_t id)
{
    struct timespec now = {0, 0};

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
clock_read_system(struct clock *clock)
{
    clock->mono_ms = read_ms(CLOCK_MONOTONIC);
    clock->wall_ms = read_ms(CLOCK_REALTIME);
}
