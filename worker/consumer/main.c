/*
 * dvsync-worker: reads the command line and the settings, then turns the loop until a signal ends
 * it. What it is made of stands in worker.c, how it ends in shutdown.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config.h"
#include "error.h"
#include "exit_code.h"
#include "intake.h"
#include "options.h"
#include "settings.h"
#include "signals.h"
#include "text.h"
#include "versions.h"
#include "worker.h"

static int
exit_code_of(const struct error *error)
{
    switch (error->class) {
    case ERROR_CONFIG:
    case ERROR_INPUT:
        return EXIT_CODE_CONFIG;
    case ERROR_MEMORY:
        return EXIT_CODE_INTERNAL;
    default:
        return EXIT_CODE_UNAVAILABLE;
    }
}

static int
fail(const struct error *error)
{
    (void)fprintf(stderr, "dvsync-worker: %s\n", error->text);
    return exit_code_of(error);
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
print_version(void)
{
    puts("dvsync-worker " DVSYNC_VERSION);
    for (int i = 0; i < LIBRARIES; i++)
        printf("%s %s\n", libraries[i].name, libraries[i].version());
    return EXIT_CODE_STOPPED;
}

static int
print_config_help(void)
{
    struct text text = TEXT_EMPTY;

    config_help(settings_table, &text);
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
run(const struct settings *settings)
{
    struct error error;
    int exit_code = EXIT_CODE_INTERNAL;
    int signal_fd = signals_open(&error);
    struct worker *worker;

    if (signal_fd < 0)
        return fail(&error);
    worker = worker_create(settings, signal_fd, &error);
    if (worker == NULL)
        return fail(&error);
    while (!worker_is_done(worker, &exit_code))
        worker_turn(worker);
    if (exit_code == EXIT_CODE_UNFINISHED)
        _exit(exit_code); /* the client library would be waited for once more */
    worker_destroy(worker);
    (void)close(signal_fd);
    return exit_code;
}

static int
run_with_settings(const struct options *options)
{
    struct settings settings;
    struct error error;
    int result;

    if (settings_load(options->config_path, environ, true, &settings, &error) != 0 ||
        intake_check_properties((const char *const *)settings.kafka_properties, &error) != 0) {
        result = fail(&error);
    } else if (options->mode == OPTIONS_PRINT_CONFIG) {
        result = print_config(&settings);
    } else if (options->mode == OPTIONS_CHECK_CONFIG) {
        puts("the configuration is fine");
        result = EXIT_CODE_STOPPED;
    } else {
        result = run(&settings);
    }
    settings_release(&settings);
    return result;
}

int
main(int argc, char **argv)
{
    struct options options;

    if (options_parse(argc, argv, &options) != 0)
        return EXIT_CODE_USAGE;
    switch (options.mode) {
    case OPTIONS_HELP:
        options_print_help();
        return EXIT_CODE_STOPPED;
    case OPTIONS_VERSION:
        return print_version();
    case OPTIONS_HELP_CONFIG:
        return print_config_help();
    case OPTIONS_CHECK_CONFIG:
    case OPTIONS_PRINT_CONFIG:
    case OPTIONS_RUN:
        break;
    }
    return run_with_settings(&options);
}
