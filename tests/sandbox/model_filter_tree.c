/*
 * A recursive descent parser for $filter; model_filter.c uses the tree that it makes. Grammar:
 * D-10.
 */
#include "model_filter_tree.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "guid.h"
#include "text.h"

enum { DEEPEST = 32, MOST_NODES = 4096 };

struct parser {
    const struct table *table;
    const char *at;
    struct text *reason;
    int depth;
    int nodes;
};

static struct node *parse_or(struct parser *parser);

void
model_filter_tree_free(struct node *node)
{
    if (node == NULL)
        return;
    model_filter_tree_free(node->left);
    model_filter_tree_free(node->right);
    for (size_t i = 0; i < node->value_count; i++)
        model_value_fini(&node->values[i]);
    free(node->values);
    free(node);
}

int
model_filter_tree_compare(const void *a, const void *b)
{
    const struct value *left = a, *right = b;

    return guid_compare(&left->guid, &right->guid);
}

static struct node *
fail(struct parser *parser, const char *reason, struct node *node)
{
    model_filter_tree_free(node);
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

/* --- tokens ----------------------------------------------------------------------------------- */

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
    const char *end;

    skip_blanks(parser);
    if (*parser->at != quote)
        return NULL;
    parser->at++;
    while ((end = strchr(parser->at, quote)) != NULL) {
        text_add_bytes(&text, parser->at, (size_t)(end - parser->at));
        parser->at = end + 1;
        if (*parser->at != quote)
            return text_take(&text, NULL);
        text_add_char(&text, quote);
        parser->at++;
    }
    text_free(&text);
    return NULL;
}

/* --- literals --------------------------------------------------------------------------------- */

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

/* --- comparisons ------------------------------------------------------------------------------ */

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
        qsort(node->values, node->value_count, sizeof(node->values[0]), model_filter_tree_compare);
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
        model_filter_tree_free(right);
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

struct node *
model_filter_tree_parse(const struct table *table, const char *string, struct text *ret_reason)
{
    struct parser parser = {table, string, ret_reason, 0, 0};
    struct node *root = parse_or(&parser);

    skip_blanks(&parser);
    if (root != NULL && *parser.at != '\0')
        root = fail(&parser, "Syntax error", root);
    return root;
}
