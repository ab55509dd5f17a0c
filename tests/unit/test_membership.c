/* Who is believed, who is asked about, and when "no" is final. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core_fixture.h"
#include "membership.h"

#define NOW START_WALL_MS
#define YOUNG (NOW - MINUTE_MS)
#define OLD (NOW - 20 * MINUTE_MS)
#define NEAR_FUTURE (NOW + MINUTE_MS)
#define FAR_FUTURE (NOW + 20 * MINUTE_MS)

enum { TICKETS = 4 };

struct fixture {
    struct engine_settings settings;
    struct clock clock;
    struct routing *routing;
    struct workqueue *workqueue;
    struct job *job; /* of user 1 in PROD */
    struct record *records[TICKETS];
    size_t count;
    struct want want;
    uint64_t routes[1];
};

static void
use(struct fixture *fixture, struct routing *routing)
{
    struct guid id = user_id(1);

    fixture->routing = routing;
    fixture->job = workqueue_add(fixture->workqueue, &routing->environments[PROD], &id);
    assert_non_null(fixture->job);
    assert_int_equal(want_init(&fixture->want, &routing->environments[PROD]), 0);
}

static int
setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    if (fixture == NULL)
        return -1;
    settings_default(&fixture->settings);
    fixture->clock = (struct clock){START_MONO_MS, NOW};
    fixture->workqueue = workqueue_create();
    *state = fixture;
    return fixture->workqueue == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    struct fixture *fixture = *state;

    if (fixture->job != NULL) {
        workqueue_remove(fixture->workqueue, fixture->job);
        want_fini(&fixture->want);
        routing_unmake(fixture->routing);
    }
    for (size_t i = 0; i < fixture->count; i++)
        record_destroy(fixture->records[i]);
    workqueue_destroy(fixture->workqueue);
    free(fixture);
    return 0;
}

/* A ticket of the job for ${route}. Nobody looks at its payload, so it has none. */
static struct ticket *
add(struct fixture *fixture, int32_t route, int64_t event_ms, bool is_doubted)
{
    struct record *record = record_create(1);
    struct ticket *ticket = &record->tickets[0];

    assert_in_range(fixture->count, 0, TICKETS - 1);
    fixture->records[fixture->count++] = record;
    record->event_ms = event_ms;
    record->record_ms = event_ms;
    ticket->route = route;
    ticket->is_doubted = is_doubted;
    ticket->next = fixture->job->tickets.kept;
    fixture->job->tickets.kept = ticket;
    return ticket;
}

static void
answer(struct fixture *fixture, int route, bool is_member)
{
    route_set_add(job_asked(fixture->job), route);
    if (is_member)
        route_set_add(job_member(fixture->job), route);
}

static enum membership
of(struct fixture *fixture, const struct ticket *ticket)
{
    return membership_of(fixture->job, ticket, &fixture->settings, &fixture->clock);
}

static size_t
to_ask(struct fixture *fixture, int routes[8])
{
    return membership_to_ask(fixture->job, &fixture->settings, &fixture->clock, routes, 8);
}

static void
fill_want(struct fixture *fixture)
{
    membership_want(fixture->job, &fixture->settings, &fixture->clock, &fixture->want,
                    fixture->routes);
}

/* --- times ----------------------------------------------------------------------------------- */

static void
an_event_is_doubted_by_its_time(void **state)
{
    static const struct {
        int64_t trust_ms, event_ms;
        bool is_doubted;
    } cases[] = {
        {TRUST_DEFAULT, NOW, false},
        {TRUST_DEFAULT, YOUNG, false},
        {TRUST_DEFAULT, NOW - TRUST_DEFAULT, false},
        {TRUST_DEFAULT, NOW - TRUST_DEFAULT - 1, true},
        {TRUST_DEFAULT, OLD, true},
        {TRUST_DEFAULT, NOW + MINUTE_MS, false}, /* clocks differ */
        {TRUST_DEFAULT, NOW + MINUTE_MS + 1, true},
        {TRUST_DEFAULT, FAR_FUTURE, true},
        {TRUST_DEFAULT, EVENT_NO_TIME, true},
        {2 * MINUTE_MS, NOW - 3 * MINUTE_MS, true},
        {TRUST_ALWAYS, OLD, false},
        {TRUST_ALWAYS, EVENT_NO_TIME, false},
        {TRUST_NEVER, NOW, true},
        {TRUST_NEVER, YOUNG, true},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fixture->settings.trust_ms = cases[i].trust_ms;
        fixture->settings.memory_margin_ms = MINUTE_MS;
        if (membership_is_doubtful(&fixture->settings, &fixture->clock, cases[i].event_ms) !=
            cases[i].is_doubted)
            fail_msg("case %zu", i);
    }
}

static void
no_is_final_only_when_event_and_record_are_both_old(void **state)
{
    static const struct {
        int64_t trust_ms, event_ms, record_ms;
        bool is_final;
    } cases[] = {
        {TRUST_DEFAULT, OLD, OLD, true},
        {TRUST_DEFAULT, YOUNG, OLD, false},
        {TRUST_DEFAULT, OLD, YOUNG, false},
        {TRUST_DEFAULT, YOUNG, YOUNG, false},
        {TRUST_DEFAULT, EVENT_NO_TIME, OLD, true},
        {TRUST_DEFAULT, EVENT_NO_TIME, YOUNG, false},
        {TRUST_DEFAULT, OLD, -1, true},
        {TRUST_DEFAULT, EVENT_NO_TIME, -1, true},
        /* clocks differ: a little ahead is young; what is far ahead says nothing of its age */
        {TRUST_DEFAULT, NEAR_FUTURE, OLD, false},
        {TRUST_DEFAULT, FAR_FUTURE, OLD, true},
        {TRUST_DEFAULT, NOW - TRUST_DEFAULT, OLD, false},
        {TRUST_DEFAULT, NOW - TRUST_DEFAULT - 1, OLD, true},
        /* where nobody or everybody is believed Graph still needs its time */
        {TRUST_NEVER, YOUNG, OLD, false},
        {TRUST_NEVER, OLD, OLD, true},
        {TRUST_ALWAYS, YOUNG, OLD, false},
        {TRUST_ALWAYS, OLD, OLD, true},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct record record = {.event_ms = cases[i].event_ms,
                                      .record_ms = cases[i].record_ms};

        fixture->settings.trust_ms = cases[i].trust_ms;
        if (membership_no_is_final(&fixture->settings, &fixture->clock, &record) !=
            cases[i].is_final)
            fail_msg("case %zu", i);
    }
}

/* --- one ticket ------------------------------------------------------------------------------ */

static void
a_believed_ticket_counts_without_an_answer_and_whatever_it_says(void **state)
{
    struct fixture *fixture = *state;
    struct ticket *ticket;

    use(fixture, ROUTES({.group = 1}));
    ticket = add(fixture, 0, YOUNG, false);
    assert_int_equal(of(fixture, ticket), MEMBERSHIP_YES);
    answer(fixture, 0, false);
    assert_int_equal(of(fixture, ticket), MEMBERSHIP_YES);
}

static void
a_doubted_ticket_follows_the_answer(void **state)
{
    struct fixture *fixture = *state;
    struct ticket *old;
    struct ticket *young;

    use(fixture, ROUTES({.group = 1}));
    old = add(fixture, 0, OLD, true);
    young = add(fixture, 0, YOUNG, true);
    assert_int_equal(of(fixture, old), MEMBERSHIP_UNKNOWN);
    answer(fixture, 0, false);
    assert_int_equal(of(fixture, old), MEMBERSHIP_NO);
    assert_int_equal(of(fixture, young), MEMBERSHIP_WAIT);
    answer(fixture, 0, true);
    assert_int_equal(of(fixture, old), MEMBERSHIP_YES);
    assert_int_equal(of(fixture, young), MEMBERSHIP_YES);
}

static void
a_later_removal_makes_no_final_and_an_earlier_one_does_not(void **state)
{
    struct fixture *fixture = *state;
    struct ticket *ticket;

    use(fixture, ROUTES({.group = 1}));
    ticket = add(fixture, 0, YOUNG, true);
    answer(fixture, 0, false);
    ticket->removed_ms = YOUNG - 1;
    assert_int_equal(of(fixture, ticket), MEMBERSHIP_WAIT);
    ticket->removed_ms = YOUNG + 1;
    assert_int_equal(of(fixture, ticket), MEMBERSHIP_NO);
}

static void
the_record_time_stands_in_for_a_missing_one_against_a_removal(void **state)
{
    struct fixture *fixture = *state;
    struct ticket *ticket;

    use(fixture, ROUTES({.group = 1}));
    ticket = add(fixture, 0, EVENT_NO_TIME, true);
    ticket->record->record_ms = YOUNG;
    answer(fixture, 0, false);
    ticket->removed_ms = YOUNG - 1;
    assert_int_equal(of(fixture, ticket), MEMBERSHIP_WAIT);
    ticket->removed_ms = YOUNG + 1;
    assert_int_equal(of(fixture, ticket), MEMBERSHIP_NO);
}

static void
without_graph_everybody_is_believed(void **state)
{
    static const struct route_spec spec = {.group = 1};
    struct fixture *fixture = *state;
    int routes[8];

    use(fixture, routing_make(&spec, 1, false));
    assert_int_equal(of(fixture, add(fixture, 0, OLD, true)), MEMBERSHIP_YES);
    assert_int_equal(to_ask(fixture, routes), 0);
}

/* --- whom to ask ----------------------------------------------------------------------------- */

static void
only_doubted_groups_are_asked_for_and_each_once(void **state)
{
    struct fixture *fixture = *state;
    int routes[8];

    use(fixture, ROUTES({.group = 1}, {.group = 2}, {.group = 3}));
    (void)add(fixture, 0, YOUNG, false);
    (void)add(fixture, 2, OLD, true);
    (void)add(fixture, 2, OLD, true);
    assert_int_equal(to_ask(fixture, routes), 1);
    assert_int_equal(routes[0], 2);
    answer(fixture, 2, false);
    assert_int_equal(to_ask(fixture, routes), 0);
}

static void
no_more_are_asked_for_than_there_is_room(void **state)
{
    struct fixture *fixture = *state;
    int routes[2];

    use(fixture, ROUTES({.group = 1}, {.group = 2}, {.group = 3}));
    for (int32_t route = 0; route < 3; route++)
        (void)add(fixture, route, OLD, true);
    assert_int_equal(
        membership_to_ask(fixture->job, &fixture->settings, &fixture->clock, routes, 2), 2);
}

static void
rivals_are_asked_for_at_any_age(void **state)
{
    struct fixture *fixture = *state;
    int routes[8];

    use(fixture, ROUTES({.group = 1, .rank = 1, .columns = "c"}, {.group = 2, .columns = "l"},
                        {.group = 3, .rank = 3, .columns = "c"}));
    (void)add(fixture, 0, YOUNG, false);
    assert_int_equal(to_ask(fixture, routes), 1);
    assert_int_equal(routes[0], 2);
}

static void
rivals_that_are_believed_are_not_asked_for(void **state)
{
    struct fixture *fixture = *state;
    int routes[8];

    use(fixture,
        ROUTES({.group = 1, .rank = 1, .columns = "c"}, {.group = 2, .rank = 2, .columns = "c"}));
    (void)add(fixture, 0, YOUNG, false);
    (void)add(fixture, 1, YOUNG, false);
    assert_int_equal(to_ask(fixture, routes), 0);
}

static void
rivals_of_a_rival_the_user_is_in_are_asked_for_too(void **state)
{
    struct fixture *fixture = *state;
    int routes[8];

    use(fixture, ROUTES({.group = 1, .rank = 1, .unit = SALES},
                        {.group = 2, .rank = 2, .unit = LABS, .columns = "c"},
                        {.group = 3, .rank = 3, .columns = "c"}));
    (void)add(fixture, 0, YOUNG, false);
    assert_int_equal(to_ask(fixture, routes), 1);
    assert_int_equal(routes[0], 1);
    answer(fixture, 1, true);
    assert_int_equal(to_ask(fixture, routes), 1);
    assert_int_equal(routes[0], 2);
    answer(fixture, 2, true);
    assert_int_equal(to_ask(fixture, routes), 0);
}

/* --- what is wanted -------------------------------------------------------------------------- */

static void
recipes_of_tickets_that_count_are_wanted(void **state)
{
    struct fixture *fixture = *state;

    use(fixture, ROUTES({.group = 1, .columns = "c"}, {.group = 2, .columns = "l"}));
    (void)add(fixture, 0, YOUNG, false);
    (void)add(fixture, 1, OLD, true);
    answer(fixture, 1, false);
    fill_want(fixture);
    assert_int_equal(fixture->routes[0], 1);
    assert_non_null(fixture->want.columns[COSTCENTRE]);
    assert_null(fixture->want.columns[LEVEL]);
    fixture->records[0]->tickets[0].is_doubted = true;
    fill_want(fixture);
    assert_int_equal(fixture->routes[0], 0);
    assert_null(fixture->want.columns[COSTCENTRE]);
}

static void
a_rival_joins_when_the_user_is_in_it_and_rank_decides(void **state)
{
    struct fixture *fixture = *state;
    const struct environment *prod;

    use(fixture, ROUTES({.group = 1, .rank = 1, .columns = "c"},
                        {.group = 2, .rank = 2, .columns = "c", .unit = SALES}));
    prod = &fixture->routing->environments[PROD];
    (void)add(fixture, 0, YOUNG, false);
    answer(fixture, 1, false);
    fill_want(fixture);
    assert_ptr_equal(fixture->want.column_routes[COSTCENTRE], &prod->routes[0]);
    answer(fixture, 1, true);
    fill_want(fixture);
    assert_int_equal(fixture->routes[0], 3);
    assert_ptr_equal(fixture->want.column_routes[COSTCENTRE], &prod->routes[1]);
    assert_ptr_equal(fixture->want.unit_route, &prod->routes[1]);
}

static void
a_rival_of_a_rival_joins_too(void **state)
{
    struct fixture *fixture = *state;

    use(fixture, ROUTES({.group = 1, .rank = 1, .unit = SALES},
                        {.group = 2, .rank = 2, .unit = LABS, .columns = "c"},
                        {.group = 3, .rank = 3, .columns = "c"}));
    (void)add(fixture, 0, YOUNG, false);
    answer(fixture, 1, true);
    answer(fixture, 2, true);
    fill_want(fixture);
    assert_int_equal(fixture->routes[0], 7);
    assert_ptr_equal(fixture->want.column_routes[COSTCENTRE],
                     &fixture->routing->environments[PROD].routes[2]);
}

static void
a_rival_of_nobody_that_counts_does_not_join(void **state)
{
    struct fixture *fixture = *state;

    use(fixture,
        ROUTES({.group = 1, .rank = 1, .columns = "c"}, {.group = 2, .rank = 2, .columns = "c"}));
    (void)add(fixture, 0, OLD, true);
    answer(fixture, 0, false);
    answer(fixture, 1, true);
    fill_want(fixture);
    assert_int_equal(fixture->routes[0], 0);
    assert_null(fixture->want.columns[COSTCENTRE]);
}

#define TEST_CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(an_event_is_doubted_by_its_time),
        TEST_CASE(no_is_final_only_when_event_and_record_are_both_old),
        TEST_CASE(a_believed_ticket_counts_without_an_answer_and_whatever_it_says),
        TEST_CASE(a_doubted_ticket_follows_the_answer),
        TEST_CASE(a_later_removal_makes_no_final_and_an_earlier_one_does_not),
        TEST_CASE(the_record_time_stands_in_for_a_missing_one_against_a_removal),
        TEST_CASE(without_graph_everybody_is_believed),
        TEST_CASE(only_doubted_groups_are_asked_for_and_each_once),
        TEST_CASE(no_more_are_asked_for_than_there_is_room),
        TEST_CASE(rivals_are_asked_for_at_any_age),
        TEST_CASE(rivals_that_are_believed_are_not_asked_for),
        TEST_CASE(rivals_of_a_rival_the_user_is_in_are_asked_for_too),
        TEST_CASE(recipes_of_tickets_that_count_are_wanted),
        TEST_CASE(a_rival_joins_when_the_user_is_in_it_and_rank_decides),
        TEST_CASE(a_rival_of_a_rival_joins_too),
        TEST_CASE(a_rival_of_nobody_that_counts_does_not_join),
    };
    return cmocka_run_group_tests_name("membership", tests, NULL, NULL);
}
