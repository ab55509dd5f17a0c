/*
 * What goes wrong: which kinds of trouble a run has follows from its seed; then one after the other at random times, until the quiet phase.
 */
#include <stdlib.h>
#include <string.h>

#include "simulation.h"

/* For writes in flight when the drain time is over; and how often a stopping replica is looked at. */
enum { WRITES_MS = 5000, LOOK_MS = 100 };

static int
pick(struct simulation *simulation, int count)
{
    return (int)rng_below(&simulation->rng, (uint64_t)count);
}

/* --- the services -------------------------------------------------------------------------------- */

static void
break_service(struct simulation *simulation)
{
    static const struct model_fault faults[] = {
        {.status = 500, .body = "{\"error\":{\"code\":\"0x80040216\",\"message\":\"unexpected\"}}"},
        {.status = 502, .body = "<html>bad gateway</html>"},
        {.status = 503, .headers = "Retry-After: 7\n"},
        {.status = 429, .headers = "Retry-After: 11\n"},
        {.status = 200, .body = "{\"value\":[{\""},
        {.status = 200, .body = "[1,2,3]"},
        {.status = 401},
        {.status = 0, .transport = HTTP_NOT_SENT},
        {.status = 0, .transport = HTTP_OK, .extra_ms = 20000},
    };
    static const char *const told[] = {"systemusers", "businessunits", "roles", "patch"};
    static const struct model_fault cuts[] = {
        {.status = 0, .transport = HTTP_UNKNOWN},
        {.status = 0, .transport = HTTP_UNKNOWN, .is_after_effect = true},
        {.status = 500, .is_after_effect = true},
    };
    struct model_fault fault = simulation->has_cuts && pick(simulation, 2) == 0
                                   ? cuts[pick(simulation, 3)]
                                   : faults[pick(simulation, 9)];

    fault.service = (enum model_service)pick(simulation, MODEL_SERVICES);
    /* a 200 is taken at its word where nothing else is told: for a role */
    if (fault.status == 200 && fault.service == MODEL_DATAVERSE)
        fault.route = told[pick(simulation, 4)];
    fault.times = 1 + pick(simulation, 8);
    fault.probability = pick(simulation, 2) == 0 ? 1.0 : 0.5;
    if (!model_add_fault(simulation->model, &fault))
        abort();
}

/* --- the group ----------------------------------------------------------------------------------- */

static void
rebalance(struct simulation *simulation)
{
    bool is_lost = pick(simulation, 4) == 0;

    simulation_say(simulation, "rebalance%s", is_lost ? ", lost" : "");
    for (int i = 0; i < simulation->replica_count; i++)
        broker_revoke(simulation, &simulation->replicas[i], is_lost);
    broker_assign(simulation);
    simulation->rebalances++;
}

static void
revoke_all(struct simulation *simulation)
{
    for (int i = 0; i < simulation->replica_count; i++)
        broker_revoke(simulation, &simulation->replicas[i], false);
}

static void
kill_one(struct simulation *simulation)
{
    struct replica *victim = &simulation->replicas[pick(simulation, simulation->replica_count)];

    replica_kill(victim);
    revoke_all(simulation);
    if (pick(simulation, 2) == 0)
        replica_start(simulation, victim);
    broker_assign(simulation);
    simulation->kills++;
}

/* As the shell does it: once nothing runs, or writes had their time, partitions are given back and the process ends. */
static void
look_whether_stopped(struct timer *timer, void *arg)
{
    struct replica *replica = arg;
    struct simulation *simulation = replica->simulation;
    int64_t now_ms = simulation->clock.mono_ms;

    if (!engine_is_drained(replica->engine) && now_ms < replica->stop_until_ms) {
        if (timer_set(simulation->timers, timer, now_ms + LOOK_MS) != 0)
            abort();
        return;
    }
    revoke_all(simulation);
    replica_kill(replica);
    if (simulation->is_quiet || pick(simulation, 2) == 0)
        replica_start(simulation, replica);
    broker_assign(simulation);
}

static void
stop_one(struct simulation *simulation)
{
    struct replica *replica = &simulation->replicas[pick(simulation, simulation->replica_count)];
    int64_t drain_ms = pick(simulation, 2) == 0 ? 0 : rng_between(&simulation->rng, 0, 10000);

    if (replica->engine == NULL || timer_is_set(&replica->stop))
        return;
    simulation_say(simulation, "r%d is told to stop", replica->index);
    engine_stop(replica->engine, drain_ms);
    replica->stop_until_ms = simulation->clock.mono_ms + drain_ms + WRITES_MS;
    timer_init(&replica->stop, look_whether_stopped, replica);
    if (timer_set(simulation->timers, &replica->stop, simulation->clock.mono_ms + LOOK_MS) != 0)
        abort();
    simulation->stops++;
}

static void
start_all(struct simulation *simulation)
{
    bool is_anybody_new = false;

    for (int i = 0; i < simulation->replica_count; i++) {
        if (simulation->replicas[i].engine != NULL)
            continue;
        replica_start(simulation, &simulation->replicas[i]);
        is_anybody_new = true;
    }
    if (!is_anybody_new)
        return;
    revoke_all(simulation);
    broker_assign(simulation);
}

/* --- people's hands, and clocks ------------------------------------------------------------------ */

static void
touch_row(struct simulation *simulation)
{
    struct sim_user *user = &simulation->users[pick(simulation, simulation->user_count)];
    const struct environment *environment =
        &simulation->routing
             .environments[pick(simulation, (int)simulation->routing.environment_count)];
    struct model_row row;
    struct guid unit = {{0x23, 0, 0, 0, 0, 0, 0x40, 0, 0x80}};

    unit.bytes[15] = (uint8_t)environment->index;
    if (model_find_row(simulation->model, environment->id, &user->id, &row) != 1)
        return;
    user->is_touched = true;
    simulation_say(simulation, "an administrator moves a user");
    if (!model_move_row(simulation->model, environment->id, &row.id, &unit))
        abort();
}

static void
jump_clock(struct simulation *simulation)
{
    simulation->clock.wall_ms += rng_between(&simulation->rng, -120000, 120000);
    simulation->jumps++;
}

/* --- one after the other ------------------------------------------------------------------------- */

static void
next_trouble(struct timer *timer, void *arg)
{
    struct simulation *simulation = arg;

    switch (pick(simulation, 9)) {
    case 0:
        if (simulation->has_rebalances)
            rebalance(simulation);
        break;
    case 1:
        if (simulation->has_kills)
            kill_one(simulation);
        break;
    case 2:
        if (simulation->has_hands)
            touch_row(simulation);
        break;
    case 3:
        if (simulation->has_jumps)
            jump_clock(simulation);
        break;
    case 4:
        start_all(simulation);
        break;
    case 5:
        if (simulation->has_stops)
            stop_one(simulation);
        break;
    default:
        break_service(simulation);
        break;
    }
    if (timer_set(simulation->timers, timer,
                  simulation->clock.mono_ms + rng_between(&simulation->rng, 500, 30000)) != 0)
        abort();
}

void
chaos_start(struct simulation *simulation)
{
    bool *const kinds[] = {
        &simulation->has_rebalances,  &simulation->has_kills,   &simulation->has_cuts,
        &simulation->has_hands,       &simulation->has_leavers, &simulation->has_bad_commits,
        &simulation->has_bad_letters, &simulation->has_jumps,   &simulation->has_stops};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        *kinds[i] = pick(simulation, 2) == 0;
    simulation->is_scattered = pick(simulation, 8) == 0;
    timer_init(&simulation->chaos, next_trouble, simulation);
    if (pick(simulation, 8) == 0)
        return; /* a run without trouble */
    if (timer_set(simulation->timers, &simulation->chaos, simulation->clock.mono_ms + 5000) != 0)
        abort();
}

void
chaos_stop(struct simulation *simulation)
{
    simulation_say(simulation, "the quiet phase begins");
    timer_cancel(simulation->timers, &simulation->chaos);
    model_clear_faults(simulation->model);
    simulation->is_quiet = true;
    start_all(simulation);
}
