/* Entra: applications and people. */
#include <stdlib.h>
#include <string.h>

#include "model_private.h"

bool
model_add_application(struct model *model, const struct model_application *set)
{
    struct application *application;

    HASH_FIND(hh, model->applications, &set->client, sizeof(set->client), application);
    if (application != NULL)
        return false;
    application = calloc(1, sizeof(*application));
    if (application == NULL)
        return false;
    application->client = set->client;
    application->tenant = set->tenant;
    application->is_bap_management = set->is_bap_management;
    application->may_read_users = set->may_read_users;
    application->may_read_members = set->may_read_members;
    application->secret = strdup(set->secret);
    if (application->secret != NULL)
        HASH_ADD(hh, model->applications, client, sizeof(application->client), application);
    if (application->hh.tbl == NULL) {
        free(application->secret);
        free(application);
        return false;
    }
    return true;
}

static struct person *
find_person(struct model *model, const struct guid *id)
{
    struct person *person;

    HASH_FIND(hh, model->people, id, sizeof(*id), person);
    return person;
}

struct person *
model_entra_person(struct model *model, const struct guid *id)
{
    struct person *person = find_person(model, id);

    return person == NULL || person->is_deleted ? NULL : person;
}

static void
free_attributes(struct person *person)
{
    for (size_t i = 0; i < person->attribute_count; i++) {
        free(person->attributes[i].name);
        free(person->attributes[i].json);
    }
    free(person->attributes);
    person->attributes = NULL;
    person->attribute_count = 0;
}

static void
free_person(struct person *person)
{
    free_attributes(person);
    free(person->user_principal_name);
    free(person);
}

/* Properties that are more than attributes. False: another one, or not of its type. */
static bool
set_own(struct person *person, const char *name, const struct json *value)
{
    const char *string = json_string(value, NULL);
    char *copy;

    if (strcmp(name, "accountEnabled") == 0)
        return json_boolean(value, &person->is_enabled);
    if (string == NULL)
        return false;
    if (strcmp(name, "userType") == 0) {
        person->is_guest = strcmp(string, "Guest") == 0;
        return true;
    }
    if (strcmp(name, "userPrincipalName") != 0 || (copy = strdup(string)) == NULL)
        return false;
    free(person->user_principal_name);
    person->user_principal_name = copy;
    return true;
}

static bool
set_attribute(struct person *person, const char *name, const struct json *value)
{
    struct text text = TEXT_EMPTY;
    struct attribute *grown;
    char *copy, *json;

    if (set_own(person, name, value))
        return true;
    json_print(value, &text);
    json = text_take(&text, NULL);
    for (size_t i = 0; json != NULL && i < person->attribute_count; i++) {
        if (strcmp(person->attributes[i].name, name) != 0)
            continue;
        free(person->attributes[i].json);
        person->attributes[i].json = json;
        return true;
    }
    copy = strdup(name);
    grown = realloc(person->attributes, (person->attribute_count + 1) * sizeof(*grown));
    if (grown != NULL)
        person->attributes = grown;
    if (json == NULL || copy == NULL || grown == NULL) {
        free(json);
        free(copy);
        return false;
    }
    grown[person->attribute_count++] = (struct attribute){copy, json};
    return true;
}

static bool
set_attributes(struct model *model, struct person *person, const char *json)
{
    struct json *root = json_parse(model->parser, json, strlen(json), NULL);
    struct json_member member = {0};
    bool is_set = json_type(root) == JSON_OBJECT;

    while (is_set && json_next(root, &member))
        is_set = set_attribute(person, member.key, member.value);
    json_free(root);
    return is_set;
}

static bool
fill_person(struct model *model, struct person *person, const struct model_user *user)
{
    person->id = user->id;
    person->is_enabled = user->is_enabled;
    person->is_guest = user->is_guest;
    person->is_licensed = user->is_licensed;
    person->licensed_at_ms = user->licensed_at_ms;
    person->born_at_ms = model->now.mono_ms;
    person->user_principal_name = strdup(user->user_principal_name);
    return person->user_principal_name != NULL &&
           (user->attributes == NULL || set_attributes(model, person, user->attributes));
}

bool
model_add_user(struct model *model, const struct model_user *user)
{
    struct person *person;

    if (find_person(model, &user->id) != NULL)
        return false;
    person = calloc(1, sizeof(*person));
    if (person == NULL)
        return false;
    if (fill_person(model, person, user))
        HASH_ADD(hh, model->people, id, sizeof(person->id), person);
    if (person->hh.tbl == NULL) {
        free_person(person);
        return false;
    }
    return true;
}

bool
model_remove_user(struct model *model, const struct guid *user)
{
    struct person *person = model_entra_person(model, user);

    if (person == NULL)
        return false;
    person->is_deleted = true;
    return model_groups_leave_all(model, user);
}

bool
model_set_attribute(struct model *model, const struct guid *user, const char *name,
                    const char *json)
{
    struct person *person = find_person(model, user);
    struct json *value = json_parse(model->parser, json, strlen(json), NULL);
    bool is_set = person != NULL && value != NULL && set_attribute(person, name, value);

    json_free(value);
    return is_set;
}

bool
model_set_licensed(struct model *model, const struct guid *user, bool is_licensed)
{
    struct person *person = find_person(model, user);

    if (person == NULL)
        return false;
    person->is_licensed = is_licensed;
    person->licensed_at_ms = 0;
    return true;
}

bool
model_entra_is_visible(const struct model *model, const struct person *person)
{
    return person != NULL && !person->is_deleted &&
           model->now.mono_ms - person->born_at_ms >= model->settings.graph_lag_ms;
}

bool
model_entra_is_licensed(const struct model *model, const struct person *person)
{
    return person->is_licensed ||
           (person->licensed_at_ms != 0 && model->now.wall_ms >= person->licensed_at_ms);
}

static void
free_application(struct application *application)
{
    for (int i = 0; i < MODEL_SERVICES; i++)
        model_limits_free(&application->lanes[i]);
    free(application->secret);
    free(application);
}

#define FREE_ALL(type, head, release)             \
    do {                                          \
        struct type *entry, *next_entry;          \
        HASH_ITER (hh, head, entry, next_entry) { \
            HASH_DEL(head, entry);                \
            release(entry);                       \
        }                                         \
    } while (0)

void
model_entra_free(struct model *model)
{
    FREE_ALL(application, model->applications, free_application);
    FREE_ALL(person, model->people, free_person);
}
