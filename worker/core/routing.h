#ifndef ROUTING_H
#define ROUTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guid.h"
#include "value.h"

/*
 * The compiled table group → environment → recipe: what must be true of whom, and where. Made once
 * from the configuration (worker/settings), immutable after it, borrowed by all.
 *
 * Everything is an index: an environment lists the distinct columns, attributes, units and roles
 * that its recipes name, so that a row read from Dataverse is an array of values parallel to
 * ${columns}, a person read from Graph one parallel to ${attributes}, and a set of routes is a bit
 * set.
 */

struct error;

enum policy { POLICY_ENFORCE, POLICY_INITIAL };
enum absent { ABSENT_LEAVE, ABSENT_CLEAR };
enum disabled_rows { DISABLED_ENABLE, DISABLED_LEAVE };
enum move_roles { MOVE_KEEP, MOVE_DROP, MOVE_ORGANISATION_KEEPS };

enum { NO_INDEX = -1 };

/* Who we are towards the services. */
struct identity {
    char *name;
    struct guid tenant;
    struct guid client;
    char *secret_file; /* "" : not from a file */
    char *secret_env;  /* name of a variable; "" : not from there */
};

/* A business unit or role that recipes name: by id, or by name when the id is zero. */
struct reference {
    struct guid id;
    char *name; /* "" when by id */
};

struct column {
    char *name; /* logical name, [a-z][a-z0-9_]* */
    enum column_type type;
};

/* A Graph property in the type its column wants: one that feeds columns of two types is two of these. */
struct attribute {
    /* "department", "extension_…"; "onPremisesExtensionAttributes/extensionAttribute3" is a member
     * of that object */
    char *name;
    enum column_type type;
};

/* "column C gets attribute A" of one recipe. */
struct column_rule {
    int column;    /* index into the environment's columns */
    int attribute; /* index into the environment's attributes */
    enum policy policy;
    enum absent absent;
};

/* What a group's members must have in one environment: a recipe resolved against that one. */
struct route {
    struct guid group;
    char *recipe; /* its name: routes of one recipe never contend */
    int environment;
    int64_t rank; /* higher wins; ROUTE_NO_RANK */
    int unit;     /* index into the environment's units, NO_INDEX: none */
    enum policy unit_policy;
    struct column_rule *columns;
    size_t column_count;
    int *roles; /* indexes into the environment's roles */
    size_t role_count;
    /* the routes of other recipes that claim a target of this one's, ascending */
    int *rivals;
    size_t rival_count;
};

#define ROUTE_NO_RANK INT64_MIN

struct environment {
    int index;
    char *name;
    char *id;  /* as Power Platform has it: a GUID or "Default-<guid>" */
    char *url; /* of its Dataverse, no trailing slash */
    int identity;
    bool has_graph; /* Graph may be asked for its users */
    enum disabled_rows disabled_rows;
    enum move_roles move_roles;
    struct column *columns;
    size_t column_count;
    struct attribute *attributes;
    size_t attribute_count;
    struct reference *units;
    size_t unit_count;
    struct reference *roles;
    size_t role_count;
    struct route *routes;
    size_t route_count;
};

/* One of a group's routes, at most one per environment. */
struct route_id {
    int environment;
    int route; /* environment-local */
};

struct routing {
    struct identity *identities;
    size_t identity_count;
    struct environment *environments;
    size_t environment_count;
    struct group_entry *groups; /* hash: group → its routes */
    struct route_id fault; /* after routing_compile has failed: the later of the routes it names */
};

/*
 * Makes the hash and the rivals of a table whose arrays stand, and numbers its environments and
 * routes. ERROR_CONFIG, naming both routes, when two recipes of one environment claim one target and
 * a rank is missing or equal, or when a group has two routes to one environment; ERROR_MEMORY. It is
 * to be freed in either case, and not compiled again.
 */
int routing_compile(struct routing *routing, struct error *ret_error)
    __attribute__((warn_unused_result));
void routing_free(struct routing *routing); /* all it owns; NULL fields are fine */

/* How many routes ${group} has, in order of environment; 0: unrouted. O(1). */
size_t routing_find(const struct routing *routing, const struct guid *group,
                    const struct route_id **ret_routes);

/* --- sets of one environment's routes ----------------------------------------------------------- */

/* Words of 64 bits that a set of ${environment}'s routes takes; at least 1. */
size_t route_set_words(const struct environment *environment);

static inline void
route_set_add(uint64_t *set, int route)
{
    set[route / 64] |= UINT64_C(1) << (route % 64);
}

static inline void
route_set_remove(uint64_t *set, int route)
{
    set[route / 64] &= ~(UINT64_C(1) << (route % 64));
}

static inline bool
route_set_has(const uint64_t *set, int route)
{
    return (set[route / 64] >> (route % 64) & 1) != 0;
}

#endif
