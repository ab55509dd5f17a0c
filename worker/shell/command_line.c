/*
 * getopt_long does the reading. The value of an option is its row's number, out of the way of
 * characters: first the rows that all programs have, then the program's own.
 */
#include "command_line.h"

#include <getopt.h>
#include <stdio.h>

enum { SHORT_CONFIG = 'c', ROW_BASE = 256, ROWS_AT_MOST = 32, LEFT_BYTES = 32 };

/* An option of all programs: it chooses a mode, or is the one that takes the file. */
struct common_row {
    struct command_line_option option;
    enum command_line_mode mode;
};

static const struct common_row common[] = {
    {{"config", "FILE", offsetof(struct command_line, config_path),
      "read settings from FILE; variables override them"},
     COMMAND_LINE_RUN},
    {{"check-config", NULL, 0, "check the settings and exit"}, COMMAND_LINE_CHECK_CONFIG},
    {{"print-config", NULL, 0, "print the settings in force, secrets masked, and exit"},
     COMMAND_LINE_PRINT_CONFIG},
    {{"help-config", NULL, 0, "print what can be set and exit"}, COMMAND_LINE_HELP_CONFIG},
    {{"version", NULL, 0, "print versions and exit"}, COMMAND_LINE_VERSION},
    {{"help", NULL, 0, "print this and exit"}, COMMAND_LINE_HELP},
};

enum { COMMON_ROWS = sizeof(common) / sizeof(common[0]) };

/* The row ${number}; NULL behind the last. */
static const struct command_line_option *
row_at(const struct command_line_program *program, int number)
{
    const struct command_line_option *own;

    if (number < COMMON_ROWS)
        return &common[number].option;
    own = &program->options[number - COMMON_ROWS];
    return own->name == NULL ? NULL : own;
}

static void
fill_table(const struct command_line_program *program, struct option table[ROWS_AT_MOST + 1])
{
    const struct command_line_option *row;

    for (int i = 0; i < ROWS_AT_MOST && (row = row_at(program, i)) != NULL; i++)
        table[i] = (struct option){
            row->name, row->argument != NULL ? required_argument : no_argument, NULL, ROW_BASE + i};
}

static void
apply(const struct command_line_program *program, int number, struct command_line *line)
{
    const struct command_line_option *row = row_at(program, number);
    char *field = (char *)line;

    if (row == NULL)
        return;
    field += row->offset;
    if (row->argument != NULL)
        *(const char **)(void *)field = optarg;
    else if (number < COMMON_ROWS)
        line->mode = common[number].mode;
    else
        *(bool *)(void *)field = true;
}

int
command_line_parse(const struct command_line_program *program, int argc, char **argv,
                   struct command_line *ret_line)
{
    struct option table[ROWS_AT_MOST + 1] = {{0}};
    int value;

    fill_table(program, table);
    while ((value = getopt_long(argc, argv, "c:", table, NULL)) != -1) {
        if (value == '?')
            return -1;
        apply(program, value == SHORT_CONFIG ? 0 : value - ROW_BASE, ret_line);
    }
    if (optind < argc) {
        (void)fprintf(stderr, "%s: does not take arguments, found \"%s\"\n", argv[0], argv[optind]);
        return -1;
    }
    return 0;
}

static void
print_row(const struct command_line_option *row)
{
    char left[LEFT_BYTES];

    (void)snprintf(left, sizeof(left), "--%s%s%s", row->name, row->argument != NULL ? " " : "",
                   row->argument != NULL ? row->argument : "");
    printf("  %-16s %s\n", left, row->help);
}

void
command_line_print_help(const struct command_line_program *program)
{
    const struct command_line_option *row;

    printf("usage: %s %s\n\n%s\n", program->name, program->synopsis, program->about);
    for (int i = 0; (row = row_at(program, i)) != NULL; i++)
        print_row(row);
    printf("\n%s\nExit status:\n", program->signals);
    for (const struct exit_code_meaning *meaning = program->meanings; meaning->code != NULL;
         meaning++)
        printf("  %-4s %s\n", meaning->code, meaning->text);
}
