/* The settings table against wrong files and environments: each fault says where and what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config.h"
#include "config_fixture.h"
#include "error.h"

static void
config_refuses_what_it_does_not_know(void **state)
{
    (void)state;
    config_fixture_refuse(config_fixture_complete("\ncuont = 3;"), config_fixture_nothing,
                          ":3: cuont: no such setting", "did you mean count?");
    config_fixture_refuse(config_fixture_complete("log = {\n intervall = \"1s\"; };"),
                          config_fixture_nothing, ":3: log.intervall: no such setting",
                          "did you mean log.interval?");
    config_fixture_refuse(config_fixture_complete("log = { inner = { deep = {}; }; };"),
                          config_fixture_nothing, "log.inner.deep: no such setting", NULL);
    config_fixture_refuse(config_fixture_complete("other = { a = 1; };"), config_fixture_nothing,
                          "other: no such setting", NULL);
    config_fixture_refuse(config_fixture_complete("route = ();"), config_fixture_nothing,
                          "did you mean routes?", NULL);
    config_fixture_refuse(config_fixture_complete("log = { routes = (); };"),
                          config_fixture_nothing, "log.routes", NULL);
}

static void
config_leaves_blocks_to_others(void **state)
{
    struct config_target target;

    (void)state;
    config_fixture_accept(config_fixture_complete("routes = ( { any = 1; } ); identities = { };"),
                          config_fixture_nothing, &target);
    config_release(config_fixture_table, &target);
}

static void
config_says_what_it_found_and_what_it_accepts(void **state)
{
    (void)state;
    config_fixture_refuse(config_fixture_complete("log = { interval = 30; };"),
                          config_fixture_nothing, ":2: log.interval: found an integer",
                          "a duration (ms, s, m, h, d)");
    config_fixture_refuse(config_fixture_complete("log = { interval = \"30\"; };"),
                          config_fixture_nothing, "found \"30\"", "from 100ms to 1d");
    config_fixture_refuse(config_fixture_complete("log = { interval = \"99ms\"; };"),
                          config_fixture_nothing, "found \"99ms\"", NULL);
    config_fixture_refuse(config_fixture_complete("log = { interval = \"2d\"; };"),
                          config_fixture_nothing, "found \"2d\"", NULL);
    config_fixture_refuse(config_fixture_complete("log = { limit = \"1KB\"; };"),
                          config_fixture_nothing, "found \"1KB\"", "KiB");
    config_fixture_refuse(config_fixture_complete("log = { format = \"xml\"; };"),
                          config_fixture_nothing, "found \"xml\"",
                          "one of \"json\", \"text\", \"auto\"");
    config_fixture_refuse(config_fixture_complete("log = 3;"), config_fixture_nothing,
                          "found an integer", "a group");
    config_fixture_refuse(config_fixture_complete("count = { };"), config_fixture_nothing,
                          "found a group", "an integer");
    config_fixture_refuse(config_fixture_complete("count = 101;"), config_fixture_nothing,
                          "found \"101\"", "from -10 to 100");
    config_fixture_refuse(config_fixture_complete("count = \"7\";"), config_fixture_nothing,
                          "found a text", "an integer");
    config_fixture_refuse(config_fixture_complete("count = 1.5;"), config_fixture_nothing,
                          "found a number", "an integer");
    config_fixture_refuse(config_fixture_complete("ratio = 1.01;"), config_fixture_nothing,
                          "found \"1.01", "from 0 to 1");
    config_fixture_refuse("kafka = { servers = 3; };", config_fixture_nothing, "found an integer",
                          "a text");
    config_fixture_refuse("kafka = { enabled = 1; };", config_fixture_nothing, "found an integer",
                          "true or false");
}

static void
assert_variable_refused(const char *variable, const char *first, const char *second)
{
    char copy[128];
    char *const environment[] = {copy, NULL};

    snprintf(copy, sizeof(copy), "%s", variable);
    config_fixture_refuse(config_fixture_complete(""), environment, first, second);
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
    struct config_target target;

    (void)state;
    config_fixture_accept(config_fixture_complete(""), environment, &target);
    config_release(config_fixture_table, &target);
}

static void
config_asks_for_what_is_required(void **state)
{
    (void)state;
    config_fixture_refuse("", config_fixture_nothing, "kafka.servers is required",
                          "DVSYNC_KAFKA_SERVERS");
    config_fixture_refuse("kafka = { servers = \"\"; };", config_fixture_nothing,
                          "kafka.servers is required", NULL);
}

static void
config_refuses_what_libconfig_would_get_wrong(void **state)
{
    (void)state;
    config_fixture_refuse(config_fixture_complete("count = 5000000000;"), config_fixture_nothing,
                          ":2: the integer 5000000000", "suffix L");
    config_fixture_refuse(config_fixture_complete("/* \n */ count = 2147483648;"),
                          config_fixture_nothing, ":3:", "2147483648");
    config_fixture_refuse(config_fixture_complete("count = -2147483649;"), config_fixture_nothing,
                          "-2147483649", NULL);
    config_fixture_refuse(config_fixture_complete("count = 0x80000000;"), config_fixture_nothing,
                          "0x80000000", NULL);
    config_fixture_refuse(config_fixture_complete("count = 9223372036854775808L;"),
                          config_fixture_nothing, "64 bits", NULL);
    config_fixture_refuse(config_fixture_complete("routes = ( 1, { a = [5000000000]; } );"),
                          config_fixture_nothing, "5000000000", NULL);
    config_fixture_refuse(config_fixture_complete("  @include \"/etc/passwd\"\n"),
                          config_fixture_nothing, ":2: @include", NULL);
    config_fixture_refuse(config_fixture_complete("label = \"\xff\";"), config_fixture_nothing,
                          ":2: bytes", "UTF-8");
}

static void
config_takes_large_digits_where_they_are_no_integers(void **state)
{
    struct config_target target;

    (void)state;
    config_fixture_accept(
        config_fixture_complete("# 5000000000\n// 5000000000\n/* 5000000000\n*/"
                                "label = \"\\\"5000000000 @include\";\n"
                                "routes = ( { a-5000000000 = 2147483647; b = -2147483648;\n"
                                "  c = 5000000000.5; d = 0x7FFFFFFF; e = 5e12; } );"),
        config_fixture_nothing, &target);
    assert_string_equal(target.label, "\"5000000000 @include");
    config_release(config_fixture_table, &target);
}

static void
config_refuses_a_file_with_a_nul_byte(void **state)
{
    static const char bytes[] = "count = 1;\n\0 count = 2;";
    FILE *file = fopen(config_fixture_path, "we");
    struct error error;

    (void)state;
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, sizeof(bytes) - 1, file), sizeof(bytes) - 1);
    assert_int_equal(fclose(file), 0);
    assert_null(config_load(config_fixture_path, &error));
    assert_non_null(strstr(error.text, ":2: bytes that are no text"));
}

static void
config_says_where_a_file_is_no_settings_file(void **state)
{
    struct error error;

    (void)state;
    config_fixture_refuse(config_fixture_complete("count = ;"), config_fixture_nothing,
                          ":2: syntax error", config_fixture_path);
    config_fixture_refuse(config_fixture_complete("count = 1;\ncount = 2;"), config_fixture_nothing,
                          ":3:", "duplicate");
    assert_null(config_load("/nowhere/dvsync.conf", &error));
    assert_int_equal(error.class, ERROR_CONFIG);
    assert_non_null(strstr(error.text, "/nowhere/dvsync.conf"));
}

#define test(name) \
    cmocka_unit_test_setup_teardown(name, config_fixture_setup, config_fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
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
    };

    return cmocka_run_group_tests_name("config_faults", tests, NULL, NULL);
}
