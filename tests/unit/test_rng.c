/* The generator is the published one, and its ranges are exact. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rng.h"

static void
rng_gives_the_published_sequence(void **state)
{
    /* the authors' reference code from the state 1, 2, 3, 4 */
    static const uint64_t expected[] = {
        UINT64_C(11520),
        UINT64_C(0),
        UINT64_C(1509978240),
        UINT64_C(1215971899390074240),
        UINT64_C(1216172134540287360),
        UINT64_C(607988272756665600),
        UINT64_C(16172922978634559625),
        UINT64_C(8476171486693032832),
        UINT64_C(10595114339597558777),
        UINT64_C(2904607092377533576),
    };
    struct rng rng = {{1, 2, 3, 4}};

    (void)state;
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        assert_true(rng_next(&rng) == expected[i]);
}

static void
rng_is_seeded_by_the_published_splitmix64(void **state)
{
    struct rng rng;

    (void)state;
    rng_seed(&rng, 1234567);
    assert_true(rng.state[0] == UINT64_C(6457827717110365317));
    assert_true(rng.state[1] == UINT64_C(3203168211198807973));
    assert_true(rng.state[2] == UINT64_C(9817491932198370423));
    assert_true(rng.state[3] == UINT64_C(4593380528125082431));
}

static void
rng_of_one_seed_gives_one_sequence_and_of_two_seeds_two(void **state)
{
    struct rng first, same, other;
    bool differs = false;

    (void)state;
    rng_seed(&first, 0);
    rng_seed(&same, 0);
    rng_seed(&other, 1);
    for (int i = 0; i < 100; i++) {
        uint64_t value = rng_next(&first);

        assert_true(value == rng_next(&same));
        differs |= value != rng_next(&other);
    }
    assert_true(differs);
}

static void
rng_below_reaches_every_value_about_equally_often(void **state)
{
    enum { BOUND = 7, DRAWS = 70000 };
    int seen[BOUND] = {0};
    struct rng rng;

    (void)state;
    rng_seed(&rng, 4);
    for (int i = 0; i < DRAWS; i++) {
        uint64_t value = rng_below(&rng, BOUND);

        assert_true(value < BOUND);
        seen[value]++;
    }
    for (int i = 0; i < BOUND; i++)
        assert_true(seen[i] > 9500 && seen[i] < 10500);
}

static void
rng_below_does_not_favour_small_values_under_a_large_bound(void **state)
{
    /* a plain modulo by three quarters of 2^64 would give the lowest third twice as often */
    const uint64_t bound = UINT64_C(3) << 62;
    int lowest_third = 0;
    struct rng rng;

    (void)state;
    rng_seed(&rng, 5);
    for (int i = 0; i < 30000; i++)
        lowest_third += rng_below(&rng, bound) < bound / 3;
    assert_true(lowest_third > 9500 && lowest_third < 10500);
}

static void
rng_below_zero_or_one_is_zero(void **state)
{
    struct rng rng;

    (void)state;
    rng_seed(&rng, 6);
    assert_int_equal(rng_below(&rng, 0), 0);
    assert_int_equal(rng_below(&rng, 1), 0);
}

static void
rng_between_reaches_both_ends_and_nothing_beyond(void **state)
{
    bool seen[5] = {false};
    struct rng rng;

    (void)state;
    rng_seed(&rng, 7);
    for (int i = 0; i < 1000; i++) {
        int64_t value = rng_between(&rng, -2, 2);

        assert_true(value >= -2 && value <= 2);
        seen[value + 2] = true;
    }
    for (int i = 0; i < 5; i++)
        assert_true(seen[i]);
}

static void
rng_between_takes_the_widest_and_the_narrowest_range(void **state)
{
    bool is_negative_seen = false, is_positive_seen = false;
    struct rng rng;

    (void)state;
    rng_seed(&rng, 8);
    for (int i = 0; i < 100; i++) {
        int64_t value = rng_between(&rng, INT64_MIN, INT64_MAX);

        is_negative_seen |= value < 0;
        is_positive_seen |= value > 0;
    }
    assert_true(is_negative_seen && is_positive_seen);
    assert_true(rng_between(&rng, INT64_MIN, INT64_MIN) == INT64_MIN);
    assert_true(rng_between(&rng, INT64_MAX, INT64_MAX) == INT64_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rng_gives_the_published_sequence),
        cmocka_unit_test(rng_is_seeded_by_the_published_splitmix64),
        cmocka_unit_test(rng_of_one_seed_gives_one_sequence_and_of_two_seeds_two),
        cmocka_unit_test(rng_below_reaches_every_value_about_equally_often),
        cmocka_unit_test(rng_below_does_not_favour_small_values_under_a_large_bound),
        cmocka_unit_test(rng_below_zero_or_one_is_zero),
        cmocka_unit_test(rng_between_reaches_both_ends_and_nothing_beyond),
        cmocka_unit_test(rng_between_takes_the_widest_and_the_narrowest_range),
    };
    return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
