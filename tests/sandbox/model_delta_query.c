/*
 * What a delta query asks: the options of the first call, or the token of a link, in which all of
 * them travel on; and links that have outlived their time.
 */
#include "model_delta.h"

#include <string.h>
#include <strings.h>

#include "model_private.h"

enum { WORDS_FIXED = 9, WORDS_MOST = WORDS_FIXED + 2 * DELTA_GROUPS };
enum { LOCATION_NONE, LOCATION_WHOLE, LOCATION_BARE };

/* --- the first call: G-20 to G-22 ------------------------------------------------------------- */

static bool
refuse(struct call *call, const char *what)
{
    model_reply_malformed(call, "Request_UnsupportedQuery", "%.200s is not supported.", what);
    return false;
}

/* G-21 */
static bool
read_select(struct call *call, const char *list, struct delta *delta)
{
    static const struct {
        const char *name;
        uint64_t bit;
    } properties[] = {{"id", 0}, {"displayName", DELTA_NAME}, {"members", DELTA_MEMBERS}};

    for (;;) {
        size_t length = strcspn(list, ",");
        size_t i = 0;

        while (
            i < sizeof(properties) / sizeof(properties[0]) &&
            (strncmp(properties[i].name, list, length) != 0 || properties[i].name[length] != '\0'))
            i++;
        if (i == sizeof(properties) / sizeof(properties[0]))
            return refuse(call, "A property in $select");
        delta->selection |= properties[i].bit;
        if (list[length] == '\0')
            return true;
        list += length + 1;
    }
}

/* "id eq '<guid>'", more of them with " or " between. */
static bool
read_filter(struct call *call, const char *filter, struct delta *delta)
{
    static const char before[] = "id eq '", between[] = "' or ";
    size_t guid = GUID_TEXT_BYTES - 1;

    for (;;) {
        if (delta->group_count == DELTA_GROUPS)
            return refuse(call, "A filter for more than 50 groups");
        if (strncmp(filter, before, sizeof(before) - 1) != 0 ||
            strlen(filter) < sizeof(before) + guid ||
            !guid_parse(filter + sizeof(before) - 1, guid, &delta->groups[delta->group_count++]))
            return refuse(call, "The filter");
        filter += sizeof(before) - 1 + guid;
        if (strcmp(filter, "'") == 0)
            return true;
        if (strncmp(filter, between, sizeof(between) - 1) != 0)
            return refuse(call, "The filter");
        filter += sizeof(between) - 1;
    }
}

/* The latest change of these groups that is old enough to be told: G-27. */
static uint64_t
told_until(struct call *call, const struct delta *delta)
{
    uint64_t latest = delta->from;

    for (size_t i = 0; i < delta->group_count; i++) {
        const struct group *group = model_groups_find(call->model, &delta->groups[i]);
        uint64_t told = group == NULL ? 0
                                      : model_journal_told(&group->journal, NOW_MS(call),
                                                           call->model->settings.delta_lag_ms);

        if (told > latest)
            latest = told;
    }
    return latest;
}

static void
begin_round(struct call *call, struct delta *delta)
{
    delta->to = told_until(call, delta);
    delta->is_page = true;
    delta->group = delta->step = delta->blanks = 0;
}

static bool
read_option(struct call *call, const struct option *option, struct delta *delta)
{
    if (strcasecmp(option->name, "$select") == 0)
        return read_select(call, option->value, delta);
    if (strcasecmp(option->name, "$filter") == 0)
        return read_filter(call, option->value, delta);
    if (strcasecmp(option->name, "$deltatoken") == 0 &&
        (*option->value == '\0' || strcmp(option->value, "latest") == 0))
        return true;
    return refuse(call, option->name);
}

bool
model_delta_ask(struct call *call, struct delta *ret_delta)
{
    const struct option *token = model_url_option(&call->url, "$deltatoken");

    memset(ret_delta, 0, sizeof(*ret_delta));
    for (size_t i = 0; i < call->url.option_count; i++)
        if (!read_option(call, &call->url.options[i], ret_delta))
            return false;
    if (ret_delta->group_count == 0)
        return refuse(call, "A delta query for all groups");
    if (model_url_option(&call->url, "$select") == NULL)
        ret_delta->selection = DELTA_NAME | DELTA_MEMBERS;
    begin_round(call, ret_delta);
    if (token != NULL && *token->value != '\0')
        ret_delta->from = ret_delta->to;
    return true;
}

/* --- links ------------------------------------------------------------------------------------ */

static void
put_guid(const struct guid *guid, uint64_t words[2])
{
    memcpy(words, guid->bytes, sizeof(guid->bytes));
}

void
model_delta_link(struct call *call, const struct delta *delta, struct text *text)
{
    uint64_t words[WORDS_MOST] = {
        delta->is_page, delta->from, delta->to,     call->model->sequence, (uint64_t)NOW_MS(call),
        delta->group,   delta->step, delta->blanks, delta->selection};

    for (size_t i = 0; i < delta->group_count; i++)
        put_guid(&delta->groups[i], &words[WORDS_FIXED + 2 * i]);
    model_link_start(call, text);
    text_add(text, "groups/delta?");
    text_add(text, delta->is_page ? "$skiptoken=" : "$deltatoken=");
    model_link_token(call->model, words, WORDS_FIXED + 2 * delta->group_count, text);
}

static bool
read_token(const struct call *call, const char *token, struct delta *ret_delta)
{
    uint64_t words[WORDS_MOST];
    size_t count = model_link_read(call->model, token, words, WORDS_MOST);

    if (count <= WORDS_FIXED)
        return false;
    *ret_delta = (struct delta){.is_page = words[0] != 0,
                                .from = words[1],
                                .to = words[2],
                                .issued = words[3],
                                .issued_ms = (int64_t)words[4],
                                .group = words[5],
                                .step = words[6],
                                .blanks = words[7],
                                .selection = words[8],
                                .group_count = (count - WORDS_FIXED) / 2};
    for (size_t i = 0; i < ret_delta->group_count; i++)
        memcpy(ret_delta->groups[i].bytes, &words[WORDS_FIXED + 2 * i], sizeof(struct guid));
    return true;
}

/* --- links that are worth nothing any more: G-25 ---------------------------------------------- */

bool
model_reset_delta(struct model *model, const struct guid *id)
{
    struct group *group = id == NULL ? NULL : model_groups_find(model, id);

    if (id != NULL && group == NULL)
        return false;
    model->sequence++;
    if (group == NULL)
        model->reset_at = model->sequence;
    else
        group->journal.reset_at = model->sequence;
    return true;
}

static bool
is_lost(const struct call *call, const struct delta *delta)
{
    const struct model *model = call->model;

    if (NOW_MS(call) - delta->issued_ms > model->settings.delta_token_life_ms ||
        model->reset_at > delta->issued)
        return true;
    for (size_t i = 0; i < delta->group_count; i++) {
        const struct group *group = model_groups_find(call->model, &delta->groups[i]);

        if (group != NULL && group->journal.reset_at > delta->issued)
            return true;
    }
    return false;
}

/* The first call again; or without its filter, which leads to other things than before. */
static void
add_location(struct call *call, const struct delta *delta)
{
    struct text text = TEXT_EMPTY;
    char guid[GUID_TEXT_BYTES];

    text_add(&call->response->headers, "Location: ");
    model_link_start(call, &text);
    text_add(&text, "groups/delta?$deltatoken=");
    if (call->model->settings.delta_reset_location != LOCATION_BARE) {
        text_add(&text, "&$select=members&$filter=");
        for (size_t i = 0; i < delta->group_count; i++)
            text_addf(&text, "%sid%%20eq%%20'%s'", i == 0 ? "" : "%20or%20",
                      guid_format(&delta->groups[i], guid));
    }
    text_add_bytes(&call->response->headers, text.data == NULL ? "" : text.data, text.length);
    text_add_char(&call->response->headers, '\n');
    text_free(&text);
}

static void
refuse_lost(struct call *call, const struct delta *delta)
{
    const struct model_settings *settings = &call->model->settings;

    model_reply_error(call, (int)settings->delta_reset_status,
                      settings->delta_reset_code == 0 ? "syncStateNotFound" : "resyncRequired",
                      "The sync state of this token is gone. Synchronise anew.");
    if (settings->delta_reset_location != LOCATION_NONE)
        add_location(call, delta);
}

/* A token stands alone, under the name that it was given out with: G-26. */
bool
model_delta_resume(struct call *call, const struct option *token, struct delta *ret_delta)
{
    bool is_skip = strcasecmp(token->name, "$skiptoken") == 0;

    if (call->url.option_count != 1 || !read_token(call, token->value, ret_delta) ||
        ret_delta->is_page != is_skip) {
        model_link_refuse(call);
        return false;
    }
    if (is_lost(call, ret_delta)) {
        refuse_lost(call, ret_delta);
        return false;
    }
    if (!ret_delta->is_page)
        begin_round(call, ret_delta);
    return true;
}
