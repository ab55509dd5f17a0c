#ifndef PROPERTIES_H
#define PROPERTIES_H

#include <librdkafka/rdkafka.h>

/*
 * librdkafka's properties: our defaults, what the operator's configuration adds or changes, and
 * what no configuration may change because a promise rests on it. One table for each of the three,
 * in this order of precedence, last one wins. Private to worker/kafka.
 */

struct error;

enum properties_role { PROPERTIES_CONSUMER, PROPERTIES_PRODUCER };

/*
 * A property that the caller sets; a table of them ends with a row whose name is NULL. NULL or
 * empty values are left out.
 */
struct property {
    const char *name;
    const char *value;
};

/*
 * The whole configuration for a handle of ${role}: ${own} are the caller's (servers, group …),
 * ${properties} the operator's, "name=value", NULL-terminated, NULL: none. The caller's to destroy,
 * or rd_kafka_new's. NULL with ERROR_CONFIG or ERROR_MEMORY.
 */
rd_kafka_conf_t *properties_conf(enum properties_role role, const struct property *own,
                                 const char *const *properties, struct error *ret_error);

/* ERROR_CONFIG for a property that is refused, or that librdkafka does not know or accept. */
int properties_check(const char *const *properties, struct error *ret_error)
    __attribute__((warn_unused_result));

#endif
