#ifndef OUTBOX_PRIVATE_H
#define OUTBOX_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "error.h"
#include "outbox.h"
#include "states.h"

/*
 * What the two sides of the outbox share: outbox.c is the loop's, tenure.c and its helpers are the
 * thread's. What the thread has to tell lies in ${news} until the loop takes it.
 */

struct outbox_line;

/* Room for one of each is enough, since each is the answer to one question. */
struct outbox_news {
    struct outbox_line *first_line, *last_line;
    size_t line_count;
    bool has_opened;
    bool has_transactions;
    struct states states; /* with ${has_opened} */
    bool has_published;
    uint64_t serial; /* of the batch that was published */
    bool has_ended;
    enum outbox_end end;
    struct error error;
};

struct outbox {
    struct outbox_settings settings;
    enum outbox_use use; /* set while there is no thread */
    bool is_checked;     /* the thread's: the topic of the states was looked at */

    /* the loop's alone */
    struct outbox_listener listener;
    struct log *log;
    int fd;
    pthread_t thread;
    bool has_thread;
    bool is_open;  /* batches are taken */
    bool is_quiet; /* closed by the loop: only the end is of interest */

    atomic_bool is_stopping;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t wake;   /* there is a batch, or it is stopping */
    struct batch *batch;   /* handed over and not answered */
    struct outbox_news news;
};

bool outbox_needs(enum outbox_use use, enum feed_topic topic);

/* tenure.c: the thread, from opening to the end; for pthread_create. NULL. */
void *tenure_run(void *outbox_pointer);

/* What the thread says. */
void outbox_say_opened(struct outbox *outbox, const struct states *states, bool has_transactions);
void outbox_say_published(struct outbox *outbox, uint64_t serial);
/* The thread's last word; ${error} of class ERROR_NONE when it was asked to end. */
void outbox_say_ended(struct outbox *outbox, enum outbox_end end, const struct error *error);

/* There is something for outbox_turn. */
void outbox_knock(struct outbox *outbox);

/* Waits up to ${wait_ms} for a batch; NULL: none came. It stays the outbox's until it is answered. */
const struct batch *outbox_await(struct outbox *outbox, int64_t wait_ms);

#endif
