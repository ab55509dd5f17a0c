/* Each kind of gauge is a table of names, and one function that brings its series up to date. */
#include "collect.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "error.h"
#include "intake.h"
#include "metrics.h"
#include "process_metrics.h"
#include "versions.h"

enum { NUMBER_BYTES = 24 };

/* Gauges that the engine names itself: its name, ours, help, and what the one label is called. */
static const struct engine_gauge {
    const char *name;
    const char *full_name;
    const char *help;
    const char *labels[2];
} engine_rows[] = {
    {"jobs", "dvsync_jobs", "Users being worked on, by state", {"state"}},
    {"lane_in_flight", "dvsync_lane_in_flight", "Calls under way", {"lane"}},
    {"lane_waiting", "dvsync_lane_waiting", "Calls that wait for their lane", {"lane"}},
    {"lane_budget_used_ratio",
     "dvsync_lane_budget_used_ratio",
     "Used part of this worker's share of the calls, in the last span; without execution time",
     {"lane"}},
    {"lane_not_before_timestamp_seconds",
     "dvsync_lane_not_before_timestamp_seconds",
     "The service asked to be left alone until then; 0: it did not",
     {"lane"}},
    {"breaker_open",
     "dvsync_breaker_open",
     "1: at least one kind of call is misconfigured; such calls are only probed",
     {"environment"}},
};

enum { ENGINE_GAUGES = sizeof(engine_rows) / sizeof(engine_rows[0]) };

enum partition_gauge {
    PARTITION_COMMITTED,
    PARTITION_WATERMARK,
    PARTITION_END,
    PARTITION_UNSETTLED,
    PARTITION_OLDEST,
    PARTITION_HEAD_DUE,
    PARTITION_GAUGES,
};

static const struct {
    const char *name;
    const char *help;
} partition_rows[PARTITION_GAUGES] = {
    [PARTITION_COMMITTED] = {"dvsync_partition_committed_offset", "The committed offset"},
    [PARTITION_WATERMARK] = {"dvsync_partition_watermark_offset",
                             "All below it is settled and may be committed"},
    [PARTITION_END] = {"dvsync_partition_end_offset", "The partition's end, as last seen"},
    [PARTITION_UNSETTLED] = {"dvsync_partition_unsettled", "Events taken in and not settled"},
    [PARTITION_OLDEST] = {"dvsync_partition_oldest_unsettled_timestamp_seconds",
                          "When the oldest unsettled event was written; 0: none waits"},
    [PARTITION_HEAD_DUE] = {"dvsync_partition_head_due_timestamp_seconds",
                            "When the next event of a retry topic may be tried; 0: none waits"},
};

/* A partition that was shown, so that its gauges go when it does. */
struct shown {
    int topic;
    int32_t partition;
};

struct collector {
    struct collect_sources sources;
    struct metric_family *engine[ENGINE_GAUGES];
    struct metric_family *partition[PARTITION_GAUGES];
    struct metric_family *lost;
    struct metric_family *commits;
    struct shown *shown;
    size_t shown_count;
    struct process_metrics *process;
};

/* --- partitions ------------------------------------------------------------------------------ */

/* The label values of one partition's series. */
struct partition_labels {
    char number[NUMBER_BYTES];
    const char *values[2];
};

/* In place, since one of the values points into it. */
static void
make_labels(const struct collector *collector, int topic, int32_t partition,
            struct partition_labels *ret_labels)
{
    (void)snprintf(ret_labels->number, NUMBER_BYTES, "%d", (int)partition);
    ret_labels->values[0] = collector->sources.topics[topic];
    ret_labels->values[1] = ret_labels->number;
}

static void
hide_partitions(struct collector *collector)
{
    for (size_t i = 0; i < collector->shown_count; i++) {
        struct partition_labels labels = {.number = ""};

        make_labels(collector, collector->shown[i].topic, collector->shown[i].partition, &labels);
        for (int gauge = 0; gauge < PARTITION_GAUGES; gauge++)
            metric_remove(collector->partition[gauge], labels.values);
    }
    collector->shown_count = 0;
}

static void
show_partition(struct collector *collector, const struct partition_state *state)
{
    struct partition_labels labels = {.number = ""};
    const double values[PARTITION_GAUGES] = {
        [PARTITION_COMMITTED] = (double)state->committed,
        [PARTITION_WATERMARK] = (double)window_watermark(state->window),
        [PARTITION_END] = (double)state->end,
        [PARTITION_UNSETTLED] = (double)window_unsettled(state->window),
        [PARTITION_OLDEST] = engine_oldest_unsettled_s(collector->sources.engine, state),
        [PARTITION_HEAD_DUE] =
            (double)intake_head_due_ms(collector->sources.intake, state->topic, state->partition) /
            1000.0,
    };

    make_labels(collector, state->topic, state->partition, &labels);
    for (int gauge = 0; gauge < PARTITION_GAUGES; gauge++)
        metric_set(metric_series(collector->partition[gauge], labels.values), values[gauge]);
    metric_set(metric_series(collector->lost, labels.values), (double)state->lost);
    collector->shown[collector->shown_count++] =
        (struct shown){.topic = state->topic, .partition = state->partition};
}

static void
collect_partitions(struct collector *collector)
{
    const struct offsets *offsets = engine_offsets(collector->sources.engine);
    size_t count = offsets_count(offsets);
    struct shown *shown;

    hide_partitions(collector);
    shown = realloc(collector->shown, (count + 1) * sizeof(*shown));
    if (shown == NULL)
        return;
    collector->shown = shown;
    for (size_t i = 0; i < count; i++)
        show_partition(collector, offsets_at(offsets, i));
}

/* --- the engine, the intake ------------------------------------------------------------------ */

static void
set_engine_gauge(void *context, const char *name, const char *label, double value)
{
    struct collector *collector = context;
    const char *const values[] = {label};

    for (int i = 0; i < ENGINE_GAUGES; i++)
        if (strcmp(engine_rows[i].name, name) == 0)
            metric_set(metric_series(collector->engine[i], values), value);
}

static void
collect_commits(struct collector *collector)
{
    const struct intake_counts *counts = intake_counts(collector->sources.intake);
    const char *const accepted[] = {"accepted"};
    const char *const failed[] = {"failed"};

    metric_set(metric_series(collector->commits, accepted), (double)counts->commits_accepted);
    metric_set(metric_series(collector->commits, failed), (double)counts->commits_failed);
}

/* --- all of it ------------------------------------------------------------------------------- */

static void
collect(void *context)
{
    struct collector *collector = context;

    collect_partitions(collector);
    engine_gauges(collector->sources.engine, set_engine_gauge, collector);
    collect_commits(collector);
}

static bool
declare_engine(struct collector *collector, struct metrics *metrics)
{
    for (int i = 0; i < ENGINE_GAUGES; i++) {
        collector->engine[i] = metrics_family(metrics, METRIC_GAUGE, engine_rows[i].full_name,
                                              engine_rows[i].help, engine_rows[i].labels, NULL);
        if (collector->engine[i] == NULL)
            return false;
    }
    return true;
}

static bool
declare_partitions(struct collector *collector, struct metrics *metrics)
{
    static const char *const labels[] = {"topic", "partition", NULL};

    for (int i = 0; i < PARTITION_GAUGES; i++) {
        collector->partition[i] = metrics_family(metrics, METRIC_GAUGE, partition_rows[i].name,
                                                 partition_rows[i].help, labels, NULL);
        if (collector->partition[i] == NULL)
            return false;
    }
    collector->lost =
        metrics_family(metrics, METRIC_COUNTER, "dvsync_lost_offsets_total",
                       "Offsets that retention took before they were read", labels, NULL);
    return collector->lost != NULL;
}

static bool
declare_commits(struct collector *collector, struct metrics *metrics)
{
    static const char *const labels[] = {"result", NULL};

    collector->commits = metrics_family(metrics, METRIC_COUNTER, "dvsync_commits_total",
                                        "Commits by the broker's answer", labels, NULL);
    return collector->commits != NULL;
}

struct collector *
collector_create(const struct collect_sources *sources, struct metrics *metrics,
                 struct error *ret_error)
{
    struct collector *collector = calloc(1, sizeof(*collector));

    if (collector != NULL) {
        collector->sources = *sources;
        collector->process = process_metrics_create(metrics);
        if (collector->process != NULL && declare_engine(collector, metrics) &&
            declare_partitions(collector, metrics) && declare_commits(collector, metrics) &&
            versions_declare(metrics) == 0) {
            metrics_on_collect(metrics, collect, collector);
            return collector;
        }
    }
    collector_destroy(collector);
    error_set(ret_error, ERROR_MEMORY, "no memory for metrics");
    return NULL;
}

void
collector_destroy(struct collector *collector)
{
    if (collector == NULL)
        return;
    process_metrics_destroy(collector->process);
    free(collector->shown);
    free(collector);
}
