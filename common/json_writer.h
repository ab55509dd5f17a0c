#ifndef JSON_WRITER_H
#define JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Writes JSON into a text, value after value; commas are its business. ${key} is NULL inside arrays
 * and for the root. Nothing is checked but depth: the caller writes well-formed documents. What goes
 * deeper than JSON_WRITER_MAX_DEPTH, or closes what is not open, makes the text fail.
 */

struct text;

enum { JSON_WRITER_MAX_DEPTH = 32 };

struct json_writer {
    struct text *text; /* the caller's */
    int depth;
    bool has_member[JSON_WRITER_MAX_DEPTH];
};

void json_writer_init(struct json_writer *writer, struct text *text);
void json_write_object(struct json_writer *writer, const char *key); /* opens */
void json_write_array(struct json_writer *writer, const char *key);  /* opens */
void json_write_object_end(struct json_writer *writer);
void json_write_array_end(struct json_writer *writer);

/* A string, which is UTF-8; NULL is written as null. */
void json_write_string(struct json_writer *writer, const char *key, const char *string);
void json_write_bytes(struct json_writer *writer, const char *key, const char *bytes,
                      size_t length);

void json_write_integer(struct json_writer *writer, const char *key, int64_t integer);

/* As many digits as ${number} needs to be read back; NaN and infinity, which JSON has not, as null. */
void json_write_number(struct json_writer *writer, const char *key, double number);

void json_write_boolean(struct json_writer *writer, const char *key, bool boolean);
void json_write_null(struct json_writer *writer, const char *key);

/* A value that is JSON already. */
void json_write_raw(struct json_writer *writer, const char *key, const char *json, size_t length);

#endif
