/* See settings_file.h. */
#include "settings_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "error.h"

static char path[] = "/tmp/dvsync-test-settings-XXXXXX";

int
settings_file_setup(void **state)
{
    int fd;

    (void)state;
    memset(path + strlen(path) - 6, 'X', 6);
    fd = mkstemp(path);
    return fd == -1 ? -1 : close(fd);
}

int
settings_file_teardown(void **state)
{
    (void)state;
    return unlink(path);
}

const char *
settings_file_path(void)
{
    return path;
}

void
settings_file_write(const char *text)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

void
settings_file_load(const char *text, struct settings *ret_settings)
{
    static char *const no_variables[] = {NULL};
    struct error error;

    settings_file_write(text);
    if (settings_load(path, no_variables, true, ret_settings, &error) == -1)
        fail_msg("refused: %s", error.text);
}

static const struct settings_blocks right = {
    "{ name = \"main\"; " TENANT CLIENT SECRET " }",
    "{ name = \"prod\"; " ID URL IDENTITY " }",
    "{ name = \"plain\"; }",
    "{ group = \"" GROUP_1 "\"; environment = \"prod\"; recipe = \"plain\"; }",
};

static const char *
or_right(const char *given, const char *otherwise)
{
    return given == NULL ? otherwise : given;
}

void
settings_file_compose(const struct settings_blocks *blocks, struct text *text)
{
    text_clear(text);
    text_add(text, "kafka: { bootstrap_servers = \"broker:9092\"; };\n");
    text_addf(text, "identities = ( %s );\n", or_right(blocks->identities, right.identities));
    text_addf(text, "environments = ( %s );\n", or_right(blocks->environments, right.environments));
    text_addf(text, "recipes = ( %s );\n", or_right(blocks->recipes, right.recipes));
    text_addf(text, "routes = ( %s );\n", or_right(blocks->routes, right.routes));
}

static bool
begins_as(const char *message, const char *expected)
{
    if (expected[0] == '!')
        return strncmp(message, expected + 1, strlen(expected + 1)) == 0;
    return strncmp(message, path, strlen(path)) == 0 && message[strlen(path)] == ':' &&
           strncmp(message + strlen(path) + 1, expected, strlen(expected)) == 0;
}

void
settings_file_refuse(const char *text, char *const *environment, const char *expected)
{
    struct settings settings;
    struct error error = {0};

    settings_file_write(text);
    assert_int_equal(settings_load(path, environment, true, &settings, &error), -1);
    settings_release(&settings);
    assert_int_equal(error.class, ERROR_CONFIG);
    if (!begins_as(error.text, expected))
        fail_msg("\"%s\" does not say \"%s\"", error.text, expected);
}
