/* The tick is jittered as a whole, so that replicas and environments do not beat in time. */
#include "confirm.h"

#include "sync.h"
#include "trouble.h"

/* Who has waited w is looked at again after w / PATIENCE, but not before the next tick and at the latest after a minute. */
enum { PATIENCE = 6, RAREST_MS = 60000 };

/* An accepted addUser that shows no row for so long is sent again: a 200 is no promise. */
enum { RESYNC_MS = 180000 };

static int64_t
jittered_ms(struct core *core)
{
    int64_t tick_ms = core->settings->confirm_tick_ms;

    return tick_ms + rng_between(&core->rng, -tick_ms / 10, tick_ms / 10);
}

static void
set_tick(struct site *site)
{
    struct core *core = site->core;

    timer_set_reserved(core->timers, &site->tick, core->clock->mono_ms + jittered_ms(core));
}

/* Time spent here, since addUser was accepted: not that which a held lane or a failing reader took. */
static int64_t
waited_ms(const struct site *site, const struct job *job)
{
    int64_t now_ms = site->core->clock->mono_ms;

    return job->confirm_waited_ms +
           (job->state == JOB_CONFIRMING ? now_ms - job->confirm_since_ms : 0);
}

static void
leave(struct site *site, struct job *job)
{
    job->confirm_waited_ms = waited_ms(site, job);
    list_remove(&job->link);
}

static void
look(struct site *site, struct job *job)
{
    leave(site, job);
    job->state = JOB_READING;
    job->awaits_row = true;
    reader_add(site->look, job);
}

static void
give_up(struct site *site, struct job *job)
{
    struct error error;
    const struct trouble trouble = {CALL_LOOK, VERDICT_REFUSED, "row_not_visible", &error};

    leave(site, job);
    error_set(&error, ERROR_LIMIT, "addUser was accepted, but no enabled row within the deadline");
    job->spent_ms = site->core->settings->deadline_ms;
    trouble_meet(site, job, &trouble);
}

static void
tick(struct timer *timer, void *arg)
{
    struct site *site = arg;
    int64_t now_ms = site->core->clock->mono_ms;

    (void)timer;
    list_for_each(link, following, &site->confirming)
    {
        struct job *job = list_entry(link, struct job, link);

        if (waited_ms(site, job) + job->spent_ms > site->core->settings->deadline_ms)
            give_up(site, job);
        else if (job->confirm_at_ms <= now_ms)
            look(site, job);
    }
    reader_flush(site->look);
    if (!list_is_empty(&site->confirming))
        set_tick(site);
}

void
confirm_init(struct site *site)
{
    list_init(&site->confirming);
    timer_init(&site->tick, tick, site);
}

void
confirm_wait(struct site *site, struct job *job)
{
    int64_t tick_ms = site->core->settings->confirm_tick_ms;
    int64_t pause_ms = waited_ms(site, job) / PATIENCE;

    if (waited_ms(site, job) > RESYNC_MS) {
        job->spent_ms += waited_ms(site, job);
        job->confirm_waited_ms = 0;
        job->is_synced = false;
        sync_step(site, job);
        return;
    }
    if (pause_ms > RAREST_MS)
        pause_ms = RAREST_MS;
    job->state = JOB_CONFIRMING;
    job->confirm_since_ms = site->core->clock->mono_ms;
    /* Half a tick of grace, so that the tick takes all who are nearly due. */
    job->confirm_at_ms =
        site->core->clock->mono_ms + (pause_ms > tick_ms ? pause_ms : tick_ms) - tick_ms / 2;
    list_add_last(&site->confirming, &job->link);
    if (!timer_is_set(&site->tick))
        set_tick(site);
}
