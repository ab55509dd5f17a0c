#ifndef REPORTER_H
#define REPORTER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What the feed tells, as metrics and log lines: its three observing ports, what the wire sees, and
 * gauges that are asked for when somebody looks. Labels are groups and words out of bounded lists.
 */

struct call;
struct call_report;
struct error;
struct feed;
struct feed_report;
struct http_response;
struct log;
struct metrics;
struct reporter;

/* All is borrowed for the reporter's life. NULL with ${ret_error} filled. */
struct reporter *reporter_create(struct log *log, struct metrics *metrics, struct error *ret_error);
/* Whose gauges are shown; ${is_leading} is looked at, too. Once, when there is a feed. */
void reporter_bind(struct reporter *reporter, const struct feed *feed, const bool *is_leading);
void reporter_destroy(struct reporter *reporter); /* NULL is allowed */

/* The feed's ports: see feed.h. */
void reporter_told(struct reporter *reporter, const struct feed_report *report);
void reporter_failed(struct reporter *reporter, const struct call_report *report);
void reporter_answered(struct reporter *reporter, const struct call *call, int64_t took_ms);

/* The wire's: an answer, or the lack of one, to a request by way of ${route}. */
void reporter_request(struct reporter *reporter, const struct call *call, const char *route,
                      const struct http_response *response);

#endif
