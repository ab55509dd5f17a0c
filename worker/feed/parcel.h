#ifndef PARCEL_H
#define PARCEL_H

#include "feed.h"
#include "list.h"
#include "mark.h"
#include "notice.h"
#include "text.h"

/*
 * What is published together: the events of one page, and behind them the states that say that
 * they are: where the group knows its members a mark of each, and last the group's own. Events and
 * marks are packed when the page was read; the group's state is put on just before the parcel
 * leaves, since what else is in it may have moved on meanwhile.
 */

struct parcel;

struct parcel {
    struct link link; /* in the queue of those to publish */
    struct notice_page page;
    struct notice *notices;
    struct mark *marks; /* parallel to the notices; NULL: the group does not know its members */
    struct feed_record *records; /* of each notice and each mark, and room for the state */
    size_t notice_count;
    size_t record_count;
    struct text state;
    int64_t added, removed, others; /* changes; others are no users and no events */
};

void parcel_init(struct parcel *parcel); /* empty */
void parcel_free(struct parcel *parcel); /* empty again */

/*
 * Packs the changes of a page, of users only, as events for ${topic}. parcel->page is filled in
 * but for its texts. -1: no memory; the parcel is empty then.
 */
int parcel_pack(struct parcel *parcel, enum feed_topic topic, const struct member_change *changes,
                size_t count) __attribute__((warn_unused_result));

/* Adds a mark of each event's user: who came was seen in ${generation}. -1: no memory. */
int parcel_mark(struct parcel *parcel, int64_t generation) __attribute__((warn_unused_result));

/* Puts the state in parcel->state on, as the record of ${key} (borrowed). */
void parcel_seal(struct parcel *parcel, const char *key);

#endif
