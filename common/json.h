#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reading JSON from outside. The only place that includes json-c (0.16 to 0.18), which keeps the
 * values. What is JSON is decided by json_scan.h, to the letter: strict grammar, valid UTF-8, bounded
 * depth and size, no name twice in an object, no trailing bytes, nothing truncated. No getter turns one
 * type into another.
 *
 * Values are borrowed from the root and live as long as it does. Every reader takes NULL and
 * answers "absent", so that chains of json_get need no checks between.
 */

struct json;        /* a value */
struct json_parser; /* reusable; one parse at a time */
struct error;
struct text;

enum json_type {
    JSON_ABSENT,
    JSON_NULL,
    JSON_BOOLEAN,
    JSON_INTEGER, /* without fraction and exponent, and within int64_t */
    JSON_NUMBER,  /* any other */
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

/*
 * Refuses documents deeper than ${max_depth} (1 to 64: so many arrays and objects within each other) or
 * longer than ${max_bytes}. NULL: no memory.
 */
struct json_parser *json_parser_create(int max_depth, size_t max_bytes);
void json_parser_destroy(struct json_parser *parser);

/*
 * Parses exactly ${length} bytes. Returns the root, which the caller ends with json_free, or NULL
 * with ${ret_error} filled (ERROR_INPUT with the offset; ERROR_LIMIT; ERROR_MEMORY).
 */
struct json *json_parse(struct json_parser *parser, const char *bytes, size_t length,
                        struct error *ret_error) __attribute__((warn_unused_result));
void json_free(struct json *root);

enum json_type json_type(const struct json *value);
const char *json_type_name(enum json_type type);

/*
 * The member ${key} of an object; NULL when ${object} is none or has no such member. A member
 * that is null is a value of type JSON_NULL, not NULL.
 */
const struct json *json_get(const struct json *object, const char *key);

/*
 * The bytes of a string, NUL-terminated and without NUL inside; NULL for any other type, and for a string
 * that holds U+0000. ${ret_length} may be NULL.
 */
const char *json_string(const struct json *value, size_t *ret_length);

/* False, with the result untouched, for any other type; numbers that do not fit are refused. */
bool json_integer(const struct json *value, int64_t *ret_integer);
bool json_number(const struct json *value, double *ret_number); /* integers too; always finite */
bool json_boolean(const struct json *value, bool *ret_boolean);

size_t json_length(const struct json *array); /* 0 for other types */
const struct json *json_at(const struct json *array, size_t index);

/*
 * Walks an object's members in document order:
 * `struct json_member m = {0}; while (json_next(object, &m)) …`
 */
struct json_member {
    const char *key;
    const struct json *value;
    void *private_entry; /* json_next's own */
};
bool json_next(const struct json *object, struct json_member *member);

/* Adds ${value}, printed without spaces, to ${text}; an absent one as null. */
void json_print(const struct json *value, struct text *text);

/* The version of json-c that is loaded, e.g. "0.16". */
const char *json_library_version(void);

#endif
