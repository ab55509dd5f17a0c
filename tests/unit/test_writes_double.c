/* The double carries out writes as they are meant, or refuses them and changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "services_scene.h"

#define TOO_LONG                                                             \
    "0123456789012345678901234567890123456789012345678901234567890123456789" \
    "0123456789012345678901234567890"

static void
set_text(struct scene *scene, size_t index, const char *text)
{
    scene->values[index] = (struct value){.kind = VALUE_TEXT, .text = (char *)(uintptr_t)text};
}

static struct call *
begin_write(struct scene *scene, enum call_kind kind, const char *if_match, size_t write_count)
{
    struct call *call = scene_begin(scene, kind);

    call->row = guid_of(BOB_ROW);
    call->if_match = if_match;
    for (int i = 0; i < 2; i++)
        scene->writes[i] = (struct column_write){i, &scene->values[i]};
    call->writes = scene->writes;
    call->write_count = write_count;
    return call;
}

/* The copies of Reader in ${unit}, by its root. */
static struct guid
find_copy(struct scene *scene, const char *unit)
{
    struct call *call = scene_begin(scene, CALL_ROLES);

    scene->unit = guid_of(unit);
    scene->ids[0] = guid_of(READER);
    call->unit = &scene->unit;
    call->roles = scene->ids;
    call->role_count = 1;
    scene_make_with(scene, MODEL_DATAVERSE);
    scene_expect(scene, VERDICT_DONE, "");
    assert_int_equal(call->found_role_count, 1);
    assert_true(guid_equal(&call->found_roles[0].root, &scene->ids[0]));
    return call->found_roles[0].id;
}

static void
give(struct scene *scene, const struct guid *copy)
{
    struct call *call = scene_begin(scene, CALL_ROLE);

    scene->ids[0] = *copy;
    call->row = guid_of(BOB_ROW);
    call->roles = scene->ids;
    call->role_count = 1;
    scene_make_with(scene, MODEL_DATAVERSE);
}

static void
patch_writes_and_its_answer_is_the_row(void **state)
{
    struct scene *scene = *state;
    struct call *call;
    struct guid sales = guid_of(SALES);

    scene_look_at_bob(scene, false);
    call = begin_write(scene, CALL_PATCH, scene->etag, 2);
    call->unit = &sales;
    set_text(scene, 0, "Zürich \"1\"");
    scene->values[1] = (struct value){.kind = VALUE_INTEGER, .integer = -7};
    scene_make_with(scene, MODEL_DATAVERSE);
    scene_expect(scene, VERDICT_DONE, "");
    assert_int_equal(call->row_count, 1);
    assert_true(guid_equal(&call->rows[0].unit, &sales));
    assert_true(value_equal(&call->rows[0].values[0], &scene->values[0]));
    assert_true(value_equal(&call->rows[0].values[1], &scene->values[1]));
    assert_string_not_equal(call->rows[0].etag, scene->etag);
    assert_false(call->rows[0].has_roles);
}

static void
patch_clears_a_column_whatever_the_version(void **state)
{
    struct scene *scene = *state;
    struct call *call = begin_write(scene, CALL_PATCH, "*", 1);

    scene->values[0] = (struct value){.kind = VALUE_NULL};
    scene_make_with(scene, MODEL_DATAVERSE);
    scene_expect(scene, VERDICT_DONE, "");
    assert_int_equal(call->rows[0].values[0].kind, VALUE_NULL);
}

static void
patch_of_a_changed_row_changes_nothing(void **state)
{
    struct scene *scene = *state;
    struct guid bob = guid_of(BOB_ROW);

    scene_look_at_bob(scene, false);
    assert_true(model_set_column(scene->fixture->model, "e1", &bob, "new_site", "\"by hand\""));
    begin_write(scene, CALL_PATCH, scene->etag, 1);
    set_text(scene, 0, "ours");
    scene_make_with(scene, MODEL_DATAVERSE);
    scene_expect(scene, VERDICT_CHANGED, "row_changed");
    assert_string_equal(scene_look_at_bob(scene, false)->values[0].text, "by hand");
}

static void
patch_of_a_row_that_went_makes_none(void **state)
{
    struct scene *scene = *state;

    begin_write(scene, CALL_PATCH, "*", 1)->row = guid_of(NOBODY);
    set_text(scene, 0, "x");
    scene_make_with(scene, MODEL_DATAVERSE);
    scene_expect(scene, VERDICT_CHANGED, "row_gone");
}

static void
patch_of_a_text_too_long_is_rejected(void **state)
{
    struct scene *scene = *state;

    begin_write(scene, CALL_PATCH, "*", 1);
    set_text(scene, 0, TOO_LONG);
    scene_make_with(scene, MODEL_DATAVERSE);
    scene_expect(scene, VERDICT_REJECTED, "bad_value");
}

static void
units_are_found_by_id_and_by_name(void **state)
{
    struct scene *scene = *state;
    struct guid unit = guid_of(NOBODY), sales = guid_of(SALES), root = guid_of(ROOT);
    struct call *call;
    size_t seen = 0;

    assert_true(model_add_business_unit(scene->fixture->model, "e1", &unit, UNIT_NAME));
    call = scene_begin(scene, CALL_UNITS);
    scene_make_with(scene, MODEL_DATAVERSE);
    scene_expect(scene, VERDICT_DONE, "");
    assert_int_equal(call->unit_count, 3);
    for (size_t i = 0; i < 3; i++) {
        const struct unit_entry *entry = &call->units[i];

        seen += guid_equal(&entry->id, &root) && entry->is_root;
        seen += guid_equal(&entry->id, &sales) && !entry->is_root;
        seen += guid_equal(&entry->id, &unit) && strcmp(entry->name, UNIT_NAME) == 0;
    }
    assert_int_equal(seen, 3);
}

static void
roles_are_found_by_name_in_the_root_and_by_root_in_a_unit(void **state)
{
    struct scene *scene = *state;
    struct guid reader = guid_of(READER), in_root, in_sales;
    struct call *call;

    for (int is_null = 0; is_null < 2; is_null++) {
        assert_true(model_set(scene->fixture->model, "root_role_parent_null", is_null));
        call = scene_begin(scene, CALL_ROLES);
        scene->unit = guid_of(ROOT);
        call->unit = &scene->unit;
        scene_make_with(scene, MODEL_DATAVERSE);
        scene_expect(scene, VERDICT_DONE, "");
        assert_int_equal(call->found_role_count, 1);
        assert_true(guid_equal(&call->found_roles[0].root, &reader));
        in_root = find_copy(scene, ROOT);
        in_sales = find_copy(scene, SALES);
        assert_true(guid_equal(&in_root, &reader));
        assert_false(guid_equal(&in_sales, &reader));
    }
}

static void
role_is_given_once_or_twice_and_then_held(void **state)
{
    struct scene *scene = *state;
    struct guid copy = find_copy(scene, ROOT);
    const struct row *row;

    give(scene, &copy);
    scene_expect(scene, VERDICT_DONE, "");
    give(scene, &copy);
    scene_expect(scene, VERDICT_DONE, "");
    assert_true(model_set(scene->fixture->model, "repeated_ref_status", 412));
    give(scene, &copy);
    scene_expect(scene, VERDICT_DONE, "");
    row = scene_look_at_bob(scene, true);
    assert_int_equal(row->role_count, 1);
    assert_true(guid_equal(&row->roles[0].id, &copy));
}

static void
role_of_another_unit_asks_for_another_look(void **state)
{
    struct scene *scene = *state;
    struct guid copy = find_copy(scene, SALES);

    give(scene, &copy);
    scene_expect(scene, VERDICT_CHANGED, "role_of_other_unit");
}

/* Moves Bob, who holds Reader, to Sales with its copy there. */
static void
move_bob(struct scene *scene, bool is_stale)
{
    struct guid copy = find_copy(scene, ROOT), copy_of_sales = find_copy(scene, SALES);
    struct guid row = guid_of(BOB_ROW);
    struct call *call;

    give(scene, &copy);
    scene_look_at_bob(scene, true);
    if (is_stale)
        assert_true(model_set_column(scene->fixture->model, "e1", &row, "new_site", "\"by hand\""));
    call = begin_write(scene, CALL_MOVE, scene->etag, 1);
    set_text(scene, 0, "Genève");
    scene->unit = guid_of(SALES);
    scene->ids[0] = copy_of_sales;
    call->unit = &scene->unit;
    call->roles = scene->ids;
    call->role_count = 1;
    scene_make_with(scene, MODEL_DATAVERSE);
}

static void
move_takes_the_roles_along(void **state)
{
    struct scene *scene = *state;
    struct guid sales = guid_of(SALES), reader = guid_of(READER);
    const struct row *row;

    move_bob(scene, false);
    scene_expect(scene, VERDICT_DONE, "");
    row = scene_look_at_bob(scene, true);
    assert_true(guid_equal(&row->unit, &sales));
    assert_string_equal(row->values[0].text, "Genève");
    assert_int_equal(row->role_count, 1);
    assert_true(guid_equal(&row->roles[0].root, &reader));
}

static void
assert_not_moved(struct scene *scene)
{
    const struct row *row = scene_look_at_bob(scene, true);
    struct guid root = guid_of(ROOT), reader = guid_of(READER);

    assert_true(guid_equal(&row->unit, &root));
    assert_string_not_equal(row->values[0].text, "Genève");
    assert_int_equal(row->role_count, 1);
    assert_true(guid_equal(&row->roles[0].id, &reader));
}

static void
move_that_the_environment_refuses_changes_nothing(void **state)
{
    struct scene *scene = *state;

    assert_true(model_set(scene->fixture->model, "batch_sees_moved_unit", 0));
    for (int nested = 0; nested < 2; nested++) {
        assert_true(model_set(scene->fixture->model, "changeset_error_nested", nested));
        move_bob(scene, false);
        scene_expect(scene, VERDICT_REJECTED, "move_refused");
        assert_string_equal(scene->call.error.code, "0x80041409");
        assert_not_moved(scene);
    }
}

static void
move_of_a_changed_row_changes_nothing(void **state)
{
    struct scene *scene = *state;

    for (int nested = 0; nested < 2; nested++) {
        assert_true(model_set(scene->fixture->model, "changeset_error_nested", nested));
        move_bob(scene, true);
        scene_expect(scene, VERDICT_CHANGED, "row_changed");
        assert_not_moved(scene);
    }
}

static void
write_whose_answer_is_lost_can_be_repeated(void **state)
{
    struct scene *scene = *state;
    struct model_fault fault = {.service = MODEL_DATAVERSE,
                                .times = 1,
                                .probability = 1,
                                .transport = HTTP_UNKNOWN,
                                .is_after_effect = true};

    assert_true(model_add_fault(scene->fixture->model, &fault));
    begin_write(scene, CALL_PATCH, "*", 1);
    set_text(scene, 0, "lost");
    scene_make_with(scene, MODEL_DATAVERSE);
    scene_expect(scene, VERDICT_RETRY, "no_answer");
    scene_make_with(scene, MODEL_DATAVERSE);
    scene_expect(scene, VERDICT_DONE, "");
    assert_string_equal(scene->call.rows[0].values[0].text, "lost");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(patch_writes_and_its_answer_is_the_row),
        TEST(patch_clears_a_column_whatever_the_version),
        TEST(patch_of_a_changed_row_changes_nothing),
        TEST(patch_of_a_row_that_went_makes_none),
        TEST(patch_of_a_text_too_long_is_rejected),
        TEST(units_are_found_by_id_and_by_name),
        TEST(roles_are_found_by_name_in_the_root_and_by_root_in_a_unit),
        TEST(role_is_given_once_or_twice_and_then_held),
        TEST(role_of_another_unit_asks_for_another_look),
        TEST(move_takes_the_roles_along),
        TEST(move_that_the_environment_refuses_changes_nothing),
        TEST(move_of_a_changed_row_changes_nothing),
        TEST(write_whose_answer_is_lost_can_be_repeated),
    };
    return cmocka_run_group_tests_name("writes_double", tests, NULL, NULL);
}
