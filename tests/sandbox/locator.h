#ifndef LOCATOR_H
#define LOCATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A request's target taken apart: the segments of its path and the options of its query, decoded.
 * Pure.
 */

struct error;

enum { LOCATOR_SEGMENTS = 4, LOCATOR_OPTIONS = 8 };

struct locator_option {
    const char *name;
    const char *value;
};

struct locator {
    char *bytes; /* what all below points into */
    const char *segments[LOCATOR_SEGMENTS];
    size_t segment_count;
    struct locator_option options[LOCATOR_OPTIONS];
    size_t option_count;
};

/*
 * Reads "/environments/x/rows?user=1". Errors: ERROR_INPUT (a bad escape, too many segments or
 * options), ERROR_MEMORY. The caller ends ${ret_locator} with locator_free, whatever came of it.
 */
int locator_parse(const char *text, struct locator *ret_locator, struct error *ret_error)
    __attribute__((warn_unused_result));
void locator_free(struct locator *locator);

/* The value of the option ${name}; NULL: it is not there. */
const char *locator_option(const struct locator *locator, const char *name);

/* The option as a whole number of at least 0; ${fallback} where it is absent. */
int locator_number(const struct locator *locator, const char *name, int64_t fallback,
                   int64_t *ret_number, struct error *ret_error)
    __attribute__((warn_unused_result));

/* Refuses options that are not among ${names}, which NULL ends. */
int locator_only(const struct locator *locator, const char *const *names, struct error *ret_error)
    __attribute__((warn_unused_result));

#endif
