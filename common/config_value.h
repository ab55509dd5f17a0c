#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include "config.h"
#include "config_node.h"

/*
 * One setting's value: between its field in the target and its text, which is the same in the
 * environment, in the table's default and (in quotes or not) in the file. Private to config.
 */

enum config_value_result {
    CONFIG_VALUE_SET,
    CONFIG_VALUE_REFUSED, /* the field is unchanged */
    CONFIG_VALUE_NO_MEMORY,
};

/* Reads ${text} into the field of ${setting} in ${target}. */
enum config_value_result config_value_read(const struct setting *setting, const char *text,
                                           void *target) __attribute__((warn_unused_result));

/* Appends the field's value as a text that config_value_read takes. */
void config_value_print(const struct setting *setting, const void *target, struct text *text);

/* Appends what is accepted: `a duration from 1s to 10m, as in "30s"`. */
void config_value_describe(const struct setting *setting, struct text *text);

/* True when the file may write it as a node of ${kind}. */
bool config_value_takes(const struct setting *setting, enum config_kind kind);

/* True for types whose values stand in quotes in the file. */
bool config_value_is_text(const struct setting *setting);

/* True for the types that are a char * in the target. */
bool config_value_is_string(const struct setting *setting);

/* The char * of such a setting. */
char **config_value_string(const struct setting *setting, void *target);

#endif
