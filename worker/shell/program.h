#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdbool.h>

#include "command_line.h"

/*
 * What every program's main does: reads the command line and the settings, answers the questions
 * that need no more than these (--help, --version, --check-config …), and else lets the program
 * run.
 */

struct error;
struct settings;

struct program {
    struct command_line_program command_line;
    bool needs_routes; /* a configuration without routes is a fault */
    int signal;        /* another one that it takes, beside SIGTERM and SIGINT; 0: none */
    /* What the options mean together; NULL: nothing. 0, or -1 with ${ret_error}. */
    int (*check_line)(const struct command_line *line, struct error *ret_error);
    /* What settings_load cannot judge. 0, or -1 with ${ret_error}: ERROR_CONFIG. */
    int (*check)(const struct settings *settings, const struct command_line *line,
                 struct error *ret_error);
    /* The whole life of the process; returns its exit status. ${line} is the program's struct. */
    int (*run)(const struct settings *settings, const struct command_line *line, int signal_fd);
};

/* ${line}: the program's struct, which begins with a struct command_line, all zero. */
int program_main(const struct program *program, int argc, char **argv, struct command_line *line);

/* Says on stderr why the program cannot start. Returns the exit status. */
int program_fail(const struct program *program, const struct error *error);

#endif
