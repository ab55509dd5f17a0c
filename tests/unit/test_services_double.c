/* The double takes the requests for tokens, rows, people and force syncs, and we read its answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "services_scene.h"

static void
token_is_given_for_the_secret_and_the_scope(void **state)
{
    struct scene *scene = *state;

    scene_begin(scene, CALL_TOKEN)->scope = CRM "/.default";
    scene_make(scene, SECRET);
    scene_expect(scene, VERDICT_DONE, "");
    assert_true(scene->call.token_life_ms == 3599000);
    free(scene->fixture->tokens[MODEL_DATAVERSE]);
    scene->fixture->tokens[MODEL_DATAVERSE] = strdup(scene->call.token);
    scene_look_at_bob(scene, false);
}

static void
token_is_refused_as_a_fault_of_the_configuration(void **state)
{
    struct scene *scene = *state;

    scene_begin(scene, CALL_TOKEN)->scope = CRM "/.default";
    scene_make(scene, "wrong");
    scene_expect(scene, VERDICT_MISCONFIGURED, "invalid_client");
    scene_begin(scene, CALL_TOKEN)->scope = CRM "/user";
    scene_make(scene, SECRET);
    scene_expect(scene, VERDICT_MISCONFIGURED, "invalid_scope");
}

static void
token_for_another_audience_is_refused_by_every_service(void **state)
{
    struct scene *scene = *state;
    struct call *call = scene_begin(scene, CALL_LOOK);

    call->ids = scene->ids;
    call->id_count = 1;
    scene_make_with(scene, MODEL_GRAPH);
    scene_expect(scene, VERDICT_UNAUTHORISED, "unauthorised");
    scene_begin(scene, CALL_FORCE_SYNC)->user = guid_of(ADA);
    scene_make_with(scene, MODEL_DATAVERSE);
    scene_expect(scene, VERDICT_UNAUTHORISED, "unauthorised");
    call = scene_begin(scene, CALL_SOURCES);
    scene->items[0] = (struct source_item){.user = guid_of(ADA), .wants_person = true};
    call->items = scene->items;
    call->item_count = 1;
    scene_make_with(scene, MODEL_BAP);
    scene_expect(scene, VERDICT_UNAUTHORISED, "unauthorised");
}

static void
look_finds_the_rows_that_are_there(void **state)
{
    struct scene *scene = *state;
    const struct row *row = scene_look_at_bob(scene, true);
    struct guid bob = guid_of(BOB), root = guid_of(ROOT);

    assert_true(guid_equal(&row->object_id, &bob));
    assert_true(guid_equal(&row->unit, &root));
    assert_string_equal(row->values[0].text, "Bern");
    assert_int_equal(row->values[1].kind, VALUE_NULL);
    assert_true(row->has_roles);
    assert_int_equal(row->role_count, 0);
    assert_false(row->is_disabled || row->is_application);
}

static void
look_finds_nothing_whole_in_a_first_page(void **state)
{
    struct scene *scene = *state;
    struct model_row second = {.object_id = guid_of(BOB)};

    assert_true(model_add_row(scene->fixture->model, "e1", &second, NULL));
    scene_look(scene, false);
    scene_expect(scene, VERDICT_DONE, "");
    assert_int_equal(scene->call.row_count, 2);
    assert_true(model_set(scene->fixture->model, "page_size", 1));
    scene_look(scene, false);
    scene_expect(scene, VERDICT_RETRY, "incomplete_answer");
}

static void
look_for_250_ids_is_understood(void **state)
{
    struct scene *scene = *state;
    struct call *call = scene_begin(scene, CALL_LOOK);
    struct guid many[250];

    for (size_t i = 0; i < 250; i++) {
        many[i] = guid_of(BOB);
        many[i].bytes[0] = (uint8_t)i;
    }
    many[0] = guid_of(BOB);
    call->ids = many;
    call->id_count = 250;
    scene_make_with(scene, MODEL_DATAVERSE);
    scene_expect(scene, VERDICT_DONE, "");
    assert_int_equal(call->row_count, 1);
    assert_int_equal(fixture_entry(scene->fixture)->items, 250);
}

/* The double counts it as malformed, which it is here on purpose. */
static void
look_for_a_column_that_is_not_there_is_a_fault_of_the_configuration(void **state)
{
    struct scene *scene = *state;
    static char name[] = "new_unheard";
    struct column unheard[] = {{name, COLUMN_TEXT}};

    scene->environment.columns = unheard;
    scene->environment.column_count = 1;
    scene_look(scene, false);
    scene_expect(scene, VERDICT_MISCONFIGURED, "unknown_name");
    model_ledger_clear(scene->fixture->model);
}

static void
look_at_a_column_of_another_type_is_a_fault_of_the_configuration(void **state)
{
    struct scene *scene = *state;
    static char name[] = "new_site";
    struct column wrong[] = {{name, COLUMN_INTEGER}};

    scene->environment.columns = wrong;
    scene->environment.column_count = 1;
    scene_look(scene, false);
    scene_expect(scene, VERDICT_MISCONFIGURED, "column_type_differs");
}

static void
force_sync_makes_a_row_that_is_visible_later(void **state)
{
    struct scene *scene = *state;

    scene_begin(scene, CALL_FORCE_SYNC)->user = guid_of(ADA);
    scene_make_with(scene, MODEL_BAP);
    scene_expect(scene, VERDICT_DONE, "");
    scene_look(scene, false);
    assert_int_equal(scene->call.row_count, 1);
    fixture_pass(scene->fixture, 8000);
    scene_look(scene, false);
    scene_expect(scene, VERDICT_DONE, "");
    assert_int_equal(scene->call.row_count, 2);
}

static void
force_sync_is_refused_for_reasons_that_are_told_apart(void **state)
{
    struct scene *scene = *state;
    struct model *model = scene->fixture->model;
    struct model_environment bare = {.id = "e3", .name = "Three"};
    static char without_dataverse[] = "e3", unknown[] = "e9";
    struct guid ada = guid_of(ADA);

    assert_true(model_add_environment(model, &bare));
    assert_true(model_set_licensed(model, &ada, false));
    for (int capital = 0; capital < 2; capital++) {
        assert_true(model_set(model, "capital_inner_json", capital));
        scene_begin(scene, CALL_FORCE_SYNC)->user = ada;
        scene_make_with(scene, MODEL_BAP);
        scene_expect(scene, VERDICT_REFUSED, "no_licence");
    }
    scene->environment.id = without_dataverse;
    scene_make_with(scene, MODEL_BAP);
    scene_expect(scene, VERDICT_MISCONFIGURED, "no_dataverse");
    scene->environment.id = unknown;
    scene_make_with(scene, MODEL_BAP);
    scene_expect(scene, VERDICT_MISCONFIGURED, "environment_unknown");
}

static void
force_sync_of_one_outside_the_security_group_is_refused(void **state)
{
    struct scene *scene = *state;
    struct model_environment guarded = {
        .id = "e4", .name = "Four", .has_dataverse = true, .security_group = guid_of(CORE)};
    static char id[] = "e4";

    assert_true(model_add_environment(scene->fixture->model, &guarded));
    scene->environment.id = id;
    scene_begin(scene, CALL_FORCE_SYNC)->user = guid_of(ADA);
    scene_make_with(scene, MODEL_BAP);
    scene_expect(scene, VERDICT_REFUSED, "not_in_security_group");
}

static void
force_sync_beyond_the_limit_is_throttled_and_told_how_long(void **state)
{
    struct scene *scene = *state;

    assert_true(model_set(scene->fixture->model, "force_sync_calls", 1));
    for (int i = 0; i < 2; i++) {
        scene_begin(scene, CALL_FORCE_SYNC)->user = guid_of(ADA);
        scene_make_with(scene, MODEL_BAP);
    }
    scene_expect(scene, VERDICT_THROTTLED, "throttled");
    assert_true(scene->call.error.retry_after_ms > 0);
}

/* Ada with her groups, Bob alone, and nobody. */
static void
begin_sources(struct scene *scene)
{
    struct call *call = scene_begin(scene, CALL_SOURCES);

    scene->ids[0] = guid_of(CREW);
    scene->ids[1] = guid_of(CORE);
    scene->items[0] = (struct source_item){.user = guid_of(ADA),
                                           .wants_person = true,
                                           .groups = scene->ids,
                                           .group_count = 2,
                                           .is_member = scene->is_member};
    scene->items[1] = (struct source_item){.user = guid_of(BOB), .wants_person = true};
    scene->items[2] = (struct source_item){.user = guid_of(NOBODY), .wants_person = true};
    call->items = scene->items;
    call->item_count = 3;
}

static void
sources_know_people_their_attributes_and_their_groups(void **state)
{
    struct scene *scene = *state;
    struct guid crew = guid_of(CREW), ada = guid_of(ADA);
    const struct person *person = &scene->items[0].person;

    assert_true(model_join(scene->fixture->model, &crew, &ada, &scene->fixture->clock));
    begin_sources(scene);
    scene_make_with(scene, MODEL_GRAPH);
    scene_expect(scene, VERDICT_DONE, "");
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(scene->items[i].verdict, VERDICT_DONE);
    assert_true(person->exists && person->is_enabled && !person->is_guest);
    assert_string_equal(person->values[0].text, "Ada");
    assert_string_equal(person->values[1].text, "R&D");
    assert_string_equal(person->values[2].text, "Bern");
    assert_true(scene->is_member[0]);
    assert_false(scene->is_member[1]);
    assert_int_equal(scene->items[1].person.values[2].kind, VALUE_NULL);
    assert_false(scene->items[2].person.exists);
}

static void
sources_throttled_alone_say_so_by_item(void **state)
{
    struct scene *scene = *state;
    struct model_fault fault = {.service = MODEL_GRAPH,
                                .route = "user",
                                .times = 1,
                                .probability = 1,
                                .status = 429,
                                .headers = "Retry-After: 2.128\n"};
    size_t throttled = 0;

    assert_true(model_add_fault(scene->fixture->model, &fault));
    begin_sources(scene);
    scene_make_with(scene, MODEL_GRAPH);
    scene_expect(scene, VERDICT_DONE, "");
    for (size_t i = 0; i < 3; i++) {
        if (scene->items[i].verdict == VERDICT_DONE)
            continue;
        assert_int_equal(scene->items[i].verdict, VERDICT_THROTTLED);
        assert_true(scene->items[i].error.retry_after_ms == 2128);
        throttled++;
    }
    assert_int_equal(throttled, 1);
}

static void
dataverse_beyond_its_limit_is_throttled_and_its_hint_is_read(void **state)
{
    struct scene *scene = *state;

    assert_true(model_set(scene->fixture->model, "dop_hint", 7));
    scene_look_at_bob(scene, false);
    assert_int_equal(scene->call.dop_hint, 7);
    assert_true(model_set(scene->fixture->model, "dataverse_requests", 1));
    scene_look(scene, false);
    scene_expect(scene, VERDICT_THROTTLED, "throttled");
    assert_string_equal(scene->call.error.code, "0x80072322");
    assert_true(scene->call.error.retry_after_ms > 0);
    assert_true(scene->call.error.request_id[0] != '\0');
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(token_is_given_for_the_secret_and_the_scope),
        TEST(token_is_refused_as_a_fault_of_the_configuration),
        TEST(token_for_another_audience_is_refused_by_every_service),
        TEST(look_finds_the_rows_that_are_there),
        TEST(look_finds_nothing_whole_in_a_first_page),
        TEST(look_for_250_ids_is_understood),
        TEST(look_for_a_column_that_is_not_there_is_a_fault_of_the_configuration),
        TEST(look_at_a_column_of_another_type_is_a_fault_of_the_configuration),
        TEST(force_sync_makes_a_row_that_is_visible_later),
        TEST(force_sync_is_refused_for_reasons_that_are_told_apart),
        TEST(force_sync_of_one_outside_the_security_group_is_refused),
        TEST(force_sync_beyond_the_limit_is_throttled_and_told_how_long),
        TEST(sources_know_people_their_attributes_and_their_groups),
        TEST(sources_throttled_alone_say_so_by_item),
        TEST(dataverse_beyond_its_limit_is_throttled_and_its_hint_is_read),
    };
    return cmocka_run_group_tests_name("services_double", tests, NULL, NULL);
}
