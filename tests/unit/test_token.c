/* One token for all who wait: when it is fetched, kept, refreshed and dropped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core_fixture.h"
#include "token.h"

enum { LIFE_MS = 3600000 };

struct fixture {
    struct bench *bench;
    struct token *token;
    int told;         /* how often the listener was told that there is one */
    int told_of_none; /* or that there will be none for now */
    char reason[64];
};

static void
listen(void *arg, const char *reason, const struct error *error)
{
    struct fixture *fixture = arg;

    fixture->told += error == NULL;
    fixture->told_of_none += error != NULL;
    snprintf(fixture->reason, sizeof(fixture->reason), "%s", reason);
}

static int
setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    void *bench = NULL;

    if (fixture == NULL || bench_setup(&bench) != 0)
        return -1;
    fixture->bench = bench;
    fixture->token = token_create(&fixture->bench->core, fixture->bench->routing->identities,
                                  "scope", listen, fixture);
    *state = fixture;
    return fixture->token == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    struct fixture *fixture = *state;
    void *bench = fixture->bench;

    token_destroy(fixture->token);
    bench_teardown(&bench);
    free(fixture);
    return 0;
}

static size_t
asked(const struct fixture *fixture)
{
    return fixture->bench->scripted.sent[CALL_TOKEN];
}

static const char *
get(struct fixture *fixture)
{
    uint64_t serial;

    return token_get(fixture->token, &serial);
}

static uint64_t
serial(struct fixture *fixture)
{
    uint64_t number = 0;

    (void)token_get(fixture->token, &number);
    return number;
}

static void
answer(struct fixture *fixture, const char *text)
{
    struct call *call = scripted_land(&fixture->bench->scripted, CALL_TOKEN);

    assert_string_equal(call->scope, "scope");
    assert_ptr_equal(call->identity, fixture->bench->routing->identities);
    call->verdict = VERDICT_DONE;
    call->token = strdup(text);
    call->token_life_ms = LIFE_MS;
    call->done(call);
}

static void
answer_badly(struct fixture *fixture, enum verdict verdict, const char *reason)
{
    struct call *call = scripted_land(&fixture->bench->scripted, CALL_TOKEN);

    call->verdict = verdict;
    call->reason = reason;
    error_set(&call->error, ERROR_SERVICE, "no token");
    call->done(call);
}

static void
have_one(struct fixture *fixture)
{
    assert_null(get(fixture));
    answer(fixture, "first");
    assert_string_equal(get(fixture), "first");
}

static void
all_who_ask_share_one_flight(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < 5; i++)
        assert_null(get(fixture));
    assert_int_equal(asked(fixture), 1);
    answer(fixture, "first");
    assert_int_equal(fixture->told, 1);
    assert_string_equal(get(fixture), "first");
    assert_int_equal(asked(fixture), 1);
}

static void
nothing_is_fetched_before_somebody_asks(void **state)
{
    struct fixture *fixture = *state;

    bench_pass(fixture->bench, LIFE_MS);
    assert_int_equal(asked(fixture), 0);
}

static void
a_token_is_fetched_anew_at_80_percent_while_the_old_one_is_still_given(void **state)
{
    struct fixture *fixture = *state;

    have_one(fixture);
    bench_pass(fixture->bench, LIFE_MS * 8 / 10 - 1);
    assert_string_equal(get(fixture), "first");
    assert_int_equal(asked(fixture), 1);
    bench_pass(fixture->bench, 1);
    assert_string_equal(get(fixture), "first");
    assert_string_equal(get(fixture), "first");
    assert_int_equal(asked(fixture), 2);
    answer(fixture, "second");
    assert_string_equal(get(fixture), "second");
}

static void
a_token_is_not_given_beyond_its_life(void **state)
{
    struct fixture *fixture = *state;

    have_one(fixture);
    bench_pass(fixture->bench, LIFE_MS);
    assert_null(get(fixture));
    assert_int_equal(asked(fixture), 2);
}

static void
a_refused_token_is_dropped(void **state)
{
    struct fixture *fixture = *state;

    have_one(fixture);
    token_refused(fixture->token, serial(fixture));
    assert_null(get(fixture));
    assert_int_equal(asked(fixture), 2);
}

static void
a_late_refusal_of_an_older_token_drops_nothing(void **state)
{
    struct fixture *fixture = *state;
    uint64_t old;

    have_one(fixture);
    old = serial(fixture);
    token_refused(fixture->token, old);
    assert_null(get(fixture));
    answer(fixture, "second");
    token_refused(fixture->token, old);
    assert_string_equal(get(fixture), "second");
}

static void
a_failure_is_tried_again_by_itself_after_a_pause(void **state)
{
    struct fixture *fixture = *state;

    assert_null(get(fixture));
    answer_badly(fixture, VERDICT_RETRY, "service_fault");
    assert_int_equal(fixture->told_of_none, 0);
    assert_null(get(fixture));
    assert_int_equal(asked(fixture), 1);
    assert_int_equal(fixture->bench->scripted.failures, 1);
    bench_pass(fixture->bench, 1000);
    assert_int_equal(asked(fixture), 2);
    answer(fixture, "first");
    assert_int_equal(fixture->told, 1);
}

static void
pauses_grow_from_failure_to_failure(void **state)
{
    struct fixture *fixture = *state;

    assert_null(get(fixture));
    for (int i = 0; i < 8; i++) {
        answer_badly(fixture, VERDICT_RETRY, "service_fault");
        assert_in_range(fixture->bench->scripted.failure_next_ms,
                        (100 << i) < 6000 ? 100 << i : 6000, 60000);
        bench_pass(fixture->bench, 60000);
    }
}

static void
a_success_makes_the_next_failure_the_first(void **state)
{
    struct fixture *fixture = *state;

    assert_null(get(fixture));
    for (int i = 0; i < 6; i++) {
        answer_badly(fixture, VERDICT_RETRY, "service_fault");
        bench_pass(fixture->bench, 60000);
    }
    answer(fixture, "first");
    token_refused(fixture->token, serial(fixture));
    assert_null(get(fixture));
    answer_badly(fixture, VERDICT_RETRY, "service_fault");
    assert_in_range(fixture->bench->scripted.failure_next_ms, 100, 1000);
}

static void
retry_after_is_obeyed(void **state)
{
    struct fixture *fixture = *state;
    struct call *call;

    assert_null(get(fixture));
    call = scripted_land(&fixture->bench->scripted, CALL_TOKEN);
    call->verdict = VERDICT_THROTTLED;
    call->error.retry_after_ms = 25000;
    call->done(call);
    bench_pass(fixture->bench, 24999);
    assert_int_equal(asked(fixture), 1);
    bench_pass(fixture->bench, 1);
    assert_int_equal(asked(fixture), 2);
}

static void
retry_after_concerns_all_scopes_of_the_identity(void **state)
{
    struct fixture *fixture = *state;
    struct token *other = token_create(&fixture->bench->core, fixture->bench->routing->identities,
                                       "other", listen, fixture);
    struct call *call;
    uint64_t number;

    assert_null(get(fixture));
    call = scripted_land(&fixture->bench->scripted, CALL_TOKEN);
    call->verdict = VERDICT_THROTTLED;
    call->error.retry_after_ms = 25000;
    call->done(call);
    assert_null(token_get(other, &number));
    bench_pass(fixture->bench, 24999);
    assert_int_equal(asked(fixture), 1);
    bench_pass(fixture->bench, 1);
    assert_int_equal(asked(fixture), 3);
    token_destroy(other);
}

static void
a_wrong_secret_is_told_and_probed(void **state)
{
    struct fixture *fixture = *state;

    assert_null(get(fixture));
    answer_badly(fixture, VERDICT_MISCONFIGURED, "invalid_client");
    assert_int_equal(fixture->told_of_none, 1);
    assert_string_equal(fixture->reason, "invalid_client");
    bench_pass(fixture->bench, fixture->bench->settings.probe_ms - 1);
    assert_null(get(fixture));
    assert_int_equal(asked(fixture), 1);
    bench_pass(fixture->bench, 1);
    assert_int_equal(asked(fixture), 2);
    answer(fixture, "first");
    assert_int_equal(fixture->told, 1);
}

static void
a_refresh_that_fails_leaves_the_old_token_in_use(void **state)
{
    struct fixture *fixture = *state;

    have_one(fixture);
    bench_pass(fixture->bench, LIFE_MS * 8 / 10);
    assert_non_null(get(fixture));
    answer_badly(fixture, VERDICT_MISCONFIGURED, "invalid_client");
    assert_string_equal(get(fixture), "first");
    assert_int_equal(fixture->told_of_none, 0);
}

static void
a_request_that_cannot_be_sent_is_tried_again(void **state)
{
    struct fixture *fixture = *state;

    fixture->bench->scripted.refuses_send = true;
    assert_null(get(fixture));
    fixture->bench->scripted.refuses_send = false;
    bench_pass(fixture->bench, 1000);
    assert_int_equal(asked(fixture), 1);
}

static void
without_a_secret_all_who_wait_are_told_and_it_is_tried_again(void **state)
{
    struct fixture *fixture = *state;
    int64_t since_ms;

    fixture->bench->scripted.has_no_secret = true;
    assert_null(get(fixture));
    assert_int_equal(fixture->told_of_none, 0); /* never from within */
    bench_pass(fixture->bench, 0);
    assert_int_equal(fixture->told_of_none, 1);
    assert_string_equal(token_fault(fixture->token, &since_ms), "no such file");
    fixture->bench->scripted.has_no_secret = false;
    bench_pass(fixture->bench, 30000);
    assert_int_equal(asked(fixture), 1);
}

static void
a_request_in_flight_is_cancelled_at_the_end(void **state)
{
    struct fixture *fixture = *state;

    assert_null(get(fixture));
    token_destroy(fixture->token);
    fixture->token = NULL;
    assert_int_equal(fixture->bench->scripted.canceled, 1);
}

static void
an_answer_without_a_token_is_a_failure(void **state)
{
    struct fixture *fixture = *state;

    assert_null(get(fixture));
    answer_badly(fixture, VERDICT_DONE, "");
    assert_null(get(fixture));
    assert_int_equal(fixture->told, 0);
    bench_pass(fixture->bench, 1000);
    assert_int_equal(asked(fixture), 2);
}

#define TEST_CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CASE(all_who_ask_share_one_flight),
        TEST_CASE(nothing_is_fetched_before_somebody_asks),
        TEST_CASE(a_token_is_fetched_anew_at_80_percent_while_the_old_one_is_still_given),
        TEST_CASE(a_token_is_not_given_beyond_its_life),
        TEST_CASE(a_refused_token_is_dropped),
        TEST_CASE(a_late_refusal_of_an_older_token_drops_nothing),
        TEST_CASE(a_failure_is_tried_again_by_itself_after_a_pause),
        TEST_CASE(pauses_grow_from_failure_to_failure),
        TEST_CASE(a_success_makes_the_next_failure_the_first),
        TEST_CASE(retry_after_is_obeyed),
        TEST_CASE(retry_after_concerns_all_scopes_of_the_identity),
        TEST_CASE(a_wrong_secret_is_told_and_probed),
        TEST_CASE(a_refresh_that_fails_leaves_the_old_token_in_use),
        TEST_CASE(a_request_that_cannot_be_sent_is_tried_again),
        TEST_CASE(without_a_secret_all_who_wait_are_told_and_it_is_tried_again),
        TEST_CASE(a_request_in_flight_is_cancelled_at_the_end),
        TEST_CASE(an_answer_without_a_token_is_a_failure),
    };
    return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
