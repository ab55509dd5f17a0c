/* See reader_fixture.h. */
#include "reader_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TOKEN_LIFE_MS = 24 * 3600 * 1000 };

/* --- what the reader tells ------------------------------------------------------------------- */

static int
user_of(const struct job *job)
{
    return job->key.user.bytes[15];
}

static void
sent(void *context, struct job *job)
{
    ((struct reader_fixture *)context)->sent[user_of(job)]++;
}

static void
answered(void *context, struct job *job)
{
    ((struct reader_fixture *)context)->answered[user_of(job)]++;
}

static void
failed(void *context, struct job *job, const struct source_item *item)
{
    struct reader_fixture *fixture = context;

    fixture->failed[user_of(job)]++;
    fixture->verdict = item->verdict;
}

/* --- making and ending ----------------------------------------------------------------------- */

int
reader_fixture_setup(void **state)
{
    struct reader_fixture *fixture = calloc(1, sizeof(*fixture));
    void *bench = NULL;

    if (fixture == NULL || bench_setup(&bench) != 0)
        return -1;
    fixture->bench = bench;
    fixture->workqueue = workqueue_create();
    *state = fixture;
    reader_fixture_use(fixture, &reader_look, CAPACITY, 4);
    return fixture->workqueue == NULL ? -1 : 0;
}

static void
remove_jobs(struct reader_fixture *fixture)
{
    for (int user = 1; user < JOBS_MOST; user++) {
        struct job *job = fixture->jobs[user];

        if (job == NULL)
            continue;
        if (fixture->reader != NULL)
            reader_remove(fixture->reader, job);
        workqueue_remove(fixture->workqueue, job);
        fixture->jobs[user] = NULL;
    }
}

int
reader_fixture_teardown(void **state)
{
    struct reader_fixture *fixture = *state;
    void *bench = fixture->bench;

    remove_jobs(fixture);
    reader_destroy(fixture->reader);
    lane_destroy(fixture->lane);
    assert_int_equal(fixture->bench->scripted.flight_count, 0);
    workqueue_destroy(fixture->workqueue);
    bench_teardown(&bench);
    free(fixture);
    return 0;
}

static void
give_token(struct reader_fixture *fixture)
{
    struct call *call;

    if (scripted_flying(&fixture->bench->scripted, CALL_TOKEN) == 0)
        return;
    call = scripted_land(&fixture->bench->scripted, CALL_TOKEN);
    call->verdict = VERDICT_DONE;
    call->token = strdup("token");
    call->token_life_ms = TOKEN_LIFE_MS;
    call->done(call);
}

static bool
have_nothing_to_ask(struct call *call)
{
    (void)call;
    return false;
}

/* A call that only fetches the token. */
static void
warm(struct reader_fixture *fixture)
{
    struct call call;

    call_init(&call, CALL_LOOK, bench_prod(fixture->bench), NULL, NULL);
    call.prepare = have_nothing_to_ask;
    lane_submit(fixture->lane, &call);
    give_token(fixture);
}

void
reader_fixture_use(struct reader_fixture *fixture, const struct reader_kind *kind, size_t capacity,
                   int64_t concurrency)
{
    const struct reader_events events = {sent, answered, failed, NULL, fixture};
    const struct lane_limits limits = {.concurrency = concurrency, .span_ms = 1000};
    struct bench *bench = fixture->bench;

    remove_jobs(fixture);
    reader_destroy(fixture->reader);
    lane_destroy(fixture->lane);
    fixture->lane = lane_create(&bench->core, "lane", bench->routing->identities, "scope", &limits);
    assert_non_null(fixture->lane);
    fixture->reader =
        reader_create(&bench->core, kind, bench_prod(bench), fixture->lane, capacity, &events);
    assert_non_null(fixture->reader);
    warm(fixture);
}

/* --- who waits ------------------------------------------------------------------------------- */

struct job *
reader_fixture_job(struct reader_fixture *fixture, int user)
{
    struct guid id = user_id(user);

    assert_in_range(user, 1, JOBS_MOST - 1);
    if (fixture->jobs[user] == NULL)
        fixture->jobs[user] = workqueue_add(fixture->workqueue, bench_prod(fixture->bench), &id);
    assert_non_null(fixture->jobs[user]);
    return fixture->jobs[user];
}

void
reader_fixture_add(struct reader_fixture *fixture, int first, int last)
{
    for (int user = first; user <= last; user++)
        reader_add(fixture->reader, reader_fixture_job(fixture, user));
}

/* --- calls ----------------------------------------------------------------------------------- */

static size_t
print_users(const struct call *call, char *to, size_t room)
{
    size_t count = call->kind == CALL_LOOK ? call->id_count : call->item_count;
    size_t length = 0;

    for (size_t i = 0; i < count; i++) {
        const struct guid *user = call->kind == CALL_LOOK ? &call->ids[i] : &call->items[i].user;

        length += (size_t)snprintf(to + length, room - length, "%s%d", i == 0 ? "" : " ",
                                   user->bytes[15]);
    }
    return length;
}

const char *
reader_fixture_flying(const struct reader_fixture *fixture)
{
    const struct scripted *scripted = &fixture->bench->scripted;
    static char text[1024];
    size_t length = 0;

    text[0] = '\0';
    for (size_t i = 0; i < scripted->flight_count; i++) {
        if (i > 0)
            length += (size_t)snprintf(text + length, sizeof(text) - length, ", ");
        length += print_users(scripted->flights[i], text + length, sizeof(text) - length);
    }
    return text;
}

struct call *
reader_fixture_land(struct reader_fixture *fixture)
{
    struct scripted *scripted = &fixture->bench->scripted;

    assert_true(scripted->flight_count > 0);
    return scripted_land(scripted, scripted->flights[0]->kind);
}

void
reader_fixture_answer(struct reader_fixture *fixture, struct call *call, enum verdict verdict)
{
    call->verdict = verdict;
    if (verdict != VERDICT_DONE)
        error_set(&call->error, ERROR_SERVICE, "it failed");
    lane_answered(fixture->lane, call);
}

void
reader_fixture_answer_next(struct reader_fixture *fixture, enum verdict verdict)
{
    reader_fixture_answer(fixture, reader_fixture_land(fixture), verdict);
}
