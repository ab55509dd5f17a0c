/* One function for each thing that can be asked for. */
#include "program.h"

#include <stdio.h>
#include <unistd.h>

#include "config.h"
#include "error.h"
#include "settings.h"
#include "signals.h"
#include "text.h"
#include "versions.h"

int
program_fail(const struct program *program, const struct error *error)
{
    (void)fprintf(stderr, "%s: %s\n", program->command_line.name, error->text);
    return (int)exit_code_of(error);
}

/* Prints ${text} and frees it. */
static int
print(struct text *text)
{
    int result = text->failed ? EXIT_CODE_INTERNAL : EXIT_CODE_STOPPED;

    if (text->data != NULL)
        (void)fputs(text->data, stdout);
    text_free(text);
    return result;
}

/* --- what is over at once -------------------------------------------------------------------- */

static int
print_version(const struct program *program)
{
    printf("%s " DVSYNC_VERSION "\n", program->command_line.name);
    for (int i = 0; i < LIBRARIES; i++)
        printf("%s %s\n", libraries[i].name, libraries[i].version());
    return EXIT_CODE_STOPPED;
}

static int
print_config_help(void)
{
    struct text text = TEXT_EMPTY;

    settings_help(&text);
    return print(&text);
}

static int
print_config(const struct settings *settings)
{
    struct text text = TEXT_EMPTY;

    settings_print(settings, &text);
    return print(&text);
}

/* --- with settings --------------------------------------------------------------------------- */

static int
run(const struct program *program, const struct settings *settings, const struct command_line *line)
{
    struct error error;
    int signal_fd = signals_open(program->signal, &error);
    int result;

    if (signal_fd < 0)
        return program_fail(program, &error);
    result = program->run(settings, line, signal_fd);
    (void)close(signal_fd);
    return result;
}

static int
run_with_settings(const struct program *program, const struct command_line *line)
{
    struct settings settings;
    struct error error;
    int result;

    if (settings_load(line->config_path, environ, program->needs_routes, &settings, &error) != 0 ||
        program->check(&settings, line, &error) != 0) {
        result = program_fail(program, &error);
    } else if (line->mode == COMMAND_LINE_PRINT_CONFIG) {
        result = print_config(&settings);
    } else if (line->mode == COMMAND_LINE_CHECK_CONFIG) {
        puts("the configuration is fine");
        result = EXIT_CODE_STOPPED;
    } else {
        result = run(program, &settings, line);
    }
    settings_release(&settings);
    return result;
}

static int
parse(const struct program *program, int argc, char **argv, struct command_line *line)
{
    struct error error;

    if (command_line_parse(&program->command_line, argc, argv, line) != 0)
        return -1;
    if (program->check_line == NULL || program->check_line(line, &error) == 0)
        return 0;
    (void)program_fail(program, &error);
    return -1;
}

int
program_main(const struct program *program, int argc, char **argv, struct command_line *line)
{
    if (parse(program, argc, argv, line) != 0)
        return EXIT_CODE_USAGE;
    switch (line->mode) {
    case COMMAND_LINE_HELP:
        command_line_print_help(&program->command_line);
        return EXIT_CODE_STOPPED;
    case COMMAND_LINE_VERSION:
        return print_version(program);
    case COMMAND_LINE_HELP_CONFIG:
        return print_config_help();
    case COMMAND_LINE_CHECK_CONFIG:
    case COMMAND_LINE_PRINT_CONFIG:
    case COMMAND_LINE_RUN:
        break;
    }
    return run_with_settings(program, line);
}
