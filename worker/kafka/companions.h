#ifndef COMPANIONS_H
#define COMPANIONS_H

#include <stddef.h>
#include <stdint.h>

#include <librdkafka/rdkafka.h>

#include "companion.h"
#include "tier.h"

/*
 * Sees to it that the retry topics and the dead letters are there (companion.h), in rounds that begin
 * once it is known how many partitions the main topic has, and again when these change:
 *
 *   look    how many partitions has each? (probe.h)
 *   ask     those that are missing are made, if that is wanted; the others are asked for their
 *           configuration
 *   say     what is wrong is said once for each topic; while something is, there is another round
 *           each minute, so that it is noticed when it was mended
 *
 * Nothing blocks: questions go out by the library's admin requests and come back as events of the
 * reply queue. A round that learns nothing harms nobody: what a topic refuses is said again by
 * whoever writes to it (publisher.h). Private to worker/kafka.
 */

struct intake;

enum companions_step { COMPANIONS_RESTING, COMPANIONS_LOOKING, COMPANIONS_ASKING };

struct companions {
    struct companion list[TIERS_MOST + 1];
    struct companion said[TIERS_MOST + 1]; /* as it was when something was said of it */
    size_t count;
    int32_t partitions; /* of the main topic; 0: not known so far */
    enum companions_step step;
    int64_t next_ms;  /* when there is something to do; INT64_MAX: never */
    int64_t until_ms; /* so long a round looks */
    int asked;        /* answers that are to come */
};

void companions_init(struct intake *intake);

/* The main topic has ${partitions}. */
void companions_begin(struct intake *intake, int32_t partitions);
void companions_turn(struct intake *intake);
int64_t companions_next_ms(const struct intake *intake);

/* Answers. */
void companions_created_event(struct intake *intake, rd_kafka_event_t *event);
void companions_configs_event(struct intake *intake, rd_kafka_event_t *event);

#endif
