#ifndef LANE_FIXTURE_H
#define LANE_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core_fixture.h"
#include "lane.h"

/*
 * A lane on a bench, and calls of one kind that are told apart by number. The token is answered at
 * once, unless the test wants it otherwise.
 */

enum { PROBES_MOST = 256 };

/* A call of the tests, and what became of it. */
struct probe {
    struct call call;
    bool is_dropped; /* its prepare says that nobody is there */
    bool is_patient;
    int prepared;
    int done;
    enum verdict verdict; /* of the answer its owner was given */
    char reason[64];
    char text[64]; /* of its error */
};

struct lane_fixture {
    struct bench *bench;
    struct lane *lane;
    struct probe probes[PROBES_MOST];
    bool withholds_token;
};

/* For cmocka; *state is a struct lane_fixture whose lane has no window and 4 calls at once. */
int lane_fixture_setup(void **state);
int lane_fixture_teardown(void **state);

/* Puts another lane in the place of the fixture's. */
void lane_fixture_limit(struct lane_fixture *fixture, const struct lane_limits *limits);

/* Submits calls ${first} to ${last}; the token they need is fetched. */
void lane_fixture_submit(struct lane_fixture *fixture, int first, int last);
void lane_fixture_give_token(struct lane_fixture *fixture);

/* How many are in flight, and the number of the ${index}th of them. */
size_t lane_fixture_flying(const struct lane_fixture *fixture);
int lane_fixture_number(const struct lane_fixture *fixture, size_t index);

/* Answers the oldest in flight. */
void lane_fixture_answer(struct lane_fixture *fixture, enum verdict verdict);
void lane_fixture_throttle(struct lane_fixture *fixture, int64_t retry_after_ms);

#endif
