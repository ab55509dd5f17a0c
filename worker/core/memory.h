#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guid.h"
#include "routing.h"

/*
 * What was verified lately: (environment, user, routes) was confirmed by Dataverse, and the earliest read it rests on was sent at
 * wall instant T. An event whose route is covered and that is older than T minus a margin is settled by it at once, which makes replays
 * cost nothing. Bounded; the oldest go first. When wall and monotonic time have drifted apart by more than a second since the read was sent,
 * it covers nothing: its T cannot be compared with what the clock says now.
 */

struct clock;
struct memory;

struct memory_settings {
    int64_t keep_ms;   /* 0: remembers nothing */
    int64_t margin_ms; /* more than clocks differ and Graph lags */
    size_t entries;
    uint64_t seed; /* of the hash: ids come from outside */
};

struct memory *memory_create(const struct memory_settings *settings, const struct clock *clock);
void memory_destroy(struct memory *memory);

/*
 * Notes that ${routes} of ${user} were verified by reads of which the earliest was sent at ${sent_wall_ms} (${sent_ms} monotonic). Replaces what
 * was known of the pair. Without memory it forgets: that costs calls, nothing else.
 */
void memory_note(struct memory *memory, const struct environment *environment,
                 const struct guid *user, const uint64_t *routes, int64_t sent_wall_ms,
                 int64_t sent_ms);

/* True when an event for ${route} whose time is ${latest_ms}, the later of event and record, is covered; negative: it has none, and may be new. O(1). */
bool memory_covers(struct memory *memory, const struct environment *environment,
                   const struct guid *user, int route, int64_t latest_ms);

size_t memory_count(const struct memory *memory);

#endif
