/*
 * A queue for each urgency, one gate. lane_pump looks at the gate's conditions one after the other; the first that says "wait" sets the one timer.
 */
#include "lane.h"

#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "token.h"

/* After so many failures in a row the lane sends single probes. */
enum { FAILURES_BEFORE_PROBES = 5 };

struct lane {
    struct core *core;
    char *name;
    struct token *token;
    struct budget *budget;
    struct link queues[URGENCIES];
    size_t waiting;
    unsigned turn; /* counts calls that left, for the share of the patient */
    struct link flying;
    size_t in_flight;
    size_t cost_in_flight;
    int64_t not_before_ms;
    int64_t dop_hint; /* 0: none */
    int failures;     /* in a row */
    int throttled;    /* in a row */
    struct timer timer;
    bool is_pumping;
};

static void
wake(struct timer *timer, void *arg)
{
    (void)timer;
    lane_pump(arg);
}

/* --- making and ending --------------------------------------------------------------------------- */

static void fail_all(void *arg, const char *reason, const struct error *error);

struct lane *
lane_create(struct core *core, const char *name, const struct identity *identity, const char *scope,
            const struct lane_limits *limits)
{
    struct lane *lane = calloc(1, sizeof(*lane));

    if (lane == NULL)
        return NULL;
    if (timers_reserve(core->timers, 1) != 0) {
        free(lane);
        return NULL;
    }
    lane->core = core;
    list_init(&lane->queues[URGENT]);
    list_init(&lane->queues[PATIENT]);
    list_init(&lane->flying);
    timer_init(&lane->timer, wake, lane);
    lane->name = strdup(name);
    lane->budget = budget_create(limits, core->clock);
    lane->token = token_create(core, identity, scope, fail_all, lane);
    if (lane->name == NULL || lane->budget == NULL || lane->token == NULL) {
        lane_destroy(lane);
        return NULL;
    }
    return lane;
}

void
lane_destroy(struct lane *lane)
{
    if (lane == NULL)
        return;
    list_for_each(link, following, &lane->flying)
        lane_cancel(lane, list_entry(link, struct call, link));
    for (int i = 0; i < URGENCIES; i++) {
        list_for_each(link, following, &lane->queues[i])
            lane_cancel(lane, list_entry(link, struct call, link));
    }
    timer_cancel(lane->core->timers, &lane->timer);
    timers_release(lane->core->timers, 1);
    token_destroy(lane->token);
    budget_destroy(lane->budget);
    free(lane->name);
    free(lane);
}

bool
lane_is_for(const struct lane *lane, const struct identity *identity, const char *scope)
{
    return token_identity(lane->token) == identity && strcmp(token_scope(lane->token), scope) == 0;
}

/* --- the gate ------------------------------------------------------------------------------------ */

static size_t
concurrency_now(struct lane *lane, enum urgency urgency)
{
    if (lane->failures >= FAILURES_BEFORE_PROBES || lane->throttled > 0)
        return 1;
    return budget_at_once(lane->budget, lane->dop_hint, urgency);
}

/* Milliseconds until the next call of ${urgency} may leave; 0: now; -1: not before something else happens. */
static int64_t
gate_wait_ms(struct lane *lane, enum urgency urgency)
{
    const struct call *next = list_entry(lane->queues[urgency].next, struct call, link);
    int64_t held_ms = lane->not_before_ms - lane->core->clock->mono_ms;

    if (held_ms > 0)
        return held_ms;
    if (lane->in_flight >= concurrency_now(lane, urgency))
        return -1;
    return budget_wait_ms(lane->budget, lane->cost_in_flight, (size_t)next->cost, urgency);
}

/* Whose turn it is of those that wait; somebody does. */
static enum urgency
next_urgency(const struct lane *lane)
{
    bool is_their_turn = lane->turn % PATIENT_EVERY == PATIENT_EVERY - 1;

    if (list_is_empty(&lane->queues[URGENT]))
        return PATIENT;
    return is_their_turn && !list_is_empty(&lane->queues[PATIENT]) ? PATIENT : URGENT;
}

static struct call *
pop(struct lane *lane, enum urgency urgency)
{
    struct call *call = list_entry(lane->queues[urgency].next, struct call, link);

    list_remove(&call->link);
    lane->waiting--;
    lane->turn++;
    return call;
}

/* No longer in flight, for whatever reason. */
static void
land(struct lane *lane, struct call *call)
{
    list_remove(&call->link);
    lane->in_flight--;
    lane->cost_in_flight -= (size_t)call->cost;
    call->is_flying = false;
}

static void
send(struct lane *lane, struct call *call, const char *token)
{
    struct core *core = lane->core;

    call->sent_at_ms = core->clock->mono_ms;
    call->sent_wall_ms = core->clock->wall_ms;
    list_add_last(&lane->flying, &call->link);
    lane->in_flight++;
    lane->cost_in_flight += (size_t)call->cost;
    call->is_flying = true;
    if (core->ports.send(core->ports.context, call, token)) {
        call->was_sent = true;
        return;
    }
    land(lane, call);
    list_add_first(&lane->queues[call->urgency], &call->link);
    lane->waiting++;
    lane_hold(lane, core_backoff_ms(core, ++lane->failures, 0));
}

/* Milliseconds until one of those that wait may leave, as gate_wait_ms; whose turn it is then. */
static int64_t
open_gate(struct lane *lane, enum urgency *ret_urgency)
{
    int64_t wait_ms;

    *ret_urgency = next_urgency(lane);
    wait_ms = gate_wait_ms(lane, *ret_urgency);
    if (wait_ms == 0 || *ret_urgency == URGENT || list_is_empty(&lane->queues[URGENT]))
        return wait_ms;
    *ret_urgency = URGENT;
    return gate_wait_ms(lane, URGENT);
}

/* Sends the first call that still has something to ask. False: the gate is shut, or nothing waits. */
static bool
send_one(struct lane *lane, int64_t *ret_wait_ms)
{
    enum urgency urgency;
    uint64_t serial;
    const char *token;
    struct call *call;

    *ret_wait_ms = -1;
    if (lane->waiting == 0)
        return false;
    *ret_wait_ms = open_gate(lane, &urgency);
    if (*ret_wait_ms != 0)
        return false;
    token = token_get(lane->token, &serial);
    if (token == NULL) {
        *ret_wait_ms = -1;
        return false;
    }
    call = pop(lane, urgency);
    call->token_serial = serial;
    if (call->prepare == NULL || call->prepare(call))
        send(lane, call, token);
    return true;
}

void
lane_pump(struct lane *lane)
{
    struct core *core = lane->core;
    int64_t wait_ms;

    if (lane->is_pumping)
        return;
    lane->is_pumping = true;
    while (send_one(lane, &wait_ms))
        ;
    lane->is_pumping = false;
    timer_cancel(core->timers, &lane->timer);
    if (wait_ms > 0)
        timer_set_reserved(core->timers, &lane->timer, core->clock->mono_ms + wait_ms);
}

void
lane_submit(struct lane *lane, struct call *call)
{
    call->lane = lane;
    call->is_resent = call->was_sent = false;
    list_add_last(&lane->queues[call->urgency], &call->link);
    lane->waiting++;
    lane_pump(lane);
}

void
lane_promote(struct lane *lane, struct call *call)
{
    if (call->is_flying || call->urgency == URGENT)
        return;
    list_remove(&call->link);
    call->urgency = URGENT;
    list_add_last(&lane->queues[URGENT], &call->link);
    lane_pump(lane);
}

void
lane_cancel(struct lane *lane, struct call *call)
{
    struct core *core = lane->core;
    int64_t now_ms = core->clock->mono_ms;

    if (list_is_empty(&call->link))
        return;
    if (!call->is_flying) {
        list_remove(&call->link);
        lane->waiting--;
        return;
    }
    land(lane, call);
    core->ports.cancel(core->ports.context, call);
    /* The service counts it all the same. */
    budget_note(lane->budget, now_ms - call->sent_at_ms, (size_t)call->cost);
    /* Whoever cancels is not ready for others to leave. */
    timer_set_reserved(core->timers, &lane->timer, now_ms);
}

/* --- answers ------------------------------------------------------------------------------------- */

void
lane_hold(struct lane *lane, int64_t wait_ms)
{
    int64_t until_ms = lane->core->clock->mono_ms + wait_ms;

    if (until_ms > lane->not_before_ms)
        lane->not_before_ms = until_ms;
}

static void
requeue_first(struct lane *lane, struct call *call)
{
    call->was_sent = false; /* it was not carried out */
    call_reset(call);
    list_add_first(&lane->queues[call->urgency], &call->link);
    lane->waiting++;
}

static void
report(struct lane *lane, struct call *call, int attempt, const char *next)
{
    struct core *core = lane->core;
    struct call_report report = call_report_of(call);

    report.attempt = attempt;
    report.next = next;
    report.next_in_ms = lane->not_before_ms - core->clock->mono_ms;
    if (report.next_in_ms < 0)
        report.next_in_ms = 0;
    core->ports.failed(core->ports.context, &report);
}

void
lane_throttled(struct lane *lane, int64_t told_ms)
{
    lane_hold(lane, core_backoff_ms(lane->core, ++lane->throttled, told_ms));
}

/* True when the lane dealt with the answer itself: the call waits again. */
static bool
is_lanes_affair(struct lane *lane, struct call *call)
{
    if (call->verdict == VERDICT_THROTTLED) {
        lane_throttled(lane, call->error.retry_after_ms);
        report(lane, call, lane->throttled, "lane held");
        requeue_first(lane, call);
        return true;
    }
    if (call->verdict == VERDICT_UNAUTHORISED && !call->is_resent) {
        token_refused(lane->token, call->token_serial);
        call->is_resent = true;
        report(lane, call, 1, "fresh token");
        requeue_first(lane, call);
        return true;
    }
    if (call->verdict == VERDICT_UNAUTHORISED)
        call->verdict = VERDICT_MISCONFIGURED;
    return false;
}

/* A service that fails again and again is asked by single probes, with growing pauses. */
static void
count_failures(struct lane *lane, const struct call *call)
{
    if (call->verdict != VERDICT_RETRY) {
        lane->failures = 0;
        return;
    }
    lane->failures++;
    if (lane->failures >= FAILURES_BEFORE_PROBES)
        lane_hold(lane,
                  core_backoff_ms(lane->core, lane->failures - FAILURES_BEFORE_PROBES + 1, 0));
}

void
lane_answered(struct lane *lane, struct call *call)
{
    int64_t now_ms = lane->core->clock->mono_ms;
    bool is_done = call->verdict == VERDICT_DONE;
    int throttled = lane->throttled;

    land(lane, call);
    budget_note(lane->budget, now_ms - call->sent_at_ms, (size_t)call->cost);
    if (call->dop_hint > 0)
        lane->dop_hint = call->dop_hint;
    count_failures(lane, call);
    if (call->verdict != VERDICT_DONE && call->error.retry_after_ms > 0)
        lane_hold(lane, call->error.retry_after_ms);
    if (!is_lanes_affair(lane, call))
        call->done(call);
    if (is_done && lane->throttled == throttled) /* no part of it was throttled either */
        lane->throttled = 0;
    lane_pump(lane);
}

/* The token's listener: without one, all who wait are answered. */
static void
fail_all(void *arg, const char *reason, const struct error *error)
{
    struct lane *lane = arg;

    if (error == NULL) {
        lane_pump(lane);
        return;
    }
    for (size_t most = lane->waiting; most > 0 && lane->waiting > 0; most--) {
        struct call *call = pop(lane, next_urgency(lane));

        if (call->prepare != NULL && !call->prepare(call))
            continue;
        call->verdict = VERDICT_MISCONFIGURED;
        call->reason = reason;
        call->error = *error;
        call->done(call);
    }
}

/* --- shares and gauges --------------------------------------------------------------------------- */

void
lane_set_share(struct lane *lane, double share)
{
    budget_set_share(lane->budget, share);
}

void
lane_warm(struct lane *lane)
{
    uint64_t serial;

    (void)token_get(lane->token, &serial);
}

const char *
lane_fault(const struct lane *lane, int64_t *ret_since_ms)
{
    return token_fault(lane->token, ret_since_ms);
}

const char *
lane_name(const struct lane *lane)
{
    return lane->name;
}

size_t
lane_in_flight(const struct lane *lane)
{
    return lane->in_flight;
}

size_t
lane_waiting(const struct lane *lane)
{
    return lane->waiting;
}

double
lane_used_ratio(struct lane *lane)
{
    return budget_used_ratio(lane->budget, lane->cost_in_flight);
}

int64_t
lane_not_before_ms(const struct lane *lane)
{
    return lane->not_before_ms > lane->core->clock->mono_ms ? lane->not_before_ms : 0;
}
