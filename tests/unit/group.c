/* See group.h. */
#include "group.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void
note_commit(void *context, const struct offset_commit *commits, size_t count, uint64_t serial)
{
    struct group *group = context;
    struct group_commit *sent = &group->commits[group->count++];

    assert_in_range(group->count, 1, COMMITS_AT_MOST);
    assert_in_range(count, 1, PARTITIONS_AT_MOST);
    sent->at_ms = group->clock.mono_ms;
    sent->serial = serial;
    sent->count = count;
    for (size_t i = 0; i < count; i++)
        sent->list[i] = commits[i];
}

int
group_setup(void **state)
{
    static const struct offsets_settings settings = {INTERVAL_MS, ANSWER_WITHIN_MS};
    struct group *group = calloc(1, sizeof(*group));

    if (group == NULL)
        return -1;
    group->clock.mono_ms = 1000000;
    group->timers = timers_create();
    group->offsets = offsets_create(&settings, &group->clock, group->timers, note_commit, group);
    *state = group;
    return group->offsets == NULL ? -1 : 0;
}

int
group_teardown(void **state)
{
    struct group *group = *state;

    offsets_destroy(group->offsets);
    timers_destroy(group->timers);
    free(group);
    return 0;
}

void
group_pass(struct group *group, int64_t ms)
{
    int64_t end_ms = group->clock.mono_ms + ms;

    while (timers_next_ms(group->timers) <= end_ms) {
        if (group->clock.mono_ms < timers_next_ms(group->timers))
            group->clock.mono_ms = timers_next_ms(group->timers);
        timers_run(group->timers, group->clock.mono_ms);
        while (group->answers_at_once && group->answered < group->count)
            offsets_answered(group->offsets, group->commits[group->answered++].serial, true);
    }
    group->clock.mono_ms = end_ms;
}

void
group_answer_last(struct group *group, bool is_ok)
{
    assert_true(group->count > 0);
    offsets_answered(group->offsets, group->commits[group->count - 1].serial, is_ok);
}

struct group_record
group_take(struct group *group, int64_t offset)
{
    struct group_record taken;

    taken.window = offsets_take(group->offsets, MAIN, 0, offset, -1, &taken.serial);
    assert_non_null(taken.window);
    return taken;
}

void
group_settle(struct group *group, struct group_record taken)
{
    window_settle(taken.window, taken.serial);
    offsets_settled(group->offsets, taken.window);
}

void
group_take_and_settle(struct group *group, int64_t offset)
{
    group_settle(group, group_take(group, offset));
}

struct window *
group_assign_at(struct group *group, int64_t offset)
{
    struct window *window = offsets_assign(group->offsets, MAIN, 0, offset, offset);

    assert_non_null(window);
    return window;
}

void
group_assert_committed(const struct group *group, int number, int64_t offset)
{
    const struct group_commit *last = &group->commits[number - 1];

    assert_int_equal(group->count, number);
    assert_int_equal(last->count, 1);
    assert_int_equal(last->list[0].topic, MAIN);
    assert_int_equal(last->list[0].partition, 0);
    assert_int_equal(last->list[0].offset, offset);
}

void
group_take_with_low(struct group *group, int64_t offset, int64_t low)
{
    window_serial serial;

    assert_non_null(offsets_take(group->offsets, MAIN, 0, offset, low, &serial));
}
