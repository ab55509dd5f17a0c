/* See scripted_ports.h. */
#include "scripted_ports.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void
copy_text(char to[NOTE_BYTES], const char *text)
{
    snprintf(to, NOTE_BYTES, "%s", text);
}

/* --- calls ----------------------------------------------------------------------------------- */

static bool
send(void *context, struct call *call, const char *token)
{
    struct scripted *scripted = context;

    if (scripted->has_no_secret && call->kind == CALL_TOKEN) {
        call->verdict = VERDICT_MISCONFIGURED;
        call->reason = "no_secret";
        error_set(&call->error, ERROR_CONFIG, "no such file");
        return false;
    }
    if (scripted->refuses_send)
        return false;
    assert_in_range(scripted->flight_count, 0, FLIGHTS_MOST - 1);
    assert_true((call->kind == CALL_TOKEN) == (token == NULL));
    scripted->flights[scripted->flight_count++] = call;
    scripted->sent[call->kind]++;
    if (token != NULL)
        copy_text(scripted->last_token, token);
    return true;
}

static void
take_out(struct scripted *scripted, size_t index)
{
    scripted->flight_count--;
    for (size_t i = index; i < scripted->flight_count; i++)
        scripted->flights[i] = scripted->flights[i + 1];
}

static void
cancel(void *context, struct call *call)
{
    struct scripted *scripted = context;

    for (size_t i = 0; i < scripted->flight_count; i++) {
        if (scripted->flights[i] != call)
            continue;
        take_out(scripted, i);
        scripted->canceled++;
        return;
    }
    fail_msg("a call that is not in flight was cancelled");
}

size_t
scripted_flying(const struct scripted *scripted, enum call_kind kind)
{
    size_t count = 0;

    for (size_t i = 0; i < scripted->flight_count; i++)
        count += scripted->flights[i]->kind == kind;
    return count;
}

struct call *
scripted_land(struct scripted *scripted, enum call_kind kind)
{
    for (size_t i = 0; i < scripted->flight_count; i++) {
        struct call *call = scripted->flights[i];

        if (call->kind != kind)
            continue;
        take_out(scripted, i);
        return call;
    }
    fail_msg("no call \"%s\" is in flight", call_kind_name(kind));
    return NULL;
}

static void
answered(void *context, const struct call *call, int64_t took_ms)
{
    struct scripted *scripted = context;

    (void)call;
    assert_true(took_ms >= 0);
    scripted->answered++;
}

static void
failed(void *context, const struct call_report *report)
{
    struct scripted *scripted = context;

    scripted->failures++;
    copy_text(scripted->failure_next, report->next);
    scripted->failure_next_ms = report->next_in_ms;
}

/* --- letters --------------------------------------------------------------------------------- */

static void
copy_bytes(char *to, size_t room, const char *bytes, size_t length)
{
    assert_in_range(length, 0, room - 1);
    if (length > 0)
        memcpy(to, bytes, length);
}

static void
copy_header(struct letter_header *to, const struct kafka_header *header)
{
    copy_text(to->name, header->name);
    copy_bytes(to->value, sizeof(to->value), header->value, header->length);
    to->length = header->length;
    to->is_null = header->value == NULL;
}

static bool
keep(void *context, const struct kept_record *record)
{
    struct scripted *scripted = context;
    struct letter *letter = &scripted->letters[scripted->letter_count];

    if (scripted->refuses_keep)
        return false;
    assert_in_range(scripted->letter_count, 0, LETTERS_MOST - 1);
    assert_in_range(record->header_count, 0, LETTER_HEADERS_MOST);
    scripted->letter_count++;
    *letter = (struct letter){
        .serial = record->serial,
        .tier = record->tier,
        .partition = record->partition,
        .key_length = record->key_length,
        .value_length = record->value_length,
        .has_key = record->key != NULL,
        .has_value = record->value != NULL,
        .header_count = record->header_count,
    };
    copy_bytes(letter->key, sizeof(letter->key), record->key, record->key_length);
    copy_bytes(letter->value, sizeof(letter->value), record->value, record->value_length);
    for (size_t i = 0; i < record->header_count; i++)
        copy_header(&letter->headers[i], &record->headers[i]);
    return true;
}

const char *
letter_header(const struct letter *letter, const char *name)
{
    for (size_t i = letter->header_count; i-- > 0;) {
        if (strcmp(letter->headers[i].name, name) == 0)
            return letter->headers[i].value;
    }
    return NULL;
}

/* --- what was told --------------------------------------------------------------------------- */

static void
commit(void *context, const struct offset_commit *commits, size_t count, uint64_t serial)
{
    struct scripted *scripted = context;

    for (size_t i = 0; i < count; i++) {
        assert_in_range(scripted->commit_count, 0, COMMITS_MOST - 1);
        scripted->commits[scripted->commit_count++] =
            (struct committed){commits[i].topic, commits[i].partition, commits[i].offset, serial};
    }
}

static void
settled(void *context, const struct settlement *settlement)
{
    struct scripted *scripted = context;
    struct settled *to = &scripted->settled[scripted->settled_count];

    assert_in_range(scripted->settled_count, 0, SETTLED_MOST - 1);
    scripted->settled_count++;
    *to = (struct settled){
        .topic = settlement->topic,
        .partition = settlement->partition,
        .offset = settlement->offset,
        .user = settlement->user,
        .group = settlement->group,
        .outcome = settlement->outcome,
        .attempts = settlement->attempts,
        .event_ms = settlement->event_ms,
    };
    copy_text(to->environment, settlement->environment ? settlement->environment->name : "");
    copy_text(to->reason, settlement->reason);
    copy_text(to->detail, settlement->detail);
    copy_text(to->request_id, settlement->request_id);
}

static void
ran(void *context, const struct run_report *report)
{
    struct scripted *scripted = context;

    scripted->runs++;
    copy_text(scripted->run_outcome, report->outcome);
    copy_text(scripted->run_changes, report->changes);
    copy_text(scripted->run_request_id, report->request_id);
    scripted->run_calls = report->calls;
    scripted->run_took_ms = report->took_ms;
}

void
assert_settled(const struct scripted *scripted, size_t index, enum outcome outcome,
               const char *reason)
{
    assert_true(index < scripted->settled_count);
    assert_string_equal(outcome_name(scripted->settled[index].outcome), outcome_name(outcome));
    assert_string_equal(scripted->settled[index].reason, reason);
}

struct ports
scripted_ports(struct scripted *scripted)
{
    return (struct ports){scripted, send, cancel, keep, commit, settled, ran, failed, answered};
}
