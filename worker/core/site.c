/* Making and ending an environment's room; what happens in it is the business of sync and its neighbours. */
#include "site.h"

#include <stdlib.h>

#include "breaker.h"
#include "confirm.h"
#include "fault.h"
#include "lane.h"
#include "reading.h"
#include "refer.h"
#include "sync.h"

static struct reader *
make_reader(struct site *site, const struct reader_kind *kind, struct lane *lane, size_t capacity,
            const struct reader_events *template)
{
    struct reader_events events = *template;

    events.context = site;
    return reader_create(site->core, kind, site->environment, lane, capacity, &events);
}

static int
make_parts(struct site *site)
{
    const struct environment *environment = site->environment;
    size_t look_ids = (size_t)site->core->settings->look_ids;

    site->directory = directory_create(environment);
    site->routes = calloc(route_set_words(environment), sizeof(site->routes[0]));
    site->look = make_reader(site, &reader_look, site->dataverse, look_ids, &reading_of_rows);
    if (site->graph != NULL)
        site->sources =
            make_reader(site, &reader_sources, site->graph, SOURCES_MOST, &reading_of_sources);
    if (want_init(&site->want, environment) != 0 || site->directory == NULL ||
        site->routes == NULL || site->look == NULL ||
        (site->graph != NULL && site->sources == NULL))
        return -1;
    return 0;
}

/* Of refer, confirm, the breaker and the faults. */
enum { TIMERS = 3 + FAULTS };

struct site *
site_create(const struct site *parts)
{
    struct site *site = calloc(1, sizeof(*site));

    if (site == NULL)
        return NULL;
    if (timers_reserve(parts->core->timers, TIMERS) != 0) {
        free(site);
        return NULL;
    }
    *site = *parts;
    refer_init(site);
    confirm_init(site);
    breaker_init(site);
    for (int of = 0; of < FAULTS; of++)
        fault_init(site, of);
    if (make_parts(site) == 0)
        return site;
    site_destroy(site);
    return NULL;
}

void
site_destroy(struct site *site)
{
    if (site == NULL)
        return;
    for (int of = 0; of < FAULTS; of++)
        fault_fini(&site->faults[of]);
    timer_cancel(site->core->timers, &site->tick);
    breaker_fini(site);
    refer_fini(site);
    reader_destroy(site->sources);
    reader_destroy(site->look);
    directory_destroy(site->directory);
    want_fini(&site->want);
    timers_release(site->core->timers, TIMERS);
    free(site->routes);
    free(site);
}

static const char *
fault_of_lanes(const struct site *site, int64_t *ret_since_ms)
{
    struct lane *const lanes[] = {site->dataverse, site->graph, site->bap};
    const char *fault = NULL;

    for (size_t i = 0; i < sizeof(lanes) / sizeof(lanes[0]) && fault == NULL; i++) {
        if (lanes[i] != NULL)
            fault = lane_fault(lanes[i], ret_since_ms);
    }
    return fault;
}

static const char *
fault_of_readers(const struct site *site, int64_t *ret_since_ms)
{
    const char *fault = reader_fault(site->look, ret_since_ms);

    if (fault == NULL && site->sources != NULL)
        fault = reader_fault(site->sources, ret_since_ms);
    return fault;
}

const char *
site_fault(const struct site *site, int64_t *ret_since_ms)
{
    const char *fault = fault_of_lanes(site, ret_since_ms);

    if (fault == NULL)
        fault = fault_of_readers(site, ret_since_ms);
    if (fault == NULL && site->refer.fault != NULL) {
        fault = site->refer.fault;
        *ret_since_ms = site->refer.fault_since_ms;
    }
    for (int of = 0; of < FAULTS && fault == NULL; of++) {
        fault = site->faults[of].text;
        *ret_since_ms = site->faults[of].since_ms;
    }
    return fault;
}

void
site_warm(struct site *site)
{
    lane_warm(site->dataverse);
}
