/*
 * Time: the next instant is the earliest timer of the simulation or of an engine; everything due then happens, replicas are fed and run, and so on until
 * nothing is left or the patience is over.
 */
#include "simulation.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "scarce_memory.h"

/* Virtual time. The quiet phase must be longer than what a deadline, the trust in young events and the rarest waits add up to. */
enum { QUIET_MS = 24 * 3600 * 1000 };
/* So often time may stand still before that is taken for going round in circles. */
enum { TURNS_AT_ONCE = 10000 };

#define STORM_MS INT64_C(900000)
#define EPOCH_MS INT64_C(1790000000000)

void
simulation_violation(struct simulation *simulation, const char *format, ...)
{
    va_list arguments;

    if (simulation->violation[0] != '\0')
        return;
    va_start(arguments, format);
    vsnprintf(simulation->violation, sizeof(simulation->violation), format, arguments);
    va_end(arguments);
}

void
simulation_say(struct simulation *simulation, const char *format, ...)
{
    va_list arguments;

    if (!simulation->is_verbose)
        return;
    va_start(arguments, format);
    fprintf(stderr, "%10.3f ", (double)(simulation->clock.mono_ms) / 1000.0);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

static int64_t
next_instant(const struct simulation *simulation)
{
    int64_t next_ms = timers_next_ms(simulation->timers);

    if (retry_next_ms(simulation) < next_ms)
        next_ms = retry_next_ms(simulation);
    for (int i = 0; i < simulation->replica_count; i++) {
        const struct engine *engine = simulation->replicas[i].engine;

        if (engine != NULL && engine_next_ms(engine) < next_ms)
            next_ms = engine_next_ms(engine);
    }
    return next_ms;
}

static void
advance(struct simulation *simulation, int64_t to_ms)
{
    if (to_ms <= simulation->clock.mono_ms)
        return;
    simulation->clock.wall_ms += to_ms - simulation->clock.mono_ms;
    simulation->clock.mono_ms = to_ms;
    model_advance(simulation->model, &simulation->clock);
}

static void
turn(struct simulation *simulation)
{
    timers_run(simulation->timers, simulation->clock.mono_ms);
    for (int i = 0; i < simulation->replica_count; i++) {
        struct replica *replica = &simulation->replicas[i];

        if (replica->engine == NULL)
            continue;
        broker_feed(simulation, replica);
        scarce_memory_resume();
        engine_run(replica->engine);
        scarce_memory_pause();
    }
}

/* Runs until ${until_ms}, or until everything is done where ${is_end}. */
static void
run_until(struct simulation *simulation, int64_t until_ms, bool is_end)
{
    int turns = 0;

    while (simulation->violation[0] == '\0') {
        int64_t next_ms;

        turn(simulation);
        if (is_end && broker_is_done(simulation))
            return;
        next_ms = next_instant(simulation);
        if (next_ms > until_ms)
            break;
        turns = next_ms > simulation->clock.mono_ms ? 0 : turns + 1;
        if (turns > TURNS_AT_ONCE)
            simulation_violation(simulation, "liveness: no end of what is due at one instant");
        advance(simulation, next_ms);
    }
    advance(simulation, until_ms);
}

static void
publish_one(struct timer *timer, void *arg)
{
    struct simulation *simulation = arg;

    broker_publish(simulation);
    if (--simulation->to_publish > 0 &&
        timer_set(simulation->timers, timer,
                  simulation->clock.mono_ms + rng_between(&simulation->rng, 0, 4000)) != 0)
        abort();
}

static void
start(struct simulation *simulation)
{
    timer_init(&simulation->publisher, publish_one, simulation);
    simulation->to_publish = (int)rng_between(&simulation->rng, 20, 250);
    if (timer_set(simulation->timers, &simulation->publisher, 1) != 0)
        abort();
    for (int i = 0; i < simulation->replica_count; i++)
        replica_start(simulation, &simulation->replicas[i]);
    broker_assign(simulation);
    chaos_start(simulation);
}

static void
storm_and_calm(struct simulation *simulation)
{
    int64_t storm_ms = rng_between(&simulation->rng, 60000, STORM_MS);

    run_until(simulation, storm_ms, false);
    chaos_stop(simulation);
    while (simulation->to_publish-- > 0)
        broker_publish(simulation);
    simulation->to_publish = 0;
    timer_cancel(simulation->timers, &simulation->publisher);
    run_until(simulation, simulation->clock.mono_ms + QUIET_MS, true);
    if (simulation->violation[0] == '\0')
        check_end(simulation);
}

static void
end(struct simulation *simulation)
{
    for (int i = 0; i < simulation->replica_count; i++)
        replica_kill(&simulation->replicas[i]);
    broker_end(simulation);
    world_end(simulation);
    timers_destroy(simulation->timers);
}

bool
simulation_run(uint64_t seed, bool is_verbose)
{
    struct simulation *simulation = calloc(1, sizeof(*simulation));
    bool is_fine;

    if (simulation == NULL)
        abort();
    scarce_memory_pause();
    simulation->seed = seed;
    simulation->is_verbose = is_verbose;
    simulation->clock = (struct clock){1, EPOCH_MS};
    simulation->timers = timers_create();
    rng_seed(&simulation->rng, seed);
    world_make(simulation);
    start(simulation);
    storm_and_calm(simulation);
    is_fine = simulation->violation[0] == '\0';
    if (!is_fine)
        printf("seed %llu: %s\n", (unsigned long long)seed, simulation->violation);
    end(simulation);
    scarce_memory_resume();
    free(simulation);
    return is_fine;
}
