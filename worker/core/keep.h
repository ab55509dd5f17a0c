#ifndef KEEP_H
#define KEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "core.h"
#include "record.h"

/*
 * Writes records to the retry topics and the dead-letter topic: key, value and all headers byte for byte, then ours as text (names in keep.c), stamped
 * with the present time by the producer. A second failure replaces what ours said, but never the first origin. Whoever asks is told when the delivery
 * report was seen, and only then may settle (P1).
 */

struct keeper;
struct keeping;

/* ${error} NULL: it is kept. Else it is not, and the caller decides when to try again. The keeping is over in both cases. */
typedef void keep_fn(void *arg, const struct error *error);

/* Where a record goes, and how often it will have been parked then. */
struct destination {
    int tier; /* TO_DEAD_LETTERS, TO_NOWHERE */
    int64_t parkings;
};

/* What our headers say. Texts are borrowed for the call. */
struct keep_reason {
    struct destination to;
    const struct environment *environment; /* that is owed; NULL: none could be read */
    const char *class;                     /* "refused" "rejected" "undecodable" */
    const char *code;                      /* the reason */
    const char *text;                      /* bounded by the keeper */
    int attempts;
    int64_t first_failure_ms; /* wall */
    int64_t last_failure_ms;
};

struct keeper *keeper_create(struct core *core);
void keeper_destroy(struct keeper *keeper); /* tells nobody */

/*
 * Where ${payload}'s record goes after ${verdict}: what is rejected to the dead letters; what nobody can do now (MISCONFIGURED) to the tier where it comes from,
 * without being counted; all else to the tier whose turn it is.
 */
struct destination keeper_destination(const struct keeper *keeper, const struct payload *payload,
                                      enum verdict verdict);

/* Holds ${payload} until the answer. NULL: no memory, or the producer takes none now; ${done} is not called. */
struct keeping *keeper_keep(struct keeper *keeper, struct payload *payload,
                            const struct keep_reason *reason, keep_fn *done, void *arg);

/* ${arg}'s owner goes away: nobody is told. */
void keeper_forget(struct keeper *keeper, struct keeping *keeping);

void keeper_answered(struct keeper *keeper, uint64_t serial, const struct error *error);
size_t keeper_count(const struct keeper *keeper);

#endif
