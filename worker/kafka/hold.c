/* Two times for each head, wall and monotonic; whichever comes first. */
#include "hold.h"

#include "clock.h"
#include "intake_private.h"
#include "tier.h"

void
hold_init(const struct intake *intake, struct partition *partition)
{
    const struct intake_settings *settings = &intake->settings;
    int first = (int)(settings->topic_count - settings->tier_count);

    partition->hold.delay_ms =
        partition->topic < first ? 0 : settings->tiers[partition->topic - first].delay_ms;
}

/* ${a} + ${b}, both not negative; the greatest there is instead of more. */
static int64_t
later(int64_t a, int64_t b)
{
    int64_t sum;

    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static bool
is_due(const struct intake *intake, const struct hold *hold)
{
    return intake->settings.clock->wall_ms >= hold->due_wall_ms ||
           intake->now_ms >= hold->due_mono_ms;
}

void
hold_look(const struct intake *intake, struct hold *hold, int64_t timestamp_ms)
{
    hold->is_waiting = false;
    if (hold->delay_ms == 0 || timestamp_ms < 0)
        return;
    hold->due_wall_ms = later(timestamp_ms, hold->delay_ms);
    hold->due_mono_ms = later(intake->now_ms, hold->delay_ms);
    hold->is_waiting = !is_due(intake, hold);
}

bool
hold_waits(const struct intake *intake, struct hold *hold)
{
    hold->is_waiting = hold->is_waiting && !is_due(intake, hold);
    return hold->is_waiting;
}

int64_t
hold_next_ms(const struct intake *intake, const struct hold *hold)
{
    int64_t in_ms;

    if (!hold->is_waiting)
        return INT64_MAX;
    in_ms = hold->due_wall_ms - intake->settings.clock->wall_ms;
    if (in_ms >= hold->due_mono_ms - intake->now_ms)
        return hold->due_mono_ms;
    return intake->now_ms + in_ms;
}
