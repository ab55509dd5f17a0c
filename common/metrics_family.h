#ifndef METRICS_FAMILY_H
#define METRICS_FAMILY_H

#include "list.h"
#include "metrics.h"
#include "table.h"
#include "text.h"

/* What counting and printing share. Private to metrics. */

/*
 * Found by its label values, which are the key, each ended by a NUL, so that no two sets of values
 * have the same key. uthash keeps them in the order in which they were made, which is the order they
 * are printed in.
 */
struct metric_labels {
    struct metric metric; /* first: metric_series gives it away */
    char *printed;        /* `topic="a",partition="3"`; "" without labels */
    UT_hash_handle hh;
    size_t key_length;
    char key[];
};

struct metric_family {
    struct link link; /* in the metrics */
    enum metric_type type;
    const char *name;
    const char *help;
    const char *const *labels;
    size_t label_count;
    const double *bounds;
    size_t bound_count;
    struct metric_labels *series; /* uthash */
    struct metric spare;          /* counts what no series could be made for */
    struct text key;              /* of the last look-up: its memory is used again */
};

/* One function to be called before each exposition. */
struct metrics_collector {
    struct link link;
    void (*fn)(void *arg);
    void *arg;
};

struct metrics {
    struct link families;
    struct link collectors;
};

#endif
