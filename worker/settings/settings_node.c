/* Checked members that all blocks have in common, and memory for what they become. */
#include "settings_private.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"

#define NAME_BYTES                         \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"           \
    "abcdefghijklmnopqrstuvwxyz0123456789" \
    "._-"

int
settings_no_memory(struct error *ret_error)
{
    return error_set(ret_error, ERROR_MEMORY, "no memory for the settings");
}

bool
settings_is_topic(const char *name, size_t most)
{
    size_t length = strlen(name);

    return length > 0 && length <= most && strspn(name, NAME_BYTES) == length &&
           strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

const struct config_node *
settings_block(const struct config *config, const char *name)
{
    return config == NULL ? NULL : config_block(config, name);
}

int
settings_copy(const char *text, char **ret_copy, struct error *ret_error)
{
    char *copy = strdup(text);

    if (copy == NULL)
        return settings_no_memory(ret_error);
    *ret_copy = copy;
    return 0;
}

void *
settings_grow(void *array, size_t count, size_t size)
{
    char *grown = reallocarray(array, count + 1, size);

    if (grown != NULL)
        memset(grown + count * size, 0, size);
    return grown;
}

const struct config_node *
settings_member_or_group(const struct config_node *group, const char *name)
{
    const struct config_node *member = config_node_get(group, name);

    return member == NULL ? group : member;
}

int
settings_node_name(const struct config_node *group, const char *name, const char **ret,
                   struct error *ret_error)
{
    const char *found;
    size_t length;

    if (config_node_string(group, name, NULL, &found, ret_error) == -1)
        return -1;
    length = strlen(found);
    if (length == 0 || length > NAME_BYTES_AT_MOST || strspn(found, NAME_BYTES) != length)
        return settings_member_fault(group, name, ret_error,
                                     "found \"%.80s\", accepted is a name of up to %d letters, "
                                     "digits, '.', '_' or '-'",
                                     found, NAME_BYTES_AT_MOST);
    *ret = found;
    return 0;
}

int
settings_node_guid(const struct config_node *group, const char *name, struct guid *ret_guid,
                   struct error *ret_error)
{
    const char *found;
    struct guid guid;

    if (config_node_string(group, name, NULL, &found, ret_error) == -1)
        return -1;
    if (!guid_parse(found, strlen(found), &guid) || guid_is_zero(&guid))
        return settings_member_fault(group, name, ret_error,
                                     "found \"%.60s\", accepted is a GUID "
                                     "(00000000-…, 8-4-4-4-12 hexadecimal digits, not all zero)",
                                     found);
    *ret_guid = guid;
    return 0;
}

static bool
has_control(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7F)
            return true;
    }
    return false;
}

int
settings_node_label(const struct config_node *group, const char *name, size_t most,
                    const char **ret, struct error *ret_error)
{
    const char *found;

    if (config_node_string(group, name, NULL, &found, ret_error) == -1)
        return -1;
    if (found[0] == '\0' || strlen(found) > most || has_control(found))
        return settings_member_fault(group, name, ret_error,
                                     "found \"%.60s\", accepted are 1 to %zu bytes of text", found,
                                     most);
    *ret = found;
    return 0;
}

int
settings_each(const struct config_node *block, const char *what, settings_read_fn *read,
              void *context, struct error *ret_error)
{
    if (block == NULL)
        return 0;
    if (config_node_is_list(block, what, ret_error) == -1)
        return -1;
    for (size_t i = 0; i < config_node_count(block); i++) {
        const struct config_node *group = config_node_at(block, i);

        if (config_node_is_group(group, what, ret_error) == -1 ||
            read(context, group, ret_error) == -1)
            return -1;
    }
    return 0;
}
