/*
 * Security roles: each one made for the root unit has a copy in every unit, with an id that follows
 * from root role and unit. Without the matrix model a user may only hold the copy of the own unit:
 * D-31.
 */
#include <stdlib.h>
#include <string.h>

#include "model_private.h"

struct guid
model_roles_id(const struct environment *environment, const struct guid *root,
               const struct guid *unit)
{
    if (guid_equal(unit, &environment->root_unit))
        return *root;
    return model_random_derived(root, unit);
}

struct row *
model_roles_find(struct environment *environment, const struct guid *root, const struct guid *unit)
{
    struct guid id = model_roles_id(environment, root, unit);

    return model_table_find(&environment->tables[TABLE_ROLE], &id);
}

/* A root role's parentrootroleid is its own id, or null in some organisations: D-32. */
static struct value
root_of(const struct environment *environment, const struct guid *id, const struct guid *root)
{
    if (environment->is_root_parent_null && guid_equal(id, root))
        return (struct value){.type = VALUE_NULL};
    return VALUE_OF_GUID(*root);
}

static bool
add_copy(struct environment *environment, const struct role *role, const struct guid *unit)
{
    struct table *table = &environment->tables[TABLE_ROLE];
    struct guid id = model_roles_id(environment, &role->root, unit);
    struct row *row = model_table_add(table, &id);

    if (row == NULL)
        return false;
    row->version = ++environment->version;
    return model_table_put(table, row, "name", VALUE_OF_TEXT(role->name)) &&
           model_table_put(table, row, "_businessunitid_value", VALUE_OF_GUID(*unit)) &&
           model_table_put(table, row, "_parentrootroleid_value",
                           root_of(environment, &id, &role->root)) &&
           (guid_equal(&id, &role->root) ||
            model_table_put(table, row, "_parentroleid_value", VALUE_OF_GUID(role->root)));
}

void
model_roles_show_parents(struct environment *environment, bool is_null)
{
    struct table *table = &environment->tables[TABLE_ROLE];
    const struct role *role, *next;

    if (environment->is_root_parent_null == is_null)
        return;
    environment->is_root_parent_null = is_null;
    HASH_ITER (hh, environment->roles, role, next) {
        struct row *row = model_table_find(table, &role->root);

        if (row != NULL)
            (void)model_table_put(table, row, "_parentrootroleid_value",
                                  root_of(environment, &role->root, &role->root));
    }
}

bool
model_roles_copy(struct environment *environment, const struct guid *unit)
{
    const struct role *role, *next;
    bool is_copied = true;

    HASH_ITER (hh, environment->roles, role, next)
        is_copied = is_copied && add_copy(environment, role, unit);
    return is_copied;
}

static void
free_role(struct role *role)
{
    free(role->name);
    free(role);
}

bool
model_add_role(struct model *model, const char *environment_id, const struct guid *root,
               const char *name)
{
    struct environment *environment = model_environment_find(model, environment_id);
    const struct row *unit;
    bool is_copied = true;
    struct role *role;

    if (environment == NULL || model_roles_find(environment, root, &environment->root_unit) != NULL)
        return false;
    role = calloc(1, sizeof(*role));
    if (role == NULL)
        return false;
    role->root = *root;
    role->name = strdup(name);
    if (role->name != NULL)
        HASH_ADD(hh, environment->roles, root, sizeof(role->root), role);
    if (role->hh.tbl == NULL) {
        free_role(role);
        return false;
    }
    unit = environment->tables[TABLE_BUSINESSUNIT].rows;
    for (; unit != NULL; unit = unit->hh.next)
        is_copied = is_copied && add_copy(environment, role, &unit->id);
    return is_copied;
}

bool
model_remove_role_copy(struct model *model, const char *environment_id, const struct guid *root,
                       const struct guid *unit)
{
    struct environment *environment = model_environment_find(model, environment_id);
    struct row *row = environment == NULL ? NULL : model_roles_find(environment, root, unit);

    if (row == NULL)
        return false;
    model_table_remove(&environment->tables[TABLE_ROLE], row);
    return true;
}

void
model_roles_free(struct environment *environment)
{
    struct role *role, *next;

    HASH_ITER (hh, environment->roles, role, next) {
        HASH_DEL(environment->roles, role);
        free_role(role);
    }
}
