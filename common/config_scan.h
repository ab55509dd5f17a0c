#ifndef CONFIG_SCAN_H
#define CONFIG_SCAN_H

#include <stddef.h>

/*
 * A look at a settings file before libconfig reads it: finds what libconfig would take in silence
 * and get wrong. Private to config.
 */

struct error;

/*
 * 0, or -1 with ${ret_error} filled (ERROR_CONFIG, ${path} and line): an integer that does not fit
 * 32 bits without the suffix L, or 64 bits with it; @include; bytes that are no UTF-8 text.
 */
int config_scan(const char *bytes, size_t length, const char *path, struct error *ret_error)
    __attribute__((warn_unused_result));

#endif
