/*
 * What is asked of the readers for one job, and what of their answers concerns the whole site: throttling, faults, a row that cannot be read.
 */
#include "reading.h"

#include "breaker.h"
#include "error.h"
#include "fault.h"
#include "lane.h"
#include "membership.h"
#include "sync.h"
#include "trouble.h"

enum { GROUPS_A_REQUEST = 20, GROUPS_MOST = (SOURCES_MOST - 1) * GROUPS_A_REQUEST };

bool
reading_has_groups(struct site *site, struct job *job)
{
    int route;

    return membership_to_ask(job, site->core->settings, site->core->clock, &route, 1) > 0;
}

void
reading_row(struct site *site, struct job *job)
{
    job->state = JOB_READING;
    job->awaits_row = true;
    reader_add(site->look, job);
}

bool
reading_sources(struct site *site, struct job *job, bool wants_person)
{
    int routes[GROUPS_MOST];
    size_t groups =
        membership_to_ask(job, site->core->settings, site->core->clock, routes, GROUPS_MOST);

    if ((wants_person && fault_holds(site, CALL_SOURCES, job)) ||
        (groups > 0 && fault_holds(site, FAULT_MEMBERS, job)))
        return false;
    job->state = JOB_READING;
    job->awaits_sources = true;
    job->wants_person = wants_person;
    job->sources_weight =
        (wants_person ? 1 : 0) + (groups + GROUPS_A_REQUEST - 1) / GROUPS_A_REQUEST;
    reader_add(site->sources, job);
    return true;
}

static void
note_sent(struct site *site, struct job *job)
{
    const struct clock *clock = site->core->clock;

    if (job->is_read_sent)
        return;
    job->is_read_sent = true;
    job->read_sent_ms = clock->mono_ms;
    job->read_sent_wall_ms = clock->wall_ms;
}

static void
row_sent(void *context, struct job *job)
{
    note_sent(context, job);
    job->calls++;
}

static bool
asked_members(const struct job *job)
{
    return job->sources_weight > (job->wants_person ? 1 : 0);
}

static void
sources_sent(void *context, struct job *job)
{
    struct site *site = context;

    note_sent(site, job);
    if (job->wants_person)
        job->sources_at_ms = site->core->clock->mono_ms;
    if (asked_members(job))
        job->members_at_ms = site->core->clock->mono_ms;
    job->calls++;
}

void
reading_stop(struct site *site, struct job *job)
{
    reader_remove(site->look, job);
    if (site->sources != NULL)
        reader_remove(site->sources, job);
    job->awaits_row = job->awaits_sources = false;
}

/* Why the row that was found does not do, in *${ret_error}; NULL: it does. */
static const char *
fault_of_row(const struct job *job, struct error *ret_error)
{
    if (job->row_state != ROW_ONE)
        return NULL;
    if (job->row.fault != NULL) {
        error_set(ret_error, ERROR_INPUT, "the user's row cannot be read: %s", job->row.fault);
        return "malformed_answer";
    }
    if (!job->wants_fresh_roles || job->row.has_roles)
        return NULL;
    error_set(ret_error, ERROR_SERVICE, "the list of the user's roles was not whole");
    return "incomplete_answer";
}

static void
row_answered(void *context, struct job *job)
{
    struct site *site = context;
    struct error error;
    const char *fault = fault_of_row(job, &error);

    job->awaits_row = false;
    if (fault != NULL) {
        const struct trouble trouble = {CALL_LOOK, VERDICT_RETRY, fault, &error};

        reading_stop(site, job);
        trouble_meet(site, job, &trouble);
        return;
    }
    job->wants_fresh_roles = false;
    if (!job->awaits_sources)
        sync_step(site, job);
}

static void
sources_answered(void *context, struct job *job)
{
    struct site *site = context;

    job->awaits_sources = false;
    if (job->wants_person)
        fault_clear(site, CALL_SOURCES);
    if (asked_members(job))
        fault_clear(site, FAULT_MEMBERS);
    if (!job->awaits_row)
        sync_step(site, job);
}

/* One user's part of a batch failed. A throttled part holds the lane, and the user stays in line. */
static void
part_failed(void *context, struct job *job, const struct source_item *item)
{
    struct site *site = context;
    const struct trouble trouble = {item->is_of_members ? FAULT_MEMBERS : (int)CALL_SOURCES,
                                    item->verdict, item->reason, &item->error};

    if (item->verdict == VERDICT_THROTTLED) {
        lane_throttled(site->graph, item->error.retry_after_ms);
        reader_add(site->sources, job);
        return;
    }
    if (item->error.retry_after_ms > 0)
        lane_hold(site->graph, item->error.retry_after_ms);
    if (item->is_of_members && job->wants_person)
        fault_clear(site, CALL_SOURCES);
    reading_stop(site, job);
    trouble_meet(site, job, &trouble);
}

static void
read_faulted(void *context)
{
    breaker_trip(context);
}

const struct reader_events reading_of_rows = {
    .sent = row_sent, .answered = row_answered, .faulted = read_faulted};
const struct reader_events reading_of_sources = {.sent = sources_sent,
                                                 .answered = sources_answered,
                                                 .failed = part_failed,
                                                 .faulted = read_faulted};
