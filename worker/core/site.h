#ifndef SITE_H
#define SITE_H

#include "core.h"
#include "directory.h"
#include "keep.h"
#include "ledger.h"
#include "memory.h"
#include "plan.h"
#include "reader.h"
#include "want.h"
#include "workqueue.h"

/*
 * An environment at work: its lanes, readers, what is known of its units and roles, and who waits there. The rooms of sync, refer, confirm and
 * fault are in it; each touches only its own.
 */

struct lane;
struct site;

/*
 * What nobody may do at present (VERDICT_MISCONFIGURED), by the kind of call; a SOURCES has two, since persons and memberships are read with
 * different rights. Jobs that need it wait, one at a time probes. fault.c
 */
enum { FAULT_MEMBERS = CALL_KINDS, FAULTS, OF_PLAN = FAULTS };

struct fault {
    struct site *site;
    char *text; /* NULL: no fault */
    int64_t since_ms;
    struct link held;
    struct timer probe;
    bool may_probe; /* the next job that needs the call makes it */
};

/* The questions about units, roles and copies: one at a time for all who wait. refer.c */
struct refer {
    struct call call;
    bool is_asking;
    struct link waiting;
    struct timer timer; /* back-off */
    int failures;
    struct guid unit; /* of the copies asked for */
    struct guid roots[PLAN_MAX_ROLES];
    char *fault; /* NULL: none */
    int64_t fault_since_ms;
};

struct site {
    struct core *core;
    struct workqueue *workqueue;
    struct memory *memory;
    struct ledger *ledger;
    struct keeper *keeper;
    const struct environment *environment;
    struct lane *dataverse; /* borrowed: environments may share lanes */
    struct lane *graph;     /* NULL: no Graph */
    struct lane *bap;
    struct reader *look;
    struct reader *sources; /* NULL: no Graph */
    struct directory *directory;
    struct refer refer;
    struct link confirming; /* jobs that wait for the tick. confirm.c */
    struct timer tick;
    struct fault faults[FAULTS];
    struct timer breaker; /* parks those who are held. breaker.c */
    struct want want;     /* scratch of one decision */
    uint64_t *routes;     /* likewise: the routes that count */
    struct plan plan;     /* likewise */
};

/* Makes a site with the borrowed parts and lanes of ${parts}; the rest of it is made here. NULL: no memory. */
struct site *site_create(const struct site *parts);
void site_destroy(struct site *site); /* its jobs are gone by then; NULL is allowed */

/* Asks for the token of Dataverse before anybody needs it: a wrong secret shows at the start, and the first user waits less. */
void site_warm(struct site *site);

/* Why the environment is misconfigured, and since when (monotonic); NULL: it is not, as far as known. */
const char *site_fault(const struct site *site, int64_t *ret_since_ms);

#endif
