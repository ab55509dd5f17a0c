#ifndef WORKER_PRIVATE_H
#define WORKER_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin.h"
#include "clock.h"
#include "observer.h"
#include "tier.h"
#include "worker.h"

/*
 * What the worker's files share: worker.c (making and the turn), ports.c, endpoint.c, shutdown.c.
 */

enum { TOPICS_MAX = 2 + TIERS_MOST };

enum phase {
    PHASE_RUNNING,
    PHASE_DRAINING, /* no more intake; what runs may end, what is settled is committed */
    PHASE_CLOSING,  /* leaving the group */
    PHASE_DONE,
};

struct worker {
    const struct settings *settings;
    int signal_fd;
    char *topics[TOPICS_MAX]; /* by the engine's index */
    size_t topic_count;
    char *dead_letter_topic;
    struct observer_topics observer_topics;
    struct clock clock;
    struct log *log;
    struct metrics *metrics;
    struct observer *observer;
    struct collector *collector;
    struct wire *wire;
    struct intake *intake;
    struct publisher *publisher; /* NULL: nothing is kept anywhere */
    struct engine *engine;
    struct admin *admin; /* NULL: no endpoint */
    int left_topic;      /* of which the intake can hand messages over if there is room; -1: none */
    int64_t turned_at_ms;
    enum phase phase;
    int64_t phase_until_ms;
    uint64_t failed_before; /* commits, when closing began */
    int exit_code;
};

struct ports;
struct wire_listener;

/* ports.c: the engine's ports, on ${worker}. */
struct ports worker_ports(struct worker *worker);
/* And what the wire tells. */
struct wire_listener worker_listener(struct worker *worker);

/* endpoint.c: the paths of the admin endpoint, their context is the worker. */
extern const struct admin_route worker_routes[];

/* shutdown.c: signals, and the steps from running to done. Once a turn. */
void worker_shutdown_turn(struct worker *worker);

#endif
