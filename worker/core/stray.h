#ifndef STRAY_H
#define STRAY_H

#include "keep.h"
#include "ledger.h"

/*
 * Records that could not be decoded: they belong to no job, go straight to the dead letters with their bytes untouched, and settle when the delivery
 * report was seen. Without a dead-letter topic they are held.
 */

struct stray;
struct strays;

struct strays *strays_create(struct core *core, struct ledger *ledger, struct keeper *keeper);
void strays_destroy(struct strays *strays); /* settles nothing */

/* Copies ${message}'s bytes, before it is taken in. NULL: no memory. */
struct stray *strays_reserve(struct strays *strays, const struct message *message);
void strays_release(struct stray *stray); /* was not taken in after all */
/* It was taken in as ${window}'s ${serial}; ${error} says why it could not be decoded. */
void strays_take(struct strays *strays, struct stray *stray, struct window *window,
                 window_serial serial, const struct error *error);

/* Partitions were revoked: drops those that are stale. */
void strays_revoked(struct strays *strays);

/* Shutdown: lets go, unsettled, those that wait for another try, or all. */
void strays_give_up(struct strays *strays, bool is_all);

/* Timestamp of the oldest one from ${window}; 0: none, or none has any. */
int64_t strays_oldest_ms(const struct strays *strays, const struct window *window);

size_t strays_count(const struct strays *strays);

#endif
