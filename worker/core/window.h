#ifndef WINDOW_H
#define WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The offsets of one partition during one assignment: which were taken in, which are settled, and
 * the watermark below which all are (P1). A ring of entries in order of offset, each found again by
 * its serial number in O(1): records settle in any order and offsets have gaps (compaction,
 * transaction markers), so neither a counter nor a bitmap by offset would do.
 *
 * A window belongs to one assignment and so is the epoch (P5): after the partition was revoked it is
 * closed, and settling changes nothing. It is shared by the records taken from it: window_hold and
 * window_release count.
 *
 * Memory: 8 bytes for each entry from the lowest unsettled one on, settled ones among them included;
 * what a burst needed is given back as soon as nothing is unsettled.
 */

struct window;

/* An entry's serial number, from 0 for the first one taken in. */
typedef uint64_t window_serial;

/* Starts at ${offset} (>= 0), the next one expected. NULL: no memory. Held once, by the caller. */
struct window *window_create(int topic, int32_t partition, int64_t offset);
void window_hold(struct window *window);
void window_release(struct window *window); /* NULL is allowed; frees when nobody holds it */

/*
 * Takes ${offset} in, not settled. Returns 0 with its serial; -1, with nothing changed, when there
 * is no memory, ${offset} lies below the next one expected (see window_next) or has no successor, or
 * the window is closed. Offsets that were skipped over count as settled. Amortised O(1).
 */
int window_take(struct window *window, int64_t offset, window_serial *ret_serial)
    __attribute__((warn_unused_result));

/* Settles an entry. Twice, or after window_close: nothing happens. Amortised O(1). */
void window_settle(struct window *window, window_serial serial);

/* Nothing is there below ${offset} (EOF was seen at it): the next one expected is at least that. */
void window_pass(struct window *window, int64_t offset);

/* Revoked: from now on nothing settles, and watermark and next stand. */
void window_close(struct window *window);
bool window_is_closed(const struct window *window);

int window_topic(const struct window *window);
int32_t window_partition(const struct window *window);
int64_t window_next(const struct window *window); /* the next one expected */
size_t window_unsettled(const struct window *window);

/* The lowest unsettled offset, or the next one expected where there is none. O(1). */
int64_t window_watermark(const struct window *window);

/* The offset of an entry, settled or not; -1 when the watermark has passed it. */
int64_t window_offset(const struct window *window, window_serial serial);

#endif
