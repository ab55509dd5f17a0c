/* See lane_fixture.h. */
#include "lane_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TOKEN_LIFE_MS = 24 * 3600 * 1000 };

int
lane_fixture_setup(void **state)
{
    static const struct lane_limits limits = {.concurrency = 4, .span_ms = 1000};
    struct lane_fixture *fixture = calloc(1, sizeof(*fixture));
    void *bench = NULL;

    if (fixture == NULL || bench_setup(&bench) != 0)
        return -1;
    fixture->bench = bench;
    *state = fixture;
    lane_fixture_limit(fixture, &limits);
    return 0;
}

int
lane_fixture_teardown(void **state)
{
    struct lane_fixture *fixture = *state;
    void *bench = fixture->bench;

    lane_destroy(fixture->lane);
    assert_int_equal(fixture->bench->scripted.flight_count, 0);
    bench_teardown(&bench);
    free(fixture);
    return 0;
}

void
lane_fixture_limit(struct lane_fixture *fixture, const struct lane_limits *limits)
{
    struct bench *bench = fixture->bench;

    lane_destroy(fixture->lane);
    fixture->lane =
        lane_create(&bench->core, "service/prod", bench->routing->identities, "scope", limits);
    assert_non_null(fixture->lane);
}

static bool
prepare(struct call *call)
{
    struct probe *probe = call->owner;

    probe->prepared++;
    return !probe->is_dropped;
}

static void
done(struct call *call)
{
    struct probe *probe = call->owner;

    probe->done++;
    probe->verdict = call->verdict;
    snprintf(probe->reason, sizeof(probe->reason), "%s", call->reason);
    snprintf(probe->text, sizeof(probe->text), "%.63s", call->error.text);
}

void
lane_fixture_give_token(struct lane_fixture *fixture)
{
    struct call *call = scripted_land(&fixture->bench->scripted, CALL_TOKEN);
    char text[32];

    snprintf(text, sizeof(text), "token-%zu", fixture->bench->scripted.sent[CALL_TOKEN]);
    call->verdict = VERDICT_DONE;
    call->token = strdup(text);
    call->token_life_ms = TOKEN_LIFE_MS;
    call->done(call);
}

void
lane_fixture_submit(struct lane_fixture *fixture, int first, int last)
{
    for (int i = first; i <= last; i++) {
        struct probe *probe = &fixture->probes[i];

        call_init(&probe->call, CALL_FORCE_SYNC, bench_prod(fixture->bench), done, probe);
        probe->call.prepare = prepare;
        probe->call.urgency = probe->is_patient ? PATIENT : URGENT;
        lane_submit(fixture->lane, &probe->call);
    }
    if (!fixture->withholds_token && scripted_flying(&fixture->bench->scripted, CALL_TOKEN) > 0)
        lane_fixture_give_token(fixture);
}

size_t
lane_fixture_flying(const struct lane_fixture *fixture)
{
    return scripted_flying(&fixture->bench->scripted, CALL_FORCE_SYNC);
}

int
lane_fixture_number(const struct lane_fixture *fixture, size_t index)
{
    const struct scripted *scripted = &fixture->bench->scripted;

    assert_true(index < scripted->flight_count);
    return (int)((struct probe *)scripted->flights[index]->owner - fixture->probes);
}

static struct call *
land(struct lane_fixture *fixture, enum verdict verdict)
{
    struct call *call = scripted_land(&fixture->bench->scripted, CALL_FORCE_SYNC);

    call_reset(call);
    call->verdict = verdict;
    return call;
}

void
lane_fixture_answer(struct lane_fixture *fixture, enum verdict verdict)
{
    lane_answered(fixture->lane, land(fixture, verdict));
}

void
lane_fixture_throttle(struct lane_fixture *fixture, int64_t retry_after_ms)
{
    struct call *call = land(fixture, VERDICT_THROTTLED);

    call->error.retry_after_ms = retry_after_ms;
    lane_answered(fixture->lane, call);
}
