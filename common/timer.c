/*
 * A binary heap in an array that counts from 1, each slot with its instant beside the pointer, so that
 * sifting touches no owner's memory but the places it writes back.
 *
 * timers_run first takes all due timers out of the heap into a ring and then calls them from there:
 * what a callback sets goes to the heap and so waits for the next run, and what it cancels or moves
 * leaves the ring like any link.
 */
#include "timer.h"

#include <stdlib.h>

struct slot {
    int64_t at_ms;
    struct timer *timer;
};

struct timers {
    struct slot *slots; /* slots[1 … count]; the 0th is not used */
    size_t count;
    size_t capacity; /* of slots, the 0th included */
    size_t reserved;
    struct link due;
};

struct timers *
timers_create(void)
{
    struct timers *timers = calloc(1, sizeof(*timers));

    if (timers != NULL)
        list_init(&timers->due);
    return timers;
}

void
timers_destroy(struct timers *timers)
{
    if (timers == NULL)
        return;
    free(timers->slots);
    free(timers);
}

void
timer_init(struct timer *timer, timer_fn *fn, void *arg)
{
    timer->fn = fn;
    timer->arg = arg;
    timer->at_ms = 0;
    timer->place = 0;
    list_init(&timer->due);
}

static void
put(struct timers *timers, size_t place, struct slot slot)
{
    timers->slots[place] = slot;
    slot.timer->place = place;
}

/* Finds the place for ${slot} between ${place}, which is free, and the root. */
static void
sift_up(struct timers *timers, size_t place, struct slot slot)
{
    while (place > 1 && timers->slots[place / 2].at_ms > slot.at_ms) {
        put(timers, place, timers->slots[place / 2]);
        place /= 2;
    }
    put(timers, place, slot);
}

/* The earlier child of ${place}; 0 when it has none. */
static size_t
earlier_child(const struct timers *timers, size_t place)
{
    size_t child = 2 * place;

    if (child > timers->count)
        return 0;
    if (child < timers->count && timers->slots[child + 1].at_ms < timers->slots[child].at_ms)
        return child + 1;
    return child;
}

/* Finds the place for ${slot} at or below ${place}, which is free. */
static void
sift_down(struct timers *timers, size_t place, struct slot slot)
{
    size_t child;

    while ((child = earlier_child(timers, place)) != 0 && timers->slots[child].at_ms < slot.at_ms) {
        put(timers, place, timers->slots[child]);
        place = child;
    }
    put(timers, place, slot);
}

/* Puts ${slot} where it belongs, seen from ${place}, which is free. */
static void
sift(struct timers *timers, size_t place, struct slot slot)
{
    if (place > 1 && timers->slots[place / 2].at_ms > slot.at_ms)
        sift_up(timers, place, slot);
    else
        sift_down(timers, place, slot);
}

static void
take_out(struct timers *timers, struct timer *timer)
{
    size_t place = timer->place;
    struct slot last = timers->slots[timers->count--];

    timer->place = 0;
    if (last.timer != timer)
        sift(timers, place, last);
}

/* Makes sure that ${count} slots can be used. */
static int
grow(struct timers *timers, size_t count)
{
    size_t capacity = timers->capacity == 0 ? 64 : timers->capacity;
    struct slot *slots;

    if (count < timers->capacity)
        return 0;
    while (capacity <= count)
        capacity *= 2;
    slots = realloc(timers->slots, capacity * sizeof(*slots));
    if (slots == NULL)
        return -1;
    timers->slots = slots;
    timers->capacity = capacity;
    return 0;
}

int
timer_set(struct timers *timers, struct timer *timer, int64_t at_ms)
{
    struct slot slot = {at_ms, timer};

    list_remove(&timer->due);
    timer->at_ms = at_ms;
    if (timer->place != 0) {
        sift(timers, timer->place, slot);
        return 0;
    }
    if (grow(timers, timers->count + 1) == -1)
        return -1;
    timers->count++;
    sift_up(timers, timers->count, slot);
    return 0;
}

int
timers_reserve(struct timers *timers, size_t count)
{
    if (grow(timers, timers->reserved + count) == -1)
        return -1;
    timers->reserved += count;
    return 0;
}

void
timers_release(struct timers *timers, size_t count)
{
    timers->reserved -= count;
}

void
timer_set_reserved(struct timers *timers, struct timer *timer, int64_t at_ms)
{
    /* rather no process than one that waits for nothing */
    if (timer_set(timers, timer, at_ms) == -1)
        abort();
}

void
timer_cancel(struct timers *timers, struct timer *timer)
{
    list_remove(&timer->due);
    if (timer->place != 0)
        take_out(timers, timer);
}

bool
timer_is_set(const struct timer *timer)
{
    return timer->place != 0 || !list_is_empty(&timer->due);
}

int64_t
timers_next_ms(const struct timers *timers)
{
    if (!list_is_empty(&timers->due))
        return list_entry(timers->due.next, struct timer, due)->at_ms;
    return timers->count == 0 ? INT64_MAX : timers->slots[1].at_ms;
}

static void
collect_due(struct timers *timers, int64_t now_ms)
{
    while (timers->count > 0 && timers->slots[1].at_ms <= now_ms) {
        struct timer *timer = timers->slots[1].timer;

        take_out(timers, timer);
        list_add_last(&timers->due, &timer->due);
    }
}

void
timers_run(struct timers *timers, int64_t now_ms)
{
    collect_due(timers, now_ms);
    while (!list_is_empty(&timers->due)) {
        struct timer *timer = list_entry(timers->due.next, struct timer, due);

        list_remove(&timer->due);
        timer->fn(timer, timer->arg);
    }
}
