/* Dataverse's resource paths: what a URL, or a reference inside a body, points at. Grammar: D-4. */
#include <string.h>
#include <strings.h>

#include "model_private.h"

#define BASE "/api/data/v9."
#define ROLES_NAVIGATION "systemuserroles_association"
#define OBJECT_ID_COLUMN "azureactivedirectoryobjectid"

const char *
model_target_rest(const char *path)
{
    if (strncasecmp(path, BASE, sizeof(BASE) - 1) != 0)
        return NULL;
    path += sizeof(BASE) - 1;
    return path[0] >= '0' && path[0] <= '2' && path[1] == '/' ? path + 2 : NULL;
}

static struct table *
find_table(struct environment *environment, const char *name, size_t length)
{
    for (int i = 0; i < TABLES; i++)
        if (strlen(environment->tables[i].set) == length &&
            strncmp(environment->tables[i].set, name, length) == 0)
            return &environment->tables[i];
    return NULL;
}

/* "(guid)" at ${at}: its end, or NULL. */
static const char *
take_id(const char *at, struct guid *ret_id)
{
    if (*at != '(' || strlen(at) < GUID_TEXT_BYTES + 1 || at[GUID_TEXT_BYTES] != ')' ||
        !guid_parse(at + 1, GUID_TEXT_BYTES - 1, ret_id))
        return NULL;
    return at + GUID_TEXT_BYTES + 1;
}

/* "(guid)", "(column=guid)" for the primary or the alternate key; its end, or NULL. */
static const char *
take_key(struct target *target, const char *at)
{
    static const char alternate[] = OBJECT_ID_COLUMN "=";
    const char *key = at + 1;
    const char *close = strchr(at, ')');

    target->key = KEY_ID;
    if (take_id(at, &target->id) != NULL)
        return take_id(at, &target->id);
    if (close == NULL || strncmp(key, alternate, sizeof(alternate) - 1) != 0 ||
        target->table->indexed == target->table->column_count)
        return NULL;
    key += sizeof(alternate) - 1;
    target->key = KEY_OBJECT_ID;
    return guid_parse(key, (size_t)(close - key), &target->id) ? close + 1 : NULL;
}

static void
parse_navigation(struct target *target, const char *at)
{
    size_t length = strcspn(at, "(/");
    const char *end = at + length;

    target->navigation = at;
    if (length != sizeof(ROLES_NAVIGATION) - 1 || strncmp(at, ROLES_NAVIGATION, length) != 0 ||
        strcmp(target->table->set, "systemusers") != 0)
        return;
    if (*end == '\0') {
        target->shape = TARGET_NAVIGATION;
    } else if (strcmp(end, "/$ref") == 0) {
        target->shape = TARGET_REF;
    } else {
        end = take_id(end, &target->other);
        target->is_malformed = end == NULL;
        if (end != NULL && strcmp(end, "/$ref") == 0)
            target->shape = TARGET_NAVIGATION_REF;
    }
}

static void
parse_set(struct call *call, const char *at)
{
    struct target *target = &call->target;
    size_t length = strcspn(at, "(/");

    target->table = find_table(call->environment, at, length);
    if (target->table == NULL)
        return;
    at += length;
    if (*at == '\0') {
        target->shape = TARGET_COLLECTION;
        return;
    }
    if (*at == '(')
        at = take_key(target, at);
    else
        return;
    target->is_malformed = at == NULL;
    if (at == NULL)
        return;
    if (*at == '\0')
        target->shape = TARGET_ROW;
    else if (*at == '/')
        parse_navigation(target, at + 1);
}

/* The ledger's name for it. */
static const char *
route_of(const struct call *call)
{
    const struct target *target = &call->target;

    switch (target->shape) {
    case TARGET_BATCH:
        return "batch";
    case TARGET_REF:
    case TARGET_NAVIGATION_REF:
        return "role";
    case TARGET_COLLECTION:
        return target->table->set;
    case TARGET_ROW:
        if (call->method == HTTP_PATCH)
            return "patch";
        return strcmp(target->table->set, "systemusers") == 0 ? "systemuser" : target->table->set;
    default:
        return "other";
    }
}

struct row *
model_target_row(const struct call *call)
{
    const struct target *target = &call->target;

    if (target->key == KEY_ID)
        return model_table_find(target->table, &target->id);
    return model_table_find_indexed(target->table, &target->id);
}

/* The Entra object id of the row that the URL names, for the ledger. */
static void
note_user(struct call *call)
{
    const struct target *target = &call->target;
    const struct row *row;

    if (target->key == KEY_NONE || target->table->indexed == target->table->column_count)
        return;
    call->entry.user = target->id;
    row = model_target_row(call);
    if (row != NULL && row->values[target->table->indexed].type == VALUE_GUID)
        call->entry.user = row->values[target->table->indexed].guid;
}

void
model_target_parse(struct call *call)
{
    struct target *target = &call->target;

    memset(target, 0, sizeof(*target));
    if (strcmp(call->rest, "$batch") == 0)
        target->shape = TARGET_BATCH;
    else if (strcmp(call->rest, "WhoAmI") == 0 || strcmp(call->rest, "WhoAmI()") == 0)
        target->shape = TARGET_WHOAMI;
    else
        parse_set(call, call->rest);
    call->entry.route = route_of(call);
    note_user(call);
}

static bool
find_reference(const struct call *call, const char *content_id, const struct table *table,
               struct guid *ret_id)
{
    const struct references *references = call->references;

    for (size_t i = 0; references != NULL && i < references->count; i++) {
        if (strcmp(references->list[i].content_id, content_id) != 0 ||
            references->list[i].table != table)
            continue;
        *ret_id = references->list[i].id;
        return true;
    }
    return false;
}

bool
model_target_reference(const struct call *call, const char *string, const struct table *table,
                       struct guid *ret_id)
{
    size_t origin = model_url_origin_length(string);
    size_t set = strlen(table->set);
    const char *end;

    if (string[0] == '$')
        return find_reference(call, string + 1, table, ret_id);
    if (origin > 0 && (origin != strlen(call->origin->text) ||
                       strncasecmp(string, call->origin->text, origin) != 0))
        return false;
    string += origin;
    if (model_target_rest(string) != NULL)
        string = model_target_rest(string);
    else if (origin > 0)
        return false;
    string += *string == '/';
    if (strncmp(string, table->set, set) != 0)
        return false;
    end = take_id(string + set, ret_id);
    return end != NULL && *end == '\0';
}
