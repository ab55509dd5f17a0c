#ifndef READER_FIXTURE_H
#define READER_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core_fixture.h"
#include "lane.h"
#include "reader.h"
#include "workqueue.h"

/*
 * A reader on a lane of a bench, and the jobs of users 1, 2, 3 … that wait in it. The token is there
 * already.
 */

enum { JOBS_MOST = 40, CAPACITY = 4, LINGER_MS = 5 };

struct reader_fixture {
    struct bench *bench;
    struct lane *lane;
    struct workqueue *workqueue;
    struct reader *reader;
    struct job *jobs[JOBS_MOST]; /* by user */
    int sent[JOBS_MOST], answered[JOBS_MOST], failed[JOBS_MOST];
    enum verdict verdict; /* of the last part that failed */
};

/* For cmocka; *state is a struct reader_fixture that reads rows, ${CAPACITY} a call. */
int reader_fixture_setup(void **state);
int reader_fixture_teardown(void **state);

/* Puts another lane, and a reader of ${kind} on it, in place of the fixture's. */
void reader_fixture_use(struct reader_fixture *fixture, const struct reader_kind *kind,
                        size_t capacity, int64_t concurrency);

/* The job of ${user}, made where there is none. */
struct job *reader_fixture_job(struct reader_fixture *fixture, int user);

/* Users ${first} to ${last} wait. */
void reader_fixture_add(struct reader_fixture *fixture, int first, int last);

/* "1 2 3, 4 5": who is aboard of which call in flight; borrowed until the next call. */
const char *reader_fixture_flying(const struct reader_fixture *fixture);

/* The oldest call in flight, taken out of the air; then answers it. */
struct call *reader_fixture_land(struct reader_fixture *fixture);
void reader_fixture_answer(struct reader_fixture *fixture, struct call *call, enum verdict verdict);

/* Both at once, with nothing found. */
void reader_fixture_answer_next(struct reader_fixture *fixture, enum verdict verdict);

#endif
