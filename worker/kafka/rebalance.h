#ifndef REBALANCE_H
#define REBALANCE_H

#include <stdint.h>

#include <librdkafka/rdkafka.h>

struct intake;

/*
 * Who owns which partitions: answers the group's ASSIGN and REVOKE. Private to worker/kafka.
 *
 * ASSIGN: the group's committed offsets are asked for first, without blocking; the answer brings
 * the partitions into force, each at an explicit offset, with a queue of its own. REVOKE: the
 * engine's last commit leaves, then all is given back; a question that is still under way is
 * forgotten (P5). Everything is taken and given as a whole (eager).
 */

void rebalance_event(struct intake *intake, rd_kafka_event_t *event);
void rebalance_offsets_event(struct intake *intake, rd_kafka_event_t *event);

/* Asks again after a failure; complains of a missing assignment. */
void rebalance_turn(struct intake *intake);
int64_t rebalance_next_ms(const struct intake *intake);

/* Forgets what is held, without a word to engine or group: at the end. */
void rebalance_fini(struct intake *intake);

#endif
