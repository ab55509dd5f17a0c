/* The first of the queue is the one that is open, if any is. */
#include "outbox.h"

#include "core.h"
#include "error.h"
#include "parcel.h"

void
outbox_init(struct outbox *outbox, struct core *core, const struct feed_ports *ports,
            const struct outbox_rules *rules)
{
    *outbox = (struct outbox){.core = core, .ports = ports, .rules = rules};
    list_init(&outbox->queue);
}

bool
outbox_is_empty(const struct outbox *outbox)
{
    return list_is_empty(&outbox->queue);
}

static struct parcel *
first(const struct outbox *outbox)
{
    return list_entry(outbox->queue.next, struct parcel, link);
}

void
outbox_submit(struct outbox *outbox, struct parcel *parcel)
{
    list_add_last(&outbox->queue, &parcel->link);
}

static int64_t
back_off(struct outbox *outbox)
{
    int64_t wait_ms = core_backoff_ms(outbox->core, ++outbox->failures, -1);

    outbox->not_before_ms = outbox->core->clock->mono_ms + wait_ms;
    return wait_ms;
}

static void
fail(struct outbox *outbox, const struct error *error)
{
    int64_t wait_ms = back_off(outbox);
    struct parcel *parcel = first(outbox);

    if (outbox->rules->failed(parcel, error, outbox->failures, wait_ms))
        return;
    list_remove(&parcel->link);
    outbox->failures = 0;
}

static void
hand_over(struct outbox *outbox)
{
    struct parcel *parcel = first(outbox);
    struct feed_batch batch;
    struct error error;

    if (outbox->rules->seal(parcel) == -1) {
        error_set(&error, ERROR_MEMORY, "no memory for a state");
        fail(outbox, &error);
        return;
    }
    batch = (struct feed_batch){++outbox->serial, parcel->records, parcel->record_count};
    outbox->is_open = outbox->ports->publish(outbox->ports->context, &batch);
    if (!outbox->is_open)
        back_off(outbox);
}

void
outbox_run(struct outbox *outbox)
{
    if (outbox_next_ms(outbox) <= outbox->core->clock->mono_ms)
        hand_over(outbox);
}

int64_t
outbox_next_ms(const struct outbox *outbox)
{
    if (outbox->is_open || outbox_is_empty(outbox))
        return INT64_MAX;
    return outbox->not_before_ms;
}

void
outbox_answered(struct outbox *outbox, uint64_t serial, const struct error *error)
{
    struct parcel *parcel;

    if (!outbox->is_open || serial != outbox->serial)
        return;
    outbox->is_open = false;
    if (error != NULL) {
        fail(outbox, error);
        return;
    }
    outbox->failures = 0;
    parcel = first(outbox);
    list_remove(&parcel->link);
    outbox->rules->published(parcel);
}

void
outbox_clear(struct outbox *outbox)
{
    list_for_each(link, following, &outbox->queue) list_remove(link);
    outbox->is_open = false;
    outbox->failures = 0;
    outbox->not_before_ms = 0;
}
