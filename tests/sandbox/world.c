/* The registry of what the model cannot list, and the ways into the tables of collections. */
#include "world.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "json.h"
#include "model.h"
#include "table.h"

struct user {
    struct guid id;
    UT_hash_handle hh;
};

struct world {
    struct world_settings settings;
    struct world_environment *first;
    struct world_environment *last;
    struct user *users; /* a table that keeps the order */
};

struct world *
world_create(const struct world_settings *settings)
{
    struct world *world = calloc(1, sizeof(*world));

    if (world != NULL)
        world->settings = *settings;
    return world;
}

static void
free_texts(char **texts)
{
    for (char **text = texts; text != NULL && *text != NULL; text++)
        free(*text);
    free(texts);
}

static void
environment_destroy(struct world_environment *environment)
{
    if (environment == NULL)
        return;
    free_texts(environment->columns);
    free(environment->roles);
    free(environment->origin);
    free(environment->id);
    free(environment);
}

void
world_destroy(struct world *world)
{
    struct user *user, *following_user;

    if (world == NULL)
        return;
    for (struct world_environment *environment = world->first, *following; environment != NULL;
         environment = following) {
        following = environment->next;
        environment_destroy(environment);
    }
    HASH_ITER (hh, world->users, user, following_user) {
        HASH_DEL(world->users, user);
        free(user);
    }
    free(world);
}

const struct world_settings *
world_given(const struct world *world)
{
    return &world->settings;
}

struct model *
world_model(const struct world *world)
{
    return world->settings.model;
}

/* --- the registry ----------------------------------------------------------------------------- */

const struct world_environment *
world_environments(const struct world *world)
{
    return world->first;
}

static struct world_environment *
find(const struct world *world, const char *id)
{
    struct world_environment *environment = world->first;

    while (environment != NULL && strcmp(environment->id, id) != 0)
        environment = environment->next;
    return environment;
}

const struct world_environment *
world_environment(const struct world *world, const char *id)
{
    return find(world, id);
}

int
world_check_environment(const struct world *world, const char *id, struct error *ret_error)
{
    if (find(world, id) != NULL)
        return 0;
    return error_set(ret_error, ERROR_INPUT, "there is no environment \"%s\"", id);
}

/* Copies ${names} to the end of ${texts}, which has room for them; false: no memory. */
static bool
append_copies(char **texts, const char *const *names)
{
    while (*texts != NULL)
        texts++;
    for (; *names != NULL; names++, texts++) {
        *texts = strdup(*names);
        if (*texts == NULL)
            return false;
    }
    return true;
}

static size_t
count_names(const char *const *names)
{
    size_t count = 0;

    while (names[count] != NULL)
        count++;
    return count;
}

int
world_note_environment(struct world *world, const char *id, const char *origin,
                       const char *const *text_columns, const char *const *integer_columns,
                       struct error *ret_error)
{
    struct world_environment *environment = calloc(1, sizeof(*environment));

    if (environment == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for an environment");
    environment->id = strdup(id);
    environment->origin = strdup(origin);
    environment->columns = calloc(count_names(text_columns) + count_names(integer_columns) + 1,
                                  sizeof(environment->columns[0]));
    if (environment->id == NULL || environment->origin == NULL || environment->columns == NULL ||
        !append_copies(environment->columns, text_columns) ||
        !append_copies(environment->columns, integer_columns)) {
        environment_destroy(environment);
        return error_set(ret_error, ERROR_MEMORY, "no memory for an environment");
    }
    if (world->last == NULL)
        world->first = environment;
    else
        world->last->next = environment;
    world->last = environment;
    return 0;
}

int
world_note_role(struct world *world, const char *id, const struct guid *role,
                struct error *ret_error)
{
    struct world_environment *environment = find(world, id);
    struct guid *roles;

    if (environment == NULL)
        return world_check_environment(world, id, ret_error);
    roles = realloc(environment->roles, (environment->role_count + 1) * sizeof(roles[0]));
    if (roles == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for a role");
    roles[environment->role_count++] = *role;
    environment->roles = roles;
    return 0;
}

int
world_note_user(struct world *world, const struct guid *user, struct error *ret_error)
{
    struct user *noted;

    HASH_FIND(hh, world->users, user, sizeof(*user), noted);
    if (noted != NULL)
        return 0;
    noted = calloc(1, sizeof(*noted));
    if (noted == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for a user");
    noted->id = *user;
    HASH_ADD(hh, world->users, id, sizeof(noted->id), noted);
    if (noted->hh.tbl != NULL)
        return 0;
    free(noted);
    return error_set(ret_error, ERROR_MEMORY, "no memory for a user");
}

const struct guid *
world_next_user(const struct world *world, const struct guid *after)
{
    struct user *user = world->users;

    if (after != NULL) {
        HASH_FIND(hh, world->users, after, sizeof(*after), user);
        user = user == NULL ? NULL : user->hh.next;
    }
    return user == NULL ? NULL : &user->id;
}

/* --- adding ----------------------------------------------------------------------------------- */

static const struct world_collection *const tables[] = {
    world_environment_collections,
    world_people_collections,
    world_row_collections,
};

const struct world_collection *
world_collection_at(size_t index)
{
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        for (const struct world_collection *row = tables[i]; row->name != NULL; row++) {
            if (index-- == 0)
                return row;
        }
    }
    return NULL;
}

static const struct world_collection *
find_collection(const char *name)
{
    const struct world_collection *row;

    for (size_t i = 0; (row = world_collection_at(i)) != NULL; i++) {
        if (strcmp(row->name, name) == 0)
            return row;
    }
    return NULL;
}

int
world_refuse(const char *why, struct error *ret_error)
{
    return error_set(ret_error, ERROR_INPUT, "refused: %s", why);
}

static int
add_all(struct world *world, const struct world_collection *collection, const struct json *things,
        size_t *ret_count, struct error *ret_error)
{
    size_t length = json_length(things);

    *ret_count = 0;
    for (size_t i = 0; i < length; i++) {
        if (collection->add(world, json_at(things, i), ret_error) != 0)
            return error_prefix(ret_error, "%s[%zu]", collection->name, i);
        (*ret_count)++;
    }
    return 0;
}

int
world_add(struct world *world, const char *name, const struct json *things, size_t *ret_count,
          struct error *ret_error)
{
    const struct world_collection *collection = find_collection(name);

    *ret_count = 0;
    if (collection == NULL)
        return error_set(ret_error, ERROR_INPUT, "there is no collection \"%s\"", name);
    if (json_type(things) == JSON_ARRAY)
        return add_all(world, collection, things, ret_count, ret_error);
    if (collection->add(world, things, ret_error) != 0)
        return error_prefix(ret_error, "%s", collection->name);
    *ret_count = 1;
    return 0;
}

int
world_set(struct world *world, const struct json *object, struct error *ret_error)
{
    struct json_member member = {0};
    int64_t value = 0;

    if (json_type(object) != JSON_OBJECT)
        return error_set(ret_error, ERROR_INPUT, "settings: an object is wanted; found: %s",
                         json_type_name(json_type(object)));
    while (json_next(object, &member)) {
        if (!json_integer(member.value, &value))
            return error_set(ret_error, ERROR_INPUT, "settings: \"%s\" must be an integer",
                             member.key);
        if (!model_set(world->settings.model, member.key, value))
            return error_set(ret_error, ERROR_INPUT, "settings: there is no \"%s\"", member.key);
    }
    return 0;
}

/* Refuses members of a world file that are neither a collection nor the settings. */
static int
check_names(const struct json *document, struct error *ret_error)
{
    struct json_member member = {0};

    while (json_next(document, &member)) {
        if (strcmp(member.key, "settings") != 0 && find_collection(member.key) == NULL)
            return error_set(ret_error, ERROR_INPUT, "there is no collection \"%s\"", member.key);
    }
    return 0;
}

int
world_load(struct world *world, const struct json *document, struct error *ret_error)
{
    const struct json *settings = json_get(document, "settings");
    const struct world_collection *row;
    size_t count;

    if (json_type(document) != JSON_OBJECT)
        return error_set(ret_error, ERROR_INPUT, "a world is an object; found: %s",
                         json_type_name(json_type(document)));
    if (check_names(document, ret_error) != 0)
        return -1;
    if (settings != NULL && world_set(world, settings, ret_error) != 0)
        return -1;
    for (size_t i = 0; (row = world_collection_at(i)) != NULL; i++) {
        const struct json *things = json_get(document, row->name);

        if (things != NULL && world_add(world, row->name, things, &count, ret_error) != 0)
            return -1;
    }
    return 0;
}
