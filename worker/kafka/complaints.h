#ifndef COMPLAINTS_H
#define COMPLAINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <librdkafka/rdkafka.h>

/*
 * Records that a topic does not take are handed over again and again, so what is wrong with the topic
 * would be said again and again. Here it is said once for each kind of fault, with what to do about
 * it, and from then on every ten minutes until it is over. That it is over is said too, when the topic
 * takes a record; but for a record's size, of which another record tells nothing. Private to
 * worker/kafka.
 */

struct clock;
struct complaints;
struct log;

/* What was refused, and why. */
struct complaint {
    rd_kafka_resp_err_t code;
    const char *text;
    int32_t partition;
};

/* ${topics}, by whose index the rest goes, is borrowed as all else is. NULL: no memory. */
struct complaints *complaints_create(const char *const *topics, size_t count, struct log *log,
                                     const struct clock *clock);
void complaints_destroy(struct complaints *complaints); /* NULL is allowed */

void complaints_refused(struct complaints *complaints, size_t topic,
                        const struct complaint *complaint);
void complaints_taken(struct complaints *complaints, size_t topic);

/* Is ${code} about the size of a record? */
bool complaints_is_size(rd_kafka_resp_err_t code);

#endif
