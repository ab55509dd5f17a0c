/*
 * One entry, trouble_meet; what follows is waiting (the job's own timer), holding, or keeping one record a group on the dead-letter topic.
 */
#include "trouble.h"

#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "reading.h"
#include "run.h"
#include "sync.h"

/* A row that changes under us so often within one run is trouble like any other. */
enum { CHANGES_AT_ONCE = 3 };

static void keep_next(struct site *site, struct job *job);

static void
timer_is_due(struct timer *timer, void *arg)
{
    struct job *job = list_entry(timer, struct job, timer);

    if (job->is_over)
        keep_next(arg, job);
    else
        sync_restart(arg, job);
}

static void
back_off(struct site *site, struct job *job, int64_t wait_ms)
{
    struct core *core = site->core;

    job_forget_reads(job);
    job->state = JOB_BACKING_OFF;
    timer_set_reserved(core->timers, &job->timer, core->clock->mono_ms + wait_ms);
}

static void
note_trouble(struct site *site, struct job *job, const struct trouble *trouble)
{
    const char *request_id = trouble->error->request_id;

    job->attempts++;
    job->reason = trouble->reason;
    free(job->detail);
    job->detail = strdup(trouble->error->text);
    if (request_id[0] != '\0')
        memcpy(job->request_id, request_id, sizeof(job->request_id));
    if (job->first_failure_ms == 0)
        job->first_failure_ms = site->core->clock->wall_ms;
}

static bool
is_of_route(const struct ticket *ticket, void *arg)
{
    return ticket->route == *(const int32_t *)arg;
}

/* The delivery report of one route's record was seen: its ticket is dead, the others it covers are superseded. */
static void
settle_kept(struct site *site, struct job *job)
{
    struct ticket *chain = tickets_take(&job->tickets, is_of_route, &job->kept_route);
    enum outcome outcome = job->kept_tier >= 0 ? OUTCOME_PARKED : OUTCOME_DEAD;
    struct ending ending = {.outcome = outcome,
                            .reason = job->reason,
                            .detail = job->detail == NULL ? "" : job->detail,
                            .request_id = job->request_id,
                            .attempts = job->attempts};
    struct ticket *following;

    for (struct ticket *ticket = chain; ticket != NULL; ticket = following) {
        following = ticket->next;
        ending.outcome = ticket->payload != NULL ? outcome : OUTCOME_SUPERSEDED;
        ending.tier = job->kept_tier;
        ledger_settle(site->ledger, ticket, job->environment, &job->key.user, &ending);
    }
}

static void
hold_for(struct site *site, struct job *job, int64_t wait_ms)
{
    struct core *core = site->core;

    job->state = JOB_HELD;
    timer_set_reserved(core->timers, &job->timer, core->clock->mono_ms + wait_ms);
}

static void
kept(void *arg, const struct error *error)
{
    struct job *job = arg;
    struct site *site = job->timer.arg;

    job->keeping = NULL;
    if (error != NULL) {
        hold_for(site, job, core_backoff_ms(site->core, ++job->attempts, 0));
        return;
    }
    settle_kept(site, job);
    keep_next(site, job);
}

/* There is no place for it: its events are held, and it is tried again now and then. */
static void
hold(struct site *site, struct job *job)
{
    job->is_over = false;
    back_off(site, job, site->core->settings->backoff_cap_ms);
    job->state = JOB_HELD;
}

static void
keep(struct site *site, struct job *job, const struct destination *to)
{
    struct payload *payload = job->tickets.kept->payload;
    struct keep_reason reason = {
        .to = *to,
        .environment = job->environment,
        .class = verdict_name(job->verdict),
        .code = job->reason,
        .text = job->detail == NULL ? "" : job->detail,
        .attempts = job->attempts,
        .first_failure_ms = job->first_failure_ms,
        .last_failure_ms = site->core->clock->wall_ms,
    };

    job->state = JOB_KEEPING;
    job->kept_route = job->tickets.kept->route;
    job->kept_tier = to->tier;
    job->keeping = keeper_keep(site->keeper, payload, &reason, kept, job);
    if (job->keeping == NULL)
        hold_for(site, job, site->core->settings->backoff_cap_ms);
}

/* Keeps one record a group, one after the other; then the run is over. */
static void
keep_next(struct site *site, struct job *job)
{
    struct destination to;

    if (tickets_are_none(&job->tickets)) {
        run_report(site, job, job->kept_tier >= 0 ? "parked" : "dead");
        run_finish(site, job);
        return;
    }
    to = keeper_destination(site->keeper, job->tickets.kept->payload, job->verdict);
    if (to.tier == TO_NOWHERE)
        hold(site, job);
    else
        keep(site, job, &to);
}

/* The run failed for now or for good. */
static void
fail(struct site *site, struct job *job, enum verdict verdict)
{
    job->verdict = verdict;
    if (strcmp(job->reason, "role_without_copy") == 0)
        directory_forget(site->directory);
    job->is_over = true;
    keep_next(site, job);
}

/* --- what comes next ---------------------------------------------------------------------------- */

/* What comes next for a job, and after how long; -1: not by itself. */
struct next {
    enum { LOOK_AGAIN, RETRY, HOLD, FAIL } what;
    int64_t in_ms;
};

/* Entra's licences and security groups take minutes to arrive: asking again at once is a wasted call. */
static int64_t
pause_ms(const struct engine_settings *settings, enum verdict verdict)
{
    return verdict == VERDICT_REFUSED ? settings->refused_pause_ms : 0;
}

static struct next
retry(struct site *site, struct job *job, const struct trouble *trouble)
{
    const struct engine_settings *settings = site->core->settings;
    int64_t told_ms = trouble->error->retry_after_ms;
    int64_t own_ms =
        core_backoff_ms(site->core, job->attempts, -1) + pause_ms(settings, trouble->verdict);

    /* what a service told is the lane's time, not the job's */
    if (trouble->verdict != VERDICT_WAIT)
        job->spent_ms += own_ms;
    if (job->spent_ms > settings->deadline_ms)
        return (struct next){FAIL, -1};
    return (struct next){RETRY, told_ms > 0 ? told_ms + own_ms : own_ms};
}

static struct next
decide(struct site *site, struct job *job, const struct trouble *trouble)
{
    switch (trouble->verdict) {
    case VERDICT_REJECTED:
        return (struct next){FAIL, -1};
    case VERDICT_MISCONFIGURED:
        return (struct next){HOLD, site->core->settings->probe_ms};
    case VERDICT_CHANGED:
        if (job->attempts <= CHANGES_AT_ONCE)
            return (struct next){LOOK_AGAIN, 0};
        return retry(site, job, trouble);
    default:
        return retry(site, job, trouble);
    }
}

static const char *
name_of(const struct site *site, const struct job *job, enum verdict verdict,
        const struct next *next)
{
    static const char *const names[] = {"look again", "retry", "hold"};
    struct destination to;

    if (next->what != FAIL)
        return names[next->what];
    to = keeper_destination(site->keeper, job->tickets.kept->payload, verdict);
    if (to.tier == TO_NOWHERE)
        return "hold";
    return to.tier >= 0 ? "park" : "dead letter";
}

static const char *
step_name(int of)
{
    if (of == OF_PLAN)
        return "plan";
    return call_kind_name(of == FAULT_MEMBERS ? CALL_SOURCES : (enum call_kind)of);
}

static void
report(struct site *site, struct job *job, const struct trouble *trouble, const struct next *next)
{
    const struct core *core = site->core;
    const struct ticket *ticket = tickets_first(&job->tickets);
    const struct record *record = ticket->record;
    const struct event_place event = {
        .group = site->environment->routes[ticket->route].group,
        .topic = window_topic(record->window),
        .partition = window_partition(record->window),
        .offset = window_offset(record->window, record->serial),
    };
    const struct call_report report = {
        .step = step_name(trouble->of),
        .environment = site->environment,
        .verdict = trouble->verdict,
        .reason = trouble->reason,
        .error = trouble->error,
        .user = &job->key.user,
        .event = &event,
        .attempt = job->attempts,
        .next_in_ms = next->in_ms,
        .next = name_of(site, job, trouble->verdict, next),
    };

    core->ports.failed(core->ports.context, &report);
}

void
trouble_meet(struct site *site, struct job *job, const struct trouble *trouble)
{
    struct next next;

    note_trouble(site, job, trouble);
    if (!run_drop_stale(site, job)) {
        run_finish(site, job);
        return;
    }
    next = decide(site, job, trouble);
    report(site, job, trouble, &next);
    if (next.what == FAIL)
        fail(site, job, trouble->verdict);
    else if (next.what == HOLD)
        fault_hold(site, trouble->of, job, trouble->error);
    else if (next.what == RETRY)
        back_off(site, job, next.in_ms);
    else
        sync_restart(site, job);
}

void
trouble_park(struct site *site, struct job *job, const char *fault)
{
    reading_stop(site, job);
    list_remove(&job->link);
    job_forget_reads(job);
    job->reason = "misconfigured";
    free(job->detail);
    job->detail = strdup(fault);
    if (job->first_failure_ms == 0)
        job->first_failure_ms = site->core->clock->wall_ms;
    if (run_drop_stale(site, job))
        fail(site, job, VERDICT_MISCONFIGURED);
    else
        run_finish(site, job);
}

void
trouble_init(struct site *site, struct job *job)
{
    timer_init(&job->timer, timer_is_due, site);
}
