/*
 * Chains of tickets are taken out of the job by a predicate and then settled or dropped one by one.
 */
#include "run.h"

#include <stdlib.h>
#include <string.h>

#include "apply.h"
#include "reading.h"
#include "sync.h"
#include "text.h"

void
run_begin(struct site *site, struct job *job)
{
    job->is_synced = job->has_written = job->has_moved = job->is_over = false;
    memset(job->columns_written, 0, sizeof(job->columns_written));
    if (job->changes != NULL)
        text_clear(job->changes);
    free(job->detail);
    job->detail = NULL;
    job->reason = "";
    job->request_id[0] = '\0';
    job->calls = job->attempts = 0;
    job->spent_ms = job->first_failure_ms = 0;
    job->started_ms = site->core->clock->mono_ms;
}

static void
stop_all(struct site *site, struct job *job)
{
    reading_stop(site, job);
    list_remove(&job->link);
    timer_cancel(site->core->timers, &job->timer);
    apply_cancel(site, job);
    if (job->keeping != NULL)
        keeper_forget(site->keeper, job->keeping);
    job->keeping = NULL;
}

void
run_remove(struct site *site, struct job *job)
{
    stop_all(site, job);
    site->ledger->bytes -= job_size(job);
    workqueue_remove(site->workqueue, job);
    timers_release(site->core->timers, 1);
}

void
run_report(struct site *site, const struct job *job, const char *outcome)
{
    struct core *core = site->core;
    struct run_report report = {
        .environment = site->environment,
        .user = job->key.user,
        .row = job->row.id,
        .outcome = outcome,
        .changes = job->changes != NULL && job->changes->data != NULL ? job->changes->data : "",
        .request_id = job->request_id,
        .calls = job->calls,
        .attempts = job->attempts,
        .took_ms = core->clock->mono_ms - job->started_ms,
    };

    core->ports.ran(core->ports.context, &report);
}

struct coverage {
    struct site *site;
    struct job *job;
};

static bool
is_covered(const struct ticket *ticket, void *arg)
{
    struct coverage *coverage = arg;
    struct job *job = coverage->job;

    return memory_covers(coverage->site->memory, job->environment, &job->key.user, ticket->route,
                         record_latest_ms(ticket->record));
}

void
run_settle(struct site *site, struct job *job, struct ticket *chain, const struct ending *ending)
{
    struct ticket *following;

    for (struct ticket *ticket = chain; ticket != NULL; ticket = following) {
        following = ticket->next;
        ledger_settle(site->ledger, ticket, job->environment, &job->key.user, ending);
    }
}

static bool
is_stale(const struct ticket *ticket, void *arg)
{
    (void)arg;
    return record_is_stale(ticket->record);
}

void
run_drop(struct site *site, struct ticket *chain)
{
    struct ticket *following;

    for (struct ticket *ticket = chain; ticket != NULL; ticket = following) {
        following = ticket->next;
        ledger_drop(site->ledger, ticket);
    }
}

/* The run's tickets are settled: late ones are held against the verification just made, what is left runs once more. */
void
run_finish(struct site *site, struct job *job)
{
    struct coverage coverage = {site, job};
    struct ending remembered = {
        .outcome = OUTCOME_DONE, .reason = "remembered", .detail = "", .request_id = ""};

    run_drop(site, tickets_take(&job->late, is_stale, NULL));
    run_settle(site, job, tickets_take(&job->late, is_covered, &coverage), &remembered);
    if (tickets_are_none(&job->late)) {
        run_remove(site, job);
        return;
    }
    stop_all(site, job);
    run_begin(site, job);
    sync_restart(site, job);
}

/* The tickets of this run that still count; false: none, and the run is over. */
bool
run_drop_stale(struct site *site, struct job *job)
{
    run_drop(site, tickets_take(&job->tickets, is_stale, NULL));
    run_drop(site, tickets_take(&job->late, is_stale, NULL));
    return !tickets_are_none(&job->tickets);
}
