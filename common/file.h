#ifndef FILE_H
#define FILE_H

#include <stddef.h>

#include "text.h"

/*
 * Whole small files: settings, secrets, certificates. Not for data, and not for the loop's turns:
 * reading blocks.
 */

struct error;

/*
 * Appends the bytes of ${path} to ${text}, at most ${max_bytes}. 0, or -1 with ${ret_error} filled:
 * ERROR_SYSTEM (${code} is errno's name), ERROR_LIMIT (larger than that), ERROR_MEMORY.
 */
int file_read(const char *path, size_t max_bytes, struct text *text, struct error *ret_error)
    __attribute__((warn_unused_result));

/*
 * The same for a secret: the line end that editors put behind it is cut off, a NUL byte inside is
 * refused (ERROR_INPUT). Read it again whenever it is used, and a changed secret needs no restart.
 */
int file_read_secret(const char *path, struct text *text, struct error *ret_error)
    __attribute__((warn_unused_result));

#endif
