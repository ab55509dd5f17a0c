/*
 * What the producer watches, and as whom. Without the block producer_groups it watches the groups that
 * have routes: what one program acts on is then what the other one looks for.
 */
#include "settings_private.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"

static bool
is_listed(const struct producer_settings *producer, const struct guid *group)
{
    for (size_t i = 0; i < producer->group_count; i++) {
        if (guid_equal(&producer->groups[i], group))
            return true;
    }
    return false;
}

static int
append(struct producer_settings *producer, const struct guid *group, struct error *ret_error)
{
    struct guid *grown =
        settings_grow(producer->groups, producer->group_count, sizeof(struct guid));

    if (grown == NULL)
        return settings_no_memory(ret_error);
    producer->groups = grown;
    grown[producer->group_count++] = *group;
    return 0;
}

static int
read_group(const struct config_node *node, struct producer_settings *producer,
           struct error *ret_error)
{
    const char *text;
    struct guid group;

    if (config_node_text(node, &text, ret_error) == -1)
        return -1;
    if (!guid_parse(text, strlen(text), &group) || guid_is_zero(&group))
        return config_node_fault(
            node, ret_error, "found \"%.60s\", accepted is the object id of a group, a GUID", text);
    if (is_listed(producer, &group))
        return config_node_fault(node, ret_error, "the group %.60s stands here twice", text);
    return append(producer, &group, ret_error);
}

static int
read_groups(const struct config_node *block, struct producer_settings *producer,
            struct error *ret_error)
{
    if (config_node_is_list(block, "object ids of groups", ret_error) == -1)
        return -1;
    for (size_t i = 0; i < config_node_count(block); i++) {
        if (read_group(config_node_at(block, i), producer, ret_error) == -1)
            return -1;
    }
    return 0;
}

static int
take_routed_groups(struct settings *settings, struct error *ret_error)
{
    for (size_t i = 0; i < settings->routing.environment_count; i++) {
        const struct environment *environment = &settings->routing.environments[i];

        for (size_t j = 0; j < environment->route_count; j++) {
            const struct guid *group = &environment->routes[j].group;

            if (!is_listed(&settings->producer, group) &&
                append(&settings->producer, group, ret_error) == -1)
                return -1;
        }
    }
    return 0;
}

static bool
find_identity(const struct settings *settings, size_t *ret_index)
{
    for (size_t i = 0; i < settings->routing.identity_count; i++) {
        if (strcmp(settings->routing.identities[i].name, settings->producer.identity) != 0)
            continue;
        *ret_index = i;
        return true;
    }
    return false;
}

static int
check_identity(const struct config *config, const struct settings *settings,
               struct error *ret_error)
{
    const struct config_node *block = settings_block(config, "producer");
    const struct config_node *node = block == NULL ? NULL : config_node_get(block, "identity");
    const char *name = settings->producer.identity;
    size_t index;

    if (name[0] == '\0' || find_identity(settings, &index))
        return 0;
    if (node == NULL)
        return error_set(ret_error, ERROR_CONFIG,
                         "producer.identity: found \"%.60s\", accepted is the name of an identity",
                         name);
    return config_node_fault(node, ret_error,
                             "found \"%.60s\", accepted is the name of an identity", name);
}

int
settings_read_producer(const struct config *config, struct settings *settings,
                       struct error *ret_error)
{
    const struct config_node *block = settings_block(config, "producer_groups");

    if (check_identity(config, settings, ret_error) == -1)
        return -1;
    if (block == NULL)
        return take_routed_groups(settings, ret_error);
    return read_groups(block, &settings->producer, ret_error);
}

int
settings_producer_identity(const struct settings *settings, size_t *ret_index,
                           struct error *ret_error)
{
    size_t count = settings->routing.identity_count;

    if (find_identity(settings, ret_index))
        return 0;
    if (count == 0)
        return error_set(ret_error, ERROR_CONFIG,
                         "identities: found none, accepted is at least one, as whom the groups are "
                         "read");
    if (count > 1)
        return error_set(ret_error, ERROR_CONFIG,
                         "producer.identity: found \"\", accepted is the name of one of the %zu "
                         "identities",
                         count);
    *ret_index = 0;
    return 0;
}
