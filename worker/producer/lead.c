/*
 * From the right to publish to a feed at work. Who leads opens the outbox; what it reads there the
 * feed begins with. Whatever fails, the feed yields, and begins anew from what the next opening reads:
 * nobody has to know what became of the last batch.
 */
#include "exit_code.h"
#include "leader.h"
#include "log.h"
#include "producer_private.h"

enum {
    FIRST_PAUSE_MS = 1000,
    LONGEST_PAUSE_MS = 30000,
    FENCED_PAUSE_MS = 10000, /* so that two who fence each other do not do so all the time */
    TRIES = 3,               /* --once, --backfill: then it is given up */
};

/* --- the right ------------------------------------------------------------------------------- */

static void
stop_feed(struct producer *producer)
{
    feed_yield(producer->feed);
    producer->has_printed = false;
    producer->lead.is_open = false;
}

static void
on_won(void *context)
{
    struct producer *producer = context;

    log_line(producer->log, LOG_INFO, "this producer leads, reading saved states",
             log_string("topic", producer->topics[FEED_STATE]));
    producer->lead.is_due = true;
    producer->lead.open_at_ms = producer->clock.mono_ms;
}

static void
on_lost(void *context)
{
    struct producer *producer = context;

    if (producer->phase == PHASE_RUNNING)
        log_line(producer->log, LOG_INFO, "this producer does not lead any more, standing by",
                 log_string("topic", producer->leader_topic));
    producer->lead.is_due = false;
    stop_feed(producer);
    outbox_close(producer->outbox);
}

struct leader_listener
lead_of_leader(struct producer *producer)
{
    return (struct leader_listener){.context = producer, .won = on_won, .lost = on_lost};
}

/* --- the outbox ------------------------------------------------------------------------------ */

static int64_t
pause_ms(int failures)
{
    int64_t pause = FIRST_PAUSE_MS;

    for (int i = 1; i < failures && pause < LONGEST_PAUSE_MS; i++)
        pause *= 2;
    return pause < LONGEST_PAUSE_MS ? pause : LONGEST_PAUSE_MS;
}

/* What was at work is not any more; tries again after a while. */
static void
fail(struct producer *producer, const struct error *error)
{
    struct lead *lead = &producer->lead;
    int64_t wait_ms = pause_ms(++lead->failures);

    stop_feed(producer);
    lead->error = *error;
    lead->open_at_ms = producer->clock.mono_ms + wait_ms;
    log_error(producer->log, LOG_ERROR, "nothing can be published, trying again", error,
              (const struct log_field[]){
                  log_integer("attempt", lead->failures),
                  log_integer("next_in_ms", wait_ms),
              },
              2);
    if (!line_is_forever(producer->line) && lead->failures >= TRIES)
        ending_begin(producer, EXIT_CODE_UNAVAILABLE);
}

static void
begin(struct producer *producer, const struct feed_saved *states, size_t count)
{
    struct lead *lead = &producer->lead;
    struct error error;

    if (feed_lead(producer->feed, states, count) != 0) {
        error_set(&error, ERROR_MEMORY, "no memory for the saved states");
        if (producer->outbox != NULL)
            outbox_close(producer->outbox);
        fail(producer, &error);
        return;
    }
    lead->is_open = true;
    lead->error = (struct error){.class = ERROR_NONE};
}

static void
on_opened(void *context, const struct feed_saved *states, size_t count, bool has_transactions)
{
    struct producer *producer = context;

    producer->lead.has_transactions = has_transactions;
    log_line(producer->log, LOG_INFO, "watching", log_integer("states", (int64_t)count),
             log_integer("groups", (int64_t)producer->group_count),
             log_boolean("transactions", has_transactions));
    begin(producer, states, count);
}

static void
on_published(void *context, uint64_t serial)
{
    struct producer *producer = context;

    producer->lead.failures = 0;
    feed_published(producer->feed, serial, NULL);
}

static void
on_fenced(struct producer *producer, const struct error *error)
{
    log_error(producer->log, LOG_WARNING,
              "another producer has taken over what this one wrote as, standing by", error,
              (const struct log_field[]){log_integer("next_in_ms", FENCED_PAUSE_MS)}, 1);
    stop_feed(producer);
    producer->lead.error = *error;
    producer->lead.open_at_ms = producer->clock.mono_ms + FENCED_PAUSE_MS;
    if (producer->leader != NULL)
        leader_step_down(producer->leader, FENCED_PAUSE_MS);
}

static void
on_ended(void *context, enum outbox_end end, const struct error *error)
{
    struct producer *producer = context;

    if (producer->phase != PHASE_RUNNING) {
        producer->has_failed_last = producer->has_failed_last || end != OUTBOX_CLOSED;
        if (end != OUTBOX_CLOSED)
            log_error(producer->log, LOG_WARNING,
                      "what became of the last batch is not known, the next start finds out", error,
                      NULL, 0);
        return;
    }
    if (end == OUTBOX_FENCED)
        on_fenced(producer, error);
    else if (end == OUTBOX_FAILED && producer->lead.is_due)
        fail(producer, error);
}

struct outbox_listener
lead_of_outbox(struct producer *producer)
{
    return (struct outbox_listener){
        .context = producer,
        .opened = on_opened,
        .published = on_published,
        .ended = on_ended,
    };
}

/* --- once a turn ----------------------------------------------------------------------------- */

static bool
may_open(const struct producer *producer)
{
    const struct lead *lead = &producer->lead;

    return producer->phase == PHASE_RUNNING && lead->is_due && !lead->is_open &&
           (producer->outbox == NULL || outbox_is_idle(producer->outbox));
}

/* --once, while another one leads: its turn will not come. */
static void
lose_patience(struct producer *producer)
{
    struct lead *lead = &producer->lead;

    if (producer->phase != PHASE_RUNNING || lead->is_due || line_is_forever(producer->line) ||
        producer->clock.mono_ms < lead->give_up_at_ms)
        return;
    log_line(producer->log, LOG_ERROR, "leadership was not won in time, giving up",
             log_string("leadership", leader_state_name(leader_state(producer->leader))));
    ending_begin(producer, EXIT_CODE_UNAVAILABLE);
}

void
lead_turn(struct producer *producer)
{
    struct lead *lead = &producer->lead;
    struct error error;

    lose_patience(producer);
    if (!may_open(producer) || producer->clock.mono_ms < lead->open_at_ms)
        return;
    if (producer->outbox == NULL)
        begin(producer, NULL, 0);
    else if (outbox_open(producer->outbox, line_use(producer->line), &error) != 0)
        fail(producer, &error);
}

int64_t
lead_next_ms(const struct producer *producer)
{
    return may_open(producer) ? producer->lead.open_at_ms : INT64_MAX;
}
