/* Query options: $select, $expand, $filter, $orderby, $top, $count, $skiptoken; no others: D-11. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "model_private.h"
#include "model_query.h"

#define ROLES_NAVIGATION "systemuserroles_association"

enum { ROWS_MOST = 5000 };

/* An option's reader; false when it answered the call. */
struct reader {
    const char *name;
    bool (*read)(struct call *call, struct query *query, const char *value);
    bool is_single; /* also for a read of one row */
};

/* D-19. */
static bool
refuse_property(struct call *call, const struct table *table, const char *name, size_t length)
{
    model_reply_malformed(
        call, "0x80060888",
        "Could not find a property named '%.*s' on type 'Microsoft.Dynamics.CRM.%s'.",
        (int)(length < 100 ? length : 100), name, table->entity);
    return false;
}

/* Names between commas, blanks around them. */
static bool
read_columns(struct call *call, const struct table *table, const char *list, size_t length,
             struct selection *selection)
{
    const char *end = list + length;

    for (;;) {
        const char *comma = memchr(list, ',', (size_t)(end - list));
        const char *name_end = comma == NULL ? end : comma;
        size_t column, name;

        while (list < name_end && *list == ' ')
            list++;
        for (name = (size_t)(name_end - list); name > 0 && list[name - 1] == ' ';)
            name--;
        column = model_table_queried(table, list, name);
        if (column == table->column_count || selection->count == SELECT_MOST)
            return refuse_property(call, table, list, name);
        selection->columns[selection->count++] = column;
        if (comma == NULL)
            return true;
        list = comma + 1;
    }
}

static bool
read_select(struct call *call, struct query *query, const char *value)
{
    return read_columns(call, query->table, value, strlen(value), &query->selection);
}

/* systemuserroles_association, alone or with ($select=…): D-15. */
static bool
read_expand(struct call *call, struct query *query, const char *value)
{
    static const char name[] = ROLES_NAVIGATION;
    static const char select[] = "($select=";
    const char *rest = value + sizeof(name) - 1;
    size_t length = strlen(value);

    if (strcmp(query->table->set, "systemusers") != 0 ||
        strncmp(value, name, sizeof(name) - 1) != 0)
        return refuse_property(call, query->table, value, strcspn(value, "("));
    query->has_expand = true;
    if (*rest == '\0')
        return true;
    if (strncmp(rest, select, sizeof(select) - 1) != 0 || value[length - 1] != ')' ||
        strchr(rest, ')') != value + length - 1) {
        model_reply_malformed(call, "0x80060888", "The $expand is not supported: '%.100s'.", value);
        return false;
    }
    rest += sizeof(select) - 1;
    return read_columns(call, &call->environment->tables[TABLE_ROLE], rest,
                        (size_t)(value + length - 1 - rest), &query->expanded);
}

static bool
read_filter(struct call *call, struct query *query, const char *value)
{
    struct text reason = TEXT_EMPTY;

    query->filter = model_filter_parse(query->table, value, &reason);
    if (query->filter == NULL)
        model_reply_malformed(call, "0x80060888", "%.300s",
                              reason.data == NULL ? "Out of memory." : reason.data);
    text_free(&reason);
    return query->filter != NULL;
}

static bool
read_orderby(struct call *call, struct query *query, const char *value)
{
    size_t length = strcspn(value, " ");
    const char *direction = value + length;

    query->order_column = model_table_queried(query->table, value, length);
    if (query->order_column == query->table->column_count)
        return refuse_property(call, query->table, value, length);
    query->is_ordered = true;
    query->is_descending = strcmp(direction, " desc") == 0;
    if (*direction == '\0' || query->is_descending || strcmp(direction, " asc") == 0)
        return true;
    model_reply_malformed(call, "0x80060888", "Syntax error in $orderby '%.100s'.", value);
    return false;
}

static bool
read_top(struct call *call, struct query *query, const char *value)
{
    char *end;

    query->top = strtoll(value, &end, 10);
    if (*value != '\0' && *end == '\0' && query->top > 0 && query->top <= ROWS_MOST)
        return true;
    model_reply_malformed(call, "0x80060888", "Invalid value '%.40s' for $top.", value);
    return false;
}

static bool
read_count(struct call *call, struct query *query, const char *value)
{
    query->has_count = strcmp(value, "true") == 0;
    if (query->has_count || strcmp(value, "false") == 0)
        return true;
    model_reply_malformed(call, "0x80060888", "Invalid value '%.40s' for $count.", value);
    return false;
}

/* The cookie that model_query.c writes into @odata.nextLink. */
static bool
read_skiptoken(struct call *call, struct query *query, const char *value)
{
    static const char page[] = "<cookie pagenumber=\"";
    static const char after[] = "\" pagingcookie=\"";
    char *end;

    if (strncmp(value, page, sizeof(page) - 1) == 0) {
        query->page = strtoll(value + sizeof(page) - 1, &end, 10);
        if (strncmp(end, after, sizeof(after) - 1) == 0) {
            query->after = strtoull(end + sizeof(after) - 1, &end, 16);
            if (strcmp(end, "\" istracking=\"False\" />") == 0)
                return true;
        }
    }
    model_reply_malformed(call, "0x80060888", "The paging cookie is malformed.");
    return false;
}

static const struct reader readers[] = {
    {"$select", read_select, true},
    {"$expand", read_expand, true},
    {"$filter", read_filter, false},
    {"$orderby", read_orderby, false},
    {"$top", read_top, false},
    {"$count", read_count, false},
    {"$skiptoken", read_skiptoken, false},
};

static bool
read_option(struct call *call, struct query *query, const struct option *option, bool is_single)
{
    for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
        if (strcasecmp(readers[i].name, option->name) != 0 || (is_single && !readers[i].is_single))
            continue;
        if (option->length > 0)
            return readers[i].read(call, query, option->value);
        break;
    }
    model_reply_malformed(call, "0x80060888", "The query option '%.40s' is not supported.",
                          option->name);
    return false;
}

/* "odata.maxpagesize=n" among the preferences; never above the service's own: D-13. */
static int64_t
read_page_size(const struct call *call)
{
    static const char name[] = "odata.maxpagesize=";
    int64_t most = call->model->settings.page_size;
    size_t length;
    const char *value = http_header(call->headers, "Prefer", &length);
    const char *found = value == NULL ? NULL : memmem(value, length, name, sizeof(name) - 1);
    long long size;

    if (found == NULL)
        return most;
    size = strtoll(found + sizeof(name) - 1, NULL, 10);
    return size > 0 && size < most ? size : most;
}

static bool
parse(struct call *call, const struct table *table, bool is_single, struct query *query)
{
    memset(query, 0, sizeof(*query));
    query->table = table;
    query->page = 1;
    query->page_size = read_page_size(call);
    for (size_t i = 0; i < call->url.option_count; i++)
        if (!read_option(call, query, &call->url.options[i], is_single)) {
            model_options_free(query);
            return false;
        }
    return true;
}

bool
model_options_parse(struct call *call, const struct table *table, struct query *ret_query)
{
    return parse(call, table, false, ret_query);
}

bool
model_options_parse_single(struct call *call, const struct table *table, struct query *ret_query)
{
    return parse(call, table, true, ret_query);
}

void
model_options_free(struct query *query)
{
    model_filter_free(query->filter);
    query->filter = NULL;
}
