#ifndef MODEL_FILTER_H
#define MODEL_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "model_table.h"

/*
 * The part of OData's $filter that the double knows, over one table:
 *
 *   filter  = and { "or" and }          and = primary { "and" primary }
 *   primary = "(" filter ")" | column "eq" literal
 *           | Microsoft.Dynamics.CRM.In(PropertyName='column',PropertyValues=['literal',…])
 *   literal = guid | 'text' with '' for ' | whole number | true | false | null
 *
 * Anything else is refused. Where the filter pins the primary key or the indexed column, rows are
 * found by hash and not by a scan.
 */

struct filter;
struct text;

/* NULL for what is outside the grammar, with the reason in ${ret_reason}; or without memory. */
struct filter *model_filter_parse(const struct table *table, const char *string,
                                  struct text *ret_reason);
void model_filter_free(struct filter *filter);

bool model_filter_matches(const struct filter *filter, const struct row *row);

/* How many values the filter compares with: an In() of 250 ids has 250. */
int model_filter_items(const struct filter *filter);
/* The id in a filter that asks for just one by the indexed column; NULL otherwise. */
const struct guid *model_filter_single(const struct filter *filter);

/* Rows found, in no order, possibly twice. */
struct row_array {
    struct row **rows;
    size_t count, capacity;
    bool failed; /* no memory */
};
void model_filter_add_row(struct row_array *array, struct row *row);

/* Collects all rows that may match by hash; false when only a scan can tell. */
bool model_filter_collect(const struct filter *filter, struct row_array *ret_array);

#endif
