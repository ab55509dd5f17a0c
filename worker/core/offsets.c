/*
 * Trackers lie behind an array per topic that is indexed by the partition's number; those of
 * assigned partitions are in a dense list besides. A tracker is never freed before the end: a commit
 * in flight may point at it after a revoke.
 *
 * One timer does both kinds of waiting: while a commit is in flight it is set to the moment when the
 * answer counts as lost, otherwise to the moment when the next commit is wanted, INT64_MAX when there
 * is nothing to wait for.
 */
#include "offsets.h"

#include <stdlib.h>

#include "clock.h"
#include "tracker.h"

enum {
    COMMITS_PER_SPAN = 4, /* Event Hubs: four offset commits a second */
    SPAN_MS = 1000,
    PARTITIONS_AT_MOST = 1000000, /* of a topic */
    TOPICS_AT_MOST = 1000,
};

#define NEVER INT64_MAX

struct topic {
    struct tracker **trackers; /* by partition; NULL: never assigned */
    size_t count;
};

/* A partition's share of the commit in flight. */
struct sent {
    struct tracker *tracker;
    uint64_t epoch;
    int64_t offset;
};

struct offsets {
    struct offsets_settings settings;
    const struct clock *clock;
    struct timers *timers;
    offsets_commit_fn *commit;
    void *context;

    struct topic *topics;
    size_t topic_count;
    struct tracker **assigned;
    size_t assigned_count;
    size_t assigned_capacity; /* of the next two as well, so that committing needs no memory */
    struct offset_commit *commits;
    struct sent *sent; /* what is in flight */
    size_t sent_count;

    struct timer timer;
    int64_t wanted_at_ms; /* when the next commit is to be made; NEVER */
    uint64_t last_serial;
    uint64_t in_flight;                     /* a serial; 0: none */
    int64_t lost_at_ms;                     /* when its answer counts as lost */
    int64_t recent_at_ms[COMMITS_PER_SPAN]; /* when the last ones were sent, a ring */
    size_t oldest;                          /* in recent_at_ms */
    uint64_t replaced;                      /* windows of partitions that stayed */
};

/* --- when to commit ----------------------------------------------------------------------------- */

/* When one more commit keeps the limit. */
static int64_t
allowed_at_ms(const struct offsets *offsets)
{
    return offsets->recent_at_ms[offsets->oldest] + SPAN_MS;
}

static int64_t
next_look_ms(const struct offsets *offsets)
{
    int64_t allowed_ms = allowed_at_ms(offsets);

    if (offsets->in_flight != 0)
        return offsets->lost_at_ms;
    if (offsets->wanted_at_ms == NEVER || offsets->wanted_at_ms > allowed_ms)
        return offsets->wanted_at_ms;
    return allowed_ms;
}

static void
schedule(struct offsets *offsets)
{
    timer_set_reserved(offsets->timers, &offsets->timer, next_look_ms(offsets));
}

static void
want(struct offsets *offsets, int64_t at_ms)
{
    if (at_ms >= offsets->wanted_at_ms)
        return;
    offsets->wanted_at_ms = at_ms;
    schedule(offsets);
}

/* After anything that may have moved ${tracker}. */
static void
note(struct offsets *offsets, const struct tracker *tracker)
{
    int64_t now_ms = offsets->clock->mono_ms;

    if (tracker_is_due(tracker))
        want(offsets,
             tracker_is_drained(tracker) ? now_ms : now_ms + offsets->settings.interval_ms);
}

/* --- committing --------------------------------------------------------------------------------- */

/* Makes one list of all that has moved. */
static size_t
collect(struct offsets *offsets)
{
    size_t count = 0;

    for (size_t i = 0; i < offsets->assigned_count; i++) {
        struct tracker *tracker = offsets->assigned[i];
        int64_t offset = tracker_committable(tracker);

        if (!tracker_is_due(tracker))
            continue;
        offsets->commits[count] =
            (struct offset_commit){tracker->state.topic, tracker->state.partition, offset};
        offsets->sent[count++] = (struct sent){tracker, tracker->epoch, offset};
    }
    return count;
}

/* Whatever the limit and whatever is in flight. False: nothing had moved. */
static bool
send(struct offsets *offsets)
{
    int64_t now_ms = offsets->clock->mono_ms;
    size_t count = collect(offsets);

    offsets->wanted_at_ms = NEVER;
    if (count == 0)
        return false;
    offsets->recent_at_ms[offsets->oldest] = now_ms;
    offsets->oldest = (offsets->oldest + 1) % COMMITS_PER_SPAN;
    offsets->in_flight = ++offsets->last_serial;
    offsets->sent_count = count;
    offsets->lost_at_ms = now_ms + offsets->settings.answer_within_ms;
    offsets->commit(offsets->context, offsets->commits, count, offsets->in_flight);
    return true;
}

static void
on_timer(struct timer *timer, void *arg)
{
    struct offsets *offsets = arg;
    int64_t now_ms = offsets->clock->mono_ms;

    (void)timer;
    if (offsets->in_flight != 0 && offsets->lost_at_ms <= now_ms) {
        offsets->in_flight = 0;
        offsets->wanted_at_ms = now_ms;
    }
    if (next_look_ms(offsets) <= now_ms)
        (void)send(offsets);
    schedule(offsets);
}

bool
offsets_commit_now(struct offsets *offsets)
{
    bool has_moved = send(offsets);

    schedule(offsets);
    return has_moved;
}

static void
acknowledge(struct offsets *offsets)
{
    for (size_t i = 0; i < offsets->sent_count; i++) {
        const struct sent *sent = &offsets->sent[i];

        tracker_acknowledge(sent->tracker, sent->epoch, sent->offset);
    }
}

void
offsets_answered(struct offsets *offsets, uint64_t serial, bool is_ok)
{
    if (serial == 0 || serial != offsets->in_flight)
        return;
    offsets->in_flight = 0;
    if (is_ok)
        acknowledge(offsets);
    else
        want(offsets, offsets->clock->mono_ms + offsets->settings.interval_ms);
    schedule(offsets);
}

/* --- finding partitions ------------------------------------------------------------------------- */

/* NULL: was never assigned. */
static struct tracker *
find_tracker(const struct offsets *offsets, int topic, int32_t partition)
{
    if (topic < 0 || (size_t)topic >= offsets->topic_count)
        return NULL;
    if (partition < 0 || (size_t)partition >= offsets->topics[topic].count)
        return NULL;
    return offsets->topics[topic].trackers[partition];
}

static struct tracker *
find_assigned(const struct offsets *offsets, int topic, int32_t partition)
{
    struct tracker *tracker = find_tracker(offsets, topic, partition);

    return tracker != NULL && tracker_is_assigned(tracker) ? tracker : NULL;
}

static int
make_room_for_topic(struct offsets *offsets, size_t count)
{
    struct topic *topics;

    if (count <= offsets->topic_count)
        return 0;
    topics = realloc(offsets->topics, count * sizeof(*topics));
    if (topics == NULL)
        return -1;
    for (size_t i = offsets->topic_count; i < count; i++)
        topics[i] = (struct topic){NULL, 0};
    offsets->topics = topics;
    offsets->topic_count = count;
    return 0;
}

static int
make_room_for_partition(struct topic *topic, size_t count)
{
    struct tracker **trackers;

    if (count <= topic->count)
        return 0;
    trackers = realloc(topic->trackers, count * sizeof(struct tracker *));
    if (trackers == NULL)
        return -1;
    for (size_t i = topic->count; i < count; i++)
        trackers[i] = NULL;
    topic->trackers = trackers;
    topic->count = count;
    return 0;
}

static struct tracker *
find_or_add_tracker(struct offsets *offsets, int topic, int32_t partition)
{
    struct tracker **tracker;

    if (topic < 0 || topic >= TOPICS_AT_MOST || partition < 0 || partition >= PARTITIONS_AT_MOST)
        return NULL;
    if (make_room_for_topic(offsets, (size_t)topic + 1) == -1 ||
        make_room_for_partition(&offsets->topics[topic], (size_t)partition + 1) == -1)
        return NULL;
    tracker = &offsets->topics[topic].trackers[partition];
    if (*tracker == NULL)
        *tracker = calloc(1, sizeof(**tracker));
    if (*tracker != NULL) {
        (*tracker)->state.topic = topic;
        (*tracker)->state.partition = partition;
    }
    return *tracker;
}

/* --- assigning and revoking --------------------------------------------------------------------- */

/* Makes sure that one more can be assigned. */
static int
make_room_for_assigned(struct offsets *offsets)
{
    size_t capacity = offsets->assigned_capacity == 0 ? 16 : 2 * offsets->assigned_capacity;
    struct tracker **assigned;
    struct offset_commit *commits;
    struct sent *sent;

    if (offsets->assigned_count < offsets->assigned_capacity)
        return 0;
    assigned = realloc(offsets->assigned, capacity * sizeof(struct tracker *));
    if (assigned == NULL)
        return -1;
    offsets->assigned = assigned;
    commits = realloc(offsets->commits, capacity * sizeof(*commits));
    if (commits == NULL)
        return -1;
    offsets->commits = commits;
    sent = realloc(offsets->sent, capacity * sizeof(*sent));
    if (sent == NULL)
        return -1;
    offsets->sent = sent;
    offsets->assigned_capacity = capacity;
    return 0;
}

static bool
assign(struct tracker *tracker, int64_t offset, int64_t committed)
{
    return tracker != NULL && tracker_assign(tracker, offset, committed) == 0;
}

struct window *
offsets_assign(struct offsets *offsets, int topic, int32_t partition, int64_t offset,
               int64_t committed)
{
    struct tracker *tracker;

    offsets->replaced += find_assigned(offsets, topic, partition) != NULL;
    offsets_revoke(offsets, topic, partition);
    tracker = find_or_add_tracker(offsets, topic, partition);
    if (make_room_for_assigned(offsets) == -1 || !assign(tracker, offset, committed))
        return NULL;
    offsets->assigned[offsets->assigned_count++] = tracker;
    note(offsets, tracker);
    return tracker->state.window;
}

static void
forget(struct offsets *offsets, const struct tracker *tracker)
{
    size_t place = 0;

    while (offsets->assigned[place] != tracker)
        place++;
    offsets->assigned[place] = offsets->assigned[--offsets->assigned_count];
}

void
offsets_revoke(struct offsets *offsets, int topic, int32_t partition)
{
    struct tracker *tracker = find_assigned(offsets, topic, partition);

    if (tracker == NULL)
        return;
    tracker_revoke(tracker);
    forget(offsets, tracker);
    if (offsets->assigned_count > 0)
        return;
    offsets->in_flight = 0; /* whatever the answer, it concerns nobody */
    offsets->wanted_at_ms = NEVER;
    schedule(offsets);
}

/* --- records ------------------------------------------------------------------------------------ */

struct window *
offsets_take(struct offsets *offsets, int topic, int32_t partition, int64_t offset, int64_t low,
             window_serial *ret_serial)
{
    struct tracker *tracker = find_assigned(offsets, topic, partition);
    const struct window *before = tracker == NULL ? NULL : tracker->state.window;

    if (tracker == NULL || tracker_take(tracker, offset, low, ret_serial) == -1)
        return NULL;
    offsets->replaced += tracker->state.window != before;
    note(offsets, tracker);
    return tracker->state.window;
}

void
offsets_end(struct offsets *offsets, int topic, int32_t partition, int64_t offset, int64_t low)
{
    struct tracker *tracker = find_assigned(offsets, topic, partition);

    if (tracker == NULL)
        return;
    tracker_end(tracker, offset, low);
    note(offsets, tracker);
}

void
offsets_high(struct offsets *offsets, int topic, int32_t partition, int64_t high)
{
    struct tracker *tracker = find_assigned(offsets, topic, partition);

    if (tracker == NULL || high < 0 || high == tracker->state.end)
        return;
    tracker->state.end = high;
    note(offsets, tracker);
}

void
offsets_settled(struct offsets *offsets, const struct window *window)
{
    const struct tracker *tracker =
        find_assigned(offsets, window_topic(window), window_partition(window));

    if (tracker != NULL && tracker->state.window == window)
        note(offsets, tracker);
}

/* --- looking ------------------------------------------------------------------------------------ */

bool
offsets_are_clean(const struct offsets *offsets)
{
    for (size_t i = 0; i < offsets->assigned_count; i++) {
        if (tracker_is_due(offsets->assigned[i]))
            return false;
    }
    return true;
}

size_t
offsets_count(const struct offsets *offsets)
{
    return offsets->assigned_count;
}

const struct partition_state *
offsets_at(const struct offsets *offsets, size_t index)
{
    return &offsets->assigned[index]->state;
}

uint64_t
offsets_replaced(const struct offsets *offsets)
{
    return offsets->replaced;
}

uint64_t
offsets_lost_total(const struct offsets *offsets)
{
    uint64_t lost = 0;

    for (size_t i = 0; i < offsets->topic_count; i++) {
        const struct topic *topic = &offsets->topics[i];

        for (size_t partition = 0; partition < topic->count; partition++)
            lost += topic->trackers[partition] == NULL ? 0 : topic->trackers[partition]->state.lost;
    }
    return lost;
}

/* --- beginning and end -------------------------------------------------------------------------- */

struct offsets *
offsets_create(const struct offsets_settings *settings, const struct clock *clock,
               struct timers *timers, offsets_commit_fn *commit, void *context)
{
    struct offsets *offsets = calloc(1, sizeof(*offsets));

    if (offsets == NULL)
        return NULL;
    offsets->settings = *settings;
    offsets->clock = clock;
    offsets->timers = timers;
    offsets->commit = commit;
    offsets->context = context;
    offsets->wanted_at_ms = NEVER;
    for (size_t i = 0; i < COMMITS_PER_SPAN; i++)
        offsets->recent_at_ms[i] = INT64_MIN;
    timer_init(&offsets->timer, on_timer, offsets);
    if (timers_reserve(timers, 1) != 0) {
        free(offsets);
        return NULL;
    }
    schedule(offsets);
    return offsets;
}

static void
free_topic(struct topic *topic)
{
    for (size_t i = 0; i < topic->count; i++)
        free(topic->trackers[i]);
    free(topic->trackers);
}

void
offsets_destroy(struct offsets *offsets)
{
    if (offsets == NULL)
        return;
    while (offsets->assigned_count > 0) {
        const struct partition_state *state = offsets_at(offsets, 0);

        offsets_revoke(offsets, state->topic, state->partition);
    }
    for (size_t i = 0; i < offsets->topic_count; i++)
        free_topic(&offsets->topics[i]);
    timer_cancel(offsets->timers, &offsets->timer);
    timers_release(offsets->timers, 1);
    free(offsets->topics);
    free(offsets->assigned);
    free(offsets->commits);
    free(offsets->sent);
    free(offsets);
}
