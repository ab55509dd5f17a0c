#ifndef CORE_FIXTURE_H
#define CORE_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "core.h"
#include "routing.h"
#include "scripted_ports.h"
#include "workqueue.h"

/*
 * What the tests of worker/core share: ids by number, a routing table from a few specs, messages,
 * rows and people, and a bench: a core on scripted ports and a clock that the test moves.
 */

enum { PROD, TEST };                    /* environments */
enum { COSTCENTRE, LEVEL };             /* columns of each, text and whole number, and attributes */
enum { SALES = 1, LABS = 2, ROOT = 9 }; /* units: "Sales" by name, one by id, the root */
enum {
    ADMIN = 1,
    READER = 2,
    THIRD = 3
}; /* roles: one by id, "Reader" by name, one of no recipe */
enum { MAIN_TOPIC, BACKFILL_TOPIC, FIRST_TIER, SECOND_TIER }; /* topics */
enum { TIERS = 2, FIRST_DELAY_MS = 900000, SECOND_DELAY_MS = 21600000 };

#define START_MONO_MS INT64_C(1000000)
#define START_WALL_MS INT64_C(1700000000000)
#define MINUTE_MS INT64_C(60000)

/* --- ids by number ----------------------------------------------------------------------------- */

struct guid user_id(int number);
struct guid group_id(int number);
struct guid unit_id(int number);
struct guid role_id(int number);         /* the root role */
struct guid copy_id(int role, int unit); /* its copy in a unit; in ROOT the root role itself */
struct guid row_id(int user);

/* --- routes ------------------------------------------------------------------------------------ */

struct route_spec {
    int environment;
    int group;
    const char *recipe; /* NULL: one of its own */
    int64_t rank;       /* 0: none */
    int unit;           /* 0: none */
    enum policy unit_policy;
    const char *columns; /* "cl": cost centre and level; capitals: initial; NULL: none */
    enum absent absent;
    const char *roles; /* "12": ADMIN and READER; NULL: none */
};

/* Both environments with the routes of ${specs}, in their order; ended by routing_unmake. */
struct routing *routing_make(const struct route_spec *specs, size_t count, bool has_graph);
void routing_unmake(struct routing *routing);

/* The same with an environment that has only ${spec}s of PROD: its route 0, 1, … */
#define ROUTES(...)                                                                            \
    routing_make((const struct route_spec[]){__VA_ARGS__},                                     \
                 sizeof((const struct route_spec[]){__VA_ARGS__}) / sizeof(struct route_spec), \
                 true)

/* --- rows and people --------------------------------------------------------------------------- */

/* An enabled row of ${user} in ${unit}, its columns null, without roles. For row_free. */
struct row row_make(const struct environment *environment, int user, int unit);
void row_put_text(struct row *row, int column, const char *text);
void row_put_integer(struct row *row, int column, int64_t integer);
void row_put_role(struct row *row, int role, int unit);

/* An enabled person without attributes. For person_free. */
struct person person_make(const struct environment *environment);
void person_put_text(struct person *person, int attribute, const char *text);
void person_put_integer(struct person *person, int attribute, int64_t integer);

/* --- a bench ----------------------------------------------------------------------------------- */

struct bench {
    struct clock clock;
    struct engine_settings settings;
    struct routing *routing;
    int64_t login_not_before_ms; /* of its one identity */
    struct scripted scripted;
    struct core core;
};

/* The defaults, without lane limits. */
void settings_default(struct engine_settings *settings);

/* For cmocka; *state is a struct bench with one plain route. */
int bench_setup(void **state);
int bench_teardown(void **state);

/* Two retry topics: a record is parked twice on the first, then once on the second. */
void settings_use_tiers(struct engine_settings *settings);

/* Lets ${ms} pass, from one timer to the next as the loop does. */
void bench_pass(struct bench *bench, int64_t ms);

const struct environment *bench_prod(const struct bench *bench);

/* An event of ${user} and ${group}, borrowed until the next call: its value is JSON, its key the user. */
const struct message *message_make(int user, int group, int64_t offset, int64_t timestamp_ms);

#endif
