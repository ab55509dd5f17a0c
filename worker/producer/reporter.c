/* News are a table: how loud, in which words, and as which result they are counted. */
#include "reporter.h"

#include <stdlib.h>
#include <string.h>

#include "call_metrics.h"
#include "engine.h"
#include "error.h"
#include "feed.h"
#include "log.h"
#include "metrics.h"

enum family { FAMILY_ROUNDS, FAMILY_PUBLISHED, FAMILY_LEADER, FAMILIES };

static const struct {
    enum metric_type type;
    const char *name;
    const char *help;
    const char *labels[METRICS_MAX_LABELS + 1];
} families[FAMILIES] = {
    [FAMILY_ROUNDS] = {METRIC_COUNTER,
                       "dvsync_delta_rounds_total",
                       "Rounds and enumerations of a group, and what befell them",
                       {"group", "result"}},
    [FAMILY_PUBLISHED] = {METRIC_COUNTER,
                          "dvsync_published_total",
                          "Events that were published",
                          {"group", "change"}},
    [FAMILY_LEADER] = {METRIC_GAUGE,
                       "dvsync_leader",
                       "1: this producer leads and publishes",
                       {NULL}},
};

/* Gauges that the feed names itself. */
static const struct {
    const char *name;
    const char *full_name;
    const char *help;
    const char *labels[2];
} gauges[] = {
    {"delta_last_success_timestamp_seconds",
     "dvsync_delta_last_success_timestamp_seconds",
     "When the group's changes were last read to their end",
     {"group"}},
    {"delta_held", "dvsync_delta_held", "1: the guard holds the group", {"group"}},
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
};

enum { GAUGES = sizeof(gauges) / sizeof(gauges[0]) };

static const struct {
    enum log_level level;
    const char *message;
    const char *result; /* NULL: not counted as a round */
} news_rows[FEED_NEWS_KINDS] = {
    [FEED_NEWS_PAGE] = {LOG_DEBUG, "a page was published", NULL},
    [FEED_NEWS_ROUND] = {LOG_INFO, "a group was read to the end", "done"},
    [FEED_NEWS_FAILED] = {LOG_WARNING, "a group could not be read or published", "failed"},
    [FEED_NEWS_RESYNC] = {LOG_WARNING, "a link is worth nothing any more, reading all members",
                          "resync"},
    [FEED_NEWS_GONE] = {LOG_ERROR, "a group does not exist (any more), asking on", "gone"},
    [FEED_NEWS_BACK] = {LOG_INFO, "a group exists again", "back"},
    [FEED_NEWS_HELD] = {LOG_ERROR,
                        "more changes than producer.max_events_per_round: the group is held until "
                        "a SIGUSR1 lets it pass",
                        "held"},
    [FEED_NEWS_RELEASED] = {LOG_WARNING, "a held group was let pass", "released"},
    [FEED_NEWS_STATE] = {LOG_ERROR, "a saved state cannot be used, reading all members", "state"},
};

struct reporter {
    struct log *log;
    const struct feed *feed; /* NULL: not yet */
    const bool *is_leading;
    struct metric_family *families[FAMILIES];
    struct metric_family *gauges[GAUGES];
    struct call_metrics *calls;
};

/* --- making one ------------------------------------------------------------------------------ */

static bool
declare(struct reporter *reporter, struct metrics *metrics)
{
    for (int i = 0; i < FAMILIES; i++) {
        reporter->families[i] = metrics_family(metrics, families[i].type, families[i].name,
                                               families[i].help, families[i].labels, NULL);
        if (reporter->families[i] == NULL)
            return false;
    }
    for (int i = 0; i < GAUGES; i++) {
        reporter->gauges[i] = metrics_family(metrics, METRIC_GAUGE, gauges[i].full_name,
                                             gauges[i].help, gauges[i].labels, NULL);
        if (reporter->gauges[i] == NULL)
            return false;
    }
    reporter->calls = call_metrics_create(metrics);
    return reporter->calls != NULL;
}

static void
set_gauge(void *context, const char *name, const char *label, double value)
{
    struct reporter *reporter = context;
    const char *const values[] = {label};

    for (int i = 0; i < GAUGES; i++)
        if (strcmp(gauges[i].name, name) == 0)
            metric_set(metric_series(reporter->gauges[i], values), value);
}

static void
collect(void *context)
{
    struct reporter *reporter = context;

    if (reporter->feed == NULL)
        return;
    feed_gauges(reporter->feed, set_gauge, reporter);
    metric_set(metric_series(reporter->families[FAMILY_LEADER], NULL),
               *reporter->is_leading ? 1.0 : 0.0);
}

struct reporter *
reporter_create(struct log *log, struct metrics *metrics, struct error *ret_error)
{
    struct reporter *reporter = calloc(1, sizeof(*reporter));

    if (reporter != NULL) {
        reporter->log = log;
        if (declare(reporter, metrics)) {
            metrics_on_collect(metrics, collect, reporter);
            return reporter;
        }
    }
    reporter_destroy(reporter);
    error_set(ret_error, ERROR_MEMORY, "no memory for metrics");
    return NULL;
}

void
reporter_bind(struct reporter *reporter, const struct feed *feed, const bool *is_leading)
{
    reporter->feed = feed;
    reporter->is_leading = is_leading;
}

void
reporter_destroy(struct reporter *reporter)
{
    if (reporter == NULL)
        return;
    call_metrics_destroy(reporter->calls);
    free(reporter);
}

/* --- news of groups -------------------------------------------------------------------------- */

static void
count_news(struct reporter *reporter, const struct feed_report *report, const char *group)
{
    const char *const round[] = {group, news_rows[report->news].result};
    const char *const added[] = {group, "added"};
    const char *const removed[] = {group, "removed"};

    if (round[1] != NULL)
        metric_add(metric_series(reporter->families[FAMILY_ROUNDS], round), 1);
    if (report->news != FEED_NEWS_PAGE)
        return;
    metric_add(metric_series(reporter->families[FAMILY_PUBLISHED], added), (double)report->added);
    metric_add(metric_series(reporter->families[FAMILY_PUBLISHED], removed),
               (double)report->removed);
}

/* A round that found nothing is what happens all the time. */
static enum log_level
level_of(const struct feed_report *report)
{
    if (report->news == FEED_NEWS_ROUND && report->origin == FEED_ORIGIN_CHANGE &&
        report->added == 0 && report->removed == 0)
        return LOG_DEBUG;
    return news_rows[report->news].level;
}

/* A text that may be empty. */
static struct log_field
optional(const char *key, const char *text)
{
    return log_string(text[0] != '\0' ? key : NULL, text);
}

static size_t
add_counts(const struct feed_report *report, struct log_field *fields)
{
    size_t count = 0;

    fields[count++] = log_integer("added", report->added);
    fields[count++] = log_integer("removed", report->removed);
    fields[count++] = log_integer("pages", report->pages);
    if (report->others > 0)
        fields[count++] = log_integer("others", report->others);
    if (report->news == FEED_NEWS_ROUND)
        fields[count++] = log_integer("took_ms", report->took_ms);
    return count;
}

static size_t
add_attempt(const struct feed_report *report, struct log_field *fields)
{
    size_t count = 0;

    fields[count++] = log_integer("attempt", report->attempt);
    if (report->next_in_ms >= 0)
        fields[count++] = log_integer("next_in_ms", report->next_in_ms);
    return count;
}

/* The group comes first, by which repeats are told apart. */
static void
say(struct reporter *reporter, const struct feed_report *report)
{
    enum feed_news news = report->news;
    struct log_field fields[16] = {
        log_guid("group", &report->group),
        log_string("origin", feed_origin_name(report->origin)),
    };
    size_t count = 2;

    if (news == FEED_NEWS_PAGE || news == FEED_NEWS_ROUND || news == FEED_NEWS_HELD)
        count += add_counts(report, fields + count);
    if (news == FEED_NEWS_FAILED)
        count += add_attempt(report, fields + count);
    fields[count++] = optional("reason", report->reason);
    fields[count++] = optional("detail", report->detail);
    fields[count++] = optional("request_id", report->request_id);
    log_write(reporter->log, level_of(report), news_rows[news].message, fields, count);
}

void
reporter_told(struct reporter *reporter, const struct feed_report *report)
{
    char group[GUID_TEXT_BYTES];

    count_news(reporter, report, guid_format(&report->group, group));
    if (log_wants(reporter->log, level_of(report)))
        say(reporter, report);
}

/* --- calls ----------------------------------------------------------------------------------- */

void
reporter_failed(struct reporter *reporter, const struct call_report *report)
{
    const struct log_field fields[] = {
        log_string("step", report->step),
        log_string("identity", report->identity == NULL ? NULL : report->identity->name),
        log_string("verdict", verdict_name(report->verdict)),
        log_string("reason", report->reason),
        log_integer("attempt", report->attempt),
        log_string("next", report->next),
        log_integer(report->next_in_ms < 0 ? NULL : "next_in_ms", report->next_in_ms),
    };

    log_error(reporter->log, LOG_WARNING, "a step failed", report->error, fields,
              sizeof(fields) / sizeof(fields[0]));
}

void
reporter_answered(struct reporter *reporter, const struct call *call, int64_t took_ms)
{
    call_metrics_answered(reporter->calls, call, took_ms);
}

void
reporter_request(struct reporter *reporter, const struct call *call, const char *route,
                 const struct http_response *response)
{
    call_metrics_seen(reporter->calls, call, route, response);
}
