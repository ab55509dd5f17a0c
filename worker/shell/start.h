#ifndef START_H
#define START_H

#include <stddef.h>

/* What both programs do in the same way while they set themselves up. */

struct admin;
struct admin_route;
struct clock;
struct error;
struct log;
struct log_field;
struct settings;

/* The log on ${fd}, as the settings want it. NULL with ${ret_error} filled. */
struct log *start_log(const struct settings *settings, int fd, const struct clock *clock,
                      struct error *ret_error);

/* The first line: ${message}, the ${count} (at most 16) fields, and the libraries' versions. */
void start_say(struct log *log, const char *message, const struct log_field *fields, size_t count);

/* Where the admin endpoint is to listen, and the setting that says so. */
struct start_door {
    const char *address;
    const char *setting;
    const struct admin_route *routes;
    void *context;
};

/* NULL with ${ret_error} filled. */
struct admin *start_admin(const struct start_door *door, struct log *log, struct error *ret_error);

#endif
