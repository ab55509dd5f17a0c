/* Everything follows from a ticket's doubt and the two sets of the job: asked, member. */
#include "membership.h"

#include <string.h>

#include "clock.h"
#include "engine.h"

static bool
is_older_than(const struct clock *clock, int64_t at_ms, int64_t age_ms)
{
    return clock->wall_ms - at_ms > age_ms;
}

bool
membership_is_doubtful(const struct engine_settings *settings, const struct clock *clock,
                       int64_t event_ms)
{
    if (settings->trust_ms == TRUST_ALWAYS)
        return false;
    if (settings->trust_ms == TRUST_NEVER || event_ms == EVENT_NO_TIME ||
        event_ms > clock->wall_ms + settings->memory_margin_ms)
        return true;
    return is_older_than(clock, event_ms, settings->trust_ms);
}

/* Within ${age_ms} of now, on either side: clocks differ. What claims to come from a far future says nothing about its age. */
static bool
is_young(const struct clock *clock, int64_t at_ms, int64_t age_ms)
{
    return at_ms >= 0 && !is_older_than(clock, at_ms, age_ms) && at_ms - clock->wall_ms <= age_ms;
}

/* With "never" (nobody is believed) a "no" still needs the age that lets Graph catch up: the default one. */
bool
membership_no_is_final(const struct engine_settings *settings, const struct clock *clock,
                       const struct record *record)
{
    int64_t age_ms = settings->trust_ms == TRUST_NEVER || settings->trust_ms == TRUST_ALWAYS
                         ? TRUST_DEFAULT
                         : settings->trust_ms;

    return !is_young(clock, record->event_ms, age_ms) &&
           !is_young(clock, record->record_ms, age_ms);
}

enum membership
membership_of(struct job *job, const struct ticket *ticket, const struct engine_settings *settings,
              const struct clock *clock)
{
    if (!ticket->is_doubted || !job->environment->has_graph)
        return MEMBERSHIP_YES;
    if (!route_set_has(job_asked(job), ticket->route))
        return MEMBERSHIP_UNKNOWN;
    if (route_set_has(job_member(job), ticket->route))
        return MEMBERSHIP_YES;
    if (ticket->removed_ms != EVENT_NO_TIME && ticket->removed_ms > record_news_ms(ticket->record))
        return MEMBERSHIP_NO;
    return membership_no_is_final(settings, clock, ticket->record) ? MEMBERSHIP_NO
                                                                   : MEMBERSHIP_WAIT;
}

static bool
is_listed(const int *routes, size_t count, int route)
{
    for (size_t i = 0; i < count; i++) {
        if (routes[i] == route)
            return true;
    }
    return false;
}

static size_t
add(struct job *job, int route, int *routes, size_t count, size_t most)
{
    if (count == most || route_set_has(job_asked(job), route) || is_listed(routes, count, route))
        return count;
    routes[count] = route;
    return count + 1;
}

/* Of each route with tickets one stands among the kept ones. */
static bool
has_ticket(const struct job *job, int route)
{
    for (const struct ticket *ticket = job->tickets.kept; ticket != NULL; ticket = ticket->next) {
        if (ticket->route == route)
            return true;
    }
    return false;
}

/* A rival with tickets of its own is asked for because of them, or one of them is believed. */
static size_t
add_rivals(struct job *job, const struct route *route, int *routes, size_t count, size_t most)
{
    for (size_t i = 0; i < route->rival_count; i++) {
        if (!has_ticket(job, route->rivals[i]))
            count = add(job, route->rivals[i], routes, count, most);
    }
    return count;
}

/* A rival whose group the user is in joins with all its targets, so its own rivals matter as well. */
size_t
membership_to_ask(struct job *job, const struct engine_settings *settings,
                  const struct clock *clock, int *ret_routes, size_t most)
{
    const struct environment *environment = job->environment;
    size_t count = 0;

    if (!environment->has_graph)
        return 0;
    for (struct ticket *ticket = tickets_first(&job->tickets); ticket != NULL;
         ticket = tickets_next(&job->tickets, ticket)) {
        if (membership_of(job, ticket, settings, clock) == MEMBERSHIP_UNKNOWN)
            count = add(job, ticket->route, ret_routes, count, most);
        count = add_rivals(job, &environment->routes[ticket->route], ret_routes, count, most);
    }
    for (size_t i = 0; i < environment->route_count; i++) {
        if (route_set_has(job_member(job), (int)i))
            count = add_rivals(job, &environment->routes[i], ret_routes, count, most);
    }
    return count;
}

/* And those of its rivals whose groups the user is in. */
static void
add_route(struct job *job, int index, struct want *want, uint64_t *routes)
{
    const struct route *route = &job->environment->routes[index];

    if (route_set_has(routes, index))
        return;
    route_set_add(routes, index);
    want_add(want, route);
    for (size_t i = 0; i < route->rival_count; i++) {
        if (route_set_has(job_member(job), route->rivals[i]))
            add_route(job, route->rivals[i], want, routes);
    }
}

void
membership_want(struct job *job, const struct engine_settings *settings, const struct clock *clock,
                struct want *want, uint64_t *ret_routes)
{
    want_clear(want);
    memset(ret_routes, 0, job->words * sizeof(ret_routes[0]));
    for (struct ticket *ticket = tickets_first(&job->tickets); ticket != NULL;
         ticket = tickets_next(&job->tickets, ticket)) {
        if (membership_of(job, ticket, settings, clock) == MEMBERSHIP_YES)
            add_route(job, ticket->route, want, ret_routes);
    }
}
