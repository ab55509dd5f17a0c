/*
 * What a change set puts back when one of its parts fails: each row as it was before the first
 * touch.
 */
#include <stdlib.h>
#include <string.h>

#include "model_private.h"

struct undo {
    struct undo *next;
    struct table *table;
    struct row *row;
    bool is_new;
    int64_t version;
    struct id_list roles;
    struct value *values; /* NULL for a new row */
};

static void
free_undo(struct undo *undo)
{
    for (size_t i = 0; undo->values != NULL && i < undo->table->column_count; i++)
        model_value_fini(&undo->values[i]);
    free(undo->values);
    model_value_list_fini(&undo->roles);
    free(undo);
}

static struct undo *
find_undo(const struct transaction *transaction, const struct row *row)
{
    struct undo *undo = transaction->undo;

    while (undo != NULL && undo->row != row)
        undo = undo->next;
    return undo;
}

static bool
copy_row(struct undo *undo)
{
    const struct row *row = undo->row;

    undo->values = calloc(undo->table->column_count, sizeof(undo->values[0]));
    if (undo->values == NULL)
        return false;
    for (size_t i = 0; i < undo->table->column_count; i++)
        if (!model_value_copy(&undo->values[i], &row->values[i]))
            return false;
    return model_value_list_copy(&undo->roles, &row->roles);
}

bool
model_undo_note(struct call *call, struct table *table, struct row *row, bool is_new)
{
    struct transaction *transaction = call->transaction;
    struct undo *undo;

    if (transaction == NULL || find_undo(transaction, row) != NULL)
        return true;
    undo = calloc(1, sizeof(*undo));
    if (undo == NULL)
        return false;
    undo->table = table;
    undo->row = row;
    undo->is_new = is_new;
    undo->version = row->version;
    if (!is_new && !copy_row(undo)) {
        free_undo(undo);
        return false;
    }
    undo->next = transaction->undo;
    transaction->undo = undo;
    return true;
}

struct guid
model_undo_unit(const struct call *call, const struct row *row)
{
    const struct table *table = &call->environment->tables[TABLE_SYSTEMUSER];
    size_t column = model_table_queried(table, "_businessunitid_value", 21);
    const struct undo *undo = NULL;

    if (call->transaction != NULL)
        undo = find_undo(call->transaction, row);
    return undo == NULL || undo->values == NULL ? row->values[column].guid
                                                : undo->values[column].guid;
}

void
model_undo_commit(struct transaction *transaction)
{
    while (transaction->undo != NULL) {
        struct undo *undo = transaction->undo;

        transaction->undo = undo->next;
        free_undo(undo);
    }
}

static void
put_back(struct undo *undo)
{
    struct row *row = undo->row;

    if (undo->is_new) {
        model_table_remove(undo->table, row);
        return;
    }
    for (size_t i = 0; i < undo->table->column_count; i++) {
        struct value value = row->values[i];

        row->values[i] = undo->values[i];
        undo->values[i] = value;
    }
    model_value_list_fini(&row->roles);
    row->roles = undo->roles;
    undo->roles = (struct id_list){NULL, 0};
    row->version = undo->version;
}

void
model_undo_roll_back(struct transaction *transaction)
{
    for (struct undo *undo = transaction->undo; undo != NULL; undo = undo->next)
        put_back(undo);
    for (struct undo *undo = transaction->undo, *next; undo != NULL; undo = next) {
        next = undo->next;
        if (undo->is_new)
            undo->values = NULL;
        free_undo(undo);
    }
    transaction->undo = NULL;
}
