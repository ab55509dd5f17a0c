#ifndef VERSIONS_H
#define VERSIONS_H

/*
 * The libraries in this process, as loaded: for --version, the first line of the log, and
 * dvsync_build_info.
 */

struct library {
    const char *name;
    const char *(*version)(void);
};

enum { LIBRARIES = 4 };

extern const struct library libraries[LIBRARIES];

#endif
