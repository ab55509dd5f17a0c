/*
 * The directory as it was at any time, and what may be said of it. People 0 to 3 are always members,
 * 4 to 6 never, and the last one is a device; whatever is told of a change of theirs is invented.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed_sim.h"

enum {
    ALWAYS = 4,
    NEVER = 7,
    DEVICE = SIM_USERS - 1,
    /* A page may be told late: links of a round that was broken off show what was then. */
    WINDOW_MS = 30 * 60 * 1000,
};

static struct guid
make_guid(uint8_t kind, int number)
{
    return (struct guid){{kind, 0, 0, (uint8_t)number, 0, 0, 0x40, 0, 0x80}};
}

struct guid
sim_user(int user)
{
    return make_guid(0x10, user);
}

struct guid
sim_group(int group)
{
    return make_guid(0x20, group);
}

int
sim_index(const struct guid *guid)
{
    return guid->bytes[3];
}

/* --- what happens ----------------------------------------------------------------------------- */

static bool
is_member(const struct sim *sim, int group, int user)
{
    const struct sim_history *history = &sim->truth.histories[group][user];

    return history->changes[history->count - 1].is_member;
}

static void
note(struct sim *sim, int group, int user, bool is_now)
{
    struct sim_history *history = &sim->truth.histories[group][user];

    history->changes =
        reallocarray(history->changes, history->count + 1, sizeof(history->changes[0]));
    history->changes[history->count++] = (struct sim_change){sim->clock.wall_ms, is_now};
}

static void
set(struct sim *sim, int group, int user, bool is_now)
{
    struct guid group_id = sim_group(group), user_id = sim_user(user);

    if (is_now)
        model_join(sim->model, &group_id, &user_id, &sim->clock);
    else
        model_leave(sim->model, &group_id, &user_id, &sim->clock);
    note(sim, group, user, is_now);
}

static bool
is_at_first(struct sim *sim, int user)
{
    if (user < ALWAYS || user == DEVICE)
        return true;
    return user >= NEVER && sim_chance(sim, 50);
}

void
sim_truth_begin(struct sim *sim)
{
    struct guid device = sim_user(DEVICE);

    model_add_thing(sim->model, &device, "device");
    for (int group = 0; group < SIM_GROUPS; group++) {
        struct guid id = sim_group(group);

        model_add_group(sim->model, &id, "group");
        for (int user = 0; user < SIM_USERS; user++) {
            if (is_at_first(sim, user))
                set(sim, group, user, true);
            else
                note(sim, group, user, false);
        }
    }
}

/* Nobody of the last group is told before it is watched. */
static bool
may_change(struct sim *sim, int group)
{
    if (group < SIM_GROUPS - 1)
        return !sim->truth.is_deleted[group];
    if (sim->truth.baseline_ms == 0 && sim_broker_has_state(sim, group))
        sim->truth.baseline_ms = sim->clock.wall_ms;
    return sim->truth.baseline_ms != 0;
}

void
sim_truth_change(struct sim *sim)
{
    int group = (int)rng_below(&sim->rng, SIM_GROUPS);
    int user = (int)rng_between(&sim->rng, NEVER, SIM_USERS - 1);
    struct guid id = sim_group(group);

    if (!may_change(sim, group))
        return;
    if (group == 1 && !sim->options.is_calm && rng_below(&sim->rng, 1000) < 2) {
        model_remove_group(sim->model, &id, &sim->clock);
        sim->truth.is_deleted[group] = true;
        return;
    }
    if (user != DEVICE)
        set(sim, group, user, !is_member(sim, group, user));
}

/* --- what is said ----------------------------------------------------------------------------- */

/* Was it so at any time from ${from_ms} to ${to_ms}? */
static bool
was(const struct sim_history *history, bool is_member_then, int64_t from_ms, int64_t to_ms)
{
    for (size_t i = 0; i < history->count; i++) {
        bool is_before_end = history->changes[i].at_ms <= to_ms || i == 0;
        bool lasts = i + 1 == history->count || history->changes[i + 1].at_ms >= from_ms;

        if (history->changes[i].is_member == is_member_then && is_before_end && lasts)
            return true;
    }
    return false;
}

void
sim_truth_check(struct sim *sim, const struct sim_event *event, const char *origin)
{
    const struct sim_history *history = &sim->truth.histories[event->group][event->user];

    if (event->user == DEVICE)
        sim_fail(sim, "a device was told as somebody");
    if (event->is_removed && sim->truth.is_deleted[event->group])
        return;
    if (!was(history, !event->is_removed, event->time_ms - WINDOW_MS, event->time_ms))
        sim_fail(sim, "invented: user %d was told as %s (%s) in group %d", event->user,
                 event->is_removed ? "removed" : "added", origin, event->group);
}

/* The latest of what was said about them; NULL: nothing. */
static const struct sim_event *
last_event(const struct sim *sim, int group, int user)
{
    const struct sim_event *last = NULL;

    for (size_t i = 0; i < sim->broker.event_count; i++) {
        const struct sim_event *event = &sim->broker.events[i];

        if (event->group == group && event->user == user &&
            (last == NULL || event->time_ms >= last->time_ms))
            last = event;
    }
    return last;
}

/* What whoever has heard nothing takes for true. */
static bool
is_taken_for_member(const struct sim *sim, int group, int user)
{
    return group == SIM_GROUPS - 1 && was(&sim->truth.histories[group][user], true,
                                          sim->truth.baseline_ms, sim->truth.baseline_ms);
}

static bool
was_told_by_delta(const struct sim *sim, int group, int user)
{
    for (size_t i = 0; i < sim->broker.event_count; i++) {
        const struct sim_event *event = &sim->broker.events[i];

        if (event->group == group && event->user == user && !event->is_listed)
            return true;
    }
    return false;
}

/* Who was there before the last group was watched is not known to the feed: whether somebody of
 * these left while no link was good for anything it cannot tell. */
static bool
is_excused(const struct sim *sim, int group, int user)
{
    return is_taken_for_member(sim, group, user) && !was_told_by_delta(sim, group, user);
}

static void
check_user(const struct sim *sim, int group, int user)
{
    const struct sim_event *last = last_event(sim, group, user);
    bool is_told = last != NULL && !last->is_removed;

    if (is_told != is_member(sim, group, user) && !is_excused(sim, group, user))
        sim_fail(sim, "lost: user %d is%s in group %d, and was last told as %s", user,
                 is_member(sim, group, user) ? "" : " not", group,
                 last == NULL       ? "nothing"
                 : last->is_removed ? "removed"
                                    : "added");
}

void
sim_truth_check_end(struct sim *sim)
{
    for (int group = 0; group < SIM_GROUPS; group++) {
        for (int user = 0; user < SIM_USERS && !sim->truth.is_deleted[group]; user++) {
            if (user != DEVICE)
                check_user(sim, group, user);
        }
    }
}

void
sim_truth_free(struct sim_truth *truth)
{
    for (int group = 0; group < SIM_GROUPS; group++) {
        for (int user = 0; user < SIM_USERS; user++)
            free(truth->histories[group][user].changes);
    }
}
