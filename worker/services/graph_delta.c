/*
 * DELTA: one page of what changed in one group's members ("group: delta", "Use delta query to track
 * changes"). The first page is asked for by a filter on the group, all others by the link that the
 * page before held. The group may stand on a page several times, or not at all; the page is the
 * last of its round when it holds a delta link.
 *
 * A 410's Location is not followed: it is the query of a first page, and that is ours to write.
 */
#include "error.h"
#include "graph_page.h"
#include "json.h"

int
graph_delta_build(const struct build *build, struct error *ret_error)
{
    const struct call *call = build->call;
    char digits[GUID_TEXT_BYTES];

    if (call->page != NULL)
        return graph_page_follow(build, ret_error);
    graph_page_start(build, "/delta?$select=members&$filter=id%20eq%20%27");
    text_add(&build->request->url, guid_format(&call->group, digits));
    text_add(&build->request->url, "%27");
    if (call->is_latest)
        text_add(&build->request->url, "&$deltatoken=latest");
    return 0;
}

/* One item is one group; whatever it says of others than ours was not asked. */
static int
read_item(const struct answer *answer, const struct json *item, struct error *ret_error)
{
    struct call *call = answer->call;
    size_t length;
    const char *id = json_string(json_get(item, "id"), &length);
    const struct json *members = json_get(item, "members@delta");
    struct guid group;

    if (id == NULL || !guid_parse(id, length, &group))
        return error_set(ret_error, ERROR_INPUT, "a group without an id");
    if (!guid_equal(&group, &call->group))
        return 0;
    call->is_group_seen = true;
    call->is_group_deleted = call->is_group_deleted || graph_page_is_removed(item);
    return members == NULL ? 0 : graph_page_members(answer, members, ret_error);
}

static int
read_page(const struct answer *answer, const struct json *root, struct error *ret_error)
{
    const struct json *items = json_get(root, "value");
    struct call *call = answer->call;

    if (json_type(items) != JSON_ARRAY)
        return error_set(ret_error, ERROR_INPUT, "no list of groups");
    for (size_t i = 0; i < json_length(items); i++) {
        if (read_item(answer, json_at(items, i), ret_error) == -1)
            return -1;
    }
    if (graph_page_next(answer, root, ret_error) == -1)
        return -1;
    return graph_page_link(answer, root, "@odata.deltaLink", &call->delta_page, ret_error);
}

int
graph_delta_read(struct answer *answer, struct error *ret_error)
{
    const struct call *call = answer->call;
    struct json *root = answer_parse(answer, ret_error);
    int result;

    if (root == NULL)
        return -1;
    result = read_page(answer, root, ret_error);
    json_free(root);
    if (result == 0 && (call->next_page == NULL) == (call->delta_page == NULL))
        return error_set(ret_error, ERROR_INPUT, "a page with %s next page and delta link",
                         call->next_page == NULL ? "neither" : "both");
    return result;
}
