#ifndef WORKQUEUE_H
#define WORKQUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call.h"
#include "list.h"
#include "table.h"
#include "tickets.h"
#include "timer.h"

/*
 * The jobs, keyed by (environment, user): at most one for each pair, so no two syncs of one user run at once (P3). Tickets hang on
 * their job: those of the present run, and those that came after its first reading request was sent and that the run may not
 * have seen (the job is "dirty"). sync.c is what moves a job from state to state; this module only keeps them.
 */

struct batch;
struct keeping;
struct text;
struct workqueue;

enum job_state {
    JOB_READING,     /* LOOK and perhaps SOURCES, waiting for a batch or in flight */
    JOB_REFERRING,   /* units, roles or copies of roles are being asked for */
    JOB_SYNCING,     /* addUser */
    JOB_CONFIRMING,  /* waits for the tick that looks whether the row is there */
    JOB_WRITING,     /* PATCH, change set or role */
    JOB_BACKING_OFF, /* waits for its next attempt */
    JOB_HELD,        /* what it needs is misconfigured, or it cannot be kept: waits for a probe */
    JOB_KEEPING,     /* being written to the dead-letter topic */
    JOB_STATES,
};

const char *job_state_name(enum job_state state);

enum row_state { ROW_UNREAD, ROW_NONE, ROW_ONE, ROW_MANY };

struct job_key {
    struct guid user;
    int32_t environment;
};

struct job {
    UT_hash_handle hh;
    struct job_key key;
    const struct environment *environment;
    enum job_state state;
    struct link link;         /* in the list of whoever it waits for */
    struct link look_link;    /* while its row is asked for */
    struct link sources_link; /* while SOURCES are asked for */
    struct timer timer;       /* back-off */

    enum urgency urgency;   /* of the most urgent of its tickets, as of when it was looked at */
    struct tickets tickets; /* of this run */
    struct tickets late;    /* came later */

    /* what was read in this run */
    bool is_started;      /* it reads, or has read; false only until its first ticket hangs on it */
    bool is_read_sent;    /* the first reading request of this run has left */
    int64_t read_sent_ms; /* when, monotonic */
    int64_t read_sent_wall_ms;
    bool awaits_row, awaits_sources;
    bool wants_person;                        /* of SOURCES: the Entra user, not only memberships */
    size_t sources_weight;                    /* requests that its SOURCES take */
    struct batch *look_batch, *sources_batch; /* in which it is in flight */
    enum row_state row_state;
    struct row row;
    bool has_person;
    struct person person;
    int64_t sources_at_ms;  /* when the person was asked for, monotonic */
    int64_t members_at_ms;  /* when memberships were */
    bool wants_fresh_roles; /* LOOK must read the roles afresh (a move was decided) */
    bool has_fresh_roles;

    /* what was done in this run */
    bool is_synced;   /* addUser was accepted */
    bool has_written; /* a write was answered; of one in flight apply.c knows too */
    /* since the last reading from the start, so that what did not stay is told from what changed */
    bool has_moved;
    uint64_t columns_written[2]; /* bit set by the environment's column */
    struct text *changes;        /* for the report; NULL: none yet */
    struct call *call;           /* its own call, while one is under way; apply.c's */
    struct keeping *keeping;     /* while a record of it is being kept; keep.h's */
    int32_t kept_route;          /* whose record that is */
    int kept_tier;               /* and where it goes */
    int calls;

    /* trouble */
    int attempts;              /* failures in this run */
    int64_t spent_ms;          /* of its deadline: time it waited on its own account */
    int64_t confirm_since_ms;  /* waits for the tick since then */
    int64_t confirm_waited_ms; /* and has before, since addUser was accepted */
    int64_t confirm_at_ms;     /* not looked at again before */
    bool is_over;         /* failed for good: being kept, or held for want of a place to keep it */
    enum verdict verdict; /* of the failure */
    const char *reason;   /* the last trouble's */
    char *detail;         /* owned; NULL */
    char request_id[ERROR_REQUEST_ID_BYTES];
    int64_t started_ms;
    int64_t first_failure_ms; /* wall; 0: none */

    /* sets of the environment's routes: words each, one after the other */
    size_t words;
    uint64_t sets[]; /* job_asked, job_member */
};

enum { MAX_COLUMNS = 128 }; /* of one environment: columns_written */

/* Membership that was asked for and answered in this run; and of these the ones the user is in. */
static inline uint64_t *
job_asked(struct job *job)
{
    return job->sets;
}

static inline uint64_t *
job_member(struct job *job)
{
    return job->sets + job->words;
}

struct workqueue *workqueue_create(void);
void workqueue_destroy(struct workqueue *workqueue); /* only when empty of jobs */

struct job *workqueue_find(struct workqueue *workqueue, const struct environment *environment,
                           const struct guid *user);

/* A new job, JOB_READING, with no tickets; the pair must have none. NULL: no memory. */
struct job *workqueue_add(struct workqueue *workqueue, const struct environment *environment,
                          const struct guid *user);

/* Takes it out and frees it with what it read; it must have no tickets, links, timers or calls any more. */
void workqueue_remove(struct workqueue *workqueue, struct job *job);

size_t workqueue_count(const struct workqueue *workqueue);
size_t job_size(const struct job *job);

/* All jobs, in no order; the one at hand may be removed: `for (job = workqueue_first(q); job; job = following) { following = workqueue_next(job); …` */
struct job *workqueue_first(struct workqueue *workqueue);
struct job *workqueue_next(struct job *job);

/* Forgets what a run read and did, but not its tickets and its troubles: the next reading starts from nothing. */
void job_forget_reads(struct job *job);

#endif
