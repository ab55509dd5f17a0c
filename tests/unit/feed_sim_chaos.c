/* What goes wrong: with calls, links, leaders, and with Graph itself. */
#include <stddef.h>
#include <stdint.h>

#include "feed_sim.h"

enum { MINUTE_MS = 60 * 1000, LAG_MOST_MS = MINUTE_MS, CHANGES_IN_GAP = 12 };

static void
break_calls(struct sim *sim)
{
    static const struct model_fault faults[] = {
        {.status = 503},
        {.status = 500},
        {.status = 429, .headers = "Retry-After: 2.128\n"},
        {.transport = HTTP_NOT_SENT},
        {.transport = HTTP_UNKNOWN},
        {.transport = HTTP_UNKNOWN, .is_after_effect = true},
        {.status = 200, .body = "{\"value\":[]}"},
        {.status = 404, .body = "{\"error\":{\"code\":\"Request_ResourceNotFound\"}}"},
        {.status = 403},
        {.extra_ms = 20000},
    };
    struct model_fault fault = faults[rng_below(&sim->rng, sizeof(faults) / sizeof(faults[0]))];

    fault.service = sim_chance(sim, 90) ? MODEL_GRAPH : MODEL_LOGIN;
    fault.times = (int)rng_between(&sim->rng, 1, 4);
    fault.probability = 1.0;
    model_add_fault(sim->model, &fault);
}

static void
reset_links(struct sim *sim)
{
    struct guid group = sim_group((int)rng_below(&sim->rng, SIM_GROUPS));

    model_reset_delta(sim->model, sim_chance(sim, 30) ? NULL : &group);
}

static void
change_graph(struct sim *sim)
{
    struct model_settings *settings = model_settings(sim->model);

    settings->delta_lag_ms = sim_chance(sim, 50) ? 0 : rng_between(&sim->rng, 1, LAG_MOST_MS);
    settings->membership_lag_ms = sim_chance(sim, 50) ? 0 : rng_between(&sim->rng, 1, LAG_MOST_MS);
    settings->foreign_links = sim_chance(sim, 20) ? rng_between(&sim->rng, 1, 2) : 0;
    settings->delta_replays = rng_between(&sim->rng, 0, 3);
    settings->delta_empty_pages = rng_between(&sim->rng, 0, 2);
}

/* One thing, and when the next one comes. */
static void
wreak(struct sim *sim)
{
    static void (*const acts[])(struct sim *) = {break_calls,         break_calls,     break_calls,
                                                 sim_kill_leader,     sim_kill_leader, reset_links,
                                                 sim_move_leadership, change_graph};

    acts[rng_below(&sim->rng, sizeof(acts) / sizeof(acts[0]))](sim);
    sim->chaos_at_ms = sim->clock.mono_ms + rng_between(&sim->rng, 1, 40000);
}

/* In the calm: people leave while no link is good for anything, once. */
static void
reset_once(struct sim *sim)
{
    for (int i = 0; i < CHANGES_IN_GAP; i++)
        sim_truth_change(sim);
    model_reset_delta(sim->model, NULL);
    sim->chaos_at_ms = INT64_MAX;
}

void
sim_chaos_step(struct sim *sim)
{
    if (sim->options.is_calm)
        reset_once(sim);
    else
        wreak(sim);
}

void
sim_chaos_begin(struct sim *sim)
{
    struct model_settings *settings = model_settings(sim->model);

    settings->limits = 0; /* who is killed forgets what was told to wait for */
    settings->latency_low_ms = 1;
    settings->latency_high_ms = rng_between(&sim->rng, 5, 400);
    settings->token_life_ms = rng_between(&sim->rng, 5 * MINUTE_MS, 60 * MINUTE_MS);
    settings->delta_page_members = rng_between(&sim->rng, 1, 6);
    settings->page_size = rng_between(&sim->rng, 2, 6);
    settings->delta_repeats = rng_between(&sim->rng, 0, 2);
    settings->delta_tells_gone = sim_chance(sim, 50);
    settings->delta_removed_text = sim_chance(sim, 50);
    settings->delta_reset_status = sim_chance(sim, 50) ? 410 : 400;
    settings->delta_reset_code = sim_chance(sim, 50);
    settings->delta_reset_location = rng_between(&sim->rng, 0, 2);
    if (!sim->options.is_calm)
        change_graph(sim);
    settings->foreign_links = 0;
}

void
sim_chaos_end(struct sim *sim)
{
    sim->is_quiet = true;
    sim->change_at_ms = sim->chaos_at_ms = INT64_MAX;
    model_clear_faults(sim->model);
    model_settings(sim->model)->foreign_links = 0;
}
