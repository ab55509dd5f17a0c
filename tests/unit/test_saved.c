/* A state is read as it was written, and one that cannot be used is refused with a reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "json.h"
#include "saved.h"
#include "text.h"

#define BASE "https://graph.test/v1.0/groups"
#define PAGE BASE "/delta?$deltatoken=a"
#define NOW_MS INT64_C(1700000000123)

static int
setup(void **state)
{
    *state = json_parser_create(8, 65536);
    return *state == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    json_parser_destroy(*state);
    return 0;
}

static void
assert_refused(void **state, const char *text, const char *reason)
{
    struct saved saved;
    struct error error;

    if (saved_read(*state, text, strlen(text), BASE, &saved, &error) == 0)
        fail_msg("%s was believed", text);
    assert_int_equal(error.class, ERROR_INPUT);
    if (strstr(error.text, reason) == NULL)
        fail_msg("%s: \"%s\" does not say \"%s\"", text, error.text, reason);
}

static struct saved
full(void)
{
    struct saved saved = {
        .phase = SAVED_RESYNC,
        .page = strdup(PAGE),
        .generation = 7,
        .events = 123456789012,
        .is_released = true,
        .is_seen = true,
        .is_gone = true,
        .conclude_ms = NOW_MS + 1,
        .census_page = strdup(BASE "/x/members?$skiptoken=b"),
        .census = 3,
        .reconciled_ms = NOW_MS,
    };

    return saved;
}

static void
saved_is_read_as_it_was_written(void **state)
{
    struct saved saved = full(), copy;
    struct text text = TEXT_EMPTY;
    struct error error;

    saved_write(&saved, &text);
    assert_false(text.failed);
    assert_int_equal(saved_read(*state, text.data, text.length, BASE, &copy, &error), 0);
    assert_true(saved_equal(&saved, &copy));
    assert_string_equal(copy.page, PAGE);
    saved_free(&copy);
    saved_free(&saved);
    text_free(&text);
}

static void
saved_text_is_what_other_versions_were_promised(void **state)
{
    struct text text = TEXT_EMPTY;
    struct saved saved;

    (void)state;
    saved_init(&saved, SAVED_INITIAL, NOW_MS);
    saved_write(&saved, &text);
    assert_string_equal(text.data,
                        "{\"version\":1,\"phase\":\"initial\",\"page\":null,\"generation\":1,"
                        "\"events\":0,\"released\":false,\"seen\":false,\"gone\":false,"
                        "\"conclude_ms\":0,"
                        "\"census_page\":null,\"census\":0,"
                        "\"reconciled\":\"2023-11-14T22:13:20.123Z\"}");
    text_free(&text);
}

/* Each member changed alone makes another state of it. */
static void
saved_states_are_equal_only_in_all_members(void **state)
{
    struct saved saved = full(), other;

    (void)state;
    for (int i = 0; i < 13; i++) {
        assert_int_equal(saved_copy(&saved, &other), 0);
        assert_true(saved_equal(&saved, &other));
        other.phase = i == 0 ? SAVED_CHANGE : other.phase;
        other.generation += i == 1;
        other.events += i == 2;
        other.is_released = other.is_released != (i == 3);
        other.is_seen = other.is_seen != (i == 4);
        other.is_gone = other.is_gone != (i == 5);
        other.census += i == 6;
        other.reconciled_ms += i == 7;
        other.conclude_ms += i == 12;
        if (i == 8)
            assert_int_equal(saved_set_page(&other.page, "other"), 0);
        if (i == 9)
            saved_drop_page(&other.page);
        if (i == 10)
            assert_int_equal(saved_set_page(&other.census_page, "other"), 0);
        if (i == 11)
            saved_drop_page(&other.census_page);
        if (saved_equal(&saved, &other))
            fail_msg("change %d was not noticed", i);
        saved_free(&other);
    }
    saved_free(&saved);
}

static void
saved_takes_what_is_missing_as_a_fresh_state_has_it(void **state)
{
    static const char text[] = "{\"phase\":\"resync\",\"version\":1,\"what\":[1]}";
    struct saved saved, fresh;
    struct error error;

    saved_init(&fresh, SAVED_RESYNC, 0);
    assert_int_equal(saved_read(*state, text, strlen(text), BASE, &saved, &error), 0);
    assert_true(saved_equal(&saved, &fresh));
    saved_free(&saved);
}

static void
saved_of_another_version_is_refused(void **state)
{
    assert_refused(state, "{\"version\":2,\"phase\":\"resync\"}", "version 2");
    assert_refused(state, "{\"version\":0,\"phase\":\"resync\"}", "version 0");
    assert_refused(state, "{\"version\":\"1\",\"phase\":\"resync\"}", "no version");
    assert_refused(state, "{\"phase\":\"resync\"}", "no version");
}

static void
saved_that_makes_no_sense_is_refused(void **state)
{
#define STATE(more) "{\"version\":1,\"phase\":\"resync\"," more "}"
    assert_refused(state, "", "");
    assert_refused(state, "{", "");
    assert_refused(state, "[]", "no version");
    assert_refused(state, "{\"version\":1}", "phase");
    assert_refused(state, "{\"version\":1,\"phase\":\"other\"}", "phase");
    assert_refused(state, "{\"version\":1,\"phase\":\"change\"}", "without a link");
    assert_refused(state, STATE("\"generation\":-1"), "generation");
    assert_refused(state, STATE("\"events\":1.5"), "events");
    assert_refused(state, STATE("\"census\":\"1\""), "census");
    assert_refused(state, STATE("\"released\":1"), "released");
    assert_refused(state, STATE("\"seen\":null"), "seen");
    assert_refused(state, STATE("\"gone\":\"\""), "gone");
    assert_refused(state, STATE("\"page\":1"), "page");
    assert_refused(state, STATE("\"page\":\"" PAGE "\",\"reconciled\":\"yesterday\""),
                   "reconciled");
    assert_refused(state, STATE("\"page\":\"" PAGE "\",\"reconciled\":17"), "reconciled");
}

/* Whoever can write to the topic must not learn the token. */
static void
saved_link_that_leads_elsewhere_is_refused(void **state)
{
    assert_refused(state, STATE("\"page\":\"https://evil.test/v1.0/groups/delta\""), "page");
    assert_refused(state, STATE("\"page\":\"http://graph.test/v1.0/groups/delta\""), "page");
    assert_refused(state, STATE("\"page\":\"https://graph.test/v1.0/users/delta\""), "page");
    assert_refused(state,
                   STATE("\"page\":\"" PAGE "\",\"census_page\":\"https://evil.test/v1.0/groups\""),
                   "census_page");
}

static void
saved_pages_can_be_set_and_dropped(void **state)
{
    char *page = NULL;

    (void)state;
    assert_int_equal(saved_set_page(&page, "a"), 0);
    assert_int_equal(saved_set_page(&page, "b"), 0);
    assert_string_equal(page, "b");
    assert_int_equal(saved_set_page(&page, NULL), 0);
    assert_null(page);
    saved_drop_page(&page);
    assert_null(page);
}

static void
saved_phases_have_names_of_their_own(void **state)
{
    (void)state;
    for (int i = 0; i < SAVED_PHASES; i++) {
        for (int j = 0; j < i; j++)
            assert_string_not_equal(saved_phase_name((enum saved_phase)i),
                                    saved_phase_name((enum saved_phase)j));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(saved_is_read_as_it_was_written),
        cmocka_unit_test(saved_text_is_what_other_versions_were_promised),
        cmocka_unit_test(saved_states_are_equal_only_in_all_members),
        cmocka_unit_test(saved_takes_what_is_missing_as_a_fresh_state_has_it),
        cmocka_unit_test(saved_of_another_version_is_refused),
        cmocka_unit_test(saved_that_makes_no_sense_is_refused),
        cmocka_unit_test(saved_link_that_leads_elsewhere_is_refused),
        cmocka_unit_test(saved_pages_can_be_set_and_dropped),
        cmocka_unit_test(saved_phases_have_names_of_their_own),
    };
    return cmocka_run_group_tests_name("saved", tests, setup, teardown);
}
