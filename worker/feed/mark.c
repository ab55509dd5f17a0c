/* See mark.h. */
#include "mark.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "json.h"

enum { GUID_LENGTH = GUID_TEXT_BYTES - 1, KEY_LENGTH = MARK_KEY_BYTES - 1 };

void
mark_write(struct mark *mark, const char *group, const char *user, int64_t generation)
{
    snprintf(mark->key, sizeof(mark->key), "%s/%s", group, user);
    snprintf(mark->value, sizeof(mark->value), "{\"version\":1,\"seen\":%" PRId64 "}", generation);
}

bool
mark_read_key(const char *key, size_t length, const char *group, struct guid *ret_user)
{
    return length == KEY_LENGTH && key[GUID_LENGTH] == '/' &&
           memcmp(key, group, GUID_LENGTH) == 0 &&
           guid_parse(key + GUID_LENGTH + 1, GUID_LENGTH, ret_user);
}

int64_t
mark_read_value(struct json_parser *parser, const char *value, size_t length)
{
    struct json *root = json_parse(parser, value, length, NULL);
    int64_t generation = 1;

    if (!json_integer(json_get(root, "seen"), &generation) || generation < 1)
        generation = 1;
    json_free(root);
    return generation;
}
