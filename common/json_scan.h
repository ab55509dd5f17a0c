#ifndef JSON_SCAN_H
#define JSON_SCAN_H

#include <stddef.h>

#include "json.h"
#include "json_piece.h"

/*
 * Reads JSON by RFC 8259 to the letter, in one pass and without memory, and hands each piece to a sink
 * as it goes. json.c builds its trees that way; nobody else needs it.
 *
 * Why not json-c's tokener: even when told to be strict it takes single quotes, NaN, lone surrogates
 * and broken UTF-8, clamps integers, lets the last of two equal names win and, up to 0.16, passes off a
 * tree that lacks memory as whole; and it takes twice the time.
 */

struct error;

enum { JSON_SCAN_MAX_DEPTH = 64 };

/*
 * Who takes the pieces, in the order of the document. The functions return 0, or -1 with ${ret_error}
 * filled, which ends the scan. A name is followed by its value; both ends of the root are told.
 */
struct json_sink {
    int (*open)(void *arg, enum json_type type, struct error *ret_error); /* object or array */
    void (*close)(void *arg);
    int (*name)(void *arg, const struct json_piece *name, struct error *ret_error);
    int (*scalar)(void *arg, const struct json_piece *scalar, struct error *ret_error);
};

/*
 * Scans exactly ${length} ${bytes}: one value with blanks around it, well-formed UTF-8, surrogates in
 * pairs, no U+0000 in a name, at most ${max_depth} (1 to JSON_SCAN_MAX_DEPTH) arrays and objects within
 * each other. Names are not compared. The sink may have taken pieces of what turns out to be no JSON.
 *
 * 0, or -1 with ${ret_error} filled: ERROR_LIMIT when it is too deep, ERROR_INPUT with the offset, or
 * the sink's own.
 */
int json_scan(const char *bytes, size_t length, int max_depth, const struct json_sink *sink,
              void *arg, struct error *ret_error) __attribute__((warn_unused_result));

#endif
