#ifndef DRAIN_H
#define DRAIN_H

#include <stdbool.h>
#include <stdint.h>

#include <librdkafka/rdkafka.h>

struct intake;

/* Records out of the partition queues into the engine. Private to worker/kafka. */

/* Takes over the queue of each of ${list}. -1: no memory, nothing was taken. */
int drain_open(struct intake *intake, const rd_kafka_topic_partition_list_t *list)
    __attribute__((warn_unused_result));

/* Tells the engine of the partitions, which are those of ${list} in the same order. */
void drain_begin(struct intake *intake, const rd_kafka_topic_partition_list_t *list);

/* Drops the queues and what is in them. */
void drain_close(struct intake *intake);

/*
 * Hands over what is there, is due and has room, the main topic's first. The first topic (by index) of
 * which something was left behind that only room or time of this turn was missing for; -1: none.
 */
int drain_turn(struct intake *intake);

/* When a head is due, or a partition is read again after an error; INT64_MAX: none waits. */
int64_t drain_next_ms(const struct intake *intake);

#endif
