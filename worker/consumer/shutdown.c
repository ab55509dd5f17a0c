/*
 * From running to done. The first signal stops the intake and gives what runs its time, then the
 * last commit leaves with the partitions, and the group is told. A second signal ends the process
 * on the spot.
 */
#include <signal.h>
#include <unistd.h>

#include "engine.h"
#include "exit_code.h"
#include "intake.h"
#include "log.h"
#include "settings.h"
#include "signals.h"
#include "worker_private.h"

/*
 * For writes in flight when the drain time is over, and for the last commit and leaving the group.
 */
enum { WRITES_MS = 5000, CLOSE_MS = 5000 };

static void
enter(struct worker *worker, enum phase phase, int64_t within_ms)
{
    worker->phase = phase;
    worker->phase_until_ms = worker->clock.mono_ms + within_ms;
}

static void
stop(struct worker *worker, int signal_number)
{
    log_line(worker->log, LOG_INFO, "stopping: no more events are taken, what runs may end",
             log_string("signal", signal_number == SIGINT ? "SIGINT" : "SIGTERM"),
             log_integer("drain_ms", worker->settings->drain_ms));
    engine_stop(worker->engine, worker->settings->drain_ms);
    enter(worker, PHASE_DRAINING, worker->settings->drain_ms + WRITES_MS);
}

static void
serve_signals(struct worker *worker)
{
    int number;

    while ((number = signals_take(worker->signal_fd)) != 0) {
        if (worker->phase != PHASE_RUNNING) {
            log_line(worker->log, LOG_WARNING, "a second signal, ending at once",
                     log_integer("signal", number));
            _exit(EXIT_CODE_SIGNAL + number);
        }
        stop(worker, number);
    }
}

static void
finish(struct worker *worker, int exit_code)
{
    worker->phase = PHASE_DONE;
    worker->exit_code = exit_code;
    log_line(worker->log, exit_code == EXIT_CODE_STOPPED ? LOG_INFO : LOG_ERROR,
             exit_code == EXIT_CODE_STOPPED ? "stopped" : "stopped before everything was in order",
             log_integer("exit_code", exit_code));
}

/* What was settled is committed: no commit failed since closing began, and none is unanswered. */
static bool
is_all_committed(const struct worker *worker)
{
    const struct intake_counts *counts = intake_counts(worker->intake);

    return counts->commits_failed == worker->failed_before &&
           counts->commits_sent == counts->commits_accepted + counts->commits_failed;
}

static void
start_closing(struct worker *worker)
{
    worker->failed_before = intake_counts(worker->intake)->commits_failed;
    intake_close(worker->intake, worker->settings->leave_group);
    enter(worker, PHASE_CLOSING, CLOSE_MS);
}

void
worker_shutdown_turn(struct worker *worker)
{
    bool is_late;

    serve_signals(worker);
    is_late = worker->clock.mono_ms >= worker->phase_until_ms;
    if (intake_is_fatal(worker->intake)) {
        finish(worker, EXIT_CODE_UNAVAILABLE);
    } else if (worker->phase == PHASE_DRAINING && (engine_is_drained(worker->engine) || is_late)) {
        start_closing(worker);
    } else if (worker->phase == PHASE_CLOSING && intake_is_closed(worker->intake)) {
        finish(worker, is_all_committed(worker) ? EXIT_CODE_STOPPED : EXIT_CODE_UNFINISHED);
    } else if (worker->phase == PHASE_CLOSING && is_late) {
        finish(worker, EXIT_CODE_UNFINISHED);
    }
}
