/*
 * dvsync-worker: says what it is called with, then turns the loop until a signal ends it. What it is
 * made of stands in worker.c, how it ends in shutdown.c.
 */
#include <unistd.h>

#include "error.h"
#include "intake.h"
#include "program.h"
#include "settings.h"
#include "worker.h"

static const struct exit_code_meaning meanings[] = {
    {"0", "stopped by a signal; all that was settled is committed"},
    {"64", "wrong command line"},
    {"69",
     "unavailable: the admin address is taken, the system refused something at the start, or\n"
     "     Kafka's client ended with a fatal error (where another member has its\n"
     "     group_instance_id do not restart it at once, it would refuse the other)"},
    {"70", "internal: out of memory at the start"},
    {"75",
     "stopped by a signal, but the last commit was refused or not confirmed in time: what it\n"
     "     covered may be delivered again, which does no harm"},
    {"78", "wrong configuration"},
    {"130", "a second SIGINT: ended at once; what was not committed is delivered again"},
    {"143", "a second SIGTERM: the same"},
    {NULL, NULL},
};

static const struct command_line_option options[] = {{.name = NULL}};

static int check(const struct settings *settings, const struct command_line *line,
                 struct error *ret_error);
static int run(const struct settings *settings, const struct command_line *line, int signal_fd);

static const struct program program = {
    .command_line =
        {
            .name = "dvsync-worker",
            .synopsis = "[--config FILE]",
            .about =
                "Reads membership events from Kafka and makes each user ready in Dataverse. Any "
                "number of\n"
                "workers share the work of one consumer group.\n",
            .options = options,
            .signals =
                "SIGTERM or SIGINT: takes no more events, finishes what runs (shutdown.drain), "
                "commits,\n"
                "leaves the group, and exits; a second one exits at once.\n",
            .meanings = meanings,
        },
    .needs_routes = true,
    .check = check,
    .run = run,
};

static int
check(const struct settings *settings, const struct command_line *line, struct error *ret_error)
{
    (void)line;
    return intake_check_properties((const char *const *)settings->kafka_properties, ret_error);
}

static int
run(const struct settings *settings, const struct command_line *line, int signal_fd)
{
    struct error error;
    int exit_code = EXIT_CODE_INTERNAL;
    struct worker *worker = worker_create(settings, signal_fd, &error);

    (void)line;
    if (worker == NULL)
        return program_fail(&program, &error);
    while (!worker_is_done(worker, &exit_code))
        worker_turn(worker);
    if (exit_code == EXIT_CODE_UNFINISHED)
        _exit(exit_code); /* the client library would be waited for once more */
    worker_destroy(worker);
    return exit_code;
}

int
main(int argc, char **argv)
{
    struct command_line line = {COMMAND_LINE_RUN, NULL};

    return program_main(&program, argc, argv, &line);
}
