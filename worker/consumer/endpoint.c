/*
 * What the admin endpoint answers. It runs in the loop, so an answer is proof that the loop turns.
 */
#include "admin.h"
#include "engine.h"
#include "intake.h"
#include "page.h"
#include "settings.h"
#include "worker_private.h"

static void
answer_metrics(void *context, struct admin_answer *ret_answer)
{
    struct worker *worker = context;

    page_metrics(ret_answer, worker->metrics);
}

/* Nothing remote counts here: an outage must not restart every worker. */
static void
answer_health(void *context, struct admin_answer *ret_answer)
{
    struct worker *worker = context;
    int64_t now_ms = worker->clock.mono_ms;
    int64_t stalled_ms = worker->settings->stalled_ms;

    if (now_ms - worker->turned_at_ms > stalled_ms)
        page_say(ret_answer, false, "stalled: the loop stood still\n");
    else if (now_ms - intake_served_at_ms(worker->intake) > stalled_ms)
        page_say(ret_answer, false, "stalled: the consumer queue was not served\n");
    else
        page_say(ret_answer, true, "ok\n");
}

static void
answer_ready(void *context, struct admin_answer *ret_answer)
{
    struct worker *worker = context;

    if (worker->phase != PHASE_RUNNING)
        page_say(ret_answer, false, "not ready: stopping\n");
    else if (!intake_is_assigned(worker->intake))
        page_say(ret_answer, false, "not ready: no partitions were assigned so far\n");
    else if (!engine_is_ready(worker->engine))
        page_say(ret_answer, false,
                 "not ready: every environment has a misconfiguration, see /status\n");
    else
        page_say(ret_answer, true, "ready\n");
}

static void
answer_status(void *context, struct admin_answer *ret_answer)
{
    struct worker *worker = context;

    page_json(ret_answer);
    engine_status(worker->engine, &ret_answer->body);
}

const struct admin_route worker_routes[] = {
    {"/metrics", "for Prometheus", answer_metrics},
    {"/healthz", "200: the loop turns and Kafka's queue is served", answer_health},
    {"/readyz", "200: in the group, and at least one environment is without a misconfiguration",
     answer_ready},
    {"/status", "JSON: partitions, lanes, jobs, the oldest unsettled events", answer_status},
    {NULL, NULL, NULL},
};
