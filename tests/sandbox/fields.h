#ifndef FIELDS_H
#define FIELDS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Reads a JSON object into a struct by a table, one row a member: type, place, whether it must be
 * there, and a line of help from which the documentation is made. What the table does not name is
 * refused, so that a slip of the pen in a test shows at once. Pure.
 */

struct error;
struct json;

enum field_type {
    FIELD_GUID,    /* struct guid */
    FIELD_STRING,  /* const char *, borrowed from the document */
    FIELD_BOOLEAN, /* bool */
    FIELD_INTEGER, /* int64_t */
    FIELD_NUMBER,  /* double */
    FIELD_INSTANT, /* int64_t, wall ms; RFC 3339 text or milliseconds */
    FIELD_OBJECT,  /* const struct json *, borrowed */
    FIELD_ARRAY,   /* const struct json * */
    FIELD_ANY,     /* const struct json * */
};

/* One row; a table ends with FIELDS_END. */
struct field {
    const char *name;
    enum field_type type;
    size_t offset; /* of the member in the target */
    bool required;
    const char *help;
};

#define FIELDS_END                      \
    {                                   \
        NULL, FIELD_ANY, 0, false, NULL \
    }

/*
 * Reads ${object} into ${target}, which holds the defaults. Errors: ERROR_INPUT, naming the member,
 * what was found and what is wanted; ${target} is undefined then.
 */
int fields_read(const struct field *table, const struct json *object, void *target,
                struct error *ret_error) __attribute__((warn_unused_result));

/* What a value of ${type} looks like, for documentation and messages: "an integer". */
const char *field_type_name(enum field_type type);

#endif
