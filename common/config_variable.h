#ifndef CONFIG_VARIABLE_H
#define CONFIG_VARIABLE_H

#include "config.h"

/*
 * The environment's side of the settings: names of variables, and applying them. Private to config.
 */

/* Appends DVSYNC_KAFKA_BOOTSTRAP_SERVERS for kafka.bootstrap_servers. */
void config_variable_name(const struct setting *setting, struct text *text);

/* Applies all of ${environment} that begins with DVSYNC_ to ${target}; refuses what is unknown. */
int config_variables_apply(const struct setting *table, char *const *environment, void *target,
                           struct error *ret_error) __attribute__((warn_unused_result));

#endif
