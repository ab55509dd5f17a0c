/* Time, the two producers and their wire; see feed_sim.h. */
#include "feed_sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "event.h"

#define SECRET "s3cret"

enum {
    MINUTE_MS = 60 * 1000,
    QUIET_MS = 75 * MINUTE_MS,      /* longer than any pause of the feed's */
    CALM_QUIET_MS = 12 * MINUTE_MS, /* the same, where nothing makes it pause */
    POLL_MS = MINUTE_MS,
    CONCLUDE_MS = 4 * MINUTE_MS, /* longer than Graph lags behind */
    BEFORE_MS = 2 * MINUTE_MS,   /* likewise: who is there at first has been for long */
    STEPS_MOST = 200000,
};

static char identity_name[] = "sim";

static const struct services_settings services_settings = {
    .login_url = "https://login.test",
    .graph_url = "https://graph.test",
    .max_response_bytes = 1 << 20,
    .timeout_ms = 30000,
};

bool
sim_chance(struct sim *sim, int percent)
{
    return rng_below(&sim->rng, 100) < (uint64_t)percent;
}

void
sim_fail(const struct sim *sim, const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    fail_msg("seed %llu%s%s, killed after step %lld, step %lld: %s",
             (unsigned long long)sim->options.seed,
             sim->options.has_transactions ? ", transactions" : "",
             sim->options.is_calm ? ", calm" : "", (long long)sim->options.kill_after,
             (long long)sim->tally.steps, text);
}

/* --- the wire --------------------------------------------------------------------------------- */

static bool
send(void *context, struct call *call, const char *token)
{
    struct sim_instance *instance = context;
    struct sim *sim = instance->sim;
    struct sim_flight *flight = &sim->flights[sim->flight_count];
    struct http_request request = HTTP_REQUEST_EMPTY;
    int64_t after_ms = 0;
    struct error error;

    if (sim->flight_count == SIM_FLIGHTS)
        sim_fail(sim, "too many calls");
    if (services_build(&sim->services, call, call->kind == CALL_TOKEN ? SECRET : token, &request,
                       &error) == -1)
        sim_fail(sim, "a request that cannot be made: %s", error.text);
    *flight = (struct sim_flight){
        .call = call, .instance = instance->index, .response = HTTP_RESPONSE_EMPTY};
    model_answer(sim->model, &request, &sim->clock, &flight->response, &after_ms);
    flight->at_ms = sim->clock.mono_ms + after_ms;
    http_request_free(&request);
    sim->flight_count++;
    return true;
}

static struct sim_flight
take_out(struct sim *sim, size_t index)
{
    struct sim_flight flight = sim->flights[index];

    sim->flights[index] = sim->flights[--sim->flight_count];
    return flight;
}

static void
cancel(void *context, struct call *call)
{
    struct sim_instance *instance = context;
    struct sim *sim = instance->sim;

    for (size_t i = 0; i < sim->flight_count; i++) {
        if (sim->flights[i].call == call) {
            struct sim_flight flight = take_out(sim, i);

            http_response_free(&flight.response);
            return;
        }
    }
    sim_fail(sim, "a call that is not in flight was cancelled");
}

static void
deliver(struct sim *sim, size_t index)
{
    struct sim_flight flight = take_out(sim, index);

    services_read(&sim->services, flight.call, &flight.response, sim->clock.wall_ms);
    http_response_free(&flight.response);
    feed_answered(sim->instances[flight.instance].feed, flight.call);
}

/* --- what is told ----------------------------------------------------------------------------- */

static void
told(void *context, const struct feed_report *report)
{
    struct sim_instance *instance = context;
    struct sim_tally *tally = &instance->sim->tally;

    tally->resyncs += report->news == FEED_NEWS_RESYNC;
    tally->failures += report->news == FEED_NEWS_FAILED;
    tally->rounds += report->news == FEED_NEWS_ROUND;
    if (report->news == FEED_NEWS_STATE)
        sim_fail(instance->sim, "a state that cannot be used: %s", report->detail);
}

static void
failed(void *context, const struct call_report *report)
{
    (void)context;
    (void)report;
}

static void
answered(void *context, const struct call *call, int64_t took_ms)
{
    (void)context;
    (void)call;
    (void)took_ms;
}

/* --- the producers ---------------------------------------------------------------------------- */

static void
make_feed(struct sim *sim, int index)
{
    struct sim_instance *instance = &sim->instances[index];
    const struct feed_setup setup = {
        .settings = &sim->settings,
        .groups = sim->groups,
        .group_count = SIM_GROUPS,
        .routing = &sim->routing,
        .graph_url = services_settings.graph_url,
        .graph_scope = "https://graph.microsoft.com/.default",
        .source = "urn:sim",
        .clock = &sim->clock,
        .ports = {instance, send, cancel, sim_broker_publish, told, failed, answered},
        .seed = rng_next(&sim->rng),
    };
    struct error error;

    *instance = (struct sim_instance){.sim = sim, .index = index, .notices_ms = INT64_MAX};
    instance->feed = feed_create(&setup, &error);
    if (instance->feed == NULL)
        sim_fail(sim, "no feed: %s", error.text);
}

/* Whom the broker takes for the leader; -1: nobody. */
static int
leader_of(const struct sim *sim)
{
    for (int i = 0; i < SIM_INSTANCES; i++) {
        if (sim->instances[i].is_leading && sim->instances[i].epoch == sim->broker.epoch)
            return i;
    }
    return -1;
}

static void
elect(struct sim *sim)
{
    int first = (int)rng_below(&sim->rng, SIM_INSTANCES);
    struct sim_instance *instance = &sim->instances[first];

    if (instance->is_leading) /* it does not know yet that it leads no more */
        instance = &sim->instances[(first + 1) % SIM_INSTANCES];
    sim->elect_at_ms = INT64_MAX;
    instance->epoch = ++sim->broker.epoch;
    instance->is_leading = true;
    instance->notices_ms = INT64_MAX;
    sim_broker_lead(sim, instance);
}

static void
elect_soon(struct sim *sim)
{
    sim->elect_at_ms = sim->clock.mono_ms + rng_between(&sim->rng, 1, 5000);
}

void
sim_kill_leader(struct sim *sim)
{
    int index = leader_of(sim);

    if (index == -1)
        return;
    sim->tally.kills++;
    feed_destroy(sim->instances[index].feed);
    sim_broker_drop(sim, index);
    make_feed(sim, index);
    elect_soon(sim);
}

static void
yield(struct sim *sim, struct sim_instance *instance)
{
    feed_yield(instance->feed);
    sim_broker_drop(sim, instance->index);
    instance->is_leading = false;
    instance->notices_ms = INT64_MAX;
}

void
sim_move_leadership(struct sim *sim)
{
    int index = leader_of(sim);

    if (index == -1)
        return;
    sim->tally.moves++;
    if (!sim->broker.has_transactions || sim_chance(sim, 50)) {
        yield(sim, &sim->instances[index]);
        elect_soon(sim);
        return;
    }
    sim->instances[index].notices_ms = sim->clock.mono_ms + rng_between(&sim->rng, 1, 90000);
    elect(sim);
}

/* --- the directory ---------------------------------------------------------------------------- */

static void
change_directory(struct sim *sim)
{
    sim_truth_change(sim);
    sim->change_at_ms = sim->clock.mono_ms + rng_between(&sim->rng, 1, 30000);
}

/* --- making the world ------------------------------------------------------------------------- */

static void
make_model(struct sim *sim)
{
    const struct model_application application = {
        .tenant = sim->identity.tenant,
        .client = sim->identity.client,
        .secret = SECRET,
        .may_read_users = true,
        .may_read_members = true,
    };

    sim->model = model_create(rng_next(&sim->rng));
    model_ledger_keep(sim->model, false);
    model_add_origin(sim->model, services_settings.login_url, MODEL_LOGIN, NULL);
    model_add_origin(sim->model, services_settings.graph_url, MODEL_GRAPH, NULL);
    model_add_application(sim->model, &application);
    sim_chaos_begin(sim);
    model_advance(sim->model, &sim->clock);
    sim_truth_begin(sim);
}

static void
begin(struct sim *sim, const struct sim_options *options)
{
    sim->options = *options;
    sim->broker.has_transactions = options->has_transactions;
    rng_seed(&sim->rng, options->seed);
    sim->clock = (struct clock){.mono_ms = 5 * MINUTE_MS, .wall_ms = INT64_C(1700000000000)};
    sim->identity =
        (struct identity){.name = identity_name, .tenant = {{0xa0, 1}}, .client = {{0xa1, 1}}};
    sim->routing = (struct routing){.identities = &sim->identity, .identity_count = 1};
    sim->settings = (struct feed_settings){
        .poll_ms = POLL_MS,
        .reconcile_ms = sim_chance(sim, 50) ? 10 * MINUTE_MS : 0,
        .conclude_after_ms = CONCLUDE_MS,
        .backoff_base_ms = 500,
        .backoff_cap_ms = 10000,
        .probe_ms = 10000,
        .graph_concurrency = 4,
        .graph_span_ms = 10000,
    };
    for (int i = 0; i < SIM_GROUPS; i++)
        sim->groups[i] = (struct feed_group){sim_group(i), i == SIM_GROUPS - 1 ? FEED_INITIAL_LATEST
                                                                               : FEED_INITIAL_ALL};
    sim->parser = json_parser_create(EVENT_MAX_DEPTH, 1 << 20);
    sim->services = (struct services){&services_settings, sim->parser};
    make_model(sim);
    sim->clock.mono_ms += BEFORE_MS;
    sim->clock.wall_ms += BEFORE_MS;
    for (int i = 0; i < SIM_INSTANCES; i++)
        make_feed(sim, i);
    sim->start_ms = sim->clock.mono_ms;
    sim->elect_at_ms = sim->clock.mono_ms;
    sim->change_at_ms = sim->clock.mono_ms + 1;
    sim->chaos_at_ms = sim->clock.mono_ms + (options->is_calm ? options->active_ms / 2 : 1);
}

static void
end(struct sim *sim)
{
    for (int i = 0; i < SIM_INSTANCES; i++)
        feed_destroy(sim->instances[i].feed);
    sim_broker_free(&sim->broker);
    sim_truth_free(&sim->truth);
    model_destroy(sim->model);
    json_parser_destroy(sim->parser);
}

/* --- time ------------------------------------------------------------------------------------- */

static size_t
first_flight(const struct sim *sim)
{
    size_t first = 0;

    for (size_t i = 1; i < sim->flight_count; i++) {
        if (sim->flights[i].at_ms < sim->flights[first].at_ms)
            first = i;
    }
    return first;
}

static int64_t
earlier(int64_t a_ms, int64_t b_ms)
{
    return a_ms < b_ms ? a_ms : b_ms;
}

static int64_t
next_ms(const struct sim *sim)
{
    int64_t next = earlier(sim_broker_next_ms(sim), sim->elect_at_ms);

    next = earlier(next, earlier(sim->change_at_ms, sim->chaos_at_ms));
    if (sim->flight_count > 0)
        next = earlier(next, sim->flights[first_flight(sim)].at_ms);
    for (int i = 0; i < SIM_INSTANCES; i++) {
        next = earlier(next, feed_next_ms(sim->instances[i].feed));
        next = earlier(next, sim->instances[i].notices_ms);
    }
    if (!sim->is_quiet)
        next = earlier(next, sim->start_ms + sim->options.active_ms);
    return next < sim->clock.mono_ms ? sim->clock.mono_ms : next;
}

/* Something that a producer does by itself, or learns. False: nothing is due. */
static bool
act_instances(struct sim *sim)
{
    int64_t now_ms = sim->clock.mono_ms;

    for (int i = 0; i < SIM_INSTANCES; i++) {
        struct sim_instance *instance = &sim->instances[i];

        if (instance->notices_ms <= now_ms) {
            yield(sim, instance);
            return true;
        }
        if (feed_next_ms(instance->feed) <= now_ms) {
            feed_run(instance->feed);
            return true;
        }
    }
    return false;
}

/* Does one thing that is due. */
static void
act(struct sim *sim)
{
    int64_t now_ms = sim->clock.mono_ms;

    if (!sim->is_quiet && now_ms >= sim->start_ms + sim->options.active_ms)
        sim_chaos_end(sim);
    else if (sim->elect_at_ms <= now_ms)
        elect(sim);
    else if (sim->flight_count > 0 && sim->flights[first_flight(sim)].at_ms <= now_ms)
        deliver(sim, first_flight(sim));
    else if (sim_broker_next_ms(sim) <= now_ms)
        sim_broker_step(sim);
    else if (sim->change_at_ms <= now_ms)
        change_directory(sim);
    else if (sim->chaos_at_ms <= now_ms)
        sim_chaos_step(sim);
    else if (!act_instances(sim))
        sim_fail(sim, "nothing is due");
}

static void
check_offences(const struct sim *sim)
{
    static const enum model_offence never[] = {MODEL_OFFENCE_WRONG_AUDIENCE,
                                               MODEL_OFFENCE_MALFORMED, MODEL_OFFENCE_LINK,
                                               MODEL_OFFENCE_FOREIGN_LINK, MODEL_OFFENCE_COOKIE};

    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
        if (model_offences(sim->model, never[i]) > 0)
            sim_fail(sim, "an offence: %s", model_offence_name(never[i]));
    }
}

static void
add(struct sim_tally *sum, const struct sim_tally *tally)
{
    const int64_t *from = (const int64_t *)tally;
    int64_t *to = (int64_t *)sum;

    for (size_t i = 0; i < sizeof(*sum) / sizeof(int64_t); i++)
        to[i] += from[i];
}

void
sim_run(const struct sim_options *options, struct sim_tally *tally)
{
    struct sim *sim = calloc(1, sizeof(*sim));
    int64_t end_ms;

    begin(sim, options);
    end_ms = sim->start_ms + options->active_ms + (options->is_calm ? CALM_QUIET_MS : QUIET_MS);
    while (next_ms(sim) <= end_ms) {
        int64_t passed_ms = next_ms(sim) - sim->clock.mono_ms;

        sim->clock.mono_ms += passed_ms;
        sim->clock.wall_ms += passed_ms;
        act(sim);
        if (++sim->tally.steps == options->kill_after)
            sim_kill_leader(sim);
        if (sim->tally.steps > STEPS_MOST)
            sim_fail(sim, "it turns and turns");
    }
    sim_truth_check_end(sim);
    check_offences(sim);
    add(tally, &sim->tally);
    end(sim);
    free(sim);
}
