#ifndef GUID_MAP_H
#define GUID_MAP_H

#include <stdint.h>

#include "guid.h"

/*
 * A map from (GUID, number) to an item of the caller's, for what is looked up for each event: open addressing, so that a lookup costs one
 * cache miss for the slot and one for the item. Ids come from outside, so the hash is keyed with a seed.
 *
 * An item is a struct whose first member is its struct guid_key; the map borrows items, which must not move.
 */

struct guid_key {
    struct guid guid;
    int32_t number;
};

struct guid_map;

struct guid_map *guid_map_create(uint64_t seed); /* NULL: no memory */
void guid_map_destroy(struct guid_map *map);     /* leaves the items alone; NULL is allowed */

/* NULL: there is none. */
void *guid_map_find(const struct guid_map *map, const struct guid_key *key);

/* ${item}'s key must not be there yet. -1: no memory, nothing was added. */
int guid_map_add(struct guid_map *map, void *item) __attribute__((warn_unused_result));

/* ${item} must be there. */
void guid_map_remove(struct guid_map *map, const void *item);

size_t guid_map_count(const struct guid_map *map);

#endif
