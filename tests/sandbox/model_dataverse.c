/* Dataverse's Web API: who may come in, and which handler a path and method have. */
#include <string.h>

#include "model_private.h"

static void
who_am_i(struct call *call)
{
    struct json_writer writer;
    char text[GUID_TEXT_BYTES];
    struct guid organization =
        model_random_derived(&call->environment->root_unit, &call->environment->root_unit);

    model_reply_json(call, 200);
    json_writer_init(&writer, &call->response->body);
    json_write_object(&writer, NULL);
    json_write_string(&writer, "BusinessUnitId", guid_format(&call->environment->root_unit, text));
    json_write_string(&writer, "UserId", guid_format(&call->principal->row, text));
    json_write_string(&writer, "OrganizationId", guid_format(&organization, text));
    json_write_object_end(&writer);
}

/* What is not here is refused with 405: D-5. */
static void (*const handlers[TARGET_SHAPES][HTTP_DELETE + 1])(struct call *call) = {
    [TARGET_COLLECTION] = {[HTTP_GET] = model_query_collection},
    [TARGET_ROW] = {[HTTP_GET] = model_query_row, [HTTP_PATCH] = model_patch_row},
    [TARGET_NAVIGATION] = {[HTTP_GET] = model_query_navigation},
    [TARGET_REF] = {[HTTP_POST] = model_associate_add, [HTTP_DELETE] = model_associate_remove},
    [TARGET_NAVIGATION_REF] = {[HTTP_DELETE] = model_associate_remove},
    [TARGET_BATCH] = {[HTTP_POST] = model_batch_serve},
    [TARGET_WHOAMI] = {[HTTP_GET] = who_am_i},
};

void
model_dataverse_resolve(struct call *call)
{
    model_roles_show_parents(call->environment, call->model->settings.root_role_parent_null != 0);
    call->rest = model_target_rest(call->url.path.data);
    if (call->rest != NULL)
        model_target_parse(call);
    model_login_identify(call);
}

/* A path that no version of the API has answers in another shape: D-6. */
static void
reply_no_route(struct call *call)
{
    struct json_writer writer;

    model_reply_json(call, 404);
    json_writer_init(&writer, &call->response->body);
    json_write_object(&writer, NULL);
    json_write_string(&writer, "Message",
                      "No HTTP resource was found that matches the request URI.");
    json_write_object_end(&writer);
}

/* The caller must be an application user of the organisation, and have a role: D-7. */
void
model_dataverse_serve(struct call *call)
{
    if (!model_login_authorise(call))
        return;
    if (call->rest == NULL)
        reply_no_route(call);
    else if (call->principal == NULL)
        model_reply_error(call, 403, "0x80072560", "The user is not a member of the organization.");
    else if (!call->principal->has_role)
        model_reply_error(call, 403, "0x80042F09", "The user has no roles assigned.");
    else
        model_dataverse_serve_part(call);
}

void
model_dataverse_serve_part(struct call *call)
{
    const struct target *target = &call->target;
    void (*handler)(struct call *) = handlers[target->shape][call->method];

    if (target->is_malformed)
        model_reply_malformed(call, "0x80060888", "Error in the key of the segment.");
    else if (target->shape == TARGET_UNKNOWN)
        model_reply_error(call, 404, "0x80060888", "Resource not found for the segment '%.100s'.",
                          target->navigation == NULL ? call->rest : target->navigation);
    else if (handler == NULL || (call->is_part && target->shape == TARGET_BATCH))
        model_reply_method(call);
    else
        handler(call);
}
