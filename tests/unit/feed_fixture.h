#ifndef FEED_FIXTURE_H
#define FEED_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "feed.h"
#include "routing.h"
#include "text.h"

/*
 * A feed whose world is a script: pages stay in flight until the test answers them, batches stay
 * open until it acknowledges them, and all that was published and told is written down in a few
 * letters, so that a test can say what it expects in a line.
 */

/* A link of Graph that ends so. */
#define LINK(token) "https://graph.test/v1.0/groups/delta?$t=" token

enum { FEED_GROUPS = 3, FEED_FLIGHTS_MOST = 16, FEED_STATES_MOST = 1200 };

/* A record of the state topic. */
struct feed_fixture_state {
    char key[80];
    char *value; /* NULL: a tombstone */
};

struct feed_fixture {
    struct clock clock;
    struct feed_settings settings;
    struct feed_group groups[FEED_GROUPS];
    size_t group_count;
    struct identity identity;
    struct routing routing;
    enum feed_mode mode;
    struct feed *feed;
    /* the world */
    struct call *flights[FEED_FLIGHTS_MOST]; /* but for those for tokens, which are answered */
    size_t flight_count;
    bool holds_tokens; /* a call for one is left unanswered */
    size_t tokens, cancelled, answers;
    bool refuses_publish;
    uint64_t serial;          /* of the open batch; 0: none is */
    struct feed_record *open; /* its records */
    size_t open_count;
    struct feed_fixture_state pending[FEED_STATES_MOST]; /* the states in it */
    size_t pending_count;
    struct json_parser *parser;
    struct text published; /* since it was last looked at */
    struct text news;
    struct feed_fixture_state states[FEED_STATES_MOST]; /* what was acknowledged last of each key */
    size_t state_count;
    /* of the last report */
    char reason[64], detail[128], request_id[64];
    struct feed_report report;
};

/* For cmocka; *state is a struct feed_fixture of one group, whose feed is not made yet. */
int feed_fixture_setup(void **state);
int feed_fixture_teardown(void **state);

/* Makes the feed, which leads with the states that were acknowledged. */
void feed_fixture_start(struct feed_fixture *fixture);
/* Ends it at once, as a kill would. */
void feed_fixture_kill(struct feed_fixture *fixture);

/* Lets ${ms} pass, as the loop does. */
void feed_fixture_pass(struct feed_fixture *fixture, int64_t ms);

/* The page that is asked for group number ${group} (from 0): its token ("" for a first page). */
const char *feed_fixture_asked(const struct feed_fixture *fixture, size_t group,
                               enum call_kind kind);
bool feed_fixture_is_asking(const struct feed_fixture *fixture, size_t group, enum call_kind kind);

/*
 * Answers that page. ${changes}: "+1 -2 ?3 *4": user 1 came, user 2 went, somebody who may be a
 * user came, a device came. ${next} and ${delta}: tokens, NULL: none. Lets no time pass.
 */
void feed_fixture_answer(struct feed_fixture *fixture, size_t group, const char *changes,
                         const char *next, const char *delta);
/* The same, of a group that is said to be deleted. */
void feed_fixture_answer_deleted(struct feed_fixture *fixture, size_t group, const char *delta);
/* The same, without a word about the group. */
void feed_fixture_answer_nothing(struct feed_fixture *fixture, size_t group, const char *next,
                                 const char *delta);
void feed_fixture_answer_members(struct feed_fixture *fixture, size_t group, const char *changes,
                                 const char *next);
void feed_fixture_refuse(struct feed_fixture *fixture, size_t group, enum call_kind kind,
                         enum verdict verdict, const char *reason, int status);

/* Says that the open batch is there, or not. */
void feed_fixture_acknowledge(struct feed_fixture *fixture);
void feed_fixture_fail_batch(struct feed_fixture *fixture);

/*
 * What was handed over since this was last asked, batch by batch: "main +1 -2 state 0:change:a"
 * is a batch of two events and the state of group 0, in phase "change" with a link that ends in a;
 * an open one ends in " …". Marks of members are "know 1:3", user 1 seen in generation 3, and
 * "forget 1".
 */
void feed_fixture_assert_published(struct feed_fixture *fixture, const char *expected);

/* What was told since this was last asked: "page round". */
void feed_fixture_assert_news(struct feed_fixture *fixture, const char *expected);

/* True when a state of ${group} was acknowledged. */
bool feed_fixture_has_state(struct feed_fixture *fixture, size_t group);

/* A state that somebody left behind. */
void feed_fixture_put_state(struct feed_fixture *fixture, size_t group, const char *value);

#endif
