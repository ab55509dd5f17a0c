/*
 * Rounds of the delta query. A full enumeration (the first one, and each after a link had become
 * worthless) goes to the backfill topic; what has changed since goes to the main one. The last page
 * of a round holds the link for the next.
 *
 * In between it is told who was missing in an enumeration, where that is due (absent.c).
 */
#include <stdio.h>

#include "feed_private.h"

/* Resyncs in a row: the first at once, then after one poll, two, four … */
enum { RESYNC_PAUSE_CAP_MS = 3600 * 1000 };

static const enum feed_origin origins[SAVED_PHASES] = {
    [SAVED_INITIAL] = FEED_ORIGIN_INITIAL,
    [SAVED_CHANGE] = FEED_ORIGIN_CHANGE,
    [SAVED_RESYNC] = FEED_ORIGIN_RESYNC,
};

static enum feed_origin
origin(const struct walk *walk)
{
    if (walk->is_concluding)
        return FEED_ORIGIN_RESYNC;
    return origins[walk->watch->saved.phase];
}

static const struct feed_setup *
setup_of(const struct walk *walk)
{
    return &walk->watch->feed->setup;
}

/* A tenth more or less, so that the groups spread. */
static int64_t
poll_ms(struct walk *walk)
{
    int64_t mean_ms = setup_of(walk)->settings->poll_ms;

    return rng_between(&walk->watch->feed->core.rng, mean_ms - mean_ms / 10,
                       mean_ms + mean_ms / 10);
}

void
round_begin(struct watch *watch)
{
    if (watch->feed->setup.mode != FEED_MODE_BACKFILL)
        walk_begin(&watch->round, 0);
}

/* --- asking ----------------------------------------------------------------------------------- */

/* Of people who were members before, nobody wants to hear. */
static bool
begins_with_latest(const struct walk *walk)
{
    return walk->watch->saved.phase == SAVED_INITIAL &&
           walk->watch->group->initial == FEED_INITIAL_LATEST;
}

static void found(struct walk *walk);

static bool
ask(struct walk *walk)
{
    const struct saved *saved = &walk->watch->saved;

    walk->call.page = NULL;
    walk->is_concluding = absent_take(walk);
    if (walk->is_concluding) {
        found(walk);
        return false;
    }
    walk->call.page = saved->page;
    walk->call.is_latest = saved->page == NULL && begins_with_latest(walk);
    snprintf(walk->name, sizeof(walk->name), "%s/%lld", saved_phase_name(saved->phase),
             (long long)saved->generation);
    return true;
}

/* --- what a page brings ----------------------------------------------------------------------- */

static void
count_users(const struct call *call, struct feed_report *report)
{
    report->added = report->removed = report->others = 0;
    for (size_t i = 0; i < call->change_count; i++) {
        const struct member_change *change = &call->changes[i];

        if (change->kind == MEMBER_OTHER)
            report->others++;
        else if (change->is_removed)
            report->removed++;
        else
            report->added++;
    }
}

/* The page is dropped: when the guard is lifted it is asked for again, as it is by then. */
static void
hold(struct walk *walk, struct feed_report *report)
{
    walk->state = WALK_HELD;
    walk->failures = 0;
    walk->fault = "";
    report->reason = "max_events_per_round";
    watch_tell(walk->watch, report);
}

static void
found(struct walk *walk)
{
    const struct saved *saved = &walk->watch->saved;
    int64_t most = setup_of(walk)->settings->max_events_per_round;
    struct feed_report report = walk_report(walk, FEED_NEWS_HELD);
    int64_t events;

    count_users(&walk->call, &report);
    events = report.added + report.removed;
    if (most > 0 && events > 0 && saved->events + events > most && !saved->is_released)
        hold(walk, &report);
    else
        walk_publish(walk, origin(walk) == FEED_ORIGIN_CHANGE ? FEED_MAIN : FEED_BACKFILL);
}

bool
round_release(struct watch *watch)
{
    struct feed_report report;

    if (watch->round.state != WALK_HELD)
        return false;
    watch->saved.is_released = true;
    report = walk_report(&watch->round, FEED_NEWS_RELEASED);
    watch_tell(watch, &report);
    walk_wait(&watch->round, 0);
    return true;
}

/* An enumeration to its end that never spoke of the group: there is none. */
static bool
is_gone_after(const struct walk *walk, const struct saved *next)
{
    const struct call *call = &walk->call;

    if (call->is_group_seen)
        return call->is_group_deleted;
    if (call->delta_page != NULL && next->phase != SAVED_CHANGE && !next->is_seen &&
        !begins_with_latest(walk))
        return true;
    return next->is_gone;
}

static int
advance(const struct walk *walk, struct saved *next)
{
    const struct call *call = &walk->call;
    bool is_last = call->delta_page != NULL;

    next->events = is_last ? 0 : next->events + (int64_t)walk->parcel.notice_count;
    if (walk->is_concluding)
        return 0;
    next->is_gone = is_gone_after(walk, next);
    if (is_last && next->phase != SAVED_CHANGE && !next->is_gone && !begins_with_latest(walk))
        next->conclude_ms = absent_due_ms(walk->watch);
    next->is_seen = !is_last && (next->is_seen || call->is_group_seen);
    next->is_released = !is_last && next->is_released;
    if (is_last)
        next->phase = SAVED_CHANGE;
    return saved_set_page(&next->page, is_last ? call->delta_page : call->next_page);
}

/* --- after a page ----------------------------------------------------------------------------- */

static void
finish(struct walk *walk, const struct saved *before)
{
    struct watch *watch = walk->watch;
    const struct clock *clock = setup_of(walk)->clock;
    struct feed_report report = walk_report(walk, FEED_NEWS_ROUND);

    report.origin = origins[before->phase];
    report.took_ms = clock->mono_ms - walk->began_ms;
    if (before->phase == SAVED_CHANGE)
        watch->resyncs = 0;
    watch->succeeded_ms = clock->wall_ms;
    if (walk->removed > 0)
        roster_tidy(&watch->roster, clock->mono_ms - setup_of(walk)->settings->conclude_after_ms);
    if (setup_of(walk)->mode == FEED_MODE_ONCE)
        walk_end(walk);
    else
        walk_begin(walk, poll_ms(walk));
    report.next_in_ms = walk->state == WALK_WAITING ? walk->at_ms - clock->mono_ms : INT64_C(-1);
    watch_tell(watch, &report);
}

static void
published(struct walk *walk, const struct saved *before)
{
    if (walk->call.delta_page != NULL)
        finish(walk, before);
    else
        walk_wait(walk, 0);
}

/* --- refusals --------------------------------------------------------------------------------- */

/*
 * The documented codes say so; and a 400 to a link that Graph itself has made says at least that
 * this one leads nowhere.
 */
static bool
is_link_worthless(const struct call *call)
{
    return call->page != NULL && (call->verdict == VERDICT_CHANGED || call->error.status == 400);
}

/* Enumerating a large group again and again would harm more than it mends. */
static int64_t
resync_pause_ms(const struct walk *walk)
{
    int64_t pause_ms = setup_of(walk)->settings->poll_ms;

    if (walk->watch->resyncs <= 1)
        return 0;
    for (int i = 2; i < walk->watch->resyncs && pause_ms < RESYNC_PAUSE_CAP_MS; i++)
        pause_ms *= 2;
    return pause_ms < RESYNC_PAUSE_CAP_MS ? pause_ms : RESYNC_PAUSE_CAP_MS;
}

/* The state that says so is written with the enumeration's first page; until then the old link
 * would only be refused again. */
static void
resync(struct walk *walk)
{
    struct watch *watch = walk->watch;
    struct saved *saved = &watch->saved;
    struct feed_report report;

    watch->resyncs++;
    if (saved->phase == SAVED_CHANGE)
        saved->phase = SAVED_RESYNC;
    saved_drop_page(&saved->page);
    saved->generation++;
    saved->events = saved->conclude_ms = 0;
    saved->is_released = saved->is_seen = false;
    walk_begin(walk, resync_pause_ms(walk));
    report = walk_report(walk, FEED_NEWS_RESYNC);
    report.reason = walk->call.verdict == VERDICT_CHANGED ? walk->call.reason : "link_refused";
    report.detail = walk->call.error.text;
    report.next_in_ms = resync_pause_ms(walk);
    watch_tell(watch, &report);
}

static bool
refused(struct walk *walk)
{
    struct watch *watch = walk->watch;

    if (is_link_worthless(&walk->call)) {
        resync(walk);
        return true;
    }
    if (walk->call.verdict != VERDICT_REJECTED)
        return false;
    watch_gone(watch, walk, "not_found");
    if (setup_of(walk)->mode == FEED_MODE_ONCE)
        walk_end(walk);
    else
        walk_begin(walk, poll_ms(walk));
    return true;
}

const struct walk_rules round_rules = {
    .kind = CALL_DELTA,
    .ask = ask,
    .found = found,
    .refused = refused,
    .advance = advance,
    .published = published,
    .origin = origin,
    .knows_members = true,
};
