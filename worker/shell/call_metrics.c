/* Label values are constants and names out of the configuration: bounded. */
#include "call_metrics.h"

#include <stdio.h>
#include <stdlib.h>

#include "call.h"
#include "http.h"
#include "metrics.h"
#include "services.h"

enum { NUMBER_BYTES = 24 };

enum family {
    FAMILY_STEP,
    FAMILY_REQUESTS,
    FAMILY_REQUEST,
    FAMILY_TOKENS,
    FAMILIES,
};

static const double bounds[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
                                2.5,   5,    10,    30,   60,  120,  0};

static const struct {
    enum metric_type type;
    const char *name;
    const char *help;
    const char *labels[METRICS_MAX_LABELS + 1];
    const double *bounds;
} families[FAMILIES] = {
    [FAMILY_STEP] = {METRIC_HISTOGRAM,
                     "dvsync_step_seconds",
                     "From sending a step's call until its answer was read",
                     {"step", "environment"},
                     bounds},
    [FAMILY_REQUESTS] = {METRIC_COUNTER,
                         "dvsync_requests_total",
                         "HTTP requests by answer; status 0: none came",
                         {"service", "route", "status"},
                         NULL},
    [FAMILY_REQUEST] = {METRIC_HISTOGRAM,
                        "dvsync_request_seconds",
                        "Duration of HTTP requests",
                        {"service"},
                        bounds},
    [FAMILY_TOKENS] = {METRIC_COUNTER,
                       "dvsync_tokens_total",
                       "Access tokens asked for",
                       {"identity", "result"},
                       NULL},
};

struct call_metrics {
    struct metric_family *families[FAMILIES];
};

struct call_metrics *
call_metrics_create(struct metrics *metrics)
{
    struct call_metrics *call_metrics = calloc(1, sizeof(*call_metrics));

    for (int i = 0; call_metrics != NULL && i < FAMILIES; i++) {
        call_metrics->families[i] =
            metrics_family(metrics, families[i].type, families[i].name, families[i].help,
                           families[i].labels, families[i].bounds);
        if (call_metrics->families[i] == NULL) {
            free(call_metrics);
            return NULL;
        }
    }
    return call_metrics;
}

void
call_metrics_destroy(struct call_metrics *call_metrics)
{
    free(call_metrics);
}

void
call_metrics_seen(struct call_metrics *call_metrics, const struct call *call, const char *route,
                  const struct http_response *response)
{
    char status[NUMBER_BYTES];
    const char *const values[] = {services_name(call->kind), route, status};

    (void)snprintf(status, sizeof(status), "%d", response->status);
    metric_add(metric_series(call_metrics->families[FAMILY_REQUESTS], values), 1);
}

void
call_metrics_answered(struct call_metrics *call_metrics, const struct call *call, int64_t took_ms)
{
    struct metric_family *const *found = call_metrics->families;
    const char *const step[] = {
        call_kind_name(call->kind),
        call->environment == NULL ? "" : call->environment->name,
    };
    const char *const service[] = {services_name(call->kind)};
    const char *const token[] = {
        call->identity == NULL ? "" : call->identity->name,
        call->verdict == VERDICT_DONE ? "granted" : verdict_name(call->verdict),
    };

    metric_observe(metric_series(found[FAMILY_STEP], step), (double)took_ms / 1000.0);
    metric_observe(metric_series(found[FAMILY_REQUEST], service), (double)took_ms / 1000.0);
    if (call->kind == CALL_TOKEN)
        metric_add(metric_series(found[FAMILY_TOKENS], token), 1);
}
