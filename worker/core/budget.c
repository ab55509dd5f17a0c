/* Shares change at rebalances; the window is the pacer's. */
#include "budget.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "clock.h"
#include "pacer.h"

/* A lane without a window of its own still remembers some answers for its gauges. */
enum { PACER_LEAST = 64 };
/* What of a limit the patient leave to the urgent, who may come any time. */
enum { RESERVED_ONE_IN = 10 };

struct budget {
    const struct clock *clock;
    struct lane_limits limits;
    struct pacer *pacer;
    double share;
    double next_share; /* from share_at_ms on */
    bool has_share;    /* it was told one; the first counts at once */
    int64_t share_at_ms;
};

struct budget *
budget_create(const struct lane_limits *limits, const struct clock *clock)
{
    struct budget *budget = calloc(1, sizeof(*budget));
    size_t most = limits->calls > PACER_LEAST ? (size_t)limits->calls : PACER_LEAST;

    if (budget == NULL)
        return NULL;
    budget->clock = clock;
    budget->limits = *limits;
    budget->share = budget->next_share = 1.0;
    budget->pacer = pacer_create(most, limits->span_ms);
    if (budget->pacer != NULL)
        return budget;
    free(budget);
    return NULL;
}

void
budget_destroy(struct budget *budget)
{
    if (budget == NULL)
        return;
    pacer_destroy(budget->pacer);
    free(budget);
}

/* --- shares -------------------------------------------------------------------------------------- */

static double
present_share(struct budget *budget)
{
    if (budget->next_share != budget->share && budget->clock->mono_ms >= budget->share_at_ms)
        budget->share = budget->next_share;
    return budget->share;
}

void
budget_set_share(struct budget *budget, double share)
{
    if (!budget->has_share || share <= present_share(budget)) {
        budget->has_share = true;
        budget->share = budget->next_share = share;
        return;
    }
    if (share == budget->next_share)
        return;
    budget->next_share = share;
    budget->share_at_ms = budget->clock->mono_ms + budget->limits.span_ms;
}

static size_t
share_of(struct budget *budget, int64_t limit)
{
    int64_t part = (int64_t)floor((double)limit * present_share(budget));

    return part < 1 ? 1 : (size_t)part;
}

/* Our share of ${limit} for calls of ${urgency}; 0: there is no limit. */
static size_t
usable(struct budget *budget, int64_t limit, enum urgency urgency)
{
    size_t share = limit == 0 ? 0 : share_of(budget, limit);

    return urgency == URGENT ? share : share - share / RESERVED_ONE_IN;
}

/* --- what may leave ------------------------------------------------------------------------------ */

size_t
budget_at_once(struct budget *budget, int64_t hint, enum urgency urgency)
{
    int64_t most = budget->limits.concurrency;

    return usable(budget, hint > 0 && hint < most ? hint : most, urgency);
}

int64_t
budget_wait_ms(struct budget *budget, size_t in_flight, size_t cost, enum urgency urgency)
{
    size_t calls = usable(budget, budget->limits.calls, urgency);
    size_t others = calls > 0 && cost > calls ? calls - 1 : cost - 1;

    return pacer_wait_ms(budget->pacer, in_flight + others, calls,
                         (int64_t)usable(budget, budget->limits.execution_ms, urgency),
                         budget->clock->mono_ms);
}

/* The window counts calls of cost 1: a dearer one is as many, the first of which took all the time. */
void
budget_note(struct budget *budget, int64_t execution_ms, size_t cost)
{
    pacer_note(budget->pacer, execution_ms, budget->clock->mono_ms);
    for (size_t i = 1; i < cost; i++)
        pacer_note(budget->pacer, 0, budget->clock->mono_ms);
}

double
budget_used_ratio(struct budget *budget, size_t in_flight)
{
    size_t used = pacer_used(budget->pacer, budget->clock->mono_ms) + in_flight;

    if (budget->limits.calls == 0)
        return 0.0;
    return (double)used / (double)share_of(budget, budget->limits.calls);
}
