#ifndef EVENTS_H
#define EVENTS_H

#include <stddef.h>
#include <stdint.h>

#include "fields.h"

/*
 * Publishing records for tests and newcomers: membership events, and whatever else a test wants in
 * the topic. A batch is done when the broker has confirmed, or refused, every record of it.
 */

struct broker;
struct error;
struct json;
struct text;

/* The members of one object of POST /events, for documentation. */
extern const struct field events_fields[];

/*
 * Called once, from the broker's turn in the loop: ${json} is {"delivered", "failed", "error",
 * "partitions": [{"topic", "partition", "count", "first", "last"}]} and the callee's to free.
 */
typedef void events_done(void *arg, struct text *json);

/*
 * Publishes the records of ${body}, an object or an array of them, in order. On success ${done} will
 * be called, unless the broker is destroyed before. Errors: ERROR_INPUT, and nothing was published.
 */
int events_publish(struct broker *broker, const struct json *body, events_done *done, void *arg,
                   struct error *ret_error) __attribute__((warn_unused_result));

/* The delivery report callback of the broker's handle. */
struct rd_kafka_s;
struct rd_kafka_message_s;
void events_delivered(struct rd_kafka_s *handle, const struct rd_kafka_message_s *message,
                      void *opaque);

#endif
