#ifndef DIRECTORY_H
#define DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "guid.h"
#include "routing.h"

/*
 * What one environment says of its business units and roles: which unit is the root, what ids the units named in recipes have,
 * and which copy of a role belongs to which unit. Plain facts that others read and write; who asks for them is sync's
 * business. Facts are kept until directory_forget (a fault of the configuration is being probed, a copy was refused).
 */

struct directory;

struct directory *directory_create(const struct environment *environment); /* NULL: no memory */
void directory_destroy(struct directory *directory);
void directory_forget(struct directory *directory);

/* --- units --- */
bool directory_has_units(const struct directory *directory);
const struct guid *directory_root_unit(const struct directory *directory); /* NULL: not known */
const struct guid *directory_unit(const struct directory *directory,
                                  int unit); /* by the environment's index; NULL: not known */
const struct guid *directory_role_root(const struct directory *directory,
                                       int role); /* likewise; the role's root id */

struct unit_entry;
struct role_entry;

/*
 * Takes the answer for units in. Returns the name (or NULL) of the first unit of the environment that is not among them: a fault of
 * the configuration; nothing is known then.
 */
const char *directory_learn_units(struct directory *directory, const struct unit_entry *units,
                                  size_t count);

/* The same for roles that recipes name, found in the root unit; those given by id are root roles and known from the start. */
const char *directory_learn_roles(struct directory *directory, const struct role_entry *roles,
                                  size_t count);
bool directory_has_roles(const struct directory *directory);

/* --- copies --- */
enum copy { COPY_UNKNOWN, COPY_NONE, COPY_FOUND };

/* The copy of ${root} that belongs to ${unit}. O(1). */
enum copy directory_copy(const struct directory *directory, const struct guid *root,
                         const struct guid *unit, struct guid *ret_copy);

/*
 * Takes in the answer to "which copies of these ${roots} are in ${unit}?": those that are not among ${roles} have none. -1: no memory
 * (what was taken in stays).
 */
int directory_learn_copies(struct directory *directory, const struct guid *unit,
                           const struct guid *roots, size_t root_count,
                           const struct role_entry *roles, size_t count);

#endif
