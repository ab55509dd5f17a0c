/* Four places where jobs are held: two readers, the questions of refer, and the faults. */
#include "breaker.h"

#include "trouble.h"

static bool
is_open(const struct site *site, const char *fault, int64_t since_ms)
{
    const struct core *core = site->core;

    return fault != NULL && core->clock->mono_ms - since_ms >= core->settings->grace_ms;
}

static void
park_readers(struct site *site, struct reader *reader)
{
    int64_t since_ms;
    const char *fault = reader == NULL ? NULL : reader_fault(reader, &since_ms);
    struct job *job;

    if (fault == NULL || !is_open(site, fault, since_ms))
        return;
    while ((job = reader_first(reader)) != NULL)
        trouble_park(site, job, fault);
}

static void
park_list(struct site *site, struct link *list, const char *fault, int64_t since_ms)
{
    if (!is_open(site, fault, since_ms))
        return;
    while (!list_is_empty(list))
        trouble_park(site, list_entry(list->next, struct job, link), fault);
}

static void
park(struct timer *timer, void *arg)
{
    struct site *site = arg;

    (void)timer;
    park_readers(site, site->look);
    park_readers(site, site->sources);
    park_list(site, &site->refer.waiting, site->refer.fault, site->refer.fault_since_ms);
    for (int of = 0; of < FAULTS; of++)
        park_list(site, &site->faults[of].held, site->faults[of].text, site->faults[of].since_ms);
}

void
breaker_init(struct site *site)
{
    timer_init(&site->breaker, park, site);
}

void
breaker_fini(struct site *site)
{
    timer_cancel(site->core->timers, &site->breaker);
}

void
breaker_trip(struct site *site)
{
    struct core *core = site->core;

    if (core->settings->tier_count > 0)
        timer_set_reserved(core->timers, &site->breaker, core->clock->mono_ms);
}
