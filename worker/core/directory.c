/*
 * Units and roles are arrays parallel to the environment's; copies are a hash keyed by (root role, unit).
 */
#include "directory.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "call.h"
#include "table.h"

struct copy_key {
    struct guid root;
    struct guid unit;
};

struct copy_entry {
    UT_hash_handle hh;
    struct copy_key key;
    struct guid copy;
    bool is_none;
};

struct directory {
    const struct environment *environment;
    bool has_units;
    bool has_roles;
    struct guid root_unit;
    struct guid *units; /* parallel to the environment's */
    struct guid *roles; /* root ids, parallel to the environment's */
    struct copy_entry *copies;
};

/* A role given by id is a root role: nothing needs to be looked up. */
static void
know_roles_by_id(struct directory *directory)
{
    const struct environment *environment = directory->environment;

    directory->has_roles = true;
    for (size_t i = 0; i < environment->role_count; i++) {
        directory->roles[i] = environment->roles[i].id;
        directory->has_roles = directory->has_roles && !guid_is_zero(&directory->roles[i]);
    }
}

struct directory *
directory_create(const struct environment *environment)
{
    struct directory *directory = calloc(1, sizeof(*directory));

    if (directory == NULL)
        return NULL;
    directory->environment = environment;
    directory->units = calloc(environment->unit_count + 1, sizeof(directory->units[0]));
    directory->roles = calloc(environment->role_count + 1, sizeof(directory->roles[0]));
    if (directory->units == NULL || directory->roles == NULL) {
        directory_destroy(directory);
        return NULL;
    }
    know_roles_by_id(directory);
    return directory;
}

void
directory_forget(struct directory *directory)
{
    struct copy_entry *entry;
    struct copy_entry *following;

    HASH_ITER (hh, directory->copies, entry, following) {
        HASH_DELETE(hh, directory->copies, entry);
        free(entry);
    }
    directory->has_units = false;
    if (directory->units != NULL && directory->roles != NULL)
        know_roles_by_id(directory);
}

void
directory_destroy(struct directory *directory)
{
    if (directory == NULL)
        return;
    directory_forget(directory);
    free(directory->units);
    free(directory->roles);
    free(directory);
}

bool
directory_has_units(const struct directory *directory)
{
    return directory->has_units;
}

bool
directory_has_roles(const struct directory *directory)
{
    return directory->has_roles;
}

const struct guid *
directory_root_unit(const struct directory *directory)
{
    return directory->has_units ? &directory->root_unit : NULL;
}

const struct guid *
directory_unit(const struct directory *directory, int unit)
{
    return directory->has_units ? &directory->units[unit] : NULL;
}

const struct guid *
directory_role_root(const struct directory *directory, int role)
{
    return directory->has_roles ? &directory->roles[role] : NULL;
}

/* Names are compared as Dataverse compares text: without regard to case. */
static bool
is_meant(const struct reference *reference, const struct guid *id, const char *name)
{
    if (!guid_is_zero(&reference->id))
        return guid_equal(&reference->id, id);
    return name != NULL && strcasecmp(reference->name, name) == 0;
}

static bool
learn_unit(struct directory *directory, size_t index, const struct unit_entry *units, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_meant(&directory->environment->units[index], &units[i].id, units[i].name)) {
            directory->units[index] = units[i].id;
            return true;
        }
    }
    return false;
}

static const char *
reference_name(const struct reference *reference)
{
    return reference->name != NULL && reference->name[0] != '\0' ? reference->name : "(by id)";
}

const char *
directory_learn_units(struct directory *directory, const struct unit_entry *units, size_t count)
{
    bool has_root = false;

    for (size_t i = 0; i < count; i++) {
        if (units[i].is_root) {
            directory->root_unit = units[i].id;
            has_root = true;
        }
    }
    if (!has_root)
        return "(the root unit)";
    for (size_t i = 0; i < directory->environment->unit_count; i++) {
        if (!learn_unit(directory, i, units, count))
            return reference_name(&directory->environment->units[i]);
    }
    directory->has_units = true;
    return NULL;
}

static bool
learn_role(struct directory *directory, size_t index, const struct role_entry *roles, size_t count)
{
    const struct reference *reference = &directory->environment->roles[index];

    if (!guid_is_zero(&reference->id))
        return true;
    for (size_t i = 0; i < count; i++) {
        if (is_meant(reference, &roles[i].id, roles[i].name)) {
            directory->roles[index] = roles[i].root;
            return true;
        }
    }
    return false;
}

const char *
directory_learn_roles(struct directory *directory, const struct role_entry *roles, size_t count)
{
    for (size_t i = 0; i < directory->environment->role_count; i++) {
        if (!learn_role(directory, i, roles, count))
            return reference_name(&directory->environment->roles[i]);
    }
    directory->has_roles = true;
    return NULL;
}

static struct copy_entry *
find_copy(const struct directory *directory, const struct guid *root, const struct guid *unit)
{
    struct copy_key key = {*root, *unit};
    struct copy_entry *entry;

    HASH_FIND(hh, directory->copies, &key, sizeof(key), entry);
    return entry;
}

enum copy
directory_copy(const struct directory *directory, const struct guid *root, const struct guid *unit,
               struct guid *ret_copy)
{
    const struct copy_entry *entry = find_copy(directory, root, unit);

    if (entry == NULL)
        return COPY_UNKNOWN;
    if (entry->is_none)
        return COPY_NONE;
    *ret_copy = entry->copy;
    return COPY_FOUND;
}

static struct copy_entry *
add_copy(struct directory *directory, const struct guid *root, const struct guid *unit)
{
    struct copy_entry *entry = find_copy(directory, root, unit);

    if (entry != NULL)
        return entry;
    entry = calloc(1, sizeof(*entry));
    if (entry == NULL)
        return NULL;
    entry->key = (struct copy_key){*root, *unit};
    HASH_ADD(hh, directory->copies, key, sizeof(entry->key), entry);
    if (entry->hh.tbl == NULL) {
        free(entry);
        return NULL;
    }
    return entry;
}

static int
learn_copy(struct directory *directory, const struct guid *unit, const struct guid *root,
           const struct role_entry *roles, size_t count)
{
    struct copy_entry *entry = add_copy(directory, root, unit);

    if (entry == NULL)
        return -1;
    entry->is_none = true;
    for (size_t i = 0; i < count && entry->is_none; i++) {
        if (guid_equal(&roles[i].root, root) || guid_equal(&roles[i].id, root)) {
            entry->copy = roles[i].id;
            entry->is_none = false;
        }
    }
    return 0;
}

int
directory_learn_copies(struct directory *directory, const struct guid *unit,
                       const struct guid *roots, size_t root_count, const struct role_entry *roles,
                       size_t count)
{
    for (size_t i = 0; i < root_count; i++) {
        if (learn_copy(directory, unit, &roots[i], roles, count) != 0)
            return -1;
    }
    return 0;
}
