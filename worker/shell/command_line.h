#ifndef COMMAND_LINE_H
#define COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "exit_code.h"

/*
 * A program's command line: one table of options, from which parsing and --help follow. What all
 * programs have is here, each adds its own rows. Secrets have no place on it.
 */

enum command_line_mode {
    COMMAND_LINE_RUN,
    COMMAND_LINE_CHECK_CONFIG,
    COMMAND_LINE_PRINT_CONFIG,
    COMMAND_LINE_HELP_CONFIG,
    COMMAND_LINE_VERSION,
    COMMAND_LINE_HELP,
};

/* What every program is told; a program that is told more begins its own struct with it. */
struct command_line {
    enum command_line_mode mode;
    const char *config_path; /* NULL: no file, the environment only */
};

/* An option of one program. It fills a field of the program's struct. */
struct command_line_option {
    const char *name;
    const char *argument; /* what --help calls it; NULL: takes none, the field is a bool */
    size_t offset;        /* of the field: a const char * or, without argument, a bool */
    const char *help;
};

/* What a program says of itself. */
struct command_line_program {
    const char *name;                          /* "dvsync-worker" */
    const char *synopsis;                      /* behind the name: "[--config FILE]" */
    const char *about;                         /* one paragraph, each line ended */
    const struct command_line_option *options; /* ends with a row whose name is NULL */
    const char *signals;                       /* what they do, each line ended */
    const struct exit_code_meaning *meanings;  /* ends with a row whose code is NULL */
};

/*
 * Reads the command line into ${ret_line}, the program's struct, all zero before. -1 for what it
 * does not know, which was said on stderr.
 */
int command_line_parse(const struct command_line_program *program, int argc, char **argv,
                       struct command_line *ret_line) __attribute__((warn_unused_result));

void command_line_print_help(const struct command_line_program *program);

#endif
