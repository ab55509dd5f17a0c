#ifndef CONFIG_NODE_H
#define CONFIG_NODE_H

#include "config.h"

/*
 * What the settings table needs to know of a file's nodes beyond config.h. Private to config, so
 * that libconfig's header stays in config_file.c and config_node.c.
 */

enum config_kind {
    CONFIG_GROUP,
    CONFIG_LIST,
    CONFIG_TEXT,
    CONFIG_INTEGER,
    CONFIG_REAL,
    CONFIG_BOOLEAN,
};

enum config_kind config_node_kind(const struct config_node *node);

/* "a group", "a text" …, as faults say it. */
const char *config_kind_name(enum config_kind kind);

/* The name within its group; NULL in a list. */
const char *config_node_name(const struct config_node *node);

/* Appends a scalar as it would stand in the environment; nothing for a group or a list. */
void config_node_print(const struct config_node *node, struct text *text);

/* The group of all top-level members. */
const struct config_node *config_root(const struct config *config);

/* The path that ${config} was read from. */
const char *config_path(const struct config *config);

#endif
