#ifndef SCRIPTED_PORTS_H
#define SCRIPTED_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call.h"
#include "engine.h"

/*
 * The world that the core talks to, as a script: calls that are sent stay in flight until the test
 * answers them, letters until the test acknowledges them, and all that the core tells is written
 * down.
 */

enum {
    FLIGHTS_MOST = 512,
    LETTERS_MOST = 16,
    LETTER_HEADERS_MOST = 24,
    SETTLED_MOST = 128,
    COMMITS_MOST = 128,
    NOTE_BYTES = 128,
};

struct letter_header {
    char name[NOTE_BYTES];
    char value[2048];
    size_t length;
    bool is_null;
};

/* A record that was handed over to be kept. */
struct letter {
    uint64_t serial;
    int tier;
    int32_t partition;
    char key[NOTE_BYTES], value[1024];
    size_t key_length, value_length;
    bool has_key, has_value;
    struct letter_header headers[LETTER_HEADERS_MOST];
    size_t header_count;
};

/* A settlement, its texts copied. */
struct settled {
    char environment[NOTE_BYTES];
    int topic;
    int32_t partition;
    int64_t offset;
    struct guid user, group;
    enum outcome outcome;
    char reason[NOTE_BYTES], detail[NOTE_BYTES], request_id[NOTE_BYTES];
    int attempts;
    int64_t event_ms;
};

struct committed {
    int topic;
    int32_t partition;
    int64_t offset;
    uint64_t serial;
};

struct scripted {
    struct call *flights[FLIGHTS_MOST]; /* in flight, in order of sending */
    size_t flight_count;
    size_t sent[CALL_KINDS]; /* in all */
    size_t canceled;
    char last_token[NOTE_BYTES]; /* what the last call but one for a token was sent with */
    struct letter letters[LETTERS_MOST];
    size_t letter_count;
    struct settled settled[SETTLED_MOST];
    size_t settled_count;
    struct committed commits[COMMITS_MOST];
    size_t commit_count;
    size_t runs;
    char run_outcome[NOTE_BYTES], run_changes[NOTE_BYTES],
        run_request_id[NOTE_BYTES]; /* of the last run */
    int run_calls;
    int64_t run_took_ms;
    size_t failures;
    char failure_next[NOTE_BYTES]; /* of the last one */
    int64_t failure_next_ms;
    size_t answered;
    /* what the test asks for */
    bool refuses_send, refuses_keep;
    bool has_no_secret; /* a token cannot even be asked for */
};

/* Ports that write into ${scripted}, which is all zero at first. */
struct ports scripted_ports(struct scripted *scripted);

/* Calls of ${kind} in flight. */
size_t scripted_flying(const struct scripted *scripted, enum call_kind kind);

/* Takes the oldest call of ${kind} out of the air, which must be there; the test answers it. */
struct call *scripted_land(struct scripted *scripted, enum call_kind kind);

/* Header ${name} of ${letter}, the last of that name; NULL: it has none. */
const char *letter_header(const struct letter *letter, const char *name);

/* The ${index}th settlement ended so. */
void assert_settled(const struct scripted *scripted, size_t index, enum outcome outcome,
                    const char *reason);

#endif
