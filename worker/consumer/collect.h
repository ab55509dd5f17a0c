#ifndef COLLECT_H
#define COLLECT_H

/*
 * Gauges: what stands in the engine, the intake and the process at the moment somebody asks. Called
 * back by the metrics before each exposition.
 */

struct collector;
struct engine;
struct error;
struct intake;
struct metrics;

/* What it looks at, borrowed; ${topics} are the names of the engine's topic indexes. */
struct collect_sources {
    const struct engine *engine;
    const struct intake *intake;
    const char *const *topics;
};

/* NULL with ${ret_error} filled. ${metrics} must not print after the destroying. */
struct collector *collector_create(const struct collect_sources *sources, struct metrics *metrics,
                                   struct error *ret_error);
void collector_destroy(struct collector *collector); /* NULL is allowed */

#endif
