/* What people, probes and Prometheus see of the engine: read-only walks over its parts. */
#include <stdlib.h>

#include "engine_private.h"
#include "json_writer.h"
#include "text.h"
#include "timestamp.h"

enum { OLDEST_SHOWN = 20 };

bool
engine_is_ready(const struct engine *engine)
{
    int64_t since_ms;

    for (size_t i = 0; i < engine->core.routing->environment_count; i++) {
        if (site_fault(engine->sites[i], &since_ms) == NULL)
            return true;
    }
    return engine->core.routing->environment_count == 0;
}

/* --- when the oldest unsettled event of a partition was written --------------------------------- */

static bool
is_from(const struct ticket *ticket, const struct window *window)
{
    return ticket->record->window == window;
}

static int64_t
oldest_of(const struct tickets *tickets, const struct window *window, int64_t oldest_ms)
{
    for (struct ticket *ticket = tickets_first(tickets); ticket != NULL;
         ticket = tickets_next(tickets, ticket)) {
        int64_t at_ms = record_latest_ms(ticket->record);

        if (is_from(ticket, window) && at_ms >= 0 && (oldest_ms == 0 || at_ms < oldest_ms))
            oldest_ms = at_ms;
    }
    return oldest_ms;
}

/* Wall time of the oldest unsettled record of ${window}; 0: none is known. O(unsettled events). */
static int64_t
oldest_unsettled_ms(const struct engine *engine, const struct window *window)
{
    int64_t oldest_ms;

    if (window_unsettled(window) == 0)
        return 0;
    oldest_ms = strays_oldest_ms(engine->strays, window);
    for (struct job *job = workqueue_first(engine->workqueue); job != NULL;
         job = workqueue_next(job)) {
        oldest_ms = oldest_of(&job->tickets, window, oldest_ms);
        oldest_ms = oldest_of(&job->late, window, oldest_ms);
    }
    return oldest_ms;
}

/* --- /status ------------------------------------------------------------------------------------- */

static void
write_time(struct json_writer *writer, const char *key, int64_t wall_ms)
{
    char text[TIMESTAMP_TEXT_BYTES];

    json_write_string(writer, key, timestamp_format(wall_ms, text));
}

static void
write_partition(struct json_writer *writer, const struct engine *engine,
                const struct partition_state *state)
{
    int64_t oldest_ms = oldest_unsettled_ms(engine, state->window);

    json_write_object(writer, NULL);
    json_write_string(writer, "topic", engine->core.topics[state->topic]);
    json_write_integer(writer, "partition", state->partition);
    json_write_integer(writer, "committed", state->committed);
    json_write_integer(writer, "watermark", window_watermark(state->window));
    json_write_integer(writer, "next", window_next(state->window));
    json_write_integer(writer, "end", state->end);
    json_write_integer(writer, "unsettled", (int64_t)window_unsettled(state->window));
    json_write_integer(writer, "lost", (int64_t)state->lost);
    if (oldest_ms != 0)
        write_time(writer, "oldest_unsettled", oldest_ms);
    json_write_object_end(writer);
}

static void
write_lane(struct json_writer *writer, struct lane *lane, int64_t now_ms)
{
    json_write_object(writer, NULL);
    json_write_string(writer, "lane", lane_name(lane));
    json_write_integer(writer, "in_flight", (int64_t)lane_in_flight(lane));
    json_write_integer(writer, "waiting", (int64_t)lane_waiting(lane));
    json_write_number(writer, "budget_used_ratio", lane_used_ratio(lane));
    if (lane_not_before_ms(lane) != 0)
        json_write_integer(writer, "held_ms", lane_not_before_ms(lane) - now_ms);
    json_write_object_end(writer);
}

static void
write_environment(struct json_writer *writer, const struct engine *engine, const struct site *site)
{
    int64_t since_ms = 0;
    const char *fault = site_fault(site, &since_ms);
    const struct clock *clock = engine->core.clock;

    json_write_object(writer, NULL);
    json_write_string(writer, "environment", site->environment->name);
    json_write_string(writer, "misconfigured", fault);
    if (fault != NULL)
        write_time(writer, "since", clock->wall_ms - (clock->mono_ms - since_ms));
    json_write_object_end(writer);
}

static void
count_states(const struct engine *engine, size_t counts[JOB_STATES])
{
    for (struct job *job = workqueue_first(engine->workqueue); job != NULL;
         job = workqueue_next(job))
        counts[job->state]++;
}

static void
write_jobs(struct json_writer *writer, const struct engine *engine)
{
    size_t counts[JOB_STATES] = {0};

    count_states(engine, counts);
    json_write_object(writer, "jobs");
    for (enum job_state state = 0; state < JOB_STATES; state++)
        json_write_integer(writer, job_state_name(state), (int64_t)counts[state]);
    json_write_object_end(writer);
}

/* --- the oldest ---------------------------------------------------------------------------------- */

struct oldest {
    const struct job *job;
    const struct ticket *ticket;
};

static int64_t
age_key(const struct oldest *oldest)
{
    return record_latest_ms(oldest->ticket->record);
}

/* Puts ${candidate} into its place among at most OLDEST_SHOWN, oldest first. */
static size_t
insert(struct oldest *list, size_t count, struct oldest candidate)
{
    size_t at = count;

    while (at > 0 && age_key(&list[at - 1]) > age_key(&candidate))
        at--;
    if (at == OLDEST_SHOWN)
        return count;
    if (count < OLDEST_SHOWN)
        count++;
    for (size_t i = count - 1; i > at; i--)
        list[i] = list[i - 1];
    list[at] = candidate;
    return count;
}

static size_t
insert_all(struct oldest *list, size_t count, const struct job *job, const struct tickets *tickets)
{
    for (struct ticket *ticket = tickets_first(tickets); ticket != NULL;
         ticket = tickets_next(tickets, ticket)) {
        if (!record_is_stale(ticket->record))
            count = insert(list, count, (struct oldest){job, ticket});
    }
    return count;
}

static size_t
find_oldest(const struct engine *engine, struct oldest *list)
{
    size_t count = 0;

    for (struct job *job = workqueue_first(engine->workqueue); job != NULL;
         job = workqueue_next(job)) {
        count = insert_all(list, count, job, &job->tickets);
        count = insert_all(list, count, job, &job->late);
    }
    return count;
}

static void
write_oldest(struct json_writer *writer, const struct engine *engine, const struct oldest *oldest)
{
    const struct job *job = oldest->job;
    const struct record *record = oldest->ticket->record;
    char text[GUID_TEXT_BYTES];

    json_write_object(writer, NULL);
    json_write_string(writer, "topic", engine->core.topics[window_topic(record->window)]);
    json_write_integer(writer, "partition", window_partition(record->window));
    json_write_integer(writer, "offset", window_offset(record->window, record->serial));
    json_write_string(writer, "environment", job->environment->name);
    json_write_string(writer, "user", guid_format(&job->key.user, text));
    json_write_string(writer, "group",
                      guid_format(&job->environment->routes[oldest->ticket->route].group, text));
    json_write_string(writer, "state", job_state_name(job->state));
    json_write_string(writer, "reason", job->reason);
    json_write_string(writer, "detail", job->detail);
    json_write_integer(writer, "attempts", job->attempts);
    if (record_latest_ms(record) >= 0)
        write_time(writer, "since", record_latest_ms(record));
    if (timer_is_set(&job->timer))
        json_write_integer(writer, "next_try_in_ms",
                           job->timer.at_ms - engine->core.clock->mono_ms);
    json_write_object_end(writer);
}

static void
write_all_oldest(struct json_writer *writer, const struct engine *engine)
{
    struct oldest list[OLDEST_SHOWN];
    size_t count = find_oldest(engine, list);

    json_write_array(writer, "oldest");
    for (size_t i = 0; i < count; i++)
        write_oldest(writer, engine, &list[i]);
    json_write_array_end(writer);
}

void
engine_status(const struct engine *engine, struct text *text)
{
    struct json_writer writer;

    json_writer_init(&writer, text);
    json_write_object(&writer, NULL);
    json_write_integer(&writer, "unsettled_events", (int64_t)engine->ledger.events);
    json_write_integer(&writer, "unsettled_bytes", (int64_t)engine->ledger.bytes);
    json_write_integer(&writer, "undecodable_held", (int64_t)strays_count(engine->strays));
    json_write_integer(&writer, "remembered", (int64_t)memory_count(engine->memory));
    json_write_integer(&writer, "lost_offsets", (int64_t)offsets_lost_total(engine->offsets));
    json_write_array(&writer, "partitions");
    for (size_t i = 0; i < offsets_count(engine->offsets); i++)
        write_partition(&writer, engine, offsets_at(engine->offsets, i));
    json_write_array_end(&writer);
    json_write_array(&writer, "environments");
    for (size_t i = 0; i < engine->core.routing->environment_count; i++)
        write_environment(&writer, engine, engine->sites[i]);
    json_write_array_end(&writer);
    json_write_array(&writer, "lanes");
    for (size_t i = 0; i < engine->lane_count; i++)
        write_lane(&writer, engine->lanes[i], engine->core.clock->mono_ms);
    json_write_array_end(&writer);
    write_jobs(&writer, engine);
    write_all_oldest(&writer, engine);
    json_write_object_end(&writer);
}

/* --- gauges -------------------------------------------------------------------------------------- */

static void
lane_gauges(const struct engine *engine, struct lane *lane, engine_gauge_fn *gauge, void *context)
{
    int64_t not_before_ms = lane_not_before_ms(lane);
    const struct clock *clock = engine->core.clock;

    gauge(context, "lane_in_flight", lane_name(lane), (double)lane_in_flight(lane));
    gauge(context, "lane_waiting", lane_name(lane), (double)lane_waiting(lane));
    gauge(context, "lane_budget_used_ratio", lane_name(lane), lane_used_ratio(lane));
    gauge(context, "lane_not_before_timestamp_seconds", lane_name(lane),
          not_before_ms == 0 ? 0.0
                             : (double)(clock->wall_ms + not_before_ms - clock->mono_ms) / 1000.0);
}

void
engine_gauges(const struct engine *engine, engine_gauge_fn *gauge, void *context)
{
    size_t counts[JOB_STATES] = {0};
    int64_t since_ms;

    count_states(engine, counts);
    for (enum job_state state = 0; state < JOB_STATES; state++)
        gauge(context, "jobs", job_state_name(state), (double)counts[state]);
    for (size_t i = 0; i < engine->lane_count; i++)
        lane_gauges(engine, engine->lanes[i], gauge, context);
    for (size_t i = 0; i < engine->core.routing->environment_count; i++)
        gauge(context, "breaker_open", engine->sites[i]->environment->name,
              site_fault(engine->sites[i], &since_ms) != NULL);
}

double
engine_oldest_unsettled_s(const struct engine *engine, const struct partition_state *state)
{
    return (double)oldest_unsettled_ms(engine, state->window) / 1000.0;
}
