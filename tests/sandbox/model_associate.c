/* Roles given to and taken from a systemuser, by $ref. */
#include <string.h>

#include "model_private.h"

/* The row that the URL names, and what may be done to it. NULL when the call was answered. */
static struct row *
find_user(struct call *call)
{
    struct row *row = model_target_row(call);
    char text[GUID_TEXT_BYTES];

    if (row == NULL) {
        model_reply_error(call, 404, "0x80040217", "systemuser With Id = %s Does Not Exist",
                          guid_format(&call->target.id, text));
        return NULL;
    }
    if (model_rows_is_application(call->environment, row))
        model_ledger_offend(call, MODEL_OFFENCE_APPLICATION_ROW);
    return row;
}

/* The role that a body's @odata.id names. */
static bool
read_role(struct call *call, struct guid *ret_role)
{
    const struct table *table = &call->environment->tables[TABLE_ROLE];
    struct json *root = json_parse(call->model->parser, call->body, call->body_length, NULL);
    const char *string = json_string(json_get(root, "@odata.id"), NULL);
    bool is_read = string != NULL && model_target_reference(call, string, table, ret_role);

    json_free(root);
    if (!is_read)
        model_reply_malformed(call, "0x80060888", "The @odata.id does not name a role.");
    return is_read;
}

/* The unit that the role check sees: inside a change set perhaps the one before it: D-42. */
static struct guid
unit_of(const struct call *call, const struct row *row)
{
    const struct table *table = &call->environment->tables[TABLE_SYSTEMUSER];

    if (call->model->settings.batch_sees_moved_unit == 0)
        return model_undo_unit(call, row);
    return model_table_value(table, row, "_businessunitid_value")->guid;
}

/* False when the call was answered: D-33, D-34. */
static bool
check_role(struct call *call, const struct row *user, const struct guid *role_id)
{
    const struct table *table = &call->environment->tables[TABLE_ROLE];
    const struct row *role = model_table_find(table, role_id);
    struct guid unit = unit_of(call, user);
    char text[GUID_TEXT_BYTES];

    guid_format(role_id, text);
    if (role == NULL) {
        model_reply_error(call, 400, "0x80060888", "Entity 'role' With Id = %s Does Not Exist",
                          text);
        return false;
    }
    if (!guid_equal(&model_table_value(table, role, "_businessunitid_value")->guid, &unit)) {
        model_reply_error(call, 400, "0x80041409",
                          "The user is in another business unit than the role %s.", text);
        return false;
    }
    if (model_rows_is_disabled(call->environment, user)) {
        model_reply_error(call, 400, "0x80040225", "The specified user is disabled.");
        return false;
    }
    return true;
}

/* A role that is held already: 204 or a duplicate key, by setting: D-35. */
static void
reply_repeated(struct call *call)
{
    if (call->model->settings.repeated_ref_status == 412) {
        model_reply_error(call, 412, "0x80040237", "Cannot insert duplicate key.");
        return;
    }
    model_reply_status(call, 204);
    call->entry.write = MODEL_WROTE_NOTHING;
}

void
model_associate_add(struct call *call)
{
    struct table *table = &call->environment->tables[TABLE_SYSTEMUSER];
    struct row *user = find_user(call);
    struct guid role;

    if (user == NULL || !model_reply_is_json(call) || !read_role(call, &role) ||
        !check_role(call, user, &role))
        return;
    if (model_value_list_has(&user->roles, &role)) {
        reply_repeated(call);
        return;
    }
    if (!model_undo_note(call, table, user, false) || !model_rows_give(call->model, user, &role)) {
        model_reply_error(call, 503, "0x80072031", "Out of memory.");
        return;
    }
    model_reply_status(call, 204);
    call->entry.write = MODEL_WROTE;
}

/* "?$id=<reference>", or the id in the navigation's parentheses: D-36. */
static bool
find_removed(struct call *call, struct guid *ret_role)
{
    const struct table *table = &call->environment->tables[TABLE_ROLE];
    const struct option *option = model_url_option(&call->url, "$id");

    *ret_role = call->target.other;
    if (call->target.shape == TARGET_NAVIGATION_REF)
        return true;
    if (option != NULL && model_target_reference(call, option->value, table, ret_role))
        return true;
    model_reply_malformed(call, "0x80060888", "The $id does not name a role.");
    return false;
}

void
model_associate_remove(struct call *call)
{
    struct table *table = &call->environment->tables[TABLE_SYSTEMUSER];
    struct row *user = find_user(call);
    struct guid role;
    bool is_held;

    if (user == NULL || !find_removed(call, &role))
        return;
    is_held = model_value_list_has(&user->roles, &role);
    if (!is_held && call->model->settings.missing_ref_status == 404) {
        model_reply_error(call, 404, "0x80040217", "The association does not exist.");
        return;
    }
    if (is_held && model_undo_note(call, table, user, false))
        (void)model_rows_take(call->model, user, &role);
    model_reply_status(call, 204);
    call->entry.write = is_held ? MODEL_WROTE : MODEL_WROTE_NOTHING;
}
