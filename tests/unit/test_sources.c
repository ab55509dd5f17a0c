/* Entra users and memberships as requests of one batch: who takes how many, and whose answers are whose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "reader_fixture.h"

enum { GROUPS = 45, TICKETS = 64 };

struct fixture {
    struct reader_fixture *reader;
    struct record *records[TICKETS];
    size_t count;
};

/* ${GROUPS} groups that all claim nothing. */
static void
use_many_routes(struct bench *bench)
{
    struct route_spec specs[GROUPS] = {{0}};

    for (int i = 0; i < GROUPS; i++)
        specs[i] = (struct route_spec){.group = i + 1};
    routing_unmake(bench->routing);
    bench->routing = routing_make(specs, GROUPS, true);
    bench->core.routing = bench->routing;
}

static int
setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    void *reader = NULL;

    if (fixture == NULL || reader_fixture_setup(&reader) != 0)
        return -1;
    fixture->reader = reader;
    use_many_routes(fixture->reader->bench);
    reader_fixture_use(fixture->reader, &reader_sources, SOURCES_MOST, 4);
    *state = fixture;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *fixture = *state;
    void *reader = fixture->reader;

    reader_fixture_teardown(&reader);
    for (size_t i = 0; i < fixture->count; i++)
        record_destroy(fixture->records[i]);
    free(fixture);
    return 0;
}

/* ${user} must be asked about groups 1 to ${groups}, and about the person. */
static void
want(struct fixture *fixture, int user, int groups, bool wants_person)
{
    struct job *job = reader_fixture_job(fixture->reader, user);

    for (int i = 0; i < groups; i++) {
        struct record *record = record_create(1);

        assert_in_range(fixture->count, 0, TICKETS - 1);
        fixture->records[fixture->count++] = record;
        record->event_ms = record->record_ms = START_WALL_MS - 60 * MINUTE_MS;
        record->tickets[0].is_doubted = true;
        record->tickets[0].route = i;
        record->tickets[0].next = job->tickets.kept;
        job->tickets.kept = &record->tickets[0];
    }
    job->wants_person = wants_person;
    job->sources_weight = (size_t)wants_person + (size_t)(groups + 19) / 20;
    reader_add(fixture->reader->reader, job);
}

static struct call *
flight(struct fixture *fixture)
{
    assert_true(fixture->reader->bench->scripted.flight_count > 0);
    return fixture->reader->bench->scripted.flights[0];
}

static void
be_fine(struct source_item *item, const struct environment *environment, int level)
{
    item->verdict = VERDICT_DONE;
    if (!item->wants_person)
        return;
    item->person = person_make(environment);
    person_put_integer(&item->person, LEVEL, level);
}

static void
person_and_groups_of_a_user_are_one_item(void **state)
{
    struct fixture *fixture = *state;
    struct guid first = group_id(1);
    struct guid second = group_id(2);
    struct call *call;

    want(fixture, 1, 2, true);
    reader_flush(fixture->reader->reader);
    call = flight(fixture);
    assert_int_equal(call->item_count, 1);
    assert_true(call->items[0].wants_person);
    assert_int_equal(call->items[0].group_count, 2);
    /* the newest ticket stands first */
    assert_true(guid_equal(&call->items[0].groups[0], &second));
    assert_true(guid_equal(&call->items[0].groups[1], &first));
}

static void
more_than_20_groups_take_further_items(void **state)
{
    struct fixture *fixture = *state;
    struct call *call;
    size_t groups = 0;

    want(fixture, 1, 45, true);
    reader_flush(fixture->reader->reader);
    call = flight(fixture);
    assert_int_equal(call->item_count, 3);
    assert_false(call->items[1].wants_person || call->items[2].wants_person);
    for (size_t i = 0; i < 3; i++) {
        assert_in_range(call->items[i].group_count, 1, 20);
        groups += call->items[i].group_count;
    }
    assert_int_equal(groups, 45);
}

static void
a_call_holds_20_requests_at_most(void **state)
{
    struct fixture *fixture = *state;

    for (int user = 1; user <= 11; user++)
        want(fixture, user, 1, true);
    bench_pass(fixture->reader->bench, LINGER_MS);
    assert_string_equal(reader_fixture_flying(fixture->reader), "1 2 3 4 5 6 7 8 9 10, 11");
}

static void
twenty_users_fit_when_only_persons_are_asked_for(void **state)
{
    struct fixture *fixture = *state;

    for (int user = 1; user <= 20; user++)
        want(fixture, user, 0, true);
    assert_int_equal(flight(fixture)->item_count, 20);
}

static void
answers_go_to_their_users(void **state)
{
    struct fixture *fixture = *state;
    struct reader_fixture *reader = fixture->reader;
    struct call *call;

    want(fixture, 1, 2, true);
    want(fixture, 2, 1, false);
    reader_flush(reader->reader);
    call = reader_fixture_land(reader);
    be_fine(&call->items[0], call->environment, 7);
    be_fine(&call->items[1], call->environment, 0);
    call->items[0].is_member[0] = true; /* of group 2 */
    reader_fixture_answer(reader, call, VERDICT_DONE);
    assert_true(reader->jobs[1]->has_person);
    assert_int_equal(reader->jobs[1]->person.values[LEVEL].integer, 7);
    assert_int_equal(job_asked(reader->jobs[1])[0], 3);
    assert_int_equal(job_member(reader->jobs[1])[0], 2);
    assert_false(reader->jobs[2]->has_person);
    assert_int_equal(job_asked(reader->jobs[2])[0], 1);
    assert_int_equal(job_member(reader->jobs[2])[0], 0);
    assert_int_equal(reader->answered[1] + reader->answered[2], 2);
}

static void
a_part_that_failed_fails_its_user_alone(void **state)
{
    struct fixture *fixture = *state;
    struct reader_fixture *reader = fixture->reader;
    struct call *call;

    want(fixture, 1, 0, true);
    want(fixture, 2, 0, true);
    reader_flush(reader->reader);
    call = reader_fixture_land(reader);
    call->items[0].verdict = VERDICT_REFUSED;
    be_fine(&call->items[1], call->environment, 7);
    reader_fixture_answer(reader, call, VERDICT_DONE);
    assert_int_equal(reader->failed[1], 1);
    assert_int_equal(reader->answered[1], 0);
    assert_int_equal(reader->verdict, VERDICT_REFUSED);
    assert_int_equal(reader->answered[2], 1);
}

static void
what_was_whole_is_kept_when_another_item_of_the_user_failed(void **state)
{
    struct fixture *fixture = *state;
    struct reader_fixture *reader = fixture->reader;
    struct call *call;

    want(fixture, 1, 25, true);
    reader_flush(reader->reader);
    call = reader_fixture_land(reader);
    be_fine(&call->items[0], call->environment, 7);
    call->items[1].verdict = VERDICT_RETRY;
    reader_fixture_answer(reader, call, VERDICT_DONE);
    assert_int_equal(reader->failed[1], 1);
    assert_true(reader->jobs[1]->has_person);
    assert_int_equal(__builtin_popcountll(job_asked(reader->jobs[1])[0]), 20);
}

static void
what_was_answered_is_not_asked_for_again(void **state)
{
    struct fixture *fixture = *state;
    struct reader_fixture *reader = fixture->reader;

    want(fixture, 1, 3, false);
    route_set_add(job_asked(reader->jobs[1]), 1);
    reader_flush(reader->reader);
    assert_int_equal(flight(fixture)->items[0].group_count, 2);
}

static void
a_user_who_was_withdrawn_is_left_out_of_the_spread(void **state)
{
    struct fixture *fixture = *state;
    struct reader_fixture *reader = fixture->reader;
    struct call *call;

    want(fixture, 1, 0, true);
    want(fixture, 2, 0, true);
    reader_flush(reader->reader);
    reader_remove(reader->reader, reader->jobs[1]);
    call = reader_fixture_land(reader);
    be_fine(&call->items[0], call->environment, 1);
    be_fine(&call->items[1], call->environment, 2);
    reader_fixture_answer(reader, call, VERDICT_DONE);
    assert_false(reader->jobs[1]->has_person);
    assert_int_equal(reader->jobs[2]->person.values[LEVEL].integer, 2);
}

#define TEST_CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(person_and_groups_of_a_user_are_one_item),
        TEST_CASE(more_than_20_groups_take_further_items),
        TEST_CASE(a_call_holds_20_requests_at_most),
        TEST_CASE(twenty_users_fit_when_only_persons_are_asked_for),
        TEST_CASE(answers_go_to_their_users),
        TEST_CASE(a_part_that_failed_fails_its_user_alone),
        TEST_CASE(what_was_whole_is_kept_when_another_item_of_the_user_failed),
        TEST_CASE(what_was_answered_is_not_asked_for_again),
        TEST_CASE(a_user_who_was_withdrawn_is_left_out_of_the_spread),
    };
    return cmocka_run_group_tests_name("sources", tests, NULL, NULL);
}
