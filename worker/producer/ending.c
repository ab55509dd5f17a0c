/*
 * From running to done. The first signal lets an open batch come to its end, then the group of the
 * leaders is left, so that another one takes over at once. A second signal ends the process on the
 * spot: that loses nothing, the next start finds out what is there.
 */
#include <signal.h>
#include <unistd.h>

#include "exit_code.h"
#include "leader.h"
#include "log.h"
#include "producer_private.h"
#include "settings.h"
#include "signals.h"

/* A batch ends within its own time-outs. */
enum { BATCH_MS = 25000, LEAVE_MS = 5000 };

void
ending_begin(struct producer *producer, int exit_code)
{
    if (producer->phase != PHASE_RUNNING)
        return;
    producer->phase = PHASE_FINISHING;
    producer->phase_until_ms = producer->clock.mono_ms + BATCH_MS;
    producer->exit_code = exit_code;
    producer->lead.is_due = producer->lead.is_open = false;
    feed_yield(producer->feed);
    if (producer->outbox != NULL)
        outbox_close(producer->outbox);
}

/* --- signals --------------------------------------------------------------------------------- */

static void
release(struct producer *producer)
{
    size_t count = feed_release(producer->feed, NULL);

    log_line(producer->log, LOG_WARNING, "SIGUSR1: held groups may pass",
             log_integer("groups", (int64_t)count));
}

static void
serve_signals(struct producer *producer)
{
    int number;

    while ((number = signals_take(producer->signal_fd)) != 0) {
        if (number == SIGUSR1) {
            release(producer);
            continue;
        }
        if (producer->phase != PHASE_RUNNING) {
            log_line(producer->log, LOG_WARNING, "a second signal, ending at once",
                     log_integer("signal", number));
            _exit(EXIT_CODE_SIGNAL + number);
        }
        log_line(producer->log, LOG_INFO, "stopping: what is being published may end",
                 log_string("signal", number == SIGINT ? "SIGINT" : "SIGTERM"));
        ending_begin(producer, EXIT_CODE_STOPPED);
    }
}

/* --- by itself ------------------------------------------------------------------------------- */

/* --once, --backfill, --dry-run: all that was to be done is done, or was given up. */
static void
finish(struct producer *producer)
{
    struct feed_tally tally;

    if (producer->phase != PHASE_RUNNING || !producer->lead.is_open ||
        !feed_is_finished(producer->feed))
        return;
    tally = feed_tally(producer->feed);
    log_line(producer->log, tally.failed + tally.held > 0 ? LOG_ERROR : LOG_INFO, "finished",
             log_integer("done", (int64_t)tally.done), log_integer("failed", (int64_t)tally.failed),
             log_integer("held", (int64_t)tally.held), log_integer("gone", (int64_t)tally.gone));
    ending_begin(producer,
                 tally.failed + tally.held > 0 ? EXIT_CODE_UNFINISHED : EXIT_CODE_STOPPED);
}

static void
be_done(struct producer *producer, bool is_late)
{
    if (is_late || (producer->has_failed_last && producer->exit_code == EXIT_CODE_STOPPED))
        producer->exit_code = EXIT_CODE_UNFINISHED;
    producer->is_late = is_late;
    producer->phase = PHASE_DONE;
    log_line(producer->log, producer->exit_code == EXIT_CODE_STOPPED ? LOG_INFO : LOG_ERROR,
             producer->exit_code == EXIT_CODE_STOPPED ? "stopped"
                                                      : "stopped before everything was in order",
             log_integer("exit_code", producer->exit_code));
}

static void
leave(struct producer *producer)
{
    producer->phase = PHASE_LEAVING;
    producer->phase_until_ms = producer->clock.mono_ms + LEAVE_MS;
    if (producer->leader != NULL)
        leader_close(producer->leader);
}

static bool
has_left(const struct producer *producer)
{
    enum leader_state state;

    if (producer->leader == NULL)
        return true;
    state = leader_state(producer->leader);
    return state == LEADER_CLOSED || state == LEADER_BROKEN;
}

static bool
is_over(const struct producer *producer)
{
    return producer->phase != PHASE_RUNNING && producer->clock.mono_ms >= producer->phase_until_ms;
}

void
ending_turn(struct producer *producer)
{
    serve_signals(producer);
    finish(producer);
    if (producer->leader != NULL && leader_state(producer->leader) == LEADER_BROKEN)
        ending_begin(producer, EXIT_CODE_UNAVAILABLE);
    if (producer->phase == PHASE_FINISHING &&
        (producer->outbox == NULL || outbox_is_idle(producer->outbox)))
        leave(producer);
    if (producer->phase == PHASE_LEAVING && has_left(producer))
        be_done(producer, false);
    else if (is_over(producer))
        be_done(producer, true);
}
