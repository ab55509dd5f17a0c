#ifndef MARK_H
#define MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guid.h"

/*
 * One member of one group as it is kept on the state topic: the key names group and user, the value
 * says in which full enumeration the member was seen last. Who has left has a tombstone. Pure.
 */

struct json_parser;

enum {
    MARK_KEY_BYTES = 2 * GUID_TEXT_BYTES, /* "<group>/<user>" and the NUL */
    MARK_VALUE_BYTES = 48,
};

struct mark {
    char key[MARK_KEY_BYTES];
    char value[MARK_VALUE_BYTES];
};

void mark_write(struct mark *mark, const char *group, const char *user, int64_t generation);

/* False: it is no key of a member of ${group}. */
bool mark_read_key(const char *key, size_t length, const char *group, struct guid *ret_user);

/* The generation. What cannot be read counts as the first: it is the key that says who is known. */
int64_t mark_read_value(struct json_parser *parser, const char *value, size_t length);

#endif
