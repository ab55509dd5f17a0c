#ifndef VIEW_H
#define VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the model holds, and what it has seen, as JSON for tests and people. Reads only. What can be
 * long comes as lines, one JSON object each.
 */

struct guid;
struct model;
struct text;
struct world;
struct world_environment;

/*
 * The rows of ${environment} that claim ${user}: {"user", "rows": how many} and of the first one
 * "id", "unit", "disabled", "application", "version", "columns" (the custom ones by name), "roles" (root
 * ids) and "role_count" (roles that the world does not know counted too).
 */
void view_row(const struct world *world, const struct world_environment *environment,
              const struct guid *user, struct text *text);

/* A line for each person of the world that has a row there. */
void view_rows(const struct world *world, const struct world_environment *environment,
               struct text *text);

/* A line {"user"} for each who is in ${group} now, users and others. */
void view_members(struct model *model, const struct guid *group, struct text *text);

/* Which entries of the ledger are wanted; NULL and negative: all. */
struct view_filter {
    const char *service;
    const char *route;
    const char *environment;
    const struct guid *user;
    int64_t since; /* the first index */
    int64_t limit; /* at most so many lines */
    bool no_parts; /* parts of batches left out */
};
void view_ledger(const struct model *model, const struct view_filter *filter, struct text *text);

/* {"login": 3, …, "total": 9} */
void view_calls(const struct model *model, struct text *text);

/* {"upsert": 0, …, "total": 0} */
void view_offences(const struct model *model, struct text *text);

/* {"row_delay_ms": 8000, …} */
void view_settings(const struct model *model, struct text *text);

#endif
