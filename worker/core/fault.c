/* One fault a kind of right: a text, a list of those who wait, and a timer for probes. */
#include "fault.h"

#include <stdlib.h>
#include <string.h>

#include "breaker.h"
#include "sync.h"

static struct job *
first_held(struct fault *fault)
{
    return list_entry(fault->held.next, struct job, link);
}

static void
set_probe(struct fault *fault)
{
    struct core *core = fault->site->core;

    timer_set_reserved(core->timers, &fault->probe,
                       core->clock->mono_ms + core->settings->probe_ms);
}

/* One job may try, this one or another that comes first; whatever comes of it, the next may a probe later. */
static void
probe(struct timer *timer, void *arg)
{
    struct fault *fault = arg;
    struct job *job;

    (void)timer;
    fault->may_probe = true;
    set_probe(fault);
    if (list_is_empty(&fault->held))
        return;
    job = first_held(fault);
    list_remove(&job->link);
    sync_restart(fault->site, job);
}

void
fault_init(struct site *site, int of)
{
    struct fault *fault = &site->faults[of];

    fault->site = site;
    list_init(&fault->held);
    timer_init(&fault->probe, probe, fault);
}

void
fault_fini(struct fault *fault)
{
    timer_cancel(fault->site->core->timers, &fault->probe);
    free(fault->text);
    fault->text = NULL;
    fault->may_probe = false;
}

static void
hold(struct fault *fault, struct job *job)
{
    job_forget_reads(job);
    job->state = JOB_HELD;
    list_add_last(&fault->held, &job->link);
}

void
fault_hold(struct site *site, int of, struct job *job, const struct error *error)
{
    struct fault *fault = &site->faults[of];

    if (fault->text == NULL) {
        fault->text = strdup(error->text);
        fault->since_ms = site->core->clock->mono_ms;
    }
    hold(fault, job);
    breaker_trip(site);
    if (!timer_is_set(&fault->probe))
        set_probe(fault);
}

bool
fault_holds(struct site *site, int of, struct job *job)
{
    struct fault *fault = &site->faults[of];

    if (fault->text == NULL)
        return false;
    if (fault->may_probe) {
        fault->may_probe = false;
        return false;
    }
    hold(fault, job);
    return true;
}

void
fault_clear(struct site *site, int of)
{
    struct fault *fault = &site->faults[of];

    if (fault->text == NULL)
        return;
    fault_fini(fault);
    while (!list_is_empty(&fault->held)) {
        struct job *job = first_held(fault);

        list_remove(&job->link);
        sync_restart(site, job);
    }
}
