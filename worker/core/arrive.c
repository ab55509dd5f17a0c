/*
 * None of these decides anything about a user: they hang tickets on jobs or take them off, and leave the rest to the sync machine.
 */
#include "arrive.h"

#include "apply.h"
#include "reading.h"
#include "run.h"
#include "sync.h"
#include "trouble.h"

struct job *
arrive_reserve(struct site *site, const struct guid *user)
{
    struct job *job = workqueue_find(site->workqueue, site->environment, user);

    if (job != NULL)
        return job;
    if (timers_reserve(site->core->timers, 1) != 0)
        return NULL;
    job = workqueue_add(site->workqueue, site->environment, user);
    if (job == NULL) {
        timers_release(site->core->timers, 1);
        return NULL;
    }
    site->ledger->bytes += job_size(job);
    trouble_init(site, job);
    run_begin(site, job);
    return job;
}

void
arrive_release(struct site *site, struct job *job)
{
    if (!job->is_started)
        run_remove(site, job);
}

void
arrive_ticket(struct site *site, struct job *job, struct ticket *ticket)
{
    tickets_add(job->is_read_sent || job->is_over ? &job->late : &job->tickets, ticket);
    if (!job->is_started)
        sync_restart(site, job);
    else if (window_topic(ticket->record->window) == 0)
        sync_promote(site, job);
}

static void
doubt(struct tickets *tickets, int route, int64_t event_ms)
{
    for (struct ticket *ticket = tickets_first(tickets); ticket != NULL;
         ticket = tickets_next(tickets, ticket)) {
        if (ticket->route != route)
            continue;
        ticket->is_doubted = true;
        if (event_ms > ticket->removed_ms)
            ticket->removed_ms = event_ms;
    }
}

static bool
is_outdated(const struct ticket *ticket, void *arg)
{
    (void)arg;
    return ticket->removed_ms != EVENT_NO_TIME &&
           ticket->removed_ms > record_news_ms(ticket->record);
}

/* Where nobody can be asked, the later of the two event times wins. */
static void
settle_outdated(struct site *site, struct job *job, struct tickets *tickets)
{
    struct ending gone = {.outcome = OUTCOME_SKIPPED,
                          .reason = "removed_since",
                          .detail = "a later removal arrived",
                          .request_id = "",
                          .attempts = job->attempts};

    run_settle(site, job, tickets_take(tickets, is_outdated, NULL), &gone);
}

static void
doubt_and_settle(struct site *site, struct job *job, struct tickets *tickets, int route,
                 int64_t event_ms)
{
    doubt(tickets, route, event_ms);
    if (!site->environment->has_graph)
        settle_outdated(site, job, tickets);
}

void
arrive_removal(struct site *site, const struct guid *user, int route, int64_t event_ms)
{
    struct job *job = workqueue_find(site->workqueue, site->environment, user);

    if (job == NULL)
        return;
    doubt_and_settle(site, job, &job->late, route, event_ms);
    if (job->is_over || apply_is_past_write(job))
        return;
    doubt_and_settle(site, job, &job->tickets, route, event_ms);
    route_set_remove(job_asked(job), route);
    route_set_remove(job_member(job), route);
    if (job->call != NULL && job->call->is_flying)
        return;
    if (tickets_are_none(&job->tickets)) {
        run_finish(site, job);
    } else if (job->call != NULL || job->awaits_sources) {
        /* what is under way may rest on an answer from before the removal */
        apply_cancel(site, job);
        reading_stop(site, job);
        sync_restart(site, job);
    }
}

void
arrive_revoked(struct site *site, struct job *job)
{
    if (apply_is_past_write(job) || run_drop_stale(site, job))
        return;
    run_finish(site, job);
}

/* Reading has begun nothing yet while all that it asks for waits for its turn. */
static bool
waits_to_read(const struct job *job)
{
    return !job->is_synced && !job->has_written && job->look_batch == NULL &&
           job->sources_batch == NULL;
}

bool
arrive_is_idle(const struct site *site, const struct job *job)
{
    switch (job->state) {
    case JOB_BACKING_OFF:
    case JOB_HELD:
        return true;
    case JOB_READING:
        return waits_to_read(job);
    case JOB_REFERRING:
        return !site->refer.is_asking;
    default:
        return false;
    }
}

static bool
is_any(const struct ticket *ticket, void *arg)
{
    (void)ticket;
    (void)arg;
    return true;
}

void
arrive_give_up(struct site *site, struct job *job)
{
    run_drop(site, tickets_take(&job->tickets, is_any, NULL));
    run_drop(site, tickets_take(&job->late, is_any, NULL));
    run_remove(site, job);
}
