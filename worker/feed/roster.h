#ifndef ROSTER_H
#define ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call.h"
#include "guid.h"

/*
 * Who is known to be a member of one group, that is, whose last published event says so; and in
 * which full enumeration each was seen last, by its generation. After a resync those tell who left
 * while no link was good for anything: nobody else knows any more. It is kept on the state topic
 * (mark.h), and here as a hash: one look-up a change, and one pass to find who is missing.
 *
 * For some time it also knows who has left, in memory alone: so that a list of members that lags
 * behind does not bring them back.
 */

struct member; /* an entry */

struct roster {
    struct member *hash;
};

void roster_init(struct roster *roster); /* empty */
void roster_free(struct roster *roster); /* empty again */
size_t roster_count(const struct roster *roster);

/* ${user} is a member, last seen in ${generation} (from 1). -1: no memory. */
int roster_add(struct roster *roster, const struct guid *user, int64_t generation)
    __attribute__((warn_unused_result));

/* These changes were heard of at ${now_ms} (monotonic, > 0) and will be published. Makes places for
 * them, so that roster_apply needs no memory. -1: there is none. */
int roster_hear(struct roster *roster, const struct member_change *changes, size_t count,
                int64_t now_ms) __attribute__((warn_unused_result));

/* These changes, which were heard of, are published: who came was seen in ${generation}. */
void roster_apply(struct roster *roster, const struct member_change *changes, size_t count,
                  int64_t generation);

/* Was it heard since ${since_ms} that ${user} has left, and nothing after that? */
bool roster_has_left(const struct roster *roster, const struct guid *user, int64_t since_ms);

/* Forgets who left before ${before_ms}. O(members). */
void roster_tidy(struct roster *roster, int64_t before_ms);

/* The latest generation anybody was seen in; 0: nobody is known. O(members), as the next. */
int64_t roster_latest(const struct roster *roster);

/* Puts up to ${most} of those who were last seen before ${generation} into ${changes}, as users who
 * left; how many. */
size_t roster_missing(const struct roster *roster, int64_t generation,
                      struct member_change *changes, size_t most);

#endif
