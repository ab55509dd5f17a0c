#ifndef SETTINGS_PRIVATE_H
#define SETTINGS_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "settings.h"

/*
 * What the files of this module share: readers of the file's blocks into ${settings}. All of them
 * return 0, or -1 with ${ret_error} filled: ERROR_CONFIG with file and line, or ERROR_MEMORY. Texts
 * are borrowed from the file unless they end up in ${settings}.
 */

/* --- helpers (settings_node.c) ------------------------------------------------------------------ */

enum { NAME_BYTES_AT_MOST = 64 };

int settings_no_memory(struct error *ret_error);

/* Kafka's own limit to the name of a topic. */
enum { TOPIC_BYTES_AT_MOST = 249 };

/* True for what Kafka takes as the name of a topic, of ${most} bytes at most. */
bool settings_is_topic(const char *name, size_t most);

/* The file's block ${name}; NULL where there is no file or no such block. */
const struct config_node *settings_block(const struct config *config, const char *name);

/* ${ret_copy}: owned by the caller. */
int settings_copy(const char *text, char **ret_copy, struct error *ret_error)
    __attribute__((warn_unused_result));

/* Makes room for one more behind ${count} elements of ${size} bytes and zeroes it; NULL: no memory. */
void *settings_grow(void *array, size_t count, size_t size);

/* A member that names something: letters, digits, '.', '_', '-'; it ends up in labels of metrics. */
int settings_node_name(const struct config_node *group, const char *name, const char **ret,
                       struct error *ret_error) __attribute__((warn_unused_result));

/* A required member that is a GUID, not all zeroes. */
int settings_node_guid(const struct config_node *group, const char *name, struct guid *ret_guid,
                       struct error *ret_error) __attribute__((warn_unused_result));

/* A member that is a text of 1 to ${most} bytes, without control characters. */
int settings_node_label(const struct config_node *group, const char *name, size_t most,
                        const char **ret, struct error *ret_error)
    __attribute__((warn_unused_result));

/* Fills ${ret_error} with a fault of the member ${name}, or of ${group} where it is absent. */
#define settings_member_fault(group, name, ret_error, ...) \
    config_node_fault(settings_member_or_group(group, name), ret_error, __VA_ARGS__)
const struct config_node *settings_member_or_group(const struct config_node *group,
                                                   const char *name);

/* Calls ${read} for each member of the list ${block}, which must be a group; NULL: absent. */
typedef int settings_read_fn(void *context, const struct config_node *group,
                             struct error *ret_error);
int settings_each(const struct config_node *block, const char *what, settings_read_fn *read,
                  void *context, struct error *ret_error) __attribute__((warn_unused_result));

/* --- lists (settings_lists.c) ------------------------------------------------------------------- */

/* kafka_properties and bap_refusals; with kafka.sasl_password among the former. */
int settings_read_lists(const struct config *config, struct settings *settings,
                        struct error *ret_error) __attribute__((warn_unused_result));
void settings_free_list(char **list);
bool settings_is_secret_property(const char *property); /* "name=value": must not be shown */

/* --- retry topics (settings_tiers.c) ------------------------------------------------------------ */

/* Into ${settings}, whose topics are known by now; without the block the two standard ones. */
int settings_read_tiers(const struct config *config, struct settings *settings,
                        struct error *ret_error) __attribute__((warn_unused_result));
void settings_free_tiers(struct settings *settings);

/* --- identities and environments (settings_environments.c) -------------------------------------- */

int settings_read_identities(const struct config *config, struct settings *settings,
                             struct error *ret_error) __attribute__((warn_unused_result));
int settings_read_environments(const struct config *config, struct settings *settings,
                               struct error *ret_error) __attribute__((warn_unused_result));

extern const char *const settings_disabled_rows[]; /* by enum disabled_rows */
extern const char *const settings_move_roles[];    /* by enum move_roles */

/* --- recipes (settings_recipes.c) --------------------------------------------------------------- */

extern const char *const settings_policies[]; /* by enum policy */
extern const char *const settings_absents[];  /* by enum absent */

/* A business unit or role by its name or, where that is "", its id. */
struct recipe_reference {
    struct guid id;
    const char *name;
};

struct recipe_column {
    const struct config_node *node;
    const char *name;
    enum column_type type;
    const char *attribute;
    enum policy policy;
    enum absent absent;
};

/* A recipe as it stands in the file, not yet resolved against an environment. */
struct recipe {
    const char *name;
    bool has_unit;
    struct recipe_reference unit;
    enum policy unit_policy;
    struct recipe_column *columns;
    size_t column_count;
    struct recipe_reference *roles;
    size_t role_count;
};

struct recipes {
    struct recipe *list;
    size_t count;
};

/* ${recipes}, empty before, is to be freed in either case. */
int settings_read_recipes(const struct config *config, struct recipes *recipes,
                          struct error *ret_error) __attribute__((warn_unused_result));
void settings_free_recipes(struct recipes *recipes);
const struct recipe *settings_find_recipe(const struct recipes *recipes, const char *name);

/* --- routes (settings_routes.c) ----------------------------------------------------------------- */

enum { RANK_AT_MOST = 1000000 };

/* Adds the routes to the environments, and compiles them. */
int settings_read_routes(const struct config *config, const struct recipes *recipes,
                         struct settings *settings, struct error *ret_error)
    __attribute__((warn_unused_result));

/* --- the producer (settings_producer.c) --------------------------------------------------------- */

/* The groups to watch, and whether the identity that is named exists. After the routes. */
int settings_read_producer(const struct config *config, struct settings *settings,
                           struct error *ret_error) __attribute__((warn_unused_result));

#endif
