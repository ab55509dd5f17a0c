/* A list; each stray has its own timer for when the producer took nothing or the report was bad. */
#include "stray.h"

#include <stdlib.h>

#include "list.h"

struct stray {
    struct link link;
    struct strays *strays;
    struct payload *payload;
    struct window *window; /* held */
    window_serial serial;
    struct keeping *keeping;
    struct timer timer;
    struct error error;
    int attempts;
    int64_t first_failure_ms; /* wall */
};

struct strays {
    struct core *core;
    struct ledger *ledger;
    struct keeper *keeper;
    struct link list;
    size_t count;
};

static void keep(struct stray *stray);

static void
timer_is_due(struct timer *timer, void *arg)
{
    (void)timer;
    keep(arg);
}

struct strays *
strays_create(struct core *core, struct ledger *ledger, struct keeper *keeper)
{
    struct strays *strays = calloc(1, sizeof(*strays));

    if (strays == NULL)
        return NULL;
    strays->core = core;
    strays->ledger = ledger;
    strays->keeper = keeper;
    list_init(&strays->list);
    return strays;
}

struct stray *
strays_reserve(struct strays *strays, const struct message *message)
{
    struct stray *stray = calloc(1, sizeof(*stray));

    if (stray == NULL)
        return NULL;
    if (timers_reserve(strays->core->timers, 1) != 0) {
        free(stray);
        return NULL;
    }
    stray->strays = strays;
    list_init(&stray->link);
    timer_init(&stray->timer, timer_is_due, stray);
    stray->payload = payload_create(message, &strays->ledger->bytes);
    if (stray->payload != NULL)
        return stray;
    strays_release(stray);
    return NULL;
}

void
strays_release(struct stray *stray)
{
    timers_release(stray->strays->core->timers, 1);
    payload_release(stray->payload);
    free(stray);
}

static void
end(struct stray *stray)
{
    struct strays *strays = stray->strays;

    list_remove(&stray->link);
    strays->count--;
    strays->ledger->events--;
    timer_cancel(strays->core->timers, &stray->timer);
    if (stray->keeping != NULL)
        keeper_forget(strays->keeper, stray->keeping);
    window_release(stray->window);
    strays_release(stray);
}

void
strays_give_up(struct strays *strays, bool is_all)
{
    list_for_each(link, following, &strays->list)
    {
        struct stray *stray = list_entry(link, struct stray, link);

        if (is_all || stray->keeping == NULL)
            end(stray);
    }
}

void
strays_destroy(struct strays *strays)
{
    if (strays == NULL)
        return;
    strays_give_up(strays, true);
    free(strays);
}

static void
settle(struct stray *stray)
{
    struct ledger *ledger = stray->strays->ledger;
    const struct message message = {.topic = stray->payload->topic,
                                    .partition = stray->payload->partition,
                                    .offset = stray->payload->offset};
    struct ending ending = {.outcome = OUTCOME_DEAD,
                            .reason = "undecodable",
                            .detail = stray->error.text,
                            .request_id = "",
                            .attempts = stray->attempts};

    if (!window_is_closed(stray->window)) {
        ledger_report(ledger, &message, NULL, NULL, &ending);
        window_settle(stray->window, stray->serial);
        offsets_settled(ledger->offsets, stray->window);
    }
    end(stray);
}

static void
try_later(struct stray *stray)
{
    struct core *core = stray->strays->core;
    int64_t wait_ms = core_backoff_ms(core, stray->attempts, 0);

    timer_set_reserved(core->timers, &stray->timer, core->clock->mono_ms + wait_ms);
}

static void
kept(void *arg, const struct error *error)
{
    struct stray *stray = arg;

    stray->keeping = NULL;
    if (error == NULL)
        settle(stray);
    else
        try_later(stray);
}

static void
keep(struct stray *stray)
{
    struct strays *strays = stray->strays;
    struct keep_reason reason = {
        .to = {.tier = TO_DEAD_LETTERS},
        .class = "undecodable",
        .code = error_class_name(stray->error.class),
        .text = stray->error.text,
        .attempts = ++stray->attempts,
        .first_failure_ms = stray->first_failure_ms,
        .last_failure_ms = strays->core->clock->wall_ms,
    };

    stray->keeping = keeper_keep(strays->keeper, stray->payload, &reason, kept, stray);
    if (stray->keeping == NULL)
        try_later(stray);
}

void
strays_take(struct strays *strays, struct stray *stray, struct window *window, window_serial serial,
            const struct error *error)
{
    stray->window = window;
    window_hold(window);
    stray->serial = serial;
    stray->error = *error;
    stray->first_failure_ms = strays->core->clock->wall_ms;
    list_add_last(&strays->list, &stray->link);
    strays->count++;
    strays->ledger->events++;
    if (strays->core->settings->has_dead_letters)
        keep(stray);
}

void
strays_revoked(struct strays *strays)
{
    list_for_each(link, following, &strays->list)
    {
        struct stray *stray = list_entry(link, struct stray, link);

        if (window_is_closed(stray->window))
            end(stray);
    }
}

size_t
strays_count(const struct strays *strays)
{
    return strays->count;
}

int64_t
strays_oldest_ms(const struct strays *strays, const struct window *window)
{
    int64_t oldest_ms = 0;

    list_for_each(link, following, &strays->list)
    {
        const struct stray *stray = list_entry(link, struct stray, link);
        int64_t at_ms = stray->payload->timestamp_ms;

        if (stray->window == window && at_ms > 0 && (oldest_ms == 0 || at_ms < oldest_ms))
            oldest_ms = at_ms;
    }
    return oldest_ms;
}
