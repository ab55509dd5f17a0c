/* Reads from Dataverse's tables: which rows, in which order, how many a page, written as JSON. */
#include "model_query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model_private.h"

enum { COUNT_MOST = 5000 };

/* --- writing ---------------------------------------------------------------------------------- */

void
model_query_write_value(struct json_writer *writer, const char *key, const struct value *value)
{
    char text[GUID_TEXT_BYTES + 2];

    switch (value->type) {
    case VALUE_NULL:
        json_write_null(writer, key);
        break;
    case VALUE_TEXT:
        json_write_string(writer, key, value->text);
        break;
    case VALUE_INTEGER:
        json_write_integer(writer, key, value->integer);
        break;
    case VALUE_BOOLEAN:
        json_write_boolean(writer, key, value->boolean);
        break;
    case VALUE_GUID:
        guid_format(&value->guid, text + 1);
        text[0] = text[GUID_TEXT_BYTES] = '"';
        json_write_raw(writer, key, text, GUID_TEXT_BYTES + 1);
        break;
    }
}

/* W/"…" with the row's version: D-14. */
static void
write_etag(struct json_writer *writer, int64_t version)
{
    char digits[24];
    char etag[40] = "\"W/\\\"";
    size_t length = 5, count = 0;

    for (; version > 0; version /= 10)
        digits[count++] = (char)('0' + version % 10);
    while (count > 0)
        etag[length++] = digits[--count];
    memcpy(etag + length, "\\\"\"", 3);
    json_write_raw(writer, "@odata.etag", etag, length + 3);
}

/* The selected columns, and the primary key always: D-12. */
static void
write_columns(struct json_writer *writer, const struct table *table, const struct row *row,
              const struct selection *selection)
{
    size_t count = selection->count == 0 ? table->column_count : selection->count;
    bool has_key = selection->count == 0;

    write_etag(writer, row->version);
    for (size_t i = 0; i < count; i++) {
        size_t column = selection->count == 0 ? i : selection->columns[i];
        const char *key = table->columns[column].query_name;

        has_key |= column == 0;
        model_query_write_value(writer, key, &row->values[column]);
    }
    if (!has_key)
        model_query_write_value(writer, table->columns[0].query_name, &row->values[0]);
}

/* "If-None-Match: null" asks for lists that are not out of a cache: D-16. */
static bool
may_be_stale(const struct call *call)
{
    size_t length;
    const char *value = http_header(call->headers, "If-None-Match", &length);

    return value == NULL || length != 4 || strncmp(value, "null", 4) != 0;
}

static void
write_roles(const struct call *call, struct json_writer *writer, const char *key,
            const struct row *row, const struct selection *selection)
{
    const struct table *table = &call->environment->tables[TABLE_ROLE];
    const struct id_list *roles =
        may_be_stale(call) ? model_rows_stale_roles(call->model, row) : &row->roles;

    json_write_array(writer, key);
    for (size_t i = 0; i < roles->count; i++) {
        const struct row *role = model_table_find(table, &roles->ids[i]);

        if (role == NULL)
            continue;
        json_write_object(writer, NULL);
        write_columns(writer, table, role, selection);
        json_write_object_end(writer);
    }
    json_write_array_end(writer);
}

static void
write_members(const struct call *call, struct json_writer *writer, const struct query *query,
              const struct row *row)
{
    write_columns(writer, query->table, row, &query->selection);
    if (query->has_expand)
        write_roles(call, writer, "systemuserroles_association", row, &query->expanded);
}

static void
write_context(const struct call *call, struct json_writer *writer, const char *set,
              const char *suffix)
{
    struct text context = TEXT_EMPTY;

    text_add(&context, call->origin->text);
    text_add(&context, "/api/data/v9.2/$metadata#");
    text_add(&context, set);
    text_add(&context, suffix);
    json_write_bytes(writer, "@odata.context", context.data == NULL ? "" : context.data,
                     context.length);
    text_free(&context);
}

static void
reply_row(struct call *call, const struct query *query, const struct row *row, int status)
{
    struct json_writer writer;

    model_reply_json(call, status);
    model_reply_header(call, "ETag", "W/\"%lld\"", (long long)row->version);
    json_writer_init(&writer, &call->response->body);
    json_write_object(&writer, NULL);
    write_context(call, &writer, query->table->set, "/$entity");
    write_members(call, &writer, query, row);
    json_write_object_end(&writer);
}

/* --- which rows ------------------------------------------------------------------------------- */

static int
compare_values(const struct value *a, const struct value *b)
{
    if (a->type != b->type)
        return a->type < b->type ? -1 : 1;
    switch (a->type) {
    case VALUE_TEXT:
        return strcasecmp(a->text, b->text);
    case VALUE_INTEGER:
        return (a->integer > b->integer) - (a->integer < b->integer);
    case VALUE_BOOLEAN:
        return a->boolean - b->boolean;
    case VALUE_GUID:
        return guid_compare(&a->guid, &b->guid);
    case VALUE_NULL:
        break;
    }
    return 0;
}

static int
compare_rows(const void *a, const void *b, void *argument)
{
    const struct row *left = *(struct row *const *)a, *right = *(struct row *const *)b;
    const struct query *query = argument;
    int order = 0;

    if (query->is_ordered)
        order =
            compare_values(&left->values[query->order_column], &right->values[query->order_column]);
    if (query->is_descending)
        order = -order;
    return order != 0 ? order
                      : (left->sequence > right->sequence) - (left->sequence < right->sequence);
}

/* Each row once and only those that match; in the order of making, or as asked. */
static void
tidy(const struct query *query, struct row_array *array)
{
    struct query copy = *query;
    size_t kept = 0;

    if (array->count > 1)
        qsort_r(array->rows, array->count, sizeof(struct row *), compare_rows, &copy);
    for (size_t i = 0; i < array->count; i++) {
        struct row *row = array->rows[i];

        if (kept > 0 && array->rows[kept - 1] == row)
            continue;
        if (query->filter == NULL || model_filter_matches(query->filter, row))
            array->rows[kept++] = row;
    }
    array->count = kept;
}

static void
find_rows(const struct query *query, struct row_array *array)
{
    struct row *row = query->table->rows;

    if (query->filter != NULL && model_filter_collect(query->filter, array)) {
        tidy(query, array);
        return;
    }
    for (; row != NULL; row = row->hh.next)
        if (query->filter == NULL || model_filter_matches(query->filter, row))
            model_filter_add_row(array, row);
    if (query->is_ordered)
        tidy(query, array);
}

/* --- pages ------------------------------------------------------------------------------------ */

/* The first row behind the cookie; its place in the order where one was asked for. */
static size_t
first_of_page(const struct query *query, const struct row_array *array)
{
    size_t i = 0;

    if (query->after == 0)
        return 0;
    if (query->is_ordered) {
        while (i < array->count && array->rows[i]->sequence != query->after)
            i++;
        return i < array->count ? i + 1 : i;
    }
    while (i < array->count && array->rows[i]->sequence <= query->after)
        i++;
    return i;
}

/* The query as it came, with a cookie that no client looks into: D-13. */
static void
write_next_link(const struct call *call, struct json_writer *writer, const struct query *query,
                const struct row *last)
{
    const char *pair = call->url.raw_query;
    struct text link = TEXT_EMPTY;
    struct text cookie = TEXT_EMPTY;

    text_addf(&link, "%s/api/data/v9.2/%s?", call->origin->text, query->table->set);
    while (*pair != '\0') {
        size_t length = strcspn(pair, "&");

        if (strncasecmp(pair, "$skiptoken", 10) != 0 &&
            strncasecmp(pair, "%24skiptoken", 12) != 0) {
            text_add_bytes(&link, pair, length);
            text_add_char(&link, '&');
        }
        pair += length + (pair[length] == '&');
    }
    text_addf(&cookie, "<cookie pagenumber=\"%lld\" pagingcookie=\"%llx\" istracking=\"False\" />",
              (long long)query->page + 1, (unsigned long long)last->sequence);
    text_add(&link, "$skiptoken=");
    if (!cookie.failed)
        text_add_url(&link, cookie.data, cookie.length);
    if (!link.failed)
        json_write_bytes(writer, "@odata.nextLink", link.data, link.length);
    text_free(&cookie);
    text_free(&link);
}

static void
write_page(struct call *call, const struct query *query, const struct row_array *array)
{
    size_t first = first_of_page(query, array);
    size_t most = (size_t)(query->top > 0 ? query->top : query->page_size);
    size_t end = array->count - first > most ? first + most : array->count;
    struct row *const *rows = array->rows;
    struct json_writer writer;

    text_reserve(&call->response->body, (end - first) * 256 + 256);
    json_writer_init(&writer, &call->response->body);
    json_write_object(&writer, NULL);
    write_context(call, &writer, query->table->set, "");
    if (query->has_count)
        json_write_integer(&writer, "@odata.count",
                           array->count < COUNT_MOST ? (int64_t)array->count : COUNT_MOST);
    json_write_array(&writer, "value");
    for (size_t i = first; rows != NULL && i < end; i++) {
        json_write_object(&writer, NULL);
        write_members(call, &writer, query, rows[i]);
        json_write_object_end(&writer);
    }
    json_write_array_end(&writer);
    if (rows != NULL && end < array->count && query->top == 0)
        write_next_link(call, &writer, query, rows[end - 1]);
    json_write_object_end(&writer);
}

/* --- handlers --------------------------------------------------------------------------------- */

static void
note_items(struct call *call, const struct query *query)
{
    const struct guid *single;

    if (query->filter == NULL)
        return;
    call->entry.items = model_filter_items(query->filter);
    single = model_filter_single(query->filter);
    if (single != NULL)
        call->entry.user = *single;
}

void
model_query_collection(struct call *call)
{
    struct row_array array = {NULL, 0, 0, false};
    struct query query;

    if (!model_options_parse(call, call->target.table, &query))
        return;
    note_items(call, &query);
    find_rows(&query, &array);
    if (array.failed) {
        model_reply_error(call, 503, "0x80072031", "Out of memory.");
    } else {
        model_reply_json(call, 200);
        write_page(call, &query, &array);
    }
    free(array.rows);
    model_options_free(&query);
}

/*
 * A read by the alternate key makes the row of an entitled user, where the setting says so: D-17.
 */
static const struct row *
just_in_time(struct call *call)
{
    const struct person *person;

    if (call->target.key != KEY_OBJECT_ID || call->model->settings.force_sync_creates_jit == 0)
        return NULL;
    person = model_entra_person(call->model, &call->target.id);
    if (person == NULL || !person->is_enabled || !model_entra_is_licensed(call->model, person) ||
        !model_rows_sync(call->model, call->environment, person))
        return NULL;
    call->entry.write = MODEL_WROTE;
    return model_target_row(call);
}

/* If-None-Match with the row's ETag; not with $expand: D-18. */
static bool
is_known(const struct call *call, const struct query *query, const struct row *row)
{
    size_t length;
    const char *value = http_header(call->headers, "If-None-Match", &length);
    char etag[40];

    snprintf(etag, sizeof(etag), "W/\"%lld\"", (long long)row->version);
    return value != NULL && !query->has_expand && length == strlen(etag) &&
           strncmp(value, etag, length) == 0;
}

void
model_query_row(struct call *call)
{
    const struct row *row = model_target_row(call);
    char text[GUID_TEXT_BYTES];
    struct query query;

    if (!model_options_parse_single(call, call->target.table, &query))
        return;
    if (row == NULL)
        row = just_in_time(call);
    if (row != NULL && is_known(call, &query, row))
        model_reply_status(call, 304);
    else if (row != NULL)
        reply_row(call, &query, row, 200);
    else if (call->target.key == KEY_OBJECT_ID)
        model_reply_error(call, 404, "0x80060891",
                          "A record with the specified key values does not exist in %s entity",
                          call->target.table->entity);
    else
        model_reply_error(call, 404, "0x80040217", "%s With Id = %s Does Not Exist",
                          call->target.table->entity, guid_format(&call->target.id, text));
    model_options_free(&query);
}

void
model_query_navigation(struct call *call)
{
    const struct row *row = model_target_row(call);
    struct json_writer writer;
    struct query query;

    if (!model_options_parse_single(call, &call->environment->tables[TABLE_ROLE], &query))
        return;
    if (row == NULL) {
        model_reply_error(call, 404, "0x80040217", "systemuser With the id Does Not Exist");
    } else {
        model_reply_json(call, 200);
        json_writer_init(&writer, &call->response->body);
        json_write_object(&writer, NULL);
        write_context(call, &writer, "roles", "");
        write_roles(call, &writer, "value", row, &query.selection);
        json_write_object_end(&writer);
    }
    model_options_free(&query);
}

void
model_query_represent(struct call *call, const struct query *query, const struct row *row,
                      int status)
{
    reply_row(call, query, row, status);
}
