/*
 * Fills a target: the table's defaults first, then the file, walked member by member so that what
 * is in no row is found, then the environment (config_variable.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_node.h"
#include "config_suggest.h"
#include "config_value.h"
#include "config_variable.h"
#include "error.h"

enum { MAX_NAME_BYTES = 128 };

struct filling {
    const struct setting *table;
    const char *const *blocks;
    void *target;
};

/* --- defaults --------------------------------------------------------------------------------- */

static int
apply_defaults(const struct setting *table, void *target, struct error *ret_error)
{
    for (const struct setting *setting = table; setting->name != NULL; setting++) {
        const char *fallback = setting->fallback == NULL ? "" : setting->fallback;
        enum config_value_result result = config_value_read(setting, fallback, target);

        if (result == CONFIG_VALUE_NO_MEMORY)
            return error_set(ret_error, ERROR_MEMORY, "no memory for the settings");
        if (result == CONFIG_VALUE_REFUSED)
            return error_set(ret_error, ERROR_CONFIG, "%s: its own default \"%s\" is not accepted",
                             setting->name, fallback);
    }
    return 0;
}

/* --- the file --------------------------------------------------------------------------------- */

static const struct setting *
find_setting(const struct setting *table, const char *name)
{
    for (; table->name != NULL; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

/* True when some setting's name is ${name}, a dot and more. */
static bool
is_group_name(const struct setting *table, const char *name)
{
    size_t length = strlen(name);

    for (; table->name != NULL; table++)
        if (strncmp(table->name, name, length) == 0 && table->name[length] == '.')
            return true;
    return false;
}

static bool
is_block(const struct filling *filling, const char *name)
{
    for (const char *const *block = filling->blocks; *block != NULL; block++)
        if (strcmp(*block, name) == 0)
            return true;
    return false;
}

static int
unknown_member(const struct filling *filling, const struct config_node *node, const char *name,
               struct error *ret_error)
{
    struct config_suggestion suggestion;

    config_suggestion_init(&suggestion, name);
    for (const struct setting *setting = filling->table; setting->name != NULL; setting++)
        config_suggestion_offer(&suggestion, setting->name);
    for (const char *const *block = filling->blocks; *block != NULL; block++)
        config_suggestion_offer(&suggestion, *block);
    return config_node_fault(node, ret_error, "no such setting%s",
                             config_suggestion_text(&suggestion));
}

/* A value of the right type but not accepted is shown; of a wrong type, only its type. */
static int
refuse_value(const struct setting *setting, const struct config_node *node, const char *value,
             struct error *ret_error)
{
    struct text accepted = TEXT_EMPTY;
    const char *described;

    config_value_describe(setting, &accepted);
    described = accepted.failed ? "?" : accepted.data;
    if (value == NULL)
        config_node_fault(node, ret_error, "found %s, accepted is %s",
                          config_kind_name(config_node_kind(node)), described);
    else
        config_node_fault(node, ret_error, "found \"%.60s\", accepted is %s", value, described);
    text_free(&accepted);
    return -1;
}

static int
apply_scalar(const struct filling *filling, const struct setting *setting,
             const struct config_node *node, struct error *ret_error)
{
    struct text value = TEXT_EMPTY;
    enum config_value_result result = CONFIG_VALUE_NO_MEMORY;

    if (!config_value_takes(setting, config_node_kind(node)))
        return refuse_value(setting, node, NULL, ret_error);
    config_node_print(node, &value);
    if (!value.failed)
        result = config_value_read(setting, value.length > 0 ? value.data : "", filling->target);
    if (result == CONFIG_VALUE_REFUSED)
        refuse_value(setting, node, value.length > 0 ? value.data : "", ret_error);
    else if (result == CONFIG_VALUE_NO_MEMORY)
        error_set(ret_error, ERROR_MEMORY, "%s: no memory for it", setting->name);
    if (setting->type == SETTING_SECRET && value.data != NULL)
        explicit_bzero(value.data, value.capacity);
    text_free(&value);
    return result == CONFIG_VALUE_SET ? 0 : -1;
}

static int apply_group(const struct filling *filling, const struct config_node *group,
                       const char *prefix, struct error *ret_error);

static int
apply_member(const struct filling *filling, const struct config_node *node, const char *prefix,
             struct error *ret_error)
{
    const struct setting *setting;
    char name[MAX_NAME_BYTES];

    snprintf(name, sizeof(name), "%s%s%s", prefix, prefix[0] == '\0' ? "" : ".",
             config_node_name(node));
    setting = find_setting(filling->table, name);
    if (setting != NULL)
        return apply_scalar(filling, setting, node, ret_error);
    if (is_group_name(filling->table, name)) {
        if (config_node_is_group(node, "settings", ret_error) != 0)
            return -1;
        return apply_group(filling, node, name, ret_error);
    }
    if (is_block(filling, name)) /* at the top: no block's name has a dot */
        return 0;
    return unknown_member(filling, node, name, ret_error);
}

/* As deep as the table's names have dots: a deeper group is unknown. */
static int
apply_group(const struct filling *filling, const struct config_node *group, const char *prefix,
            struct error *ret_error)
{
    for (size_t i = 0; i < config_node_count(group); i++)
        if (apply_member(filling, config_node_at(group, i), prefix, ret_error) != 0)
            return -1;
    return 0;
}

/* --- the whole -------------------------------------------------------------------------------- */

static int
check_required(const struct setting *table, bool has_file, void *target, struct error *ret_error)
{
    for (const struct setting *setting = table; setting->name != NULL; setting++) {
        struct text variable = TEXT_EMPTY;

        if (!setting->required || !config_value_is_string(setting) ||
            (*config_value_string(setting, target))[0] != '\0')
            continue;
        config_variable_name(setting, &variable);
        error_set(ret_error, ERROR_CONFIG,
                  "%s is required: %sset it in the file, or %s in the environment (%s)",
                  setting->name, has_file ? "" : "no file was given (--config); ",
                  variable.failed ? "its variable" : variable.data, setting->help);
        text_free(&variable);
        return -1;
    }
    return 0;
}

int
config_apply(const struct setting *table, const struct config *config, const char *const *blocks,
             char *const *environment, void *target, struct error *ret_error)
{
    const struct filling filling = {.table = table, .blocks = blocks, .target = target};

    for (const struct setting *setting = table; setting->name != NULL; setting++)
        if (config_value_is_string(setting))
            *config_value_string(setting, target) = NULL;
    if (apply_defaults(table, target, ret_error) != 0)
        return -1;
    if (config != NULL && apply_group(&filling, config_root(config), "", ret_error) != 0)
        return -1;
    if (config_variables_apply(table, environment, target, ret_error) != 0)
        return -1;
    return check_required(table, config != NULL, target, ret_error);
}

void
config_release(const struct setting *table, void *target)
{
    for (const struct setting *setting = table; setting->name != NULL; setting++) {
        char **string;

        if (!config_value_is_string(setting))
            continue;
        string = config_value_string(setting, target);
        if (setting->type == SETTING_SECRET && *string != NULL)
            explicit_bzero(*string, strlen(*string));
        free(*string);
        *string = NULL;
    }
}
