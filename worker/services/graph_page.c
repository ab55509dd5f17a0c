/*
 * A member is told by "@odata.type"; what has none is left for others to judge. Of a member that
 * is no user the id does not matter, so it may be anything.
 */
#include "graph_page.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "error.h"
#include "json.h"
#include "url.h"

#define GROUPS "/v1.0/groups"

/* Longer links would leave no room in a URL for anything else, and states hold them. */
enum { MAX_LINK_BYTES = 16384 };

/* --- links ------------------------------------------------------------------------------------ */

static bool
is_ours(const struct services_settings *settings, const char *link, struct error *ret_error)
{
    struct text base = TEXT_EMPTY;
    bool is_below;

    text_add(&base, settings->graph_url);
    text_add(&base, GROUPS);
    if (base.failed) {
        error_set(ret_error, ERROR_MEMORY, "no memory for a link");
        return false;
    }
    is_below = url_is_below(link, base.data);
    if (!is_below)
        error_set(ret_error, ERROR_INPUT, "a link that leads elsewhere: %.100s", link);
    text_free(&base);
    return is_below;
}

static void
start(struct http_request *request)
{
    request->method = HTTP_GET;
    http_request_header(request, "Accept", "application/json");
}

int
graph_page_follow(const struct build *build, struct error *ret_error)
{
    if (!is_ours(build->settings, build->call->page, ret_error))
        return -1;
    start(build->request);
    text_add(&build->request->url, build->call->page);
    return 0;
}

void
graph_page_start(const struct build *build, const char *path)
{
    start(build->request);
    text_add(&build->request->url, build->settings->graph_url);
    text_add(&build->request->url, GROUPS);
    text_add(&build->request->url, path);
}

int
graph_page_link(const struct answer *answer, const struct json *root, const char *name,
                char **ret_link, struct error *ret_error)
{
    const struct json *json = json_get(root, name);
    const char *link = json_string(json, NULL);
    char *copy;

    if (json == NULL) {
        *ret_link = NULL;
        return 0;
    }
    if (link == NULL || strlen(link) > MAX_LINK_BYTES)
        return error_set(ret_error, ERROR_INPUT, "%s is no link, or too long", name);
    if (!is_ours(answer->services->settings, link, ret_error))
        return -1;
    copy = strdup(link);
    if (copy == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for a link");
    *ret_link = copy;
    return 0;
}

int
graph_page_next(const struct answer *answer, const struct json *root, struct error *ret_error)
{
    struct call *call = answer->call;

    if (graph_page_link(answer, root, "@odata.nextLink", &call->next_page, ret_error) == -1)
        return -1;
    if (call->next_page != NULL && call->page != NULL && strcmp(call->next_page, call->page) == 0)
        return error_set(ret_error, ERROR_INPUT, "a next page that is the page itself");
    return 0;
}

/* --- members ---------------------------------------------------------------------------------- */

bool
graph_page_is_removed(const struct json *object)
{
    enum json_type type = json_type(json_get(object, "@removed"));

    return type != JSON_ABSENT && type != JSON_NULL;
}

static enum member_kind
kind_of(const struct json *member)
{
    const struct json *type = json_get(member, "@odata.type");

    if (type == NULL)
        return MEMBER_UNSAID;
    if (json_string(type, NULL) == NULL)
        return MEMBER_OTHER;
    return strcasecmp(json_string(type, NULL), "#microsoft.graph.user") == 0 ? MEMBER_USER
                                                                             : MEMBER_OTHER;
}

static int
read_member(const struct json *json, struct member_change *ret_change, struct error *ret_error)
{
    size_t length;
    const char *id = json_string(json_get(json, "id"), &length);
    struct member_change change = {.kind = kind_of(json),
                                   .is_removed = graph_page_is_removed(json)};

    if (json_type(json) != JSON_OBJECT)
        return error_set(ret_error, ERROR_INPUT, "a member that is no object");
    if ((id == NULL || !guid_parse(id, length, &change.user)) && change.kind != MEMBER_OTHER)
        return error_set(ret_error, ERROR_INPUT, "a member without an object id");
    *ret_change = change;
    return 0;
}

static int
grow(struct call *call, size_t more, struct error *ret_error)
{
    struct member_change *changes =
        reallocarray(call->changes, call->change_count + more + 1, sizeof(changes[0]));

    if (changes == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for members");
    call->changes = changes;
    return 0;
}

int
graph_page_members(const struct answer *answer, const struct json *list, struct error *ret_error)
{
    struct call *call = answer->call;

    if (json_type(list) != JSON_ARRAY)
        return error_set(ret_error, ERROR_INPUT, "no list of members");
    if (grow(call, json_length(list), ret_error) == -1)
        return -1;
    for (size_t i = 0; i < json_length(list); i++) {
        if (read_member(json_at(list, i), &call->changes[call->change_count], ret_error) == -1)
            return -1;
        call->change_count++;
    }
    return 0;
}
