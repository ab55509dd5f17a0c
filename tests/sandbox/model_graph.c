/* Microsoft Graph: its paths, what each costs, and who serves it. */
#include <stdlib.h>
#include <string.h>

#include "model_private.h"

enum { TOP_FEW = 20 };

struct route {
    const char *path; /* "*" stands for an id, which goes into the ledger's entry */
    const char *name;
    enum http_method method;
    int units; /* what it costs: L-5 */
    void (*serve)(struct call *call);
};

static const struct route routes[] = {
    {"$batch", "batch", HTTP_POST, 0, model_graph_batch},
    {"users/*", "user", HTTP_GET, 1, model_graph_user_get},
    {"users/*/checkMemberGroups", "checkMemberGroups", HTTP_POST, 4, model_graph_check},
    {"users/*/microsoft.graph.checkMemberGroups", "checkMemberGroups", HTTP_POST, 4,
     model_graph_check},
    {"groups/*/members", "members", HTTP_GET, 3, model_members_serve},
    {"groups/*/members/microsoft.graph.user", "members", HTTP_GET, 3, model_members_serve},
    {"groups/*/transitiveMembers", "transitiveMembers", HTTP_GET, 5, model_members_serve},
    {"groups/*/transitiveMembers/microsoft.graph.user", "transitiveMembers", HTTP_GET, 5,
     model_members_serve},
    {"groups/delta", "delta", HTTP_GET, 1, model_delta_serve},
    {"groups/delta()", "delta", HTTP_GET, 1, model_delta_serve},
    {"groups/microsoft.graph.delta", "delta", HTTP_GET, 1, model_delta_serve},
    {"groups/microsoft.graph.delta()", "delta", HTTP_GET, 1, model_delta_serve},
};

/* Does ${rest} have the shape of ${path}? The id that stands for its "*" goes to *${ret_id}. */
static bool
matches(const char *path, const char *rest, struct guid *ret_id)
{
    size_t fixed = strcspn(path, "*");

    if (strncmp(path, rest, fixed) != 0)
        return false;
    if (path[fixed] == '\0')
        return rest[fixed] == '\0';
    rest += fixed;
    return strlen(rest) >= GUID_TEXT_BYTES - 1 &&
           strcmp(path + fixed + 1, rest + GUID_TEXT_BYTES - 1) == 0 &&
           guid_parse(rest, GUID_TEXT_BYTES - 1, ret_id);
}

static const struct route *
find_route(struct call *call)
{
    for (size_t i = 0; call->rest != NULL && i < sizeof(routes) / sizeof(routes[0]); i++)
        if (matches(routes[i].path, call->rest, &call->entry.user))
            return call->is_part && routes[i].serve == model_graph_batch ? NULL : &routes[i];
    return NULL;
}

void
model_graph_resolve(struct call *call)
{
    static const char version[] = "/v1.0/";
    const struct route *route;

    call->rest = NULL;
    if (strncmp(call->url.path.data, version, sizeof(version) - 1) == 0)
        call->rest = call->url.path.data + sizeof(version) - 1;
    route = find_route(call);
    call->entry.route = route == NULL ? "other" : route->name;
    if (!call->is_part)
        model_login_identify(call);
}

/* Less when little is wanted: L-5. */
static int
cost(const struct call *call, int units)
{
    const struct option *top = model_url_option(&call->url, "$top");

    if (model_url_option(&call->url, "$select") != NULL)
        units--;
    if (top != NULL && strtol(top->value, NULL, 10) < TOP_FEW)
        units--;
    return units > 1 ? units : 1;
}

void
model_graph_serve_part(struct call *call)
{
    const struct route *route = find_route(call);

    if (route == NULL)
        model_reply_error(call, call->rest == NULL ? 404 : 400, "BadRequest",
                          "Resource not found for the segment '%.100s'.", call->url.path.data);
    else if (route->method != call->method)
        model_reply_method(call);
    else if ((call->method != HTTP_POST || model_reply_is_json(call)) &&
             model_limits_spend(call, route->units == 0 ? 0 : cost(call, route->units)))
        route->serve(call);
}

void
model_graph_serve(struct call *call)
{
    if (model_login_authorise(call))
        model_graph_serve_part(call);
}
