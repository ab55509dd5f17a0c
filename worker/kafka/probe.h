#ifndef PROBE_H
#define PROBE_H

#include <stdbool.h>
#include <stdint.h>

struct intake;

/*
 * What librdkafka 2.0.2 offers no call for, got out of one that it does: rd_kafka_offsets_for_times
 * with a time-out of 0. It looks the partitions' leaders up in the metadata it has, says of each
 * partition in the list whether it exists, hands a small request to each leader's thread, and
 * returns. The late answer is dropped by the library. Private to worker/kafka.
 */

/*
 * Wakes the threads of those brokers that lead a partition which was drained before its end. A
 * thread that has found all its fetch queues full sleeps for up to a second, whatever becomes of
 * the queues meanwhile; any request wakes it. From 2.2.0 on it looks by itself
 * (fetch.queue.backoff.ms), and this does nothing.
 */
void probe_wake(struct intake *intake);

enum { PROBE_NO_TOPIC = -1, PROBE_NO_RIGHT = -2 /* to see it, so nothing is known of it */ };

/*
 * How many partitions ${topic} has; 0: not known (yet): the library asks for a topic that it did not
 * know so far, so the next look tells, when it comes soon, since it forgets within 100 ms that a topic
 * does not exist (PROBE_NO_TOPIC). ${known} partitions certainly exist. Up to some twenty small
 * requests.
 */
int32_t probe_partitions(struct intake *intake, const char *topic, int32_t known);

#endif
