#ifndef VERSIONS_H
#define VERSIONS_H

/*
 * The libraries in this process, as loaded: for --version, the first line of the log, and
 * dvsync_build_info.
 */

struct metrics;

struct library {
    const char *name;
    const char *(*version)(void);
};

enum { LIBRARIES = 6 };

extern const struct library libraries[LIBRARIES];

/*
 * Declares dvsync_build_info in ${metrics}, with the versions of as many as a family has labels.
 * -1: no memory.
 */
int versions_declare(struct metrics *metrics) __attribute__((warn_unused_result));

#endif
