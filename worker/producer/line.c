/* The options, and what they mean for the parts. */
#include <string.h>

#include "error.h"
#include "guid.h"
#include "intake.h"
#include "producer_private.h"
#include "settings.h"

const struct command_line_option producer_options[] = {
    {"once", NULL, offsetof(struct producer_line, is_once),
     "read each group's changes once, publish them, and exit"},
    {"backfill", NULL, offsetof(struct producer_line, is_backfill),
     "publish all present members on <topic>.backfill, and exit"},
    {"group", "ID", offsetof(struct producer_line, group),
     "only this one of the groups that are watched"},
    {"dry-run", NULL, offsetof(struct producer_line, is_dry),
     "print what would be published, write nothing, and exit"},
    {.name = NULL},
};

static const struct producer_line *
line_of(const struct command_line *line)
{
    return (const struct producer_line *)(const void *)line;
}

int
producer_check_line(const struct command_line *line, struct error *ret_error)
{
    const struct producer_line *own = line_of(line);
    struct guid group;

    if (own->is_once && own->is_backfill)
        return error_set(ret_error, ERROR_INPUT, "--once and --backfill are two different things");
    if (own->group == NULL)
        return 0;
    if (line_is_forever(own))
        return error_set(
            ret_error, ERROR_INPUT,
            "--group goes with --once, --backfill or --dry-run; what is watched stands "
            "in producer_groups");
    if (!guid_parse(own->group, strlen(own->group), &group))
        return error_set(ret_error, ERROR_INPUT,
                         "--group: found \"%.60s\", accepted is the object id of a group, a GUID",
                         own->group);
    return 0;
}

static bool
is_watched(const struct settings *settings, const char *text)
{
    struct guid group;

    for (size_t i = 0; i < settings->producer.group_count; i++)
        if (guid_parse(text, strlen(text), &group) &&
            guid_equal(&settings->producer.groups[i], &group))
            return true;
    return false;
}

int
producer_check(const struct settings *settings, const struct command_line *line,
               struct error *ret_error)
{
    const char *group = line_of(line)->group;
    size_t identity;

    if (settings->producer.group_count == 0)
        return error_set(
            ret_error, ERROR_CONFIG,
            "producer_groups: found none, and no routes; accepted is at least one group "
            "to watch");
    if (group != NULL && !is_watched(settings, group))
        return error_set(ret_error, ERROR_CONFIG,
                         "--group: %s is not among the groups that are watched", group);
    if (settings_producer_identity(settings, &identity, ret_error) != 0)
        return -1;
    return intake_check_properties((const char *const *)settings->kafka_properties, ret_error);
}

enum feed_mode
line_mode(const struct producer_line *line)
{
    if (line->is_backfill)
        return FEED_MODE_BACKFILL;
    return line->is_once || line->is_dry ? FEED_MODE_ONCE : FEED_MODE_WATCH;
}

bool
line_is_forever(const struct producer_line *line)
{
    return line_mode(line) == FEED_MODE_WATCH;
}

bool
line_needs_leadership(const struct producer_line *line)
{
    return !line->is_backfill && !line->is_dry;
}

bool
line_needs_kafka(const struct producer_line *line)
{
    return !(line->is_backfill && line->is_dry);
}

enum outbox_use
line_use(const struct producer_line *line)
{
    if (line->is_dry)
        return OUTBOX_READ;
    return line->is_backfill ? OUTBOX_BESIDE : OUTBOX_LEAD;
}
