#ifndef PUBLISHER_H
#define PUBLISHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * librdkafka's producer for kept records, to the retry topics and the dead letters: idempotent, made
 * at the first record (it costs memory that most workers never need), made anew after a fatal error.
 * Answers (delivery reports) come in publisher_turn, as engine_kept. What a topic does not take is
 * said loudly, once (complaints.h).
 */

struct clock;
struct engine;
struct error;
struct kept_record;
struct log;
struct publisher;
struct tier;

/* All is borrowed for the publisher's life. */
struct publisher_settings {
    const char *bootstrap_servers;
    const struct tier *tiers;
    size_t tier_count;
    const char *dead_letters; /* NULL: off */
    bool cuts_large_letters;  /* a dead letter that is too large goes out without its value */
    const struct clock *clock;
    const char *const *properties;
    const char *client_id;
    int64_t timeout_ms; /* message.timeout.ms */
};

struct publisher *publisher_create(const struct publisher_settings *settings, struct log *log,
                                   struct error *ret_error);
void publisher_bind(struct publisher *publisher, struct engine *engine);
int publisher_fd(const struct publisher *publisher); /* readable when publisher_turn has work */
void publisher_turn(struct publisher *publisher);

/* The engine's port. False as well for a topic that there is not. */
bool publisher_keep(void *context, const struct kept_record *record);

/* Waits for nothing: what is unacknowledged stays uncommitted. */
void publisher_destroy(struct publisher *publisher);

#endif
