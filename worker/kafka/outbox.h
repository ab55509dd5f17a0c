#ifndef OUTBOX_H
#define OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed.h"

/*
 * Where the producer's batches go: idempotent, partitioned as Java does it, and where the broker has
 * transactions each batch is one. A batch's states stand for its events (feed.h): in a transaction all
 * of it or none, without one the states are sent only after all events were acknowledged.
 *
 * It is opened for a time, a leadership, and closed after it. Opening makes a handle of its own, takes
 * the transactional id over (init_transactions: whoever had it before is fenced, what that one left
 * open is ended) and only then reads the saved states. Any failure ends the time, too: the handle
 * goes, and the next opening finds out from the topic what became of the last batch. So there is one
 * way of recovery, whatever happened, and no guess whether a commit without an answer took place.
 *
 * A thread of its own does all that, for librdkafka's transaction calls block, for seconds where a
 * broker is away, and so do its questions for metadata and watermarks. Short resumable time-outs in
 * the loop would be the other way: that is a state machine over ten calls whose resuming is the least
 * used part of the library, and it would still stop the loop for moments, on every turn. The thread
 * runs straight on from top to bottom. It owns its handles alone, gets copies, and answers through a
 * mutex and an eventfd; nothing of it is seen outside outbox_turn.
 */

struct error;
struct log;
struct outbox;

/* AUTO: found out at each opening. */
enum outbox_transactions { OUTBOX_AUTO, OUTBOX_YES, OUTBOX_NO };

/* What it is opened for. */
enum outbox_use {
    OUTBOX_LEAD,   /* saved states are read, batches written */
    OUTBOX_BESIDE, /* batches without states, beside a leader: no transactions, nothing is read */
    OUTBOX_READ,   /* saved states are read, nothing is written */
};

/* All texts are borrowed for the outbox's life. */
struct outbox_settings {
    const char *bootstrap_servers;
    const char *group_id;  /* that of the leaders: the one that may be read as */
    const char *topics[3]; /* by enum feed_topic */
    const char *transactional_id;
    const char *const *properties; /* "name=value" of librdkafka, NULL-terminated */
    const char *client_id;
    enum outbox_transactions transactions;
    int64_t take_over_within_ms; /* of the transactional id; AUTO: else there are no transactions */
    int64_t
        publish_timeout_ms; /* until a record must be acknowledged; 10 s at most in transactions */
};

/* Why it is closed. */
enum outbox_end {
    OUTBOX_CLOSED, /* as asked for */
    OUTBOX_FENCED, /* another took the transactional id over: leadership is lost */
    OUTBOX_FAILED, /* whatever it is may pass */
};

/* Called within outbox_turn. */
struct outbox_listener {
    void *context;
    /* Batches are taken from now on. ${states} are borrowed while it is told. */
    void (*opened)(void *context, const struct feed_saved *states, size_t count,
                   bool has_transactions);
    void (*published)(void *context, uint64_t serial); /* all of the batch is there */
    /* ${error}: why, when it was not asked for. What became of an open batch is not known. */
    void (*ended)(void *context, enum outbox_end end, const struct error *error);
};

/* NULL with ${ret_error} filled. */
struct outbox *outbox_create(const struct outbox_settings *settings,
                             const struct outbox_listener *listener, struct log *log,
                             struct error *ret_error);
int outbox_fd(const struct outbox *outbox); /* readable when outbox_turn has work */
void outbox_turn(struct outbox *outbox);

/* Begins to open it; the answer is opened or ended. -1: it is not idle, or there is no thread. */
int outbox_open(struct outbox *outbox, enum outbox_use use, struct error *ret_error)
    __attribute__((warn_unused_result));

/* Nothing is under way: it may be opened. */
bool outbox_is_idle(const struct outbox *outbox);

/* Copies ${batch}. False: it is not open, the last batch is not answered, or there is no memory. */
bool outbox_publish(struct outbox *outbox, const struct feed_batch *batch);

/*
 * Takes no more. A batch that is under way is brought to its end, for it is right whoever leads; of
 * it nothing is told but ended. Harmless when idle.
 */
void outbox_close(struct outbox *outbox);

/* Waits for the thread where there is one: close first, and serve until idle. NULL is allowed. */
void outbox_destroy(struct outbox *outbox);

#endif
