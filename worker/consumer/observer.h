#ifndef OBSERVER_H
#define OBSERVER_H

#include <stdint.h>

/*
 * What happened, as metrics and log lines: the engine's four observing ports, and what the wire
 * sees of each answer. Called on the hot path, so series are looked up once and kept. State that
 * can be looked at any time (gauges) is collect.h's.
 */

struct call;
struct call_report;
struct clock;
struct error;
struct http_response;
struct log;
struct metrics;
struct observer;
struct offsets;
struct run_report;
struct settings;
struct settlement;

/* The names by which the engine's topic indexes are shown. */
struct observer_topics {
    const char *const *names;
    const char *const *tiers; /* of the retry topics, by tier */
    const char *dead_letters;
};

/* All is borrowed for the observer's life. NULL with ${ret_error} filled. */
struct observer *observer_create(const struct settings *settings,
                                 const struct observer_topics *topics, const struct clock *clock,
                                 struct log *log, struct metrics *metrics, struct error *ret_error);
void observer_destroy(struct observer *observer); /* NULL is allowed */

/* The engine's ports: see engine.h. */
void observer_settled(struct observer *observer, const struct settlement *settlement);
void observer_ran(struct observer *observer, const struct run_report *report);
void observer_failed(struct observer *observer, const struct call_report *report);
void observer_answered(struct observer *observer, const struct call *call, int64_t took_ms);

/* The wire's: an answer, or the lack of one, to a request by way of ${route}. */
void observer_request(struct observer *observer, const struct call *call, const char *route,
                      const struct http_response *response);

/* Once a turn: says it when offsets were lost to retention. */
void observer_watch(struct observer *observer, const struct offsets *offsets);

#endif
