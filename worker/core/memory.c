/*
 * A map of entries that also hang on a list in order of their reads, so the oldest is found at once both for its age and
 * for the bound.
 */
#include "memory.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "guid_map.h"
#include "list.h"

/* Wall and monotonic time may drift apart by so much before what was noted is no longer trusted. */
enum { DRIFT_MS = 1000 };

struct entry {
    struct guid_key key; /* first, for the map */
    struct link link;
    int64_t sent_wall_ms;
    int64_t sent_ms;
    uint64_t routes[];
};

struct memory {
    struct memory_settings settings;
    const struct clock *clock;
    struct guid_map *entries;
    struct link by_age; /* oldest first */
};

static struct guid_key
key_of(const struct environment *environment, const struct guid *user)
{
    return (struct guid_key){*user, environment->index};
}

static struct entry *
find(const struct memory *memory, const struct environment *environment, const struct guid *user)
{
    const struct guid_key key = key_of(environment, user);

    return guid_map_find(memory->entries, &key);
}

static void
drop(struct memory *memory, struct entry *entry)
{
    guid_map_remove(memory->entries, entry);
    list_remove(&entry->link);
    free(entry);
}

static void
drop_old(struct memory *memory)
{
    while (!list_is_empty(&memory->by_age)) {
        struct entry *oldest = list_entry(memory->by_age.next, struct entry, link);

        if (memory_count(memory) <= memory->settings.entries &&
            memory->clock->mono_ms - oldest->sent_ms < memory->settings.keep_ms)
            return;
        drop(memory, oldest);
    }
}

struct memory *
memory_create(const struct memory_settings *settings, const struct clock *clock)
{
    struct memory *memory = calloc(1, sizeof(*memory));

    if (memory == NULL)
        return NULL;
    memory->settings = *settings;
    memory->clock = clock;
    list_init(&memory->by_age);
    memory->entries = guid_map_create(settings->seed);
    if (memory->entries != NULL)
        return memory;
    free(memory);
    return NULL;
}

void
memory_destroy(struct memory *memory)
{
    if (memory == NULL)
        return;
    while (!list_is_empty(&memory->by_age))
        drop(memory, list_entry(memory->by_age.next, struct entry, link));
    guid_map_destroy(memory->entries);
    free(memory);
}

static struct entry *
add(struct memory *memory, const struct environment *environment, const struct guid *user)
{
    size_t words = route_set_words(environment);
    struct entry *entry = calloc(1, sizeof(*entry) + words * sizeof(entry->routes[0]));

    if (entry == NULL)
        return NULL;
    entry->key = key_of(environment, user);
    list_init(&entry->link);
    if (guid_map_add(memory->entries, entry) == 0)
        return entry;
    free(entry);
    return NULL;
}

void
memory_note(struct memory *memory, const struct environment *environment, const struct guid *user,
            const uint64_t *routes, int64_t sent_wall_ms, int64_t sent_ms)
{
    struct entry *entry = find(memory, environment, user);

    if (memory->settings.keep_ms == 0)
        return;
    if (entry == NULL)
        entry = add(memory, environment, user);
    if (entry == NULL)
        return;
    memcpy(entry->routes, routes, route_set_words(environment) * sizeof(routes[0]));
    entry->sent_wall_ms = sent_wall_ms;
    entry->sent_ms = sent_ms;
    list_remove(&entry->link);
    list_add_last(&memory->by_age, &entry->link);
    drop_old(memory);
}

/* Wall and monotonic time have not drifted apart since: wall times of then and of now compare. */
static bool
is_sound(const struct memory *memory, const struct entry *entry)
{
    const struct clock *clock = memory->clock;
    int64_t drift_ms = (clock->wall_ms - clock->mono_ms) - (entry->sent_wall_ms - entry->sent_ms);

    return drift_ms <= DRIFT_MS && drift_ms >= -DRIFT_MS;
}

bool
memory_covers(struct memory *memory, const struct environment *environment, const struct guid *user,
              int route, int64_t latest_ms)
{
    const struct entry *entry = find(memory, environment, user);

    return entry != NULL && memory->clock->mono_ms - entry->sent_ms < memory->settings.keep_ms &&
           is_sound(memory, entry) && route_set_has(entry->routes, route) && latest_ms >= 0 &&
           latest_ms < entry->sent_wall_ms - memory->settings.margin_ms;
}

size_t
memory_count(const struct memory *memory)
{
    return guid_map_count(memory->entries);
}
