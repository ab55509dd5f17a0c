/* An environment's room: made whole or not at all, and which of its faults is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"
#include "error.h"
#include "scarce_memory.h"
#include "text.h"

static void
an_engine_is_made_whole_or_not_at_all(void **state)
{
    static const char *const topics[] = {"events"};
    struct engine_fixture *fixture = *state;
    struct engine_setup setup = {
        .settings = &fixture->settings,
        .topics = topics,
        .topic_count = 1,
        .clock = &fixture->clock,
        .bap_scope = "bap",
        .graph_scope = "graph",
        .ports = scripted_ports(&fixture->scripted),
    };
    struct error error;
    size_t live, count;

    fixture->routing = ROUTES({.group = 1, .columns = "c"});
    setup.routing = fixture->routing;
    live = scarce_memory_live();
    for (count = 0; fixture->engine == NULL; count++) {
        scarce_memory_fail_after(count);
        fixture->engine = engine_create(&setup, &error);
        assert_int_equal(scarce_memory_has_failed(), fixture->engine == NULL);
        if (fixture->engine != NULL)
            break;
        assert_int_equal(error.class, ERROR_MEMORY);
        assert_int_equal(scarce_memory_live(), live);
    }
    assert_in_range(count, 30, 200);
    engine_destroy(fixture->engine);
    fixture->engine = NULL;
    assert_int_equal(scarce_memory_live(), live);
}

static void
an_engine_gives_all_its_memory_back(void **state)
{
    struct engine_fixture *fixture = *state;
    size_t live;

    engine_fixture_start(fixture,
                         ROUTES({.group = 1, .unit = SALES, .columns = "cl", .roles = "1"}));
    engine_destroy(fixture->engine);
    routing_unmake(fixture->routing);
    live = scarce_memory_live();
    engine_fixture_start(fixture,
                         ROUTES({.group = 1, .unit = SALES, .columns = "cl", .roles = "1"}));
    for (int user = 1; user <= 20; user++) {
        world_name(&fixture->world, user, "x");
        PUBLISH(fixture, .user = user, .group = 1);
        engine_fixture_pass(fixture, 700);
    }
    engine_fixture_publish_bytes(fixture, "no json");
    engine_fixture_pass(fixture, 3);
    engine_destroy(fixture->engine);
    routing_unmake(fixture->routing);
    assert_int_equal(scarce_memory_live(), live);
    fixture->engine = NULL;
    fixture->routing = NULL;
}

/* --- faults ---------------------------------------------------------------------------------- */

static const char *
fault_of_prod(struct engine_fixture *fixture)
{
    static char text[4096];
    struct text status = TEXT_EMPTY;
    char *found;

    engine_status(fixture->engine, &status);
    found = strstr(status.data, "\"misconfigured\":");
    assert_non_null(found);
    found += strlen("\"misconfigured\":");
    memccpy(text, found, ',', sizeof(text));
    *strpbrk(text, ",}") = '\0';
    text_free(&status);
    return text;
}

/* A new user runs into ${kind} being misconfigured, once, in an engine that knows nothing yet. */
static void
assert_shown(enum call_kind kind)
{
    void *state = NULL;
    struct engine_fixture *fixture;

    assert_int_equal(engine_fixture_setup(&state), 0);
    fixture = state;
    engine_fixture_start(fixture,
                         ROUTES({.group = 1, .unit = SALES, .columns = "c", .roles = "1"}));
    fixture->world.faults[kind] =
        (struct world_fault){1, VERDICT_MISCONFIGURED, call_kind_name(kind), -1};
    world_name(&fixture->world, 1, "x");
    assert_string_equal(fault_of_prod(fixture), "null");
    PUBLISH(fixture, .user = 1, .group = 1);
    engine_fixture_pass(fixture, 15000);
    assert_non_null(strstr(fault_of_prod(fixture), call_kind_name(kind)));
    engine_fixture_pass(fixture, 2 * fixture->settings.probe_ms);
    assert_string_equal(fault_of_prod(fixture), "null");
    assert_settled(&fixture->scripted, 0, OUTCOME_DONE, "confirmed");
    engine_fixture_teardown(&state);
}

static void
any_part_that_is_misconfigured_makes_the_environment_so(void **state)
{
    static const enum call_kind kinds[] = {CALL_LOOK,  CALL_SOURCES, CALL_FORCE_SYNC, CALL_PATCH,
                                           CALL_UNITS, CALL_ROLES,   CALL_ROLE};

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        assert_shown(kinds[i]);
}

#define TEST_CASE(name) \
    cmocka_unit_test_setup_teardown(name, engine_fixture_setup, engine_fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(an_engine_is_made_whole_or_not_at_all),
        TEST_CASE(an_engine_gives_all_its_memory_back),
        TEST_CASE(any_part_that_is_misconfigured_makes_the_environment_so),
    };
    return cmocka_run_group_tests_name("site", tests, NULL, NULL);
}
