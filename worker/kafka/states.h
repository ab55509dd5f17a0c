#ifndef STATES_H
#define STATES_H

#include <stdatomic.h>
#include <stddef.h>

#include <librdkafka/rdkafka.h>

#include "feed.h"

/*
 * The last value of each key of a compacted topic, read from its beginning to its end. Blocks, and
 * so belongs to the outbox's thread. Private to worker/kafka.
 *
 * Where the end is: offsets have gaps (markers of transactions, compaction), and read_committed tells
 * of an end at the first open transaction. So the high watermarks are asked for first, and it reads
 * until each partition's end is told at or beyond its one. Who writes these states in transactions
 * calls init_transactions before: that ends what a predecessor left open.
 */

struct error;

/* Owned by whoever made them; ${list} is states_end's to free. */
struct states {
    struct feed_saved *list;
    size_t count;
};

/*
 * Reads ${topic} of ${partitions} partitions with ${consumer} (read_committed, with the ends of
 * partitions told, nothing assigned). 0, or -1 with ${ret_error}: ERROR_KAFKA, ERROR_MEMORY, or
 * ERROR_LIMIT when ${is_stopping} was set meanwhile or the end did not come in time.
 */
int states_read(rd_kafka_t *consumer, const char *topic, int32_t partitions,
                const atomic_bool *is_stopping, struct states *ret_states, struct error *ret_error)
    __attribute__((warn_unused_result));
void states_end(struct states *states);

#endif
