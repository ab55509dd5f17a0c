/* One setting of each type, and a file under /tmp that each test writes as it likes. */
#include "config_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const formats[] = {"json", "text", "auto", NULL};

#define FIELD(field) offsetof(struct config_target, field)

const struct setting config_fixture_table[] = {
    {.name = "kafka.servers",
     .type = SETTING_STRING,
     .offset = FIELD(servers),
     .help = "Where the brokers are",
     .required = true},
    {.name = "kafka.password",
     .type = SETTING_SECRET,
     .offset = FIELD(password),
     .help = "The password"},
    {.name = "kafka.enabled",
     .type = SETTING_BOOLEAN,
     .offset = FIELD(enabled),
     .fallback = "true",
     .help = "Whether to"},
    {.name = "count",
     .type = SETTING_INTEGER,
     .offset = FIELD(count),
     .fallback = "5",
     .help = "How many",
     .minimum = -10,
     .maximum = 100},
    {.name = "ratio",
     .type = SETTING_FRACTION,
     .offset = FIELD(ratio),
     .fallback = "0.5",
     .help = "Which part"},
    {.name = "log.interval",
     .type = SETTING_DURATION,
     .offset = FIELD(interval_ms),
     .fallback = "30s",
     .help = "How often",
     .minimum = 100,
     .maximum = 86400000},
    {.name = "log.limit",
     .type = SETTING_SIZE,
     .offset = FIELD(limit_bytes),
     .fallback = "64KiB",
     .help = "How much",
     .minimum = 0,
     .maximum = INT64_C(1) << 40},
    {.name = "log.format",
     .type = SETTING_CHOICE,
     .offset = FIELD(format),
     .fallback = "auto",
     .help = "How lines look",
     .choices = formats},
    {.name = "log.inner.text",
     .type = SETTING_STRING,
     .offset = FIELD(inner_text),
     .fallback = "x",
     .help = "A text in a deeper group"},
    {.name = "kafka.large", /* apart from its group's other rows */
     .type = SETTING_INTEGER,
     .offset = FIELD(large),
     .fallback = "0",
     .help = "A large number",
     .minimum = 0,
     .maximum = INT64_C(999999999999999999)},
    {.name = "label", .type = SETTING_STRING, .offset = FIELD(label), .help = "Any text"},
    {.name = NULL},
};

const char *const config_fixture_blocks[] = {"routes", "identities", NULL};
char *const config_fixture_nothing[] = {NULL};

char config_fixture_path[] = "/tmp/dvsync-test-config-XXXXXX";

int
config_fixture_setup(void **state)
{
    int fd;

    (void)state;
    memset(config_fixture_path + sizeof(config_fixture_path) - 7, 'X', 6);
    fd = mkstemp(config_fixture_path);
    return fd < 0 ? -1 : close(fd);
}

int
config_fixture_teardown(void **state)
{
    (void)state;
    return unlink(config_fixture_path);
}

void
config_fixture_write(const char *text)
{
    FILE *file = fopen(config_fixture_path, "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

struct config *
config_fixture_load(const char *text)
{
    struct error error;
    struct config *config;

    config_fixture_write(text);
    config = config_load(config_fixture_path, &error);
    if (config == NULL)
        fail_msg("%s", error.text);
    return config;
}

int
config_fixture_apply(const char *text, char *const *environment, struct config_target *target,
                     struct error *error)
{
    struct config *config;
    int result;

    memset(target, 0, sizeof(*target));
    config_fixture_write(text);
    config = config_load(config_fixture_path, error);
    if (config == NULL)
        return -1;
    result = config_apply(config_fixture_table, config, config_fixture_blocks, environment, target,
                          error);
    config_free(config);
    return result;
}

void
config_fixture_accept(const char *text, char *const *environment, struct config_target *target)
{
    struct error error;

    if (config_fixture_apply(text, environment, target, &error) != 0)
        fail_msg("%s", error.text);
}

void
config_fixture_refuse(const char *text, char *const *environment, const char *first,
                      const char *second)
{
    struct config_target target;
    struct error error;

    assert_int_equal(config_fixture_apply(text, environment, &target, &error), -1);
    assert_int_equal(error.class, ERROR_CONFIG);
    if (strstr(error.text, first) == NULL || (second != NULL && strstr(error.text, second) == NULL))
        fail_msg("neither \"%s\" nor \"%s\" may be missing in: %s", first, second, error.text);
    config_release(config_fixture_table, &target);
}

const char *
config_fixture_complete(const char *more)
{
    static char text[1024];

    snprintf(text, sizeof(text), "kafka = { servers = \"a:1\"; };\n%s", more);
    return text;
}
