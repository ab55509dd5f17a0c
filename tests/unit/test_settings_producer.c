/* What the producer watches, as whom, and what is said of mistakes there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "settings_file.h"

static char *const no_variables[] = {NULL};

#define KAFKA "kafka: { bootstrap_servers = \"a:1\"; };\n"
#define MAIN "{ name = \"main\"; " TENANT CLIENT SECRET " }"
#define OTHER "{ name = \"other\"; " TENANT CLIENT SECRET " }"

/* Loads ${text}, a file that may be without routes. */
static void
load(const char *text, struct settings *ret_settings)
{
    struct error error;

    settings_file_write(text);
    if (settings_load(settings_file_path(), no_variables, false, ret_settings, &error) != 0)
        fail_msg("%s", error.text);
}

static void
assert_groups(const struct settings *settings, const char *const *wanted, size_t count)
{
    char text[GUID_TEXT_BYTES];

    assert_int_equal(settings->producer.group_count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(guid_format(&settings->producer.groups[i], text), wanted[i]);
}

static void
producer_watches_the_groups_that_are_listed(void **state)
{
    static const char *const wanted[] = {GROUP_2, GROUP_1};
    struct settings settings;

    (void)state;
    load(KAFKA "producer_groups = [ \"" GROUP_2 "\", \"" GROUP_1 "\" ];", &settings);
    assert_groups(&settings, wanted, 2);
    settings_release(&settings);
}

static void
producer_watches_each_routed_group_once_where_none_is_listed(void **state)
{
    static const char *const wanted[] = {GROUP_1, GROUP_2};
    const struct settings_blocks blocks = {
        .environments = "{ name = \"prod\"; " ID URL IDENTITY " }, { name = \"test\"; "
                        "id = \"Default-aaaabbbb-0000-cccc-1111-dddd2222eeee\"; "
                        "url = \"https://test.crm4.dynamics.com\"; " IDENTITY " }",
        .recipes = "{ name = \"plain\"; }",
        .routes = "{ group = \"" GROUP_1 "\"; environment = \"prod\"; recipe = \"plain\"; }, "
                  "{ group = \"" GROUP_1 "\"; environment = \"test\"; recipe = \"plain\"; }, "
                  "{ group = \"" GROUP_2 "\"; environment = \"test\"; recipe = \"plain\"; }",
    };
    struct text file = TEXT_EMPTY;
    struct settings settings;

    (void)state;
    settings_file_compose(&blocks, &file);
    settings_file_load(file.data, &settings);
    assert_groups(&settings, wanted, 2);
    settings_release(&settings);
    text_free(&file);
}

static void
producer_groups_can_be_printed_and_read_back(void **state)
{
    static const char *const wanted[] = {GROUP_2, GROUP_1};
    struct text text = TEXT_EMPTY;
    struct settings settings;

    (void)state;
    load(KAFKA "producer_groups = [ \"" GROUP_2 "\", \"" GROUP_1 "\" ];", &settings);
    settings_print(&settings, &text);
    settings_release(&settings);
    load(text.data, &settings);
    assert_groups(&settings, wanted, 2);
    settings_release(&settings);
    text_free(&text);
}

static void
producer_settings_that_are_wrong_are_refused_with_their_line(void **state)
{
    static const struct {
        const char *text;
        const char *expected;
    } rows[] = {
        {"producer_groups = [ \"sales\" ];", "2: producer_groups[0]: found \"sales\", accepted is"},
        {"producer_groups = [ \"" ZERO "\" ];", "2: producer_groups[0]: found \"" ZERO "\""},
        {"producer_groups = [ \"" GROUP_1 "\",\n\"" GROUP_1 "\" ];",
         "3: producer_groups[1]: the group " GROUP_1 " stands here twice"},
        {"producer_groups = \"" GROUP_1 "\";", "2: producer_groups: "},
        {"producer: { identity = \"nobody\"; };", "2: producer.identity: found \"nobody\""},
        {"producer: { initial = \"some\"; };", "2: producer.initial: found \"some\""},
        {"producer: { transactions = \"maybe\"; };", "2: producer.transactions: found \"maybe\""},
        {"producer: { admin_address = \"9465\"; };", "2: producer.admin_address: found \"9465\""},
        {"producer: { conclude_after = \"soon\"; };", "2: producer.conclude_after: found \"soon\""},
        {"producer: { poll = \"10ms\"; };", "2: producer.poll: found \"10ms\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct text file = TEXT_EMPTY;

        text_add(&file, KAFKA);
        text_add(&file, rows[i].text);
        settings_file_refuse(file.data, no_variables, rows[i].expected);
        text_free(&file);
    }
}

static void
producer_identity_is_the_only_one_or_the_one_named(void **state)
{
    static const struct {
        const char *text;
        int index; /* -1: refused */
    } rows[] = {
        {KAFKA, -1},
        {KAFKA "identities = ( " MAIN " );", 0},
        {KAFKA "identities = ( " MAIN ", " OTHER " );", -1},
        {KAFKA "identities = ( " MAIN ", " OTHER " ); producer: { identity = \"other\"; };", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct settings settings;
        struct error error;
        size_t index = 99;

        load(rows[i].text, &settings);
        assert_int_equal(settings_producer_identity(&settings, &index, &error),
                         rows[i].index < 0 ? -1 : 0);
        if (rows[i].index < 0)
            assert_int_equal(error.class, ERROR_CONFIG);
        else
            assert_int_equal(index, rows[i].index);
        settings_release(&settings);
    }
}

static void
producer_concludes_after_a_time_or_never(void **state)
{
    static const struct {
        const char *text;
        int64_t after_ms;
    } rows[] = {
        {KAFKA, 900000},
        {KAFKA "producer: { conclude_after = \"2m\"; };", 120000},
        {KAFKA "producer: { conclude_after = \"never\"; };", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct settings settings;

        load(rows[i].text, &settings);
        assert_int_equal(settings.producer.conclude_after_ms, rows[i].after_ms);
        settings_release(&settings);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(producer_watches_the_groups_that_are_listed),
        cmocka_unit_test(producer_watches_each_routed_group_once_where_none_is_listed),
        cmocka_unit_test(producer_groups_can_be_printed_and_read_back),
        cmocka_unit_test(producer_settings_that_are_wrong_are_refused_with_their_line),
        cmocka_unit_test(producer_identity_is_the_only_one_or_the_one_named),
        cmocka_unit_test(producer_concludes_after_a_time_or_never),
    };

    return cmocka_run_group_tests(tests, settings_file_setup, settings_file_teardown);
}
