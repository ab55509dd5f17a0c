/*
 * Memory runs out at each allocation while a request is built and while an answer of the double is
 * read, in turn: then the call can be tried again, and nothing of it counts as found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "scarce_memory.h"
#include "services_scene.h"

/* --- the calls ----------------------------------------------------------------------------------- */

static void
ask_for_token(struct scene *scene)
{
    scene_begin(scene, CALL_TOKEN)->scope = CRM "/.default";
}

static void
look_for_bob(struct scene *scene)
{
    struct call *call = scene_begin(scene, CALL_LOOK);

    scene->ids[0] = guid_of(BOB);
    call->ids = scene->ids;
    call->id_count = 1;
    call->wants_roles = true;
}

static void
ask_for_two_people(struct scene *scene)
{
    struct call *call = scene_begin(scene, CALL_SOURCES);

    scene->ids[0] = guid_of(CREW);
    scene->is_member[0] = false;
    scene->items[0] = (struct source_item){.user = guid_of(ADA), .wants_person = true};
    scene->items[1] = (struct source_item){.user = guid_of(BOB),
                                           .wants_person = true,
                                           .groups = scene->ids,
                                           .group_count = 1,
                                           .is_member = scene->is_member};
    call->items = scene->items;
    call->item_count = 2;
}

static void
ask_for_units(struct scene *scene)
{
    scene_begin(scene, CALL_UNITS);
}

static void
ask_for_roles(struct scene *scene)
{
    struct call *call = scene_begin(scene, CALL_ROLES);

    scene->unit = guid_of(ROOT);
    call->unit = &scene->unit;
}

static void
write_to_bob(struct scene *scene, enum call_kind kind)
{
    struct call *call = scene_begin(scene, kind);

    scene->values[0] = (struct value){.kind = VALUE_TEXT, .text = (char *)(uintptr_t) "Bern"};
    scene->writes[0] = (struct column_write){0, &scene->values[0]};
    call->row = guid_of(BOB_ROW);
    call->if_match = "*";
    call->writes = scene->writes;
    call->write_count = 1;
}

static void
patch_bob(struct scene *scene)
{
    write_to_bob(scene, CALL_PATCH);
}

static void
move_bob(struct scene *scene)
{
    write_to_bob(scene, CALL_MOVE);
    scene->unit = guid_of(SALES);
    scene->call.unit = &scene->unit;
}

static void
patch_bob_with_too_much(struct scene *scene)
{
    static char text[200];

    memset(text, 'x', sizeof(text) - 1);
    patch_bob(scene);
    scene->values[0].text = text;
}

/* By its status alone it would be judged for good. */
static void
patch_bob_in_vain(struct scene *scene)
{
    const struct model_fault fault = {.service = MODEL_DATAVERSE,
                                      .times = 1,
                                      .probability = 1,
                                      .status = 400,
                                      .body = "{\"error\":{\"code\":\"0x80040216\"}}"};

    patch_bob(scene);
    assert_true(model_add_fault(scene->fixture->model, &fault));
}

static void
move_bob_as_he_was(struct scene *scene)
{
    move_bob(scene);
    scene->call.if_match = "W/\"1\"";
}

static void
sync_ada(struct scene *scene)
{
    scene_begin(scene, CALL_FORCE_SYNC)->user = guid_of(ADA);
}

static void
sync_nobody(struct scene *scene)
{
    scene_begin(scene, CALL_FORCE_SYNC)->user = guid_of(NOBODY);
}

static void
list_members(struct scene *scene)
{
    scene_begin(scene, CALL_MEMBERS)->group = guid_of(CREW);
}

static void
list_changes(struct scene *scene)
{
    scene_begin(scene, CALL_DELTA)->group = guid_of(CREW);
}

struct subject {
    void (*prepare)(struct scene *scene);
    enum model_service service;
    enum verdict verdict;
    bool is_tight; /* reading it needs memory */
};

static const struct subject subjects[] = {
    {ask_for_token, MODEL_LOGIN, VERDICT_DONE, true},
    {look_for_bob, MODEL_DATAVERSE, VERDICT_DONE, true},
    {ask_for_two_people, MODEL_GRAPH, VERDICT_DONE, true},
    {ask_for_units, MODEL_DATAVERSE, VERDICT_DONE, true},
    {ask_for_roles, MODEL_DATAVERSE, VERDICT_DONE, true},
    {patch_bob, MODEL_DATAVERSE, VERDICT_DONE, true},
    {patch_bob_with_too_much, MODEL_DATAVERSE, VERDICT_REJECTED, true},
    {patch_bob_in_vain, MODEL_DATAVERSE, VERDICT_RETRY, true},
    {move_bob_as_he_was, MODEL_DATAVERSE, VERDICT_CHANGED, true},
    {move_bob, MODEL_DATAVERSE, VERDICT_DONE, true},
    {sync_ada, MODEL_BAP, VERDICT_DONE, false},
    {sync_nobody, MODEL_BAP, VERDICT_REFUSED, true},
    {list_members, MODEL_GRAPH, VERDICT_DONE, true},
    {list_changes, MODEL_GRAPH, VERDICT_DONE, true},
};

/* --- what is found --------------------------------------------------------------------------------- */

/* So much that an answer which was not read whole is told from one that was. */
static size_t
found(const struct call *call)
{
    size_t count = call->row_count + call->unit_count + call->found_role_count + call->change_count;

    for (size_t i = 0; i < call->row_count; i++)
        count += call->rows[i].role_count + call->rows[i].has_roles;
    for (size_t i = 0; i < call->item_count; i++)
        count += call->items[i].verdict == VERDICT_DONE && call->items[i].person.exists;
    return count + (call->token != NULL) + (call->delta_page != NULL) + (call->next_page != NULL);
}

static void
forget(struct scene *scene)
{
    struct call *call = &scene->call;

    for (size_t i = 0; i < call->item_count; i++) {
        person_free(&call->items[i].person, &scene->environment);
        memset(&call->items[i].person, 0, sizeof(call->items[i].person));
    }
    call_reset(call);
}

/* What failed for want of memory says so and can be tried again; all else is as if there had been enough. */
static void
check_part(enum verdict verdict, const struct error *error, enum verdict expected)
{
    if (verdict != expected && (verdict != VERDICT_RETRY || error->class != ERROR_MEMORY))
        fail_msg("%s and not %s: %s", verdict_name(verdict), verdict_name(expected), error->text);
}

static void
check_read(const struct scene *scene, const struct subject *subject, size_t expected)
{
    const struct call *call = &scene->call;
    bool is_whole = call->verdict == subject->verdict;

    check_part(call->verdict, &call->error, subject->verdict);
    for (size_t i = 0; i < call->item_count && is_whole; i++) {
        check_part(call->items[i].verdict, &call->items[i].error, VERDICT_DONE);
        is_whole = call->items[i].verdict == VERDICT_DONE;
    }
    if (is_whole)
        assert_int_equal(found(call), expected);
}

/* --- the tests ------------------------------------------------------------------------------------- */

static const char *
token_of(const struct scene *scene, const struct subject *subject)
{
    return subject->service == MODEL_LOGIN ? SECRET : scene->fixture->tokens[subject->service];
}

static void
build_with_scarce_memory(struct scene *scene, const struct subject *subject)
{
    bool has_failed = true;

    for (size_t count = 0; has_failed; count++) {
        struct http_request request = HTTP_REQUEST_EMPTY;
        size_t live = scarce_memory_live();
        struct error error;
        int status;

        scarce_memory_fail_after(count);
        status = services_build(&scene->services, &scene->call, token_of(scene, subject), &request,
                                &error);
        has_failed = scarce_memory_has_failed();
        assert_int_equal(status, has_failed ? -1 : 0);
        assert_true(!has_failed || error.class == ERROR_MEMORY);
        http_request_free(&request);
        assert_int_equal(scarce_memory_live(), live);
    }
}

static void
answer(struct scene *scene, const struct subject *subject, struct http_response *response)
{
    struct http_request request = HTTP_REQUEST_EMPTY;
    struct error error;
    int64_t after_ms;

    assert_int_equal(
        services_build(&scene->services, &scene->call, token_of(scene, subject), &request, &error),
        0);
    model_answer(scene->fixture->model, &request, &scene->fixture->clock, response, &after_ms);
    fixture_pass(scene->fixture, after_ms);
    http_request_free(&request);
}

static void
read_with_scarce_memory(struct scene *scene, const struct subject *subject,
                        const struct http_response *response)
{
    int64_t now_ms = scene->fixture->clock.wall_ms;
    bool has_failed = true;
    size_t expected;
    size_t count;
    size_t live;

    services_read(&scene->services, &scene->call, response, now_ms);
    assert_string_equal(verdict_name(scene->call.verdict), verdict_name(subject->verdict));
    expected = found(&scene->call);
    forget(scene);
    live = scarce_memory_live();
    for (count = 0; has_failed; count++) {
        scarce_memory_fail_after(count);
        services_read(&scene->services, &scene->call, response, now_ms);
        has_failed = scarce_memory_has_failed();
        check_read(scene, subject, expected);
        forget(scene);
        assert_int_equal(scarce_memory_live(), live);
    }
    assert_true(count > 1 || !subject->is_tight);
}

static void
call_can_be_tried_again_when_memory_ran_out(void **state)
{
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
        struct http_response response = HTTP_RESPONSE_EMPTY;

        subjects[i].prepare(scene);
        build_with_scarce_memory(scene, &subjects[i]);
        answer(scene, &subjects[i], &response);
        read_with_scarce_memory(scene, &subjects[i], &response);
        http_response_free(&response);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(call_can_be_tried_again_when_memory_ran_out, scene_setup,
                                        scene_teardown),
    };
    return cmocka_run_group_tests_name("services_memory", tests, NULL, NULL);
}
