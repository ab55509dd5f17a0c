/*
 * What is asked and written: P3 to P7 at each call, P4 at what a write does to its row, P7 at each answer. Besides it notes what a replica has asked about
 * whom, and when, for check.c.
 */
#include <stdlib.h>
#include <string.h>

#include "simulation.h"

/* --- notes --------------------------------------------------------------------------------------- */

static struct sim_notes *
notes_of(struct replica *replica, const struct call *call, const struct guid *user)
{
    return &replica->notes[call->environment->index][user->bytes[15]];
}

static void
note_look(struct replica *replica, const struct call *call)
{
    for (size_t i = 0; i < call->id_count; i++) {
        struct sim_notes *notes = notes_of(replica, call, &call->ids[i]);

        notes->looked = ++replica->simulation->moment;
        notes->looks[notes->look_count++ % MAX_LOOKS] = replica->simulation->clock;
    }
}

static void
note_sources(struct replica *replica, const struct call *call)
{
    for (size_t i = 0; i < call->item_count; i++) {
        const struct source_item *item = &call->items[i];
        struct sim_notes *notes = notes_of(replica, call, &item->user);

        for (size_t group = 0; group < item->group_count; group++)
            notes->asked[item->groups[group].bytes[15]] = ++replica->simulation->moment;
    }
}

/* --- P3, P6: calls under way --------------------------------------------------------------------- */

/* A force sync can be repeated at will. */
static bool
is_lasting_write(const struct call *call)
{
    return call->kind == CALL_PATCH || call->kind == CALL_MOVE || call->kind == CALL_ROLE;
}

static bool
is_write(const struct call *call)
{
    return call->kind == CALL_FORCE_SYNC || is_lasting_write(call);
}

static int64_t
concurrency_of(const struct simulation *simulation, const struct call *call)
{
    switch (call->kind) {
    case CALL_SOURCES:
        return simulation->settings.graph_concurrency;
    case CALL_FORCE_SYNC:
        return simulation->settings.bap_concurrency;
    default:
        return simulation->settings.dataverse_concurrency;
    }
}

static void
check_neighbours(struct replica *replica, const struct call *call)
{
    struct simulation *simulation = replica->simulation;
    int64_t in_lane = 0;

    list_for_each(link, following, &replica->calls)
    {
        const struct call *other = list_entry(link, struct sim_call, link)->call;

        in_lane += other->lane == call->lane;
        if (is_write(call) && is_write(other) && other->environment == call->environment &&
            guid_equal(&other->user, &call->user))
            simulation_violation(simulation, "P3: a %s while a %s of the same user runs",
                                 call_kind_name(call->kind), call_kind_name(other->kind));
    }
    if (call->lane != NULL && in_lane >= concurrency_of(simulation, call))
        simulation_violation(simulation, "P6: %lld calls in one lane", (long long)in_lane + 1);
}

/* --- P7: lanes ----------------------------------------------------------------------------------- */

/* NULL: more lanes than can be noted. */
static struct sim_lane *
lane_of(struct replica *replica, const struct call *call)
{
    for (size_t i = 0; i < MAX_LANES; i++) {
        struct sim_lane *lane = &replica->lanes[i];

        if (lane->is_used && lane->lane != call->lane)
            continue;
        lane->is_used = true;
        lane->lane = call->lane;
        return lane;
    }
    abort();
}

/* The window of a lane: at most so many calls in so long; 0: no limit that a run reaches. */
static size_t
window_of(const struct simulation *simulation, const struct call *call, int64_t *ret_span_ms)
{
    const struct engine_settings *settings = &simulation->settings;
    int64_t calls = settings->dataverse_calls;

    *ret_span_ms = settings->dataverse_span_ms;
    if (call->kind == CALL_FORCE_SYNC) {
        calls = settings->bap_calls;
        *ret_span_ms = settings->bap_span_ms;
    }
    if (call->lane == NULL || call->kind == CALL_SOURCES || calls > MAX_CALLS)
        return 0;
    return (size_t)calls;
}

static void
check_lane(struct replica *replica, const struct call *call)
{
    struct simulation *simulation = replica->simulation;
    struct sim_lane *lane = lane_of(replica, call);
    int64_t now_ms = simulation->clock.mono_ms;
    int64_t span_ms;
    size_t window = window_of(simulation, call, &span_ms);

    if (now_ms < lane->not_before_ms)
        simulation_violation(simulation, "P7: a %s %lld ms before its Retry-After",
                             call_kind_name(call->kind), (long long)(lane->not_before_ms - now_ms));
    if (window > 0 && lane->sent >= window &&
        now_ms - lane->sent_at_ms[(lane->sent - window) % MAX_CALLS] < span_ms)
        simulation_violation(simulation, "P7: more than %zu calls in %lld ms", window,
                             (long long)span_ms);
    lane->sent_at_ms[lane->sent++ % MAX_CALLS] = now_ms;
}

static void
hold(struct sim_lane *lane, int64_t until_ms)
{
    if (until_ms > lane->not_before_ms)
        lane->not_before_ms = until_ms;
}

void
check_answer(struct replica *replica, const struct call *call, const struct http_response *response)
{
    struct sim_lane *lane = lane_of(replica, call);
    size_t length;
    const char *value = http_header(&response->headers, "Retry-After", &length);

    if (value == NULL || response->status < 400)
        return;
    hold(lane, replica->simulation->clock.mono_ms + (int64_t)(strtod(value, NULL) * 1000.0));
}

/* A part of a batch that was throttled holds the lane as well. */
void
check_items(struct replica *replica, const struct call *call)
{
    int64_t now_ms = replica->simulation->clock.mono_ms;

    for (size_t i = 0; i < call->item_count; i++) {
        const struct source_item *item = &call->items[i];

        if (item->verdict != VERDICT_DONE && item->error.retry_after_ms > 0)
            hold(lane_of(replica, call), now_ms + item->error.retry_after_ms);
    }
}

/* --- P4: writes ---------------------------------------------------------------------------------- */

/* A PATCH is an upsert; and a unit is changed only while it is the one that was seen. */
static void
check_if_match(struct simulation *simulation, const struct call *call)
{
    if (call->if_match == NULL || call->if_match[0] == '\0')
        simulation_violation(simulation, "P4: a write without If-Match");
    else if (call->unit != NULL && strcmp(call->if_match, "*") == 0)
        simulation_violation(simulation, "P4: a move whatever the row is by now");
}

void
check_send(struct replica *replica, const struct call *call)
{
    check_neighbours(replica, call);
    check_lane(replica, call);
    if (call->kind == CALL_PATCH || call->kind == CALL_MOVE)
        check_if_match(replica->simulation, call);
    if (call->kind == CALL_LOOK)
        note_look(replica, call);
    if (call->kind == CALL_SOURCES)
        note_sources(replica, call);
    if (is_lasting_write(call))
        notes_of(replica, call, &call->user)->wrote = ++replica->simulation->moment;
}

struct sim_row
check_before(struct simulation *simulation, const struct call *call)
{
    struct sim_row before = {false, {{0}}, 0};
    struct model_row row;

    if (!is_lasting_write(call) ||
        model_find_row(simulation->model, call->environment->id, &call->user, &row) != 1)
        return before;
    before.is_there = true;
    before.unit = row.unit;
    before.roles = model_count_roles(simulation->model, call->environment->id, &row.id);
    return before;
}

/* Whoever was moved by somebody's hand is not moved back, and nobody loses a role. */
void
check_after(struct simulation *simulation, const struct call *call, const struct sim_row *before)
{
    struct sim_row after = check_before(simulation, call);
    struct guid root;

    if (!before->is_there || !after.is_there)
        return;
    root = world_root_unit(call->environment->index);
    if (!guid_equal(&before->unit, &after.unit) && !guid_equal(&before->unit, &root))
        simulation_violation(simulation, "a user was moved out of a unit that somebody chose");
    if (after.roles < before->roles)
        simulation_violation(simulation, "a user had %zu roles and has %zu", before->roles,
                             after.roles);
}

/* --- P5: what is given up ------------------------------------------------------------------------ */

void
check_cancel(struct replica *replica, const struct call *call)
{
    if (is_lasting_write(call) && !replica->is_ending)
        simulation_violation(replica->simulation, "P5: a %s in flight was given up",
                             call_kind_name(call->kind));
}
