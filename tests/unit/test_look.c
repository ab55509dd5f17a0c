/* Rows by object id, and whose they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "reader_fixture.h"

/* The next call in flight finds rows of these users. */
static void
answer_rows(struct reader_fixture *fixture, const int *users, size_t count)
{
    struct call *call = reader_fixture_land(fixture);

    call->rows = calloc(count + 1, sizeof(call->rows[0]));
    call->row_count = count;
    assert_non_null(call->rows);
    for (size_t i = 0; i < count; i++) {
        call->rows[i] = row_make(call->environment, users[i], ROOT);
        row_put_role(&call->rows[i], ADMIN, ROOT);
        call->rows[i].id = row_id(100 * (int)(i + 1) + users[i]);
    }
    reader_fixture_answer(fixture, call, VERDICT_DONE);
}

static void
rows_find_their_users_in_any_order(void **state)
{
    struct reader_fixture *fixture = *state;
    static const int users[] = {4, 1};
    struct guid fourth = row_id(104);
    struct guid first = row_id(201);

    reader_fixture_add(fixture, 1, CAPACITY);
    answer_rows(fixture, users, 2);
    assert_int_equal(fixture->jobs[1]->row_state, ROW_ONE);
    assert_int_equal(fixture->jobs[2]->row_state, ROW_NONE);
    assert_int_equal(fixture->jobs[3]->row_state, ROW_NONE);
    assert_true(guid_equal(&fixture->jobs[4]->row.id, &fourth));
    assert_true(guid_equal(&fixture->jobs[1]->row.id, &first));
    for (int user = 1; user <= CAPACITY; user++)
        assert_int_equal(fixture->answered[user], 1);
}

static void
a_row_of_nobody_who_asked_is_left_aside(void **state)
{
    struct reader_fixture *fixture = *state;
    static const int users[] = {9, 2};

    reader_fixture_add(fixture, 1, 2);
    reader_flush(fixture->reader);
    answer_rows(fixture, users, 2);
    assert_int_equal(fixture->jobs[1]->row_state, ROW_NONE);
    assert_int_equal(fixture->jobs[2]->row_state, ROW_ONE);
}

static void
two_rows_for_one_user_are_many_and_three_are_too(void **state)
{
    struct reader_fixture *fixture = *state;
    static const int users[] = {1, 2, 1, 1, 2};

    reader_fixture_add(fixture, 1, 3);
    reader_flush(fixture->reader);
    answer_rows(fixture, users, 5);
    assert_int_equal(fixture->jobs[1]->row_state, ROW_MANY);
    assert_int_equal(fixture->jobs[2]->row_state, ROW_MANY);
    assert_int_equal(fixture->jobs[3]->row_state, ROW_NONE);
}

static void
a_later_reading_replaces_the_earlier_one(void **state)
{
    struct reader_fixture *fixture = *state;
    static const int users[] = {1};

    reader_fixture_add(fixture, 1, 1);
    reader_flush(fixture->reader);
    answer_rows(fixture, users, 1);
    reader_fixture_add(fixture, 1, 1);
    reader_flush(fixture->reader);
    answer_rows(fixture, users, 0);
    assert_int_equal(fixture->jobs[1]->row_state, ROW_NONE);
    assert_null(fixture->jobs[1]->row.values);
}

static void
a_user_who_was_withdrawn_gets_no_row(void **state)
{
    struct reader_fixture *fixture = *state;
    static const int users[] = {2, 1};

    reader_fixture_add(fixture, 1, CAPACITY);
    reader_remove(fixture->reader, fixture->jobs[2]);
    answer_rows(fixture, users, 2);
    assert_int_equal(fixture->jobs[2]->row_state, ROW_UNREAD);
    assert_int_equal(fixture->answered[2], 0);
    assert_int_equal(fixture->jobs[1]->row_state, ROW_ONE);
}

static void
roles_are_read_where_recipes_name_any_and_afresh_when_one_asks_for_it(void **state)
{
    struct reader_fixture *fixture = *state;
    static const int users[] = {1, 2, 3, 4};

    reader_fixture_add(fixture, 1, 1);
    reader_flush(fixture->reader);
    assert_true(fixture->bench->scripted.flights[0]->wants_roles);
    assert_false(fixture->bench->scripted.flights[0]->wants_fresh);
    answer_rows(fixture, users, 1);
    assert_false(fixture->jobs[1]->has_fresh_roles);

    reader_fixture_job(fixture, 2)->wants_fresh_roles = true;
    reader_fixture_add(fixture, 1, 2);
    reader_flush(fixture->reader);
    assert_true(fixture->bench->scripted.flights[0]->wants_fresh);
    answer_rows(fixture, users, 2);
    assert_true(fixture->jobs[1]->has_fresh_roles && fixture->jobs[2]->has_fresh_roles);
}

static void
no_roles_are_read_where_no_recipe_names_any(void **state)
{
    struct reader_fixture *fixture = *state;
    struct environment *prod = &fixture->bench->routing->environments[PROD];
    size_t role_count = prod->role_count;

    prod->role_count = 0;
    reader_fixture_add(fixture, 1, 1);
    reader_flush(fixture->reader);
    prod->role_count = role_count;
    assert_false(fixture->bench->scripted.flights[0]->wants_roles);
}

#define TEST_CASE(name) \
    cmocka_unit_test_setup_teardown(name, reader_fixture_setup, reader_fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(rows_find_their_users_in_any_order),
        TEST_CASE(a_row_of_nobody_who_asked_is_left_aside),
        TEST_CASE(two_rows_for_one_user_are_many_and_three_are_too),
        TEST_CASE(a_later_reading_replaces_the_earlier_one),
        TEST_CASE(a_user_who_was_withdrawn_gets_no_row),
        TEST_CASE(roles_are_read_where_recipes_name_any_and_afresh_when_one_asks_for_it),
        TEST_CASE(no_roles_are_read_where_no_recipe_names_any),
    };
    return cmocka_run_group_tests_name("look", tests, NULL, NULL);
}
