/*
 * dvsync-producer: says what it is called with, then turns the loop until all is done or a signal ends
 * it. What it is made of stands in producer.c, how it comes to publish in lead.c, how it ends in
 * ending.c.
 */
#include <signal.h>
#include <unistd.h>

#include "error.h"
#include "producer.h"
#include "program.h"

static const struct exit_code_meaning meanings[] = {
    {"0", "stopped by a signal; or --once, --backfill, --dry-run: all groups were done"},
    {"64", "wrong command line"},
    {"69",
     "unavailable: the admin address is taken; or Kafka refuses this member for good; or, with\n"
     "     --once or --backfill, another producer leads or nothing could be published"},
    {"70", "internal: out of memory at the start"},
    {"75",
     "stopped by a signal, but what became of the last batch was not heard in time; or --once,\n"
     "     --backfill, --dry-run: a group was given up, or is held by the guard"},
    {"78", "wrong configuration"},
    {"130", "a second SIGINT: ended at once; the next start finds out what was published"},
    {"143", "a second SIGTERM: the same"},
    {NULL, NULL},
};

static int run(const struct settings *settings, const struct command_line *line, int signal_fd);

static const struct program program = {
    .command_line =
        {
            .name = "dvsync-producer",
            .synopsis = "[--config FILE] [--once | --backfill] [--group ID] [--dry-run]",
            .about =
                "Watches Entra groups by Microsoft Graph's delta query and publishes who joins or "
                "leaves.\n"
                "One producer leads, others stand by and take over.\n",
            .options = producer_options,
            .signals =
                "SIGTERM or SIGINT: lets a batch that is being published come to its end, leaves "
                "the\n"
                "group and exits; a second one exits at once. SIGUSR1: groups that the guard "
                "holds\n"
                "(producer.max_events_per_round) may pass.\n",
            .meanings = meanings,
        },
    .needs_routes = false,
    .signal = SIGUSR1,
    .check_line = producer_check_line,
    .check = producer_check,
    .run = run,
};

static int
run(const struct settings *settings, const struct command_line *line, int signal_fd)
{
    struct error error;
    int exit_code = EXIT_CODE_INTERNAL;
    struct producer *producer = producer_create(
        settings, (const struct producer_line *)(const void *)line, signal_fd, &error);

    if (producer == NULL)
        return program_fail(&program, &error);
    while (!producer_is_done(producer, &exit_code))
        producer_turn(producer);
    if (producer_is_late(producer))
        _exit(exit_code);
    producer_destroy(producer);
    return exit_code;
}

int
main(int argc, char **argv)
{
    struct producer_line line = {.group = NULL};

    return program_main(&program, argc, argv, &line.common);
}
