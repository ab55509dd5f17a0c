/* The first of the queue is the one that is open, if any is. */
#include "dispatch.h"

#include "core.h"
#include "error.h"
#include "parcel.h"

void
dispatch_init(struct dispatch *dispatch, struct core *core, const struct feed_ports *ports,
              const struct dispatch_rules *rules)
{
    *dispatch = (struct dispatch){.core = core, .ports = ports, .rules = rules};
    list_init(&dispatch->queue);
}

bool
dispatch_is_empty(const struct dispatch *dispatch)
{
    return list_is_empty(&dispatch->queue);
}

static struct parcel *
first(const struct dispatch *dispatch)
{
    return list_entry(dispatch->queue.next, struct parcel, link);
}

void
dispatch_submit(struct dispatch *dispatch, struct parcel *parcel)
{
    list_add_last(&dispatch->queue, &parcel->link);
}

static int64_t
back_off(struct dispatch *dispatch)
{
    int64_t wait_ms = core_backoff_ms(dispatch->core, ++dispatch->failures, -1);

    dispatch->not_before_ms = dispatch->core->clock->mono_ms + wait_ms;
    return wait_ms;
}

static void
fail(struct dispatch *dispatch, const struct error *error)
{
    int64_t wait_ms = back_off(dispatch);
    struct parcel *parcel = first(dispatch);

    if (dispatch->rules->failed(parcel, error, dispatch->failures, wait_ms))
        return;
    list_remove(&parcel->link);
    dispatch->failures = 0;
}

static void
hand_over(struct dispatch *dispatch)
{
    struct parcel *parcel = first(dispatch);
    struct feed_batch batch;
    struct error error;

    if (dispatch->rules->seal(parcel) == -1) {
        error_set(&error, ERROR_MEMORY, "no memory for a state");
        fail(dispatch, &error);
        return;
    }
    batch = (struct feed_batch){++dispatch->serial, parcel->records, parcel->record_count};
    dispatch->is_open = dispatch->ports->publish(dispatch->ports->context, &batch);
    if (!dispatch->is_open)
        back_off(dispatch);
}

void
dispatch_run(struct dispatch *dispatch)
{
    if (dispatch_next_ms(dispatch) <= dispatch->core->clock->mono_ms)
        hand_over(dispatch);
}

int64_t
dispatch_next_ms(const struct dispatch *dispatch)
{
    if (dispatch->is_open || dispatch_is_empty(dispatch))
        return INT64_MAX;
    return dispatch->not_before_ms;
}

void
dispatch_answered(struct dispatch *dispatch, uint64_t serial, const struct error *error)
{
    struct parcel *parcel;

    if (!dispatch->is_open || serial != dispatch->serial)
        return;
    dispatch->is_open = false;
    if (error != NULL) {
        fail(dispatch, error);
        return;
    }
    dispatch->failures = 0;
    parcel = first(dispatch);
    list_remove(&parcel->link);
    dispatch->rules->published(parcel);
}

void
dispatch_clear(struct dispatch *dispatch)
{
    list_for_each(link, following, &dispatch->queue) list_remove(link);
    dispatch->is_open = false;
    dispatch->failures = 0;
    dispatch->not_before_ms = 0;
}
