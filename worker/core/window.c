/*
 * A ring of offsets whose capacity is a power of two, so that a serial number finds its slot with a
 * mask. Offsets are never negative: a settled entry holds the complement of its offset, and needs no
 * flag. The entry at ${head} is never a settled one, so the watermark is that entry or ${next}.
 */
#include "window.h"

#include <stdlib.h>

enum { CAPACITY_AT_REST = 32 };

struct window {
    int64_t *entries;   /* ${capacity} of them; entry s lies in slot s % capacity */
    size_t capacity;    /* a power of two */
    window_serial head; /* the lowest unsettled entry */
    window_serial tail; /* the next one to be taken in */
    int64_t next;
    size_t unsettled;
    uint32_t holders;
    int topic;
    int32_t partition;
    bool is_closed;
};

static int64_t *
slot(const struct window *window, window_serial serial)
{
    return &window->entries[serial & (window->capacity - 1)];
}

struct window *
window_create(int topic, int32_t partition, int64_t offset)
{
    struct window *window = calloc(1, sizeof(*window));

    if (window == NULL)
        return NULL;
    window->entries = malloc(CAPACITY_AT_REST * sizeof(window->entries[0]));
    if (window->entries == NULL) {
        free(window);
        return NULL;
    }
    window->capacity = CAPACITY_AT_REST;
    window->next = offset;
    window->holders = 1;
    window->topic = topic;
    window->partition = partition;
    return window;
}

void
window_hold(struct window *window)
{
    window->holders++;
}

void
window_release(struct window *window)
{
    if (window == NULL || --window->holders > 0)
        return;
    free(window->entries);
    free(window);
}

/* Moves the entries to a ring of ${capacity}. On failure the old one stays. */
static int
resize(struct window *window, size_t capacity)
{
    int64_t *entries = malloc(capacity * sizeof(*entries));

    if (entries == NULL)
        return -1;
    for (window_serial serial = window->head; serial != window->tail; serial++)
        entries[serial & (capacity - 1)] = *slot(window, serial);
    free(window->entries);
    window->entries = entries;
    window->capacity = capacity;
    return 0;
}

int
window_take(struct window *window, int64_t offset, window_serial *ret_serial)
{
    if (window->is_closed || offset < window->next || offset == INT64_MAX)
        return -1;
    if (window->tail - window->head == window->capacity &&
        resize(window, 2 * window->capacity) == -1)
        return -1;
    *slot(window, window->tail) = offset;
    *ret_serial = window->tail++;
    window->next = offset + 1;
    window->unsettled++;
    return 0;
}

static bool
is_here(const struct window *window, window_serial serial)
{
    return serial >= window->head && serial < window->tail;
}

static void
pass_settled(struct window *window)
{
    while (window->head != window->tail && *slot(window, window->head) < 0)
        window->head++;
    if (window->head == window->tail && window->capacity > CAPACITY_AT_REST)
        (void)resize(window, CAPACITY_AT_REST); /* without memory the large ring serves on */
}

void
window_settle(struct window *window, window_serial serial)
{
    int64_t *entry = slot(window, serial);

    if (window->is_closed || !is_here(window, serial) || *entry < 0)
        return;
    *entry = ~*entry;
    window->unsettled--;
    if (serial == window->head)
        pass_settled(window);
}

void
window_pass(struct window *window, int64_t offset)
{
    if (!window->is_closed && offset > window->next)
        window->next = offset;
}

void
window_close(struct window *window)
{
    window->is_closed = true;
}

bool
window_is_closed(const struct window *window)
{
    return window->is_closed;
}

int
window_topic(const struct window *window)
{
    return window->topic;
}

int32_t
window_partition(const struct window *window)
{
    return window->partition;
}

int64_t
window_next(const struct window *window)
{
    return window->next;
}

size_t
window_unsettled(const struct window *window)
{
    return window->unsettled;
}

int64_t
window_watermark(const struct window *window)
{
    return window->head == window->tail ? window->next : *slot(window, window->head);
}

int64_t
window_offset(const struct window *window, window_serial serial)
{
    int64_t entry;

    if (!is_here(window, serial))
        return -1;
    entry = *slot(window, serial);
    return entry < 0 ? ~entry : entry;
}
