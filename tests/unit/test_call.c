/* A call's results end with it, and every kind and verdict has a name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "call.h"

static struct column columns[2] = {{.type = COLUMN_TEXT}, {.type = COLUMN_INTEGER}};
static struct attribute attributes[1] = {{.type = COLUMN_TEXT}};
static const struct environment environment = {
    .columns = columns,
    .column_count = 2,
    .attributes = attributes,
    .attribute_count = 1,
};

static void
fill_row(struct row *row)
{
    row->values = calloc(2, sizeof(row->values[0]));
    row->values[0] = (struct value){.kind = VALUE_TEXT, .text = strdup("a")};
    row->roles = calloc(3, sizeof(row->roles[0]));
    row->role_count = 3;
}

static void
fill_item(struct source_item *item)
{
    item->person.values = calloc(1, sizeof(item->person.values[0]));
    item->person.values[0] = (struct value){.kind = VALUE_TEXT, .text = strdup("b")};
    item->person.faults = calloc(1, sizeof(item->person.faults[0]));
    item->person.faults[0] = strdup("c");
    item->is_member[1] = true;
    item->verdict = VERDICT_DONE;
}

static void
fill_call(struct call *call)
{
    call->rows = calloc(2, sizeof(call->rows[0]));
    call->row_count = 2;
    fill_row(&call->rows[0]);
    call->units = calloc(1, sizeof(call->units[0]));
    call->unit_count = 1;
    call->units[0].name = strdup("unit");
    call->found_roles = calloc(1, sizeof(call->found_roles[0]));
    call->found_role_count = 1;
    call->found_roles[0].name = strdup("role");
    call->token = strdup("token");
    call->token_life_ms = 1;
    call->verdict = VERDICT_DONE;
    call->dop_hint = 4;
    call->changes = calloc(2, sizeof(call->changes[0]));
    call->change_count = 2;
    call->next_page = strdup("next");
    call->delta_page = strdup("delta");
    call->is_group_seen = call->is_group_deleted = true;
}

static void
call_is_reset_to_no_results_and_keeps_what_was_asked(void **state)
{
    bool is_member[2] = {false, false};
    struct source_item item = {.group_count = 2, .is_member = is_member};
    struct call call;

    (void)state;
    call_init(&call, CALL_SOURCES, &environment, NULL, NULL);
    call.items = &item;
    call.item_count = 1;
    call.wants_roles = true;
    fill_call(&call);
    fill_item(&item);
    call_reset(&call);
    assert_null(call.rows);
    assert_null(call.units);
    assert_null(call.found_roles);
    assert_null(call.token);
    assert_null(call.changes);
    assert_null(call.next_page);
    assert_null(call.delta_page);
    assert_false(call.is_group_seen || call.is_group_deleted);
    assert_int_equal(call.row_count + call.unit_count + call.found_role_count + call.change_count,
                     0);
    assert_int_equal(call.verdict, VERDICT_RETRY);
    assert_int_equal(call.dop_hint, 0);
    assert_int_equal(call.error.class, ERROR_NONE);
    assert_int_equal(item.verdict, VERDICT_RETRY);
    assert_null(item.person.values);
    assert_false(is_member[1]);
    assert_int_equal(item.group_count, 2);
    assert_true(call.wants_roles);
    call_reset(&call);
}

static void
call_begins_idle_and_unanswered(void **state)
{
    struct call call;

    (void)state;
    memset(&call, 0x5A, sizeof(call));
    call_init(&call, CALL_LOOK, &environment, NULL, &call);
    assert_int_equal(call.kind, CALL_LOOK);
    assert_ptr_equal(call.environment, &environment);
    assert_ptr_equal(call.owner, &call);
    assert_true(list_is_empty(&call.link));
    assert_int_equal(call.verdict, VERDICT_RETRY);
    assert_string_equal(call.reason, "");
    assert_null(call.rows);
    assert_false(call.is_flying);
}

static void
call_without_an_environment_can_be_reset(void **state)
{
    struct call call = {.kind = CALL_TOKEN};

    (void)state;
    call.token = strdup("token");
    call_reset(&call);
    assert_null(call.token);
}

static void
call_parts_can_be_freed_twice_or_not_be_there(void **state)
{
    struct row row = {0};
    struct person person = {0};

    (void)state;
    fill_row(&row);
    row_free(&row, &environment);
    row_free(&row, &environment);
    row_free(NULL, &environment);
    person_free(&person, &environment);
    person_free(NULL, &environment);
    assert_null(row.roles);
}

static void
call_kinds_and_verdicts_have_names_of_their_own(void **state)
{
    (void)state;
    for (int i = 0; i < CALL_KINDS; i++) {
        for (int j = 0; j < i; j++)
            assert_string_not_equal(call_kind_name((enum call_kind)i),
                                    call_kind_name((enum call_kind)j));
    }
    for (int i = VERDICT_DONE; i <= VERDICT_UNAUTHORISED; i++) {
        for (int j = VERDICT_DONE; j < i; j++)
            assert_string_not_equal(verdict_name((enum verdict)i), verdict_name((enum verdict)j));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(call_is_reset_to_no_results_and_keeps_what_was_asked),
        cmocka_unit_test(call_begins_idle_and_unanswered),
        cmocka_unit_test(call_without_an_environment_can_be_reset),
        cmocka_unit_test(call_parts_can_be_freed_twice_or_not_be_there),
        cmocka_unit_test(call_kinds_and_verdicts_have_names_of_their_own),
    };
    return cmocka_run_group_tests_name("call", tests, NULL, NULL);
}
