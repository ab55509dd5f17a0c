/*
 * A keeping lives from the moment its record was handed to the producer until the delivery report; they are few, so a list does. Our
 * headers are written into one text and point into it.
 */
#include "keep.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"
#include "text.h"
#include "timestamp.h"

/* Version of the header format; a reader must refuse what it does not know. */
#define FORMAT "1"
#define ORIGIN_MARK "dvsync-origin-topic"

enum { OUR_HEADERS = 13, TEXT_LIMIT = 1024 };

struct keeping {
    struct link link;
    uint64_t serial;
    struct payload *payload;
    keep_fn *done; /* NULL: forgotten */
    void *arg;
};

struct keeper {
    struct core *core;
    struct link keepings;
    size_t count;
    uint64_t serial;
};

/* Headers under construction: names and offsets first, since the text may move while it grows. */
struct headers {
    struct text text;
    const char *names[OUR_HEADERS];
    size_t starts[OUR_HEADERS];
    size_t count;
};

struct keeper *
keeper_create(struct core *core)
{
    struct keeper *keeper = calloc(1, sizeof(*keeper));

    if (keeper == NULL)
        return NULL;
    keeper->core = core;
    list_init(&keeper->keepings);
    return keeper;
}

static void
end(struct keeper *keeper, struct keeping *keeping)
{
    list_remove(&keeping->link);
    keeper->count--;
    payload_release(keeping->payload);
    free(keeping);
}

void
keeper_destroy(struct keeper *keeper)
{
    if (keeper == NULL)
        return;
    list_for_each(link, following, &keeper->keepings)
        end(keeper, list_entry(link, struct keeping, link));
    free(keeper);
}

static void
add_text(struct headers *headers, const char *name, const char *value)
{
    headers->names[headers->count] = name;
    headers->starts[headers->count] = headers->text.length;
    headers->count++;
    text_add_bytes(&headers->text, value, strnlen(value, TEXT_LIMIT));
    text_add_char(&headers->text, '\0');
}

static void
add_number(struct headers *headers, const char *name, int64_t number)
{
    char digits[24];

    snprintf(digits, sizeof(digits), "%" PRId64, number);
    add_text(headers, name, digits);
}

static void
add_time(struct headers *headers, const char *name, int64_t wall_ms)
{
    char text[TIMESTAMP_TEXT_BYTES];

    add_text(headers, name, timestamp_format(wall_ms, text));
}

static void
add_origin(struct headers *headers, const struct core *core, const struct payload *payload)
{
    add_text(headers, ORIGIN_MARK, core->topics[payload->topic]);
    add_number(headers, "dvsync-origin-partition", payload->partition);
    add_number(headers, "dvsync-origin-offset", payload->offset);
    add_number(headers, "dvsync-origin-timestamp", payload->timestamp_ms);
    add_text(headers, "dvsync-origin-group", core->settings->group_id);
}

static void
add_reason(struct headers *headers, const struct keep_reason *reason)
{
    if (reason->environment != NULL)
        add_text(headers, "dvsync-environment", reason->environment->name);
    add_text(headers, "dvsync-error-class", reason->class);
    add_text(headers, "dvsync-error-code", reason->code);
    add_text(headers, "dvsync-error-text", reason->text);
    add_number(headers, "dvsync-attempts", reason->attempts);
    add_time(headers, "dvsync-first-failure", reason->first_failure_ms);
    add_time(headers, "dvsync-last-failure", reason->last_failure_ms);
}

/* A record that was kept before has its origin already. */
static bool
has_origin(const struct kafka_header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(headers[i].name, ORIGIN_MARK) == 0)
            return true;
    }
    return false;
}

/* All headers of the kept record: the original ones, then ours. Room for header_count + OUR_HEADERS. */
static size_t
list_headers(const struct payload *payload, const struct headers *ours, struct kafka_header *all)
{
    payload_headers(payload, all);
    for (size_t i = 0; i < ours->count; i++) {
        const char *value = ours->text.data + ours->starts[i];

        all[payload->header_count + i] =
            (struct kafka_header){ours->names[i], value, strlen(value)};
    }
    return payload->header_count + ours->count;
}

static bool
hand_over(struct keeper *keeper, const struct keeping *keeping, const struct headers *ours,
          struct kafka_header *all)
{
    const struct payload *payload = keeping->payload;
    struct kept_record record = {
        .partition = payload->partition,
        .key = payload_key(payload),
        .key_length = payload->key_length,
        .value = payload_value(payload),
        .value_length = payload->value_length,
        .headers = all,
        .header_count = list_headers(payload, ours, all),
        .serial = keeping->serial,
    };

    return keeper->core->ports.keep(keeper->core->ports.context, &record);
}

static bool
write_record(struct keeper *keeper, const struct keeping *keeping, const struct keep_reason *reason)
{
    const struct payload *payload = keeping->payload;
    struct kafka_header *all = calloc(payload->header_count + OUR_HEADERS, sizeof(all[0]));
    struct headers ours = {.text = TEXT_EMPTY};
    bool is_taken = false;

    if (all != NULL) {
        payload_headers(payload, all);
        add_text(&ours, "dvsync-format", FORMAT);
        if (!has_origin(all, payload->header_count))
            add_origin(&ours, keeper->core, payload);
        add_reason(&ours, reason);
        is_taken = !ours.text.failed && hand_over(keeper, keeping, &ours, all);
    }
    text_free(&ours.text);
    free(all);
    return is_taken;
}

struct keeping *
keeper_keep(struct keeper *keeper, struct payload *payload, const struct keep_reason *reason,
            keep_fn *done, void *arg)
{
    struct keeping *keeping = calloc(1, sizeof(*keeping));

    if (keeping == NULL)
        return NULL;
    keeping->serial = ++keeper->serial;
    keeping->payload = payload;
    keeping->done = done;
    keeping->arg = arg;
    payload_hold(payload);
    list_init(&keeping->link);
    list_add_last(&keeper->keepings, &keeping->link);
    keeper->count++;
    if (write_record(keeper, keeping, reason))
        return keeping;
    end(keeper, keeping);
    return NULL;
}

void
keeper_forget(struct keeper *keeper, struct keeping *keeping)
{
    (void)keeper;
    keeping->done = NULL;
}

void
keeper_answered(struct keeper *keeper, uint64_t serial, const struct error *error)
{
    list_for_each(link, following, &keeper->keepings)
    {
        struct keeping *keeping = list_entry(link, struct keeping, link);
        keep_fn *done = keeping->done;
        void *arg = keeping->arg;

        if (keeping->serial != serial)
            continue;
        end(keeper, keeping);
        if (done != NULL)
            done(arg, error);
        return;
    }
}

size_t
keeper_count(const struct keeper *keeper)
{
    return keeper->count;
}
