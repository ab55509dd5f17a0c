#ifndef TIMESTAMP_H
#define TIMESTAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Instants of wall time as text: milliseconds since 1970 in UTC, in and out. Pure. */

enum { TIMESTAMP_TEXT_BYTES = 25 }; /* "2026-01-31T23:59:59.999Z" and the NUL */

/*
 * Reads an RFC 3339 instant of exactly ${length} bytes: a zone is required (Z or ±hh:mm, either
 * case), any number of fraction digits is read and cut to milliseconds, a leap second counts as
 * the second after. False, with *${ret_ms} untouched, for anything else, impossible dates too.
 */
bool timestamp_parse(const char *text, size_t length, int64_t *ret_ms)
    __attribute__((warn_unused_result));

/*
 * Reads an HTTP date (RFC 9110 5.6.7), all three forms. Same contract. Two-digit years are those of 1970
 * to 2069; the name of the day is read but not held against the date.
 */
bool timestamp_parse_http(const char *text, size_t length, int64_t *ret_ms)
    __attribute__((warn_unused_result));

/*
 * Prints RFC 3339 in UTC with milliseconds and returns ${text}. What lies outside the years 0 to 9999
 * is printed as the nearest instant within them.
 */
const char *timestamp_format(int64_t wall_ms, char text[TIMESTAMP_TEXT_BYTES]);

#endif
