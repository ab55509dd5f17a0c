/*
 * asking → publishing → asking …; a failure waits and asks again. What was found stays in the call
 * until it is published, for the state is made of it as late as possible.
 */
#include "walk.h"

#include <string.h>

#include "error.h"
#include "feed_private.h"
#include "lane.h"

const char *
walk_state_name(enum walk_state state)
{
    static const char *const names[] = {
        [WALK_ENDED] = "ended",           [WALK_WAITING] = "waiting", [WALK_ASKING] = "asking",
        [WALK_PUBLISHING] = "publishing", [WALK_HELD] = "held",
    };

    return names[state];
}

struct feed_report
walk_report(const struct walk *walk, enum feed_news news)
{
    return (struct feed_report){
        .news = news,
        .group = walk->watch->group->id,
        .origin = walk->rules->origin(walk),
        .added = walk->added,
        .removed = walk->removed,
        .others = walk->others,
        .pages = walk->pages,
        .next_in_ms = -1,
        .reason = "",
        .detail = "",
        .request_id = walk->call.error.request_id,
    };
}

static const struct feed_setup *
setup_of(const struct walk *walk)
{
    return &walk->watch->feed->setup;
}

/* --- time ------------------------------------------------------------------------------------- */

void
walk_wait(struct walk *walk, int64_t wait_ms)
{
    walk->state = WALK_WAITING;
    walk->at_ms = setup_of(walk)->clock->mono_ms + wait_ms;
}

void
walk_begin(struct walk *walk, int64_t wait_ms)
{
    walk->began_ms = 0;
    walk->pages = walk->added = walk->removed = walk->others = 0;
    walk_wait(walk, wait_ms);
}

void
walk_end(struct walk *walk)
{
    walk->state = WALK_ENDED;
}

void
walk_stop(struct walk *walk)
{
    lane_cancel(walk->watch->feed->lane, &walk->call);
    call_reset(&walk->call);
    saved_drop_page(&walk->page);
    walk->call.page = NULL;
    parcel_free(&walk->parcel);
    saved_free(&walk->next);
    walk->failures = 0;
    walk->fault = "";
    walk->is_given_up = walk->is_concluding = false;
    walk_end(walk);
}

/* --- failures --------------------------------------------------------------------------------- */

/* Whoever runs once gives up at some time. */
static bool
is_hopeless(const struct walk *walk, int attempt)
{
    const struct feed_setup *setup = setup_of(walk);

    return setup->mode != FEED_MODE_WATCH && attempt >= setup->settings->attempts;
}

static void
give_up(struct walk *walk)
{
    walk->is_given_up = true;
    walk_end(walk);
}

static void
tell_failure(struct walk *walk, const char *reason, const struct error *error, int64_t next_in_ms)
{
    struct feed_report report = walk_report(walk, FEED_NEWS_FAILED);

    report.reason = reason;
    report.detail = error->text;
    report.attempt = walk->failures;
    report.next_in_ms = next_in_ms;
    walk->fault = reason;
    watch_tell(walk->watch, &report);
}

static void
fail(struct walk *walk, enum verdict verdict, const char *reason, const struct error *error)
{
    struct feed *feed = walk->watch->feed;
    int64_t wait_ms;

    walk->failures++;
    wait_ms = verdict == VERDICT_MISCONFIGURED
                  ? feed->setup.settings->probe_ms
                  : core_backoff_ms(&feed->core, walk->failures, error->retry_after_ms);
    if (is_hopeless(walk, walk->failures)) {
        give_up(walk);
        wait_ms = -1;
    } else {
        walk_wait(walk, wait_ms);
    }
    tell_failure(walk, reason, error, wait_ms);
}

static void
fail_memory(struct walk *walk)
{
    struct error error;

    error_set(&error, ERROR_MEMORY, "no memory for a page");
    fail(walk, VERDICT_RETRY, "no_memory", &error);
}

/* --- asking ----------------------------------------------------------------------------------- */

static void
answered(struct call *call)
{
    struct walk *walk = call->owner;

    if (call->verdict == VERDICT_DONE)
        walk->rules->found(walk);
    else if (!walk->rules->refused(walk))
        fail(walk, call->verdict, call->reason, &call->error);
}

static void
ask(struct walk *walk)
{
    struct call *call = &walk->call;

    if (walk->began_ms == 0)
        walk->began_ms = setup_of(walk)->clock->mono_ms;
    call_reset(call);
    if (!walk->rules->ask(walk))
        return;
    if (saved_set_page(&walk->page, call->page) == -1) {
        fail_memory(walk);
        return;
    }
    call->page = walk->page;
    walk->state = WALK_ASKING;
    lane_submit(walk->watch->feed->lane, call);
}

void
walk_run(struct walk *walk)
{
    if (walk->state == WALK_WAITING && walk->at_ms <= setup_of(walk)->clock->mono_ms)
        ask(walk);
}

void
walk_init(struct walk *walk, struct watch *watch, const struct walk_rules *rules)
{
    const struct feed_setup *setup = &watch->feed->setup;

    *walk = (struct walk){.rules = rules, .watch = watch, .state = WALK_ENDED, .fault = ""};
    call_init(&walk->call, rules->kind, NULL, answered, walk);
    walk->call.identity = &setup->routing->identities[setup->identity];
    walk->call.group = watch->group->id;
    parcel_init(&walk->parcel);
}

/* --- publishing ------------------------------------------------------------------------------- */

static int
make_next(struct walk *walk)
{
    struct saved next;

    if (saved_copy(&walk->watch->saved, &next) == -1)
        return -1;
    if (walk->rules->advance(walk, &next) == -1) {
        saved_free(&next);
        return -1;
    }
    saved_free(&walk->next);
    walk->next = next;
    return 0;
}

static void
tell_gone(const struct walk *walk)
{
    bool is_gone = walk->watch->saved.is_gone;
    struct feed_report report = walk_report(walk, is_gone ? FEED_NEWS_GONE : FEED_NEWS_BACK);

    if (is_gone)
        report.reason = walk->call.is_group_deleted ? "deleted" : "not_found";
    watch_tell(walk->watch, &report);
}

static bool
keeps_roster(const struct walk *walk)
{
    return walk->rules->knows_members && setup_of(walk)->settings->conclude_after_ms >= 0;
}

/* The page is done with: its events are there, and its state holds. */
static void
arrive(struct walk *walk)
{
    struct watch *watch = walk->watch;
    struct saved before = watch->saved;
    struct feed_report report;

    report = walk_report(walk, FEED_NEWS_PAGE);
    watch->saved = walk->next;
    walk->next = (struct saved){0};
    report.added = walk->parcel.added;
    report.removed = walk->parcel.removed;
    report.others = walk->parcel.others;
    report.pages = ++walk->pages;
    walk->added += report.added;
    walk->removed += report.removed;
    walk->others += report.others;
    walk->failures = 0;
    walk->fault = "";
    if (keeps_roster(walk))
        roster_apply(&watch->roster, walk->call.changes, walk->call.change_count,
                     before.generation);
    parcel_free(&walk->parcel);
    watch_tell(watch, &report);
    if (watch->saved.is_gone != before.is_gone)
        tell_gone(walk);
    walk->rules->published(walk, &before);
    saved_free(&before);
}

/* Nothing to say, and nothing to note. */
static bool
is_idle(const struct walk *walk)
{
    return walk->parcel.notice_count == 0 && (setup_of(walk)->mode == FEED_MODE_BACKFILL ||
                                              saved_equal(&walk->next, &walk->watch->saved));
}

static int
pack(struct walk *walk, enum feed_topic topic)
{
    const struct call *call = &walk->call;
    struct watch *watch = walk->watch;

    if (parcel_pack(&walk->parcel, topic, call->changes, call->change_count) == -1)
        return -1;
    if (!keeps_roster(walk))
        return 0;
    if (roster_hear(&watch->roster, call->changes, call->change_count,
                    setup_of(walk)->clock->mono_ms) == -1)
        return -1;
    return parcel_mark(&walk->parcel, watch->saved.generation);
}

void
walk_publish(struct walk *walk, enum feed_topic topic)
{
    const struct feed_setup *setup = setup_of(walk);
    const struct call *call = &walk->call;

    parcel_free(&walk->parcel);
    walk->parcel.page = (struct notice_page){
        .group = walk->watch->group->id,
        .name = call->page != NULL ? call->page : walk->name,
        .origin = walk->rules->origin(walk),
        .source = setup->source,
        .wall_ms = setup->clock->wall_ms,
    };
    if (pack(walk, topic) == -1 || make_next(walk) == -1) {
        fail_memory(walk);
    } else if (is_idle(walk)) {
        arrive(walk);
    } else {
        walk->state = WALK_PUBLISHING;
        dispatch_submit(&walk->watch->feed->dispatch, &walk->parcel);
    }
}

static int
seal(struct parcel *parcel)
{
    struct walk *walk = list_entry(parcel, struct walk, parcel);

    if (make_next(walk) == -1)
        return -1;
    if (setup_of(walk)->mode == FEED_MODE_BACKFILL)
        return 0;
    text_clear(&parcel->state);
    saved_write(&walk->next, &parcel->state);
    if (parcel->state.failed)
        return -1;
    parcel_seal(parcel, walk->watch->id);
    return 0;
}

static void
published(struct parcel *parcel)
{
    arrive(list_entry(parcel, struct walk, parcel));
}

static bool
not_published(struct parcel *parcel, const struct error *error, int attempt, int64_t next_in_ms)
{
    struct walk *walk = list_entry(parcel, struct walk, parcel);
    bool is_over = is_hopeless(walk, attempt);

    walk->failures = attempt;
    if (is_over)
        give_up(walk);
    tell_failure(walk, "not_published", error, is_over ? -1 : next_in_ms);
    return !is_over;
}

const struct dispatch_rules walk_dispatch_rules = {seal, published, not_published};
