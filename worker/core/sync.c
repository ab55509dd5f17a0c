/*
 * A run of a job: read, then step after step as the plan says, until its tickets are settled. All waiting is in others' lists (readers, refer,
 * confirm, fault) or in the job's own timer (trouble), and job->state says which.
 */
#include "sync.h"

#include <string.h>

#include "apply.h"
#include "breaker.h"
#include "confirm.h"
#include "fault.h"
#include "lane.h"
#include "membership.h"
#include "reading.h"
#include "refer.h"
#include "run.h"
#include "text.h"
#include "trouble.h"

/* --- starting ------------------------------------------------------------------------------------ */

static bool
has_attributes(const struct job *job)
{
    for (struct ticket *ticket = tickets_first(&job->tickets); ticket != NULL;
         ticket = tickets_next(&job->tickets, ticket)) {
        if (job->environment->routes[ticket->route].column_count > 0)
            return true;
    }
    return false;
}

static bool
has_units_or_roles(const struct job *job)
{
    for (struct ticket *ticket = tickets_first(&job->tickets); ticket != NULL;
         ticket = tickets_next(&job->tickets, ticket)) {
        const struct route *route = &job->environment->routes[ticket->route];

        if (route->unit >= 0 || route->role_count > 0)
            return true;
    }
    return false;
}

/* Whoever was young on arrival may have waited too long to be believed. */
static void
doubt_the_old(struct site *site, struct job *job)
{
    for (struct ticket *ticket = tickets_first(&job->tickets); ticket != NULL;
         ticket = tickets_next(&job->tickets, ticket)) {
        if (membership_is_doubtful(site->core->settings, site->core->clock,
                                   ticket->record->event_ms))
            ticket->is_doubted = true;
    }
}

/* Urgent is the main topic. */
static enum urgency
urgency_of(const struct tickets *tickets)
{
    for (struct ticket *ticket = tickets_first(tickets); ticket != NULL;
         ticket = tickets_next(tickets, ticket)) {
        if (window_topic(ticket->record->window) == 0)
            return URGENT;
    }
    return PATIENT;
}

void
sync_promote(struct site *site, struct job *job)
{
    if (job->urgency == URGENT)
        return;
    job->urgency = URGENT;
    reader_promote(site->look, job);
    if (site->sources != NULL)
        reader_promote(site->sources, job);
    if (job->call != NULL)
        lane_promote(job->call->lane, job->call);
}

void
sync_restart(struct site *site, struct job *job)
{
    bool wants_person;

    job_forget_reads(job);
    job->is_started = true;
    job->has_written = false; /* what is written from here on rests on new readings */
    tickets_add_all(&job->tickets, &job->late);
    job->urgency = urgency_of(&job->tickets);
    doubt_the_old(site, job);
    wants_person = site->sources != NULL && has_attributes(job);
    if ((wants_person || reading_has_groups(site, job)) &&
        !reading_sources(site, job, wants_person))
        return;
    reading_row(site, job);
    if (has_units_or_roles(job))
        refer_foresee(site);
}

/* --- one step ------------------------------------------------------------------------------------ */

struct meant {
    struct site *site;
    struct job *job;
    enum membership membership;
};

static bool
is_of_membership(const struct ticket *ticket, void *arg)
{
    struct meant *meant = arg;

    return membership_of(meant->job, ticket, meant->site->core->settings,
                         meant->site->core->clock) == meant->membership;
}

static void
settle_members(struct site *site, struct job *job, enum membership membership,
               const struct ending *ending)
{
    struct meant meant = {site, job, membership};

    run_settle(site, job, tickets_take(&job->tickets, is_of_membership, &meant), ending);
}

static void
do_done(struct site *site, struct job *job)
{
    struct ending confirmed = {
        .outcome = OUTCOME_DONE,
        .reason = "confirmed",
        .detail = job->changes == NULL || job->changes->data == NULL ? "" : job->changes->data,
        .request_id = job->request_id,
        .attempts = job->attempts};

    memory_note(site->memory, job->environment, &job->key.user, site->routes,
                job->read_sent_wall_ms, job->read_sent_ms);
    run_report(site, job, "ready");
    settle_members(site, job, MEMBERSHIP_YES, &confirmed);
    if (tickets_are_none(&job->tickets)) {
        run_finish(site, job);
        return;
    }
    sync_step(site, job);
}

static void
do_look(struct site *site, struct job *job)
{
    reading_row(site, job);
}

static void
do_look_roles(struct site *site, struct job *job)
{
    job->wants_fresh_roles = true;
    reading_row(site, job);
}

static void
do_sources(struct site *site, struct job *job)
{
    reading_sources(site, job, true);
}

/* Final for old events only: a young one waits for Graph to catch up. */
static bool
is_old(const struct ticket *ticket, void *arg)
{
    struct meant *meant = arg;

    return membership_no_is_final(meant->site->core->settings, meant->site->core->clock,
                                  ticket->record);
}

static void
do_no_person(struct site *site, struct job *job)
{
    struct meant meant = {.site = site, .job = job};
    struct ending skipped = {.outcome = OUTCOME_SKIPPED,
                             .reason = "not_a_user",
                             .detail = "Entra does not know this user",
                             .request_id = job->request_id,
                             .attempts = job->attempts};
    struct error error;
    const struct trouble trouble = {CALL_SOURCES, VERDICT_WAIT, "not_a_user_yet", &error};

    run_settle(site, job, tickets_take(&job->tickets, is_old, &meant), &skipped);
    if (tickets_are_none(&job->tickets)) {
        run_finish(site, job);
        return;
    }
    error_set(&error, ERROR_SERVICE, "Entra does not know the user yet");
    trouble_meet(site, job, &trouble);
}

static void
do_skip(struct site *site, struct job *job)
{
    struct ending skipped = {.outcome = OUTCOME_SKIPPED,
                             .reason = site->plan.reason,
                             .detail = site->plan.detail,
                             .request_id = job->request_id,
                             .attempts = job->attempts};

    run_report(site, job, "skipped");
    settle_members(site, job, MEMBERSHIP_YES, &skipped);
    if (tickets_are_none(&job->tickets))
        run_finish(site, job);
    else
        sync_step(site, job);
}

static void
fail_by_plan(struct site *site, struct job *job, enum verdict verdict)
{
    const char *reason = site->plan.reason;
    struct error error;
    const struct trouble trouble = {OF_PLAN, verdict, reason, &error};

    error_set(&error, ERROR_SERVICE, "%s%s%s", reason, site->plan.detail[0] == '\0' ? "" : ": ",
              site->plan.detail);
    trouble_meet(site, job, &trouble);
}

static void
do_refuse(struct site *site, struct job *job)
{
    fail_by_plan(site, job, VERDICT_REFUSED);
}

static void
do_reject(struct site *site, struct job *job)
{
    fail_by_plan(site, job, VERDICT_REJECTED);
}

typedef void action_fn(struct site *site, struct job *job);

static action_fn *const actions[] = {
    [PLAN_DONE] = do_done,
    [PLAN_LOOK] = do_look,
    [PLAN_LOOK_ROLES] = do_look_roles,
    [PLAN_SOURCES] = do_sources,
    [PLAN_UNITS] = refer_ask,
    [PLAN_ROLES] = refer_ask,
    [PLAN_COPIES] = refer_ask,
    [PLAN_FORCE_SYNC] = apply_plan,
    [PLAN_CONFIRM] = confirm_wait,
    [PLAN_PATCH] = apply_plan,
    [PLAN_MOVE] = apply_plan,
    [PLAN_ROLE] = apply_plan,
    [PLAN_NO_PERSON] = do_no_person,
    [PLAN_SKIP] = do_skip,
    [PLAN_REFUSE] = do_refuse,
    [PLAN_REJECT] = do_reject,
};

static void
make_plan(struct site *site, const struct job *job)
{
    const struct core *core = site->core;
    struct plan_view view = {
        .want = &site->want,
        .directory = site->directory,
        .row_state = job->row_state,
        .row = &job->row,
        .person = job->has_person ? &job->person : NULL,
        .sources_are_fresh =
            core->clock->mono_ms - job->sources_at_ms <= core->settings->sources_max_age_ms,
        .is_synced = job->is_synced,
        .has_fresh_roles = job->has_fresh_roles,
        .has_moved = job->has_moved,
        .columns_written = job->columns_written,
    };

    plan_next(&view, &site->plan);
}

/* No ticket counts any more; or those that are left wait for Graph to show a membership. */
static void
end_or_wait(struct site *site, struct job *job)
{
    struct error error;
    const struct trouble trouble = {CALL_SOURCES, VERDICT_WAIT, "not_a_member_yet", &error};

    if (tickets_are_none(&job->tickets)) {
        run_finish(site, job);
        return;
    }
    error_set(&error, ERROR_SERVICE, "Entra does not show the membership yet");
    trouble_meet(site, job, &trouble);
}

static bool
is_nobody_a_member(struct site *site, const struct job *job)
{
    for (size_t i = 0; i < job->words; i++) {
        if (site->routes[i] != 0)
            return false;
    }
    return true;
}

/* Memberships that were asked for long ago are asked for again before anything rests on them. */
static void
forget_old_memberships(struct site *site, struct job *job)
{
    const struct core *core = site->core;

    if (core->clock->mono_ms - job->members_at_ms > core->settings->sources_max_age_ms)
        memset(job->sets, 0, 2 * job->words * sizeof(job->sets[0]));
}

void
sync_step(struct site *site, struct job *job)
{
    struct ending gone = {.outcome = OUTCOME_SKIPPED,
                          .reason = "not_a_member",
                          .detail = "the user is not in the group",
                          .request_id = job->request_id,
                          .attempts = job->attempts};

    if (job->has_person && !job->person.exists)
        gone.reason = "not_a_user";
    forget_old_memberships(site, job);
    settle_members(site, job, MEMBERSHIP_NO, &gone);
    if (reading_has_groups(site, job)) {
        reading_sources(site, job, false);
        return;
    }
    membership_want(job, site->core->settings, site->core->clock, &site->want, site->routes);
    if (is_nobody_a_member(site, job)) {
        end_or_wait(site, job);
        return;
    }
    make_plan(site, job);
    actions[site->plan.action](site, job);
}
