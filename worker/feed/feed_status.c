/* What people, probes and Prometheus see of the feed: read-only walks over its groups. */
#include "error.h"
#include "feed_private.h"
#include "json_writer.h"
#include "lane.h"
#include "text.h"
#include "timestamp.h"

/* --- how the groups fare ---------------------------------------------------------------------- */

static bool
is_over(const struct walk *walk)
{
    return walk->state == WALK_ENDED || walk->state == WALK_HELD;
}

static bool
is_at_work(const struct feed *feed, const struct watch *watch)
{
    if (feed->setup.mode == FEED_MODE_WATCH)
        return watch->succeeded_ms == 0;
    return !is_over(&watch->round) || !is_over(&watch->census);
}

static bool
has_failed(const struct feed *feed, const struct watch *watch)
{
    if (feed->setup.mode == FEED_MODE_WATCH)
        return watch->round.failures > 0 || watch->census.failures > 0;
    return watch->round.is_given_up || watch->census.is_given_up;
}

static size_t *
count_of(const struct feed *feed, const struct watch *watch, struct feed_tally *tally)
{
    if (watch->round.state == WALK_HELD)
        return &tally->held;
    if (has_failed(feed, watch))
        return &tally->failed;
    if (watch->saved.is_gone)
        return &tally->gone;
    return is_at_work(feed, watch) ? &tally->at_work : &tally->done;
}

struct feed_tally
feed_tally(const struct feed *feed)
{
    struct feed_tally tally = {0};

    for (size_t i = 0; i < feed->setup.group_count; i++)
        ++*count_of(feed, &feed->watches[i], &tally);
    return tally;
}

bool
feed_is_finished(const struct feed *feed)
{
    if (!feed->is_leading || feed->setup.mode == FEED_MODE_WATCH ||
        !dispatch_is_empty(&feed->dispatch))
        return false;
    for (size_t i = 0; i < feed->setup.group_count; i++) {
        if (!is_over(&feed->watches[i].round) || !is_over(&feed->watches[i].census))
            return false;
    }
    return true;
}

/* --- /status ---------------------------------------------------------------------------------- */

static void
write_time(struct json_writer *writer, const char *key, int64_t wall_ms)
{
    char text[TIMESTAMP_TEXT_BYTES];

    json_write_string(writer, key, timestamp_format(wall_ms, text));
}

static void
write_walk(struct json_writer *writer, const char *key, const struct walk *walk)
{
    const struct clock *clock = walk->watch->feed->setup.clock;

    json_write_object(writer, key);
    json_write_string(writer, "state", walk_state_name(walk->state));
    if (walk->state == WALK_WAITING)
        write_time(writer, "next", clock->wall_ms + walk->at_ms - clock->mono_ms);
    json_write_integer(writer, "pages", walk->pages);
    json_write_integer(writer, "added", walk->added);
    json_write_integer(writer, "removed", walk->removed);
    json_write_integer(writer, "failures", walk->failures);
    if (walk->fault[0] != '\0')
        json_write_string(writer, "fault", walk->fault);
    json_write_boolean(writer, "given_up", walk->is_given_up);
    json_write_object_end(writer);
}

static void
write_group(struct json_writer *writer, const struct watch *watch)
{
    json_write_object(writer, NULL);
    json_write_string(writer, "group", watch->id);
    json_write_string(writer, "phase", saved_phase_name(watch->saved.phase));
    json_write_integer(writer, "generation", watch->saved.generation);
    json_write_integer(writer, "members", (int64_t)roster_count(&watch->roster));
    json_write_boolean(writer, "held", watch->round.state == WALK_HELD);
    json_write_boolean(writer, "gone", watch->saved.is_gone);
    if (watch->succeeded_ms != 0)
        write_time(writer, "last_success", watch->succeeded_ms);
    write_walk(writer, "round", &watch->round);
    write_walk(writer, "enumeration", &watch->census);
    json_write_object_end(writer);
}

static void
write_lane(struct json_writer *writer, struct lane *lane)
{
    json_write_object(writer, "lane");
    json_write_string(writer, "lane", lane_name(lane));
    json_write_integer(writer, "in_flight", (int64_t)lane_in_flight(lane));
    json_write_integer(writer, "waiting", (int64_t)lane_waiting(lane));
    json_write_number(writer, "budget_used_ratio", lane_used_ratio(lane));
    json_write_object_end(writer);
}

void
feed_status(const struct feed *feed, struct text *text)
{
    struct json_writer writer;

    json_writer_init(&writer, text);
    json_write_object(&writer, NULL);
    json_write_boolean(&writer, "leading", feed->is_leading);
    json_write_array(&writer, "groups");
    for (size_t i = 0; i < feed->setup.group_count; i++)
        write_group(&writer, &feed->watches[i]);
    json_write_array_end(&writer);
    write_lane(&writer, feed->lane);
    json_write_object_end(&writer);
}

/* --- gauges ----------------------------------------------------------------------------------- */

static void
lane_gauges(const struct feed *feed, feed_gauge_fn *gauge, void *context)
{
    struct lane *lane = feed->lane;
    const struct clock *clock = feed->setup.clock;
    int64_t not_before_ms = lane_not_before_ms(lane);
    int64_t wall_ms = not_before_ms == 0 ? 0 : clock->wall_ms + not_before_ms - clock->mono_ms;

    gauge(context, "lane_in_flight", lane_name(lane), (double)lane_in_flight(lane));
    gauge(context, "lane_waiting", lane_name(lane), (double)lane_waiting(lane));
    gauge(context, "lane_budget_used_ratio", lane_name(lane), lane_used_ratio(lane));
    gauge(context, "lane_not_before_timestamp_seconds", lane_name(lane), (double)wall_ms / 1000.0);
}

void
feed_gauges(const struct feed *feed, feed_gauge_fn *gauge, void *context)
{
    for (size_t i = 0; i < feed->setup.group_count; i++) {
        const struct watch *watch = &feed->watches[i];

        if (watch->succeeded_ms != 0)
            gauge(context, "delta_last_success_timestamp_seconds", watch->id,
                  (double)watch->succeeded_ms / 1000.0);
        gauge(context, "delta_held", watch->id, watch->round.state == WALK_HELD ? 1.0 : 0.0);
    }
    lane_gauges(feed, gauge, context);
}
