/* The union is built route by route; each target remembers which route claims it, to compare ranks. */
#include "want.h"

#include <stdlib.h>
#include <string.h>

int
want_init(struct want *want, const struct environment *environment)
{
    *want = (struct want){.environment = environment};
    want->column_routes = calloc(environment->column_count + 1, sizeof(want->column_routes[0]));
    want->columns = calloc(environment->column_count + 1, sizeof(want->columns[0]));
    want->roles = calloc(environment->role_count + 1, sizeof(want->roles[0]));
    return want->column_routes == NULL || want->columns == NULL || want->roles == NULL ? -1 : 0;
}

void
want_fini(struct want *want)
{
    free(want->column_routes);
    free(want->columns);
    free(want->roles);
    *want = (struct want){0};
}

void
want_clear(struct want *want)
{
    const struct environment *environment = want->environment;

    want->unit_route = NULL;
    memset(want->column_routes, 0, environment->column_count * sizeof(want->column_routes[0]));
    memset(want->columns, 0, environment->column_count * sizeof(want->columns[0]));
    memset(want->roles, 0, environment->role_count * sizeof(want->roles[0]));
    want->has_attributes = want->has_roles = false;
}

static bool
wins(const struct route *route, const struct route *other)
{
    return other == NULL || route->rank > other->rank;
}

void
want_add(struct want *want, const struct route *route)
{
    if (route->unit != NO_INDEX && wins(route, want->unit_route))
        want->unit_route = route;
    for (size_t i = 0; i < route->column_count; i++) {
        const struct column_rule *rule = &route->columns[i];

        if (!wins(route, want->column_routes[rule->column]))
            continue;
        want->column_routes[rule->column] = route;
        want->columns[rule->column] = rule;
        want->has_attributes = true;
    }
    for (size_t i = 0; i < route->role_count; i++) {
        want->roles[route->roles[i]] = true;
        want->has_roles = true;
    }
}
