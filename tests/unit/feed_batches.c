/* See feed_batches.h and feed_fixture.h. */
#include "feed_batches.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "json.h"
#include "mark.h"
#include "saved.h"

#define BASE "https://graph.test/v1.0/groups"

/* No batch of a test is handed over later than so. */
enum { BATCH_AGE_MS = 60 * 1000 };

int
feed_batches_number(const char *digits, size_t length)
{
    struct guid guid;

    assert_true(guid_parse(digits, length, &guid));
    return guid.bytes[2] * 256 + guid.bytes[3];
}

const char *
feed_batches_token(const char *link)
{
    if (link == NULL)
        return "";
    assert_int_equal(strncmp(link, LINK(""), strlen(LINK(""))), 0);
    return link + strlen(LINK(""));
}

/* --- in a few letters -------------------------------------------------------------------------- */

static void
note_state(struct feed_fixture *fixture, const struct feed_record *record)
{
    struct saved saved;
    struct error error;

    if (saved_read(fixture->parser, record->value, record->value_length, BASE, &saved, &error) ==
        -1)
        fail_msg("a state that cannot be read: %s", error.text);
    text_addf(&fixture->published, " state %d:%s:%s",
              feed_batches_number(record->key, record->key_length), saved_phase_name(saved.phase),
              feed_batches_token(saved.page));
    if (saved.census_page != NULL)
        text_addf(&fixture->published, "/%s", feed_batches_token(saved.census_page));
    saved_free(&saved);
}

static void
note_mark(struct feed_fixture *fixture, const struct feed_record *record)
{
    const char *user = record->key + GUID_TEXT_BYTES;
    int number = feed_batches_number(user, record->key_length - GUID_TEXT_BYTES);

    if (record->value == NULL)
        text_addf(&fixture->published, " forget %d", number);
    else
        text_addf(&fixture->published, " know %d:%d", number,
                  (int)mark_read_value(fixture->parser, record->value, record->value_length));
}

static const char *
header(const struct feed_record *record, const char *name)
{
    for (size_t i = 0; i < record->header_count; i++) {
        if (strcmp(record->headers[i].name, name) == 0)
            return record->headers[i].value;
    }
    fail_msg("an event without %s", name);
    return NULL;
}

static void
note_event(struct feed_fixture *fixture, const struct feed_record *record)
{
    bool is_removed = strcmp(header(record, "ce_type"), "dvsync.membership.removed") == 0;

    text_addf(&fixture->published, " %c%d", is_removed ? '-' : '+',
              feed_batches_number(record->key, record->key_length));
}

/* What is borrowed is gone when the batch's answer comes too late. */
static void
note_pending(struct feed_fixture *fixture, const struct feed_record *record)
{
    struct feed_fixture_state *state = &fixture->pending[fixture->pending_count++];

    assert_in_range(fixture->pending_count, 1, FEED_STATES_MOST);
    snprintf(state->key, sizeof(state->key), "%.*s", (int)record->key_length, record->key);
    state->value = record->value == NULL ? NULL : strndup(record->value, record->value_length);
}

static struct feed_fixture_state *
state_of(struct feed_fixture *fixture, const char *key)
{
    for (size_t i = 0; i < fixture->state_count; i++) {
        if (strcmp(fixture->states[i].key, key) == 0)
            return &fixture->states[i];
    }
    assert_in_range(fixture->state_count, 0, FEED_STATES_MOST - 1);
    snprintf(fixture->states[fixture->state_count].key, sizeof(fixture->states[0].key), "%s", key);
    return &fixture->states[fixture->state_count++];
}

static void
keep_pending(struct feed_fixture *fixture)
{
    for (size_t i = 0; i < fixture->pending_count; i++) {
        struct feed_fixture_state *state = state_of(fixture, fixture->pending[i].key);

        free(state->value);
        state->value = fixture->pending[i].value;
    }
    fixture->pending_count = 0;
}

static void
drop_pending(struct feed_fixture *fixture)
{
    for (size_t i = 0; i < fixture->pending_count; i++)
        free(fixture->pending[i].value);
    fixture->pending_count = 0;
}

static void
note_record(struct feed_fixture *fixture, const struct feed_record *record)
{
    assert_in_range(record->timestamp_ms, fixture->clock.wall_ms - BATCH_AGE_MS,
                    fixture->clock.wall_ms);
    if (record->topic != FEED_STATE) {
        note_event(fixture, record);
        return;
    }
    if (record->key_length == GUID_TEXT_BYTES - 1)
        note_state(fixture, record);
    else
        note_mark(fixture, record);
    note_pending(fixture, record);
}

bool
feed_batches_publish(void *context, const struct feed_batch *batch)
{
    static const char *const topics[] = {[FEED_MAIN] = "main", [FEED_BACKFILL] = "backfill"};
    struct feed_fixture *fixture = context;
    const char *topic = "";

    assert_int_equal(fixture->serial, 0);
    assert_true(batch->serial != 0 && batch->count > 0);
    if (fixture->refuses_publish)
        return false;
    if (fixture->published.length > 0)
        text_add(&fixture->published, "; ");
    for (size_t i = 0; i < batch->count; i++) {
        const struct feed_record *record = &batch->records[i];

        if (record->topic != FEED_STATE && strcmp(topic, topics[record->topic]) != 0) {
            topic = topics[record->topic];
            text_add(&fixture->published, topic);
        }
        note_record(fixture, record);
    }
    fixture->serial = batch->serial;
    fixture->open = calloc(batch->count, sizeof(fixture->open[0]));
    memcpy(fixture->open, batch->records, batch->count * sizeof(fixture->open[0]));
    fixture->open_count = batch->count;
    return true;
}

uint64_t
feed_batches_close(struct feed_fixture *fixture)
{
    uint64_t serial = fixture->serial;

    assert_true(serial != 0);
    fixture->serial = 0;
    free(fixture->open);
    drop_pending(fixture);
    fixture->open = NULL;
    return serial;
}

void
feed_fixture_acknowledge(struct feed_fixture *fixture)
{
    keep_pending(fixture);
    feed_published(fixture->feed, feed_batches_close(fixture), NULL);
    feed_fixture_pass(fixture, 0);
}

void
feed_fixture_fail_batch(struct feed_fixture *fixture)
{
    struct error error;

    error_set(&error, ERROR_KAFKA, "the broker is away");
    feed_published(fixture->feed, feed_batches_close(fixture), &error);
    feed_fixture_pass(fixture, 0);
}

static struct feed_fixture_state *
state_of_group(struct feed_fixture *fixture, size_t group)
{
    char key[GUID_TEXT_BYTES];

    return state_of(fixture, guid_format(&fixture->groups[group].id, key));
}

void
feed_fixture_put_state(struct feed_fixture *fixture, size_t group, const char *value)
{
    struct feed_fixture_state *state = state_of_group(fixture, group);

    free(state->value);
    state->value = strdup(value);
}

bool
feed_fixture_has_state(struct feed_fixture *fixture, size_t group)
{
    return state_of_group(fixture, group)->value != NULL;
}
