/* Routes: the model's settings, ledger and counts, rows and groups. */
#include "control_private.h"

#include <string.h>

#include "guid.h"
#include "model.h"
#include "state.h"
#include "view.h"
#include "world.h"

#define LINES "application/x-ndjson"

static struct model *
model_of(const struct control_call *call)
{
    return world_model(call->control->settings.world);
}

static int
get_help(struct control_call *call)
{
    control_describe(&call->response.body);
    control_content_type(&call->response, "text/markdown; charset=utf-8");
    return 0;
}

static int
get_state(struct control_call *call)
{
    state_write(call->control->settings.state, &call->response.body);
    return 0;
}

/* --- settings --------------------------------------------------------------------------------- */

static int
get_settings(struct control_call *call)
{
    view_settings(model_of(call), &call->response.body);
    return 0;
}

static int
put_settings(struct control_call *call)
{
    if (world_set(call->control->settings.world, call->body, &call->error) != 0)
        return -1;
    return get_settings(call);
}

static int
put_setting(struct control_call *call)
{
    const char *name = call->locator.segments[1];
    int64_t value;

    if (!json_integer(call->body, &value))
        return error_set(&call->error, ERROR_INPUT, "the body must be an integer");
    if (!model_set(model_of(call), name, value))
        return error_set(&call->error, ERROR_INPUT, "there is no setting \"%s\"", name);
    return get_settings(call);
}

static int
delete_faults(struct control_call *call)
{
    model_clear_faults(model_of(call));
    text_add(&call->response.body, "{}\n");
    return 0;
}

/* --- the ledger ------------------------------------------------------------------------------- */

static const char *const ledger_options[] = {"service", "route", "environment", "user",
                                             "since",   "limit", "parts",       NULL};

/* The option "user" as a GUID; *${ret_is_there} is false without it. */
static int
read_user(struct control_call *call, struct guid *ret_user, bool *ret_is_there)
{
    const char *text = locator_option(&call->locator, "user");

    *ret_is_there = text != NULL;
    if (text == NULL || guid_parse(text, strlen(text), ret_user))
        return 0;
    return error_set(&call->error, ERROR_INPUT, "\"user\" must be a GUID; found: \"%s\"", text);
}

static int
get_ledger(struct control_call *call)
{
    const struct locator *locator = &call->locator;
    struct view_filter filter = {
        .service = locator_option(locator, "service"),
        .route = locator_option(locator, "route"),
        .environment = locator_option(locator, "environment"),
    };
    struct guid user;
    bool has_user;
    int64_t parts;

    if (read_user(call, &user, &has_user) != 0 ||
        locator_number(locator, "since", 0, &filter.since, &call->error) != 0 ||
        locator_number(locator, "limit", INT64_MAX, &filter.limit, &call->error) != 0 ||
        locator_number(locator, "parts", 1, &parts, &call->error) != 0)
        return -1;
    filter.user = has_user ? &user : NULL;
    filter.no_parts = parts == 0;
    view_ledger(model_of(call), &filter, &call->response.body);
    control_content_type(&call->response, LINES);
    return 0;
}

static int
delete_ledger(struct control_call *call)
{
    model_ledger_clear(model_of(call));
    text_add(&call->response.body, "{}\n");
    return 0;
}

struct keep {
    bool keep;
};

static const struct field keep_fields[] = {
    {"keep", FIELD_BOOLEAN, offsetof(struct keep, keep), true,
     "false: counts only, entries no more"},
    FIELDS_END,
};

static int
put_ledger(struct control_call *call)
{
    struct keep keep;

    if (fields_read(keep_fields, call->body, &keep, &call->error) != 0)
        return -1;
    model_ledger_keep(model_of(call), keep.keep);
    text_add(&call->response.body, "{}\n");
    return 0;
}

static int
get_calls(struct control_call *call)
{
    view_calls(model_of(call), &call->response.body);
    return 0;
}

static int
get_offences(struct control_call *call)
{
    view_offences(model_of(call), &call->response.body);
    return 0;
}

/* --- rows ------------------------------------------------------------------------------------- */

static const char *const row_options[] = {"user", NULL};

static int
get_rows(struct control_call *call)
{
    const struct world *world = call->control->settings.world;
    const char *id = call->locator.segments[1];
    const struct world_environment *environment = world_environment(world, id);
    struct guid user;
    bool has_user;

    if (read_user(call, &user, &has_user) != 0 ||
        world_check_environment(world, id, &call->error) != 0)
        return -1;
    if (has_user)
        view_row(world, environment, &user, &call->response.body);
    else
        view_rows(world, environment, &call->response.body);
    control_content_type(&call->response, LINES);
    return 0;
}

static int
get_members(struct control_call *call)
{
    const char *id = call->locator.segments[1];
    struct guid group;

    if (!guid_parse(id, strlen(id), &group))
        return error_set(&call->error, ERROR_INPUT, "\"%s\" is no GUID", id);
    view_members(model_of(call), &group, &call->response.body);
    control_content_type(&call->response, LINES);
    return 0;
}

const struct control_route control_model_routes[] = {
    {HTTP_GET, "/", NULL, NULL, "this page", get_help},
    {HTTP_GET, "/state", NULL, NULL,
     "origins of the services and of each environment's Dataverse, and the Kafka; as printed at "
     "the start",
     get_state},
    {HTTP_GET, "/settings", NULL, NULL, "the model's settings (below)", get_settings},
    {HTTP_PUT, "/settings", NULL, NULL, "changes those that are members of the body's object",
     put_settings},
    {HTTP_PUT, "/settings/*", NULL, NULL, "changes one; the body is an integer", put_setting},
    {HTTP_DELETE, "/faults", NULL, NULL, "ends all faults of the services", delete_faults},
    {HTTP_GET, "/ledger", ledger_options, NULL,
     "every call that the services had, a line each; `since` is the first index, `parts=0` leaves "
     "parts of batches out",
     get_ledger},
    {HTTP_DELETE, "/ledger", NULL, NULL, "forgets calls and offences", delete_ledger},
    {HTTP_PUT, "/ledger", NULL, keep_fields, "for long runs", put_ledger},
    {HTTP_GET, "/calls", NULL, NULL, "calls per service since the ledger was emptied", get_calls},
    {HTTP_GET, "/offences", NULL, NULL, "offences against the services' rules, by kind",
     get_offences},
    {HTTP_GET, "/environments/*/rows", row_options, NULL,
     "the rows of `user`, or a line for each person who has one: columns, unit, roles by root id",
     get_rows},
    {HTTP_GET, "/groups/*/members", NULL, NULL, "who is in the group now, a line each",
     get_members},
    {HTTP_GET, NULL, NULL, NULL, NULL, NULL},
};
