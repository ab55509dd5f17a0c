/*
 * Puts the parts together in order, hands what arrives to the part whose business it is, and shares the published limits out by the partitions
 * it was assigned.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"
#include "arrive.h"
#include "engine_private.h"
#include "text.h"

/* --- names --------------------------------------------------------------------------------------- */

const char *
outcome_name(enum outcome outcome)
{
    static const char *const names[OUTCOMES] = {
        [OUTCOME_DONE] = "done", [OUTCOME_SKIPPED] = "skipped",       [OUTCOME_PARKED] = "parked",
        [OUTCOME_DEAD] = "dead", [OUTCOME_SUPERSEDED] = "superseded",
    };

    return names[outcome];
}

/* --- making -------------------------------------------------------------------------------------- */

/* A lane is shared by all environments with its identity and scope. */
static struct lane *
lane_for(struct engine *engine, const char *name, const struct identity *identity,
         const char *scope, const struct lane_limits *limits)
{
    struct lane *lane;

    for (size_t i = 0; i < engine->lane_count; i++) {
        if (lane_is_for(engine->lanes[i], identity, scope))
            return engine->lanes[i];
    }
    lane = lane_create(&engine->core, name, identity, scope, limits);
    if (lane != NULL)
        engine->lanes[engine->lane_count++] = lane;
    return lane;
}

enum { NAME_BYTES = 128 };

static struct lane *
service_lane(struct engine *engine, const char *service, const char *of,
             const struct identity *identity, const char *scope, const struct lane_limits *limits)
{
    char name[NAME_BYTES];

    snprintf(name, sizeof(name), "%s/%s", service, of);
    return lane_for(engine, name, identity, scope, limits);
}

static struct lane *
dataverse_lane(struct engine *engine, const struct environment *environment,
               const struct identity *identity)
{
    const struct engine_settings *settings = engine->core.settings;
    const struct lane_limits limits = {settings->dataverse_concurrency, settings->dataverse_calls,
                                       settings->dataverse_execution_ms,
                                       settings->dataverse_span_ms};
    struct text scope = TEXT_EMPTY;
    struct lane *lane = NULL;

    text_addf(&scope, "%s/.default", environment->url);
    if (!scope.failed)
        lane = service_lane(engine, "dataverse", environment->name, identity, scope.data, &limits);
    text_free(&scope);
    return lane;
}

static struct site *
make_site(struct engine *engine, const struct engine_setup *setup,
          const struct environment *environment)
{
    const struct engine_settings *settings = setup->settings;
    const struct identity *identity = &setup->routing->identities[environment->identity];
    const struct lane_limits bap = {settings->bap_concurrency, settings->bap_calls, 0,
                                    settings->bap_span_ms};
    const struct lane_limits graph = {settings->graph_concurrency, settings->graph_units, 0,
                                      settings->graph_span_ms};
    struct site parts = {
        .core = &engine->core,
        .workqueue = engine->workqueue,
        .memory = engine->memory,
        .ledger = &engine->ledger,
        .keeper = engine->keeper,
        .environment = environment,
    };

    parts.dataverse = dataverse_lane(engine, environment, identity);
    parts.bap = service_lane(engine, "bap", identity->name, identity, setup->bap_scope, &bap);
    if (environment->has_graph)
        parts.graph =
            service_lane(engine, "graph", identity->name, identity, setup->graph_scope, &graph);
    if (parts.dataverse == NULL || parts.bap == NULL ||
        (environment->has_graph && parts.graph == NULL))
        return NULL;
    return site_create(&parts);
}

static int
make_sites(struct engine *engine, const struct engine_setup *setup)
{
    size_t count = setup->routing->environment_count;

    engine->lanes = calloc(3 * count + 1, sizeof(engine->lanes[0]));
    engine->sites = calloc(count + 1, sizeof(engine->sites[0]));
    if (engine->lanes == NULL || engine->sites == NULL)
        return -1;
    for (size_t i = 0; i < count; i++) {
        engine->sites[i] = make_site(engine, setup, &setup->routing->environments[i]);
        if (engine->sites[i] == NULL)
            return -1;
    }
    return 0;
}

static int
make_parts(struct engine *engine, const struct engine_setup *setup)
{
    const struct engine_settings *settings = setup->settings;
    const struct memory_settings memory = {settings->memory_keep_ms, settings->memory_margin_ms,
                                           (size_t)settings->memory_entries,
                                           rng_next(&engine->core.rng)};
    struct core *core = &engine->core;

    core->timers = timers_create();
    core->login_not_before_ms =
        calloc(setup->routing->identity_count + 1, sizeof(core->login_not_before_ms[0]));
    engine->parser = json_parser_create(EVENT_MAX_DEPTH, EVENT_MAX_BYTES);
    engine->workqueue = workqueue_create();
    engine->memory = memory_create(&memory, core->clock);
    engine->keeper = keeper_create(core);
    if (core->timers == NULL || core->login_not_before_ms == NULL || engine->parser == NULL ||
        engine->workqueue == NULL || engine->memory == NULL || engine->keeper == NULL)
        return -1;
    engine->offsets = offsets_create(&settings->offsets, core->clock, core->timers,
                                     core->ports.commit, core->ports.context);
    engine->ledger = (struct ledger){.core = core, .offsets = engine->offsets};
    engine->strays = strays_create(core, &engine->ledger, engine->keeper);
    if (engine->offsets == NULL || engine->strays == NULL || timers_reserve(core->timers, 1) != 0)
        return -1;
    return make_sites(engine, setup);
}

static int
check(const struct routing *routing, struct error *ret_error)
{
    for (size_t i = 0; i < routing->environment_count; i++) {
        const struct environment *environment = &routing->environments[i];

        if (environment->column_count > MAX_COLUMNS)
            return error_set(ret_error, ERROR_CONFIG, "environment '%s': %zu columns, at most %d",
                             environment->name, environment->column_count, MAX_COLUMNS);
        if (environment->role_count > PLAN_MAX_ROLES)
            return error_set(ret_error, ERROR_CONFIG, "environment '%s': %zu roles, at most %d",
                             environment->name, environment->role_count, PLAN_MAX_ROLES);
        if (environment->attribute_count > 0 && !environment->has_graph)
            return error_set(ret_error, ERROR_CONFIG, "environment '%s': columns need graph = true",
                             environment->name);
    }
    return 0;
}

static void sweep(struct timer *timer, void *arg);

struct engine *
engine_create(const struct engine_setup *setup, struct error *ret_error)
{
    struct engine *engine;

    if (check(setup->routing, ret_error) != 0)
        return NULL;
    engine = calloc(1, sizeof(*engine));
    if (engine == NULL) {
        error_set(ret_error, ERROR_MEMORY, "no memory for the engine");
        return NULL;
    }
    engine->core = (struct core){
        .settings = setup->settings,
        .routing = setup->routing,
        .topics = setup->topics,
        .topic_count = setup->topic_count,
        .clock = setup->clock,
        .ports = setup->ports,
    };
    rng_seed(&engine->core.rng, setup->seed);
    timer_init(&engine->drain, sweep, engine);
    if (make_parts(engine, setup) == 0)
        return engine;
    engine_destroy(engine);
    error_set(ret_error, ERROR_MEMORY, "no memory for the engine");
    return NULL;
}

/* For all jobs; the one at hand may go. */
static void
for_each_job(struct engine *engine, void (*fn)(struct site *site, struct job *job))
{
    struct job *following;

    for (struct job *job = workqueue_first(engine->workqueue); job != NULL; job = following) {
        following = workqueue_next(job);
        fn(engine->sites[job->environment->index], job);
    }
}

static void
destroy_sites(struct engine *engine)
{
    if (engine->sites == NULL || engine->lanes == NULL)
        return;
    for (size_t i = 0; i < engine->core.routing->environment_count; i++)
        site_destroy(engine->sites[i]);
    for (size_t i = 0; i < engine->lane_count; i++)
        lane_destroy(engine->lanes[i]);
}

void
engine_destroy(struct engine *engine)
{
    if (engine == NULL)
        return;
    if (engine->strays != NULL)
        for_each_job(engine, arrive_give_up);
    strays_destroy(engine->strays);
    destroy_sites(engine);
    free(engine->sites);
    free(engine->lanes);
    keeper_destroy(engine->keeper);
    memory_destroy(engine->memory);
    workqueue_destroy(engine->workqueue);
    offsets_destroy(engine->offsets);
    json_parser_destroy(engine->parser);
    timers_destroy(engine->core.timers);
    free(engine->core.login_not_before_ms);
    free(engine);
}

/* --- Kafka's side -------------------------------------------------------------------------------- */

/* Our part of the published limits: as many of the main topic's partitions as are assigned, of all; everything while that is not known. */
static double
present_share(const struct engine *engine)
{
    if (engine->core.settings->share > 0.0)
        return engine->core.settings->share;
    if (engine->main_partitions <= 0 || engine->main_assigned >= engine->main_partitions)
        return 1.0;
    return (double)engine->main_assigned / (double)engine->main_partitions;
}

/* Once a rebalance is over: in its midst a share would shrink and then have to wait a span to grow. */
static void
share_out(struct engine *engine)
{
    if (!engine->has_new_share || engine->main_assigned == 0)
        return;
    engine->has_new_share = false;
    for (size_t i = 0; i < engine->lane_count; i++)
        lane_set_share(engine->lanes[i], present_share(engine));
}

int
engine_assign(struct engine *engine, int topic, int32_t partition, int64_t offset,
              int64_t committed)
{
    if (offsets_assign(engine->offsets, topic, partition, offset, committed) == NULL)
        return -1;
    engine->main_assigned += topic == 0;
    engine->has_new_share = true;
    return 0;
}

void
engine_partitions_of_main(struct engine *engine, int32_t count)
{
    engine->main_partitions = count;
    engine->has_new_share = true;
}

static void
drop_stale(struct engine *engine)
{
    engine->replaced = offsets_replaced(engine->offsets);
    strays_revoked(engine->strays);
    for_each_job(engine, arrive_revoked);
}

void
engine_revoke_all(struct engine *engine, bool is_lost)
{
    if (!is_lost)
        offsets_commit_now(engine->offsets);
    while (offsets_count(engine->offsets) > 0) {
        const struct partition_state *state = offsets_at(engine->offsets, 0);

        offsets_revoke(engine->offsets, state->topic, state->partition);
    }
    engine->main_assigned = 0;
    drop_stale(engine);
}

/* Whoever joins finds room although all the rest waits. */
enum { ROOM_OF_MAIN = 4 };

bool
engine_has_room_for(const struct engine *engine, int topic)
{
    const struct engine_settings *settings = engine->core.settings;
    size_t events = (size_t)settings->max_events;
    size_t bytes = (size_t)settings->max_bytes;

    if (topic != 0) {
        events -= events / ROOM_OF_MAIN;
        bytes -= bytes / ROOM_OF_MAIN;
    }
    return !engine->is_stopping && engine->ledger.events < events && engine->ledger.bytes < bytes;
}

bool
engine_has_room(const struct engine *engine)
{
    return engine_has_room_for(engine, 0);
}

void
engine_end(struct engine *engine, int topic, int32_t partition, int64_t offset, int64_t low)
{
    offsets_end(engine->offsets, topic, partition, offset, low);
}

void
engine_high(struct engine *engine, int topic, int32_t partition, int64_t high)
{
    offsets_high(engine->offsets, topic, partition, high);
}

void
engine_committed(struct engine *engine, uint64_t serial, bool is_ok)
{
    offsets_answered(engine->offsets, serial, is_ok);
}

void
engine_kept(struct engine *engine, uint64_t serial, const struct error *error)
{
    keeper_answered(engine->keeper, serial, error);
}

/* --- the services' side -------------------------------------------------------------------------- */

void
engine_answered(struct engine *engine, struct call *call)
{
    struct core *core = &engine->core;

    core->ports.answered(core->ports.context, call, core->clock->mono_ms - call->sent_at_ms);
    if (call->lane != NULL)
        lane_answered(call->lane, call);
    else
        call->done(call);
}

/* --- time ---------------------------------------------------------------------------------------- */

static void
warm_up(struct engine *engine)
{
    if (engine->is_warm)
        return;
    engine->is_warm = true;
    for (size_t i = 0; i < engine->core.routing->environment_count; i++)
        site_warm(engine->sites[i]);
}

void
engine_run(struct engine *engine)
{
    share_out(engine);
    warm_up(engine);
    if (engine->replaced != offsets_replaced(engine->offsets))
        drop_stale(engine);
    timers_run(engine->core.timers, engine->core.clock->mono_ms);
}

int64_t
engine_next_ms(const struct engine *engine)
{
    return timers_next_ms(engine->core.timers);
}

/* --- stopping ------------------------------------------------------------------------------------ */

enum { SWEEP_MS = 100 };

static void
give_up_idle(struct site *site, struct job *job)
{
    if (arrive_is_idle(site, job))
        arrive_give_up(site, job);
}

/* A write that has left is waited for: the shell says how long. */
static void
give_up_unwritten(struct site *site, struct job *job)
{
    if (!apply_is_past_write(job))
        arrive_give_up(site, job);
}

/* Whoever only waits, now or later, has nothing to finish; when the time is over only writes have. */
static void
sweep(struct timer *timer, void *arg)
{
    struct engine *engine = arg;
    struct core *core = &engine->core;
    bool is_over = core->clock->mono_ms >= engine->drain_until_ms;

    (void)timer;
    for_each_job(engine, is_over ? give_up_unwritten : give_up_idle);
    strays_give_up(engine->strays, is_over);
    if (!engine_is_drained(engine))
        timer_set_reserved(core->timers, &engine->drain, core->clock->mono_ms + SWEEP_MS);
}

void
engine_stop(struct engine *engine, int64_t drain_ms)
{
    engine->is_stopping = true;
    engine->drain_until_ms = engine->core.clock->mono_ms + drain_ms;
    sweep(NULL, engine);
}

bool
engine_is_drained(const struct engine *engine)
{
    return workqueue_count(engine->workqueue) == 0 && strays_count(engine->strays) == 0;
}

const struct offsets *
engine_offsets(const struct engine *engine)
{
    return engine->offsets;
}
