/*
 * The one thing that all parts of the core do alike: backing off. Full jitter, since many who fail
 * together must not come back together.
 */
#include "core.h"

struct call_report
call_report_of(const struct call *call)
{
    return (struct call_report){
        .step = call_kind_name(call->kind),
        .environment = call->environment,
        .identity = call->identity,
        .verdict = call->verdict,
        .reason = call->reason,
        .error = &call->error,
        .next_in_ms = -1,
    };
}

int64_t
core_backoff_ms(struct core *core, int attempt, int64_t told_ms)
{
    int64_t span_ms = core->settings->backoff_base_ms;

    for (int i = 1; i < attempt && span_ms < core->settings->backoff_cap_ms; i++)
        span_ms *= 2;
    if (span_ms > core->settings->backoff_cap_ms)
        span_ms = core->settings->backoff_cap_ms;
    span_ms = rng_between(&core->rng, span_ms / 10, span_ms);
    if (told_ms <= 0)
        return span_ms;
    return attempt <= 1 ? told_ms : told_ms + span_ms;
}

int
core_tier_of(const struct core *core, int topic)
{
    int first = (int)(core->topic_count - core->settings->tier_count);

    return topic >= first ? topic - first : -1;
}
