#ifndef DISPATCH_H
#define DISPATCH_H

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
struct dispatch;
struct parcel;

/* What the owners of parcels do; called with the parcel out of the queue, but for failed. */
struct dispatch_rules {
    /* Just before ${parcel} leaves, each time: its last chance to change. -1: no memory. */
    int (*seal)(struct parcel *parcel);
    void (*published)(struct parcel *parcel);
    /* It was not, and will be handed over again in ${next_in_ms}. False: not that one. */
    bool (*failed)(struct parcel *parcel, const struct error *error, int attempt,
                   int64_t next_in_ms);
};

struct dispatch {
    struct core *core;
    const struct feed_ports *ports;
    const struct dispatch_rules *rules;
    struct link queue;
    bool is_open; /* the first is at the port */
    uint64_t serial;
    int failures; /* in a row */
    int64_t not_before_ms;
};

void dispatch_init(struct dispatch *dispatch, struct core *core, const struct feed_ports *ports,
                   const struct dispatch_rules *rules);

/* Puts ${parcel} (the owner's) last. */
void dispatch_submit(struct dispatch *dispatch, struct parcel *parcel);

/* The port's answer. */
void dispatch_answered(struct dispatch *dispatch, uint64_t serial, const struct error *error);

/* Lets go of all parcels; nothing is open any more, and nobody is called. */
void dispatch_clear(struct dispatch *dispatch);

void dispatch_run(struct dispatch *dispatch);              /* hands over what may leave */
int64_t dispatch_next_ms(const struct dispatch *dispatch); /* INT64_MAX: never by itself */
bool dispatch_is_empty(const struct dispatch *dispatch);

#endif
