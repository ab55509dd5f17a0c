/* How the world is today: each setting's name, default and what it means, in one table. */
#include <string.h>

#include "model_private.h"

#define SETTING(name, value, help)                                \
    {                                                             \
#name, offsetof(struct model_settings, name), value, help \
    }

static const struct {
    const char *name;
    size_t offset;
    int64_t initial;
    const char *help;
} settings[] = {
    SETTING(token_life_ms, 3599000, "life of an access token"),
    SETTING(row_delay_ms, 8000, "from addUser to the visible row"),
    SETTING(membership_lag_ms, 0, "how long checkMemberGroups lags behind a join or leave"),
    SETTING(graph_lag_ms, 0, "how long a new user stays 404 in Graph"),
    SETTING(stale_expand_ms, 0, "$expand serves lists as old as this without If-None-Match: null"),
    SETTING(batch_sees_moved_unit, 1, "a role check in a change set sees the unit moved before it"),
    SETTING(repeated_ref_status, 204, "a second identical $ref: 204, or 412 0x80040237"),
    SETTING(keep_roles_on_move, 0, "the organisation keeps roles when a user changes unit"),
    SETTING(root_role_parent_null, 0, "parentrootroleid of a root role: 0 its own id, 1 null"),
    SETTING(capital_inner_json, 0, "addUser's inner JSON has capital member names"),
    SETTING(force_sync_creates_jit, 0, "a read by alternate key creates an entitled user's row"),
    SETTING(limits, 1, "the published limits hold"),
    SETTING(dataverse_requests, 6000, "requests in a window, per application user"),
    SETTING(dataverse_execution_ms, 1200000, "execution time in a window"),
    SETTING(dataverse_concurrent, 52, "requests at once"),
    SETTING(dataverse_window_ms, 300000, "the window"),
    SETTING(force_sync_calls, 100, "addUser calls in force_sync_window_ms, per application"),
    SETTING(force_sync_window_ms, 60000, "the window"),
    SETTING(graph_units, 8000, "resource units per 10 s"),
    SETTING(dop_hint, 0, "x-ms-dop-hint; 0: not sent"),
    SETTING(latency_low_ms, 0, "every answer takes at least this"),
    SETTING(latency_high_ms, 0, "and at most this; uniform between"),
    SETTING(page_size, 5000, "the largest page of Dataverse and Graph"),
    SETTING(early_grace_ms, 20, "a call so soon after it was told to wait was sent before"),
    SETTING(early_penalty_ms, 5000, "what a call before Retry-After adds to the wait"),
    SETTING(nested_security_group, 0, "force sync accepts nested members of the security group"),
    SETTING(empty_text_is_null, 1, "an empty text is stored as null"),
    SETTING(missing_ref_status, 404, "taking a role that is not held: 404 0x80040217, or 204"),
    SETTING(changeset_error_nested, 0, "a failed change set's answer in a multipart of its own"),
    SETTING(delta_lag_ms, 0, "how long group delta lags behind a join or leave"),
    SETTING(delta_page_members, 200, "members on a page of group delta"),
    SETTING(delta_empty_pages, 0, "empty pages before each page of group delta"),
    SETTING(delta_replays, 0, "changes of each group that a later round tells again"),
    SETTING(delta_repeats, 0, "members of a page that the next one tells again"),
    SETTING(delta_tells_gone, 0, "also told as gone: who came and went within a round"),
    SETTING(delta_removed_text, 0, "@removed is a string, not an object"),
    SETTING(delta_token_life_ms, 604800000, "life of the links of group delta"),
    SETTING(delta_reset_status, 410, "of a link that has expired or was reset: 410, or 400"),
    SETTING(delta_reset_code, 0, "its code: 0 syncStateNotFound, 1 resyncRequired"),
    SETTING(delta_reset_location, 1,
            "its Location: 0 none, 1 the first call, 2 that without its filter"),
    SETTING(cast_needs_count, 0,
            "members cast to a type need $count and ConsistencyLevel: eventual"),
    SETTING(foreign_links, 0,
            "links of Graph lead elsewhere: 1 to the login service, 2 to Graph's-name@elsewhere"),
};

#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

static int64_t *
value_of(struct model_settings *all, size_t i)
{
    return (int64_t *)(void *)((char *)all + settings[i].offset);
}

void
model_settings_init(struct model_settings *all)
{
    for (size_t i = 0; i < SETTINGS; i++)
        *value_of(all, i) = settings[i].initial;
}

struct model_settings *
model_settings(struct model *model)
{
    return &model->settings;
}

bool
model_set(struct model *model, const char *name, int64_t value)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        if (strcmp(settings[i].name, name) != 0)
            continue;
        *value_of(&model->settings, i) = value;
        return true;
    }
    return false;
}

bool
model_setting_at(size_t index, const char **ret_name, const char **ret_help)
{
    if (index >= SETTINGS)
        return false;
    *ret_name = settings[index].name;
    *ret_help = settings[index].help;
    return true;
}

bool
model_get(const struct model *model, const char *name, int64_t *ret_value)
{
    const char *base = (const char *)&model->settings;

    for (size_t i = 0; i < SETTINGS; i++) {
        if (strcmp(settings[i].name, name) != 0)
            continue;
        memcpy(ret_value, base + settings[i].offset, sizeof(*ret_value));
        return true;
    }
    return false;
}
