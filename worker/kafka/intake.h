#ifndef INTAKE_H
#define INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * librdkafka's consumer as a passenger of the loop: joins the group, answers rebalances, takes
 * messages out of the partition queues while the engine has room, hands commits over. Nothing here
 * blocks; the one descriptor becomes readable when there is work. It works as librdkafka 2.0.2
 * really behaves (worker/DESIGN.md, "Intake").
 */

struct clock;
struct engine;
struct error;
struct intake;
struct log;
struct offset_commit;
struct tier;

/* All texts are borrowed for the intake's life. */
struct intake_settings {
    const char *bootstrap_servers;
    const char *group_id;
    const char *group_instance_id; /* "": a dynamic member */
    const char *const *topics;     /* by the engine's index; the first is the main one, others are
                                      subscribed to where present */
    size_t topic_count;
    const struct tier *tiers; /* the last ${tier_count} of the topics: their records wait */
    size_t tier_count;
    const char *dead_letters;      /* their topic, NULL: none */
    bool creates_topics;           /* retry and dead-letter topics that are missing are made */
    const struct clock *clock;     /* for the wall time; whoever turns the loop reads it */
    const char *const *properties; /* "name=value" of librdkafka, NULL-terminated */
    const char *client_id;
    int64_t first_assignment_within_ms; /* no assignment by then: an error line, again and again */
};

/* What happened so far, for metrics. */
struct intake_counts {
    uint64_t commits_sent;
    uint64_t commits_accepted;
    uint64_t commits_failed;
};

/*
 * ERROR_CONFIG for a property that would break a promise (with the reason) or that librdkafka
 * refuses. Does not connect: also for --check-config.
 */
int intake_check_properties(const char *const *properties, struct error *ret_error)
    __attribute__((warn_unused_result));

/* Connects and subscribes. NULL with ${ret_error} filled. */
struct intake *intake_create(const struct intake_settings *settings, struct log *log,
                             struct error *ret_error);
void intake_bind(struct intake *intake, struct engine *engine); /* once, before the first turn */
int intake_fd(const struct intake *intake);

/*
 * One turn: serves the consumer queue until it is empty (first: rebalances, errors, commit
 * answers), then drains partition queues while there is room. Returns the first topic (by index) of
 * which messages were left behind, so that another turn can be made at once if the engine has room
 * for it by then; -1: none.
 */
int intake_turn(struct intake *intake, int64_t now_ms);

/*
 * When intake_turn has something to do although the descriptor is silent; monotonic, INT64_MAX:
 * never.
 */
int64_t intake_next_ms(const struct intake *intake);

/* The engine's port: an asynchronous commit whose answer comes by engine_committed. */
void intake_commit(void *context, const struct offset_commit *commits, size_t count,
                   uint64_t serial);

/*
 * When the head of a retry topic's partition is due, wall; 0: none waits. O(assigned partitions): for
 * scrapes.
 */
int64_t intake_head_due_ms(const struct intake *intake, int topic, int32_t partition);

bool intake_is_assigned(const struct intake *intake); /* an assignment is held; it may be empty */
int64_t
intake_served_at_ms(const struct intake *intake); /* when the consumer queue was last served: the
                                                             watchdog's */
bool intake_is_fatal(
    const struct intake *intake); /* fenced, or another fatal error (logged): stop, nothing
                                                      more comes or goes */
const struct intake_counts *intake_counts(const struct intake *intake);

/*
 * Leaves: starts closing (${for_good}: a static member leaves the group first, so that others take
 * over at once); serve with intake_turn until intake_is_closed.
 */
void intake_close(struct intake *intake, bool for_good);
bool intake_is_closed(const struct intake *intake);

/* May take seconds when it was not closed, or the broker does not answer. NULL is allowed. */
void intake_destroy(struct intake *intake);

/* librdkafka's version, as loaded, e.g. "2.0.2". */
const char *intake_library_version(void);

#endif
