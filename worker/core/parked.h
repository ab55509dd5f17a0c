#ifndef PARKED_H
#define PARKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"

/*
 * What the headers of a kept record say, of a record that comes back from a retry topic or was copied from the dead letters: keep.c writes
 * them, this reads them. All are text. Where the format's header is missing the record was never kept.
 */

struct error;

#define PARKED_PREFIX "dvsync-" /* of all of them; other programs leave it alone */
#define PARKED_ORIGIN "dvsync-origin-"
#define PARKED_FORMAT "dvsync-format"
#define PARKED_VERSION "1"

struct parked {
    bool is_kept;
    const char *environment; /* that is owed, not NUL-terminated, borrowed; NULL: all */
    size_t environment_length;
    int64_t origin_ms; /* timestamp of the first record; -1: none */
    int64_t parkings;  /* on retry topics, so far */
    int64_t attempts;
    int64_t first_failure_ms; /* wall; 0: not known */
};

/* ERROR_INPUT: a version that is not known, or a number or time that is none. All zero and origin_ms -1 where the record was never kept. */
int parked_read(const struct kafka_header *headers, size_t count, struct parked *ret_parked,
                struct error *ret_error) __attribute__((warn_unused_result));

/* Does ${header} belong to a kept record and not to the event? */
bool parked_is_ours(const struct kafka_header *header);

#endif
