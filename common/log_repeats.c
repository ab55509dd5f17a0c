/*
 * A table of sets of slots, as a processor's cache has it: a key's hash names the set, and within
 * the set four slots are compared. Each slot has a ring of the instants of its last ${burst} lines,
 * so whether one more keeps the rule is told by the oldest of them.
 */
#include "log_repeats.h"

#include <stdlib.h>

enum { SETS = 64, WAYS = 4, SPAN_MS = 60000 };

#define NEVER INT64_MIN

struct slot {
    uint64_t key;
    uint64_t held;
    int64_t seen_at_ms; /* NEVER: the slot is free */
    int next;           /* place in the ring of the next instant, which is the oldest one's */
};

struct log_repeats {
    int burst;
    uint64_t forgotten;
    struct slot slots[SETS * WAYS];
    int64_t rings[]; /* burst instants for each slot */
};

struct log_repeats *
log_repeats_create(int burst)
{
    size_t instants = (size_t)burst * SETS * WAYS;
    struct log_repeats *repeats = malloc(sizeof(*repeats) + instants * sizeof(repeats->rings[0]));

    if (repeats == NULL)
        return NULL;
    repeats->burst = burst;
    repeats->forgotten = 0;
    for (int i = 0; i < SETS * WAYS; i++)
        repeats->slots[i] = (struct slot){.seen_at_ms = NEVER};
    return repeats;
}

void
log_repeats_destroy(struct log_repeats *repeats)
{
    free(repeats);
}

static int64_t *
ring_of(struct log_repeats *repeats, const struct slot *slot)
{
    return &repeats->rings[(slot - repeats->slots) * repeats->burst];
}

static void
take_slot(struct log_repeats *repeats, struct slot *slot, uint64_t key)
{
    repeats->forgotten += slot->held;
    *slot = (struct slot){.key = key, .seen_at_ms = NEVER};
    for (int i = 0; i < repeats->burst; i++)
        ring_of(repeats, slot)[i] = NEVER;
}

static struct slot *
find_slot(struct log_repeats *repeats, uint64_t key)
{
    struct slot *set = &repeats->slots[key % SETS * WAYS];
    struct slot *quietest = set;

    for (struct slot *slot = set; slot < set + WAYS; slot++) {
        if (slot->key == key && slot->seen_at_ms != NEVER)
            return slot;
        if (slot->seen_at_ms < quietest->seen_at_ms)
            quietest = slot;
    }
    take_slot(repeats, quietest, key);
    return quietest;
}

bool
log_repeats_admit(struct log_repeats *repeats, uint64_t key, int64_t now_ms,
                  struct log_held *ret_held)
{
    struct slot *slot = find_slot(repeats, key);
    int64_t *oldest_ms = &ring_of(repeats, slot)[slot->next];

    slot->seen_at_ms = now_ms;
    if (*oldest_ms != NEVER && now_ms - *oldest_ms < SPAN_MS) {
        slot->held++;
        return false;
    }
    *oldest_ms = now_ms;
    slot->next = (slot->next + 1) % repeats->burst;
    *ret_held = (struct log_held){.same = slot->held, .others = repeats->forgotten};
    slot->held = 0;
    repeats->forgotten = 0;
    return true;
}

uint64_t
log_repeats_held(const struct log_repeats *repeats)
{
    uint64_t held = repeats->forgotten;

    for (int i = 0; i < SETS * WAYS; i++)
        held += repeats->slots[i].held;
    return held;
}
