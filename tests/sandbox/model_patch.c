/* PATCH of one row: preconditions, then the changes. Without If-Match it is an upsert: D-20. */
#include <stdio.h>
#include <string.h>

#include "model_payload.h"
#include "model_private.h"
#include "model_query.h"

static bool
has_header(const struct call *call, const char *name, const char *expected)
{
    size_t length;
    const char *value = http_header(call->headers, name, &length);

    return value != NULL && length == strlen(expected) && strncmp(value, expected, length) == 0;
}

static bool
prefers_representation(const struct call *call)
{
    static const char wanted[] = "return=representation";
    size_t length;
    const char *value = http_header(call->headers, "Prefer", &length);

    return value != NULL && memmem(value, length, wanted, sizeof(wanted) - 1) != NULL;
}

/* W/"123" against the row's version. */
static bool
is_current(const struct call *call, const struct row *row)
{
    char etag[40];

    snprintf(etag, sizeof(etag), "W/\"%lld\"", (long long)row->version);
    return has_header(call, "If-Match", etag);
}

static void
refuse_missing(struct call *call)
{
    char text[GUID_TEXT_BYTES];

    guid_format(&call->target.id, text);
    if (call->target.key == KEY_OBJECT_ID)
        model_reply_error(call, 404, "0x80060891",
                          "A record with the specified key values does not exist in %s entity",
                          call->target.table->entity);
    else
        model_reply_error(call, 404, "0x80040217", "%s With Id = %s Does Not Exist",
                          call->target.table->entity, text);
}

/* If-Match and If-None-Match: D-22. False when the call was answered. */
static bool
check_preconditions(struct call *call, const struct row *row)
{
    size_t length;
    bool has_match = http_header(call->headers, "If-Match", &length) != NULL;

    if (has_match && row == NULL) {
        refuse_missing(call);
        return false;
    }
    if (has_match && !has_header(call, "If-Match", "*") && !is_current(call, row)) {
        model_reply_error(
            call, 412, "0x80060882",
            "The version of the existing record doesn't match the RowVersion property.");
        return false;
    }
    if (row != NULL && has_header(call, "If-None-Match", "*")) {
        model_reply_error(call, 412, "0x80040237",
                          "A record with matching key values already exists.");
        return false;
    }
    return true;
}

/* Enabling somebody without a licence is refused: D-25. */
static bool
check_licence(struct call *call, const struct payload *payload, const struct row *row)
{
    const struct table *table = call->target.table;
    const struct value *object_id = &row->values[table->indexed];
    const struct person *person = NULL;

    if (object_id->type == VALUE_GUID)
        person = model_entra_person(call->model, &object_id->guid);
    for (size_t i = 0; i < payload->count; i++) {
        const struct change *change = &payload->changes[i];

        if (strcmp(table->columns[change->column].name, "isdisabled") != 0 ||
            change->value.boolean || person == NULL ||
            !model_rows_is_disabled(call->environment, row) ||
            model_entra_is_licensed(call->model, person))
            continue;
        model_reply_error(call, 400, "0x8004D24C", "The user cannot be enabled without a licence.");
        return false;
    }
    return true;
}

static bool
apply_change(struct call *call, struct row *row, const struct change *change, bool *is_changed)
{
    struct table *table = call->target.table;

    if (model_value_equal(&row->values[change->column], &change->value))
        return true;
    *is_changed = true;
    if (table->columns[change->column].type == COLUMN_LOOKUP)
        return model_rows_move(call->model, call->environment, row, &change->value.guid);
    return model_table_set(table, row, change->column, &change->value);
}

/* An update with values that are there already counts and fires all the same: D-24. */
static bool
apply(struct call *call, struct row *row, const struct payload *payload)
{
    bool is_changed = false;
    bool is_applied = model_undo_note(call, call->target.table, row, false);

    for (size_t i = 0; is_applied && i < payload->count; i++)
        is_applied = apply_change(call, row, &payload->changes[i], &is_changed);
    row->version = ++call->environment->version;
    call->entry.write = is_changed ? MODEL_WROTE : MODEL_WROTE_NOTHING;
    return is_applied;
}

/* What an unguarded PATCH does with an unknown id; the worst mistake a client can make here. */
static struct row *
create(struct call *call)
{
    struct guid id = call->target.id;
    struct row *row;

    model_ledger_offend(call, MODEL_OFFENCE_UPSERT);
    if (call->target.key == KEY_OBJECT_ID)
        id = model_random_guid(&call->model->rng);
    row = model_rows_make(call->environment, &id,
                          call->target.key == KEY_OBJECT_ID ? &call->target.id : NULL);
    if (row != NULL)
        (void)model_undo_note(call, call->target.table, row, true);
    return row;
}

/* D-23. */
static void
reply(struct call *call, const struct query *query, const struct row *row, bool is_new)
{
    char text[GUID_TEXT_BYTES];

    if (prefers_representation(call)) {
        model_query_represent(call, query, row, is_new ? 201 : 200);
        model_reply_header(call, "Preference-Applied", "return=representation");
    } else {
        model_reply_status(call, 204);
    }
    model_reply_header(call, "OData-EntityId", "%s/api/data/v9.2/%s(%s)", call->origin->text,
                       call->target.table->set, guid_format(&row->id, text));
}

static void
patch(struct call *call, const struct query *query, const struct payload *payload)
{
    struct row *row = model_target_row(call);
    bool is_new = row == NULL;

    if (!check_preconditions(call, row))
        return;
    if (row != NULL && !check_licence(call, payload, row))
        return;
    if (row != NULL && model_rows_is_application(call->environment, row)) /* D-26 */
        model_ledger_offend(call, MODEL_OFFENCE_APPLICATION_ROW);
    if (row == NULL)
        row = create(call);
    if (row == NULL || !apply(call, row, payload)) {
        model_reply_error(call, 503, "0x80072031", "Out of memory.");
        return;
    }
    if (is_new)
        call->entry.write = MODEL_WROTE;
    call->target.id = row->id;
    call->target.key = KEY_ID;
    reply(call, query, row, is_new);
}

void
model_patch_row(struct call *call)
{
    struct payload payload;
    struct query query;

    if (call->target.table != &call->environment->tables[TABLE_SYSTEMUSER]) {
        model_reply_method(call);
        return;
    }
    if (!model_reply_is_json(call) || !model_options_parse_single(call, call->target.table, &query))
        return;
    if (model_payload_parse(call, &payload)) {
        patch(call, &query, &payload);
        model_payload_free(&payload);
    }
    model_options_free(&query);
}
