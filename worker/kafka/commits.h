#ifndef COMMITS_H
#define COMMITS_H

#include <librdkafka/rdkafka.h>

struct intake;

/* Answers to commits, for the engine. Private to worker/kafka; the way out is intake_commit. */

void commits_event(struct intake *intake, rd_kafka_event_t *event);

/* Answers a commit that the library refused at once. */
void commits_turn(struct intake *intake);

#endif
