/* The block recipes: what each asks for, checked as far as it can be without an environment. */
#include "settings_private.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

#define EXTENSIONS "onPremisesExtensionAttributes"

enum {
    COLUMN_BYTES_AT_MOST = 128,
    ATTRIBUTE_BYTES_AT_MOST = 256,
    LABEL_BYTES_AT_MOST = 160, /* Dataverse: a business unit's name */
    EXTENSIONS_AT_MOST = 15,
};

const char *const settings_policies[] = {
    [POLICY_ENFORCE] = "enforce",
    [POLICY_INITIAL] = "initial",
    NULL,
};

const char *const settings_absents[] = {
    [ABSENT_LEAVE] = "leave",
    [ABSENT_CLEAR] = "clear",
    NULL,
};

const struct recipe *
settings_find_recipe(const struct recipes *recipes, const char *name)
{
    for (size_t i = 0; i < recipes->count; i++) {
        if (strcmp(recipes->list[i].name, name) == 0)
            return &recipes->list[i];
    }
    return NULL;
}

/* --- business unit and roles -------------------------------------------------------------------- */

/* "id" or "name", one of them. */
static int
read_reference(const struct config_node *group, struct recipe_reference *ret_reference,
               struct error *ret_error)
{
    bool has_id = config_node_get(group, "id") != NULL;
    bool has_name = config_node_get(group, "name") != NULL;

    if (has_id == has_name)
        return config_node_fault(group, ret_error, "found %s, accepted is either id or name",
                                 has_id ? "both id and name" : "neither id nor name");
    ret_reference->name = "";
    if (has_id)
        return settings_node_guid(group, "id", &ret_reference->id, ret_error);
    return settings_node_label(group, "name", LABEL_BYTES_AT_MOST, &ret_reference->name, ret_error);
}

static int
read_policy(const struct config_node *group, enum policy fallback, enum policy *ret_policy,
            struct error *ret_error)
{
    int policy;

    if (config_node_choice(group, "policy", settings_policies, (int)fallback, &policy, ret_error) ==
        -1)
        return -1;
    *ret_policy = (enum policy)policy;
    return 0;
}

static int
read_unit(const struct config_node *group, struct recipe *recipe, struct error *ret_error)
{
    static const char *const members[] = {"id", "name", "policy", NULL};

    if (group == NULL)
        return 0;
    recipe->has_unit = true;
    if (config_node_is_group(group, "the business unit", ret_error) == -1 ||
        config_node_only(group, members, ret_error) == -1 ||
        read_reference(group, &recipe->unit, ret_error) == -1)
        return -1;
    return read_policy(group, POLICY_INITIAL, &recipe->unit_policy, ret_error);
}

static bool
is_same(const struct recipe_reference *a, const struct recipe_reference *b)
{
    return guid_equal(&a->id, &b->id) && strcmp(a->name, b->name) == 0;
}

static int
read_role(void *context, const struct config_node *group, struct error *ret_error)
{
    static const char *const members[] = {"id", "name", NULL};
    struct recipe *recipe = context;
    struct recipe_reference role = {.name = ""};
    struct recipe_reference *grown;

    if (config_node_only(group, members, ret_error) == -1 ||
        read_reference(group, &role, ret_error) == -1)
        return -1;
    for (size_t i = 0; i < recipe->role_count; i++) {
        if (is_same(&recipe->roles[i], &role))
            return config_node_fault(group, ret_error, "the recipe has this role already");
    }
    grown = settings_grow(recipe->roles, recipe->role_count, sizeof(*grown));
    if (grown == NULL)
        return settings_no_memory(ret_error);
    recipe->roles = grown;
    recipe->roles[recipe->role_count++] = role;
    return 0;
}

/* --- columns ------------------------------------------------------------------------------------ */

/* Columns that are no recipe's to write: others of this worker's rules rest on them. */
static const struct {
    const char *name;
    const char *reason;
} reserved_columns[] = {
    {"businessunitid", "the business unit is set with business_unit"},
    {"systemuserid", "it is the row's key"},
    {"azureactivedirectoryobjectid", "it ties the row to its person"},
    {"applicationid", "rows that have one are never touched"},
    {"isdisabled", "it follows Entra, see disabled_rows"},
};

static int
check_column_name(const struct config_node *group, const char *name, struct error *ret_error)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

    if (name[length] != '\0' || length == 0 || length > COLUMN_BYTES_AT_MOST ||
        !islower((unsigned char)name[0]))
        return settings_member_fault(group, "column", ret_error,
                                     "found \"%.60s\", accepted is a column's logical name: small "
                                     "letters, digits and '_'",
                                     name);
    for (size_t i = 0; i < sizeof(reserved_columns) / sizeof(reserved_columns[0]); i++) {
        if (strcmp(reserved_columns[i].name, name) == 0)
            return settings_member_fault(group, "column", ret_error,
                                         "%s cannot be written by a recipe: %s", name,
                                         reserved_columns[i].reason);
    }
    return 0;
}

/* "extensionAttribute1" to "…15" */
static bool
is_extension_attribute(const char *name)
{
    static const char stem[] = "extensionAttribute";
    const char *digits = name + strlen(stem);
    int number = 0;

    if (strncmp(name, stem, strlen(stem)) != 0 || digits[0] == '0' || strlen(digits) > 2)
        return false;
    for (; isdigit((unsigned char)*digits); digits++)
        number = 10 * number + (*digits - '0');
    return *digits == '\0' && number >= 1 && number <= EXTENSIONS_AT_MOST;
}

static bool
is_property(const char *name)
{
    size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

    return name[length] == '\0' && length > 0 && length <= ATTRIBUTE_BYTES_AT_MOST &&
           isalpha((unsigned char)name[0]) && strcmp(name, EXTENSIONS) != 0;
}

static int
check_attribute(const struct config_node *group, const char *name, struct error *ret_error)
{
    if (strcmp(name, "customSecurityAttributes") == 0)
        return settings_member_fault(group, "attribute", ret_error,
                                     "custom security attributes cannot be read yet");
    if (is_property(name) || (strncmp(name, EXTENSIONS "/", strlen(EXTENSIONS "/")) == 0 &&
                              is_extension_attribute(name + strlen(EXTENSIONS "/"))))
        return 0;
    return settings_member_fault(group, "attribute", ret_error,
                                 "found \"%.60s\", accepted is a property of the Graph user, "
                                 "\"extension_<application>_<name>\" or \"" EXTENSIONS
                                 "/extensionAttribute1\" to 15",
                                 name);
}

static int
read_type(const struct config_node *group, enum column_type *ret_type, struct error *ret_error)
{
    const char *found;
    struct text accepted = TEXT_EMPTY;

    if (config_node_string(group, "type", column_type_name(COLUMN_TEXT), &found, ret_error) == -1)
        return -1;
    if (column_type_parse(found, ret_type))
        return 0;
    for (int type = 0; type < COLUMN_TYPES; type++)
        text_addf(&accepted, "%s%s", type == 0 ? "" : ", ",
                  column_type_name((enum column_type)type));
    settings_member_fault(group, "type", ret_error, "found \"%.60s\", accepted is one of: %s",
                          found, accepted.failed ? "?" : accepted.data);
    text_free(&accepted);
    return -1;
}

static int
read_column_members(const struct config_node *group, struct recipe_column *column,
                    struct error *ret_error)
{
    int absent;

    if (config_node_string(group, "column", NULL, &column->name, ret_error) == -1 ||
        check_column_name(group, column->name, ret_error) == -1 ||
        config_node_string(group, "attribute", NULL, &column->attribute, ret_error) == -1 ||
        check_attribute(group, column->attribute, ret_error) == -1 ||
        read_type(group, &column->type, ret_error) == -1 ||
        read_policy(group, POLICY_ENFORCE, &column->policy, ret_error) == -1 ||
        config_node_choice(group, "absent", settings_absents, ABSENT_LEAVE, &absent, ret_error) ==
            -1)
        return -1;
    column->absent = (enum absent)absent;
    return 0;
}

static int
read_column(void *context, const struct config_node *group, struct error *ret_error)
{
    static const char *const members[] = {"column", "type", "attribute", "policy", "absent", NULL};
    struct recipe *recipe = context;
    struct recipe_column column = {.node = group};
    struct recipe_column *grown;

    if (config_node_only(group, members, ret_error) == -1 ||
        read_column_members(group, &column, ret_error) == -1)
        return -1;
    for (size_t i = 0; i < recipe->column_count; i++) {
        if (strcmp(recipe->columns[i].name, column.name) == 0)
            return settings_member_fault(group, "column", ret_error,
                                         "the recipe has column %s already", column.name);
    }
    grown = settings_grow(recipe->columns, recipe->column_count, sizeof(*grown));
    if (grown == NULL)
        return settings_no_memory(ret_error);
    recipe->columns = grown;
    recipe->columns[recipe->column_count++] = column;
    return 0;
}

/* --- the block ---------------------------------------------------------------------------------- */

static int
read_recipe(void *context, const struct config_node *group, struct error *ret_error)
{
    static const char *const members[] = {"name", "business_unit", "columns", "roles", NULL};
    struct recipes *recipes = context;
    struct recipe *recipe;
    const char *name;

    if (config_node_only(group, members, ret_error) == -1 ||
        settings_node_name(group, "name", &name, ret_error) == -1)
        return -1;
    if (settings_find_recipe(recipes, name) != NULL)
        return settings_member_fault(group, "name", ret_error,
                                     "there is another recipe called \"%s\"", name);
    recipe = settings_grow(recipes->list, recipes->count, sizeof(*recipe));
    if (recipe == NULL)
        return settings_no_memory(ret_error);
    recipes->list = recipe;
    recipe = &recipes->list[recipes->count++];
    recipe->name = name;
    if (read_unit(config_node_get(group, "business_unit"), recipe, ret_error) == -1 ||
        settings_each(config_node_get(group, "columns"), "columns {...}", read_column, recipe,
                      ret_error) == -1)
        return -1;
    return settings_each(config_node_get(group, "roles"), "roles {...}", read_role, recipe,
                         ret_error);
}

int
settings_read_recipes(const struct config *config, struct recipes *recipes, struct error *ret_error)
{
    return settings_each(settings_block(config, "recipes"), "recipes {...}", read_recipe, recipes,
                         ret_error);
}

void
settings_free_recipes(struct recipes *recipes)
{
    for (size_t i = 0; i < recipes->count; i++) {
        free(recipes->list[i].columns);
        free(recipes->list[i].roles);
    }
    free(recipes->list);
    *recipes = (struct recipes){0};
}
