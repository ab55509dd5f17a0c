/*
 * A recursive descent parser that makes a tree; the tree is looked at twice: can an index serve it
 * (model_filter_collect), and does a row match (model_filter_matches). Grammar: D-10.
 */
#include "model_filter.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "guid.h"
#include "text.h"

enum { DEEPEST = 32, MOST_NODES = 4096 };

enum node_kind { NODE_AND, NODE_OR, NODE_IN }; /* "eq" is an In of one value */

struct node {
    enum node_kind kind;
    struct node *left, *right;
    size_t column;
    struct value *values;
    size_t value_count;
    bool is_sorted; /* values are ids, in order */
};

struct filter {
    const struct table *table;
    struct node *root;
    int items;
};

struct parser {
    const struct table *table;
    const char *at;
    struct text *reason;
    int depth;
    int nodes;
};

static struct node *parse_or(struct parser *parser);

static void
free_node(struct node *node)
{
    if (node == NULL)
        return;
    free_node(node->left);
    free_node(node->right);
    for (size_t i = 0; i < node->value_count; i++)
        model_value_fini(&node->values[i]);
    free(node->values);
    free(node);
}

static struct node *
fail(struct parser *parser, const char *reason, struct node *node)
{
    free_node(node);
    if (parser->reason->length == 0)
        text_addf(parser->reason, "%s at '%.40s'.", reason, parser->at);
    return NULL;
}

static struct node *
make_node(struct parser *parser, enum node_kind kind)
{
    struct node *node;

    if (++parser->nodes > MOST_NODES)
        return NULL;
    node = calloc(1, sizeof(*node));
    if (node != NULL)
        node->kind = kind;
    return node;
}

/* --- tokens ------------------------------------------------------------------------------------------------ */

static void
skip_blanks(struct parser *parser)
{
    parser->at += strspn(parser->at, " ");
}

/* Takes ${string} when it is next, whatever follows. */
static bool
take(struct parser *parser, const char *string)
{
    size_t length = strlen(string);

    skip_blanks(parser);
    if (strncmp(parser->at, string, length) != 0)
        return false;
    parser->at += length;
    return true;
}

static size_t
word_length(const char *at)
{
    size_t length = 0;

    while (isalnum((unsigned char)at[length]) || strchr("_.-", at[length]) != NULL) {
        if (at[length] == '\0')
            break;
        length++;
    }
    return length;
}

/* Takes an operator: a word that ends there. */
static bool
take_word(struct parser *parser, const char *word)
{
    size_t length = strlen(word);

    skip_blanks(parser);
    if (word_length(parser->at) != length || strncmp(parser->at, word, length) != 0)
        return false;
    parser->at += length;
    return true;
}

/* A text between two ${quote}s, doubled ones inside; the caller's to free. */
static char *
take_quoted(struct parser *parser, char quote)
{
    struct text text = TEXT_EMPTY;

    skip_blanks(parser);
    if (*parser->at != quote)
        return NULL;
    for (parser->at++;; parser->at++) {
        if (*parser->at == '\0')
            break;
        if (*parser->at == quote && *++parser->at != quote)
            return text.length == 0 ? strdup("") : text_take(&text, NULL);
        text_add_char(&text, *parser->at);
    }
    text_free(&text);
    return NULL;
}

/* --- literals ------------------------------------------------------------------------------------------------ */

static bool
is_id_column(const struct column *column)
{
    return column->type == COLUMN_ID || column->type == COLUMN_GUID ||
           column->type == COLUMN_LOOKUP;
}

static bool
read_integer(const char *word, size_t length, struct value *ret_value)
{
    char *end;
    long long number = strtoll(word, &end, 10);

    if (length == 0 || end != word + length)
        return false;
    *ret_value = VALUE_OF_INTEGER(number);
    return true;
}

/* A word that stands for a value of the column's type. */
static bool
read_word(const struct column *column, const char *word, size_t length, struct value *ret_value)
{
    struct guid guid;

    if (is_id_column(column) && guid_parse(word, length, &guid)) {
        *ret_value = VALUE_OF_GUID(guid);
        return true;
    }
    if (column->type == COLUMN_INTEGER)
        return read_integer(word, length, ret_value);
    if (column->type != COLUMN_BOOLEAN)
        return false;
    *ret_value = VALUE_OF_BOOLEAN(length == 4);
    return (length == 4 && memcmp(word, "true", 4) == 0) ||
           (length == 5 && memcmp(word, "false", 5) == 0);
}

/* The literal of an "eq": ids and numbers bare, only texts in quotes. */
static bool
take_literal(struct parser *parser, const struct column *column, struct value *ret_value)
{
    size_t length;

    if (take_word(parser, "null")) {
        ret_value->type = VALUE_NULL;
        return true;
    }
    skip_blanks(parser);
    if (column->type == COLUMN_TEXT) {
        *ret_value = VALUE_OF_TEXT(take_quoted(parser, '\''));
        return ret_value->text != NULL;
    }
    length = word_length(parser->at);
    if (!read_word(column, parser->at, length, ret_value))
        return false;
    parser->at += length;
    return true;
}

/* An element of PropertyValues: always in quotes, single or double. */
static bool
take_element(struct parser *parser, const struct column *column, struct value *ret_value)
{
    char *string;
    bool is_read;

    skip_blanks(parser);
    string = take_quoted(parser, *parser->at == '"' ? '"' : '\'');
    if (string == NULL)
        return false;
    if (column->type == COLUMN_TEXT) {
        *ret_value = VALUE_OF_TEXT(string);
        return true;
    }
    is_read = read_word(column, string, strlen(string), ret_value);
    free(string);
    return is_read;
}

/* --- comparisons ----------------------------------------------------------------------------------------------- */

static int
compare_ids(const void *a, const void *b)
{
    const struct value *left = a, *right = b;

    return guid_compare(&left->guid, &right->guid);
}

static bool
add_value(struct node *node, struct value *value)
{
    size_t count = node->value_count;
    struct value *grown = node->values;

    if ((count & (count - 1)) == 0) /* full at each power of two */
        grown = realloc(node->values, (count == 0 ? 1 : 2 * count) * sizeof(*grown));
    if (grown == NULL) {
        model_value_fini(value);
        return false;
    }
    node->values = grown;
    grown[node->value_count++] = *value;
    return true;
}

static struct node *
parse_values(struct parser *parser, struct node *node)
{
    const struct column *column = &parser->table->columns[node->column];

    do {
        struct value value;

        if (!take_element(parser, column, &value))
            return fail(parser, "A value of PropertyValues does not fit its property", node);
        if (!add_value(node, &value))
            return fail(parser, "Out of memory", node);
    } while (take(parser, ","));
    if (!take(parser, "]") || !take(parser, ")"))
        return fail(parser, "Expected the end of PropertyValues", node);
    node->is_sorted = is_id_column(column);
    if (node->is_sorted)
        qsort(node->values, node->value_count, sizeof(node->values[0]), compare_ids);
    return node;
}

static struct node *
parse_in(struct parser *parser)
{
    struct node *node = make_node(parser, NODE_IN);
    char *name = NULL;

    if (node == NULL)
        return fail(parser, "The filter is too long", NULL);
    if (take(parser, "PropertyName") && take(parser, "="))
        name = take_quoted(parser, '\'');
    if (name == NULL)
        return fail(parser, "Expected PropertyName='…'", node);
    node->column = model_table_queried(parser->table, name, strlen(name));
    free(name);
    if (node->column == parser->table->column_count)
        return fail(parser, "Could not find the property of PropertyName", node);
    if (!take(parser, ",") || !take(parser, "PropertyValues") || !take(parser, "=") ||
        !take(parser, "["))
        return fail(parser, "Expected PropertyValues=[", node);
    return parse_values(parser, node);
}

static struct node *
parse_equal(struct parser *parser)
{
    struct node *node = make_node(parser, NODE_IN);
    struct value value;
    size_t length;

    skip_blanks(parser);
    length = word_length(parser->at);
    if (node == NULL || length == 0)
        return fail(parser, "Syntax error", node);
    node->column = model_table_queried(parser->table, parser->at, length);
    if (node->column == parser->table->column_count)
        return fail(parser, "Could not find a property with the name", node);
    parser->at += length;
    if (!take_word(parser, "eq"))
        return fail(parser, "Expected the operator eq", node);
    if (!take_literal(parser, &parser->table->columns[node->column], &value))
        return fail(parser, "A binary operator with incompatible types was detected", node);
    if (!add_value(node, &value))
        return fail(parser, "Out of memory", node);
    return node;
}

static struct node *
parse_primary(struct parser *parser)
{
    struct node *node;

    if (take(parser, "Microsoft.Dynamics.CRM.In("))
        return parse_in(parser);
    if (!take(parser, "("))
        return parse_equal(parser);
    if (++parser->depth > DEEPEST)
        return fail(parser, "The filter is too deep", NULL);
    node = parse_or(parser);
    parser->depth--;
    if (node != NULL && !take(parser, ")"))
        return fail(parser, "Expected )", node);
    return node;
}

static struct node *
join(struct parser *parser, enum node_kind kind, struct node *left, struct node *right)
{
    struct node *node = right == NULL ? NULL : make_node(parser, kind);

    if (node == NULL) {
        free_node(right);
        return fail(parser, "The filter is too long", left);
    }
    node->left = left;
    node->right = right;
    return node;
}

static struct node *
parse_and(struct parser *parser)
{
    struct node *node = parse_primary(parser);

    while (node != NULL && take_word(parser, "and"))
        node = join(parser, NODE_AND, node, parse_primary(parser));
    return node;
}

static struct node *
parse_or(struct parser *parser)
{
    struct node *node = parse_and(parser);

    while (node != NULL && take_word(parser, "or"))
        node = join(parser, NODE_OR, node, parse_and(parser));
    return node;
}

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
    struct parser parser = {table, string, ret_reason, 0, 0};
    struct filter *filter = calloc(1, sizeof(*filter));

    if (filter == NULL)
        return NULL;
    filter->table = table;
    filter->root = parse_or(&parser);
    skip_blanks(&parser);
    if (filter->root != NULL && *parser.at != '\0')
        filter->root = fail(&parser, "Syntax error", filter->root);
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
    free_node(filter->root);
    free(filter);
}

/* --- use ---------------------------------------------------------------------------------------------------------- */

static bool
has_value(const struct node *node, const struct value *value)
{
    if (node->is_sorted)
        return value->type == VALUE_GUID &&
               bsearch(value, node->values, node->value_count, sizeof(*value), compare_ids) != NULL;
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

    if (node->kind != NODE_IN || node->value_count != 1 ||
        node->column != filter->table->indexed || node->values[0].type != VALUE_GUID)
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
