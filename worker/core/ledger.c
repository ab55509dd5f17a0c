/* A chain of small steps: report, free, and at the record's last ticket settle its window entry. */
#include "ledger.h"

static void
close_ticket(struct ledger *ledger, struct ticket *ticket)
{
    struct record *record = ticket->record;

    payload_release(ticket->payload);
    ticket->payload = NULL;
    if (--record->open > 0)
        return;
    ledger->events--;
    ledger->bytes -= record_size(record);
    record_destroy(record);
}

void
ledger_open(struct ledger *ledger, struct record *record)
{
    ledger->events++;
    ledger->bytes += record_size(record);
}

static void
report_ticket(struct ledger *ledger, const struct ticket *ticket,
              const struct environment *environment, const struct guid *user,
              const struct ending *ending)
{
    const struct record *record = ticket->record;
    struct settlement settlement = {
        .environment = environment,
        .topic = window_topic(record->window),
        .partition = window_partition(record->window),
        .offset = window_offset(record->window, record->serial),
        .user = *user,
        .group = environment->routes[ticket->route].group,
        .outcome = ending->outcome,
        .reason = ending->reason,
        .detail = ending->detail,
        .request_id = ending->request_id,
        .attempts = ending->attempts,
        .tier = ending->outcome == OUTCOME_PARKED ? ending->tier : TO_DEAD_LETTERS,
        .event_ms = record_news_ms(record),
    };

    ledger->core->ports.settled(ledger->core->ports.context, &settlement);
}

void
ledger_settle(struct ledger *ledger, struct ticket *ticket, const struct environment *environment,
              const struct guid *user, const struct ending *ending)
{
    struct record *record = ticket->record;
    struct window *window = record->window;

    if (record_is_stale(record)) {
        close_ticket(ledger, ticket);
        return;
    }
    report_ticket(ledger, ticket, environment, user, ending);
    if (record->open == 1 && !record->is_given_up) {
        window_settle(window, record->serial);
        offsets_settled(ledger->offsets, window);
    }
    close_ticket(ledger, ticket);
}

void
ledger_drop(struct ledger *ledger, struct ticket *ticket)
{
    ticket->record->is_given_up = true;
    close_ticket(ledger, ticket);
}

void
ledger_report(struct ledger *ledger, const struct message *message, const struct event *event,
              const struct environment *environment, const struct ending *ending)
{
    struct settlement settlement = {
        .environment = environment,
        .topic = message->topic,
        .partition = message->partition,
        .offset = message->offset,
        .outcome = ending->outcome,
        .reason = ending->reason,
        .detail = ending->detail,
        .request_id = ending->request_id,
        .attempts = ending->attempts,
        .tier = ending->outcome == OUTCOME_PARKED ? ending->tier : TO_DEAD_LETTERS,
        .event_ms = EVENT_NO_TIME,
    };

    if (event != NULL) {
        settlement.user = event->user;
        settlement.group = event->group;
        settlement.event_ms = event_news_ms(event->time_ms, message->timestamp_ms);
    }
    ledger->core->ports.settled(ledger->core->ports.context, &settlement);
}
