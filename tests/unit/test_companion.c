/* What is wrong with a retry topic or the dead letters, and the line that says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "companion.h"
#include "log.h"

enum { LINE_BYTES = 1024, PARTITIONS = 6 };

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)

static const struct companion_scene scene = {"broker:9092", PARTITIONS};

/* A retry topic of which all is right. */
static struct companion
make_right(int64_t delay_ms)
{
    struct companion companion;

    companion_init(&companion, "members.retry", delay_ms);
    companion.presence = COMPANION_PRESENT;
    companion.partitions = PARTITIONS;
    companion.retention_ms = companion_retention_ms(&companion);
    return companion;
}

/* The line that is said of ${companion} holds each of ${parts}, NULL-terminated. */
static void
assert_says(const struct companion *companion, const char *const *parts)
{
    struct clock clock = {0};
    FILE *file = tmpfile();
    struct log *log;
    char line[LINE_BYTES] = "";

    assert_non_null(file);
    log = log_create(fileno(file), LOG_JSON, LOG_INFO, 0, &clock);
    companion_say(companion, &scene, log);
    rewind(file);
    assert_non_null(fgets(line, sizeof(line), file));
    for (; *parts != NULL; parts++)
        if (strstr(line, *parts) == NULL)
            fail_msg("no \"%s\" in: %s", *parts, line);
    assert_null(fgets(line, sizeof(line), file));
    log_destroy(log);
    (void)fclose(file);
}

static void
companion_keeps_records_for_a_week_or_four_delays_and_letters_for_a_month(void **state)
{
    const struct {
        int64_t delay_ms;
        int64_t retention_ms;
    } cases[] = {
        {HOUR_MS / 4, 7 * DAY_MS},  {42 * HOUR_MS, 7 * DAY_MS}, {43 * HOUR_MS, 172 * HOUR_MS},
        {10 * DAY_MS, 40 * DAY_MS}, {0, 30 * DAY_MS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct companion companion = {.delay_ms = cases[i].delay_ms};

        assert_int_equal(companion_retention_ms(&companion), cases[i].retention_ms);
    }
}

static void
companion_that_is_made_as_it_should_be_is_right(void **state)
{
    static const int64_t delays[] = {0, 1000, HOUR_MS, 90 * DAY_MS};

    (void)state;
    for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
        struct companion companion = make_right(delays[i]);

        assert_false(companion_is_wrong(&companion, &scene));
        companion.partitions = PARTITIONS + 1;
        companion.retention_ms = RETENTION_FOR_EVER;
        assert_false(companion_is_wrong(&companion, &scene));
    }
}

/* The rights to ask may be missing. */
static void
companion_of_which_little_is_known_is_not_called_wrong(void **state)
{
    struct companion companion = make_right(HOUR_MS);

    (void)state;
    companion.partitions = 0;
    companion.retention_ms = RETENTION_UNKNOWN;
    assert_false(companion_is_wrong(&companion, &scene));
}

static void
companion_that_is_missing_is_asked_for(void **state)
{
    static const char *const missing[] = {
        "\"level\":\"warning\"",
        "please make it",
        "\"topic\":\"members.retry\"",
        "\"run\":\"kafka-topics.sh --bootstrap-server broker:9092 --create --topic members.retry "
        "--partitions 6 --config retention.ms=604800000\"",
        NULL,
    };
    static const char *const refused[] = {"may not be seen",
                                          "\"code\":\"TOPIC_AUTHORIZATION_FAILED\"", NULL};
    struct companion companion;

    (void)state;
    companion_init(&companion, "members.retry", HOUR_MS);
    companion.presence = COMPANION_MISSING;
    assert_true(companion_is_wrong(&companion, &scene));
    assert_says(&companion, missing);
    companion.presence = COMPANION_UNKNOWN;
    companion.refusal = "TOPIC_AUTHORIZATION_FAILED";
    assert_true(companion_is_wrong(&companion, &scene));
    assert_says(&companion, refused);
}

static void
companion_with_too_few_partitions_is_wrong(void **state)
{
    static const char *const parts[] = {
        "\"found\":\"5 partitions, and the main topic has 6\"",
        "\"run\":\"kafka-topics.sh --bootstrap-server broker:9092 --alter --topic members.retry "
        "--partitions 6\"",
        NULL,
    };
    struct companion companion = make_right(HOUR_MS);

    (void)state;
    companion.partitions = PARTITIONS - 1;
    assert_true(companion_is_wrong(&companion, &scene));
    assert_says(&companion, parts);
}

static void
companion_must_keep_records_for_its_delay_and_a_day(void **state)
{
    static const char *const parts[] = {
        "\"found\":\"retention.ms=90000000, and records must outlast 3600001 ms and a day\"",
        "\"run\":\"kafka-configs.sh --bootstrap-server broker:9092 --alter --entity-type topics "
        "--entity-name members.retry --add-config retention.ms=604800000\"",
        NULL,
    };
    struct companion companion = make_right(HOUR_MS);

    (void)state;
    companion.retention_ms = HOUR_MS + DAY_MS;
    assert_false(companion_is_wrong(&companion, &scene));
    companion.delay_ms++;
    assert_true(companion_is_wrong(&companion, &scene));
    assert_says(&companion, parts);
}

static void
companion_with_several_faults_says_all_of_them_at_once(void **state)
{
    static const char *const parts[] = {
        "5 partitions, and the main topic has 6; retention.ms=1, and records must outlast 3600000 "
        "ms and a day; "
        "cleanup.policy has compact, which erases records\"",
        "--partitions 6; kafka-configs.sh",
        "--add-config retention.ms=604800000,cleanup.policy=delete\"",
        NULL,
    };
    struct companion companion = make_right(HOUR_MS);

    (void)state;
    companion.partitions = PARTITIONS - 1;
    companion.retention_ms = 1;
    companion.is_compacted = true;
    assert_true(companion_is_wrong(&companion, &scene));
    assert_says(&companion, parts);
}

static void
companion_that_is_only_compacted_is_wrong(void **state)
{
    static const char *const parts[] = {"\"found\":\"cleanup.policy has compact, which erases "
                                        "records\"",
                                        "--add-config cleanup.policy=delete\"", NULL};
    struct companion companion = make_right(0);

    (void)state;
    companion.is_compacted = true;
    assert_true(companion_is_wrong(&companion, &scene));
    assert_says(&companion, parts);
}

static void
companion_is_the_same_as_long_as_nothing_changes(void **state)
{
    const struct companion before = make_right(HOUR_MS);
    struct companion changed[5];

    (void)state;
    for (int i = 0; i < 5; i++)
        changed[i] = before;
    assert_true(companion_is_same(&before, &changed[0]));
    changed[0].presence = COMPANION_MISSING;
    changed[1].partitions--;
    changed[2].retention_ms--;
    changed[3].is_compacted = true;
    changed[4].refusal = "TOPIC_EXCEPTION";
    for (int i = 0; i < 5; i++)
        assert_false(companion_is_same(&before, &changed[i]));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(companion_keeps_records_for_a_week_or_four_delays_and_letters_for_a_month),
        cmocka_unit_test(companion_that_is_made_as_it_should_be_is_right),
        cmocka_unit_test(companion_of_which_little_is_known_is_not_called_wrong),
        cmocka_unit_test(companion_that_is_missing_is_asked_for),
        cmocka_unit_test(companion_with_too_few_partitions_is_wrong),
        cmocka_unit_test(companion_must_keep_records_for_its_delay_and_a_day),
        cmocka_unit_test(companion_with_several_faults_says_all_of_them_at_once),
        cmocka_unit_test(companion_that_is_only_compacted_is_wrong),
        cmocka_unit_test(companion_is_the_same_as_long_as_nothing_changes),
    };
    return cmocka_run_group_tests_name("companion", tests, NULL, NULL);
}
