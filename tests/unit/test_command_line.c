/* What a command line becomes, and what --help makes of the same table. */
#include <fcntl.h>
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "command_line.h"

enum { WORDS = 8, HELP_BYTES = 4096 };

struct line {
    struct command_line common;
    bool is_quick;
    const char *colour;
};

static const struct command_line_option options[] = {
    {"quick", NULL, offsetof(struct line, is_quick), "do not wait"},
    {"colour", "NAME", offsetof(struct line, colour), "paint it"},
    {.name = NULL},
};

static const struct exit_code_meaning meanings[] = {
    {"0", "fine"},
    {"64", "wrong command line"},
    {NULL, NULL},
};

static const struct command_line_program program = {
    .name = "painter",
    .synopsis = "--config FILE",
    .about = "Paints.\n",
    .options = options,
    .signals = "SIGTERM ends it.\n",
    .meanings = meanings,
};

/* Reads "painter" and ${words}, which end with NULL. What getopt says on stderr is dropped. */
static int
parse(char *const *words, struct line *ret_line)
{
    char *argv[WORDS + 1] = {(char[]){"painter"}};
    int argc = 1;
    int kept = dup(STDERR_FILENO);
    int nowhere = open("/dev/null", O_WRONLY);
    int result;

    while (argc < WORDS && words[argc - 1] != NULL) {
        argv[argc] = words[argc - 1];
        argc++;
    }
    *ret_line = (struct line){.colour = NULL};
    optind = 0; /* from the beginning again */
    (void)dup2(nowhere, STDERR_FILENO);
    (void)close(nowhere);
    result = command_line_parse(&program, argc, argv, &ret_line->common);
    (void)dup2(kept, STDERR_FILENO);
    (void)close(kept);
    return result;
}

#define WORDS_OF(...) ((char *const[]){__VA_ARGS__, NULL})

static void
command_line_fills_the_fields_of_common_and_own_options(void **state)
{
    struct line line;

    (void)state;
    assert_int_equal(parse(WORDS_OF((char[]){"--config"}, (char[]){"a.conf"}, (char[]){"--quick"},
                                    (char[]){"--colour=red"}),
                           &line),
                     0);
    assert_int_equal(line.common.mode, COMMAND_LINE_RUN);
    assert_string_equal(line.common.config_path, "a.conf");
    assert_true(line.is_quick);
    assert_string_equal(line.colour, "red");
    assert_int_equal(parse(WORDS_OF((char[]){"-c"}, (char[]){"b.conf"}), &line), 0);
    assert_string_equal(line.common.config_path, "b.conf");
    assert_false(line.is_quick);
    assert_null(line.colour);
}

static void
command_line_knows_the_mode_of_each_common_option(void **state)
{
    static const struct {
        const char *word;
        enum command_line_mode mode;
    } rows[] = {
        {"--check-config", COMMAND_LINE_CHECK_CONFIG},
        {"--print-config", COMMAND_LINE_PRINT_CONFIG},
        {"--help-config", COMMAND_LINE_HELP_CONFIG},
        {"--version", COMMAND_LINE_VERSION},
        {"--help", COMMAND_LINE_HELP},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char word[32];
        struct line line;

        (void)snprintf(word, sizeof(word), "%s", rows[i].word);
        assert_int_equal(parse(WORDS_OF(word), &line), 0);
        assert_int_equal(line.common.mode, rows[i].mode);
    }
}

static void
command_line_refuses_what_it_does_not_know(void **state)
{
    static const char *const words[] = {"--nonsense", "--colour", "now", "--quick=1", "-q"};

    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        char word[32];
        struct line line;

        (void)snprintf(word, sizeof(word), "%s", words[i]);
        assert_int_equal(parse(WORDS_OF(word), &line), -1);
    }
}

/* What ${help} prints, of ${HELP_BYTES} at most. */
static void
capture_help(char ret_help[HELP_BYTES])
{
    int kept = dup(STDOUT_FILENO);
    FILE *file = tmpfile();
    size_t length;

    assert_non_null(file);
    (void)fflush(stdout);
    assert_true(dup2(fileno(file), STDOUT_FILENO) >= 0);
    command_line_print_help(&program);
    (void)fflush(stdout);
    (void)dup2(kept, STDOUT_FILENO);
    (void)close(kept);
    (void)fseek(file, 0, SEEK_SET);
    length = fread(ret_help, 1, HELP_BYTES - 1, file);
    ret_help[length] = '\0';
    (void)fclose(file);
}

static void
command_line_help_names_every_option_signal_and_exit_status(void **state)
{
    static const char *const parts[] = {
        "usage: painter --config FILE",
        "Paints.",
        "--config FILE",
        "--check-config",
        "--version",
        "--quick          do not wait",
        "--colour NAME    paint it",
        "SIGTERM ends it.",
        "64   wrong command line",
    };
    char help[HELP_BYTES];

    (void)state;
    capture_help(help);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (strstr(help, parts[i]) == NULL)
            fail_msg("no \"%s\" in:\n%s", parts[i], help);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(command_line_fills_the_fields_of_common_and_own_options),
        cmocka_unit_test(command_line_knows_the_mode_of_each_common_option),
        cmocka_unit_test(command_line_refuses_what_it_does_not_know),
        cmocka_unit_test(command_line_help_names_every_option_signal_and_exit_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
