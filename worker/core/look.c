/*
 * The kind of reader that reads rows: one In(…) filter for all users aboard.
 */
#include <stdlib.h>
#include <string.h>

#include "reader.h"

static size_t
weight(const struct job *job)
{
    (void)job;
    return 1;
}

static void
clear(struct batch *batch)
{
    free(batch->asked);
    batch->asked = NULL;
    batch->call.ids = NULL;
    batch->call.id_count = 0;
}

static int
fill(struct batch *batch)
{
    struct guid *ids = calloc(batch->count, sizeof(ids[0]));
    struct call *call = &batch->call;

    if (ids == NULL)
        return -1;
    batch->asked = ids;
    call->ids = ids;
    call->wants_roles = call->environment->role_count > 0;
    call->wants_fresh = false;
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->jobs[i] == NULL)
            continue;
        ids[call->id_count++] = batch->jobs[i]->key.user;
        if (batch->jobs[i]->wants_fresh_roles)
            call->wants_fresh = call->wants_roles = true;
    }
    return 0;
}

/* Jobs in order of their users, those withdrawn last. */
static int
compare_jobs(const void *a, const void *b)
{
    const struct job *left = *(struct job *const *)a;
    const struct job *right = *(struct job *const *)b;

    if (left == NULL || right == NULL)
        return (left == NULL) - (right == NULL);
    return guid_compare(&left->key.user, &right->key.user);
}

static struct job *
find_job(struct batch *batch, const struct guid *user)
{
    size_t low = 0;
    size_t high = batch->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct job *job = batch->jobs[middle];
        int order = job == NULL ? 1 : guid_compare(&job->key.user, user);

        if (order == 0)
            return job;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Moves ${row} into its job; further rows for one user make that an outcome of its own. */
static void
take_row(struct batch *batch, struct row *row)
{
    struct job *job = find_job(batch, &row->object_id);

    if (job == NULL)
        return;
    if (job->row_state != ROW_NONE) {
        job->row_state = ROW_MANY;
        return;
    }
    job->row = *row;
    memset(row, 0, sizeof(*row));
    job->row_state = ROW_ONE;
    job->has_fresh_roles = batch->call.wants_fresh && job->row.has_roles;
}

static void
spread(struct batch *batch)
{
    struct call *call = &batch->call;
    const struct reader_events *events = reader_events_of(batch->reader);

    qsort(batch->jobs, batch->count, sizeof(batch->jobs[0]), compare_jobs);
    for (size_t i = 0; i < batch->count && batch->jobs[i] != NULL; i++) {
        row_free(&batch->jobs[i]->row, call->environment);
        memset(&batch->jobs[i]->row, 0, sizeof(batch->jobs[i]->row));
        batch->jobs[i]->row_state = ROW_NONE;
        batch->jobs[i]->look_batch = NULL;
    }
    for (size_t i = 0; i < call->row_count; i++)
        take_row(batch, &call->rows[i]);
    for (size_t i = 0; i < batch->count && batch->jobs[i] != NULL; i++)
        events->answered(events->context, batch->jobs[i]);
}

static struct job *
job_of(struct link *link)
{
    return list_entry(link, struct job, look_link);
}

static struct link *
link_of(struct job *job)
{
    return &job->look_link;
}

static struct batch **
batch_of(struct job *job)
{
    return &job->look_batch;
}

const struct reader_kind reader_look = {
    .call = CALL_LOOK,
    .weight = weight,
    .fill = fill,
    .spread = spread,
    .clear = clear,
    .job_of = job_of,
    .link_of = link_of,
    .batch_of = batch_of,
};
