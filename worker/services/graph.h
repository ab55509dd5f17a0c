#ifndef GRAPH_H
#define GRAPH_H

#include <stddef.h>

/*
 * SOURCES is one JSON batch of Microsoft Graph; graph_build.c writes it, graph_read.c reads its
 * answer. A request's id in the batch is its place here, printed in decimal: answers come in any
 * order.
 *
 * Asked: environment, items with user, wants_person, groups. Found: each item's verdict by itself,
 * person and is_member.
 */

enum { GRAPH_MAX_REQUESTS = 20, GRAPH_MAX_GROUPS = 20 };

enum graph_part { GRAPH_PERSON, GRAPH_GROUPS, GRAPH_PARTS };

static inline size_t
graph_id(size_t item, enum graph_part part)
{
    return item * GRAPH_PARTS + part;
}

#endif
