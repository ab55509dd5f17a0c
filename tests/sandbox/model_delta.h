#ifndef MODEL_DELTA_H
#define MODEL_DELTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guid.h"

/*
 * A delta query of groups on its way: what was asked at first, the range of changes that this round
 * tells, and how far it has come. All of it travels in the links' tokens. Shared by model_delta*.c.
 */

struct call;
struct option;
struct text;

enum { DELTA_GROUPS = 50 };
enum { DELTA_NAME = 1, DELTA_MEMBERS = 2 };

struct delta {
    bool is_page;      /* a nextLink's: the round is under way; else a deltaLink's */
    uint64_t from;     /* tells what came after this sequence; 0: all there is */
    uint64_t to;       /* and not after this one */
    uint64_t issued;   /* the latest sequence when the link was given out */
    int64_t issued_ms; /* monotonic */
    uint64_t group;    /* the page begins at this group */
    uint64_t step;   /* and at the step before this one of its journal; 0: where its range begins */
    uint64_t blanks; /* empty pages told in a row */
    uint64_t selection; /* DELTA_NAME, DELTA_MEMBERS */
    struct guid groups[DELTA_GROUPS];
    size_t group_count;
};

/* --- model_delta_query.c ---------------------------------------------------------------------- */

/* The first call's options; false when it was refused and answered. */
bool model_delta_ask(struct call *call, struct delta *ret_delta);
/* A link that was followed. The same. */
bool model_delta_resume(struct call *call, const struct option *token, struct delta *ret_delta);
/* The link to where ${delta} stands, a nextLink or a deltaLink. */
void model_delta_link(struct call *call, const struct delta *delta, struct text *text);

#endif
