/* When the head of a retry topic's partition is due, whatever the clocks do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"
#include "hold.h"
#include "intake_private.h"
#include "tier.h"

#define WALL_MS INT64_C(1700000000000)
#define HOUR_MS INT64_C(3600000)
#define DELAY_MS INT64_C(900000)

static char name[] = "members.retry.15m";
static char later_name[] = "members.retry.6h";
static const struct tier tiers[] = {{name, DELAY_MS, 4}, {later_name, 6 * HOUR_MS, 112}};

struct scene {
    struct clock clock;
    struct intake intake;
    struct partition partition;
};

/* A head of the ${topic}th topic out of four; the last two are retry topics. */
static void
begin(struct scene *scene, int topic)
{
    *scene = (struct scene){
        .clock = {.wall_ms = WALL_MS},
        .intake = {.settings = {.topic_count = 4, .tiers = tiers, .tier_count = 2}, .now_ms = 5000},
        .partition = {.topic = topic},
    };
    scene->intake.settings.clock = &scene->clock;
    hold_init(&scene->intake, &scene->partition);
}

static void
look(struct scene *scene, int64_t timestamp_ms)
{
    hold_look(&scene->intake, &scene->partition.hold, timestamp_ms);
}

/* The clocks go on by different spans: the wall's may jump. */
static void
pass(struct scene *scene, int64_t wall_ms, int64_t mono_ms)
{
    scene->clock.wall_ms += wall_ms;
    scene->intake.now_ms += mono_ms;
}

static bool
waits(struct scene *scene)
{
    return hold_waits(&scene->intake, &scene->partition.hold);
}

/* In how long the loop is to wake, by the monotonic clock; INT64_MAX: not for this. */
static int64_t
wakes_in_ms(const struct scene *scene)
{
    int64_t next_ms = hold_next_ms(&scene->intake, &scene->partition.hold);

    return next_ms == INT64_MAX ? INT64_MAX : next_ms - scene->intake.now_ms;
}

/* --- tests ----------------------------------------------------------------------------------- */

static void
hold_keeps_a_head_until_its_delay_is_over(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene, 2);
    look(&scene, WALL_MS - DELAY_MS + 3000);
    assert_true(waits(&scene));
    assert_int_equal(wakes_in_ms(&scene), 3000);
    pass(&scene, 2999, 2999);
    assert_true(waits(&scene));
    assert_int_equal(wakes_in_ms(&scene), 1);
    pass(&scene, 1, 1);
    assert_false(waits(&scene));
    assert_int_equal(wakes_in_ms(&scene), INT64_MAX);
}

static void
hold_goes_by_the_delay_of_its_tier(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene, 3);
    look(&scene, WALL_MS - DELAY_MS);
    assert_int_equal(wakes_in_ms(&scene), 6 * HOUR_MS - DELAY_MS);
}

static void
hold_lets_a_head_of_any_other_topic_through(void **state)
{
    struct scene scene;

    (void)state;
    for (int topic = 0; topic < 2; topic++) {
        begin(&scene, topic);
        look(&scene, WALL_MS + HOUR_MS);
        assert_false(waits(&scene));
        assert_int_equal(wakes_in_ms(&scene), INT64_MAX);
    }
}

static void
hold_lets_what_is_due_or_has_no_time_through(void **state)
{
    static const int64_t timestamps[] = {-1, 0, WALL_MS - DELAY_MS};
    struct scene scene;

    (void)state;
    begin(&scene, 2);
    for (size_t i = 0; i < sizeof(timestamps) / sizeof(timestamps[0]); i++) {
        look(&scene, timestamps[i]);
        assert_false(waits(&scene));
    }
}

static void
hold_looks_at_each_head_anew(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene, 2);
    look(&scene, WALL_MS - 1);
    assert_true(waits(&scene));
    look(&scene, WALL_MS - DELAY_MS);
    assert_false(waits(&scene));
    look(&scene, WALL_MS - 1);
    assert_true(waits(&scene));
}

static void
hold_lasts_no_longer_than_the_delay_when_the_clock_jumps_back(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene, 2);
    look(&scene, WALL_MS - 1000);
    pass(&scene, -24 * HOUR_MS, 0);
    assert_true(waits(&scene));
    assert_int_equal(wakes_in_ms(&scene), DELAY_MS);
    pass(&scene, DELAY_MS, DELAY_MS);
    assert_false(waits(&scene));
}

static void
hold_ends_when_the_clock_jumps_forward(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene, 2);
    look(&scene, WALL_MS);
    pass(&scene, HOUR_MS, 1);
    assert_false(waits(&scene));
}

static void
hold_lasts_no_longer_than_the_delay_for_a_time_in_the_future(void **state)
{
    static const int64_t timestamps[] = {WALL_MS + HOUR_MS, INT64_MAX - 1, INT64_MAX};
    struct scene scene;

    (void)state;
    for (size_t i = 0; i < sizeof(timestamps) / sizeof(timestamps[0]); i++) {
        begin(&scene, 2);
        look(&scene, timestamps[i]);
        assert_true(waits(&scene));
        assert_int_equal(wakes_in_ms(&scene), DELAY_MS);
        pass(&scene, DELAY_MS, DELAY_MS);
        assert_false(waits(&scene));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hold_keeps_a_head_until_its_delay_is_over),
        cmocka_unit_test(hold_goes_by_the_delay_of_its_tier),
        cmocka_unit_test(hold_lets_a_head_of_any_other_topic_through),
        cmocka_unit_test(hold_lets_what_is_due_or_has_no_time_through),
        cmocka_unit_test(hold_looks_at_each_head_anew),
        cmocka_unit_test(hold_lasts_no_longer_than_the_delay_when_the_clock_jumps_back),
        cmocka_unit_test(hold_ends_when_the_clock_jumps_forward),
        cmocka_unit_test(hold_lasts_no_longer_than_the_delay_for_a_time_in_the_future),
    };
    return cmocka_run_group_tests_name("hold", tests, NULL, NULL);
}
