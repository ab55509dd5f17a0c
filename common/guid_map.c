/*
 * Linear probing in a table that is at most half full. A slot keeps the item's hash, so others' items are hardly ever looked at; what is removed
 * is closed by moving back those that were pushed along (no tombstones).
 */
#include "guid_map.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 64 };

struct slot {
    uint64_t hash;
    void *item; /* NULL: free */
};

struct guid_map {
    uint64_t seed;
    struct slot *slots;
    size_t mask; /* slots - 1 */
    size_t count;
};

struct guid_map *
guid_map_create(uint64_t seed)
{
    struct guid_map *map = calloc(1, sizeof(*map));

    if (map == NULL)
        return NULL;
    map->seed = seed;
    map->mask = FIRST_SLOTS - 1;
    map->slots = calloc(FIRST_SLOTS, sizeof(map->slots[0]));
    if (map->slots != NULL)
        return map;
    free(map);
    return NULL;
}

void
guid_map_destroy(struct guid_map *map)
{
    if (map == NULL)
        return;
    free(map->slots);
    free(map);
}

/* Multiply and fold: all bits of the key and the seed reach the low ones, which choose the slot. */
static uint64_t
mix(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t
hash_of(const struct guid_map *map, const struct guid_key *key)
{
    uint64_t halves[2];

    memcpy(halves, key->guid.bytes, sizeof(halves));
    return mix(mix(halves[0] ^ map->seed, halves[1] ^ UINT64_C(0x9e3779b97f4a7c15)) ^
                   (uint32_t)key->number,
               map->seed | 1);
}

static bool
is_at(const struct slot *slot, uint64_t hash, const struct guid_key *key)
{
    const struct guid_key *other = slot->item;

    return slot->hash == hash && other->number == key->number &&
           guid_equal(&other->guid, &key->guid);
}

/* The slot of ${key}, or the free one where it would go. */
static struct slot *
find_slot(const struct guid_map *map, uint64_t hash, const struct guid_key *key)
{
    size_t place = hash & map->mask;

    while (map->slots[place].item != NULL && !is_at(&map->slots[place], hash, key))
        place = (place + 1) & map->mask;
    return &map->slots[place];
}

void *
guid_map_find(const struct guid_map *map, const struct guid_key *key)
{
    return find_slot(map, hash_of(map, key), key)->item;
}

static int
grow(struct guid_map *map)
{
    size_t old_count = map->mask + 1;
    struct slot *old = map->slots;
    struct slot *slots = calloc(2 * old_count, sizeof(slots[0]));

    if (slots == NULL)
        return -1;
    map->slots = slots;
    map->mask = 2 * old_count - 1;
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].item != NULL)
            *find_slot(map, old[i].hash, old[i].item) = old[i];
    }
    free(old);
    return 0;
}

int
guid_map_add(struct guid_map *map, void *item)
{
    uint64_t hash = hash_of(map, item);

    if (map->count >= (map->mask + 1) / 2 && grow(map) == -1)
        return -1;
    *find_slot(map, hash, item) = (struct slot){hash, item};
    map->count++;
    return 0;
}

/* Whoever stands behind a free slot and would rather stand in it, or before it, moves there. */
static void
close_gap(struct guid_map *map, size_t gap)
{
    for (size_t place = (gap + 1) & map->mask; map->slots[place].item != NULL;
         place = (place + 1) & map->mask) {
        size_t wish = map->slots[place].hash & map->mask;

        if (((place - wish) & map->mask) < ((place - gap) & map->mask))
            continue;
        map->slots[gap] = map->slots[place];
        map->slots[place].item = NULL;
        gap = place;
    }
}

void
guid_map_remove(struct guid_map *map, const void *item)
{
    struct slot *slot = find_slot(map, hash_of(map, item), item);

    slot->item = NULL;
    map->count--;
    close_gap(map, (size_t)(slot - map->slots));
}

size_t
guid_map_count(const struct guid_map *map)
{
    return map->count;
}
