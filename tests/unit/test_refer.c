/* Questions about units, roles and copies: one for all who wait, and again after a failure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"
#include "text.h"

#define USERS 10

/* ${USERS} users with rows and events of group 1. */
static void
start(struct engine_fixture *fixture, struct routing *routing)
{
    engine_fixture_start(fixture, routing);
    world_give_rows(&fixture->world, PROD, 1, USERS);
    for (int user = 1; user <= USERS; user++)
        PUBLISH(fixture, .user = user, .group = 1);
}

static void
all_who_wait_share_one_question(void **state)
{
    struct engine_fixture *fixture = *state;

    start(fixture, ROUTES({.group = 1, .roles = "12"}));
    engine_fixture_pass(fixture, 1000);
    assert_int_equal(fixture->scripted.sent[CALL_UNITS], 1);
    assert_int_equal(fixture->scripted.sent[CALL_ROLES], 2); /* names, then copies */
    assert_int_equal(fixture->scripted.settled_count, USERS);
}

static void
what_was_learned_is_not_asked_for_again(void **state)
{
    struct engine_fixture *fixture = *state;

    start(fixture, ROUTES({.group = 1, .unit = SALES, .roles = "12"}));
    engine_fixture_pass(fixture, 1000);
    world_give_rows(&fixture->world, PROD, 20, 20);
    fixture->world.trace[0] = '\0';
    PUBLISH(fixture, .user = 20, .group = 1);
    engine_fixture_pass(fixture, 1000);
    engine_fixture_assert_trace(
        fixture,
        "look 20; look_fresh 20; patch 20 unit=1; look_fresh 20; role 20 1@1; role 20 2@1");
}

static void
copies_are_asked_for_in_each_unit_apart(void **state)
{
    struct engine_fixture *fixture = *state;

    start(fixture, ROUTES({.group = 1, .roles = "1"}));
    for (int user = 1; user <= USERS; user++)
        fixture->world.rows[PROD][user].unit = user % 2 == 0 ? SALES : LABS;
    engine_fixture_pass(fixture, 1000);
    assert_int_equal(fixture->scripted.settled_count, USERS);
    assert_int_equal(fixture->scripted.sent[CALL_ROLES], 3);
    assert_true(fixture->world.rows[PROD][1].roles[ADMIN]);
    assert_true(fixture->world.rows[PROD][2].roles[ADMIN]);
}

static void
after_a_failure_everybody_waits_and_one_asks_again(void **state)
{
    struct engine_fixture *fixture = *state;

    start(fixture, ROUTES({.group = 1, .unit = SALES}));
    fixture->world.faults[CALL_UNITS] = (struct world_fault){3, VERDICT_RETRY, "reason", -1};
    engine_fixture_pass(fixture, 60);
    assert_int_equal(engine_fixture_status(fixture, "referring"), USERS);
    engine_fixture_pass(fixture, 30000);
    assert_int_equal(fixture->scripted.sent[CALL_UNITS], 4);
    assert_int_equal(fixture->scripted.settled_count, USERS);
    assert_int_equal(fixture->scripted.letter_count, 0);
}

static void
assert_fault(const struct engine_fixture *fixture, const char *wanted)
{
    struct text status = TEXT_EMPTY;

    engine_status(fixture->engine, &status);
    if (strstr(status.data, wanted) == NULL)
        fail_msg("no \"%s\" in %s", wanted, status.data);
    text_free(&status);
}

static void
a_name_that_is_not_there_holds_all_and_is_probed(void **state)
{
    struct engine_fixture *fixture = *state;
    size_t asked;

    start(fixture, ROUTES({.group = 1, .unit = SALES}));
    fixture->world.lacks_sales = true;
    engine_fixture_pass(fixture, 60 * MINUTE_MS);
    asked = fixture->scripted.sent[CALL_UNITS];
    assert_in_range(asked, 60 * MINUTE_MS / fixture->settings.probe_ms - 2,
                    60 * MINUTE_MS / fixture->settings.probe_ms + 2);
    assert_int_equal(fixture->scripted.settled_count, 0);
    assert_string_equal(fixture->scripted.failure_next, "hold");
    assert_fault(fixture, "business unit 'Sales' is not to be found in environment 'prod'");
    fixture->world.lacks_sales = false;
    engine_fixture_pass(fixture, 2 * fixture->settings.probe_ms);
    assert_int_equal(fixture->scripted.settled_count, USERS);
}

static void
those_who_need_nothing_of_it_go_on_meanwhile(void **state)
{
    struct engine_fixture *fixture = *state;

    start(fixture, ROUTES({.group = 1, .unit = SALES}, {.group = 2}));
    fixture->world.lacks_sales = true;
    world_give_rows(&fixture->world, PROD, 20, 20);
    PUBLISH(fixture, .user = 20, .group = 2);
    engine_fixture_pass(fixture, 1000);
    assert_int_equal(fixture->scripted.settled_count, 1);
}

static void
whoever_waits_for_an_answer_can_be_revoked(void **state)
{
    struct engine_fixture *fixture = *state;

    start(fixture, ROUTES({.group = 1, .unit = SALES}));
    fixture->holds[CALL_UNITS] = true;
    engine_fixture_pass(fixture, 1000);
    engine_revoke_all(fixture->engine, false);
    fixture->holds[CALL_UNITS] = false;
    engine_fixture_pass(fixture, 60000);
    assert_int_equal(fixture->scripted.settled_count, 0);
    assert_int_equal(engine_fixture_status(fixture, "unsettled_bytes"), 0);
}

#define TEST_CASE(name) \
    cmocka_unit_test_setup_teardown(name, engine_fixture_setup, engine_fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(all_who_wait_share_one_question),
        TEST_CASE(what_was_learned_is_not_asked_for_again),
        TEST_CASE(copies_are_asked_for_in_each_unit_apart),
        TEST_CASE(after_a_failure_everybody_waits_and_one_asks_again),
        TEST_CASE(a_name_that_is_not_there_holds_all_and_is_probed),
        TEST_CASE(those_who_need_nothing_of_it_go_on_meanwhile),
        TEST_CASE(whoever_waits_for_an_answer_can_be_revoked),
    };
    return cmocka_run_group_tests_name("refer", tests, NULL, NULL);
}
