#ifndef WALK_H
#define WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "call.h"
#include "feed.h"
#include "parcel.h"
#include "saved.h"

/*
 * A walk through the pages of one query about one group: asks for a page, has its events published
 * together with the state that says where the walk stands then, and only after that asks for the
 * next. So a saved link never passes an event that is not published, and whoever takes over begins
 * with the page whose events may be missing. What the pages are, and what follows the last one, say
 * its rules: round.c (the delta query) and census.c (the present members).
 */

struct error;
struct walk;
struct watch;

enum walk_state {
    WALK_ENDED,      /* nothing is left to do */
    WALK_WAITING,    /* for its time */
    WALK_ASKING,     /* a page was asked for */
    WALK_PUBLISHING, /* a page's parcel is on its way */
    WALK_HELD,       /* by the guard */
};

const char *walk_state_name(enum walk_state state); /* "ended", "waiting" … */

struct walk_rules {
    enum call_kind kind;
    /* Says in ${walk}->call which page is wanted, for the walk to copy; where it is a first one,
     * names it in ${walk}->name. False: none is, it has gone on without. */
    bool (*ask)(struct walk *walk);
    /* The page is in ${walk}->call: walk_publish, or hold it. */
    void (*found)(struct walk *walk);
    /* It was refused. False: it is asked for again after a back-off. */
    bool (*refused)(struct walk *walk);
    /* What the state is once the page is published. -1: no memory. */
    int (*advance)(const struct walk *walk, struct saved *next);
    /* It is; ${before} was the state. */
    void (*published)(struct walk *walk, const struct saved *before);
    enum feed_origin (*origin)(const struct walk *walk); /* of the page's events */
    bool knows_members; /* its events are what the roster is made of */
};

enum { WALK_NAME_BYTES = 48 };

struct walk {
    const struct walk_rules *rules;
    struct watch *watch;
    enum walk_state state;
    int64_t at_ms; /* WALK_WAITING: monotonic */
    struct call call;
    char *page; /* the call's, owned: the state it is from may move on meanwhile */
    struct parcel parcel;
    struct saved next;          /* the state with the parcel published */
    char name[WALK_NAME_BYTES]; /* of the first page, which has no link */
    int failures;               /* in a row */
    const char *fault;          /* why; "" */
    bool is_given_up;
    bool
        is_concluding; /* what is in the call is no page: who was missing in the last enumeration */
    int64_t began_ms;  /* of this round; 0: its first page was not asked for yet */
    int64_t pages, added, removed, others; /* of this round */
};

void walk_init(struct walk *walk, struct watch *watch, const struct walk_rules *rules);
void walk_stop(struct walk *walk); /* cancels what is under way; it has ended then */

/* A new round begins in ${wait_ms}. */
void walk_begin(struct walk *walk, int64_t wait_ms);

/* The same round goes on in ${wait_ms}. */
void walk_wait(struct walk *walk, int64_t wait_ms);

void walk_end(struct walk *walk);
void walk_run(struct walk *walk); /* asks, when it is time */

/* Has the page in ${walk}->call published. */
void walk_publish(struct walk *walk, enum feed_topic topic);

/* A report of ${walk} with what is known of it. */
struct feed_report walk_report(const struct walk *walk, enum feed_news news);

/* What walks do with parcels. */
extern const struct dispatch_rules walk_dispatch_rules;

#endif
