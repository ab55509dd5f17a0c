#ifndef MODEL_QUERY_H
#define MODEL_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model_filter.h"
#include "model_table.h"

/* OData query options of a read, taken apart and checked against the table they are about. */

struct call;

enum { SELECT_MOST = 64 };

/* Columns to write, by index; none: all. */
struct selection {
    size_t columns[SELECT_MOST];
    size_t count;
};

struct query {
    const struct table *table;
    struct selection selection;
    bool has_expand; /* systemuserroles_association */
    struct selection expanded;
    struct filter *filter; /* NULL: all rows */
    size_t order_column;
    bool is_ordered, is_descending;
    bool has_count;
    int64_t top;    /* 0: none */
    uint64_t after; /* the sequence that the page starts behind */
    int64_t page;   /* its number, from 1 */
    int64_t page_size;
};

/* Reads the call's options for ${table}. False when the call was answered with 400. */
bool model_options_parse(struct call *call, const struct table *table, struct query *ret_query);
/* Only $select and $expand, as a read of one row takes them. */
bool model_options_parse_single(struct call *call, const struct table *table,
                                struct query *ret_query);
void model_options_free(struct query *query);

#endif
