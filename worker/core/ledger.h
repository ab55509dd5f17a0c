#ifndef LEDGER_H
#define LEDGER_H

#include <stddef.h>

#include "core.h"
#include "record.h"

/*
 * Where deliveries end: the one place that settles (P1, P8). It reports the outcome, lets the window know when a record's last
 * ticket has settled, and keeps count of the events and bytes that are not settled yet (P6).
 */
struct ledger {
    struct core *core;
    struct offsets *offsets;
    size_t events; /* records that are not settled */
    size_t bytes;  /* of records, payloads and jobs */
};

/* Why a delivery ended. Texts are borrowed for the call. */
struct ending {
    enum outcome outcome;
    const char *reason;
    const char *detail;
    const char *request_id;
    int attempts;
    int tier; /* of a parked one */
};

/* A record of ${ticket_count} (>= 1) tickets was taken in. */
void ledger_open(struct ledger *ledger, struct record *record);

/* Settles ${ticket} of ${user} and frees what it holds; the ticket is gone after it. A stale one settles nothing (P5). */
void ledger_settle(struct ledger *ledger, struct ticket *ticket,
                   const struct environment *environment, const struct guid *user,
                   const struct ending *ending);

/* The ticket's run is given up and its event stays unsettled (revoked, shutdown): frees it without a word. */
void ledger_drop(struct ledger *ledger, struct ticket *ticket);

/* Settles a delivery that never had a record of its own: skipped, or remembered. Its window entry is the caller's. */
void ledger_report(struct ledger *ledger, const struct message *message, const struct event *event,
                   const struct environment *environment, const struct ending *ending);

#endif
