/*
 * Single chains through ticket->next; a ticket stands in ${kept} exactly while it has a payload.
 */
#include "tickets.h"

static void
push(struct ticket **chain, struct ticket *ticket)
{
    ticket->next = *chain;
    *chain = ticket;
}

/* The place of the kept ticket of ${route}; points at NULL when there is none. */
static struct ticket **
find_kept(struct tickets *tickets, int32_t route)
{
    struct ticket **place = &tickets->kept;

    while (*place != NULL && (*place)->route != route)
        place = &(*place)->next;
    return place;
}

/* Newer by its time; of two of one time the one that comes now. */
static bool
is_newer(const struct ticket *ticket, const struct ticket *other)
{
    return record_latest_ms(ticket->record) >= record_latest_ms(other->record);
}

static void
cover(struct tickets *tickets, struct ticket *ticket)
{
    payload_release(ticket->payload);
    ticket->payload = NULL;
    push(&tickets->covered, ticket);
}

void
tickets_add(struct tickets *tickets, struct ticket *ticket)
{
    struct ticket **place = find_kept(tickets, ticket->route);
    struct ticket *other = *place;

    if (other != NULL && !is_newer(ticket, other)) {
        cover(tickets, ticket);
        return;
    }
    if (other != NULL) {
        *place = other->next;
        cover(tickets, other);
    }
    push(&tickets->kept, ticket);
}

void
tickets_add_all(struct tickets *tickets, struct tickets *from)
{
    struct ticket *following;

    for (struct ticket *ticket = from->kept; ticket != NULL; ticket = following) {
        following = ticket->next;
        tickets_add(tickets, ticket);
    }
    for (struct ticket *ticket = from->covered; ticket != NULL; ticket = following) {
        following = ticket->next;
        push(&tickets->covered, ticket);
    }
    *from = (struct tickets){NULL, NULL};
}

bool
tickets_are_none(const struct tickets *tickets)
{
    return tickets->kept == NULL && tickets->covered == NULL;
}

struct ticket *
tickets_first(const struct tickets *tickets)
{
    return tickets->kept != NULL ? tickets->kept : tickets->covered;
}

struct ticket *
tickets_next(const struct tickets *tickets, const struct ticket *ticket)
{
    if (ticket->next != NULL)
        return ticket->next;
    return ticket->payload != NULL ? tickets->covered : NULL;
}

static void
take_from(struct ticket **chain, ticket_fn *is_meant, void *arg, struct ticket **taken)
{
    struct ticket **place = chain;

    while (*place != NULL) {
        struct ticket *ticket = *place;

        if (is_meant(ticket, arg)) {
            *place = ticket->next;
            push(taken, ticket);
        } else {
            place = &ticket->next;
        }
    }
}

/* Gives the payload of a kept ticket that goes to a covered one of its route that stays. */
static void
inherit(struct tickets *tickets, struct ticket *gone)
{
    for (struct ticket **place = &tickets->covered; *place != NULL; place = &(*place)->next) {
        struct ticket *heir = *place;

        if (heir->route != gone->route)
            continue;
        *place = heir->next;
        heir->payload = gone->payload;
        gone->payload = NULL;
        push(&tickets->kept, heir);
        return;
    }
}

struct ticket *
tickets_take(struct tickets *tickets, ticket_fn *is_meant, void *arg)
{
    struct ticket *from_kept = NULL;
    struct ticket *taken = NULL;
    struct ticket *following;

    take_from(&tickets->covered, is_meant, arg, &taken);
    take_from(&tickets->kept, is_meant, arg, &from_kept);
    for (struct ticket *ticket = from_kept; ticket != NULL; ticket = following) {
        following = ticket->next;
        inherit(tickets, ticket);
        push(&taken, ticket);
    }
    return taken;
}
