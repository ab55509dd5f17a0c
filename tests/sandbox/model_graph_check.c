/* Microsoft Graph: which groups somebody is in: G-5, G-6. */
#include "model_private.h"

enum { CHECK_MOST = 20 };

struct check {
    struct guid groups[CHECK_MOST];
    size_t count;
};

/* At most 20 ids; one that is malformed fails the whole request. */
static bool
read_check(struct call *call, const struct json *root, struct check *check)
{
    const struct json *ids = json_get(root, "groupIds");

    check->count = json_length(ids);
    if (json_type(ids) != JSON_ARRAY || check->count == 0) {
        model_reply_malformed(call, "Request_BadRequest", "The parameter 'groupIds' is required.");
        return false;
    }
    if (check->count > CHECK_MOST) {
        model_reply_malformed(call, "Request_BadRequest",
                              "The number of identifiers exceeds the limit of 20.");
        return false;
    }
    for (size_t i = 0; i < check->count; i++) {
        size_t length = 0;
        const char *string = json_string(json_at(ids, i), &length);

        if (string != NULL && guid_parse(string, length, &check->groups[i]))
            continue;
        model_reply_malformed(call, "Request_BadRequest", "Invalid object identifier.");
        return false;
    }
    return true;
}

/* Transitive, and as a replica sees it that may lag. */
static void
reply_check(struct call *call, const struct check *check)
{
    struct json_writer writer;
    char text[GUID_TEXT_BYTES];

    model_reply_json(call, 200);
    json_writer_init(&writer, &call->response->body);
    json_write_object(&writer, NULL);
    json_write_string(&writer, "@odata.context",
                      "https://graph.microsoft.com/v1.0/$metadata#Collection(Edm.String)");
    json_write_array(&writer, "value");
    for (size_t i = 0; i < check->count; i++)
        if (model_groups_has(call->model, &check->groups[i], &call->entry.user, false, true))
            json_write_string(&writer, NULL, guid_format(&check->groups[i], text));
    json_write_array_end(&writer);
    json_write_object_end(&writer);
}

void
model_graph_check(struct call *call)
{
    struct json *root = json_parse(call->model->parser, call->body, call->body_length, NULL);
    struct check check;
    bool is_read = read_check(call, root, &check);

    json_free(root);
    if (!is_read)
        return;
    call->entry.items = (int)check.count;
    if (!call->application->may_read_users || !call->application->may_read_members)
        model_reply_error(call, 403, "Authorization_RequestDenied",
                          "Insufficient privileges to complete the operation.");
    else if (!model_entra_is_visible(call->model,
                                     model_entra_person(call->model, &call->entry.user)))
        model_graph_user_missing(call);
    else
        reply_check(call, &check);
}
