/*
 * Microsoft Graph: who is in a group, directly or through groups in it: G-30 to G-34. A page begins
 * where the one before ended, in the order in which members first joined, so that joins and leaves
 * between two pages neither hide nor repeat anybody else.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "model_private.h"

enum { TOP_DEFAULT = 100, TOP_MOST = 999, WORDS = 3 };

/* What is asked. */
struct asking {
    bool is_transitive;
    bool is_cast; /* users only */
    bool has_count;
    size_t top;
    const struct option *select;
};

/* A walk over all members: group after group, and through each one's journal. */
struct walk {
    struct call *call;
    const struct asking *asking;
    struct id_list groups; /* the one that is asked for, and with is_transitive those below */
    size_t group, step;    /* where it stands */
};

/* --- the walk --------------------------------------------------------------------------------- */

/* Adds the groups in ${group} that are not in the list yet. */
static bool
add_children(struct walk *walk, const struct group *group)
{
    struct model *model = walk->call->model;

    for (size_t i = 0; i < group->child_count; i++) {
        const struct guid *child = &group->children[i];

        if (model_groups_has(model, &group->id, child, true, true) &&
            !model_value_list_has(&walk->groups, child) &&
            !model_value_list_add(&walk->groups, child))
            return false;
    }
    return true;
}

static bool
list_groups(struct walk *walk, const struct guid *group)
{
    if (!model_value_list_add(&walk->groups, group))
        return false;
    for (size_t i = 0; walk->asking->is_transitive && i < walk->groups.count; i++)
        if (!add_children(walk, model_groups_find(walk->call->model, &walk->groups.ids[i])))
            return false;
    return true;
}

static bool
is_in_earlier(const struct walk *walk, const struct guid *member)
{
    for (size_t i = 0; i < walk->group; i++)
        if (model_groups_has(walk->call->model, &walk->groups.ids[i], member, true, true))
            return true;
    return false;
}

/* Users whom Graph does not show yet are not listed either: G-4. */
static bool
is_shown(const struct walk *walk, const struct guid *member)
{
    struct model *model = walk->call->model;
    const struct person *person = model_entra_person(model, member);

    if (person != NULL)
        return model_entra_is_visible(model, person);
    return !walk->asking->is_cast || strcmp(model_groups_type(model, member), "user") == 0;
}

static bool
is_listed(const struct walk *walk, const struct step *step)
{
    const struct guid *group = &walk->groups.ids[walk->group];

    return step->kind == STEP_JOINED && step->previous == NO_STEP &&
           model_groups_has(walk->call->model, group, &step->member, true, true) &&
           !is_in_earlier(walk, &step->member) && is_shown(walk, &step->member);
}

/* The next member, and the walk behind it; NULL: no more. */
static const struct guid *
next_member(struct walk *walk)
{
    for (; walk->group < walk->groups.count; walk->group++, walk->step = 0) {
        const struct journal *journal =
            &model_groups_find(walk->call->model, &walk->groups.ids[walk->group])->journal;

        while (walk->step < journal->count)
            if (is_listed(walk, &journal->steps[walk->step++]))
                return &journal->steps[walk->step - 1].member;
    }
    return NULL;
}

static int64_t
count_all(const struct walk *walk)
{
    struct walk other = *walk;
    int64_t count = 0;

    other.group = other.step = 0;
    while (next_member(&other) != NULL)
        count++;
    return count;
}

/* --- options: G-31 ---------------------------------------------------------------------------- */

static bool
refuse(struct call *call, const char *what)
{
    model_reply_malformed(call, "Request_UnsupportedQuery", "%.100s is not supported.", what);
    return false;
}

static bool
read_top(struct call *call, const char *value, struct asking *asking)
{
    char *end;
    long top = strtol(value, &end, 10);

    if (*value == '\0' || *end != '\0' || top < 1 || top > TOP_MOST)
        return refuse(call, "This value of $top");
    asking->top = (size_t)top;
    return true;
}

/* $count is answered out of an index that may lag, which callers must say they accept. */
static bool
read_count(struct call *call, const char *value, struct asking *asking)
{
    size_t length;
    const char *level = http_header(call->headers, "ConsistencyLevel", &length);

    asking->has_count = strcmp(value, "true") == 0;
    if (level != NULL && length == 8 && strncasecmp(level, "eventual", length) == 0 &&
        asking->has_count)
        return true;
    return refuse(call, "$count without ConsistencyLevel: eventual");
}

static bool
read_option(struct call *call, const struct option *option, struct asking *asking)
{
    if (strcasecmp(option->name, "$top") == 0)
        return read_top(call, option->value, asking);
    if (strcasecmp(option->name, "$count") == 0)
        return read_count(call, option->value, asking);
    if (strcasecmp(option->name, "$skiptoken") == 0)
        return true;
    if (strcasecmp(option->name, "$select") != 0)
        return refuse(call, option->name);
    asking->select = option;
    return model_graph_user_select(call, option->value);
}

static bool
read_asking(struct call *call, struct asking *asking)
{
    const char *tail = strchr(call->rest + strlen("groups/"), '/');

    *asking = (struct asking){.is_transitive = strncmp(tail, "/transitive", 11) == 0,
                              .is_cast = strstr(tail, "/microsoft.graph.user") != NULL,
                              .top = TOP_DEFAULT};
    for (size_t i = 0; i < call->url.option_count; i++)
        if (!read_option(call, &call->url.options[i], asking))
            return false;
    /* G-32 */
    if (asking->is_cast && !asking->has_count && call->model->settings.cast_needs_count != 0)
        return refuse(call, "A cast without $count and ConsistencyLevel: eventual");
    return true;
}

/* --- links ------------------------------------------------------------------------------------ */

/* Path and query as they came, without the token; a "?" or "&" at the end. */
static void
add_query(const struct call *call, struct text *text)
{
    static const char token[] = "$skiptoken=";
    const char *pair = call->url.raw_query;

    text_add(text, call->rest);
    text_add_char(text, '?');
    while (*pair != '\0') {
        size_t length = strcspn(pair, "&");

        if (strncmp(pair, token, sizeof(token) - 1) != 0) {
            text_add_bytes(text, pair, length);
            text_add_char(text, '&');
        }
        pair += length + (pair[length] == '&');
    }
}

/* The link repeats the query, and its token is worth nothing with another one: G-33. */
static void
write_link(const struct walk *walk, struct json_writer *writer)
{
    struct call *call = walk->call;
    struct text query = TEXT_EMPTY, link = TEXT_EMPTY;
    uint64_t words[WORDS] = {0, walk->group, walk->step};

    add_query(call, &query);
    words[0] = model_link_digest(call->model, query.data, query.length);
    model_link_start(call, &link);
    text_add_bytes(&link, query.data, query.length);
    text_add(&link, "$skiptoken=");
    model_link_token(call->model, words, WORDS, &link);
    json_write_string(writer, "@odata.nextLink", link.data);
    text_free(&query);
    text_free(&link);
}

static bool
read_place(struct walk *walk)
{
    struct call *call = walk->call;
    const struct option *token = model_url_option(&call->url, "$skiptoken");
    struct text query = TEXT_EMPTY;
    uint64_t words[WORDS];

    if (token == NULL)
        return true;
    add_query(call, &query);
    if (model_link_read(call->model, token->value, words, WORDS) != WORDS ||
        words[0] != model_link_digest(call->model, query.data, query.length)) {
        text_free(&query);
        model_link_refuse(call);
        return false;
    }
    text_free(&query);
    walk->group = (size_t)words[1];
    walk->step = (size_t)words[2];
    return true;
}

/* --- the answer ------------------------------------------------------------------------------- */

/* Without the right to read users, nothing of theirs but type and id: G-34. */
static void
write_member(const struct walk *walk, struct json_writer *writer, const struct guid *member)
{
    struct model *model = walk->call->model;
    const char *type = model_groups_type(model, member);
    const struct person *person = model_entra_person(model, member);
    struct text full = TEXT_EMPTY;
    char id[GUID_TEXT_BYTES];

    json_write_object(writer, NULL);
    text_addf(&full, "#microsoft.graph.%s", type);
    if (*type != '\0' && !walk->asking->is_cast)
        json_write_string(writer, "@odata.type", full.data);
    text_free(&full);
    if (strcmp(type, "user") == 0)
        model_graph_user_write(writer, member,
                               walk->call->application->may_read_users ? person : NULL,
                               walk->asking->select);
    else
        json_write_string(writer, "id", guid_format(member, id));
    json_write_object_end(writer);
}

static void
write_value(struct walk *walk, struct json_writer *writer)
{
    size_t room = walk->asking->top;
    const struct guid *member;

    json_write_array(writer, "value");
    while (room > 0 && (member = next_member(walk)) != NULL) {
        write_member(walk, writer, member);
        walk->call->entry.items++;
        room--;
    }
    json_write_array_end(writer);
}

static bool
has_more(const struct walk *walk)
{
    struct walk ahead = *walk;

    return next_member(&ahead) != NULL;
}

static void
reply(struct walk *walk)
{
    struct call *call = walk->call;
    struct json_writer writer;

    call->entry.write = MODEL_READ;
    model_reply_json(call, 200);
    json_writer_init(&writer, &call->response->body);
    json_write_object(&writer, NULL);
    json_write_string(&writer, "@odata.context",
                      walk->asking->is_cast
                          ? "https://graph.microsoft.com/v1.0/$metadata#users"
                          : "https://graph.microsoft.com/v1.0/$metadata#directoryObjects");
    if (walk->asking->has_count)
        json_write_integer(&writer, "@odata.count", count_all(walk));
    write_value(walk, &writer);
    if (has_more(walk))
        write_link(walk, &writer);
    json_write_object_end(&writer);
}

void
model_members_serve(struct call *call)
{
    const struct group *group = model_groups_find(call->model, &call->entry.user);
    struct asking asking;
    struct walk walk = {.call = call, .asking = &asking};

    if (!call->application->may_read_members)
        model_reply_error(call, 403, "Authorization_RequestDenied",
                          "Insufficient privileges to complete the operation.");
    else if (group == NULL || group->is_deleted)
        model_graph_user_missing(call);
    else if (read_asking(call, &asking) && read_place(&walk) && list_groups(&walk, &group->id))
        reply(&walk);
    model_value_list_fini(&walk.groups);
}
