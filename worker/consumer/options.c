/* getopt_long does the reading; each option is a row, and one that chooses a mode carries it. */
#include "options.h"

#include <getopt.h>
#include <stdio.h>

#include "exit_code.h"

enum { OPTION_CONFIG = 'c' };

/* The value of an option that chooses a mode is the mode's, out of the way of characters. */
enum { MODE_BASE = 256 };

struct option_row {
    const char *name;
    const char *argument; /* NULL: takes none */
    int value;
    const char *help;
};

static const struct option_row rows[] = {
    {"config", "FILE", OPTION_CONFIG, "read settings from FILE; variables override them"},
    {"check-config", NULL, MODE_BASE + OPTIONS_CHECK_CONFIG, "check the settings and exit"},
    {"print-config", NULL, MODE_BASE + OPTIONS_PRINT_CONFIG,
     "print the settings in force, secrets masked, and exit"},
    {"help-config", NULL, MODE_BASE + OPTIONS_HELP_CONFIG, "print what can be set and exit"},
    {"version", NULL, MODE_BASE + OPTIONS_VERSION, "print versions and exit"},
    {"help", NULL, MODE_BASE + OPTIONS_HELP, "print this and exit"},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

const struct exit_code_meaning exit_code_meanings[] = {
    {"0", "stopped by a signal; all that was settled is committed"},
    {"64", "wrong command line"},
    {"69",
     "unavailable: the admin address is taken, or Kafka refuses this member for good (another\n"
     "     one has its group_instance_id: do not restart it at once, it would refuse the other)"},
    {"70", "internal: out of memory at the start"},
    {"75",
     "stopped by a signal, but the last commit was not confirmed in time: what it covered may\n"
     "     be delivered again, which does no harm"},
    {"78", "wrong configuration"},
    {"130", "a second SIGINT: ended at once; what was not committed is delivered again"},
    {"143", "a second SIGTERM: the same"},
    {NULL, NULL},
};

int
options_parse(int argc, char **argv, struct options *ret_options)
{
    struct option table[ROWS + 1] = {{0}};
    struct options options = {OPTIONS_RUN, NULL};
    int value;

    for (int i = 0; i < ROWS; i++)
        table[i] = (struct option){rows[i].name,
                                   rows[i].argument != NULL ? required_argument : no_argument, NULL,
                                   rows[i].value};
    while ((value = getopt_long(argc, argv, "c:", table, NULL)) != -1) {
        if (value == '?')
            return -1;
        if (value == OPTION_CONFIG)
            options.config_path = optarg;
        else
            options.mode = (enum options_mode)(value - MODE_BASE);
    }
    if (optind < argc) {
        (void)fprintf(stderr, "%s: does not take arguments, found \"%s\"\n", argv[0], argv[optind]);
        return -1;
    }
    *ret_options = options;
    return 0;
}

void
options_print_help(void)
{
    puts(
        "usage: dvsync-worker --config FILE\n"
        "\n"
        "Reads membership events from Kafka and makes each user ready in Dataverse. Any number of\n"
        "workers share the work of one consumer group.\n");
    for (int i = 0; i < ROWS; i++) {
        char left[32];

        (void)snprintf(left, sizeof(left), "--%s%s%s", rows[i].name,
                       rows[i].argument != NULL ? " " : "",
                       rows[i].argument != NULL ? rows[i].argument : "");
        printf("  %-16s %s\n", left, rows[i].help);
    }
    puts("\n"
         "SIGTERM or SIGINT: takes no more events, finishes what runs (shutdown.drain), commits,\n"
         "leaves the group, and exits; a second one exits at once.\n"
         "\n"
         "Exit status:");
    for (const struct exit_code_meaning *row = exit_code_meanings; row->code != NULL; row++)
        printf("  %-4s %s\n", row->code, row->text);
}
