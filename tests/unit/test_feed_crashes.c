/*
 * No change lost and none invented, across kills between any two steps. FEED_SEEDS and
 * FEED_FIRST_SEED choose other seeds than the first ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed_sim.h"

enum { SEEDS = 40, MINUTE_MS = 60 * 1000 };

static uint64_t
number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static struct sim_tally
run_seeds(bool has_transactions)
{
    uint64_t first = number_from("FEED_FIRST_SEED", 1), count = number_from("FEED_SEEDS", SEEDS);
    struct sim_tally tally = {0};

    for (uint64_t seed = first; seed < first + count; seed++) {
        const struct sim_options options = {
            .seed = seed, .has_transactions = has_transactions, .active_ms = 20 * MINUTE_MS};

        sim_run(&options, &tally);
    }
    print_message("seeds %llu to %llu: %lld steps, %lld events (%lld again), %lld rounds, "
                  "%lld kills, %lld moves (%lld fenced), %lld resyncs, %lld concluded, "
                  "%lld failures\n",
                  (unsigned long long)first, (unsigned long long)(first + count - 1),
                  (long long)tally.steps, (long long)tally.events, (long long)tally.repeats,
                  (long long)tally.rounds, (long long)tally.kills, (long long)tally.moves,
                  (long long)tally.fenced, (long long)tally.resyncs, (long long)tally.concluded,
                  (long long)tally.failures);
    return tally;
}

/* A simulation in which nothing happens would prove nothing. */
static void
assert_eventful(const struct sim_tally *tally)
{
    assert_true(tally->kills > 0);
    assert_true(tally->moves > 0);
    assert_true(tally->resyncs > 0);
    assert_true(tally->repeats > 0);
    assert_true(tally->concluded > 0);
    assert_true(tally->failures > 0);
}

static void
feed_loses_and_invents_nothing_with_transactions(void **state)
{
    struct sim_tally tally = run_seeds(true);

    (void)state;
    assert_eventful(&tally);
    assert_true(tally.fenced > 0);
}

static void
feed_loses_and_invents_nothing_without_transactions(void **state)
{
    struct sim_tally tally = run_seeds(false);

    (void)state;
    assert_eventful(&tally);
}

/* One kill, in each place where there can be one; on the way all links are reset. */
static void
feed_survives_a_kill_after_each_single_step(void **state)
{
    (void)state;
    for (int mode = 0; mode < 2; mode++) {
        struct sim_options options = {
            .seed = 1, .has_transactions = mode == 1, .is_calm = true, .active_ms = 2 * MINUTE_MS};
        struct sim_tally calm = {0}, tally = {0};

        sim_run(&options, &calm);
        for (options.kill_after = 1; options.kill_after <= calm.steps; options.kill_after++)
            sim_run(&options, &tally);
        print_message("%lld kills, one in each run\n", (long long)tally.kills);
        assert_true(tally.kills > 0);
        assert_true(calm.concluded > 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(feed_loses_and_invents_nothing_with_transactions),
        cmocka_unit_test(feed_loses_and_invents_nothing_without_transactions),
        cmocka_unit_test(feed_survives_a_kill_after_each_single_step),
    };
    return cmocka_run_group_tests_name("feed_crashes", tests, NULL, NULL);
}
