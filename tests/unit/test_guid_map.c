/* The map agrees with a plain array, whatever comes and goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "guid_map.h"
#include "rng.h"
#include "scarce_memory.h"

enum { ITEMS = 1000, STEPS = 20000 };

struct item {
    struct guid_key key;
    bool is_in;
};

static struct item items[ITEMS];

/* Keys that differ in a few bits only, and pairs that differ in the number alone. */
static void
make_items(void)
{
    for (int i = 0; i < ITEMS; i++) {
        items[i] = (struct item){.key = {.number = i % 2}};
        items[i].key.guid.bytes[15] = (uint8_t)(i / 2);
        items[i].key.guid.bytes[3] = (uint8_t)(i / 2 >> 8);
    }
}

static void
assert_agrees(const struct guid_map *map)
{
    size_t count = 0;

    for (int i = 0; i < ITEMS; i++) {
        assert_ptr_equal(guid_map_find(map, &items[i].key), items[i].is_in ? &items[i] : NULL);
        count += items[i].is_in;
    }
    assert_int_equal(guid_map_count(map), count);
}

static void
map_agrees_with_a_plain_array_whatever_comes_and_goes(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 4; seed++) {
        struct guid_map *map = guid_map_create(seed);
        struct rng rng;

        rng_seed(&rng, seed);
        make_items();
        for (int step = 0; step < STEPS; step++) {
            struct item *item = &items[rng_below(&rng, step < STEPS / 2 ? ITEMS : 40)];

            if (item->is_in)
                guid_map_remove(map, item);
            else
                assert_int_equal(guid_map_add(map, item), 0);
            item->is_in = !item->is_in;
            if (step % 1000 == 0)
                assert_agrees(map);
        }
        assert_agrees(map);
        guid_map_destroy(map);
    }
}

static void
map_without_memory_keeps_what_it_has(void **state)
{
    struct guid_map *map;
    int added = 0;

    (void)state;
    map = guid_map_create(7);
    make_items();
    scarce_memory_fail_after(0);
    while (guid_map_add(map, &items[added]) == 0)
        items[added++].is_in = true;
    assert_true(scarce_memory_has_failed());
    assert_in_range(added, 1, ITEMS - 1);
    assert_agrees(map);
    assert_int_equal(guid_map_add(map, &items[added]), 0);
    items[added].is_in = true;
    assert_agrees(map);
    guid_map_destroy(map);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(map_agrees_with_a_plain_array_whatever_comes_and_goes),
        cmocka_unit_test(map_without_memory_keeps_what_it_has),
    };
    return cmocka_run_group_tests_name("guid map", tests, NULL, NULL);
}
