#ifndef READER_H
#define READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call.h"
#include "workqueue.h"

/*
 * Reads for many users with one call: those who need the same kind of reading in one environment wait here, and a batch is put
 * together when its lane lets it go. A full batch goes at once, a smaller one after a linger of milliseconds.
 *
 * A failed batch says nothing about its users, so it is the reader that backs off and asks again, and its users' deadlines stand
 * still; a batch that fails again is halved, so that one user whose data cannot be read does not hold up the others for ever.
 *
 * The two kinds, rows and sources, differ in a table of three functions (look.c, sources.c).
 */

struct core;
struct reader;

/* A batch that is being put together, or in flight. */
struct batch {
    struct call call;
    struct link link; /* in its reader's list */
    struct reader *reader;
    void *asked; /* what fill made */
    size_t weight;
    size_t count;
    struct job *jobs[]; /* NULL: withdrawn meanwhile */
};

struct reader_kind {
    enum call_kind call;
    /* How much of a batch ${job} takes, at least 1; does not change while it waits. */
    size_t (*weight)(const struct job *job);
    /* Puts what ${batch}'s jobs ask into its call. -1: no memory. */
    int (*fill)(struct batch *batch);
    /* Gives each job its part of the answer; those that have theirs are told by ${answered} of the reader. A job that must be asked again goes back by
     * reader_add. */
    void (*spread)(struct batch *batch);
    /* Frees what fill made; harmless when it made nothing. */
    void (*clear)(struct batch *batch);
    struct job *(*job_of)(struct link *link);
    struct link *(*link_of)(struct job *job);
    struct batch **(*batch_of)(struct job *job);
};

extern const struct reader_kind reader_look; /* rows: weight 1 */
extern const struct reader_kind
    reader_sources; /* Entra users and memberships: weight = requests in a Graph batch */

struct reader_events {
    /* A batch with ${job} leaves now. */
    void (*sent)(void *context, struct job *job);
    /* ${job} has its part of the answer. */
    void (*answered)(void *context, struct job *job);
    /* ${job}'s own part, ${item} of a SOURCES, failed. */
    void (*failed)(void *context, struct job *job, const struct source_item *item);
    /* A batch was found to be misconfigured; its jobs wait again. NULL: nobody cares. */
    void (*faulted)(void *context);
    void *context;
};

struct reader *reader_create(struct core *core, const struct reader_kind *kind,
                             const struct environment *environment, struct lane *lane,
                             size_t capacity, const struct reader_events *events);
void reader_destroy(struct reader *reader); /* calls nobody back; its jobs are forgotten */

/* ${job} waits for the next batch. Harmless when it waits or flies already. */
void reader_add(struct reader *reader, struct job *job);

/* ${job} became urgent; it may wait here, or not. */
void reader_promote(struct reader *reader, struct job *job);

/* ${job} no longer wants an answer, wherever it is. */
void reader_remove(struct reader *reader, struct job *job);

/* Whoever waits goes now, without linger. */
void reader_flush(struct reader *reader);

/* Who waits longest for a batch; NULL: nobody. */
struct job *reader_first(struct reader *reader);

size_t reader_waiting(const struct reader *reader);

/* Why the environment cannot be read (VERDICT_MISCONFIGURED), NULL when it can; since when, monotonic. */
const char *reader_fault(const struct reader *reader, int64_t *ret_since_ms);

enum { SOURCES_MOST = 20 }; /* requests in one Graph $batch */

/* For the kinds: */
struct core *reader_core(struct reader *reader);
const struct reader_events *reader_events_of(const struct reader *reader);

#endif
