#ifndef METRICS_H
#define METRICS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Numbers for Prometheus, text exposition format 0.0.4. Families are declared once at start; a
 * series (a family with values for its labels) is looked up once and its pointer kept, so that
 * counting costs an addition. Labels are bounded by their users; a family refuses more than
 * ${METRICS_MAX_SERIES} series and counts what it refused in one with the label values "other".
 */

struct metrics;
struct metric_family;
struct text;

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };
enum { METRICS_MAX_LABELS = 4, METRICS_MAX_SERIES = 2000 };

struct metric {
    double value;      /* counter, gauge; a histogram's sum */
    uint64_t count;    /* a histogram's observations */
    uint64_t *buckets; /* a histogram's, not cumulative, one more than bounds; else NULL */
    const struct metric_family *family;
};

struct metrics *metrics_create(void); /* NULL: no memory */
void metrics_destroy(struct metrics *metrics);

/*
 * Declares ${name} with up to METRICS_MAX_LABELS label names, NULL-terminated (borrowed constants,
 * as are ${name} and ${help}); NULL: no labels. ${bounds}: a histogram's upper bounds, ascending,
 * ended by 0 (borrowed); else NULL. NULL: no memory.
 */
struct metric_family *metrics_family(struct metrics *metrics, enum metric_type type,
                                     const char *name, const char *help, const char *const *labels,
                                     const double *bounds);

/*
 * The series with these label values, made at the first call; as many values as the family has
 * labels (NULL for none). Never NULL: without memory, a shared series that is not exposed. O(1).
 */
struct metric *metric_series(struct metric_family *family, const char *const *values);

/* Takes a series out of the exposition (a partition that was revoked). The pointer is dead after it. */
void metric_remove(struct metric_family *family, const char *const *values);

static inline void
metric_add(struct metric *metric, double amount)
{
    metric->value += amount;
}

static inline void
metric_set(struct metric *metric, double value)
{
    metric->value = value;
}

/* Puts ${value} into a histogram. O(number of bounds). */
void metric_observe(struct metric *metric, double value);

/*
 * Calls ${fn} before each exposition, to bring gauges up to date. Without memory it is never called.
 */
void metrics_on_collect(struct metrics *metrics, void (*fn)(void *arg), void *arg);

/* Appends the whole exposition. */
void metrics_print(struct metrics *metrics, struct text *text);

#endif
