/* A run's own calls: what is written under which condition, and what each verdict leads to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine_fixture.h"
#include "scarce_memory.h"

#define COLUMN                     \
    {                              \
        .group = 1, .columns = "c" \
    }

/* User 1 has a row and department "x", and an event. */
static void
start(struct engine_fixture *fixture, struct routing *routing)
{
    engine_fixture_start(fixture, routing);
    world_name(&fixture->world, 1, "x");
    world_give_rows(&fixture->world, PROD, 1, 1);
    PUBLISH(fixture, .user = 1, .group = 1);
}

static void
fail_once(struct engine_fixture *fixture, enum call_kind kind, enum verdict verdict)
{
    fixture->world.faults[kind] = (struct world_fault){1, verdict, "reason", -1};
}

/* --- moves ----------------------------------------------------------------------------------- */

static void
a_user_with_roles_moves_as_one_set_which_a_read_confirms(void **state)
{
    struct engine_fixture *fixture = *state;

    start(fixture, ROUTES({.group = 1, .unit = SALES, .columns = "c"}));
    fixture->world.rows[PROD][1].roles[THIRD] = true;
    engine_fixture_pass(fixture, 3000);
    engine_fixture_assert_trace(fixture, "units; look 1; sources 1; look_fresh 1; copies unit=1; "
                                         "move 1 unit=1 c=x 3@1; look_fresh 1");
    assert_true(fixture->world.rows[PROD][1].roles[THIRD]);
    assert_settled(&fixture->scripted, 0, OUTCOME_DONE, "confirmed");
    assert_string_equal(fixture->scripted.run_changes, "businessunit,new_costcentre");
}

static void
a_move_that_would_cost_a_role_is_not_made(void **state)
{
    struct engine_fixture *fixture = *state;

    start(fixture, ROUTES({.group = 1, .unit = SALES}));
    fixture->world.rows[PROD][1].roles[READER] = true;
    fixture->world.lacks_reader_copies = true;
    engine_fixture_pass(fixture, 3000);
    assert_int_equal(fixture->world.rows[PROD][1].unit, ROOT);
    assert_settled(&fixture->scripted, 0, OUTCOME_DEAD, "role_without_copy");
}

static void
roles_that_the_organisation_keeps_are_read_again_after_a_plain_move(void **state)
{
    struct engine_fixture *fixture = *state;

    start(fixture, ROUTES({.group = 1, .unit = SALES, .roles = "1"}));
    fixture->routing->environments[PROD].move_roles = MOVE_ORGANISATION_KEEPS;
    fixture->world.organisation_keeps_roles = true;
    fixture->world.rows[PROD][1].roles[ADMIN] = true;
    engine_fixture_pass(fixture, 3000);
    engine_fixture_assert_trace(
        fixture, "units; look 1; patch 1 unit=1; roles; look_fresh 1; copies unit=1");
    assert_settled(&fixture->scripted, 0, OUTCOME_DONE, "confirmed");
}

/* --- verdicts -------------------------------------------------------------------------------- */

static void
a_row_that_changed_meanwhile_is_looked_at_again_at_once(void **state)
{
    struct engine_fixture *fixture = *state;

    start(fixture, ROUTES({.group = 1, .columns = "C"}));
    fixture->holds[CALL_PATCH] = true;
    engine_fixture_pass(fixture, 100);
    fixture->world.rows[PROD][1].version++; /* by somebody's hand */
    fixture->holds[CALL_PATCH] = false;
    engine_fixture_pass(fixture, 50);
    engine_fixture_assert_trace(
        fixture, "look 1; sources 1; patch 1 changed; sources 1; look 1; patch 1 c=x");
    assert_settled(&fixture->scripted, 0, OUTCOME_DONE, "confirmed");
}

static void
a_row_that_always_changes_is_trouble_like_any_other(void **state)
{
    struct engine_fixture *fixture = *state;

    start(fixture, ROUTES(COLUMN));
    fixture->world.faults[CALL_PATCH] =
        (struct world_fault){100000, VERDICT_CHANGED, "row_changed", -1};
    engine_fixture_pass(fixture, 60 * MINUTE_MS);
    assert_in_range(fixture->scripted.sent[CALL_PATCH], 10, 100);
    assert_settled(&fixture->scripted, 0, OUTCOME_DEAD, "row_changed");
}

static void
a_transient_failure_is_tried_again(void **state)
{
    struct engine_fixture *fixture = *state;

    start(fixture, ROUTES(COLUMN));
    fail_once(fixture, CALL_PATCH, VERDICT_RETRY);
    engine_fixture_pass(fixture, 50);
    assert_int_equal(fixture->scripted.settled_count, 0);
    engine_fixture_pass(fixture, 2000);
    assert_settled(&fixture->scripted, 0, OUTCOME_DONE, "confirmed");
    assert_int_equal(fixture->scripted.settled[0].attempts, 1);
    assert_string_equal(fixture->scripted.failure_next, "retry");
}

static void
what_is_refused_is_asked_again_until_the_deadline(void **state)
{
    struct engine_fixture *fixture = *state;

    start(fixture, ROUTES(COLUMN));
    fixture->world.faults[CALL_PATCH] =
        (struct world_fault){100000, VERDICT_REFUSED, "no_licence", -1};
    engine_fixture_pass(fixture, fixture->settings.deadline_ms / 2);
    assert_int_equal(fixture->scripted.settled_count, 0);
    engine_fixture_pass(fixture, fixture->settings.deadline_ms);
    assert_settled(&fixture->scripted, 0, OUTCOME_DEAD, "no_licence");
    assert_in_range(fixture->scripted.settled[0].attempts, 10, 100);
}

static void
what_is_rejected_is_not_asked_again(void **state)
{
    struct engine_fixture *fixture = *state;

    start(fixture, ROUTES(COLUMN));
    fail_once(fixture, CALL_PATCH, VERDICT_REJECTED);
    engine_fixture_pass(fixture, 50);
    assert_settled(&fixture->scripted, 0, OUTCOME_DEAD, "reason");
    assert_int_equal(fixture->scripted.sent[CALL_PATCH], 1);
    assert_string_equal(letter_header(&fixture->scripted.letters[0], "dvsync-error-class"),
                        "rejected");
}

static void
a_value_that_a_plug_in_undoes_is_written_once(void **state)
{
    struct engine_fixture *fixture = *state;

    start(fixture, ROUTES(COLUMN));
    fixture->world.reverts_columns = true;
    engine_fixture_pass(fixture, 1000);
    assert_settled(&fixture->scripted, 0, OUTCOME_DEAD, "value_did_not_stay");
    assert_int_equal(fixture->scripted.sent[CALL_PATCH], 1);
}

static void
a_move_that_a_plug_in_undoes_is_made_once(void **state)
{
    struct engine_fixture *fixture = *state;

    start(fixture, ROUTES({.group = 1, .unit = SALES}));
    fixture->world.reverts_units = true;
    engine_fixture_pass(fixture, 1000);
    assert_settled(&fixture->scripted, 0, OUTCOME_DEAD, "unit_did_not_stay");
    assert_int_equal(fixture->scripted.sent[CALL_PATCH], 1);
}

static void
a_write_that_answers_without_its_row_is_read(void **state)
{
    struct engine_fixture *fixture = *state;

    start(fixture, ROUTES(COLUMN));
    fixture->world.returns_no_row = true;
    engine_fixture_pass(fixture, 1000);
    engine_fixture_assert_trace(fixture, "look 1; sources 1; patch 1 c=x; look 1");
    assert_settled(&fixture->scripted, 0, OUTCOME_DONE, "confirmed");
}

static void
roles_that_were_read_are_known_after_a_write_that_moves_nobody(void **state)
{
    struct engine_fixture *fixture = *state;

    start(fixture, ROUTES({.group = 1, .columns = "c", .roles = "12"}));
    fixture->world.rows[PROD][1].roles[ADMIN] = true;
    engine_fixture_pass(fixture, 1000);
    engine_fixture_assert_trace(fixture, "units; look 1; sources 1; patch 1 c=x; roles; "
                                         "copies unit=9; role 1 2@9");
}

static void
a_value_that_changed_in_entra_after_it_was_written_is_written_again(void **state)
{
    struct engine_fixture *fixture = *state;

    start(fixture, ROUTES({.group = 1, .columns = "c", .roles = "1"}));
    fail_once(fixture, CALL_ROLE, VERDICT_RETRY);
    engine_fixture_pass(fixture, 50); /* the column is written, the role is tried again later */
    assert_string_equal(fixture->world.rows[PROD][1].costcentre, "x");
    world_name(&fixture->world, 1, "y");
    engine_fixture_pass(fixture, 3000);
    assert_string_equal(fixture->world.rows[PROD][1].costcentre, "y");
    assert_settled(&fixture->scripted, 0, OUTCOME_DONE, "confirmed");
}

static void
a_copy_that_belongs_to_another_unit_by_now_is_asked_for_again(void **state)
{
    struct engine_fixture *fixture = *state;

    start(fixture, ROUTES({.group = 1, .roles = "1"}));
    fail_once(fixture, CALL_ROLE, VERDICT_CHANGED);
    engine_fixture_pass(fixture, 1000);
    engine_fixture_assert_trace(fixture, "units; look 1; roles; copies unit=9; units; look 1; "
                                         "roles; copies unit=9; role 1 1@9");
    assert_settled(&fixture->scripted, 0, OUTCOME_DONE, "confirmed");
}

/* --- reports --------------------------------------------------------------------------------- */

static void
what_was_changed_is_told_once_a_run(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_fixture_start(fixture,
                         ROUTES({.group = 1, .unit = SALES, .columns = "c", .roles = "1"}));
    world_name(&fixture->world, 1, "x");
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 10000);
    assert_int_equal(fixture->scripted.runs, 1);
    assert_string_equal(fixture->scripted.run_changes, "force_sync,businessunit,new_costcentre,"
                                                       "role:55000000-0000-0000-0000-000000010001");
    assert_int_equal(fixture->scripted.run_calls, 8);
    assert_in_range(fixture->scripted.run_took_ms, 4500, 6000);
    assert_string_equal(fixture->scripted.run_request_id, "id-15");
    assert_string_equal(fixture->scripted.settled[0].request_id, "id-15");
}

static void
values_are_told_only_where_that_is_allowed(void **state)
{
    struct engine_fixture *fixture = *state;

    fixture->settings.tells_values = true;
    engine_fixture_start(fixture, ROUTES({.group = 1, .unit = SALES, .columns = "cl"}));
    world_give_rows(&fixture->world, PROD, 1, 1);
    fixture->world.rows[PROD][1].level = 7;
    world_name(&fixture->world, 1, "R&D");
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 1000);
    assert_string_equal(fixture->scripted.run_changes,
                        "businessunit=33000000-0000-0000-0000-000000000001,new_costcentre=R&D");
}

/* The answer to the LOOK in flight is taken while the allocation after the next ${count} fails. */
static bool
answer_look_with_scarce_memory(struct engine_fixture *fixture, size_t count)
{
    struct call *call = scripted_land(&fixture->scripted, CALL_LOOK);

    world_answer(&fixture->world, call);
    scarce_memory_fail_after(count);
    engine_answered(fixture->engine, call);
    return scarce_memory_has_failed();
}

static void
without_memory_for_a_write_it_is_made_later(void **state)
{
    struct engine_fixture *fixture = *state;
    bool has_failed = true;

    engine_fixture_start(fixture, ROUTES(COLUMN));
    for (int user = 1; has_failed; user++) {
        world_name(&fixture->world, user, "x");
        world_give_rows(&fixture->world, PROD, user, user);
        PUBLISH(fixture, .user = user, .group = 1);
        fixture->holds[CALL_LOOK] = true;
        engine_fixture_pass(fixture, 100);
        fixture->holds[CALL_LOOK] = false;
        has_failed = answer_look_with_scarce_memory(fixture, (size_t)user - 1);
        engine_fixture_pass(fixture, 10000);
        assert_settled(&fixture->scripted, (size_t)user - 1, OUTCOME_DONE, "confirmed");
        assert_string_equal(fixture->world.rows[PROD][user].costcentre, "x");
    }
    assert_in_range(fixture->scripted.settled_count, 2, 20);
}

#define TEST_CASE(name) \
    cmocka_unit_test_setup_teardown(name, engine_fixture_setup, engine_fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(a_user_with_roles_moves_as_one_set_which_a_read_confirms),
        TEST_CASE(a_move_that_would_cost_a_role_is_not_made),
        TEST_CASE(roles_that_the_organisation_keeps_are_read_again_after_a_plain_move),
        TEST_CASE(a_row_that_changed_meanwhile_is_looked_at_again_at_once),
        TEST_CASE(a_row_that_always_changes_is_trouble_like_any_other),
        TEST_CASE(a_transient_failure_is_tried_again),
        TEST_CASE(what_is_refused_is_asked_again_until_the_deadline),
        TEST_CASE(what_is_rejected_is_not_asked_again),
        TEST_CASE(a_value_that_a_plug_in_undoes_is_written_once),
        TEST_CASE(a_move_that_a_plug_in_undoes_is_made_once),
        TEST_CASE(a_write_that_answers_without_its_row_is_read),
        TEST_CASE(roles_that_were_read_are_known_after_a_write_that_moves_nobody),
        TEST_CASE(a_value_that_changed_in_entra_after_it_was_written_is_written_again),
        TEST_CASE(a_copy_that_belongs_to_another_unit_by_now_is_asked_for_again),
        TEST_CASE(what_was_changed_is_told_once_a_run),
        TEST_CASE(values_are_told_only_where_that_is_allowed),
        TEST_CASE(without_memory_for_a_write_it_is_made_later),
    };
    return cmocka_run_group_tests_name("apply", tests, NULL, NULL);
}
