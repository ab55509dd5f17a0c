#ifndef CALL_METRICS_H
#define CALL_METRICS_H

#include <stdint.h>

/*
 * Calls to the services as metrics: dvsync_step_seconds, dvsync_requests_total,
 * dvsync_request_seconds, dvsync_tokens_total.
 */

struct call;
struct call_metrics;
struct http_response;
struct metrics;

struct call_metrics *call_metrics_create(struct metrics *metrics); /* NULL: no memory */
void call_metrics_destroy(struct call_metrics *call_metrics);      /* NULL is allowed */

/* The wire saw an answer, or the lack of one, to a request by way of ${route}. */
void call_metrics_seen(struct call_metrics *call_metrics, const struct call *call,
                       const char *route, const struct http_response *response);

/* The core got it, ${took_ms} after the call was sent. */
void call_metrics_answered(struct call_metrics *call_metrics, const struct call *call,
                           int64_t took_ms);

#endif
