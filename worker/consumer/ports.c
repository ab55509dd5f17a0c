/*
 * The engine knows one context; here it is the worker, and each port goes on to the part that
 * serves it.
 */
#include "engine.h"
#include "intake.h"
#include "publisher.h"
#include "wire.h"
#include "worker_private.h"

static bool
send_call(void *context, struct call *call, const char *token)
{
    struct worker *worker = context;

    return wire_send(worker->wire, call, token);
}

static void
cancel_call(void *context, struct call *call)
{
    struct worker *worker = context;

    wire_cancel(worker->wire, call);
}

static bool
keep_record(void *context, const struct kept_record *record)
{
    struct worker *worker = context;

    return worker->publisher != NULL && publisher_keep(worker->publisher, record);
}

static void
commit_offsets(void *context, const struct offset_commit *commits, size_t count, uint64_t serial)
{
    struct worker *worker = context;

    intake_commit(worker->intake, commits, count, serial);
}

static void
observe_settled(void *context, const struct settlement *settlement)
{
    struct worker *worker = context;

    observer_settled(worker->observer, settlement);
}

static void
observe_ran(void *context, const struct run_report *report)
{
    struct worker *worker = context;

    observer_ran(worker->observer, report);
}

static void
observe_failed(void *context, const struct call_report *report)
{
    struct worker *worker = context;

    observer_failed(worker->observer, report);
}

static void
observe_answered(void *context, const struct call *call, int64_t took_ms)
{
    struct worker *worker = context;

    observer_answered(worker->observer, call, took_ms);
}

static void
observe_request(void *context, const struct call *call, const char *route,
                const struct http_response *response)
{
    struct worker *worker = context;

    observer_request(worker->observer, call, route, response);
}

static void
take_answer(void *context, struct call *call)
{
    struct worker *worker = context;

    engine_answered(worker->engine, call);
}

struct ports
worker_ports(struct worker *worker)
{
    return (struct ports){
        .context = worker,
        .send = send_call,
        .cancel = cancel_call,
        .keep = keep_record,
        .commit = commit_offsets,
        .settled = observe_settled,
        .ran = observe_ran,
        .failed = observe_failed,
        .answered = observe_answered,
    };
}

struct wire_listener
worker_listener(struct worker *worker)
{
    return (struct wire_listener){
        .context = worker,
        .seen = observe_request,
        .answered = take_answer,
    };
}
