/*
 * An engine with the double where the wire would be: a request takes effect when it is sent, its answer arrives later, and a killed replica never sees it.
 */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "json.h"
#include "simulation.h"

static void
drop_call(struct sim_call *flight)
{
    timer_cancel(flight->replica->simulation->timers, &flight->timer);
    list_remove(&flight->link);
    http_response_free(&flight->response);
    flight->call->wire = NULL;
    free(flight);
}

static void
arrive(struct timer *timer, void *arg)
{
    struct sim_call *flight = arg;
    struct replica *replica = flight->replica;
    struct simulation *simulation = replica->simulation;
    struct call *call = flight->call;

    (void)timer;
    check_answer(replica, call, &flight->response);
    services_read(&simulation->services, call, &flight->response, simulation->clock.wall_ms);
    if (call->kind == CALL_SOURCES && call->verdict == VERDICT_DONE)
        check_items(replica, call);
    simulation_say(simulation, "r%d %s user %02x answered %d %s %s", replica->index,
                   call_kind_name(call->kind), call->user.bytes[15], flight->response.status,
                   verdict_name(call->verdict),
                   call->verdict == VERDICT_DONE ? "" : call->error.text);
    drop_call(flight);
    engine_answered(replica->engine, call);
}

static bool
send(void *context, struct call *call, const char *token)
{
    struct replica *replica = context;
    struct simulation *simulation = replica->simulation;
    struct http_request request = HTTP_REQUEST_EMPTY;
    struct sim_row before = check_before(simulation, call);
    struct sim_call *flight;
    struct error error;
    int64_t after_ms;

    check_send(replica, call);
    if (services_build(&simulation->services, call, token == NULL ? SIM_SECRET : token, &request,
                       &error) != 0) {
        simulation_violation(simulation, "a %s could not be built: %s", call_kind_name(call->kind),
                             error.text);
        http_request_free(&request);
        return false;
    }
    flight = calloc(1, sizeof(*flight));
    if (flight == NULL)
        abort();
    flight->replica = replica;
    flight->call = call;
    list_init(&flight->link);
    list_add_last(&replica->calls, &flight->link);
    timer_init(&flight->timer, arrive, flight);
    model_answer(simulation->model, &request, &simulation->clock, &flight->response, &after_ms);
    http_request_free(&request);
    check_after(simulation, call, &before);
    call->wire = flight;
    replica->calls_made++;
    if (timer_set(simulation->timers, &flight->timer, simulation->clock.mono_ms + after_ms) != 0)
        abort();
    return true;
}

static void
cancel(void *context, struct call *call)
{
    check_cancel(context, call);
    drop_call(call->wire);
}

/* --- letters ------------------------------------------------------------------------------------- */

static void
answer_letter(struct timer *timer, void *arg)
{
    struct sim_answer *answer = arg;
    struct replica *replica = answer->replica;
    struct error error;

    (void)timer;
    list_remove(&answer->link);
    error_set(&error, ERROR_KAFKA, "the message was not acknowledged");
    if (answer->is_ok)
        check_kept(answer);
    engine_kept(replica->engine, answer->serial, answer->is_ok ? NULL : &error);
    free(answer);
}

/* Ours come after those that it had. */
const char *
letter_header(const struct kept_record *record, const char *name)
{
    for (size_t i = record->header_count; i-- > 0;) {
        if (strcmp(record->headers[i].name, name) == 0)
            return record->headers[i].value;
    }
    return "";
}

static int64_t
number(const struct kept_record *record, const char *name)
{
    return strtoll(letter_header(record, name), NULL, 10);
}

/* One that cannot be decoded is always the record of its origin. */
static struct sim_record *
origin_of(struct simulation *simulation, const struct kept_record *record)
{
    int topic = strcmp(letter_header(record, "dvsync-origin-topic"), "events") == 0 ? 0 : 1;

    return broker_record(simulation, topic, (int32_t)number(record, "dvsync-origin-partition"),
                         number(record, "dvsync-origin-offset"));
}

/* Whose event it is, and which environment owes it. */
static void
identify(struct simulation *simulation, const struct kept_record *record, struct sim_answer *answer)
{
    struct json_parser *parser = json_parser_create(EVENT_MAX_DEPTH, EVENT_MAX_BYTES);
    const struct message message = {.value = record->value, .value_length = record->value_length};
    int64_t origin_ms = number(record, "dvsync-origin-timestamp");
    struct event event;
    struct error error;

    answer->user_index = -1;
    if (event_decode(parser, &message, &event, &error) == 0) {
        answer->user_index = event.user.bytes[15];
        answer->group_index = event.group.bytes[15];
        answer->environment =
            world_environment(simulation, letter_header(record, "dvsync-environment"));
        answer->latest_ms = event.time_ms > origin_ms ? event.time_ms : origin_ms;
    } else {
        answer->undecodable = origin_of(simulation, record);
    }
    json_parser_destroy(parser);
}

/* A record whose report is bad may be there all the same. */
static bool
keep(void *context, const struct kept_record *record)
{
    struct replica *replica = context;
    struct simulation *simulation = replica->simulation;
    struct sim_answer *answer = calloc(1, sizeof(*answer));
    bool is_bad = !simulation->is_quiet && simulation->has_bad_letters;

    if (answer == NULL)
        abort();
    simulation->letters++;
    *answer = (struct sim_answer){.replica = replica, .serial = record->serial, .is_letter = true};
    identify(simulation, record, answer);
    check_keep(answer, record);
    answer->is_ok = !(is_bad && rng_below(&simulation->rng, 3) == 0);
    if (record->tier >= 0 && (answer->is_ok || rng_below(&simulation->rng, 2) == 0))
        answer->is_ok = retry_park(simulation, record) && answer->is_ok;
    list_init(&answer->link);
    list_add_last(&replica->answers, &answer->link);
    timer_init(&answer->timer, answer_letter, answer);
    if (timer_set(simulation->timers, &answer->timer, simulation->clock.mono_ms + 20) != 0)
        abort();
    return true;
}

/* --- observing ----------------------------------------------------------------------------------- */

static void
settled(void *context, const struct settlement *settlement)
{
    struct replica *replica = context;

    replica->simulation->outcomes[settlement->outcome]++;
    simulation_say(replica->simulation, "r%d settled %d/%d@%lld user %02x group %02x %s %s %s",
                   replica->index, settlement->topic, settlement->partition,
                   (long long)settlement->offset, settlement->user.bytes[15],
                   settlement->group.bytes[15], outcome_name(settlement->outcome),
                   settlement->reason, settlement->detail);
    check_settlement(replica, settlement);
}

static void
ran(void *context, const struct run_report *report)
{
    struct replica *replica = context;

    simulation_say(replica->simulation, "r%d ran %s for user %02x: %s (%s)", replica->index,
                   report->environment->name, report->user.bytes[15], report->outcome,
                   report->changes);
}

static void
failed(void *context, const struct call_report *report)
{
    struct replica *replica = context;

    simulation_say(replica->simulation, "r%d %s failed, attempt %d: %s", replica->index,
                   report->step, report->attempt, report->next);
}

static void
answered(void *context, const struct call *call, int64_t took_ms)
{
    (void)context;
    (void)call;
    (void)took_ms;
}

/* --- life ---------------------------------------------------------------------------------------- */

void
replica_start(struct simulation *simulation, struct replica *replica)
{
    static const char *const topics[TOPICS] = {"events", "events.backfill", "retry.1m",
                                               "retry.10m"};
    struct engine_setup setup = {
        .settings = &simulation->settings,
        .routing = &simulation->routing,
        .topics = topics,
        .topic_count = (size_t)simulation->topic_count,
        .clock = &simulation->clock,
        .bap_scope = "https://service.powerapps.com/.default",
        .graph_scope = "https://graph.test/.default",
        .ports = {replica, send, cancel, keep, broker_commit, settled, ran, failed, answered},
        .seed = rng_next(&simulation->rng),
    };
    struct error error;

    replica->simulation = simulation;
    replica->index = (int)(replica - simulation->replicas);
    list_init(&replica->calls);
    list_init(&replica->answers);
    memset(replica->position, 0xff, sizeof(replica->position));
    memset(replica->notes, 0, sizeof(replica->notes));
    memset(replica->lanes, 0, sizeof(replica->lanes));
    replica->open = 0;
    replica->is_ending = false;
    timer_init(&replica->stop, NULL, replica);
    replica->engine = engine_create(&setup, &error);
    if (replica->engine == NULL)
        abort();
    simulation_say(simulation, "r%d starts", replica->index);
}

void
replica_kill(struct replica *replica)
{
    struct simulation *simulation = replica->simulation;

    if (replica->engine == NULL)
        return;
    simulation_say(simulation, "r%d is killed", replica->index);
    replica->generation++;
    replica->is_ending = true;
    engine_destroy(replica->engine);
    replica->engine = NULL;
    timer_cancel(simulation->timers, &replica->stop);
    list_for_each(link, following, &replica->calls)
        drop_call(list_entry(link, struct sim_call, link));
    list_for_each(link, following, &replica->answers)
    {
        struct sim_answer *answer = list_entry(link, struct sim_answer, link);

        timer_cancel(simulation->timers, &answer->timer);
        list_remove(&answer->link);
        free(answer);
    }
}
