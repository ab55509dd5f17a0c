#ifndef WORLD_H
#define WORLD_H

#include <stddef.h>
#include <stdint.h>

#include "fields.h"
#include "guid.h"

/*
 * Puts things into the model out of JSON objects: tenants' applications, environments, people, rows,
 * faults, … Each kind of thing is a collection, with a table of the members that its objects have;
 * the control API and a world file are two doors to the same collections.
 *
 * It also remembers what the model cannot list: environments with their columns and roles, and people.
 */

struct world;
struct model;
struct clock;
struct error;
struct json;

/*
 * Called when an environment was added, to give its Dataverse an origin on ${port} (0: any). The
 * origin, which the world copies, or NULL with ${ret_error} filled.
 */
typedef const char *world_open(void *arg, const char *environment, uint16_t port,
                               struct error *ret_error);

struct world_settings {
    struct model *model;
    const struct clock *clock; /* joins, leaves and delays count from its instant */
    world_open *open;          /* NULL: origins are not the world's business */
    void *open_arg;
};

/* What the world remembers of an environment. */
struct world_environment {
    char *id;
    char *origin;       /* "" without Dataverse */
    char **columns;     /* custom ones, NULL-terminated */
    struct guid *roles; /* root roles */
    size_t role_count;
    struct world_environment *next; /* the one that was added after it */
};

/* Copies ${settings}; the model and the clock are borrowed. NULL: no memory. */
struct world *world_create(const struct world_settings *settings);
void world_destroy(struct world *world);

/*
 * Adds ${things}, one object or an array of them, to the collection ${name}, in order. *${ret_count}
 * is how many were added; after an error (ERROR_INPUT, which names the index) those before it stay.
 */
int world_add(struct world *world, const char *name, const struct json *things, size_t *ret_count,
              struct error *ret_error) __attribute__((warn_unused_result));

/* Sets the model's settings that are the members of ${object}, in order, up to the first bad one. */
int world_set(struct world *world, const struct json *object, struct error *ret_error)
    __attribute__((warn_unused_result));

/* A whole world: an object with "settings" and collections, which are added in the table's order. */
int world_load(struct world *world, const struct json *document, struct error *ret_error)
    __attribute__((warn_unused_result));

struct model *world_model(const struct world *world);

/* All environments, in order of age. */
const struct world_environment *world_environments(const struct world *world);
/* NULL: there is none of that id. */
const struct world_environment *world_environment(const struct world *world, const char *id);

/* The person that was added after ${after} (NULL: the first one); NULL: no more. Includes the
 * object ids of rows that were seeded. */
const struct guid *world_next_user(const struct world *world, const struct guid *after);

/* --- the collections -------------------------------------------------------------------------- */

struct world_collection {
    const char *name;
    const char *help;
    const struct field *fields;
    int (*add)(struct world *world, const struct json *object, struct error *ret_error);
};

/* The ${index}-th of all, in the order in which a world file's members are added; NULL: no more. */
const struct world_collection *world_collection_at(size_t index);

/* The tables that it is made of, each in the file of its name. */
extern const struct world_collection world_environment_collections[];
extern const struct world_collection world_people_collections[];
extern const struct world_collection world_row_collections[];

/* What these files need: the settings of world_create, refusals, and to have things remembered. */
const struct world_settings *world_given(const struct world *world);
int world_refuse(const char *why, struct error *ret_error);
int world_check_environment(const struct world *world, const char *id, struct error *ret_error)
    __attribute__((warn_unused_result));
/* Everything is copied; the lists end with NULL. */
int world_note_environment(struct world *world, const char *id, const char *origin,
                           const char *const *text_columns, const char *const *integer_columns,
                           struct error *ret_error) __attribute__((warn_unused_result));
int world_note_role(struct world *world, const char *id, const struct guid *role,
                    struct error *ret_error) __attribute__((warn_unused_result));
int world_note_user(struct world *world, const struct guid *user, struct error *ret_error)
    __attribute__((warn_unused_result));

#endif
