#ifndef MODEL_FILTER_TREE_H
#define MODEL_FILTER_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "model_table.h"

/* A $filter as a tree, between its parser (model_filter_tree.c) and its use (model_filter.c). */

struct text;

enum node_kind { NODE_AND, NODE_OR, NODE_IN }; /* "eq" is an In of one value */

struct node {
    enum node_kind kind;
    struct node *left, *right; /* of AND, OR */
    size_t column;
    struct value *values;
    size_t value_count;
    bool is_sorted; /* values are ids, in order */
};

/* NULL for what is outside the grammar, with the reason in ${ret_reason}; or without memory. */
struct node *model_filter_tree_parse(const struct table *table, const char *string,
                                     struct text *ret_reason);
void model_filter_tree_free(struct node *node);

/* Orders values that are ids; for qsort and bsearch. */
int model_filter_tree_compare(const void *a, const void *b);

#endif
