/*
 * Enumerations of the members who are there now: a reconciliation at long intervals, or a backfill
 * that an operator asked for. Each member becomes an event on the backfill topic, where it costs
 * the worker a look and stands behind everybody who joins. A link that is worth nothing any more
 * means to begin from the first page.
 *
 * Lists of members may lag behind the delta query. So who was told as having left a short while
 * ago is passed over, and whoever has begun to lead waits until that is all it may have to know.
 */
#include <stdio.h>

#include "feed_private.h"

static const struct feed_setup *
setup_of(const struct walk *walk)
{
    return &walk->watch->feed->setup;
}

static enum feed_origin
origin(const struct walk *walk)
{
    return setup_of(walk)->mode == FEED_MODE_BACKFILL ? FEED_ORIGIN_BACKFILL
                                                      : FEED_ORIGIN_RECONCILE;
}

/* Until the next one is due; one that was under way goes on at once. */
static int64_t
due_in_ms(const struct watch *watch)
{
    const struct feed_setup *setup = &watch->feed->setup;
    int64_t interval_ms = setup->settings->reconcile_ms;
    int64_t wait_ms = watch->saved.reconciled_ms + interval_ms - setup->clock->wall_ms;

    if (watch->saved.census_page != NULL || setup->mode == FEED_MODE_BACKFILL || wait_ms < 0)
        return 0;
    return wait_ms < interval_ms ? wait_ms : interval_ms; /* the wall clock may have gone back */
}

/* How long somebody who has left is not believed to be back by a list alone. */
static int64_t
memory_ms(const struct watch *watch)
{
    const struct feed_setup *setup = &watch->feed->setup;
    int64_t memory = setup->settings->conclude_after_ms;

    return memory > 0 && setup->mode == FEED_MODE_WATCH ? memory : 0;
}

void
census_begin(struct watch *watch)
{
    const struct feed_setup *setup = &watch->feed->setup;
    int64_t wait_ms = due_in_ms(watch);

    if (setup->mode != FEED_MODE_BACKFILL && setup->settings->reconcile_ms == 0)
        return;
    if (setup->mode == FEED_MODE_ONCE && wait_ms > 0)
        return;
    if (wait_ms < memory_ms(watch))
        wait_ms = memory_ms(watch);
    snprintf(watch->census.name, sizeof(watch->census.name), "backfill/%lld",
             (long long)setup->clock->wall_ms);
    walk_begin(&watch->census, wait_ms);
}

static bool
ask(struct walk *walk)
{
    const struct feed_setup *setup = setup_of(walk);
    const struct saved *saved = &walk->watch->saved;

    walk->call.page = saved->census_page;
    walk->call.is_transitive = setup->settings->is_transitive;
    if (setup->mode != FEED_MODE_BACKFILL)
        snprintf(walk->name, sizeof(walk->name), "census/%lld", (long long)saved->census + 1);
    return true;
}

static void
pass_over_leavers(struct walk *walk)
{
    struct roster *roster = &walk->watch->roster;
    struct call *call = &walk->call;
    int64_t since_ms = setup_of(walk)->clock->mono_ms - memory_ms(walk->watch);
    size_t kept = 0;

    for (size_t i = 0; i < call->change_count; i++) {
        if (!roster_has_left(roster, &call->changes[i].user, since_ms))
            call->changes[kept++] = call->changes[i];
    }
    call->change_count = kept;
    roster_tidy(roster, since_ms);
}

static void
found(struct walk *walk)
{
    pass_over_leavers(walk);
    walk_publish(walk, FEED_BACKFILL);
}

static int
advance(const struct walk *walk, struct saved *next)
{
    const struct call *call = &walk->call;

    next->is_gone = false; /* it has members that can be listed, or none */
    next->census += call->page == NULL ? 1 : 0;
    if (call->next_page == NULL)
        next->reconciled_ms = setup_of(walk)->clock->wall_ms;
    return saved_set_page(&next->census_page, call->next_page);
}

/* There is another one to come, or not. */
static void
finish(struct walk *walk)
{
    if (setup_of(walk)->mode == FEED_MODE_WATCH)
        walk_begin(walk, setup_of(walk)->settings->reconcile_ms);
    else
        walk_end(walk);
}

static void
published(struct walk *walk, const struct saved *before)
{
    struct feed_report report = walk_report(walk, FEED_NEWS_ROUND);

    (void)before;
    if (walk->call.next_page != NULL) {
        walk_wait(walk, 0);
        return;
    }
    report.took_ms = setup_of(walk)->clock->mono_ms - walk->began_ms;
    finish(walk);
    report.next_in_ms = walk->state == WALK_WAITING ? setup_of(walk)->settings->reconcile_ms : -1;
    watch_tell(walk->watch, &report);
}

static bool
refused(struct walk *walk)
{
    const struct call *call = &walk->call;
    struct watch *watch = walk->watch;

    if (call->verdict == VERDICT_REJECTED) {
        watch_gone(watch, walk, "not_found");
        finish(walk);
        return true;
    }
    if (call->page != NULL && (call->verdict == VERDICT_CHANGED || call->error.status == 400)) {
        saved_drop_page(&watch->saved.census_page);
        walk->pages = walk->added = walk->others = 0;
    }
    return false;
}

const struct walk_rules census_rules = {
    .kind = CALL_MEMBERS,
    .ask = ask,
    .found = found,
    .refused = refused,
    .advance = advance,
    .published = published,
    .origin = origin,
};
