/* The scene's environment names what the double's world has, and one unit that a test may add. */
#include "services_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"

static char names[][96] = {"new_site", "new_rank", "displayName", "department", EXTENSION,
                           UNIT_NAME,  ROLE_NAME,  "e1",          CRM,          ""};
static struct column columns[] = {{names[0], COLUMN_TEXT}, {names[1], COLUMN_INTEGER}};
static struct attribute attributes[] = {
    {names[2], COLUMN_TEXT}, {names[3], COLUMN_TEXT}, {names[4], COLUMN_TEXT}};
static struct reference units[] = {{{{0}}, names[9]}, {{{0}}, names[5]}};
static struct reference roles[] = {{{{0}}, names[6]}};
static const char *const refusals[] = {"userNotLicensed", NULL};

static const struct services_settings settings = {
    .login_url = LOGIN,
    .bap_url = BAP,
    .graph_url = GRAPH,
    .bap_api_version = "2023-06-01",
    .refusals = refusals,
    .max_response_bytes = 1 << 20,
    .timeout_ms = 30000,
};

int
scene_setup(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    assert_int_equal(fixture_setup((void **)&scene->fixture), 0);
    units[0].id = guid_of(SALES);
    scene->services.settings = &settings;
    scene->services.parser = json_parser_create(16, 1 << 20);
    scene->identity = (struct identity){.tenant = guid_of(TENANT), .client = guid_of(CLIENT)};
    scene->environment = (struct environment){
        .name = names[7],
        .id = names[7],
        .url = names[8],
        .columns = columns,
        .column_count = 2,
        .attributes = attributes,
        .attribute_count = 3,
        .units = units,
        .unit_count = 2,
        .roles = roles,
        .role_count = 1,
    };
    *state = scene;
    return scene->services.parser == NULL ? -1 : 0;
}

/* Nothing that these tests do may be an offence, but for limits reached on purpose. */
int
scene_teardown(void **state)
{
    struct scene *scene = *state;
    void *fixture = scene->fixture;

    assert_int_equal(model_offences(scene->fixture->model, MODEL_OFFENCE_UPSERT), 0);
    assert_int_equal(model_offences(scene->fixture->model, MODEL_OFFENCE_APPLICATION_ROW), 0);
    assert_int_equal(model_offences(scene->fixture->model, MODEL_OFFENCE_MALFORMED), 0);
    call_reset(&scene->call);
    json_parser_destroy(scene->services.parser);
    fixture_teardown(&fixture);
    free(scene);
    return 0;
}

struct call *
scene_begin(struct scene *scene, enum call_kind kind)
{
    call_reset(&scene->call);
    scene->call = (struct call){.kind = kind,
                                .environment = &scene->environment,
                                .identity = &scene->identity,
                                .reason = ""};
    return &scene->call;
}

void
scene_make(struct scene *scene, const char *token)
{
    struct http_request request = HTTP_REQUEST_EMPTY;
    struct http_response response = HTTP_RESPONSE_EMPTY;
    struct error error;
    int64_t after_ms;

    if (services_build(&scene->services, &scene->call, token, &request, &error) == -1)
        fail_msg("not built: %s", error.text);
    model_answer(scene->fixture->model, &request, &scene->fixture->clock, &response, &after_ms);
    fixture_pass(scene->fixture, after_ms);
    services_read(&scene->services, &scene->call, &response, scene->fixture->clock.wall_ms);
    http_request_free(&request);
    http_response_free(&response);
}

void
scene_make_with(struct scene *scene, enum model_service service)
{
    scene_make(scene, scene->fixture->tokens[service]);
}

void
scene_expect(const struct scene *scene, enum verdict verdict, const char *reason)
{
    const struct call *call = &scene->call;

    if (call->verdict != verdict || strcmp(call->reason, reason) != 0)
        fail_msg("%s: %s \"%s\" (%d %s %s) where %s \"%s\" was expected",
                 call_kind_name(call->kind), verdict_name(call->verdict), call->reason,
                 call->error.status, call->error.code, call->error.text, verdict_name(verdict),
                 reason);
}

void
scene_look(struct scene *scene, bool wants_roles)
{
    struct call *call = scene_begin(scene, CALL_LOOK);

    scene->ids[0] = guid_of(ADA);
    scene->ids[1] = guid_of(BOB);
    scene->ids[2] = guid_of(NOBODY);
    call->ids = scene->ids;
    call->id_count = 3;
    call->wants_roles = wants_roles;
    scene_make_with(scene, MODEL_DATAVERSE);
}

const struct row *
scene_look_at_bob(struct scene *scene, bool wants_roles)
{
    scene_look(scene, wants_roles);
    scene_expect(scene, VERDICT_DONE, "");
    assert_int_equal(scene->call.row_count, 1);
    memcpy(scene->etag, scene->call.rows[0].etag, sizeof(scene->etag));
    return &scene->call.rows[0];
}
