/*
 * MEMBERS: one page of a group's present members ("List group members", "List group transitive
 * members"). It is the last page when no link follows. Users are told from others here and not by a
 * cast in the URL: a cast is an advanced query, which is answered from an index that lags behind.
 */
#include "error.h"
#include "graph_page.h"
#include "json.h"

int
graph_members_build(const struct build *build, struct error *ret_error)
{
    const struct call *call = build->call;
    char digits[GUID_TEXT_BYTES];

    if (call->page != NULL)
        return graph_page_follow(build, ret_error);
    graph_page_start(build, "/");
    text_add(&build->request->url, guid_format(&call->group, digits));
    text_add(&build->request->url, call->is_transitive ? "/transitiveMembers" : "/members");
    text_add(&build->request->url, "?$select=id&$top=999");
    return 0;
}

int
graph_members_read(struct answer *answer, struct error *ret_error)
{
    struct json *root = answer_parse(answer, ret_error);
    int result;

    if (root == NULL)
        return -1;
    result = graph_page_members(answer, json_get(root, "value"), ret_error);
    if (result == 0)
        result = graph_page_next(answer, root, ret_error);
    json_free(root);
    return result;
}
