/*
 * The call is one struct, re-used; ${is_asking} says that it is under way. After a failure the timer lets everybody plan again, and the first
 * who still lacks something asks.
 */
#include "refer.h"

#include <stdlib.h>
#include <string.h>

#include "breaker.h"
#include "lane.h"
#include "sync.h"

static void
release(struct site *site)
{
    struct link waiting;

    list_init(&waiting);
    list_move_all(&waiting, &site->refer.waiting);
    while (!list_is_empty(&waiting)) {
        struct job *job = list_entry(waiting.next, struct job, link);

        list_remove(&job->link);
        sync_step(site, job);
    }
}

static void
timer_is_due(struct timer *timer, void *arg)
{
    (void)timer;
    release(arg);
}

static void
wait_and_release(struct site *site, int64_t wait_ms)
{
    struct core *core = site->core;

    timer_set_reserved(core->timers, &site->refer.timer, core->clock->mono_ms + wait_ms);
}

/* --- answers ------------------------------------------------------------------------------------- */

/* The name that the environment lacks; NULL: all is there. */
static const char *
learn(struct site *site, const struct call *call)
{
    struct refer *refer = &site->refer;

    if (call->kind == CALL_UNITS)
        return directory_learn_units(site->directory, call->units, call->unit_count);
    if (call->role_count == 0)
        return directory_learn_roles(site->directory, call->found_roles, call->found_role_count);
    /* Without memory some copies stay unknown and are asked for again. */
    if (directory_learn_copies(site->directory, &refer->unit, refer->roots, call->role_count,
                               call->found_roles, call->found_role_count) != 0)
        return NULL;
    return NULL;
}

static void
set_fault(struct site *site, const char *text)
{
    struct refer *refer = &site->refer;

    if (refer->fault != NULL)
        return;
    refer->fault = strdup(text);
    refer->fault_since_ms = site->core->clock->mono_ms;
}

static void
fail(struct site *site, struct call *call)
{
    struct core *core = site->core;
    struct refer *refer = &site->refer;
    bool is_misconfigured = call->verdict == VERDICT_MISCONFIGURED;
    struct call_report report = call_report_of(call);

    report.attempt = ++refer->failures;
    report.next = is_misconfigured ? "hold" : "retry";
    report.next_in_ms = is_misconfigured
                            ? core->settings->probe_ms
                            : core_backoff_ms(core, refer->failures, call->error.retry_after_ms);
    core->ports.failed(core->ports.context, &report);
    if (is_misconfigured) {
        set_fault(site, call->error.text);
        breaker_trip(site);
    }
    wait_and_release(site, report.next_in_ms);
}

static void
lack(struct site *site, struct call *call, const char *name)
{
    call->verdict = VERDICT_MISCONFIGURED;
    call->reason = "not_in_dataverse";
    error_set(&call->error, ERROR_CONFIG, "%s '%s' is not to be found in environment '%s'",
              call->kind == CALL_UNITS ? "business unit" : "role", name, site->environment->name);
    fail(site, call);
}

static void
done(struct call *call)
{
    struct site *site = call->owner;
    struct refer *refer = &site->refer;
    const char *lacking;

    refer->is_asking = false;
    if (call->verdict != VERDICT_DONE) {
        fail(site, call);
        return;
    }
    lacking = learn(site, call);
    if (lacking != NULL) {
        lack(site, call, lacking);
        return;
    }
    refer->failures = 0;
    free(refer->fault);
    refer->fault = NULL;
    release(site);
}

/* --- questions ----------------------------------------------------------------------------------- */

static void
ask_for_units(struct site *site)
{
    struct call *call = &site->refer.call;

    call_reset(call);
    call_init(call, CALL_UNITS, site->environment, done, site);
    site->refer.is_asking = true;
    lane_submit(site->dataverse, call);
}

static void
ask_for_roles(struct site *site, const struct plan *plan)
{
    struct refer *refer = &site->refer;
    struct call *call = &refer->call;

    call_reset(call);
    call_init(call, CALL_ROLES, site->environment, done, site);
    if (plan->action == PLAN_COPIES) {
        refer->unit = plan->unit;
        memcpy(refer->roots, plan->roles, plan->role_count * sizeof(refer->roots[0]));
        call->roles = refer->roots;
        call->role_count = plan->role_count;
    } else {
        refer->unit = *directory_root_unit(site->directory);
    }
    call->unit = &refer->unit;
    refer->is_asking = true;
    lane_submit(site->dataverse, call);
}

static bool
may_ask(const struct site *site)
{
    return !site->refer.is_asking && !timer_is_set(&site->refer.timer);
}

void
refer_foresee(struct site *site)
{
    if (!directory_has_units(site->directory) && may_ask(site))
        ask_for_units(site);
}

void
refer_ask(struct site *site, struct job *job)
{
    job->state = JOB_REFERRING;
    list_add_last(&site->refer.waiting, &job->link);
    if (!may_ask(site))
        return;
    if (site->plan.action == PLAN_UNITS)
        ask_for_units(site);
    else
        ask_for_roles(site, &site->plan);
}

void
refer_init(struct site *site)
{
    struct refer *refer = &site->refer;

    call_init(&refer->call, CALL_UNITS, site->environment, done, site);
    list_init(&refer->waiting);
    timer_init(&refer->timer, timer_is_due, site);
}

void
refer_fini(struct site *site)
{
    struct refer *refer = &site->refer;

    if (refer->is_asking)
        lane_cancel(site->dataverse, &refer->call);
    timer_cancel(site->core->timers, &refer->timer);
    call_reset(&refer->call);
    free(refer->fault);
}
