/* The settings table against files and environments, right ones and wrong ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"
#include "error.h"

/* --- a table with one of each ----------------------------------------------------------------- */

struct target {
    char *servers;
    char *password;
    bool enabled;
    int64_t count;
    double ratio;
    int64_t interval_ms;
    int64_t limit_bytes;
    int format;
    char *inner_text;
    int64_t large;
    char *label;
};

static const char *const formats[] = {"json", "text", "auto", NULL};

#define FIELD(field) offsetof(struct target, field)

static const struct setting table[] = {
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

static const char *const blocks[] = {"routes", "identities", NULL};
static char *const no_environment[] = {NULL};

/* --- helpers ---------------------------------------------------------------------------------- */

static char path[] = "/tmp/dvsync-test-config-XXXXXX";

static int
setup(void **state)
{
    int fd;

    (void)state;
    memset(path + sizeof(path) - 7, 'X', 6);
    fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int
teardown(void **state)
{
    (void)state;
    return unlink(path);
}

static void
write_file(const char *text)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static struct config *
load(const char *text)
{
    struct error error;
    struct config *config;

    write_file(text);
    config = config_load(path, &error);
    if (config == NULL)
        fail_msg("%s", error.text);
    return config;
}

static int
apply(const char *text, char *const *environment, struct target *target, struct error *error)
{
    struct config *config;
    int result;

    memset(target, 0, sizeof(*target));
    write_file(text);
    config = config_load(path, error);
    if (config == NULL)
        return -1;
    result = config_apply(table, config, blocks, environment, target, error);
    config_free(config);
    return result;
}

static void
assert_applies(const char *text, char *const *environment, struct target *target)
{
    struct error error;

    if (apply(text, environment, target, &error) != 0)
        fail_msg("%s", error.text);
}

/* The fault must hold both texts; ${second} may be NULL. */
static void
assert_refused(const char *text, char *const *environment, const char *first, const char *second)
{
    struct target target;
    struct error error;

    assert_int_equal(apply(text, environment, &target, &error), -1);
    assert_int_equal(error.class, ERROR_CONFIG);
    if (strstr(error.text, first) == NULL || (second != NULL && strstr(error.text, second) == NULL))
        fail_msg("neither \"%s\" nor \"%s\" may be missing in: %s", first, second, error.text);
    config_release(table, &target);
}

/* A file with all that is required, and ${more}. */
static const char *
complete(const char *more)
{
    static char text[1024];

    snprintf(text, sizeof(text), "kafka = { servers = \"a:1\"; };\n%s", more);
    return text;
}

/* --- values ----------------------------------------------------------------------------------- */

static void
config_uses_defaults_where_nothing_is_said(void **state)
{
    struct target target;

    (void)state;
    assert_applies(complete(""), no_environment, &target);
    assert_string_equal(target.servers, "a:1");
    assert_string_equal(target.password, "");
    assert_true(target.enabled);
    assert_int_equal(target.count, 5);
    assert_true(target.ratio == 0.5);
    assert_int_equal(target.interval_ms, 30000);
    assert_int_equal(target.limit_bytes, 65536);
    assert_int_equal(target.format, 2);
    assert_string_equal(target.inner_text, "x");
    config_release(table, &target);
}

static void
config_reads_every_type_from_the_file(void **state)
{
    struct target target;

    (void)state;
    assert_applies("kafka = { servers = \"a:1,b:2\"; password = \"p\"; enabled = false;\n"
                   "  large = 5000000000L; };\n"
                   "count = -10; ratio = 0.25;\n"
                   "log: { interval: \"250ms\", limit: \"4MiB\", format: \"json\",\n"
                   "       inner: { text: \"deep\" } }\n",
                   no_environment, &target);
    assert_string_equal(target.servers, "a:1,b:2");
    assert_string_equal(target.password, "p");
    assert_false(target.enabled);
    assert_int_equal(target.large, 5000000000);
    assert_int_equal(target.count, -10);
    assert_true(target.ratio == 0.25);
    assert_int_equal(target.interval_ms, 250);
    assert_int_equal(target.limit_bytes, 4 * 1024 * 1024);
    assert_int_equal(target.format, 0);
    assert_string_equal(target.inner_text, "deep");
    config_release(table, &target);
}

static void
config_takes_zero_and_one_for_fractions(void **state)
{
    struct target target;

    (void)state;
    assert_applies(complete("ratio = 1;"), no_environment, &target);
    assert_true(target.ratio == 1);
    config_release(table, &target);
}

static void
config_lets_the_environment_override_the_file(void **state)
{
    char *const environment[] = {
        (char[]){"PATH=/bin"},
        (char[]){"DVSYNC_KAFKA_SERVERS=c:3"},
        (char[]){"DVSYNC_KAFKA_ENABLED=false"},
        (char[]){"DVSYNC_COUNT=7"},
        (char[]){"DVSYNC_RATIO=0.75"},
        (char[]){"DVSYNC_LOG_INTERVAL=6h"},
        (char[]){"DVSYNC_LOG_LIMIT=1GiB"},
        (char[]){"DVSYNC_LOG_FORMAT=text"},
        (char[]){"DVSYNC_LOG_INNER_TEXT=a=b"},
        (char[]){"DVSYNC_KAFKA_LARGE=6000000000"},
        NULL,
    };
    struct target target;

    (void)state;
    assert_applies(complete("count = 6;"), environment, &target);
    assert_string_equal(target.servers, "c:3");
    assert_false(target.enabled);
    assert_int_equal(target.count, 7);
    assert_true(target.ratio == 0.75);
    assert_int_equal(target.interval_ms, 6 * 3600000);
    assert_int_equal(target.limit_bytes, 1 << 30);
    assert_int_equal(target.format, 1);
    assert_string_equal(target.inner_text, "a=b");
    assert_int_equal(target.large, 6000000000);
    config_release(table, &target);
}

static void
config_works_without_a_file(void **state)
{
    char *const environment[] = {(char[]){"DVSYNC_KAFKA_SERVERS=c:3"}, NULL};
    struct target target;
    struct error error;

    (void)state;
    assert_int_equal(config_apply(table, NULL, blocks, environment, &target, &error), 0);
    assert_string_equal(target.servers, "c:3");
    config_release(table, &target);
    config_release(table, &target); /* harmless */
}

/* --- secrets ---------------------------------------------------------------------------------- */

static void
config_reads_a_secret_from_a_file(void **state)
{
    char secret_path[] = "/tmp/dvsync-test-secret-XXXXXX";
    char variable[128];
    char *const environment[] = {variable, NULL};
    struct target target;
    int fd = mkstemp(secret_path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "hush\n", 5), 5);
    close(fd);
    snprintf(variable, sizeof(variable), "DVSYNC_KAFKA_PASSWORD_FILE=%s", secret_path);
    assert_applies(complete(""), environment, &target);
    assert_string_equal(target.password, "hush");
    config_release(table, &target);
    unlink(secret_path);
}

static void
config_refuses_a_secrets_file_that_is_missing(void **state)
{
    char *const environment[] = {(char[]){"DVSYNC_KAFKA_PASSWORD_FILE=/nowhere/p"}, NULL};

    (void)state;
    assert_refused(complete(""), environment, "kafka.password", "/nowhere/p");
}

static void
config_refuses_a_secret_given_in_two_ways(void **state)
{
    char *const environment[] = {(char[]){"DVSYNC_KAFKA_PASSWORD_FILE=/dev/null"},
                                 (char[]){"DVSYNC_KAFKA_PASSWORD=x"}, NULL};
    char *const reversed[] = {environment[1], environment[0], NULL};

    (void)state;
    assert_refused(complete(""), environment, "kafka.password", "_FILE");
    assert_refused(complete(""), reversed, "kafka.password", "_FILE");
}

static void
config_takes_a_file_only_for_secrets(void **state)
{
    char *const environment[] = {(char[]){"DVSYNC_KAFKA_SERVERS_FILE=/dev/null"}, NULL};

    (void)state;
    assert_refused(complete(""), environment, "DVSYNC_KAFKA_SERVERS_FILE", "no such setting");
}

static void
config_never_shows_a_secret(void **state)
{
    struct text text = TEXT_EMPTY;
    struct target target;

    (void)state;
    assert_applies("kafka = { servers = \"a\"; password = \"hush\"; };", no_environment, &target);
    config_print(table, &target, &text);
    assert_null(strstr(text.data, "hush"));
    assert_non_null(strstr(text.data, "password = \"***\"; # "));
    config_release(table, &target);
    text_free(&text);
    assert_refused("kafka = { servers = \"a\"; password = 123456; };", no_environment,
                   "found an integer", "a text");
}

/* --- faults ----------------------------------------------------------------------------------- */

static void
config_refuses_what_it_does_not_know(void **state)
{
    (void)state;
    assert_refused(complete("\ncuont = 3;"), no_environment, ":3: cuont: no such setting",
                   "did you mean count?");
    assert_refused(complete("log = {\n intervall = \"1s\"; };"), no_environment,
                   ":3: log.intervall: no such setting", "did you mean log.interval?");
    assert_refused(complete("log = { inner = { deep = {}; }; };"), no_environment,
                   "log.inner.deep: no such setting", NULL);
    assert_refused(complete("other = { a = 1; };"), no_environment, "other: no such setting", NULL);
    assert_refused(complete("route = ();"), no_environment, "did you mean routes?", NULL);
    assert_refused(complete("log = { routes = (); };"), no_environment, "log.routes", NULL);
}

static void
config_leaves_blocks_to_others(void **state)
{
    struct target target;

    (void)state;
    assert_applies(complete("routes = ( { any = 1; } ); identities = { };"), no_environment,
                   &target);
    config_release(table, &target);
}

static void
config_says_what_it_found_and_what_it_accepts(void **state)
{
    (void)state;
    assert_refused(complete("log = { interval = 30; };"), no_environment,
                   ":2: log.interval: found an integer", "a duration (ms, s, m, h, d)");
    assert_refused(complete("log = { interval = \"30\"; };"), no_environment, "found \"30\"",
                   "from 100ms to 1d");
    assert_refused(complete("log = { interval = \"99ms\"; };"), no_environment, "found \"99ms\"",
                   NULL);
    assert_refused(complete("log = { interval = \"2d\"; };"), no_environment, "found \"2d\"", NULL);
    assert_refused(complete("log = { limit = \"1KB\"; };"), no_environment, "found \"1KB\"", "KiB");
    assert_refused(complete("log = { format = \"xml\"; };"), no_environment, "found \"xml\"",
                   "one of \"json\", \"text\", \"auto\"");
    assert_refused(complete("log = 3;"), no_environment, "found an integer", "a group");
    assert_refused(complete("count = { };"), no_environment, "found a group", "an integer");
    assert_refused(complete("count = 101;"), no_environment, "found \"101\"", "from -10 to 100");
    assert_refused(complete("count = \"7\";"), no_environment, "found a text", "an integer");
    assert_refused(complete("count = 1.5;"), no_environment, "found a number", "an integer");
    assert_refused(complete("ratio = 1.01;"), no_environment, "found \"1.01", "from 0 to 1");
    assert_refused("kafka = { servers = 3; };", no_environment, "found an integer", "a text");
    assert_refused("kafka = { enabled = 1; };", no_environment, "found an integer",
                   "true or false");
}

static void
assert_variable_refused(const char *variable, const char *first, const char *second)
{
    char copy[128];
    char *const environment[] = {copy, NULL};

    snprintf(copy, sizeof(copy), "%s", variable);
    assert_refused(complete(""), environment, first, second);
}

static void
config_refuses_wrong_variables(void **state)
{
    (void)state;
    assert_variable_refused("DVSYNC_COUNT=x", "DVSYNC_COUNT (count): found \"x\"", "an integer");
    assert_variable_refused("DVSYNC_COUNT= 7", "found \" 7\"", NULL);
    assert_variable_refused("DVSYNC_COUNT=+7", "found \"+7\"", NULL);
    assert_variable_refused("DVSYNC_COUNT=", "found \"\"", NULL);
    assert_variable_refused("DVSYNC_COUNT=99999999999999999999", "found \"99999", NULL);
    assert_variable_refused("DVSYNC_KAFKA_ENABLED=yes", "found \"yes\"", "true or false");
    assert_variable_refused("DVSYNC_RATIO=nan", "found \"nan\"", NULL);
    assert_variable_refused("DVSYNC_RATIO=0x1", "found \"0x1\"", NULL);
    assert_variable_refused("DVSYNC_RATIO=-0.1", "found \"-0.1\"", NULL);
    assert_variable_refused("DVSYNC_RATIO=0.5.5", "found \"0.5.5\"", NULL);
    assert_variable_refused("DVSYNC_KAFKA_SERVER=a", "no such setting",
                            "did you mean DVSYNC_KAFKA_SERVERS?");
    assert_variable_refused("DVSYNC_ROUTES=a", "DVSYNC_ROUTES: no such setting", NULL);
    assert_variable_refused("DVSYNC_ADMIN_PORT=8080", "no such setting", NULL);
    assert_variable_refused("DVSYNC_PORTION=1", "no such setting", NULL);
    assert_variable_refused("DVSYNC_ADMIN=A_PORT_8_SERVICE_HOST", "no such setting", NULL);
}

static void
config_passes_over_what_kubernetes_sets_for_services(void **state)
{
    char *const environment[] = {
        (char[]){"DVSYNC_WORKER_SERVICE_HOST=10.0.0.1"},
        (char[]){"DVSYNC_WORKER_SERVICE_PORT=8080"},
        (char[]){"DVSYNC_WORKER_SERVICE_PORT_HTTP=8080"},
        (char[]){"DVSYNC_WORKER_PORT=tcp://10.0.0.1:8080"},
        (char[]){"DVSYNC_WORKER_PORT_8080_TCP=tcp://10.0.0.1:8080"},
        (char[]){"DVSYNC_WORKER_PORT_8080_TCP_ADDR=10.0.0.1"},
        NULL,
    };
    struct target target;

    (void)state;
    assert_applies(complete(""), environment, &target);
    config_release(table, &target);
}

static void
config_asks_for_what_is_required(void **state)
{
    (void)state;
    assert_refused("", no_environment, "kafka.servers is required", "DVSYNC_KAFKA_SERVERS");
    assert_refused("kafka = { servers = \"\"; };", no_environment, "kafka.servers is required",
                   NULL);
}

static void
config_refuses_what_libconfig_would_get_wrong(void **state)
{
    (void)state;
    assert_refused(complete("count = 5000000000;"), no_environment, ":2: the integer 5000000000",
                   "suffix L");
    assert_refused(complete("/* \n */ count = 2147483648;"), no_environment, ":3:", "2147483648");
    assert_refused(complete("count = -2147483649;"), no_environment, "-2147483649", NULL);
    assert_refused(complete("count = 0x80000000;"), no_environment, "0x80000000", NULL);
    assert_refused(complete("count = 9223372036854775808L;"), no_environment, "64 bits", NULL);
    assert_refused(complete("routes = ( 1, { a = [5000000000]; } );"), no_environment, "5000000000",
                   NULL);
    assert_refused(complete("  @include \"/etc/passwd\"\n"), no_environment, ":2: @include", NULL);
    assert_refused(complete("label = \"\xff\";"), no_environment, ":2: bytes", "UTF-8");
}

static void
config_takes_large_digits_where_they_are_no_integers(void **state)
{
    struct target target;

    (void)state;
    assert_applies(complete("# 5000000000\n// 5000000000\n/* 5000000000\n*/"
                            "label = \"\\\"5000000000 @include\";\n"
                            "routes = ( { a-5000000000 = 2147483647; b = -2147483648;\n"
                            "  c = 5000000000.5; d = 0x7FFFFFFF; e = 5e12; } );"),
                   no_environment, &target);
    assert_string_equal(target.label, "\"5000000000 @include");
    config_release(table, &target);
}

static void
config_refuses_a_file_with_a_nul_byte(void **state)
{
    static const char bytes[] = "count = 1;\n\0 count = 2;";
    FILE *file = fopen(path, "we");
    struct error error;

    (void)state;
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, sizeof(bytes) - 1, file), sizeof(bytes) - 1);
    assert_int_equal(fclose(file), 0);
    assert_null(config_load(path, &error));
    assert_non_null(strstr(error.text, ":2: bytes that are no text"));
}

static void
config_says_where_a_file_is_no_settings_file(void **state)
{
    struct error error;

    (void)state;
    assert_refused(complete("count = ;"), no_environment, ":2: syntax error", path);
    assert_refused(complete("count = 1;\ncount = 2;"), no_environment, ":3:", "duplicate");
    assert_null(config_load("/nowhere/dvsync.conf", &error));
    assert_int_equal(error.class, ERROR_CONFIG);
    assert_non_null(strstr(error.text, "/nowhere/dvsync.conf"));
}

/* --- printing --------------------------------------------------------------------------------- */

static void
assert_same_settings(const struct target *a, const struct target *b)
{
    assert_string_equal(a->servers, b->servers);
    assert_int_equal(a->enabled, b->enabled);
    assert_int_equal(a->count, b->count);
    assert_true(a->ratio == b->ratio);
    assert_int_equal(a->interval_ms, b->interval_ms);
    assert_int_equal(a->limit_bytes, b->limit_bytes);
    assert_int_equal(a->format, b->format);
    assert_string_equal(a->inner_text, b->inner_text);
    assert_int_equal(a->large, b->large);
    assert_string_equal(a->label, b->label);
}

static void
assert_round_trip(const char *settings)
{
    struct text printed = TEXT_EMPTY;
    struct target before;
    struct target after;

    assert_applies(settings, no_environment, &before);
    config_print(table, &before, &printed);
    assert_applies(printed.data, no_environment, &after);
    assert_same_settings(&before, &after);
    config_release(table, &before);
    config_release(table, &after);
    text_free(&printed);
}

static void
config_reads_back_what_it_prints(void **state)
{
    (void)state;
    assert_round_trip(complete(""));
    assert_round_trip(
        "kafka = { servers = \"q\\\"b\\\\s\\nn\\tt\\x7f\xc3\xa9\"; password = \"p\";\n"
        " enabled = false; large = 999999999999999999L; }\n"
        "count = -10; ratio = 0.1;\n"
        "log = { interval = \"86400s\"; limit = \"0B\"; format = \"json\";\n"
        "  inner = { text = \"\"; }; };\nlabel = \"# no comment\";");
    assert_round_trip(complete("ratio = 0.30000000000000004; log = { limit = \"1023B\"; };"));
}

static void
config_prints_values_as_people_write_them(void **state)
{
    struct text text = TEXT_EMPTY;
    struct target target;

    (void)state;
    assert_applies(complete("ratio = 0.1; count = 7; log = { interval = \"90000ms\";\n"
                            "limit = \"0B\"; };"),
                   no_environment, &target);
    config_print(table, &target, &text);
    assert_string_equal(text.data, "kafka = {\n"
                                   "    servers = \"a:1\";\n"
                                   "    password = \"\";\n"
                                   "    enabled = true;\n"
                                   "    large = 0;\n"
                                   "};\n"
                                   "count = 7;\n"
                                   "ratio = 0.1;\n"
                                   "log = {\n"
                                   "    interval = \"90s\";\n"
                                   "    limit = \"0B\";\n"
                                   "    format = \"auto\";\n"
                                   "    inner = {\n"
                                   "        text = \"x\";\n"
                                   "    };\n"
                                   "};\n"
                                   "label = \"\";\n");
    config_release(table, &target);
    text_free(&text);
}

static void
config_help_lists_every_setting(void **state)
{
    struct text text = TEXT_EMPTY;

    (void)state;
    config_help(table, &text);
    for (const struct setting *setting = table; setting->name != NULL; setting++) {
        assert_non_null(strstr(text.data, setting->name));
        assert_non_null(strstr(text.data, setting->help));
    }
    assert_non_null(strstr(text.data,
                           "log.interval\n    How often.\n    a duration (ms, s, m, h, d) "
                           "from 100ms to 1d; default: 30s\n    DVSYNC_LOG_INTERVAL\n"));
    assert_non_null(strstr(text.data, "DVSYNC_KAFKA_PASSWORD_FILE"));
    assert_non_null(strstr(text.data, "required"));
    text_free(&text);
}

static void
config_parses_units_and_nothing_else(void **state)
{
    static const char *const bad[] = {"",
                                      "s",
                                      "5",
                                      "-5s",
                                      "+5s",
                                      " 5s",
                                      "5 s",
                                      "5S",
                                      "1.5s",
                                      "5s ",
                                      "1h30m",
                                      "999999999999999999d",
                                      "9999999999999999999ms"};
    int64_t value = 42;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(config_parse_duration(bad[i], &value));
    assert_false(config_parse_size("5kB", &value));
    assert_false(config_parse_size("9999999999GiB", &value));
    assert_int_equal(value, 42);
    assert_true(config_parse_duration("7d", &value));
    assert_int_equal(value, 7 * 86400000);
    assert_true(config_parse_duration("0s", &value));
    assert_int_equal(value, 0);
    assert_true(config_parse_size("512B", &value));
    assert_int_equal(value, 512);
}

/* --- blocks ----------------------------------------------------------------------------------- */

static const char routes_file[] = "routes = (\n"
                                  "  { group = \"g\"; rank = 3; strict = true; kind = \"move\";\n"
                                  "    roles = [\"r1\", \"r2\"]; big = 5000000000L; },\n"
                                  "  { },\n"
                                  "  7\n"
                                  ");\n"
                                  "name = \"n\";\n";

static const char *const kinds[] = {"keep", "move", NULL};

static void
config_hands_out_the_members_of_blocks(void **state)
{
    struct config *config = load(routes_file);
    const struct config_node *routes = config_block(config, "routes");
    const struct config_node *route = config_node_at(routes, 0);
    const struct config_integer any = {.minimum = 0, .maximum = INT64_MAX};
    struct error error;
    const char *string;
    int64_t integer;
    bool boolean;
    int choice;

    (void)state;
    assert_int_equal(config_node_is_list(routes, "routes", &error), 0);
    assert_int_equal(config_node_count(routes), 3);
    assert_int_equal(config_node_is_group(route, "a route", &error), 0);
    assert_int_equal(config_node_string(route, "group", NULL, &string, &error), 0);
    assert_string_equal(string, "g");
    assert_int_equal(config_node_integer(route, "rank", &any, &integer, &error), 0);
    assert_int_equal(integer, 3);
    assert_int_equal(config_node_integer(route, "big", &any, &integer, &error), 0);
    assert_int_equal(integer, 5000000000);
    assert_int_equal(config_node_boolean(route, "strict", false, &boolean, &error), 0);
    assert_true(boolean);
    assert_int_equal(config_node_choice(route, "kind", kinds, 0, &choice, &error), 0);
    assert_int_equal(choice, 1);
    assert_int_equal(
        config_node_text(config_node_at(config_node_get(route, "roles"), 1), &string, &error), 0);
    assert_string_equal(string, "r2");
    assert_null(config_block(config, "absent"));
    config_free(config);
}

static void
config_uses_fallbacks_for_absent_members(void **state)
{
    struct config *config = load(routes_file);
    const struct config_node *route = config_node_at(config_block(config, "routes"), 1);
    const int64_t nine = 9;
    const struct config_integer accepted = {.minimum = 0, .maximum = 1, .fallback = &nine};
    struct error error;
    const char *string;
    int64_t integer;
    bool boolean;
    int choice;

    (void)state;
    assert_int_equal(config_node_string(route, "group", "f", &string, &error), 0);
    assert_string_equal(string, "f");
    assert_int_equal(config_node_integer(route, "rank", &accepted, &integer, &error), 0);
    assert_int_equal(integer, 9);
    assert_int_equal(config_node_boolean(route, "strict", true, &boolean, &error), 0);
    assert_true(boolean);
    assert_int_equal(config_node_choice(route, "kind", kinds, 1, &choice, &error), 0);
    assert_int_equal(choice, 1);
    config_free(config);
}

static void
assert_fault(const struct error *error, const char *place, const char *what)
{
    assert_int_equal(error->class, ERROR_CONFIG);
    if (strstr(error->text, place) == NULL || strstr(error->text, what) == NULL)
        fail_msg("\"%s\" or \"%s\" is missing in: %s", place, what, error->text);
}

static void
config_says_where_a_block_is_wrong(void **state)
{
    struct config *config = load(routes_file);
    const struct config_node *routes = config_block(config, "routes");
    const struct config_node *route = config_node_at(routes, 0);
    const struct config_integer accepted = {.minimum = 0, .maximum = 2};
    static const char *const names[] = {"group", "rank", "strict", "kind", "role", "big", NULL};
    static const char *const other_kinds[] = {"a", "b", NULL};
    struct error error;
    const char *string;
    int64_t integer;
    bool boolean;
    int choice;

    (void)state;
    assert_int_equal(config_node_is_group(routes, "a route", &error), -1);
    assert_fault(&error, ":1: routes: found a list", "a route");
    assert_int_equal(config_node_is_list(route, "routes", &error), -1);
    assert_fault(&error, ":2: routes[0]: found a group", "a list");
    assert_int_equal(config_node_is_group(config_node_at(routes, 2), "a route", &error), -1);
    assert_fault(&error, ":5: routes[2]: found an integer", "a group");
    assert_int_equal(config_node_only(route, names, &error), -1);
    assert_fault(&error, ":3: routes[0].roles: no such setting", "did you mean role?");
    assert_int_equal(config_node_string(route, "rank", NULL, &string, &error), -1);
    assert_fault(&error, ":2: routes[0].rank: found an integer", "a text");
    assert_int_equal(config_node_string(route, "none", NULL, &string, &error), -1);
    assert_fault(&error, "routes[0]: none is missing", "a text");
    assert_int_equal(config_node_integer(route, "rank", &accepted, &integer, &error), -1);
    assert_fault(&error, "routes[0].rank: found 3", "from 0 to 2");
    assert_int_equal(config_node_integer(route, "none", &accepted, &integer, &error), -1);
    assert_fault(&error, "routes[0]: none is missing", "an integer");
    assert_int_equal(config_node_boolean(route, "rank", true, &boolean, &error), -1);
    assert_fault(&error, "routes[0].rank: found an integer", "true or false");
    assert_int_equal(config_node_choice(route, "kind", other_kinds, 0, &choice, &error), -1);
    assert_fault(&error, "routes[0].kind: found \"move\"", "one of: a, b");
    assert_int_equal(config_node_choice(route, "none", other_kinds, -1, &choice, &error), -1);
    assert_fault(&error, "none is missing", "a text");
    config_free(config);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        test(config_uses_defaults_where_nothing_is_said),
        test(config_reads_every_type_from_the_file),
        test(config_takes_zero_and_one_for_fractions),
        test(config_lets_the_environment_override_the_file),
        test(config_works_without_a_file),
        test(config_reads_a_secret_from_a_file),
        test(config_refuses_a_secrets_file_that_is_missing),
        test(config_refuses_a_secret_given_in_two_ways),
        test(config_takes_a_file_only_for_secrets),
        test(config_never_shows_a_secret),
        test(config_refuses_what_it_does_not_know),
        test(config_leaves_blocks_to_others),
        test(config_says_what_it_found_and_what_it_accepts),
        test(config_refuses_wrong_variables),
        test(config_passes_over_what_kubernetes_sets_for_services),
        test(config_asks_for_what_is_required),
        test(config_refuses_what_libconfig_would_get_wrong),
        test(config_takes_large_digits_where_they_are_no_integers),
        test(config_refuses_a_file_with_a_nul_byte),
        test(config_says_where_a_file_is_no_settings_file),
        test(config_reads_back_what_it_prints),
        test(config_prints_values_as_people_write_them),
        test(config_help_lists_every_setting),
        test(config_parses_units_and_nothing_else),
        test(config_hands_out_the_members_of_blocks),
        test(config_uses_fallbacks_for_absent_members),
        test(config_says_where_a_block_is_wrong),
    };

    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
