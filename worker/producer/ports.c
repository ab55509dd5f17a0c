/*
 * The feed knows one context; here it is the producer, and each port goes on to the part that serves
 * it.
 */
#include "outbox.h"
#include "print.h"
#include "producer_private.h"
#include "reporter.h"
#include "wire.h"

static bool
send_call(void *context, struct call *call, const char *token)
{
    struct producer *producer = context;

    return wire_send(producer->wire, call, token);
}

static void
cancel_call(void *context, struct call *call)
{
    struct producer *producer = context;

    wire_cancel(producer->wire, call);
}

/* What was printed is answered in the next turn: a port may not call back. */
static bool
publish(void *context, const struct feed_batch *batch)
{
    struct producer *producer = context;

    if (!producer->line->is_dry)
        return outbox_publish(producer->outbox, batch);
    print_batch(batch, producer->topics);
    producer->printed = batch->serial;
    producer->has_printed = true;
    return true;
}

void
ports_answer_printed(struct producer *producer)
{
    if (!producer->has_printed)
        return;
    producer->has_printed = false;
    feed_published(producer->feed, producer->printed, NULL);
}

static void
report_told(void *context, const struct feed_report *report)
{
    struct producer *producer = context;

    reporter_told(producer->reporter, report);
}

static void
report_failed(void *context, const struct call_report *report)
{
    struct producer *producer = context;

    reporter_failed(producer->reporter, report);
}

static void
report_answered(void *context, const struct call *call, int64_t took_ms)
{
    struct producer *producer = context;

    reporter_answered(producer->reporter, call, took_ms);
}

struct feed_ports
ports_of_feed(struct producer *producer)
{
    return (struct feed_ports){
        .context = producer,
        .send = send_call,
        .cancel = cancel_call,
        .publish = publish,
        .told = report_told,
        .failed = report_failed,
        .answered = report_answered,
    };
}

static void
report_request(void *context, const struct call *call, const char *route,
               const struct http_response *response)
{
    struct producer *producer = context;

    reporter_request(producer->reporter, call, route, response);
}

static void
take_answer(void *context, struct call *call)
{
    struct producer *producer = context;

    feed_answered(producer->feed, call);
}

struct wire_listener
ports_of_wire(struct producer *producer)
{
    return (struct wire_listener){
        .context = producer,
        .seen = report_request,
        .answered = take_answer,
    };
}
