#ifndef JSON_PIECE_H
#define JSON_PIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json.h"

/*
 * A name or a scalar as it stands in a document, which json_scan has found to be well formed, and what
 * it stands for. Pure.
 */

struct text;

/* ${bytes} are borrowed from the document: a string's without its quotes, with its escapes. */
struct json_piece {
    enum json_type type;
    const char *bytes;
    size_t length;
    bool has_escapes;
};

/* Adds the characters of a name or string to ${text}: its escapes are resolved. */
void json_piece_add(const struct json_piece *piece, struct text *text);

/* Reads digits with or without a minus. False, with the result untouched: beyond int64_t. */
bool json_piece_integer(const struct json_piece *piece, int64_t *ret_integer);

#endif
