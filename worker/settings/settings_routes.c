/*
 * The block routes: each joins a group, an environment and a recipe. Here a recipe becomes indexes:
 * its environment's tables of columns, attributes, units and roles grow by what they lack.
 */
#include "settings_private.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"

/* One route at work. */
struct reader {
    struct routing *routing;
    const struct recipes *recipes;
    const struct config_node *node;
    const struct recipe *recipe;
    struct environment *environment;
    struct route *route;
};

/* --- an environment's tables: each gives the index of what is there now, NO_INDEX: no memory ------- */

static int
intern_reference(struct reference **references, size_t *count,
                 const struct recipe_reference *wanted)
{
    struct reference *grown;

    for (size_t i = 0; i < *count; i++) {
        const struct reference *reference = &(*references)[i];

        if (guid_equal(&reference->id, &wanted->id) && strcmp(reference->name, wanted->name) == 0)
            return (int)i;
    }
    grown = settings_grow(*references, *count, sizeof(*grown));
    if (grown == NULL)
        return NO_INDEX;
    *references = grown;
    grown[*count].id = wanted->id;
    grown[*count].name = strdup(wanted->name);
    return grown[*count].name == NULL ? NO_INDEX : (int)(*count)++;
}

static int
intern_attribute(struct environment *environment, const char *name, enum column_type type)
{
    size_t count = environment->attribute_count;
    struct attribute *grown;

    for (size_t i = 0; i < count; i++) {
        if (environment->attributes[i].type == type &&
            strcmp(environment->attributes[i].name, name) == 0)
            return (int)i;
    }
    grown = settings_grow(environment->attributes, count, sizeof(*grown));
    if (grown == NULL)
        return NO_INDEX;
    environment->attributes = grown;
    grown[count].type = type;
    grown[count].name = strdup(name);
    return grown[count].name == NULL ? NO_INDEX : (int)environment->attribute_count++;
}

static int
find_column(const struct environment *environment, const char *name)
{
    for (size_t i = 0; i < environment->column_count; i++) {
        if (strcmp(environment->columns[i].name, name) == 0)
            return (int)i;
    }
    return NO_INDEX;
}

static int
add_column(struct environment *environment, const char *name, enum column_type type)
{
    size_t count = environment->column_count;
    struct column *grown = settings_grow(environment->columns, count, sizeof(*grown));

    if (grown == NULL)
        return NO_INDEX;
    environment->columns = grown;
    grown[count].type = type;
    grown[count].name = strdup(name);
    return grown[count].name == NULL ? NO_INDEX : (int)environment->column_count++;
}

/* --- a recipe in its environment ---------------------------------------------------------------- */

static int
resolve_unit(struct reader *reader, struct error *ret_error)
{
    struct environment *environment = reader->environment;
    struct route *route = reader->route;

    route->unit = NO_INDEX;
    if (!reader->recipe->has_unit)
        return 0;
    route->unit_policy = reader->recipe->unit_policy;
    route->unit =
        intern_reference(&environment->units, &environment->unit_count, &reader->recipe->unit);
    return route->unit == NO_INDEX ? settings_no_memory(ret_error) : 0;
}

static int
resolve_roles(struct reader *reader, struct error *ret_error)
{
    struct environment *environment = reader->environment;
    const struct recipe *recipe = reader->recipe;
    struct route *route = reader->route;

    route->roles = calloc(recipe->role_count + 1, sizeof(route->roles[0]));
    if (route->roles == NULL)
        return settings_no_memory(ret_error);
    for (size_t i = 0; i < recipe->role_count; i++) {
        int role =
            intern_reference(&environment->roles, &environment->role_count, &recipe->roles[i]);

        if (role == NO_INDEX)
            return settings_no_memory(ret_error);
        route->roles[route->role_count++] = role;
    }
    return 0;
}

static int
resolve_column(struct reader *reader, const struct recipe_column *wanted, struct error *ret_error)
{
    struct environment *environment = reader->environment;
    int column = find_column(environment, wanted->name);
    struct column_rule *rule;

    if (column != NO_INDEX && environment->columns[column].type != wanted->type)
        return settings_member_fault(
            wanted->node, "type", ret_error,
            "column %s of environment %s is %s here and %s in another recipe", wanted->name,
            environment->name, column_type_name(wanted->type),
            column_type_name(environment->columns[column].type));
    if (column == NO_INDEX)
        column = add_column(environment, wanted->name, wanted->type);
    rule = &reader->route->columns[reader->route->column_count++];
    rule->column = column;
    rule->attribute = intern_attribute(environment, wanted->attribute, wanted->type);
    rule->policy = wanted->policy;
    rule->absent = wanted->absent;
    return rule->column == NO_INDEX || rule->attribute == NO_INDEX ? settings_no_memory(ret_error)
                                                                   : 0;
}

static int
resolve_columns(struct reader *reader, struct error *ret_error)
{
    const struct recipe *recipe = reader->recipe;
    struct route *route = reader->route;

    if (recipe->column_count > 0 && !reader->environment->has_graph)
        return settings_member_fault(reader->node, "recipe", ret_error,
                                     "recipe %s takes columns from Entra, but environment %s has "
                                     "graph = false",
                                     recipe->name, reader->environment->name);
    route->columns = calloc(recipe->column_count + 1, sizeof(route->columns[0]));
    if (route->columns == NULL)
        return settings_no_memory(ret_error);
    for (size_t i = 0; i < recipe->column_count; i++) {
        if (resolve_column(reader, &recipe->columns[i], ret_error) == -1)
            return -1;
    }
    return 0;
}

/* --- the block ---------------------------------------------------------------------------------- */

static struct environment *
find_environment(const struct routing *routing, const char *name)
{
    for (size_t i = 0; i < routing->environment_count; i++) {
        if (strcmp(routing->environments[i].name, name) == 0)
            return &routing->environments[i];
    }
    return NULL;
}

static int
read_names(struct reader *reader, struct error *ret_error)
{
    const char *environment, *recipe;

    if (config_node_string(reader->node, "environment", NULL, &environment, ret_error) == -1 ||
        config_node_string(reader->node, "recipe", NULL, &recipe, ret_error) == -1)
        return -1;
    reader->environment = find_environment(reader->routing, environment);
    if (reader->environment == NULL)
        return settings_member_fault(reader->node, "environment", ret_error,
                                     "found \"%.64s\", accepted is the name of one of the "
                                     "environments",
                                     environment);
    reader->recipe = settings_find_recipe(reader->recipes, recipe);
    if (reader->recipe == NULL)
        return settings_member_fault(reader->node, "recipe", ret_error,
                                     "found \"%.64s\", accepted is the name of one of the recipes",
                                     recipe);
    return 0;
}

static int
add_route(struct reader *reader, struct error *ret_error)
{
    struct environment *environment = reader->environment;
    struct route *grown =
        settings_grow(environment->routes, environment->route_count, sizeof(*grown));

    if (grown == NULL)
        return settings_no_memory(ret_error);
    environment->routes = grown;
    reader->route = &grown[environment->route_count++];
    return settings_copy(reader->recipe->name, &reader->route->recipe, ret_error);
}

static int
read_route(void *context, const struct config_node *group, struct error *ret_error)
{
    static const char *const members[] = {"group", "environment", "recipe", "rank", NULL};
    static const int64_t no_rank = ROUTE_NO_RANK;
    static const struct config_integer ranks = {-RANK_AT_MOST, RANK_AT_MOST, &no_rank};
    struct reader *reader = context;

    reader->node = group;
    if (config_node_only(group, members, ret_error) == -1 || read_names(reader, ret_error) == -1 ||
        add_route(reader, ret_error) == -1 ||
        settings_node_guid(group, "group", &reader->route->group, ret_error) == -1 ||
        config_node_integer(group, "rank", &ranks, &reader->route->rank, ret_error) == -1 ||
        resolve_unit(reader, ret_error) == -1 || resolve_roles(reader, ret_error) == -1)
        return -1;
    return resolve_columns(reader, ret_error);
}

/* The node of the route that is at ${id} in the table: the so many'th of that environment. */
static const struct config_node *
node_of_route(const struct config_node *block, const struct routing *routing, struct route_id id)
{
    const char *name = routing->environments[id.environment].name;
    const struct config_node *node = NULL;
    int left = id.route + 1;

    for (size_t i = 0; left > 0 && i < config_node_count(block); i++) {
        const char *environment = "";

        node = config_node_at(block, i);
        if (config_node_string(node, "environment", "", &environment, NULL) == 0 &&
            strcmp(environment, name) == 0)
            left--;
    }
    return node;
}

/* Of competing routes the groups decide that the user is in, and only Graph knows these. */
static int
check_rivals(const struct config_node *block, const struct routing *routing,
             struct error *ret_error)
{
    for (size_t i = 0; i < routing->environment_count; i++) {
        const struct environment *environment = &routing->environments[i];

        for (size_t j = 0; !environment->has_graph && j < environment->route_count; j++) {
            const struct route_id id = {(int)i, (int)j};

            if (environment->routes[j].rival_count > 0)
                return config_node_fault(
                    node_of_route(block, routing, id), ret_error,
                    "another route of environment '%s' claims the same thing, and "
                    "without graph = true nobody can be asked which of the groups a user is in",
                    environment->name);
        }
    }
    return 0;
}

int
settings_read_routes(const struct config *config, const struct recipes *recipes,
                     struct settings *settings, struct error *ret_error)
{
    const struct config_node *block = settings_block(config, "routes");
    struct routing *routing = &settings->routing;
    struct reader reader = {.routing = routing, .recipes = recipes};
    struct error error;

    if (settings_each(block, "routes {...}", read_route, &reader, ret_error) == -1)
        return -1;
    if (routing_compile(routing, &error) == 0)
        return check_rivals(block, routing, ret_error);
    if (error.class != ERROR_CONFIG || block == NULL) {
        *ret_error = error;
        return -1;
    }
    return config_node_fault(node_of_route(block, routing, routing->fault), ret_error, "%s",
                             error.text);
}
