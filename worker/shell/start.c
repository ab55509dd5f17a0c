/* The log, its first line, the admin endpoint. */
#include "start.h"

#include <string.h>

#include "admin.h"
#include "error.h"
#include "log.h"
#include "settings.h"
#include "versions.h"

enum { FIELDS_AT_MOST = 16 };

struct log *
start_log(const struct settings *settings, int fd, const struct clock *clock,
          struct error *ret_error)
{
    struct log *log =
        log_create(fd, (enum log_format)settings->log_format, (enum log_level)settings->log_level,
                   (int)settings->log_burst, clock);

    if (log == NULL)
        error_set(ret_error, ERROR_MEMORY, "no memory for the log");
    return log;
}

void
start_say(struct log *log, const char *message, const struct log_field *fields, size_t count)
{
    struct log_field all[FIELDS_AT_MOST + LIBRARIES];

    if (count > FIELDS_AT_MOST)
        count = FIELDS_AT_MOST;
    memcpy(all, fields, count * sizeof(*fields));
    for (size_t i = 0; i < LIBRARIES; i++)
        all[count + i] = log_string(libraries[i].name, libraries[i].version());
    log_write(log, LOG_INFO, message, all, count + LIBRARIES);
}

struct admin *
start_admin(const struct start_door *door, struct log *log, struct error *ret_error)
{
    struct admin *admin = admin_create(door->address, door->routes, door->context, ret_error);

    if (admin == NULL) {
        error_prefix(ret_error, "%s", door->setting);
        return NULL;
    }
    log_line(log, LOG_INFO, "the admin endpoint listens", log_integer("port", admin_port(admin)));
    return admin;
}
