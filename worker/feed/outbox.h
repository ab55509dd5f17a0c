#ifndef OUTBOX_H
#define OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "feed.h"
#include "list.h"

/*
 * Parcels leave in order, one at a time: at most one batch is open at the port. One that could not
 * be published stays the first and is handed over again after a back-off; so what a group publishes
 * stays in order, and nothing is published twice at the same time.
 */

struct core;
struct outbox;
struct parcel;

/* What the owners of parcels do; called with the parcel out of the outbox, but for failed. */
struct outbox_rules {
    /* Just before ${parcel} leaves, each time: its last chance to change. -1: no memory. */
    int (*seal)(struct parcel *parcel);
    void (*published)(struct parcel *parcel);
    /* It was not, and will be handed over again in ${next_in_ms}. False: not that one. */
    bool (*failed)(struct parcel *parcel, const struct error *error, int attempt,
                   int64_t next_in_ms);
};

struct outbox {
    struct core *core;
    const struct feed_ports *ports;
    const struct outbox_rules *rules;
    struct link queue;
    bool is_open; /* the first is at the port */
    uint64_t serial;
    int failures; /* in a row */
    int64_t not_before_ms;
};

void outbox_init(struct outbox *outbox, struct core *core, const struct feed_ports *ports,
                 const struct outbox_rules *rules);

/* Puts ${parcel} (the owner's) last. */
void outbox_submit(struct outbox *outbox, struct parcel *parcel);

/* The port's answer. */
void outbox_answered(struct outbox *outbox, uint64_t serial, const struct error *error);

/* Lets go of all parcels; nothing is open any more, and nobody is called. */
void outbox_clear(struct outbox *outbox);

void outbox_run(struct outbox *outbox);              /* hands over what may leave */
int64_t outbox_next_ms(const struct outbox *outbox); /* INT64_MAX: never by itself */
bool outbox_is_empty(const struct outbox *outbox);

#endif
