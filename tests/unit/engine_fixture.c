/* See engine_fixture.h. */
#include "engine_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "text.h"
#include "timestamp.h"

int
engine_fixture_setup(void **state)
{
    struct engine_fixture *fixture = calloc(1, sizeof(*fixture));

    if (fixture == NULL)
        return -1;
    fixture->clock = (struct clock){START_MONO_MS, START_WALL_MS};
    fixture->world.clock = &fixture->clock;
    for (int user = 0; user < USERS_MOST; user++)
        fixture->world.people[user].groups = UINT64_MAX;
    settings_default(&fixture->settings);
    *state = fixture;
    return 0;
}

int
engine_fixture_teardown(void **state)
{
    struct engine_fixture *fixture = *state;

    engine_destroy(fixture->engine);
    assert_int_equal(fixture->scripted.flight_count, 0);
    if (fixture->routing != NULL)
        routing_unmake(fixture->routing);
    free(fixture);
    return 0;
}

void
engine_fixture_assign(struct engine_fixture *fixture)
{
    for (int topic = 0; topic < 2 + (int)fixture->settings.tier_count; topic++) {
        for (int32_t partition = 0; partition < (topic == MAIN_TOPIC ? PARTITIONS : 1);
             partition++) {
            int64_t offset = fixture->next_offset[topic][partition];

            assert_int_equal(engine_assign(fixture->engine, topic, partition, offset, offset), 0);
        }
    }
    engine_partitions_of_main(fixture->engine, PARTITIONS);
}

void
engine_fixture_start(struct engine_fixture *fixture, struct routing *routing)
{
    static const char *const topics[] = {"events", "events.backfill", "events.retry.15m",
                                         "events.retry.6h"};
    const struct engine_setup setup = {
        .settings = &fixture->settings,
        .routing = routing,
        .topics = topics,
        .topic_count = 2 + fixture->settings.tier_count,
        .clock = &fixture->clock,
        .bap_scope = "bap",
        .graph_scope = "graph",
        .ports = scripted_ports(&fixture->scripted),
        .seed = 1,
    };
    struct error error;

    fixture->routing = routing;
    fixture->engine = engine_create(&setup, &error);
    if (fixture->engine == NULL)
        fail_msg("%s", error.text);
    engine_fixture_assign(fixture);
}

/* --- events ---------------------------------------------------------------------------------- */

static void
write_event(const struct event_spec *spec, int64_t wall_ms, char *to, size_t room)
{
    struct guid user_guid = user_id(spec->user);
    struct guid group_guid = group_id(spec->group);
    char user[GUID_TEXT_BYTES];
    char group[GUID_TEXT_BYTES];
    char time[TIMESTAMP_TEXT_BYTES];
    int length;

    guid_format(&user_guid, user);
    guid_format(&group_guid, group);
    length = snprintf(to, room, "{\"group\":\"%s\",\"user\":\"%s\",\"change\":\"%s\"", group, user,
                      spec->is_removal ? "removed" : "added");
    if (!spec->has_no_time)
        length += snprintf(to + length, room - (size_t)length, ",\"time\":\"%s\"",
                           timestamp_format(wall_ms - spec->age_ms, time));
    if (spec->is_not_user)
        length += snprintf(to + length, room - (size_t)length, ",\"member_type\":\"device\"");
    snprintf(to + length, room - (size_t)length, "}");
}

static bool
hand_over(struct engine_fixture *fixture, const struct event_spec *spec, const char *value)
{
    int64_t *next = &fixture->next_offset[spec->topic][spec->partition];
    const struct message message = {
        .topic = spec->topic,
        .partition = spec->partition,
        .offset = *next,
        .timestamp_ms = fixture->clock.wall_ms - spec->record_age_ms,
        .key = "key",
        .key_length = 3,
        .value = value,
        .value_length = strlen(value),
    };

    if (!engine_take(fixture->engine, &message, -1))
        return false;
    (*next)++;
    return true;
}

bool
engine_fixture_try(struct engine_fixture *fixture, struct event_spec spec)
{
    char value[512];

    write_event(&spec, fixture->clock.wall_ms, value, sizeof(value));
    return hand_over(fixture, &spec, value);
}

int64_t
engine_fixture_publish(struct engine_fixture *fixture, struct event_spec spec)
{
    assert_true(engine_fixture_try(fixture, spec));
    return fixture->next_offset[spec.topic][spec.partition] - 1;
}

bool
engine_fixture_try_bytes(struct engine_fixture *fixture, const char *value)
{
    const struct event_spec spec = {0};

    return hand_over(fixture, &spec, value);
}

int64_t
engine_fixture_publish_bytes(struct engine_fixture *fixture, const char *value)
{
    assert_true(engine_fixture_try_bytes(fixture, value));
    return fixture->next_offset[0][0] - 1;
}

int64_t
engine_fixture_return(struct engine_fixture *fixture, size_t index)
{
    const struct letter *letter = &fixture->scripted.letters[index];
    struct kafka_header headers[LETTER_HEADERS_MOST];
    int topic = FIRST_TIER + letter->tier;
    struct message message = {
        .topic = topic,
        .offset = fixture->next_offset[topic][0]++,
        .timestamp_ms = fixture->clock.wall_ms,
        .key = letter->key,
        .key_length = letter->key_length,
        .value = letter->value,
        .value_length = letter->value_length,
        .headers = headers,
        .header_count = letter->header_count,
    };

    assert_in_range(letter->tier, 0, TIERS - 1);
    for (size_t i = 0; i < letter->header_count; i++)
        headers[i] = (struct kafka_header){letter->headers[i].name, letter->headers[i].value,
                                           letter->headers[i].length};
    assert_true(engine_take(fixture->engine, &message, -1));
    return message.offset;
}

/* --- time ------------------------------------------------------------------------------------ */

static void
answer(struct engine_fixture *fixture, struct call *call)
{
    world_answer(&fixture->world, call);
    engine_answered(fixture->engine, call);
}

void
engine_fixture_answer(struct engine_fixture *fixture, enum call_kind kind)
{
    answer(fixture, scripted_land(&fixture->scripted, kind));
}

static bool
answer_one_call(struct engine_fixture *fixture)
{
    for (size_t i = 0; i < fixture->scripted.flight_count; i++) {
        enum call_kind kind = fixture->scripted.flights[i]->kind;

        if (fixture->holds[kind])
            continue;
        engine_fixture_answer(fixture, kind);
        return true;
    }
    return false;
}

static bool
answer_one_letter(struct engine_fixture *fixture)
{
    struct scripted *scripted = &fixture->scripted;
    struct error error;

    if (fixture->holds_letters || fixture->letters_answered == scripted->letter_count)
        return false;
    error_set(&error, ERROR_KAFKA, "not enough replicas");
    engine_kept(fixture->engine, scripted->letters[fixture->letters_answered++].serial,
                fixture->breaks_letters ? &error : NULL);
    return true;
}

static bool
answer_one_commit(struct engine_fixture *fixture)
{
    struct scripted *scripted = &fixture->scripted;

    if (fixture->holds_commits || fixture->commits_answered == scripted->commit_count)
        return false;
    engine_committed(fixture->engine, scripted->commits[fixture->commits_answered++].serial, true);
    return true;
}

static void
turn(struct engine_fixture *fixture)
{
    engine_run(fixture->engine);
    while (answer_one_call(fixture) || answer_one_letter(fixture) || answer_one_commit(fixture))
        ;
}

static void
pass_to(struct engine_fixture *fixture, int64_t mono_ms)
{
    fixture->clock.wall_ms += mono_ms - fixture->clock.mono_ms;
    fixture->clock.mono_ms = mono_ms;
}

void
engine_fixture_pass(struct engine_fixture *fixture, int64_t ms)
{
    int64_t end_ms = fixture->clock.mono_ms + ms;

    for (;;) {
        int64_t next_ms;

        turn(fixture);
        next_ms = engine_next_ms(fixture->engine);
        if (next_ms > end_ms)
            break;
        if (next_ms > fixture->clock.mono_ms)
            pass_to(fixture, next_ms);
    }
    pass_to(fixture, end_ms);
}

/* --- looking --------------------------------------------------------------------------------- */

void
engine_fixture_assert_trace(struct engine_fixture *fixture, const char *trace)
{
    assert_string_equal(fixture->world.trace, trace);
    fixture->world.trace[0] = '\0';
}

int64_t
engine_fixture_committed(const struct engine_fixture *fixture, int32_t partition)
{
    int64_t offset = -1;

    for (size_t i = 0; i < fixture->scripted.commit_count; i++) {
        const struct committed *committed = &fixture->scripted.commits[i];

        if (committed->topic == MAIN_TOPIC && committed->partition == partition)
            offset = committed->offset;
    }
    return offset;
}

int64_t
engine_fixture_status(const struct engine_fixture *fixture, const char *name)
{
    struct text status = TEXT_EMPTY;
    struct text member = TEXT_EMPTY;
    const char *found;
    int64_t number;

    engine_status(fixture->engine, &status);
    text_addf(&member, "\"%s\":", name);
    found = strstr(status.data, member.data);
    if (found == NULL)
        fail_msg("\"%s\" is not in %s", name, status.data);
    number = strtoll(found + member.length, NULL, 10);
    text_free(&status);
    text_free(&member);
    return number;
}
