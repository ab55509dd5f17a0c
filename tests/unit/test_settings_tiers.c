/* The block retry_topics: what it becomes, what it is without, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "settings_file.h"

static char *const no_variables[] = {NULL};

/* A whole file, with ${members} in kafka's group, and ${more} on the sixth line. */
static void
compose(const char *members, const char *more, struct text *text)
{
    static const struct settings_blocks right = {0};
    struct text blocks = TEXT_EMPTY;
    const char *rest;

    settings_file_compose(&right, &blocks);
    rest = strchr(blocks.data, '\n') + 1;
    text_clear(text);
    text_addf(text, "kafka: { bootstrap_servers = \"broker:9092\"; %s };\n%s%s", members, rest,
              more);
    text_free(&blocks);
}

static void
load(const char *members, const char *more, struct settings *ret_settings)
{
    struct text file = TEXT_EMPTY;

    compose(members, more, &file);
    settings_file_load(file.data, ret_settings);
    text_free(&file);
}

static void
assert_tier(const struct settings *settings, size_t index, const char *topic, int64_t delay_ms,
            int64_t times)
{
    const struct tier *tier = &settings->engine.tiers[index];

    assert_in_range(index, 0, settings->engine.tier_count - 1);
    assert_string_equal(tier->topic, topic);
    assert_int_equal(tier->delay_ms, delay_ms);
    assert_int_equal(tier->times, times);
}

static void
settings_wait_four_weeks_where_no_retry_topics_are_named(void **state)
{
    struct settings settings;
    int64_t whole_ms = 0;

    (void)state;
    load("topic = \"people\";", "", &settings);
    assert_int_equal(settings.engine.tier_count, 2);
    assert_tier(&settings, 0, "people.retry.15m", 900000, 4);
    assert_tier(&settings, 1, "people.retry.6h", 21600000, 112);
    for (size_t i = 0; i < settings.engine.tier_count; i++)
        whole_ms += settings.engine.tiers[i].delay_ms * settings.engine.tiers[i].times;
    assert_in_range(whole_ms, INT64_C(28) * 86400000, INT64_C(29) * 86400000);
    assert_int_equal(settings.engine.grace_ms, 120000);
    assert_true(settings.create_topics);
    assert_false(settings.cut_large_letters);
    settings_release(&settings);
}

static void
settings_name_a_retry_topic_by_its_delay_as_it_was_written(void **state)
{
    struct settings settings;

    (void)state;
    load("topic = \"people\";",
         "retry_topics = ( { delay = \"120s\"; times = 1; },"
         " { delay = \"1h\"; times = 2; name = \"later\"; } );",
         &settings);
    assert_int_equal(settings.engine.tier_count, 2);
    assert_tier(&settings, 0, "people.retry.120s", 120000, 1);
    assert_tier(&settings, 1, "later", 3600000, 2);
    settings_release(&settings);
}

static void
settings_take_an_empty_list_for_no_retry_topics(void **state)
{
    struct settings settings;

    (void)state;
    load("", "retry_topics = ( );", &settings);
    assert_int_equal(settings.engine.tier_count, 0);
    settings_release(&settings);
}

static void
settings_print_of_retry_topics_can_be_read_back(void **state)
{
    static const char *const cases[] = {
        "",
        "retry_topics = ( );",
        "retry_topics = ( { delay = \"90s\"; times = 3; }, { delay = \"24h\"; times = 7; } );",
    };
    struct text text = TEXT_EMPTY;
    struct settings once, again;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        load("", cases[i], &once);
        text_clear(&text);
        settings_print(&once, &text);
        settings_file_load(text.data, &again);
        assert_int_equal(again.engine.tier_count, once.engine.tier_count);
        for (size_t j = 0; j < once.engine.tier_count; j++)
            assert_tier(&again, j, once.engine.tiers[j].topic, once.engine.tiers[j].delay_ms,
                        once.engine.tiers[j].times);
        settings_release(&again);
        settings_release(&once);
    }
    text_free(&text);
}

#define NINE                                                            \
    "{ delay = \"1s\"; times = 1; }, { delay = \"2s\"; times = 1; },"   \
    "{ delay = \"3s\"; times = 1; }, { delay = \"4s\"; times = 1; },"   \
    "{ delay = \"5s\"; times = 1; }, { delay = \"6s\"; times = 1; },"   \
    "{ delay = \"7s\"; times = 1; }, { delay = \"8s\"; times = 1; },\n" \
    "{ delay = \"9s\"; times = 1; }"

static void
settings_refuse_each_wrong_retry_topic_with_its_line(void **state)
{
    static const struct {
        const char *members; /* of kafka */
        const char *list;
        const char *expected;
    } cases[] = {
        {"", "{ times = 1; }", "6: retry_topics[0]: "},
        {"", "{ delay = \"1s\"; }", "6: retry_topics[0]: "},
        {"", "{ delay = \"1s\"; times = 1; often = 2; }", "6: retry_topics[0].often: "},
        {"", "1", "6: retry_topics[0]: found an integer"},
        {"", "{ delay = \"soon\"; times = 1; }",
         "6: retry_topics[0].delay: found \"soon\", accepted is a duration from 100ms to 90d"},
        {"", "{ delay = \"99ms\"; times = 1; }", "6: retry_topics[0].delay: found \"99ms\""},
        {"", "{ delay = \"91d\"; times = 1; }", "6: retry_topics[0].delay: found \"91d\""},
        {"", "{ delay = \"1m\"; times = 1; },\n{ delay = \"60s\"; times = 1; }",
         "7: retry_topics[1].delay: found \"60s\", accepted is more than the delay before it"},
        {"", "{ delay = \"1m\"; times = 0; }", "6: retry_topics[0].times: found "},
        {"", "{ delay = \"1m\"; times = 100001; }", "6: retry_topics[0].times: found "},
        {"", NINE, "7: retry_topics[8]: accepted are 8 retry topics at most"},
        {"", "{ delay = \"1m\"; times = 1; name = \"a b\"; }",
         "6: retry_topics[0].name: found \"a b\", accepted is the name of a topic"},
        {"", "{ delay = \"1m\"; times = 1; name = \"\"; }", "6: retry_topics[0].name: found \"\""},
        {"topic = \"t\";", "{ delay = \"1m\"; times = 1; name = \"t\"; }",
         "6: retry_topics[0].name: found \"t\", accepted is a topic that serves nothing else"},
        {"topic = \"t\";", "{ delay = \"1m\"; times = 1; name = \"t.backfill\"; }",
         "6: retry_topics[0].name: found \"t.backfill\""},
        {"topic = \"t\";", "{ delay = \"1m\"; times = 1; name = \"t.state\"; }",
         "6: retry_topics[0].name: found \"t.state\""},
        {"topic = \"t\";", "{ delay = \"1m\"; times = 1; name = \"t.dlq\"; }",
         "6: retry_topics[0].name: found \"t.dlq\""},
        {"topic = \"t\"; dead_letter_topic = \"letters\";",
         "{ delay = \"1m\"; times = 1; name = \"letters\"; }",
         "6: retry_topics[0].name: found \"letters\""},
        {"topic = \"t\"; dead_letter_topic = \"t.retry.1m\";", "{ delay = \"1m\"; times = 1; }",
         "6: retry_topics[0]: found \"t.retry.1m\", accepted is a topic that serves nothing else"},
        {"",
         "{ delay = \"1m\"; times = 1; name = \"a\"; },\n"
         "{ delay = \"2m\"; times = 1; name = \"a\"; }",
         "7: retry_topics[1].name: found \"a\", accepted is a topic that serves nothing else"},
    };
    struct text file = TEXT_EMPTY, more = TEXT_EMPTY;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        text_clear(&more);
        text_addf(&more, "retry_topics = ( %s );\n", cases[i].list);
        compose(cases[i].members, more.data, &file);
        settings_file_refuse(file.data, no_variables, cases[i].expected);
    }
    text_free(&file);
    text_free(&more);
}

static void
settings_refuse_a_standard_name_that_is_taken(void **state)
{
    struct text file = TEXT_EMPTY;

    (void)state;
    compose("topic = \"t\"; dead_letter_topic = \"t.retry.6h\";", "", &file);
    settings_file_refuse(file.data, no_variables,
                         "!retry_topics: the standard name \"t.retry.6h\" is another topic's");
    text_free(&file);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_wait_four_weeks_where_no_retry_topics_are_named),
        cmocka_unit_test(settings_name_a_retry_topic_by_its_delay_as_it_was_written),
        cmocka_unit_test(settings_take_an_empty_list_for_no_retry_topics),
        cmocka_unit_test(settings_print_of_retry_topics_can_be_read_back),
        cmocka_unit_test(settings_refuse_each_wrong_retry_topic_with_its_line),
        cmocka_unit_test(settings_refuse_a_standard_name_that_is_taken),
    };
    return cmocka_run_group_tests_name("settings_tiers", tests, settings_file_setup,
                                       settings_file_teardown);
}
