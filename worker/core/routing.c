/*
 * What routing.h says of a compiled table: who contends with whom, and the hash from a group to its
 * routes. The table itself is filled by worker/settings.
 */
#include "routing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "table.h"

struct group_entry {
    struct guid group;
    struct route_id *routes;
    size_t count;
    UT_hash_handle hh;
};

/* --- contention --------------------------------------------------------------------------------- */

static bool
claims_column(const struct route *route, int column)
{
    for (size_t i = 0; i < route->column_count; i++) {
        if (route->columns[i].column == column)
            return true;
    }
    return false;
}

/* The first column that both claim, NO_INDEX: none. */
static int
common_column(const struct route *a, const struct route *b)
{
    for (size_t i = 0; i < a->column_count; i++) {
        if (claims_column(b, a->columns[i].column))
            return a->columns[i].column;
    }
    return NO_INDEX;
}

static bool
claim_both_a_unit(const struct route *a, const struct route *b)
{
    return a->unit != NO_INDEX && b->unit != NO_INDEX;
}

static bool
contend(const struct route *a, const struct route *b)
{
    if (strcmp(a->recipe, b->recipe) == 0)
        return false;
    return claim_both_a_unit(a, b) || common_column(a, b) != NO_INDEX;
}

static bool
are_ranked(const struct route *a, const struct route *b)
{
    return a->rank != ROUTE_NO_RANK && b->rank != ROUTE_NO_RANK && a->rank != b->rank;
}

/* "group <guid> (recipe sales, rank 10)" */
enum { ROUTE_TEXT_BYTES = 192 };

static const char *
describe(const struct route *route, char text[ROUTE_TEXT_BYTES])
{
    char group[GUID_TEXT_BYTES];

    guid_format(&route->group, group);
    if (route->rank == ROUTE_NO_RANK)
        snprintf(text, ROUTE_TEXT_BYTES, "group %s (recipe %.64s, no rank)", group, route->recipe);
    else
        snprintf(text, ROUTE_TEXT_BYTES, "group %s (recipe %.64s, rank %" PRId64 ")", group,
                 route->recipe, route->rank);
    return text;
}

static int
rank_fault(const struct environment *environment, const struct route *a, const struct route *b,
           struct error *ret_error)
{
    int column = common_column(a, b);
    bool is_unit = claim_both_a_unit(a, b);
    char text_a[ROUTE_TEXT_BYTES], text_b[ROUTE_TEXT_BYTES];

    return error_set(
        ret_error, ERROR_CONFIG,
        "the routes of %s and %s both claim %s%s in environment %s: each needs a rank, "
        "and not the same one",
        describe(a, text_a), describe(b, text_b), is_unit ? "the business unit" : "column ",
        is_unit ? "" : environment->columns[column].name, environment->name);
}

/* Notes in ${rivals} whom route ${index} contends with. Returns their number, -1: a rank is wrong. */
static int
collect_rivals(const struct environment *environment, size_t index, int *rivals,
               struct error *ret_error)
{
    const struct route *route = &environment->routes[index];
    int count = 0;

    for (size_t i = 0; i < environment->route_count; i++) {
        const struct route *other = &environment->routes[i];

        if (i == index || !contend(route, other))
            continue;
        if (i < index && !are_ranked(route, other))
            return rank_fault(environment, other, route, ret_error);
        rivals[count++] = (int)i;
    }
    return count;
}

static int
set_rivals(struct route *route, const int *rivals, size_t count)
{
    if (count == 0)
        return 0;
    route->rivals = malloc(count * sizeof(rivals[0]));
    if (route->rivals == NULL)
        return -1;
    memcpy(route->rivals, rivals, count * sizeof(rivals[0]));
    route->rival_count = count;
    return 0;
}

/* --- the hash ----------------------------------------------------------------------------------- */

static struct group_entry *
find_group(const struct routing *routing, const struct guid *group)
{
    struct group_entry *entry;

    HASH_FIND(hh, routing->groups, group, sizeof(*group), entry);
    return entry;
}

static struct group_entry *
find_or_add_group(struct routing *routing, const struct guid *group)
{
    struct group_entry *entry = find_group(routing, group);

    if (entry != NULL)
        return entry;
    entry = calloc(1, sizeof(*entry));
    if (entry == NULL)
        return NULL;
    entry->group = *group;
    HASH_ADD(hh, routing->groups, group, sizeof(entry->group), entry);
    if (entry->hh.tbl == NULL) {
        free(entry);
        return NULL;
    }
    return entry;
}

static int
twice_fault(const struct environment *environment, int first, int second, struct error *ret_error)
{
    char group[GUID_TEXT_BYTES];

    return error_set(ret_error, ERROR_CONFIG,
                     "group %s has two routes to environment %s, with recipes %s and %s",
                     guid_format(&environment->routes[first].group, group), environment->name,
                     environment->routes[first].recipe, environment->routes[second].recipe);
}

/* Enters a route under its group; environments come in order, so a double one is the last. */
static int
add_route(struct routing *routing, struct route_id id, struct error *ret_error)
{
    const struct environment *environment = &routing->environments[id.environment];
    struct group_entry *entry = find_or_add_group(routing, &environment->routes[id.route].group);
    struct route_id *routes;

    if (entry == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for the routes");
    if (entry->count > 0 && entry->routes[entry->count - 1].environment == id.environment)
        return twice_fault(environment, entry->routes[entry->count - 1].route, id.route, ret_error);
    routes = realloc(entry->routes, (entry->count + 1) * sizeof(*routes));
    if (routes == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for the routes");
    entry->routes = routes;
    entry->routes[entry->count++] = id;
    return 0;
}

/* --- the whole ---------------------------------------------------------------------------------- */

static int
compile_route(struct routing *routing, struct route_id id, int *rivals, struct error *ret_error)
{
    struct environment *environment = &routing->environments[id.environment];
    struct route *route = &environment->routes[id.route];
    int count;

    routing->fault = id;
    route->environment = id.environment;
    if (add_route(routing, id, ret_error) == -1)
        return -1;
    count = collect_rivals(environment, (size_t)id.route, rivals, ret_error);
    if (count == -1)
        return -1;
    if (set_rivals(route, rivals, (size_t)count) == -1)
        return error_set(ret_error, ERROR_MEMORY, "no memory for the routes");
    return 0;
}

static int
compile_environment(struct routing *routing, int index, struct error *ret_error)
{
    struct environment *environment = &routing->environments[index];
    int *rivals = malloc((environment->route_count + 1) * sizeof(*rivals));
    int result = 0;

    environment->index = index;
    if (rivals == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for the routes");
    for (size_t i = 0; i < environment->route_count && result == 0; i++) {
        struct route_id id = {index, (int)i};

        result = compile_route(routing, id, rivals, ret_error);
    }
    free(rivals);
    return result;
}

int
routing_compile(struct routing *routing, struct error *ret_error)
{
    for (size_t i = 0; i < routing->environment_count; i++) {
        if (compile_environment(routing, (int)i, ret_error) == -1)
            return -1;
    }
    return 0;
}

size_t
routing_find(const struct routing *routing, const struct guid *group,
             const struct route_id **ret_routes)
{
    const struct group_entry *entry = find_group(routing, group);

    if (entry == NULL)
        return 0;
    *ret_routes = entry->routes;
    return entry->count;
}

size_t
route_set_words(const struct environment *environment)
{
    return environment->route_count == 0 ? 1 : (environment->route_count + 63) / 64;
}

/* --- the end ------------------------------------------------------------------------------------ */

static void
free_groups(struct routing *routing)
{
    struct group_entry *entry, *following;

    HASH_ITER (hh, routing->groups, entry, following) {
        HASH_DEL(routing->groups, entry);
        free(entry->routes);
        free(entry);
    }
}

static void
free_identity(struct identity *identity)
{
    free(identity->name);
    free(identity->secret_file);
    free(identity->secret_env);
}

static void
free_route(struct route *route)
{
    free(route->recipe);
    free(route->columns);
    free(route->roles);
    free(route->rivals);
}

static void
free_references(struct reference *references, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(references[i].name);
    free(references);
}

static void
free_environment(struct environment *environment)
{
    for (size_t i = 0; i < environment->column_count; i++)
        free(environment->columns[i].name);
    for (size_t i = 0; i < environment->attribute_count; i++)
        free(environment->attributes[i].name);
    for (size_t i = 0; i < environment->route_count; i++)
        free_route(&environment->routes[i]);
    free(environment->columns);
    free(environment->attributes);
    free(environment->routes);
    free_references(environment->units, environment->unit_count);
    free_references(environment->roles, environment->role_count);
    free(environment->name);
    free(environment->id);
    free(environment->url);
}

void
routing_free(struct routing *routing)
{
    free_groups(routing);
    for (size_t i = 0; i < routing->identity_count; i++)
        free_identity(&routing->identities[i]);
    for (size_t i = 0; i < routing->environment_count; i++)
        free_environment(&routing->environments[i]);
    free(routing->identities);
    free(routing->environments);
    *routing = (struct routing){0};
}
