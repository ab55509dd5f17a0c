/*
 * Names of calls and verdicts, and the end of what an answer brought. Whoever adds a result to
 * struct call adds its freeing here.
 */
#include "call.h"

#include <stdlib.h>
#include <string.h>

const char *
call_kind_name(enum call_kind kind)
{
    static const char *const names[CALL_KINDS] = {
        [CALL_TOKEN] = "token", [CALL_LOOK] = "look",       [CALL_SOURCES] = "sources",
        [CALL_PATCH] = "patch", [CALL_MOVE] = "move",       [CALL_FORCE_SYNC] = "force_sync",
        [CALL_ROLE] = "role",   [CALL_UNITS] = "units",     [CALL_ROLES] = "roles",
        [CALL_DELTA] = "delta", [CALL_MEMBERS] = "members",
    };

    return names[kind];
}

const char *
verdict_name(enum verdict verdict)
{
    static const char *const names[] = {
        [VERDICT_DONE] = "done",
        [VERDICT_WAIT] = "wait",
        [VERDICT_RETRY] = "retry",
        [VERDICT_THROTTLED] = "throttled",
        [VERDICT_CHANGED] = "changed",
        [VERDICT_REFUSED] = "refused",
        [VERDICT_REJECTED] = "rejected",
        [VERDICT_MISCONFIGURED] = "misconfigured",
        [VERDICT_UNAUTHORISED] = "unauthorised",
    };

    return names[verdict];
}

void
row_free(struct row *row, const struct environment *environment)
{
    if (row == NULL)
        return;
    for (size_t i = 0; row->values != NULL && i < environment->column_count; i++)
        value_free(&row->values[i]);
    free(row->values);
    free(row->roles);
    free(row->fault);
    *row = (struct row){0};
}

void
person_free(struct person *person, const struct environment *environment)
{
    if (person == NULL)
        return;
    for (size_t i = 0; person->values != NULL && i < environment->attribute_count; i++)
        value_free(&person->values[i]);
    for (size_t i = 0; person->faults != NULL && i < environment->attribute_count; i++)
        free(person->faults[i]);
    free(person->values);
    free(person->faults);
    *person = (struct person){0};
}

static void
reset_items(struct call *call)
{
    for (size_t i = 0; i < call->item_count; i++) {
        struct source_item *item = &call->items[i];

        person_free(&item->person, call->environment);
        for (size_t j = 0; j < item->group_count; j++)
            item->is_member[j] = false;
        item->verdict = VERDICT_RETRY;
        item->reason = "";
        item->error = (struct error){.retry_after_ms = -1};
    }
}

static void
free_rows(struct call *call)
{
    for (size_t i = 0; i < call->row_count; i++)
        row_free(&call->rows[i], call->environment);
    free(call->rows);
    call->rows = NULL;
    call->row_count = 0;
}

static void
free_catalogue(struct call *call)
{
    for (size_t i = 0; i < call->unit_count; i++)
        free(call->units[i].name);
    for (size_t i = 0; i < call->found_role_count; i++)
        free(call->found_roles[i].name);
    free(call->units);
    free(call->found_roles);
    call->units = NULL;
    call->unit_count = 0;
    call->found_roles = NULL;
    call->found_role_count = 0;
}

static void
free_changes(struct call *call)
{
    free(call->changes);
    free(call->next_page);
    free(call->delta_page);
    call->changes = NULL;
    call->change_count = 0;
    call->next_page = call->delta_page = NULL;
    call->is_group_seen = call->is_group_deleted = false;
}

/* A token is overwritten before its memory goes back. */
static void
free_token(struct call *call)
{
    if (call->token != NULL)
        explicit_bzero(call->token, strlen(call->token));
    free(call->token);
    call->token = NULL;
    call->token_life_ms = 0;
}

/* Graph's documented costs; of a batch of 20 requests as much as it can be, until it is filled. */
static const int most_costs[CALL_KINDS] = {
    [CALL_TOKEN] = 1,
    [CALL_LOOK] = 1,
    [CALL_SOURCES] = 20 * CALL_COST_GROUPS,
    [CALL_FORCE_SYNC] = 1,
    [CALL_PATCH] = 1,
    [CALL_MOVE] = 1,
    [CALL_ROLE] = 1,
    [CALL_UNITS] = 1,
    [CALL_ROLES] = 1,
    [CALL_DELTA] = 1,
    [CALL_MEMBERS] = CALL_COST_MEMBERS,
};

void
call_init(struct call *call, enum call_kind kind, const struct environment *environment,
          call_done_fn *done, void *owner)
{
    *call = (struct call){.kind = kind,
                          .environment = environment,
                          .cost = most_costs[kind],
                          .done = done,
                          .owner = owner};
    list_init(&call->link);
    call_reset(call);
}

void
call_reset(struct call *call)
{
    free_rows(call);
    free_catalogue(call);
    free_changes(call);
    free_token(call);
    reset_items(call);
    call->verdict = VERDICT_RETRY;
    call->reason = "";
    call->error = (struct error){.retry_after_ms = -1};
    call->dop_hint = 0;
}
