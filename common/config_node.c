/*
 * A checked way through the file's groups and lists. libconfig converts nothing and gives the same
 * answer for "absent" and "of another type", so each look-up here is: find the member, look at its
 * type, then take its value; and a fault says where, what was found and what is accepted.
 *
 * A struct config_node is libconfig's config_setting_t under a name that needs no header of its.
 */
#include "config_node.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <libconfig.h>

#include "config_suggest.h"
#include "error.h"

static const config_setting_t *
setting_of(const struct config_node *node)
{
    return (const config_setting_t *)(const void *)node;
}

static const struct config_node *
node_of(const config_setting_t *setting)
{
    return (const struct config_node *)(const void *)setting;
}

/* --- what it is ------------------------------------------------------------------------------- */

enum config_kind
config_node_kind(const struct config_node *node)
{
    switch (config_setting_type(setting_of(node))) {
    case CONFIG_TYPE_GROUP:
        return CONFIG_GROUP;
    case CONFIG_TYPE_STRING:
        return CONFIG_TEXT;
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        return CONFIG_INTEGER;
    case CONFIG_TYPE_FLOAT:
        return CONFIG_REAL;
    case CONFIG_TYPE_BOOL:
        return CONFIG_BOOLEAN;
    default:
        return CONFIG_LIST; /* a list or an array: no difference to us */
    }
}

const char *
config_kind_name(enum config_kind kind)
{
    static const char *const names[] = {
        [CONFIG_GROUP] = "a group {...}", [CONFIG_LIST] = "a list",
        [CONFIG_TEXT] = "a text \"...\"", [CONFIG_INTEGER] = "an integer",
        [CONFIG_REAL] = "a number",       [CONFIG_BOOLEAN] = "true or false",
    };

    return names[kind];
}

const char *
config_node_name(const struct config_node *node)
{
    return config_setting_name(setting_of(node));
}

/* Asked by the type it has: the look-up for 32 bits gives 0 for a larger one, and no error. */
static int64_t
integer_of(const struct config_node *node)
{
    const config_setting_t *setting = setting_of(node);

    if (config_setting_type(setting) == CONFIG_TYPE_INT64)
        return config_setting_get_int64(setting);
    return config_setting_get_int(setting);
}

void
config_node_print(const struct config_node *node, struct text *text)
{
    const config_setting_t *setting = setting_of(node);

    switch (config_node_kind(node)) {
    case CONFIG_TEXT:
        text_add(text, config_setting_get_string(setting));
        break;
    case CONFIG_INTEGER:
        text_addf(text, "%lld", (long long)integer_of(node));
        break;
    case CONFIG_REAL:
        text_addf(text, "%.17g", config_setting_get_float(setting));
        break;
    case CONFIG_BOOLEAN:
        text_add(text, config_setting_get_bool(setting) ? "true" : "false");
        break;
    case CONFIG_GROUP:
    case CONFIG_LIST:
        break;
    }
}

size_t
config_node_count(const struct config_node *node)
{
    return (size_t)config_setting_length(setting_of(node));
}

const struct config_node *
config_node_at(const struct config_node *node, size_t index)
{
    return node_of(config_setting_get_elem(setting_of(node), (unsigned)index));
}

const struct config_node *
config_node_get(const struct config_node *group, const char *name)
{
    return node_of(config_setting_get_member(setting_of(group), name));
}

/* --- faults ----------------------------------------------------------------------------------- */

static const char *
path_of_file(const config_setting_t *setting)
{
    while (config_setting_parent(setting) != NULL)
        setting = config_setting_parent(setting);
    return config_path(config_setting_get_hook(setting));
}

/* "environments[2].url", from the root down: as deep as the file is nested. */
static void
add_place(const config_setting_t *setting, struct text *place)
{
    const config_setting_t *parent = config_setting_parent(setting);

    if (parent == NULL)
        return;
    add_place(parent, place);
    if (config_setting_name(setting) == NULL)
        text_addf(place, "[%d]", config_setting_index(setting));
    else
        text_addf(place, "%s%s", place->length > 0 ? "." : "", config_setting_name(setting));
}

int
config_node_fault(const struct config_node *node, struct error *ret_error, const char *format, ...)
{
    const config_setting_t *setting = setting_of(node);
    struct text place = TEXT_EMPTY;
    char message[ERROR_TEXT_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    add_place(setting, &place);
    error_set(ret_error, ERROR_CONFIG, "%s:%u: %s%s%s", path_of_file(setting),
              (unsigned)config_setting_source_line(setting), place.length > 0 ? place.data : "",
              place.length > 0 ? ": " : "", message);
    text_free(&place);
    return -1;
}

static int
expect_kind(const struct config_node *node, enum config_kind kind, struct error *ret_error)
{
    if (config_node_kind(node) == kind)
        return 0;
    return config_node_fault(node, ret_error, "found %s, accepted is %s",
                             config_kind_name(config_node_kind(node)), config_kind_name(kind));
}

static int
missing(const struct config_node *group, const char *name, enum config_kind kind,
        struct error *ret_error)
{
    return config_node_fault(group, ret_error, "%s is missing: it must be set to %s", name,
                             config_kind_name(kind));
}

/* --- groups and lists ------------------------------------------------------------------------- */

static bool
is_among(const char *const *names, const char *name)
{
    for (; *names != NULL; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

int
config_node_only(const struct config_node *group, const char *const *names, struct error *ret_error)
{
    for (size_t i = 0; i < config_node_count(group); i++) {
        const struct config_node *member = config_node_at(group, i);
        struct config_suggestion suggestion;

        if (is_among(names, config_node_name(member)))
            continue;
        config_suggestion_init(&suggestion, config_node_name(member));
        for (const char *const *name = names; *name != NULL; name++)
            config_suggestion_offer(&suggestion, *name);
        return config_node_fault(member, ret_error, "no such setting%s",
                                 config_suggestion_text(&suggestion));
    }
    return 0;
}

int
config_node_is_group(const struct config_node *node, const char *what, struct error *ret_error)
{
    if (config_node_kind(node) == CONFIG_GROUP)
        return 0;
    return config_node_fault(node, ret_error, "found %s, accepted is a group {...} for %s",
                             config_kind_name(config_node_kind(node)), what);
}

int
config_node_is_list(const struct config_node *node, const char *what, struct error *ret_error)
{
    if (config_node_kind(node) == CONFIG_LIST)
        return 0;
    return config_node_fault(node, ret_error, "found %s, accepted is a list (...) of %s",
                             config_kind_name(config_node_kind(node)), what);
}

/* --- members ---------------------------------------------------------------------------------- */

int
config_node_text(const struct config_node *node, const char **ret, struct error *ret_error)
{
    if (expect_kind(node, CONFIG_TEXT, ret_error) != 0)
        return -1;
    *ret = config_setting_get_string(setting_of(node));
    return 0;
}

int
config_node_string(const struct config_node *group, const char *name, const char *fallback,
                   const char **ret, struct error *ret_error)
{
    const struct config_node *member = config_node_get(group, name);

    if (member != NULL)
        return config_node_text(member, ret, ret_error);
    if (fallback == NULL)
        return missing(group, name, CONFIG_TEXT, ret_error);
    *ret = fallback;
    return 0;
}

int
config_node_integer(const struct config_node *group, const char *name,
                    const struct config_integer *accepted, int64_t *ret, struct error *ret_error)
{
    const struct config_node *member = config_node_get(group, name);
    int64_t value;

    if (member == NULL && accepted->fallback == NULL)
        return missing(group, name, CONFIG_INTEGER, ret_error);
    if (member == NULL) {
        *ret = *accepted->fallback;
        return 0;
    }
    if (expect_kind(member, CONFIG_INTEGER, ret_error) != 0)
        return -1;
    value = integer_of(member);
    if (value < accepted->minimum || value > accepted->maximum)
        return config_node_fault(
            member, ret_error, "found %lld, accepted is an integer from %lld to %lld",
            (long long)value, (long long)accepted->minimum, (long long)accepted->maximum);
    *ret = value;
    return 0;
}

int
config_node_boolean(const struct config_node *group, const char *name, bool fallback, bool *ret,
                    struct error *ret_error)
{
    const struct config_node *member = config_node_get(group, name);

    if (member == NULL) {
        *ret = fallback;
        return 0;
    }
    if (expect_kind(member, CONFIG_BOOLEAN, ret_error) != 0)
        return -1;
    *ret = config_setting_get_bool(setting_of(member)) != 0;
    return 0;
}

static int
unknown_choice(const struct config_node *member, const char *found, const char *const *choices,
               struct error *ret_error)
{
    struct text accepted = TEXT_EMPTY;

    for (const char *const *choice = choices; *choice != NULL; choice++)
        text_addf(&accepted, "%s%s", choice == choices ? "" : ", ", *choice);
    config_node_fault(member, ret_error, "found \"%.60s\", accepted is one of: %s", found,
                      accepted.length > 0 ? accepted.data : "");
    text_free(&accepted);
    return -1;
}

int
config_node_choice(const struct config_node *group, const char *name, const char *const *choices,
                   int fallback, int *ret, struct error *ret_error)
{
    const struct config_node *member = config_node_get(group, name);
    const char *found;

    if (member == NULL && fallback < 0)
        return missing(group, name, CONFIG_TEXT, ret_error);
    if (member == NULL) {
        *ret = fallback;
        return 0;
    }
    if (config_node_text(member, &found, ret_error) != 0)
        return -1;
    for (int i = 0; choices[i] != NULL; i++)
        if (strcmp(choices[i], found) == 0) {
            *ret = i;
            return 0;
        }
    return unknown_choice(member, found, choices, ret_error);
}
