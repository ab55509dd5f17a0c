#ifndef TOPICS_H
#define TOPICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <librdkafka/rdkafka.h>

/*
 * Questions about topics, which block. Asked with a consumer, for a producer's question may make the
 * topic that it asks about. Private to worker/kafka.
 */

struct error;
struct text;

/*
 * How many partitions ${topic} has; 0: it does not exist. -1 with ${ret_error}: ERROR_KAFKA, no
 * answer, or no right to ask.
 */
int topics_size(rd_kafka_t *consumer, const char *topic, int32_t *ret_partitions,
                struct error *ret_error) __attribute__((warn_unused_result));

/* True when the broker says that ${topic} is not compacted; false also when it does not say. */
bool topics_is_plain(rd_kafka_t *consumer, const char *topic);

#endif
