/* Makes and ends what belongs to one watched group. */
#include "watch.h"

#include "feed_private.h"

void
watch_init(struct watch *watch, struct feed *feed, const struct feed_group *group)
{
    *watch = (struct watch){.feed = feed, .group = group};
    guid_format(&group->id, watch->id);
    roster_init(&watch->roster);
    walk_init(&watch->round, watch, &round_rules);
    walk_init(&watch->census, watch, &census_rules);
}

void
watch_begin(struct watch *watch, struct saved *saved)
{
    watch->saved = *saved;
    *saved = (struct saved){0};
    watch->resyncs = 0;
    watch->succeeded_ms = 0;
    round_begin(watch);
    census_begin(watch);
}

void
watch_stop(struct watch *watch)
{
    walk_stop(&watch->round);
    walk_stop(&watch->census);
    saved_free(&watch->saved);
    roster_free(&watch->roster);
}

void
watch_tell(const struct watch *watch, const struct feed_report *report)
{
    const struct feed_ports *ports = &watch->feed->setup.ports;

    ports->told(ports->context, report);
}

void
watch_gone(struct watch *watch, const struct walk *walk, const char *reason)
{
    struct feed_report report = walk_report(walk, FEED_NEWS_GONE);

    if (watch->saved.is_gone)
        return;
    watch->saved.is_gone = true;
    report.reason = reason;
    watch_tell(watch, &report);
}
