/* The tickets of a job: whose bytes are kept, who inherits them, and who is taken out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rng.h"
#include "tickets.h"

enum { RECORDS = 64 };

struct fixture {
    struct tickets tickets;
    struct record *records[RECORDS];
    size_t count;
    size_t bytes; /* of payloads that live */
};

static int
setup(void **state)
{
    *state = calloc(1, sizeof(struct fixture));
    return *state == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < fixture->count; i++) {
        payload_release(fixture->records[i]->tickets[0].payload);
        record_destroy(fixture->records[i]);
    }
    assert_int_equal(fixture->bytes, 0);
    free(fixture);
    return 0;
}

static struct ticket *
make(struct fixture *fixture, int32_t route, int64_t event_ms)
{
    const struct message message = {
        .offset = (int64_t)fixture->count, .value = "x", .value_length = 1};
    struct record *record = record_create(1);

    assert_non_null(record);
    assert_in_range(fixture->count, 0, RECORDS - 1);
    fixture->records[fixture->count++] = record;
    record->event_ms = event_ms;
    record->record_ms = -1;
    record->tickets[0].route = route;
    record->tickets[0].payload = payload_create(&message, &fixture->bytes);
    return &record->tickets[0];
}

static struct ticket *
add(struct fixture *fixture, int32_t route, int64_t event_ms)
{
    struct ticket *ticket = make(fixture, route, event_ms);

    tickets_add(&fixture->tickets, ticket);
    return ticket;
}

static size_t
count(const struct tickets *tickets)
{
    size_t found = 0;

    for (struct ticket *at = tickets_first(tickets); at != NULL; at = tickets_next(tickets, at))
        found++;
    return found;
}

static bool
is_it(const struct ticket *ticket, void *arg)
{
    return ticket == arg;
}

static bool
is_of_route(const struct ticket *ticket, void *arg)
{
    return ticket->route == *(int32_t *)arg;
}

static void
tickets_are_none_at_first(void **state)
{
    struct fixture *fixture = *state;

    assert_true(tickets_are_none(&fixture->tickets));
    assert_null(tickets_first(&fixture->tickets));
    assert_null(tickets_take(&fixture->tickets, is_it, NULL));
}

static void
tickets_keep_the_bytes_of_the_newest_of_a_route(void **state)
{
    struct fixture *fixture = *state;
    struct ticket *first = add(fixture, 0, 10);
    struct ticket *newest = add(fixture, 0, 30);
    struct ticket *late = add(fixture, 0, 20);

    assert_null(first->payload);
    assert_non_null(newest->payload);
    assert_null(late->payload);
    assert_int_equal(count(&fixture->tickets), 3);
}

static void
tickets_of_one_time_keep_the_one_that_came_last(void **state)
{
    struct fixture *fixture = *state;
    struct ticket *first = add(fixture, 0, 10);
    struct ticket *second = add(fixture, 0, 10);

    assert_null(first->payload);
    assert_non_null(second->payload);
}

static void
tickets_keep_one_payload_for_each_route(void **state)
{
    struct fixture *fixture = *state;
    struct ticket *one = add(fixture, 0, 10);
    struct ticket *other = add(fixture, 1, 5);

    assert_false(tickets_are_none(&fixture->tickets));
    assert_non_null(one->payload);
    assert_non_null(other->payload);
    assert_int_equal(count(&fixture->tickets), 2);
}

static void
a_covered_ticket_inherits_the_payload_of_the_one_that_goes(void **state)
{
    struct fixture *fixture = *state;
    struct ticket *heir = add(fixture, 0, 10);
    struct ticket *gone = add(fixture, 0, 20);
    struct payload *payload = gone->payload;
    struct ticket *taken = tickets_take(&fixture->tickets, is_it, gone);

    assert_ptr_equal(taken, gone);
    assert_null(taken->next);
    assert_null(gone->payload);
    assert_ptr_equal(heir->payload, payload);
    assert_ptr_equal(tickets_first(&fixture->tickets), heir);
    assert_int_equal(count(&fixture->tickets), 1);
}

static void
nobody_of_another_route_inherits(void **state)
{
    struct fixture *fixture = *state;
    struct ticket *gone = add(fixture, 0, 20);

    (void)add(fixture, 1, 10);
    (void)tickets_take(&fixture->tickets, is_it, gone);
    assert_non_null(gone->payload);
    assert_int_equal(count(&fixture->tickets), 1);
}

static void
all_of_a_route_are_taken_and_the_kept_one_has_its_payload(void **state)
{
    struct fixture *fixture = *state;
    struct ticket *kept;
    size_t taken = 0;
    size_t with_payload = 0;
    int32_t route = 0;

    (void)add(fixture, 0, 10);
    (void)add(fixture, 0, 5);
    kept = add(fixture, 0, 20);
    (void)add(fixture, 1, 20);
    for (struct ticket *at = tickets_take(&fixture->tickets, is_of_route, &route); at != NULL;
         at = at->next) {
        taken++;
        with_payload += at->payload != NULL;
    }
    assert_int_equal(taken, 3);
    assert_int_equal(with_payload, 1);
    assert_non_null(kept->payload);
    assert_int_equal(count(&fixture->tickets), 1);
}

static void
tickets_that_join_others_still_keep_one_payload_a_route(void **state)
{
    struct fixture *fixture = *state;
    struct tickets late = {NULL, NULL};
    struct ticket *old = add(fixture, 0, 10);
    struct ticket *newer = make(fixture, 0, 20);
    struct ticket *newest = make(fixture, 0, 30);

    tickets_add(&late, newer);
    tickets_add(&late, newest);
    tickets_add_all(&fixture->tickets, &late);
    assert_true(tickets_are_none(&late));
    assert_int_equal(count(&fixture->tickets), 3);
    assert_null(old->payload);
    assert_null(newer->payload);
    assert_non_null(newest->payload);
}

/* --- any history ----------------------------------------------------------------------------- */

static bool
is_odd(const struct ticket *ticket, void *arg)
{
    (void)arg;
    return ticket->record->event_ms % 2 == 1;
}

/* As many payloads as routes that have a ticket, and each ticket is found once. */
static void
assert_whole(struct fixture *fixture, int32_t routes)
{
    for (int32_t route = 0; route < routes; route++) {
        size_t all = 0;
        size_t with_payload = 0;

        for (struct ticket *at = tickets_first(&fixture->tickets); at != NULL;
             at = tickets_next(&fixture->tickets, at)) {
            all += at->route == route;
            with_payload += at->route == route && at->payload != NULL;
        }
        assert_int_equal(with_payload, all > 0);
    }
}

static void
every_route_keeps_exactly_one_payload_whatever_comes_and_goes(void **state)
{
    struct fixture *fixture = *state;
    struct rng rng;
    size_t taken = 0;

    rng_seed(&rng, 3);
    while (fixture->count < RECORDS) {
        (void)add(fixture, (int32_t)rng_below(&rng, 3), rng_between(&rng, 1, 40));
        if (rng_below(&rng, 8) == 0) {
            for (struct ticket *at = tickets_take(&fixture->tickets, is_odd, NULL); at != NULL;
                 at = at->next)
                taken++;
        }
        assert_whole(fixture, 3);
        assert_int_equal(count(&fixture->tickets) + taken, fixture->count);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tickets_are_none_at_first),
        TEST(tickets_keep_the_bytes_of_the_newest_of_a_route),
        TEST(tickets_of_one_time_keep_the_one_that_came_last),
        TEST(tickets_keep_one_payload_for_each_route),
        TEST(a_covered_ticket_inherits_the_payload_of_the_one_that_goes),
        TEST(nobody_of_another_route_inherits),
        TEST(all_of_a_route_are_taken_and_the_kept_one_has_its_payload),
        TEST(tickets_that_join_others_still_keep_one_payload_a_route),
        TEST(every_route_keeps_exactly_one_payload_whatever_comes_and_goes),
    };
    return cmocka_run_group_tests_name("tickets", tests, NULL, NULL);
}
