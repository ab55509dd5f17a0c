#ifndef JSON_SCHEMA_H
#define JSON_SCHEMA_H

#include <stdbool.h>

/*
 * As much of JSON Schema (2020-12) as this project's schemas use, to hold a schema and its decoder
 * together: type, required, properties, enum, pattern, format date-time, $ref into $defs. A
 * keyword it does not know fails the test, so that a schema never promises what nobody checks.
 */

struct json;

/* True when ${value} is valid under ${schema}, whose document is ${root}. */
bool json_schema_allows(const struct json *root, const struct json *schema,
                        const struct json *value);

#endif
