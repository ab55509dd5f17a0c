/*
 * The table, printed: --help-config for people, --print-config for people and config_load. A group
 * of the file is one block even where its rows stand apart in the table, since libconfig takes a
 * group that comes twice for a mistake.
 */
#include <stdbool.h>
#include <string.h>

#include "config_value.h"
#include "config_variable.h"

/* --- help ------------------------------------------------------------------------------------- */

static void
help_default(const struct setting *setting, struct text *text)
{
    bool has_default = setting->fallback != NULL && setting->fallback[0] != '\0';

    if (!has_default)
        text_add(text, setting->required ? "required" : "default: none");
    else
        text_addf(text, "default: %s", setting->fallback);
}

void
config_help(const struct setting *table, struct text *text)
{
    for (const struct setting *setting = table; setting->name != NULL; setting++) {
        text_addf(text, "%s%s\n    %s.\n    ", setting == table ? "" : "\n", setting->name,
                  setting->help);
        config_value_describe(setting, text);
        text_add(text, "; ");
        help_default(setting, text);
        text_add(text, "\n    ");
        config_variable_name(setting, text);
        if (setting->type == SETTING_SECRET) {
            text_add(text, ", or the path of a file in ");
            config_variable_name(setting, text);
            text_add(text, "_FILE");
        }
        text_add_char(text, '\n');
    }
}

/* --- the file's syntax ------------------------------------------------------------------------ */

static void
indent(struct text *text, int depth)
{
    for (int i = 0; i < depth; i++)
        text_add(text, "    ");
}

void
config_print_string(const char *string, struct text *text)
{
    text_add_char(text, '"');
    for (const char *c = string; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            text_addf(text, "\\%c", *c);
        else if ((unsigned char)*c < 0x20 || *c == 0x7F)
            text_addf(text, "\\x%02x", (unsigned)*c);
        else
            text_add_char(text, *c);
    }
    text_add_char(text, '"');
}

/* Beyond 32 bits libconfig wants a suffix. */
static bool
is_long(const struct setting *setting, const void *target)
{
    const int64_t *integer = (const void *)((const char *)target + setting->offset);

    return setting->type == SETTING_INTEGER && (*integer < INT32_MIN || *integer > INT32_MAX);
}

static bool
is_masked(const struct setting *setting, const struct text *value)
{
    return setting->type == SETTING_SECRET && value->length > 0;
}

static void
print_setting(const struct setting *setting, const void *target, struct text *text)
{
    struct text value = TEXT_EMPTY;

    config_value_print(setting, target, &value);
    if (value.failed)
        text->failed = true;
    else if (is_masked(setting, &value))
        text_add(text, "\"***\"; # set, but not shown\n");
    else if (config_value_is_text(setting)) {
        config_print_string(value.length > 0 ? value.data : "", text);
        text_add(text, ";\n");
    } else
        text_addf(text, "%s%s;\n", value.data, is_long(setting, target) ? "L" : "");
    if (setting->type == SETTING_SECRET && value.data != NULL)
        explicit_bzero(value.data, value.capacity);
    text_free(&value);
}

/* One level of the file: the settings whose names begin with ${prefix}, which is "" or ends in '.'. */
struct level {
    const struct setting *table;
    const void *target;
    const char *prefix;
    size_t length; /* of the prefix that counts */
    int depth;
};

static bool
is_within(const struct level *level, const struct setting *setting)
{
    return strncmp(setting->name, level->prefix, level->length) == 0;
}

static void print_level(const struct level *level, struct text *text);

/* Opens the group that ${setting} is in, unless an earlier row has. */
static void
print_group(const struct level *level, const struct setting *setting, struct text *text)
{
    const char *name = setting->name + level->length;
    size_t length = strcspn(name, ".");
    struct level inner = *level;

    inner.prefix = setting->name;
    inner.length = level->length + length + 1;
    inner.depth++;
    for (const struct setting *earlier = level->table; earlier != setting; earlier++)
        if (is_within(&inner, earlier))
            return;
    indent(text, level->depth);
    text_addf(text, "%.*s = {\n", (int)length, name);
    print_level(&inner, text);
    indent(text, level->depth);
    text_add(text, "};\n");
}

static void
print_level(const struct level *level, struct text *text)
{
    for (const struct setting *setting = level->table; setting->name != NULL; setting++) {
        const char *name = setting->name + level->length;

        if (!is_within(level, setting))
            continue;
        if (strchr(name, '.') != NULL) {
            print_group(level, setting, text);
            continue;
        }
        indent(text, level->depth);
        text_addf(text, "%s = ", name);
        print_setting(setting, level->target, text);
    }
}

void
config_print(const struct setting *table, const void *target, struct text *text)
{
    const struct level top = {.table = table, .target = target, .prefix = ""};

    print_level(&top, text);
}
