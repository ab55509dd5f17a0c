/*
 * Uses a filter's tree in two ways: rows that an index can find (model_filter_collect), and whether
 * one row matches (model_filter_matches).
 */
#include "model_filter.h"

#include <stdlib.h>

#include "model_filter_tree.h"

struct filter {
    const struct table *table;
    struct node *root;
    int items;
};

static int
count_values(const struct node *node)
{
    if (node == NULL)
        return 0;
    return (int)node->value_count + count_values(node->left) + count_values(node->right);
}

struct filter *
model_filter_parse(const struct table *table, const char *string, struct text *ret_reason)
{
    struct filter *filter = calloc(1, sizeof(*filter));

    if (filter == NULL)
        return NULL;
    filter->table = table;
    filter->root = model_filter_tree_parse(table, string, ret_reason);
    if (filter->root == NULL) {
        free(filter);
        return NULL;
    }
    filter->items = count_values(filter->root);
    return filter;
}

void
model_filter_free(struct filter *filter)
{
    if (filter == NULL)
        return;
    model_filter_tree_free(filter->root);
    free(filter);
}

static bool
has_value(const struct node *node, const struct value *value)
{
    if (node->is_sorted)
        return value->type == VALUE_GUID &&
               bsearch(value, node->values, node->value_count, sizeof(*value),
                       model_filter_tree_compare) != NULL;
    for (size_t i = 0; i < node->value_count; i++)
        if (model_value_matches(&node->values[i], value))
            return true;
    return false;
}

static bool
node_matches(const struct node *node, const struct row *row)
{
    switch (node->kind) {
    case NODE_AND:
        return node_matches(node->left, row) && node_matches(node->right, row);
    case NODE_OR:
        return node_matches(node->left, row) || node_matches(node->right, row);
    case NODE_IN:
        break;
    }
    return has_value(node, &row->values[node->column]);
}

bool
model_filter_matches(const struct filter *filter, const struct row *row)
{
    return node_matches(filter->root, row);
}

int
model_filter_items(const struct filter *filter)
{
    return filter->items;
}

const struct guid *
model_filter_single(const struct filter *filter)
{
    const struct node *node = filter->root;

    if (node->kind != NODE_IN || node->value_count != 1 || node->column != filter->table->indexed ||
        node->values[0].type != VALUE_GUID)
        return NULL;
    return &node->values[0].guid;
}

void
model_filter_add_row(struct row_array *array, struct row *row)
{
    if (array->count == array->capacity) {
        size_t capacity = array->capacity == 0 ? 64 : 2 * array->capacity;
        struct row **grown = realloc(array->rows, capacity * sizeof(struct row *));

        if (grown == NULL) {
            array->failed = true;
            return;
        }
        array->rows = grown;
        array->capacity = capacity;
    }
    array->rows[array->count++] = row;
}

static bool
can_collect(const struct filter *filter, const struct node *node)
{
    switch (node->kind) {
    case NODE_AND:
        return can_collect(filter, node->left) || can_collect(filter, node->right);
    case NODE_OR:
        return can_collect(filter, node->left) && can_collect(filter, node->right);
    case NODE_IN:
        break;
    }
    if (node->column != 0 && node->column != filter->table->indexed)
        return false;
    return node->is_sorted || node->values[0].type == VALUE_GUID;
}

static void
collect_values(const struct filter *filter, const struct node *node, struct row_array *array)
{
    for (size_t i = 0; i < node->value_count; i++) {
        const struct guid *id = &node->values[i].guid;
        struct row *row;

        if (node->column == 0) {
            row = model_table_find(filter->table, id);
            if (row != NULL)
                model_filter_add_row(array, row);
            continue;
        }
        row = model_table_find_indexed(filter->table, id);
        for (; row != NULL; row = row->next_same)
            model_filter_add_row(array, row);
    }
}

static void
collect(const struct filter *filter, const struct node *node, struct row_array *array)
{
    if (node->kind == NODE_IN) {
        collect_values(filter, node, array);
    } else if (node->kind == NODE_OR) {
        collect(filter, node->left, array);
        collect(filter, node->right, array);
    } else {
        collect(filter, can_collect(filter, node->left) ? node->left : node->right, array);
    }
}

bool
model_filter_collect(const struct filter *filter, struct row_array *ret_array)
{
    if (!can_collect(filter, filter->root))
        return false;
    collect(filter, filter->root, ret_array);
    return true;
}
