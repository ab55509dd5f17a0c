/* The jobs by (environment, user), and what a job forgets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core_fixture.h"
#include "text.h"
#include "workqueue.h"

static struct workqueue *workqueue;
static struct routing *routing;

static int
setup(void **state)
{
    (void)state;
    workqueue = workqueue_create();
    routing = ROUTES({.group = 1});
    return workqueue == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    (void)state;
    while (workqueue_first(workqueue) != NULL)
        workqueue_remove(workqueue, workqueue_first(workqueue));
    workqueue_destroy(workqueue);
    routing_unmake(routing);
    return 0;
}

static struct job *
add(int environment, int user)
{
    struct guid id = user_id(user);
    struct job *job = workqueue_add(workqueue, &routing->environments[environment], &id);

    assert_non_null(job);
    return job;
}

static struct job *
find(int environment, int user)
{
    struct guid id = user_id(user);

    return workqueue_find(workqueue, &routing->environments[environment], &id);
}

static void
workqueue_has_one_job_for_each_environment_and_user(void **state)
{
    struct job *here = add(PROD, 1);
    struct job *there = add(TEST, 1);
    struct job *other = add(PROD, 2);

    (void)state;
    assert_ptr_equal(find(PROD, 1), here);
    assert_ptr_equal(find(TEST, 1), there);
    assert_ptr_equal(find(PROD, 2), other);
    assert_null(find(TEST, 2));
    assert_int_equal(workqueue_count(workqueue), 3);
}

static void
workqueue_forgets_a_job_that_is_removed(void **state)
{
    (void)state;
    workqueue_remove(workqueue, add(PROD, 1));
    assert_null(find(PROD, 1));
    assert_int_equal(workqueue_count(workqueue), 0);
}

static void
workqueue_lets_the_job_at_hand_be_removed_on_a_walk(void **state)
{
    struct job *following;
    int seen = 0;

    (void)state;
    for (int user = 1; user <= 20; user++)
        (void)add(PROD, user);
    for (struct job *job = workqueue_first(workqueue); job != NULL; job = following) {
        following = workqueue_next(job);
        workqueue_remove(workqueue, job);
        seen++;
    }
    assert_int_equal(seen, 20);
    assert_int_equal(workqueue_count(workqueue), 0);
}

static void
workqueue_makes_jobs_that_wait_for_nobody(void **state)
{
    struct job *job = add(PROD, 1);

    (void)state;
    assert_true(list_is_empty(&job->link));
    assert_true(list_is_empty(&job->look_link));
    assert_true(list_is_empty(&job->sources_link));
    assert_true(tickets_are_none(&job->tickets));
    assert_int_equal(job->row_state, ROW_UNREAD);
    assert_string_equal(job->reason, "");
    assert_int_equal(job_size(job), sizeof(*job) + 2 * sizeof(uint64_t));
}

static void
job_forgets_what_it_read_but_not_its_troubles(void **state)
{
    struct job *job = add(PROD, 1);

    (void)state;
    job->row = row_make(job->environment, 1, ROOT);
    row_put_role(&job->row, ADMIN, ROOT);
    job->row_state = ROW_ONE;
    job->person = person_make(job->environment);
    person_put_text(&job->person, COSTCENTRE, "x");
    job->has_person = job->is_read_sent = job->has_fresh_roles = true;
    job->attempts = 3;
    job->is_synced = job->has_written = true;
    route_set_add(job_asked(job), 0);
    route_set_add(job_member(job), 0);
    job_forget_reads(job);
    assert_int_equal(job->row_state, ROW_UNREAD);
    assert_false(job->has_person || job->is_read_sent || job->has_fresh_roles);
    assert_false(route_set_has(job_asked(job), 0) || route_set_has(job_member(job), 0));
    assert_null(job->row.values);
    assert_int_equal(job->attempts, 3);
    assert_true(job->is_synced && job->has_written);
}

static void
job_states_all_have_a_name(void **state)
{
    (void)state;
    for (enum job_state at = 0; at < JOB_STATES; at++) {
        assert_non_null(job_state_name(at));
        for (enum job_state other = 0; other < at; other++)
            assert_string_not_equal(job_state_name(at), job_state_name(other));
    }
}

#define TEST_CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(workqueue_has_one_job_for_each_environment_and_user),
        TEST_CASE(workqueue_forgets_a_job_that_is_removed),
        TEST_CASE(workqueue_lets_the_job_at_hand_be_removed_on_a_walk),
        TEST_CASE(workqueue_makes_jobs_that_wait_for_nobody),
        TEST_CASE(job_forgets_what_it_read_but_not_its_troubles),
        TEST_CASE(job_states_all_have_a_name),
    };
    return cmocka_run_group_tests_name("workqueue", tests, NULL, NULL);
}
