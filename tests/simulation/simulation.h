#ifndef SIMULATION_H
#define SIMULATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "engine.h"
#include "http.h"
#include "list.h"
#include "model.h"
#include "rng.h"
#include "routing.h"
#include "services.h"
#include "timer.h"

/*
 * One whole run of the core under a virtual clock: a made-up Entra and Dataverse (the double), a made-up broker, one to three
 * replicas of the engine, and faults, all out of one seed. What happens is checked as it happens and at the end (check.c); then comes a
 * quiet phase without faults in which everything must settle.
 *
 * Parts: world.c (who and what there is), broker.c (records, offsets, assignments), retry.c (its retry topics), replica.c (an engine and its wire), chaos.c (what goes
 * wrong), P1 to P8: check.c (what is settled and committed), check_calls.c (what is asked and written), check_end.c (what came of it); simulation.c (time).
 */

enum {
    MAX_USERS = 48,
    MAX_GROUPS = 6,
    MAX_ENVIRONMENTS = 2,
    MAX_PARTITIONS = 4, /* of each topic */
    MAX_RECORDS = 1000, /* of each partition */
    MAX_REPLICAS = 3,
    MAX_LETTERS = 4096,
    MAX_TIERS = 2,
    MAX_LOOKS = 8,  /* of a user that are remembered */
    MAX_LANES = 8,  /* of a replica; without one: for tokens */
    MAX_CALLS = 64, /* of a window that is checked */
    FIRST_TIER = 2, /* topics: the main one, the backfill, the retry topics */
    TOPICS = FIRST_TIER + MAX_TIERS,
};

/* One record of the broker. */
struct sim_record {
    int64_t offset;
    int64_t timestamp_ms;
    int64_t event_ms;  /* as the event says; EVENT_NO_TIME */
    int64_t origin_ms; /* the timestamp; of one on a retry topic its origin's */
    struct guid user;
    struct guid group;
    int group_index; /* -1: unrouted or undecodable */
    int user_index;  /* -1: undecodable */
    bool is_removal;
    char *value;
    size_t length;
    struct kafka_header *headers; /* of one on a retry topic, all owned */
    size_t header_count;
    int owed_environment; /* -1: all */
    /* what became of it, for check.c: per environment, index MAX_ENVIRONMENTS is "none" */
    unsigned settled[MAX_ENVIRONMENTS + 1];
    unsigned settled_now[MAX_ENVIRONMENTS + 1]; /* since it was handed over last */
    uint64_t taken;                             /* when that was, a moment */
    bool is_open;                               /* and it is not wholly settled yet */
    bool is_open_in[MAX_ENVIRONMENTS];
    bool is_doubtful; /* at that moment nobody had to believe that the user is a member */
    bool is_dead;     /* a letter of it was acknowledged, for one that cannot be decoded */
};

struct sim_partition {
    int topic;
    int32_t partition;
    struct sim_record records[MAX_RECORDS];
    size_t count;
    int64_t next_offset; /* of the next record, gaps included */
    int64_t committed;   /* -1: nothing */
    int owner;           /* replica, -1: nobody */
    uint64_t generation; /* of the assignment */
};

struct sim_user {
    struct guid id;
    bool is_member[MAX_GROUPS];     /* at present, truth */
    int64_t left_at_ms[MAX_GROUPS]; /* wall, as the last removal says */
    bool ever_added[MAX_GROUPS];    /* a young "added" was published while a member */
    bool has_row_at_start[MAX_ENVIRONMENTS];
    bool is_unlicensed; /* for ever */
    bool is_touched;    /* by an administrator's hand: unit and columns are not judged */
    bool is_disabled;   /* in Entra */
    bool is_dead;       /* a letter of this user was written: somebody must look */
    bool is_fresh;      /* was ever young: belief may have given access */
    char attribute[32]; /* JSON text of the extension attribute, "" absent */
    int level;          /* whole number, -1 absent */
};

struct replica;
struct simulation;

/* A call under way, owned by its replica. */
struct sim_call {
    struct link link;
    struct timer timer;
    struct replica *replica;
    struct call *call;
    struct http_response response;
};

/* A commit or a letter whose answer is under way. */
struct sim_answer {
    struct link link;
    struct timer timer;
    struct replica *replica;
    uint64_t serial;
    bool is_letter;
    bool is_ok;
    /* of a letter: what was kept, for whom; NULL: something that cannot be decoded */
    struct sim_record *undecodable;
    int user_index, group_index, environment;
    int64_t latest_ms;
};

/*
 * What a replica has asked and done about one user in one environment, for check.c: moments, which count everything that happens one by one. 0: never.
 */
struct sim_notes {
    uint64_t looked;               /* when the last LOOK left */
    struct clock looks[MAX_LOOKS]; /* and the last ones, a ring */
    size_t look_count;
    uint64_t
        wrote; /* when the last write left that is none that is repeated at will: no force sync */
    uint64_t asked[MAX_GROUPS];         /* whether the user is in the group */
    uint64_t removed[MAX_GROUPS];       /* when the last removal was handed over */
    int64_t removed_ms[MAX_GROUPS];     /* and when that came about, as it says */
    uint64_t wrote_before[MAX_GROUPS];  /* ${wrote} at that moment */
    uint64_t kept[MAX_GROUPS];          /* when the last kept record was acknowledged */
    int64_t kept_latest_ms[MAX_GROUPS]; /* its latest time */
    size_t open;                        /* deliveries that are not settled here */
    int64_t busy_since_ms;              /* since when there are any */
};

/* What a replica has sent through one of its lanes, for check_calls.c. */
struct sim_lane {
    const void *lane; /* NULL: tokens */
    bool is_used;
    int64_t not_before_ms;
    int64_t sent_at_ms[MAX_CALLS]; /* a ring */
    size_t sent;
};

struct replica {
    struct simulation *simulation;
    int index;
    struct engine *engine; /* NULL: not running */
    struct link calls;
    struct link answers;
    uint64_t generation;
    int64_t position[TOPICS]
                    [MAX_PARTITIONS]; /* index of the next record to hand over, -1: not assigned */
    bool end_told[TOPICS][MAX_PARTITIONS];
    bool is_revoking;  /* the final commit is being made */
    bool is_ending;    /* killed, or its time to stop is over: what it cancels is not judged */
    struct timer stop; /* while it stops: chaos.c looks whether it may go */
    int64_t stop_until_ms;
    uint64_t calls_made;
    size_t open; /* records handed over and not wholly settled */
    struct sim_notes notes[MAX_ENVIRONMENTS][MAX_USERS];
    struct sim_lane lanes[MAX_LANES];
};

struct simulation {
    uint64_t seed;
    struct clock clock;
    struct timers *timers;
    uint64_t moment; /* rises with everything that is noted */
    struct rng rng;
    struct model *model;
    struct routing routing;
    struct services services;
    struct services_settings services_settings;
    struct engine_settings settings;
    struct tier tiers[MAX_TIERS];
    int topic_count;
    int partition_count;
    struct sim_partition partitions[TOPICS][MAX_PARTITIONS];
    int user_count;
    struct sim_user users[MAX_USERS];
    int group_count;
    struct guid groups[MAX_GROUPS];
    int replica_count;
    struct replica replicas[MAX_REPLICAS];
    struct timer publisher;
    int to_publish;
    struct timer chaos;
    bool is_quiet;
    bool has_rebalances, has_kills, has_cuts, has_hands, has_leavers, has_bad_commits,
        has_bad_letters, has_jumps, has_stops, is_scattered;
    /* observed */
    uint64_t outcomes[OUTCOMES];
    uint64_t kills, stops, rebalances, jumps, letters;
    char violation[512]; /* the first one; "" none */
    bool is_verbose;
};

/* Runs ${seed}; true when no promise was broken. ${is_verbose}: every event to stderr. */
bool simulation_run(uint64_t seed, bool is_verbose);

/* Notes the first broken promise. */
void simulation_violation(struct simulation *simulation, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void simulation_say(struct simulation *simulation, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* world.c */
void world_make(struct simulation *simulation);
void world_end(struct simulation *simulation);
int world_environment(const struct simulation *simulation, const char *name); /* -1: none */
/* Ids of an environment: its root unit, and the root of the role at ${index} of its routes' roles. */
struct guid world_root_unit(int environment);
struct guid world_role(int environment, int index);
#define SIM_SECRET "not-a-secret"

/* broker.c */
void broker_publish(struct simulation *simulation); /* one more record */
void broker_assign(
    struct simulation *simulation); /* deals all partitions out among the running replicas */
void broker_revoke(struct simulation *simulation, struct replica *replica, bool is_lost);
void broker_feed(struct simulation *simulation,
                 struct replica *replica); /* hands over what it has room for */
void broker_commit(void *context, const struct offset_commit *commits, size_t count,
                   uint64_t serial);
struct sim_record *broker_record(struct simulation *simulation, int topic, int32_t partition,
                                 int64_t offset);
bool broker_is_done(const struct simulation *simulation); /* everything is committed to the end */
void broker_end(struct simulation *simulation);

/* retry.c */
/* Writes ${record} to its retry topic. False: there is no room. */
bool retry_park(struct simulation *simulation, const struct kept_record *record);
/* When ${record} may be handed over, wall time; INT64_MIN: at once. */
int64_t retry_due_ms(const struct simulation *simulation, const struct sim_partition *partition,
                     const struct sim_record *record);
int64_t retry_next_ms(const struct simulation *simulation); /* when a held head is due; monotonic */

/* replica.c */
/* Our header ${name} of a kept record as text; "" where it has none. */
const char *letter_header(const struct kept_record *record, const char *name);
void replica_start(struct simulation *simulation, struct replica *replica);
void replica_kill(struct replica *replica); /* kill -9 */

/* chaos.c */
void chaos_start(struct simulation *simulation);
void chaos_stop(struct simulation *simulation);

/* check.c */
void check_take(struct replica *replica, struct sim_record *record); /* before it is handed over */
void check_taken(struct replica *replica, struct sim_record *record, bool was_taken); /* after it */
void
check_revoked(struct replica *replica); /* what was handed over is nobody's business any more */
/* ${letter} is to be kept; later its delivery report is good. */
void check_keep(const struct sim_answer *letter, const struct kept_record *record);
void check_kept(const struct sim_answer *letter);
void check_settlement(struct replica *replica, const struct settlement *settlement);
void check_commit(struct simulation *simulation, const struct sim_partition *partition,
                  int64_t offset);

/* check_end.c */
void check_end(struct simulation *simulation);

/* check_calls.c */
/* A user's row, for what a write does to it. */
struct sim_row {
    bool is_there;
    struct guid unit;
    size_t roles;
};
void check_send(struct replica *replica, const struct call *call);
struct sim_row check_before(struct simulation *simulation, const struct call *call);
void check_after(struct simulation *simulation, const struct call *call,
                 const struct sim_row *before);
/* Before and after ${call} was read. */
void check_answer(struct replica *replica, const struct call *call,
                  const struct http_response *response);
void check_items(struct replica *replica, const struct call *call);
void check_cancel(struct replica *replica, const struct call *call);

#endif
