#ifndef GROUP_H
#define GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "offsets.h"

/*
 * A consumer group for the tests of offsets: a clock that the test moves, and a coordinator that
 * keeps each commit it was sent. The test answers a commit, or does not.
 */

#define INTERVAL_MS 2000
#define ANSWER_WITHIN_MS 10000
#define HOUR_MS 3600000

enum { MAIN, BACKFILL };
enum { COMMITS_AT_MOST = 64, PARTITIONS_AT_MOST = 8 };

struct group_commit {
    int64_t at_ms;
    uint64_t serial;
    size_t count;
    struct offset_commit list[PARTITIONS_AT_MOST];
};

struct group {
    struct clock clock;
    struct timers *timers;
    struct offsets *offsets;
    struct group_commit commits[COMMITS_AT_MOST];
    int count;
    bool answers_at_once; /* each commit is accepted at the next step of the clock */
    int answered;
};

/* For cmocka; *state is a struct group. */
int group_setup(void **state);
int group_teardown(void **state);

/* Lets ${ms} pass, from one timer to the next as the loop does. */
void group_pass(struct group *group, int64_t ms);

void group_answer_last(struct group *group, bool is_ok);

/* --- partition 0 of the main topic ----------------------------------------------------------------- */

struct group_record {
    struct window *window;
    window_serial serial;
};

/* Assigns it, committed up to ${offset}. */
struct window *group_assign_at(struct group *group, int64_t offset);

struct group_record group_take(struct group *group, int64_t offset);
void group_take_with_low(struct group *group, int64_t offset, int64_t low);
void group_settle(struct group *group, struct group_record taken);
void group_take_and_settle(struct group *group, int64_t offset);

/* The ${number}th commit, from 1, was the last one, of partition 0 alone, at ${offset}. */
void group_assert_committed(const struct group *group, int number, int64_t offset);

#endif
