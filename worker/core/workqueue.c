/*
 * A hash of jobs. The struct is wide, but there is one for a user that waits or runs, not for an event.
 */
#include "workqueue.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

struct workqueue {
    struct job *jobs;
};

static const char *const state_names[JOB_STATES] = {
    [JOB_READING] = "reading",    [JOB_REFERRING] = "referring",
    [JOB_SYNCING] = "force_sync", [JOB_CONFIRMING] = "confirming",
    [JOB_WRITING] = "applying",   [JOB_BACKING_OFF] = "backing_off",
    [JOB_HELD] = "held",          [JOB_KEEPING] = "keeping",
};

const char *
job_state_name(enum job_state state)
{
    return state_names[state];
}

struct workqueue *
workqueue_create(void)
{
    return calloc(1, sizeof(struct workqueue));
}

void
workqueue_destroy(struct workqueue *workqueue)
{
    free(workqueue);
}

static struct job_key
key_of(const struct environment *environment, const struct guid *user)
{
    return (struct job_key){*user, environment->index};
}

struct job *
workqueue_find(struct workqueue *workqueue, const struct environment *environment,
               const struct guid *user)
{
    struct job_key key = key_of(environment, user);
    struct job *job;

    HASH_FIND(hh, workqueue->jobs, &key, sizeof(key), job);
    return job;
}

static size_t
size_of(size_t words)
{
    return sizeof(struct job) + 2 * words * sizeof(uint64_t);
}

struct job *
workqueue_add(struct workqueue *workqueue, const struct environment *environment,
              const struct guid *user)
{
    size_t words = route_set_words(environment);
    struct job *job = calloc(1, size_of(words));

    if (job == NULL)
        return NULL;
    job->words = words;
    job->environment = environment;
    job->key = key_of(environment, user);
    job->reason = "";
    list_init(&job->link);
    list_init(&job->look_link);
    list_init(&job->sources_link);
    HASH_ADD(hh, workqueue->jobs, key, sizeof(job->key), job);
    if (job->hh.tbl == NULL) {
        free(job);
        return NULL;
    }
    return job;
}

void
job_forget_reads(struct job *job)
{
    row_free(&job->row, job->environment);
    person_free(&job->person, job->environment);
    memset(&job->row, 0, sizeof(job->row));
    memset(&job->person, 0, sizeof(job->person));
    memset(job->sets, 0, 2 * job->words * sizeof(job->sets[0]));
    memset(job->columns_written, 0, sizeof(job->columns_written));
    job->has_moved = false;
    job->row_state = ROW_UNREAD;
    job->has_person = job->has_fresh_roles = job->wants_fresh_roles = false;
    job->is_read_sent = false;
}

void
workqueue_remove(struct workqueue *workqueue, struct job *job)
{
    HASH_DELETE(hh, workqueue->jobs, job);
    job_forget_reads(job);
    if (job->changes != NULL)
        text_free(job->changes);
    free(job->changes);
    free(job->detail);
    free(job);
}

size_t
workqueue_count(const struct workqueue *workqueue)
{
    return HASH_COUNT(workqueue->jobs);
}

size_t
job_size(const struct job *job)
{
    return size_of(job->words);
}

struct job *
workqueue_first(struct workqueue *workqueue)
{
    return workqueue->jobs;
}

struct job *
workqueue_next(struct job *job)
{
    return job->hh.next;
}
