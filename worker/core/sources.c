/*
 * The kind of reader that asks Graph: for each user aboard the Entra user, or memberships, or both, as requests of one $batch.
 */
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "membership.h"
#include "reader.h"

enum { GROUPS_A_REQUEST = 20 }; /* checkMemberGroups takes so many ids */

/* One item of the call: whose it is, and which routes its groups are. */
struct part {
    size_t job; /* index into the batch's */
    int routes[GROUPS_A_REQUEST];
    struct guid groups[GROUPS_A_REQUEST];
};

struct asked {
    struct source_item items[SOURCES_MOST];
    struct part parts[SOURCES_MOST];
    bool memberships[SOURCES_MOST][GROUPS_A_REQUEST];
};

static size_t
weight(const struct job *job)
{
    return job->sources_weight;
}

static void
clear(struct batch *batch)
{
    struct asked *asked = batch->asked;

    for (size_t i = 0; i < batch->call.item_count; i++)
        person_free(&asked->items[i].person, batch->call.environment);
    free(asked);
    batch->asked = NULL;
    batch->call.items = NULL;
    batch->call.item_count = 0;
}

/* A new item of the call for the job at ${index}. */
static struct source_item *
add_item(struct batch *batch, size_t index)
{
    struct asked *asked = batch->asked;
    size_t at = batch->call.item_count++;
    struct source_item *item = &asked->items[at];

    asked->parts[at].job = index;
    item->user = batch->jobs[index]->key.user;
    item->groups = asked->parts[at].groups;
    item->is_member = asked->memberships[at];
    return item;
}

static void
add_groups(struct batch *batch, size_t index, struct source_item *item, const int *routes,
           size_t count)
{
    struct asked *asked = batch->asked;
    struct part *part = &asked->parts[item - asked->items];
    const struct environment *environment = batch->jobs[index]->environment;

    for (size_t i = 0; i < count; i++) {
        part->routes[i] = routes[i];
        part->groups[i] = environment->routes[routes[i]].group;
    }
    item->group_count = count;
}

/* What one job asks: its weight was reserved, so it never needs more requests than that. */
static void
fill_job(struct batch *batch, size_t index)
{
    struct core *core = reader_core(batch->reader);
    struct job *job = batch->jobs[index];
    size_t requests = job->sources_weight - (job->wants_person ? 1 : 0);
    int routes[SOURCES_MOST * GROUPS_A_REQUEST];
    size_t count =
        membership_to_ask(job, core->settings, core->clock, routes, requests * GROUPS_A_REQUEST);
    struct source_item *item = NULL;

    if (job->wants_person) {
        item = add_item(batch, index);
        item->wants_person = true;
    }
    for (size_t at = 0; at < count; at += GROUPS_A_REQUEST) {
        size_t chunk = count - at < GROUPS_A_REQUEST ? count - at : GROUPS_A_REQUEST;

        if (item == NULL || item->group_count > 0)
            item = add_item(batch, index);
        add_groups(batch, index, item, routes + at, chunk);
    }
}

/* Resource units, as Graph counts those of a batch one by one. */
static int
cost_of(const struct call *call)
{
    int cost = 0;

    for (size_t i = 0; i < call->item_count; i++) {
        cost += call->items[i].wants_person ? CALL_COST_PERSON : 0;
        cost += call->items[i].group_count > 0 ? CALL_COST_GROUPS : 0;
    }
    return cost;
}

static int
fill(struct batch *batch)
{
    batch->asked = calloc(1, sizeof(struct asked));
    if (batch->asked == NULL)
        return -1;
    batch->call.items = ((struct asked *)batch->asked)->items;
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->jobs[i] != NULL)
            fill_job(batch, i);
    }
    batch->call.cost = cost_of(&batch->call);
    return 0;
}

/* The part of the answer of one item that is as it must be. */
static void
take_item(struct job *job, struct source_item *item, const struct part *part)
{
    if (item->wants_person) {
        person_free(&job->person, job->environment);
        job->person = item->person;
        memset(&item->person, 0, sizeof(item->person));
        job->has_person = true;
    }
    for (size_t i = 0; i < item->group_count; i++) {
        route_set_add(job_asked(job), part->routes[i]);
        if (item->is_member[i])
            route_set_add(job_member(job), part->routes[i]);
    }
}

/* All items of the job at ${index}: taken where whole; the first that is not. */
static const struct source_item *
take_job(struct batch *batch, size_t index)
{
    struct asked *asked = batch->asked;
    const struct source_item *failed = NULL;

    for (size_t i = 0; i < batch->call.item_count; i++) {
        struct source_item *item = &asked->items[i];

        if (asked->parts[i].job != index)
            continue;
        if (item->verdict == VERDICT_DONE)
            take_item(batch->jobs[index], item, &asked->parts[i]);
        else if (failed == NULL)
            failed = item;
    }
    return failed;
}

static void
spread(struct batch *batch)
{
    const struct reader_events *events = reader_events_of(batch->reader);

    for (size_t i = 0; i < batch->count; i++) {
        struct job *job = batch->jobs[i];
        const struct source_item *failed;

        if (job == NULL)
            continue;
        job->sources_batch = NULL;
        failed = take_job(batch, i);
        if (failed == NULL)
            events->answered(events->context, job);
        else
            events->failed(events->context, job, failed);
    }
}

static struct job *
job_of(struct link *link)
{
    return list_entry(link, struct job, sources_link);
}

static struct link *
link_of(struct job *job)
{
    return &job->sources_link;
}

static struct batch **
batch_of(struct job *job)
{
    return &job->sources_batch;
}

const struct reader_kind reader_sources = {
    .call = CALL_SOURCES,
    .weight = weight,
    .fill = fill,
    .spread = spread,
    .clear = clear,
    .job_of = job_of,
    .link_of = link_of,
    .batch_of = batch_of,
};
