#ifndef FEED_SIM_H
#define FEED_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "feed.h"
#include "json.h"
#include "model.h"
#include "rng.h"
#include "services.h"

/*
 * Two producers under a virtual clock, against the double of Graph and a broker in a few lines, all
 * out of one seed: people join and leave, links are reset, requests and answers are lost, batches
 * fail, leadership moves, whoever leads is killed. In the end comes a quiet time, and then what was
 * published must be what happened: nothing lost, nothing invented.
 *
 * Parts: feed_sim.c (time, producers, their wire), feed_sim_chaos.c (what goes wrong),
 * feed_sim_broker.c (batches, states), feed_sim_truth.c (the directory and what may be said of
 * it). One action is a step, and between any two steps the leader can be killed.
 */

enum {
    SIM_GROUPS = 3, /* the last one is watched from now on, the others with all their members */
    SIM_USERS = 16, /* of whom some are always members, some never */
    SIM_INSTANCES = 2,
    SIM_FLIGHTS = 64,
    SIM_STATES = 256,
};

struct sim_options {
    uint64_t seed;
    bool has_transactions;
    bool is_calm;       /* no faults, no kills but that one */
    int64_t kill_after; /* the leader is killed after this step; 0: not so */
    int64_t active_ms;  /* how long the directory changes */
};

/* What happened in a run; of several, the sum. */
struct sim_tally {
    int64_t steps, kills, moves, fenced, resyncs, events, repeats, concluded, failures, rounds;
};

/* --- the broker ------------------------------------------------------------------------------- */

/* A copy of a record. */
struct sim_record {
    enum feed_topic topic;
    char key[80];
    char *value; /* NULL: a tombstone */
    size_t length;
    char id[40]; /* of an event */
    char origin[16];
};

/* A batch on its way; what becomes of it was drawn when it was handed over. */
struct sim_batch {
    bool is_open;
    uint64_t serial;
    struct sim_record *records;
    size_t count, appended;
    size_t fails_at; /* as many records are appended; in a transaction 0 or all */
    bool is_lost;    /* all of it is there, and the answer says that it is not */
    bool is_over;    /* only the answer is missing */
    uint64_t epoch;  /* of the leadership it was handed over in */
    int64_t next_at_ms;
};

/* An event on one of the topics, in order of arrival. */
struct sim_event {
    int group, user;
    bool is_removed;
    bool is_listed;  /* a list of members told it, not the delta query */
    int64_t time_ms; /* the event's own, wall */
    char id[40];
};

struct sim_broker {
    bool has_transactions;
    uint64_t epoch; /* of the present leadership */
    struct sim_batch batches[SIM_INSTANCES];
    struct sim_event *events;
    size_t event_count, event_room;
    struct sim_record states[SIM_STATES];
    size_t state_count;
};

/* --- the directory ---------------------------------------------------------------------------- */

struct sim_change {
    int64_t at_ms; /* wall */
    bool is_member;
};

struct sim_history {
    struct sim_change *changes; /* the first one is how it was at the beginning */
    size_t count;
};

struct sim_truth {
    struct sim_history histories[SIM_GROUPS][SIM_USERS];
    bool is_deleted[SIM_GROUPS];
    int64_t baseline_ms; /* wall: since then the last group's changes are told; 0: not yet */
};

/* --- the whole -------------------------------------------------------------------------------- */

struct sim;

struct sim_flight {
    struct call *call;
    int instance;
    int64_t at_ms; /* when the answer arrives */
    struct http_response response;
};

struct sim_instance {
    struct sim *sim;
    int index;
    struct feed *feed;
    bool is_leading;    /* or thinks so */
    uint64_t epoch;     /* of its leadership */
    int64_t notices_ms; /* when it learns that it leads no more; INT64_MAX: it need not */
};

struct sim {
    struct sim_options options;
    struct sim_tally tally;
    struct rng rng;
    struct clock clock;
    struct model *model;
    struct json_parser *parser;
    struct services services;
    struct identity identity;
    struct routing routing;
    struct feed_settings settings;
    struct feed_group groups[SIM_GROUPS];
    struct sim_instance instances[SIM_INSTANCES];
    struct sim_flight flights[SIM_FLIGHTS];
    size_t flight_count;
    struct sim_broker broker;
    struct sim_truth truth;
    bool is_quiet;
    int64_t start_ms;
    int64_t elect_at_ms;  /* INT64_MAX: somebody leads */
    int64_t change_at_ms; /* of the directory */
    int64_t chaos_at_ms;
};

/* Runs it all; fails the test where a promise is broken. Adds what happened to ${tally}. */
void sim_run(const struct sim_options *options, struct sim_tally *tally);

bool sim_chance(struct sim *sim, int percent);
/* Fails the test, naming seed and step. */
void sim_fail(const struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));

void sim_kill_leader(struct sim *sim);
/* With transactions the old one may be late to learn of it, and is fenced. */
void sim_move_leadership(struct sim *sim);

/* --- feed_sim_chaos.c ------------------------------------------------------------------------- */

void sim_chaos_begin(struct sim *sim); /* Graph's ways, for this run */
void sim_chaos_step(struct sim *sim);  /* when it is due: something goes wrong */
void sim_chaos_end(struct sim *sim);   /* nothing more does */

/* --- feed_sim_broker.c ------------------------------------------------------------------------ */

bool sim_broker_publish(void *context, const struct feed_batch *batch); /* the feed's port */
int64_t sim_broker_next_ms(const struct sim *sim); /* INT64_MAX: nothing is open */
void sim_broker_step(struct sim *sim);             /* one action that is due */
/* The instance is gone, or yields: nothing more of its batch arrives. */
void sim_broker_drop(struct sim *sim, int instance);
/* Has the feed of ${instance} lead with the states that are there. */
void sim_broker_lead(struct sim *sim, struct sim_instance *instance);
/* True when there is a state of the group. */
bool sim_broker_has_state(const struct sim *sim, int group);
void sim_broker_free(struct sim_broker *broker);

/* --- feed_sim_truth.c ------------------------------------------------------------------------- */

void sim_truth_begin(struct sim *sim);
void sim_truth_change(struct sim *sim); /* somebody joins or leaves, or something else happens */
/* Was the event true at some time not long before it? */
void sim_truth_check(struct sim *sim, const struct sim_event *event, const char *origin);
/* The last event of each says how it is. */
void sim_truth_check_end(struct sim *sim);
void sim_truth_free(struct sim_truth *truth);

struct guid sim_user(int user);
struct guid sim_group(int group);
int sim_index(const struct guid *guid); /* of a user or a group */

#endif
