#ifndef MEMBERSHIP_H
#define MEMBERSHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "want.h"
#include "workqueue.h"

/*
 * Who is believed and who is asked about. A young event is believed, since whoever wrote it has just seen the change; one whose time is
 * missing, lies in the future or is old is doubted, and so is one whose removal arrived; where recipes contend for a
 * target, all contending groups are asked for. "No" is final only when nothing about the event is young, or when the removal
 * is the later news. Pure functions of a job and the present wall time.
 */

struct clock;
struct engine_settings;

enum membership {
    MEMBERSHIP_YES,     /* believed, or Entra says so */
    MEMBERSHIP_UNKNOWN, /* must be asked for */
    MEMBERSHIP_WAIT,    /* "no", but too early to trust that */
    MEMBERSHIP_NO,      /* for good */
};

/* Is an event of these times to be doubted on arrival? */
bool membership_is_doubtful(const struct engine_settings *settings, const struct clock *clock,
                            int64_t event_ms);

/* True when "no" to an event of these times is final by age alone. */
bool membership_no_is_final(const struct engine_settings *settings, const struct clock *clock,
                            const struct record *record);

enum membership membership_of(struct job *job, const struct ticket *ticket,
                              const struct engine_settings *settings, const struct clock *clock);

/* The environment-local routes whose groups must be asked for and were not yet in this run, at most ${most} of them. */
size_t membership_to_ask(struct job *job, const struct engine_settings *settings,
                         const struct clock *clock, int *ret_routes, size_t most);

/* Fills ${want} from the job's tickets that count and the contending groups the user is in; ${ret_routes} (a set) too. */
void membership_want(struct job *job, const struct engine_settings *settings,
                     const struct clock *clock, struct want *want, uint64_t *ret_routes);

#endif
