/* The settings table: values from files and environments, secrets, printing. */
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
#include "config_fixture.h"
#include "error.h"

/* --- values ----------------------------------------------------------------------------------- */

static void
config_uses_defaults_where_nothing_is_said(void **state)
{
    struct config_target target;

    (void)state;
    config_fixture_accept(config_fixture_complete(""), config_fixture_nothing, &target);
    assert_string_equal(target.servers, "a:1");
    assert_string_equal(target.password, "");
    assert_true(target.enabled);
    assert_int_equal(target.count, 5);
    assert_true(target.ratio == 0.5);
    assert_int_equal(target.interval_ms, 30000);
    assert_int_equal(target.limit_bytes, 65536);
    assert_int_equal(target.format, 2);
    assert_string_equal(target.inner_text, "x");
    config_release(config_fixture_table, &target);
}

static void
config_reads_every_type_from_the_file(void **state)
{
    struct config_target target;

    (void)state;
    config_fixture_accept("kafka = { servers = \"a:1,b:2\"; password = \"p\"; enabled = false;\n"
                          "  large = 5000000000L; };\n"
                          "count = -10; ratio = 0.25;\n"
                          "log: { interval: \"250ms\", limit: \"4MiB\", format: \"json\",\n"
                          "       inner: { text: \"deep\" } }\n",
                          config_fixture_nothing, &target);
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
    config_release(config_fixture_table, &target);
}

static void
config_takes_zero_and_one_for_fractions(void **state)
{
    struct config_target target;

    (void)state;
    config_fixture_accept(config_fixture_complete("ratio = 1;"), config_fixture_nothing, &target);
    assert_true(target.ratio == 1);
    config_release(config_fixture_table, &target);
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
    struct config_target target;

    (void)state;
    config_fixture_accept(config_fixture_complete("count = 6;"), environment, &target);
    assert_string_equal(target.servers, "c:3");
    assert_false(target.enabled);
    assert_int_equal(target.count, 7);
    assert_true(target.ratio == 0.75);
    assert_int_equal(target.interval_ms, 6 * 3600000);
    assert_int_equal(target.limit_bytes, 1 << 30);
    assert_int_equal(target.format, 1);
    assert_string_equal(target.inner_text, "a=b");
    assert_int_equal(target.large, 6000000000);
    config_release(config_fixture_table, &target);
}

static void
config_works_without_a_file(void **state)
{
    char *const environment[] = {(char[]){"DVSYNC_KAFKA_SERVERS=c:3"}, NULL};
    struct config_target target;
    struct error error;

    (void)state;
    assert_int_equal(config_apply(config_fixture_table, NULL, config_fixture_blocks, environment,
                                  &target, &error),
                     0);
    assert_string_equal(target.servers, "c:3");
    config_release(config_fixture_table, &target);
    config_release(config_fixture_table, &target); /* harmless */
}

/* --- secrets ---------------------------------------------------------------------------------- */

static void
config_reads_a_secret_from_a_file(void **state)
{
    char secret_path[] = "/tmp/dvsync-test-secret-XXXXXX";
    char variable[128];
    char *const environment[] = {variable, NULL};
    struct config_target target;
    int fd = mkstemp(secret_path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "hush\n", 5), 5);
    close(fd);
    snprintf(variable, sizeof(variable), "DVSYNC_KAFKA_PASSWORD_FILE=%s", secret_path);
    config_fixture_accept(config_fixture_complete(""), environment, &target);
    assert_string_equal(target.password, "hush");
    config_release(config_fixture_table, &target);
    unlink(secret_path);
}

static void
config_refuses_a_secrets_file_that_is_missing(void **state)
{
    char *const environment[] = {(char[]){"DVSYNC_KAFKA_PASSWORD_FILE=/nowhere/p"}, NULL};

    (void)state;
    config_fixture_refuse(config_fixture_complete(""), environment, "kafka.password", "/nowhere/p");
}

static void
config_refuses_a_secret_given_in_two_ways(void **state)
{
    char *const environment[] = {(char[]){"DVSYNC_KAFKA_PASSWORD_FILE=/dev/null"},
                                 (char[]){"DVSYNC_KAFKA_PASSWORD=x"}, NULL};
    char *const reversed[] = {environment[1], environment[0], NULL};

    (void)state;
    config_fixture_refuse(config_fixture_complete(""), environment, "kafka.password", "_FILE");
    config_fixture_refuse(config_fixture_complete(""), reversed, "kafka.password", "_FILE");
}

static void
config_takes_a_file_only_for_secrets(void **state)
{
    char *const environment[] = {(char[]){"DVSYNC_KAFKA_SERVERS_FILE=/dev/null"}, NULL};

    (void)state;
    config_fixture_refuse(config_fixture_complete(""), environment, "DVSYNC_KAFKA_SERVERS_FILE",
                          "no such setting");
}

static void
config_never_shows_a_secret(void **state)
{
    struct text text = TEXT_EMPTY;
    struct config_target target;

    (void)state;
    config_fixture_accept("kafka = { servers = \"a\"; password = \"hush\"; };",
                          config_fixture_nothing, &target);
    config_print(config_fixture_table, &target, &text);
    assert_null(strstr(text.data, "hush"));
    assert_non_null(strstr(text.data, "password = \"***\"; # "));
    config_release(config_fixture_table, &target);
    text_free(&text);
    config_fixture_refuse("kafka = { servers = \"a\"; password = 123456; };",
                          config_fixture_nothing, "found an integer", "a text");
}

/* --- printing --------------------------------------------------------------------------------- */

static void
assert_same_settings(const struct config_target *a, const struct config_target *b)
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
    struct config_target before;
    struct config_target after;

    config_fixture_accept(settings, config_fixture_nothing, &before);
    config_print(config_fixture_table, &before, &printed);
    config_fixture_accept(printed.data, config_fixture_nothing, &after);
    assert_same_settings(&before, &after);
    config_release(config_fixture_table, &before);
    config_release(config_fixture_table, &after);
    text_free(&printed);
}

static void
config_reads_back_what_it_prints(void **state)
{
    (void)state;
    assert_round_trip(config_fixture_complete(""));
    assert_round_trip(
        "kafka = { servers = \"q\\\"b\\\\s\\nn\\tt\\x7f\xc3\xa9\"; password = \"p\";\n"
        " enabled = false; large = 999999999999999999L; }\n"
        "count = -10; ratio = 0.1;\n"
        "log = { interval = \"86400s\"; limit = \"0B\"; format = \"json\";\n"
        "  inner = { text = \"\"; }; };\nlabel = \"# no comment\";");
    assert_round_trip(
        config_fixture_complete("ratio = 0.30000000000000004; log = { limit = \"1023B\"; };"));
}

static void
config_prints_values_as_people_write_them(void **state)
{
    struct text text = TEXT_EMPTY;
    struct config_target target;

    (void)state;
    config_fixture_accept(
        config_fixture_complete("ratio = 0.1; count = 7; log = { interval = \"90000ms\";\n"
                                "limit = \"0B\"; };"),
        config_fixture_nothing, &target);
    config_print(config_fixture_table, &target, &text);
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
    config_release(config_fixture_table, &target);
    text_free(&text);
}

static void
config_help_lists_every_setting(void **state)
{
    struct text text = TEXT_EMPTY;

    (void)state;
    config_help(config_fixture_table, &text);
    for (const struct setting *setting = config_fixture_table; setting->name != NULL; setting++) {
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

#define test(name) \
    cmocka_unit_test_setup_teardown(name, config_fixture_setup, config_fixture_teardown)

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
        test(config_reads_back_what_it_prints),
        test(config_prints_values_as_people_write_them),
        test(config_help_lists_every_setting),
        test(config_parses_units_and_nothing_else),
    };

    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
