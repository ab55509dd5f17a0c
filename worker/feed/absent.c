/*
 * Who left while no link was good for anything: known as a member before, and missing in a full
 * enumeration that went to its last page. It is not said at once. The enumeration may come from a
 * replica that has not heard of the latest joins yet; the link it ends with tells these later, so
 * whoever is still missing some time after has left. An enumeration that is not whole, that finds
 * no such group, or that another overtakes says nothing of anybody: its generation is never due.
 */
#include <stdio.h>
#include <stdlib.h>

#include "feed_private.h"

/* In one parcel. */
enum { ABSENT_MOST = 500 };

int64_t
absent_due_ms(const struct watch *watch)
{
    const struct feed_setup *setup = &watch->feed->setup;

    if (watch->saved.generation <= 1 || setup->settings->conclude_after_ms < 0)
        return 0;
    return setup->clock->wall_ms + setup->settings->conclude_after_ms;
}

bool
absent_take(struct walk *walk)
{
    struct watch *watch = walk->watch;
    struct saved *saved = &watch->saved;
    struct call *call = &walk->call;

    if (saved->conclude_ms == 0 || watch->feed->setup.clock->wall_ms < saved->conclude_ms)
        return false;
    call->changes = calloc(ABSENT_MOST, sizeof(call->changes[0]));
    if (call->changes == NULL) /* at the next page, then */
        return false;
    call->change_count =
        roster_missing(&watch->roster, saved->generation, call->changes, ABSENT_MOST);
    snprintf(walk->name, sizeof(walk->name), "absent/%lld", (long long)saved->generation);
    if (call->change_count > 0)
        return true;
    saved->conclude_ms = 0;
    call_reset(call);
    return false;
}
