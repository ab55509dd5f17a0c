#ifndef WATCH_H
#define WATCH_H

#include "feed.h"
#include "roster.h"
#include "walk.h"

/*
 * A watched group: its state, and two walks that move it on, the rounds of its delta query and the
 * enumerations of its members. They go side by side, so that people who join need not wait for
 * an enumeration; each moves its own part of the state.
 */

struct feed;

struct watch {
    struct feed *feed;
    const struct feed_group *group;
    char id[GUID_TEXT_BYTES]; /* the state's key, and a label */
    struct saved saved;       /* what is published; a resync is noted here before it is */
    struct roster roster;     /* likewise; empty where nobody is to be concluded from */
    struct walk round;
    struct walk census;
    int resyncs;          /* since a delta link was last good for anything */
    int64_t succeeded_ms; /* wall: the end of the last round; 0: none */
};

extern const struct walk_rules round_rules, census_rules;

void watch_init(struct watch *watch, struct feed *feed, const struct feed_group *group);

/* Begins with the state, which it takes over, and the roster as it is. */
void watch_begin(struct watch *watch, struct saved *saved);
void watch_stop(struct watch *watch);

/* round.c, census.c: begin, where there is something to do. */
void round_begin(struct watch *watch);
void census_begin(struct watch *watch);

/* absent.c: those who are to be told missing now are put into ${walk}->call. False: nobody is. */
bool absent_take(struct walk *walk);
/* When who is missing in an enumeration that ends now will be told; wall, 0: never. */
int64_t absent_due_ms(const struct watch *watch);

/* The guard lets it pass. False: it was not held. */
bool round_release(struct watch *watch);

void watch_tell(const struct watch *watch, const struct feed_report *report);

/* The group turned out to be deleted, or to be none; told once. ${reason}: a constant. */
void watch_gone(struct watch *watch, const struct walk *walk, const char *reason);

#endif
