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
#include "parked.h"
#include "text.h"
#include "timestamp.h"

enum { OUR_HEADERS = 14, TEXT_LIMIT = 1024 };

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
    add_text(headers, PARKED_ORIGIN "topic", core->topics[payload->topic]);
    add_number(headers, "dvsync-origin-partition", payload->partition);
    add_number(headers, "dvsync-origin-offset", payload->offset);
    add_number(headers, "dvsync-origin-timestamp", payload->timestamp_ms);
    add_text(headers, "dvsync-origin-group", core->settings->group_id);
}

/* ${before}: what was said when it was kept the last time. */
static void
add_reason(struct headers *headers, const struct keep_reason *reason, const struct parked *before)
{
    if (reason->environment != NULL)
        add_text(headers, "dvsync-environment", reason->environment->name);
    add_text(headers, "dvsync-error-class", reason->class);
    add_text(headers, "dvsync-error-code", reason->code);
    add_text(headers, "dvsync-error-text", reason->text);
    add_number(headers, "dvsync-attempts", before->attempts + reason->attempts);
    add_number(headers, "dvsync-parkings", reason->to.parkings);
    add_time(headers, "dvsync-first-failure",
             before->first_failure_ms != 0 ? before->first_failure_ms : reason->first_failure_ms);
    add_time(headers, "dvsync-last-failure", reason->last_failure_ms);
}

/* What a record that was kept before says of that; of one that cannot be read nothing is replaced. */
static struct parked
parked_before(const struct kafka_header *headers, size_t count)
{
    struct parked parked;
    struct error error;

    if (parked_read(headers, count, &parked, &error) == -1)
        parked = (struct parked){.origin_ms = -1};
    return parked;
}

static bool
is_replaced(const struct kafka_header *header)
{
    return parked_is_ours(header) &&
           strncmp(header->name, PARKED_ORIGIN, strlen(PARKED_ORIGIN)) != 0;
}

/* Takes those out that ours replace; how many are left. */
static size_t
drop_replaced(struct kafka_header *headers, size_t count)
{
    size_t left = 0;

    for (size_t i = 0; i < count; i++) {
        if (!is_replaced(&headers[i]))
            headers[left++] = headers[i];
    }
    return left;
}

static size_t
append(const struct headers *ours, struct kafka_header *all, size_t count)
{
    for (size_t i = 0; i < ours->count; i++) {
        const char *value = ours->text.data + ours->starts[i];

        all[count++] = (struct kafka_header){ours->names[i], value, strlen(value)};
    }
    return count;
}

static bool
hand_over(struct keeper *keeper, const struct keeping *keeping, int tier,
          const struct kafka_header *headers, size_t header_count)
{
    const struct payload *payload = keeping->payload;
    struct kept_record record = {
        .tier = tier,
        .partition = payload->partition,
        .key = payload_key(payload),
        .key_length = payload->key_length,
        .value = payload_value(payload),
        .value_length = payload->value_length,
        .headers = headers,
        .header_count = header_count,
        .serial = keeping->serial,
    };

    return keeper->core->ports.keep(keeper->core->ports.context, &record);
}

static bool
write_record(struct keeper *keeper, const struct keeping *keeping, const struct keep_reason *reason)
{
    const struct payload *payload = keeping->payload;
    size_t count = payload->header_count;
    struct kafka_header *all = calloc(count + OUR_HEADERS, sizeof(all[0]));
    struct headers ours = {.text = TEXT_EMPTY};
    struct parked before;
    bool is_taken = false;

    if (all == NULL)
        return false;
    payload_headers(payload, all);
    before = parked_before(all, count);
    add_text(&ours, PARKED_FORMAT, PARKED_VERSION);
    if (before.is_kept)
        count = drop_replaced(all, count);
    else
        add_origin(&ours, keeper->core, payload);
    add_reason(&ours, reason, &before);
    if (!ours.text.failed)
        is_taken = hand_over(keeper, keeping, reason->to.tier, all, append(&ours, all, count));
    text_free(&ours.text);
    free(all);
    return is_taken;
}

/* On a retry topic; a copy on another topic has all its chances again. */
static int64_t
parkings_of(const struct keeper *keeper, const struct payload *payload)
{
    struct kafka_header *headers;
    int64_t parkings;

    if (core_tier_of(keeper->core, payload->topic) < 0)
        return 0;
    headers = calloc(payload->header_count + 1, sizeof(headers[0]));
    if (headers == NULL)
        return 0;
    payload_headers(payload, headers);
    parkings = parked_before(headers, payload->header_count).parkings;
    free(headers);
    return parkings;
}

struct destination
keeper_destination(const struct keeper *keeper, const struct payload *payload, enum verdict verdict)
{
    const struct engine_settings *settings = keeper->core->settings;
    int64_t parkings = parkings_of(keeper, payload);
    bool is_counted = verdict != VERDICT_MISCONFIGURED;
    int64_t before = is_counted || parkings == 0 ? parkings : parkings - 1;
    int tier = verdict == VERDICT_REJECTED
                   ? TO_DEAD_LETTERS
                   : tier_after(settings->tiers, settings->tier_count, before);

    if (tier == TO_DEAD_LETTERS && !settings->has_dead_letters)
        tier = TO_NOWHERE;
    return (struct destination){tier, parkings + (tier >= 0 && is_counted)};
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
