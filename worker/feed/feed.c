/*
 * Puts the parts together, hands saved states to their groups, and what arrives to the part whose
 * business it is.
 */
#include "feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "feed_private.h"
#include "json.h"
#include "lane.h"
#include "text.h"

enum { STATE_MAX_BYTES = 256 * 1024, STATE_DEPTH = 8, LANE_NAME_BYTES = 128 };

const char *
feed_news_name(enum feed_news news)
{
    static const char *const names[FEED_NEWS_KINDS] = {
        [FEED_NEWS_PAGE] = "page",         [FEED_NEWS_ROUND] = "round",
        [FEED_NEWS_FAILED] = "failed",     [FEED_NEWS_RESYNC] = "resync",
        [FEED_NEWS_GONE] = "gone",         [FEED_NEWS_BACK] = "back",
        [FEED_NEWS_HELD] = "held",         [FEED_NEWS_STATE] = "state",
        [FEED_NEWS_RELEASED] = "released",
    };

    return names[news];
}

/* --- making ----------------------------------------------------------------------------------- */

static const struct identity *
identity_of(const struct feed *feed)
{
    return &feed->setup.routing->identities[feed->setup.identity];
}

static char *
make_base(const struct feed_setup *setup)
{
    struct text base = TEXT_EMPTY;

    text_add(&base, setup->graph_url);
    text_add(&base, "/v1.0/groups");
    return text_take(&base, NULL);
}

static void
make_core(struct feed *feed)
{
    const struct feed_setup *setup = &feed->setup;
    const struct feed_settings *settings = setup->settings;

    feed->core_settings = (struct engine_settings){
        .backoff_base_ms = settings->backoff_base_ms,
        .backoff_cap_ms = settings->backoff_cap_ms,
        .probe_ms = settings->probe_ms,
    };
    feed->core = (struct core){
        .settings = &feed->core_settings,
        .routing = setup->routing,
        .clock = setup->clock,
        .ports = {.context = setup->ports.context,
                  .send = setup->ports.send,
                  .cancel = setup->ports.cancel,
                  .failed = setup->ports.failed},
    };
    rng_seed(&feed->core.rng, setup->seed);
}

static struct lane *
make_lane(struct feed *feed)
{
    const struct feed_settings *settings = feed->setup.settings;
    const struct lane_limits limits = {settings->graph_concurrency, settings->graph_units, 0,
                                       settings->graph_span_ms};
    char name[LANE_NAME_BYTES];

    snprintf(name, sizeof(name), "graph/%s", identity_of(feed)->name);
    return lane_create(&feed->core, name, identity_of(feed), feed->setup.graph_scope, &limits);
}

static int
make_parts(struct feed *feed)
{
    const struct feed_setup *setup = &feed->setup;
    struct core *core = &feed->core;

    make_core(feed);
    core->timers = timers_create();
    core->login_not_before_ms =
        calloc(setup->routing->identity_count + 1, sizeof(core->login_not_before_ms[0]));
    if (core->timers == NULL || core->login_not_before_ms == NULL)
        return -1;
    feed->lane = make_lane(feed);
    feed->parser = json_parser_create(STATE_DEPTH, STATE_MAX_BYTES);
    feed->base = make_base(setup);
    feed->watches = calloc(setup->group_count + 1, sizeof(feed->watches[0]));
    if (feed->lane == NULL || feed->parser == NULL || feed->base == NULL || feed->watches == NULL)
        return -1;
    dispatch_init(&feed->dispatch, core, &feed->setup.ports, &walk_dispatch_rules);
    for (size_t i = 0; i < setup->group_count; i++)
        watch_init(&feed->watches[i], feed, &setup->groups[i]);
    return 0;
}

static int
check(const struct feed_setup *setup, struct error *ret_error)
{
    char digits[GUID_TEXT_BYTES];

    if (setup->identity >= setup->routing->identity_count)
        return error_set(ret_error, ERROR_CONFIG, "there is no identity to ask Graph with");
    for (size_t i = 0; i < setup->group_count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (guid_equal(&setup->groups[i].id, &setup->groups[j].id))
                return error_set(ret_error, ERROR_CONFIG, "group %s is there twice",
                                 guid_format(&setup->groups[i].id, digits));
        }
    }
    return 0;
}

struct feed *
feed_create(const struct feed_setup *setup, struct error *ret_error)
{
    struct feed *feed;

    if (check(setup, ret_error) != 0)
        return NULL;
    feed = calloc(1, sizeof(*feed));
    if (feed == NULL) {
        error_set(ret_error, ERROR_MEMORY, "no memory for the feed");
        return NULL;
    }
    feed->setup = *setup;
    if (make_parts(feed) == 0)
        return feed;
    feed_destroy(feed);
    error_set(ret_error, ERROR_MEMORY, "no memory for the feed");
    return NULL;
}

void
feed_destroy(struct feed *feed)
{
    if (feed == NULL)
        return;
    feed_yield(feed);
    lane_destroy(feed->lane);
    timers_destroy(feed->core.timers);
    free(feed->core.login_not_before_ms);
    json_parser_destroy(feed->parser);
    free(feed->base);
    free(feed->watches);
    free(feed);
}

/* --- leading ---------------------------------------------------------------------------------- */

/* The last one of the group's key; NULL: none. */
static const struct feed_saved *
find_state(const struct watch *watch, const struct feed_saved *states, size_t count)
{
    const struct feed_saved *found = NULL;

    for (size_t i = 0; i < count; i++) {
        if (states[i].key_length == strlen(watch->id) &&
            memcmp(states[i].key, watch->id, states[i].key_length) == 0)
            found = &states[i];
    }
    return found;
}

static void
tell_unusable(const struct watch *watch, const struct error *error)
{
    struct feed_report report = walk_report(&watch->round, FEED_NEWS_STATE);

    report.origin = FEED_ORIGIN_RESYNC;
    report.reason = "state_unusable";
    report.detail = error->text;
    watch_tell(watch, &report);
}

/* Who is known as a member, out of the marks among ${states}. -1: no memory. */
static int
read_marks(const struct feed *feed, struct watch *watch, const struct feed_saved *states,
           size_t count)
{
    const struct feed_setup *setup = &feed->setup;
    struct guid user;

    if (setup->mode == FEED_MODE_BACKFILL || setup->settings->conclude_after_ms < 0)
        return 0;
    for (size_t i = 0; i < count; i++) {
        if (!mark_read_key(states[i].key, states[i].key_length, watch->id, &user))
            continue;
        if (roster_add(&watch->roster, &user,
                       mark_read_value(feed->parser, states[i].value, states[i].value_length)) ==
            -1)
            return -1;
    }
    return 0;
}

/* An enumeration that begins from nothing is a later one than any in which somebody was seen. */
static void
begin_anew(const struct feed *feed, const struct watch *watch, enum saved_phase phase,
           struct saved *saved)
{
    saved_init(saved, phase, feed->setup.clock->wall_ms);
    saved->generation = roster_latest(&watch->roster) + 1;
}

/* Where the group goes on. -1: no memory. */
static int
read_state(const struct feed *feed, const struct watch *watch, const struct feed_saved *state,
           struct saved *ret_saved)
{
    struct error error;

    begin_anew(feed, watch, SAVED_INITIAL, ret_saved);
    if (state == NULL || feed->setup.mode == FEED_MODE_BACKFILL)
        return 0;
    if (saved_read(feed->parser, state->value, state->value_length, feed->base, ret_saved,
                   &error) == 0)
        return 0;
    if (error.class == ERROR_MEMORY)
        return -1;
    begin_anew(feed, watch, SAVED_RESYNC, ret_saved);
    tell_unusable(watch, &error);
    return 0;
}

int
feed_lead(struct feed *feed, const struct feed_saved *states, size_t count)
{
    feed_yield(feed);
    for (size_t i = 0; i < feed->setup.group_count; i++) {
        struct watch *watch = &feed->watches[i];
        struct saved saved;

        if (read_marks(feed, watch, states, count) == -1 ||
            read_state(feed, watch, find_state(watch, states, count), &saved) == -1) {
            feed_yield(feed);
            return -1;
        }
        watch_begin(watch, &saved);
    }
    feed->is_leading = true;
    return 0;
}

void
feed_yield(struct feed *feed)
{
    feed->is_leading = false;
    if (feed->watches == NULL || feed->lane == NULL)
        return;
    dispatch_clear(&feed->dispatch);
    for (size_t i = 0; i < feed->setup.group_count; i++)
        watch_stop(&feed->watches[i]);
}

/* --- what arrives ----------------------------------------------------------------------------- */

void
feed_answered(struct feed *feed, struct call *call)
{
    const struct feed_ports *ports = &feed->setup.ports;

    ports->answered(ports->context, call, feed->setup.clock->mono_ms - call->sent_at_ms);
    if (call->lane != NULL)
        lane_answered(call->lane, call);
    else
        call->done(call);
}

void
feed_published(struct feed *feed, uint64_t serial, const struct error *error)
{
    dispatch_answered(&feed->dispatch, serial, error);
}

size_t
feed_release(struct feed *feed, const struct guid *group)
{
    size_t count = 0;

    for (size_t i = 0; i < feed->setup.group_count; i++) {
        struct watch *watch = &feed->watches[i];

        if ((group == NULL || guid_equal(group, &watch->group->id)) && round_release(watch))
            count++;
    }
    return count;
}

/* --- time ------------------------------------------------------------------------------------- */

void
feed_run(struct feed *feed)
{
    timers_run(feed->core.timers, feed->setup.clock->mono_ms);
    for (size_t i = 0; i < feed->setup.group_count; i++) {
        walk_run(&feed->watches[i].round);
        walk_run(&feed->watches[i].census);
    }
    dispatch_run(&feed->dispatch);
}

static int64_t
earlier(int64_t at_ms, const struct walk *walk)
{
    return walk->state == WALK_WAITING && walk->at_ms < at_ms ? walk->at_ms : at_ms;
}

int64_t
feed_next_ms(const struct feed *feed)
{
    int64_t next_ms = timers_next_ms(feed->core.timers);

    if (dispatch_next_ms(&feed->dispatch) < next_ms)
        next_ms = dispatch_next_ms(&feed->dispatch);
    for (size_t i = 0; i < feed->setup.group_count; i++) {
        next_ms = earlier(next_ms, &feed->watches[i].round);
        next_ms = earlier(next_ms, &feed->watches[i].census);
    }
    return next_ms;
}
