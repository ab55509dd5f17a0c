/* See feed_fixture.h. */
#include "feed_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine.h"
#include "error.h"
#include "feed_batches.h"
#include "json.h"

static char identity_name[] = "test";

static struct guid
id_of_number(uint8_t kind, int number)
{
    return (struct guid){{kind, 0, (uint8_t)(number >> 8), (uint8_t)number}};
}

/* --- calls ------------------------------------------------------------------------------------ */

static void
answer_token(struct feed_fixture *fixture, struct call *call)
{
    call->verdict = VERDICT_DONE;
    call->token = strdup("t0ken");
    call->token_life_ms = INT64_C(24) * 3600 * 1000;
    feed_answered(fixture->feed, call);
}

static bool
send(void *context, struct call *call, const char *token)
{
    struct feed_fixture *fixture = context;

    assert_true((call->kind == CALL_TOKEN) == (token == NULL));
    assert_ptr_equal(call->identity, &fixture->identity);
    assert_in_range(fixture->flight_count, 0, FEED_FLIGHTS_MOST - 1);
    fixture->flights[fixture->flight_count++] = call;
    fixture->tokens += call->kind == CALL_TOKEN;
    return true;
}

static struct call *
take_out(struct feed_fixture *fixture, size_t index)
{
    struct call *call = fixture->flights[index];

    fixture->flight_count--;
    for (size_t i = index; i < fixture->flight_count; i++)
        fixture->flights[i] = fixture->flights[i + 1];
    return call;
}

static void
cancel(void *context, struct call *call)
{
    struct feed_fixture *fixture = context;

    for (size_t i = 0; i < fixture->flight_count; i++) {
        if (fixture->flights[i] == call) {
            take_out(fixture, i);
            fixture->cancelled++;
            return;
        }
    }
    fail_msg("a call that is not in flight was cancelled");
}

static size_t
find_flight(const struct feed_fixture *fixture, size_t group, enum call_kind kind)
{
    for (size_t i = 0; i < fixture->flight_count; i++) {
        const struct call *call = fixture->flights[i];

        if (call->kind == kind &&
            (kind == CALL_TOKEN || guid_equal(&call->group, &fixture->groups[group].id)))
            return i;
    }
    return SIZE_MAX;
}

bool
feed_fixture_is_asking(const struct feed_fixture *fixture, size_t group, enum call_kind kind)
{
    return find_flight(fixture, group, kind) != SIZE_MAX;
}

static struct call *
land(struct feed_fixture *fixture, size_t group, enum call_kind kind)
{
    size_t index = find_flight(fixture, group, kind);

    if (index == SIZE_MAX)
        fail_msg("group %zu does not ask for %s", group, call_kind_name(kind));
    return take_out(fixture, index);
}

const char *
feed_fixture_asked(const struct feed_fixture *fixture, size_t group, enum call_kind kind)
{
    size_t index = find_flight(fixture, group, kind);

    if (index == SIZE_MAX)
        fail_msg("group %zu does not ask for %s", group, call_kind_name(kind));
    return feed_batches_token(fixture->flights[index]->page);
}

/* --- answers ---------------------------------------------------------------------------------- */

static char *
link_of(const char *token)
{
    char link[128];

    if (token == NULL)
        return NULL;
    snprintf(link, sizeof(link), LINK("%s"), token);
    return strdup(link);
}

static void
put_changes(struct call *call, const char *changes)
{
    static const char kinds[] = {[MEMBER_UNSAID] = '?', [MEMBER_USER] = '+', [MEMBER_OTHER] = '*'};

    call->changes = calloc(strlen(changes) + 1, sizeof(call->changes[0]));
    for (const char *at = changes; *at != '\0';
         at += strcspn(at, " ") + (strchr(at, ' ') != NULL)) {
        struct member_change *change = &call->changes[call->change_count++];

        *change = (struct member_change){.kind = MEMBER_USER, .is_removed = *at == '-'};
        for (size_t i = 0; *at != '-' && i < sizeof(kinds); i++) {
            if (kinds[i] == *at)
                change->kind = (enum member_kind)i;
        }
        change->user = id_of_number(0x10, (int)strtol(at + 1, NULL, 10));
    }
}

static void
done(struct feed_fixture *fixture, struct call *call)
{
    call->verdict = VERDICT_DONE;
    call->reason = "";
    fixture->answers++;
    feed_answered(fixture->feed, call);
}

static void
answer_delta(struct feed_fixture *fixture, size_t group, const char *changes, const char *next,
             const char *delta)
{
    struct call *call = land(fixture, group, CALL_DELTA);

    put_changes(call, changes);
    call->next_page = link_of(next);
    call->delta_page = link_of(delta);
    call->is_group_seen = true;
    done(fixture, call);
}

void
feed_fixture_answer(struct feed_fixture *fixture, size_t group, const char *changes,
                    const char *next, const char *delta)
{
    answer_delta(fixture, group, changes, next, delta);
    feed_fixture_pass(fixture, 0);
}

void
feed_fixture_answer_deleted(struct feed_fixture *fixture, size_t group, const char *delta)
{
    struct call *call = land(fixture, group, CALL_DELTA);

    call->delta_page = link_of(delta);
    call->is_group_seen = call->is_group_deleted = true;
    done(fixture, call);
    feed_fixture_pass(fixture, 0);
}

void
feed_fixture_answer_nothing(struct feed_fixture *fixture, size_t group, const char *next,
                            const char *delta)
{
    struct call *call = land(fixture, group, CALL_DELTA);

    call->next_page = link_of(next);
    call->delta_page = link_of(delta);
    done(fixture, call);
    feed_fixture_pass(fixture, 0);
}

void
feed_fixture_answer_members(struct feed_fixture *fixture, size_t group, const char *changes,
                            const char *next)
{
    struct call *call = land(fixture, group, CALL_MEMBERS);

    put_changes(call, changes);
    call->next_page = link_of(next);
    done(fixture, call);
    feed_fixture_pass(fixture, 0);
}

void
feed_fixture_refuse(struct feed_fixture *fixture, size_t group, enum call_kind kind,
                    enum verdict verdict, const char *reason, int status)
{
    struct call *call = land(fixture, group, kind);

    call->verdict = verdict;
    call->reason = reason;
    error_set(&call->error, ERROR_SERVICE, "the service says %s", reason);
    error_set_request_id(&call->error, "request", strlen("request"));
    call->error.status = status;
    feed_answered(fixture->feed, call);
    feed_fixture_pass(fixture, 0);
}

static void
assert_noted(struct text *text, const char *expected)
{
    const char *found = text->length == 0 ? "" : text->data;

    if (strcmp(found, expected) != 0)
        fail_msg("\"%s\" where \"%s\" was expected", found, expected);
    text_clear(text);
    if (text->data != NULL)
        text->data[0] = '\0';
}

void
feed_fixture_assert_published(struct feed_fixture *fixture, const char *expected)
{
    if (fixture->serial != 0)
        text_add(&fixture->published, " …");
    assert_noted(&fixture->published, expected);
}

/* --- what is told ----------------------------------------------------------------------------- */

static void
told(void *context, const struct feed_report *report)
{
    struct feed_fixture *fixture = context;

    if (fixture->news.length > 0)
        text_add_char(&fixture->news, ' ');
    text_add(&fixture->news, feed_news_name(report->news));
    fixture->report = *report;
    snprintf(fixture->reason, sizeof(fixture->reason), "%s", report->reason);
    snprintf(fixture->detail, sizeof(fixture->detail), "%s", report->detail);
    snprintf(fixture->request_id, sizeof(fixture->request_id), "%s", report->request_id);
}

static void
failed(void *context, const struct call_report *report)
{
    struct feed_fixture *fixture = context;

    text_addf(&fixture->news, "%s(%s)", fixture->news.length > 0 ? " " : "", report->next);
}

static void
answered(void *context, const struct call *call, int64_t took_ms)
{
    (void)context;
    assert_true(took_ms >= 0);
    assert_non_null(call);
}

void
feed_fixture_assert_news(struct feed_fixture *fixture, const char *expected)
{
    assert_noted(&fixture->news, expected);
}

/* --- time and life ---------------------------------------------------------------------------- */

static void
turn(struct feed_fixture *fixture)
{
    size_t index;

    feed_run(fixture->feed);
    while (!fixture->holds_tokens && (index = find_flight(fixture, 0, CALL_TOKEN)) != SIZE_MAX) {
        answer_token(fixture, take_out(fixture, index));
        feed_run(fixture->feed);
    }
}

void
feed_fixture_pass(struct feed_fixture *fixture, int64_t ms)
{
    int64_t end_ms = fixture->clock.mono_ms + ms;
    int turns = 0;

    for (;;) {
        int64_t next_ms = feed_next_ms(fixture->feed);

        if (next_ms > end_ms)
            next_ms = end_ms;
        if (next_ms < fixture->clock.mono_ms)
            next_ms = fixture->clock.mono_ms;
        fixture->clock.wall_ms += next_ms - fixture->clock.mono_ms;
        fixture->clock.mono_ms = next_ms;
        turn(fixture);
        if (next_ms == end_ms && feed_next_ms(fixture->feed) > end_ms)
            return;
        if (++turns > 100000)
            fail_msg("the feed turns and turns");
    }
}

void
feed_fixture_kill(struct feed_fixture *fixture)
{
    feed_destroy(fixture->feed);
    fixture->feed = NULL;
    assert_int_equal(fixture->flight_count, 0);
    if (fixture->serial != 0)
        feed_batches_close(fixture);
}

void
feed_fixture_start(struct feed_fixture *fixture)
{
    struct feed_setup setup = {
        .settings = &fixture->settings,
        .mode = fixture->mode,
        .groups = fixture->groups,
        .group_count = fixture->group_count,
        .routing = &fixture->routing,
        .graph_url = "https://graph.test",
        .graph_scope = "https://graph.test/.default",
        .source = "urn:test",
        .clock = &fixture->clock,
        .ports = {fixture, send, cancel, feed_batches_publish, told, failed, answered},
        .seed = 1,
    };
    struct feed_saved states[FEED_STATES_MOST];
    struct error error;
    size_t count = 0;

    if (fixture->feed == NULL)
        fixture->feed = feed_create(&setup, &error);
    if (fixture->feed == NULL)
        fail_msg("no feed: %s", error.text);
    for (size_t i = 0; i < fixture->state_count; i++) {
        const struct feed_fixture_state *state = &fixture->states[i];

        if (state->value != NULL)
            states[count++] = (struct feed_saved){state->key, strlen(state->key), state->value,
                                                  strlen(state->value)};
    }
    assert_int_equal(feed_lead(fixture->feed, states, count), 0);
    feed_fixture_pass(fixture, 0);
}

int
feed_fixture_setup(void **state)
{
    struct feed_fixture *fixture = calloc(1, sizeof(*fixture));

    assert_non_null(fixture);
    fixture->parser = json_parser_create(8, 65536);
    fixture->clock = (struct clock){.mono_ms = 1000000, .wall_ms = INT64_C(1700000000000)};
    fixture->settings = (struct feed_settings){
        .poll_ms = 30000,
        .conclude_after_ms = -1,
        .attempts = 3,
        .backoff_base_ms = 1000,
        .backoff_cap_ms = 60000,
        .probe_ms = 30000,
        .graph_concurrency = 8,
        .graph_span_ms = 10000,
    };
    for (size_t i = 0; i < FEED_GROUPS; i++)
        fixture->groups[i].id = id_of_number(0x20, (int)i);
    fixture->group_count = 1;
    fixture->identity.name = identity_name;
    fixture->routing = (struct routing){.identities = &fixture->identity, .identity_count = 1};
    *state = fixture;
    return 0;
}

int
feed_fixture_teardown(void **state)
{
    struct feed_fixture *fixture = *state;

    if (fixture->feed != NULL)
        feed_fixture_kill(fixture);
    for (size_t i = 0; i < fixture->state_count; i++)
        free(fixture->states[i].value);
    json_parser_destroy(fixture->parser);
    text_free(&fixture->published);
    text_free(&fixture->news);
    free(fixture);
    return 0;
}
