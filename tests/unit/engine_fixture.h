#ifndef ENGINE_FIXTURE_H
#define ENGINE_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core_fixture.h"
#include "engine.h"
#include "little_world.h"
#include "scripted_ports.h"

/*
 * An engine on scripted ports, answered by a little world: what is in flight when time passes is
 * answered at once, except where the test holds a kind of call, letters or commits back. Two
 * partitions of the main topic and one of the backfill (and of each retry topic, where used) are assigned, from offset 0 on. Everybody is
 * in every group, unless the test says otherwise.
 */

enum { PARTITIONS = 2, TOPICS = 4 };

struct engine_fixture {
    struct clock clock;
    struct engine_settings settings;
    struct routing *routing;
    struct scripted scripted;
    struct world world;
    struct engine *engine;
    int64_t next_offset[TOPICS][PARTITIONS];
    bool holds[CALL_KINDS]; /* calls that are left in flight */
    bool holds_letters, holds_commits;
    bool breaks_letters; /* the report says no */
    size_t letters_answered, commits_answered;
};

/* An event; ages are how long before now, negative: in the future. */
struct event_spec {
    int user, group;
    bool is_removal, is_not_user, has_no_time;
    int64_t age_ms, record_age_ms;
    int topic;
    int32_t partition;
};

#define OLD_MS (30 * MINUTE_MS) /* older than belief */

/* For cmocka; *state is a struct engine_fixture whose engine is not started. */
int engine_fixture_setup(void **state);
int engine_fixture_teardown(void **state);

/* Starts the engine with these routes, which the fixture owns from now on. */
void engine_fixture_start(struct engine_fixture *fixture, struct routing *routing);
void engine_fixture_assign(struct engine_fixture *fixture);

/* Hands an event over, which is taken; its offset. */
int64_t engine_fixture_publish(struct engine_fixture *fixture, struct event_spec spec);
bool engine_fixture_try(struct engine_fixture *fixture, struct event_spec spec);
bool engine_fixture_try_bytes(struct engine_fixture *fixture, const char *value);
int64_t engine_fixture_publish_bytes(struct engine_fixture *fixture, const char *value);

/*
 * Hands the ${index}th letter over as what stands next in the first partition of its retry topic, ${delay_ms} after it was
 * written. Its offset.
 */
int64_t engine_fixture_return(struct engine_fixture *fixture, size_t index);

#define PUBLISH(fixture, ...) engine_fixture_publish(fixture, (struct event_spec){__VA_ARGS__})

/* Lets ${ms} pass, answering on the way. */
void engine_fixture_pass(struct engine_fixture *fixture, int64_t ms);

/* Answers one call of ${kind} that is held in flight, as the world does. */
void engine_fixture_answer(struct engine_fixture *fixture, enum call_kind kind);

/* Only so, and in this order, was the world asked since the last time. */
void engine_fixture_assert_trace(struct engine_fixture *fixture, const char *trace);

/* What was committed last of a partition of the main topic; -1: nothing. */
int64_t engine_fixture_committed(const struct engine_fixture *fixture, int32_t partition);

/* A number out of /status, by the name of its member, the first one of that name. */
int64_t engine_fixture_status(const struct engine_fixture *fixture, const char *name);

#endif
