/*
 * The published limits, and whether callers obey what they were told: windows of calls and
 * execution time, calls at once, resource units, and the instants before which an application may
 * not call again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model_private.h"

enum {
    CONCURRENT_RETRY_MS = 2000,
    GRAPH_SPAN_MS = 10000,
    FIRST_CAPACITY = 64,
};

/* --- what the caller was told: L-6 ------------------------------------------------------------ */

static void
note_ban(struct lane *lane, const struct ban *ban, int64_t now_ms)
{
    size_t kept = 0;

    for (size_t i = 0; i < lane->ban_count; i++)
        if (lane->bans[i].not_before_ms > now_ms)
            lane->bans[kept++] = lane->bans[i];
    if (kept == LANE_BANS)
        kept--; /* the latest takes the place of the one before */
    lane->bans[kept++] = *ban;
    lane->ban_count = kept;
}

/* How long all calls are refused yet. */
static int64_t
banned_for_ms(const struct lane *lane, int64_t now_ms)
{
    int64_t longest_ms = 0;

    for (size_t i = 0; i < lane->ban_count; i++)
        if (lane->bans[i].is_refusing && lane->bans[i].not_before_ms - now_ms > longest_ms)
            longest_ms = lane->bans[i].not_before_ms - now_ms;
    return longest_ms;
}

static bool
is_early(const struct lane *lane, int64_t now_ms, int64_t grace_ms)
{
    for (size_t i = 0; i < lane->ban_count; i++)
        if (lane->bans[i].told_at_ms + grace_ms <= now_ms && now_ms < lane->bans[i].not_before_ms)
            return true;
    return false;
}

/* What the answer tells; false: nothing. */
static bool
read_ban(const struct call *call, int64_t after_ms, struct ban *ret_ban)
{
    int status = call->response->status;
    int64_t wait_ms;

    if (status != 429 && status != 503)
        return false;
    wait_ms = http_retry_after_ms(&call->response->headers, call->model->now.wall_ms);
    ret_ban->told_at_ms = NOW_MS(call) + after_ms;
    ret_ban->not_before_ms = NOW_MS(call) + wait_ms;
    ret_ban->is_refusing = status == 429;
    return wait_ms > 0;
}

/* --- refusing --------------------------------------------------------------------------------- */

/* Whole seconds, rounded up, as Dataverse and the admin API send them. */
static void
refuse(struct call *call, const char *code, int64_t wait_ms)
{
    model_reply_error(call, 429, code, "Rate limit is exceeded. Try again later.");
    model_reply_header(call, "Retry-After", "%lld", (long long)((wait_ms + 999) / 1000));
}

static void
refuse_over_limit(struct call *call, const char *code, int64_t wait_ms)
{
    model_ledger_offend(call, MODEL_OFFENCE_OVER_LIMIT);
    refuse(call, code, wait_ms);
}

static const char *
code_of(const struct call *call)
{
    return call->service == MODEL_DATAVERSE ? "0x80072322" : "TooManyRequests";
}

/* --- the ring of calls ------------------------------------------------------------------------ */

static struct lane_call *
call_at(const struct lane *lane, size_t i)
{
    return &lane->calls[(lane->first + i) % lane->capacity];
}

static void
prune(struct lane *lane, int64_t now_ms, int64_t window_ms)
{
    while (lane->count > 0 && now_ms - call_at(lane, 0)->at_ms >= window_ms) {
        lane->execution_ms -= call_at(lane, 0)->execution_ms;
        lane->first = (lane->first + 1) % lane->capacity;
        lane->count--;
    }
}

static bool
grow_ring(struct lane *lane)
{
    size_t capacity = lane->capacity == 0 ? FIRST_CAPACITY : 2 * lane->capacity;
    struct lane_call *calls;

    if (lane->count < lane->capacity)
        return true;
    calls = malloc(capacity * sizeof(*calls));
    if (calls == NULL)
        return false;
    for (size_t i = 0; i < lane->count; i++)
        calls[i] = *call_at(lane, i);
    free(lane->calls);
    lane->calls = calls;
    lane->first = 0;
    lane->capacity = capacity;
    return true;
}

static bool
note_call(struct lane *lane, int64_t now_ms)
{
    if (!grow_ring(lane))
        return false;
    lane->count++;
    *call_at(lane, lane->count - 1) = (struct lane_call){now_ms, 0};
    return true;
}

/* The call never reached the service. */
static void
forget_call(struct call *call)
{
    if (call->is_counted)
        call->lane->count--;
}

static void
note_end(struct lane *lane, int64_t end_ms)
{
    if (lane->in_flight == lane->ends_capacity) {
        size_t capacity = lane->ends_capacity == 0 ? FIRST_CAPACITY : 2 * lane->ends_capacity;
        int64_t *ends_ms = realloc(lane->ends_ms, capacity * sizeof(*ends_ms));

        if (ends_ms == NULL)
            return;
        lane->ends_ms = ends_ms;
        lane->ends_capacity = capacity;
    }
    lane->ends_ms[lane->in_flight++] = end_ms;
}

static size_t
count_in_flight(struct lane *lane, int64_t now_ms)
{
    size_t kept = 0;

    for (size_t i = 0; i < lane->in_flight; i++)
        if (lane->ends_ms[i] > now_ms)
            lane->ends_ms[kept++] = lane->ends_ms[i];
    lane->in_flight = kept;
    return kept;
}

/* --- Dataverse: L-1 to L-3 -------------------------------------------------------------------- */

/* How long until the summed execution time of the window is below the limit: L-2. */
static int64_t
execution_wait_ms(const struct lane *lane, const struct model_settings *settings, int64_t now_ms)
{
    int64_t over_ms = lane->execution_ms - settings->dataverse_execution_ms;
    size_t i = 0;

    while (i + 1 < lane->count && over_ms >= call_at(lane, i)->execution_ms) {
        over_ms -= call_at(lane, i)->execution_ms;
        i++;
    }
    return call_at(lane, i)->at_ms + settings->dataverse_window_ms - now_ms;
}

static bool
enter_dataverse(struct call *call)
{
    const struct model_settings *settings = &call->model->settings;
    struct lane *lane = call->lane;
    int64_t now_ms = NOW_MS(call);

    prune(lane, now_ms, settings->dataverse_window_ms);
    if (lane->count > 0 && (int64_t)lane->count >= settings->dataverse_requests) {
        refuse_over_limit(call, "0x80072322",
                          call_at(lane, 0)->at_ms + settings->dataverse_window_ms - now_ms);
        return false;
    }
    if (lane->count > 0 && lane->execution_ms >= settings->dataverse_execution_ms) {
        refuse_over_limit(call, "0x80072321", execution_wait_ms(lane, settings, now_ms));
        return false;
    }
    if ((int64_t)count_in_flight(lane, now_ms) >= settings->dataverse_concurrent) {
        refuse_over_limit(call, "0x80072326", CONCURRENT_RETRY_MS);
        return false;
    }
    call->is_counted = note_call(lane, now_ms);
    return true;
}

/* What is left, for this application user: L-9. */
static void
leave_dataverse(struct call *call, int64_t after_ms)
{
    const struct model_settings *settings = &call->model->settings;
    struct lane *lane = call->lane;
    int64_t requests_left, execution_left_ms;

    if (settings->dop_hint > 0)
        model_reply_header(call, "x-ms-dop-hint", "%lld", (long long)settings->dop_hint);
    if (!call->is_counted)
        return;
    call_at(lane, lane->count - 1)->execution_ms += after_ms;
    lane->execution_ms += after_ms;
    note_end(lane, NOW_MS(call) + after_ms);
    requests_left = settings->dataverse_requests - (int64_t)lane->count;
    execution_left_ms = settings->dataverse_execution_ms - lane->execution_ms;
    model_reply_header(call, "x-ms-ratelimit-burst-remaining-xrm-requests", "%lld",
                       (long long)(requests_left > 0 ? requests_left : 0));
    model_reply_header(call, "x-ms-ratelimit-time-remaining-xrm-requests", "%lld.%03lld",
                       (long long)(execution_left_ms > 0 ? execution_left_ms / 1000 : 0),
                       (long long)(execution_left_ms > 0 ? execution_left_ms % 1000 : 0));
}

/* --- the admin API: L-4 ----------------------------------------------------------------------- */

static bool
enter_bap(struct call *call)
{
    const struct model_settings *settings = &call->model->settings;
    struct lane *lane = call->lane;

    if (strcmp(call->entry.route, "addUser") != 0)
        return true;
    prune(lane, NOW_MS(call), settings->force_sync_window_ms);
    if (lane->count > 0 && (int64_t)lane->count >= settings->force_sync_calls) {
        refuse_over_limit(call, "TooManyRequests",
                          call_at(lane, 0)->at_ms + settings->force_sync_window_ms - NOW_MS(call));
        return false;
    }
    call->is_counted = note_call(lane, NOW_MS(call));
    return true;
}

/* --- Graph: L-5 ------------------------------------------------------------------------------- */

static void
fill_bucket(struct lane *lane, int64_t now_ms, double full)
{
    if (!lane->is_filled)
        lane->units = full;
    else
        lane->units += (double)(now_ms - lane->filled_at_ms) * full / GRAPH_SPAN_MS;
    if (lane->units > full)
        lane->units = full;
    lane->is_filled = true;
    lane->filled_at_ms = now_ms;
}

/* Whose bucket is empty. */
static void
add_throttle_scope(struct call *call)
{
    char client[GUID_TEXT_BYTES], tenant[GUID_TEXT_BYTES];

    model_reply_header(call, "x-ms-throttle-scope", "Tenant_Application/ReadWrite/%s/%s",
                       guid_format(&call->application->client, client),
                       guid_format(&call->application->tenant, tenant));
    model_reply_header(call, "x-ms-throttle-information", "ResourceUnitLimitExceeded");
}

bool
model_limits_spend(struct call *call, int units)
{
    double full = (double)call->model->settings.graph_units;
    struct lane *lane = call->lane;

    if (lane == NULL || call->model->settings.limits == 0)
        return true;
    fill_bucket(lane, NOW_MS(call), full);
    if (lane->units < units) {
        double wait_s = (units - lane->units) / full * GRAPH_SPAN_MS / 1000 + 0.001;

        model_ledger_offend(call, MODEL_OFFENCE_OVER_LIMIT);
        model_reply_error(call, 429, "TooManyRequests", "Too many requests");
        model_reply_header(call, "Retry-After", "%.3f", wait_s);
        add_throttle_scope(call);
        return false;
    }
    lane->units -= units;
    model_reply_header(call, "x-ms-resource-unit", "%d", units);
    if (lane->units <= full * 0.2)
        model_reply_header(call, "x-ms-throttle-limit-percentage", "%.1f", 1 - lane->units / full);
    return true;
}

/* --- all of them ------------------------------------------------------------------------------ */

bool
model_limits_enter(struct call *call)
{
    const struct model_settings *settings = &call->model->settings;
    struct lane *lane = call->lane;
    int64_t wait_ms;

    if (lane == NULL)
        return true;
    wait_ms = banned_for_ms(lane, NOW_MS(call));
    if (is_early(lane, NOW_MS(call), settings->early_grace_ms)) {
        model_ledger_offend(call, MODEL_OFFENCE_EARLY);
        wait_ms += wait_ms > 0 ? settings->early_penalty_ms : 0;
    }
    if (wait_ms > 0) {
        refuse(call, code_of(call), wait_ms);
        return false;
    }
    if (settings->limits == 0)
        return true;
    if (call->service == MODEL_DATAVERSE)
        return enter_dataverse(call);
    return call->service != MODEL_BAP || enter_bap(call);
}

/* The batch's answer never arrives, so nobody was told what its items said. */
static void
untell_items(struct call *call)
{
    struct lane *lane = call->lane;

    for (size_t i = 0; i < lane->item_ban_count; i++)
        if (lane->item_bans[i].ban.told_at_ms == NOW_MS(call))
            lane->item_bans[i].ban.not_before_ms = 0;
}

void
model_limits_leave(struct call *call, int64_t after_ms)
{
    struct ban ban;

    if (call->lane == NULL)
        return;
    if (call->response->status == 0)
        untell_items(call);
    if (call->response->transport == HTTP_NOT_SENT) {
        forget_call(call);
        return;
    }
    if (read_ban(call, after_ms, &ban)) {
        call->entry.told_ms = ban.not_before_ms - NOW_MS(call);
        note_ban(call->lane, &ban, NOW_MS(call));
    }
    if (call->service == MODEL_DATAVERSE && call->model->settings.limits != 0)
        leave_dataverse(call, after_ms);
}

/* --- items of a Graph batch: G-10 ------------------------------------------------------------- */

static struct item_ban *
find_item_ban(const struct call *part)
{
    struct lane *lane = part->lane;

    for (size_t i = 0; lane != NULL && i < lane->item_ban_count; i++)
        if (guid_equal(&lane->item_bans[i].user, &part->entry.user) &&
            strcmp(lane->item_bans[i].route, part->entry.route) == 0)
            return &lane->item_bans[i];
    return NULL;
}

bool
model_limits_enter_item(struct call *part)
{
    const struct item_ban *item = find_item_ban(part);
    int64_t grace_ms = part->model->settings.early_grace_ms;

    if (item == NULL || NOW_MS(part) >= item->ban.not_before_ms ||
        NOW_MS(part) < item->ban.told_at_ms + grace_ms)
        return true;
    model_ledger_offend(part, MODEL_OFFENCE_EARLY);
    refuse(part, code_of(part),
           item->ban.not_before_ms - NOW_MS(part) + part->model->settings.early_penalty_ms);
    return false;
}

/* The place of an item that was told before, or of one whose time has passed, or a new one. */
static struct item_ban *
item_place(struct call *part)
{
    struct lane *lane = part->lane;
    struct item_ban *place = find_item_ban(part);

    for (size_t i = 0; place == NULL && i < lane->item_ban_count; i++)
        if (lane->item_bans[i].ban.not_before_ms <= NOW_MS(part))
            place = &lane->item_bans[i];
    if (place != NULL)
        return place;
    if (lane->item_ban_count == lane->item_ban_capacity) {
        size_t capacity = lane->item_ban_capacity == 0 ? 16 : 2 * lane->item_ban_capacity;
        struct item_ban *grown = realloc(lane->item_bans, capacity * sizeof(*grown));

        if (grown == NULL)
            return NULL;
        lane->item_bans = grown;
        lane->item_ban_capacity = capacity;
    }
    return &lane->item_bans[lane->item_ban_count++];
}

void
model_limits_leave_item(struct call *part)
{
    struct item_ban *place;
    struct ban ban;

    if (part->lane == NULL || !read_ban(part, 0, &ban))
        return;
    part->entry.told_ms = ban.not_before_ms - NOW_MS(part);
    place = item_place(part);
    if (place != NULL)
        *place = (struct item_ban){part->entry.user, part->entry.route, ban};
}

void
model_limits_free(struct lane *lane)
{
    free(lane->calls);
    free(lane->ends_ms);
    free(lane->item_bans);
    memset(lane, 0, sizeof(*lane));
}
