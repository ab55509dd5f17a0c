/*
 * A record on its way in. What can be settled at once (a removal, an unrouted group, a pair that was verified lately) is, without any allocation: a
 * replay of a million events lives here. For the rest everything that may fail is reserved first, so that a record is either taken in whole or not at all.
 */
#include <stdlib.h>
#include <string.h>

#include "arrive.h"
#include "engine_private.h"
#include "membership.h"
#include "parked.h"

/* A record being taken: what it says and where it is routed. */
struct taking {
    struct engine *engine;
    const struct message *message;
    int64_t low;
    struct event event;
    int64_t record_ms; /* the record's timestamp; of a kept one its origin's */
    const struct route_id *routes;
    size_t route_count;
};

static const struct environment *
environment_of(const struct taking *taking, size_t index)
{
    return &taking->engine->core.routing->environments[taking->routes[index].environment];
}

/* The later of event and record time; what the memory's margin is held against. */
static int64_t
latest_ms(const struct taking *taking)
{
    int64_t event_ms = taking->event.time_ms;
    int64_t record_ms = taking->record_ms;

    return event_ms > record_ms ? event_ms : record_ms;
}

/* When the change came about: for want of the event's own time the record's stands in. */
static int64_t
news_ms(const struct taking *taking)
{
    return event_news_ms(taking->event.time_ms, taking->record_ms);
}

/* --- what settles at once ------------------------------------------------------------------------ */

static bool
take_entry(const struct taking *taking, struct window **ret_window, window_serial *ret_serial)
{
    const struct message *message = taking->message;

    *ret_window = offsets_take(taking->engine->offsets, message->topic, message->partition,
                               message->offset, taking->low, ret_serial);
    return *ret_window != NULL;
}

static bool
take_and_settle(const struct taking *taking)
{
    struct window *window;
    window_serial serial;

    if (!take_entry(taking, &window, &serial))
        return false;
    window_settle(window, serial);
    offsets_settled(taking->engine->offsets, window);
    return true;
}

static bool
skip(struct taking *taking, const char *reason)
{
    const struct ending ending = {
        .outcome = OUTCOME_SKIPPED, .reason = reason, .detail = "", .request_id = ""};

    if (!take_and_settle(taking))
        return false;
    ledger_report(&taking->engine->ledger, taking->message, &taking->event, NULL, &ending);
    return true;
}

/* dvsync takes no access away: a removal is skipped, but whoever waits because of the group is no longer believed. */
static bool
take_removal(struct taking *taking)
{
    if (!skip(taking, "removal"))
        return false;
    for (size_t i = 0; i < taking->route_count; i++) {
        struct site *site = taking->engine->sites[taking->routes[i].environment];

        arrive_removal(site, &taking->event.user, taking->routes[i].route, news_ms(taking));
    }
    return true;
}

static bool
is_remembered(const struct taking *taking, size_t index)
{
    return memory_covers(taking->engine->memory, environment_of(taking, index), &taking->event.user,
                         taking->routes[index].route, latest_ms(taking));
}

static void
report_remembered(const struct taking *taking, size_t index)
{
    const struct ending ending = {
        .outcome = OUTCOME_DONE, .reason = "remembered", .detail = "", .request_id = ""};

    ledger_report(&taking->engine->ledger, taking->message, &taking->event,
                  environment_of(taking, index), &ending);
}

/* --- what makes tickets -------------------------------------------------------------------------- */

/* Everything that a record with tickets needs, reserved before it is taken. */
struct reserved {
    struct record *record;
    struct payload *payload;
    struct job *jobs[]; /* by the event's routes; NULL: remembered */
};

static void
release(const struct taking *taking, struct reserved *reserved)
{
    for (size_t i = 0; i < taking->route_count; i++) {
        if (reserved->jobs[i] != NULL)
            arrive_release(taking->engine->sites[taking->routes[i].environment], reserved->jobs[i]);
    }
    payload_release(reserved->payload);
    if (reserved->record != NULL)
        record_destroy(reserved->record);
    free(reserved);
}

static bool
reserve_jobs(const struct taking *taking, struct reserved *reserved)
{
    for (size_t i = 0; i < taking->route_count; i++) {
        if (is_remembered(taking, i))
            continue;
        reserved->jobs[i] = arrive_reserve(taking->engine->sites[taking->routes[i].environment],
                                           &taking->event.user);
        if (reserved->jobs[i] == NULL)
            return false;
    }
    return true;
}

static struct reserved *
reserve(const struct taking *taking, int32_t ticket_count)
{
    struct reserved *reserved =
        calloc(1, sizeof(*reserved) + taking->route_count * sizeof(reserved->jobs[0]));

    if (reserved == NULL)
        return NULL;
    reserved->record = record_create(ticket_count);
    reserved->payload = payload_create(taking->message, &taking->engine->ledger.bytes);
    if (reserved->record != NULL && reserved->payload != NULL && reserve_jobs(taking, reserved))
        return reserved;
    release(taking, reserved);
    return NULL;
}

static void
hang_ticket(const struct taking *taking, struct reserved *reserved, size_t index,
            struct ticket *ticket)
{
    const struct core *core = &taking->engine->core;

    ticket->route = taking->routes[index].route;
    ticket->is_doubted = membership_is_doubtful(core->settings, core->clock, taking->event.time_ms);
    ticket->payload = reserved->payload;
    payload_hold(reserved->payload);
    arrive_ticket(taking->engine->sites[taking->routes[index].environment], reserved->jobs[index],
                  ticket);
}

/* From here on nothing fails. */
static void
open_record(const struct taking *taking, struct reserved *reserved, struct window *window,
            window_serial serial)
{
    struct record *record = reserved->record;
    int32_t next = 0;

    record_bind(record, window, serial);
    record->event_ms = taking->event.time_ms;
    record->record_ms = taking->record_ms;
    ledger_open(&taking->engine->ledger, record);
    for (size_t i = 0; i < taking->route_count; i++) {
        if (reserved->jobs[i] == NULL)
            report_remembered(taking, i);
        else
            hang_ticket(taking, reserved, i, &record->tickets[next++]);
    }
    payload_release(reserved->payload);
    free(reserved);
}

static bool
take_tickets(const struct taking *taking, int32_t ticket_count)
{
    struct reserved *reserved = reserve(taking, ticket_count);
    struct window *window;
    window_serial serial;

    if (reserved == NULL)
        return false;
    if (!take_entry(taking, &window, &serial)) {
        release(taking, reserved);
        return false;
    }
    open_record(taking, reserved, window, serial);
    return true;
}

static bool
take_addition(struct taking *taking)
{
    int32_t ticket_count = 0;

    for (size_t i = 0; i < taking->route_count; i++)
        ticket_count += !is_remembered(taking, i);
    if (ticket_count > 0)
        return take_tickets(taking, ticket_count);
    if (!take_and_settle(taking))
        return false;
    for (size_t i = 0; i < taking->route_count; i++)
        report_remembered(taking, i);
    return true;
}

/* --- what cannot be decoded ---------------------------------------------------------------------- */

static bool
take_stray(const struct taking *taking, const struct error *error)
{
    struct stray *stray = strays_reserve(taking->engine->strays, taking->message);
    struct window *window;
    window_serial serial;

    if (stray == NULL)
        return false;
    if (!take_entry(taking, &window, &serial)) {
        strays_release(stray);
        return false;
    }
    strays_take(taking->engine->strays, stray, window, serial, error);
    return true;
}

/* --- any record ---------------------------------------------------------------------------------- */

/* A kept record is owed by one environment only, if that is still among the group's. */
static void
keep_owed_route(struct taking *taking, const struct parked *parked)
{
    size_t count = taking->route_count;

    if (parked->environment == NULL)
        return;
    taking->route_count = 0;
    for (size_t i = 0; i < count; i++) {
        const char *name = environment_of(taking, i)->name;

        if (strlen(name) != parked->environment_length ||
            memcmp(name, parked->environment, parked->environment_length) != 0)
            continue;
        taking->routes += i;
        taking->route_count = 1;
        return;
    }
}

static int
decode(struct engine *engine, struct taking *taking, struct error *ret_error)
{
    const struct message *message = taking->message;
    struct parked parked;

    if (event_decode(engine->parser, message, &taking->event, ret_error) != 0 ||
        parked_read(message->headers, message->header_count, &parked, ret_error) == -1)
        return -1;
    taking->record_ms = parked.is_kept ? parked.origin_ms : message->timestamp_ms;
    taking->route_count = routing_find(engine->core.routing, &taking->event.group, &taking->routes);
    keep_owed_route(taking, &parked);
    return 0;
}

bool
engine_take(struct engine *engine, const struct message *message, int64_t low)
{
    struct taking taking = {.engine = engine, .message = message, .low = low};
    struct error error;

    if (decode(engine, &taking, &error) != 0)
        return error.class != ERROR_MEMORY && take_stray(&taking, &error);
    if (taking.event.is_not_user)
        return skip(&taking, "not_a_user");
    if (taking.event.change == EVENT_REMOVED)
        return take_removal(&taking);
    if (taking.route_count == 0)
        return skip(&taking, "unrouted");
    return take_addition(&taking);
}
