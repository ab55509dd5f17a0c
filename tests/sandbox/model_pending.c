/*
 * Force syncs under way, by due time: the row appears, or is enabled, some seconds after addUser.
 */
#include <stdlib.h>

#include "model_private.h"

static void
free_pending(struct pending *pending)
{
    list_remove(&pending->link);
    HASH_DEL(pending->environment->pending, pending);
    free(pending);
}

/* Behind all that are due no later; as a rule that is the end of the list. */
static void
enqueue(struct model *model, struct pending *pending)
{
    struct link *before = model->pending.previous;

    while (before != &model->pending &&
           list_entry(before, struct pending, link)->due_ms > pending->due_ms)
        before = before->previous;
    list_add_first(before, &pending->link);
}

bool
model_pending_add(struct model *model, struct environment *environment, const struct guid *user)
{
    struct pending *pending;

    HASH_FIND(hh, environment->pending, user, sizeof(*user), pending);
    if (pending != NULL)
        return true;
    pending = calloc(1, sizeof(*pending));
    if (pending == NULL)
        return false;
    pending->environment = environment;
    pending->user = *user;
    pending->due_ms = model->now.mono_ms + model->settings.row_delay_ms;
    list_init(&pending->link);
    HASH_ADD(hh, environment->pending, user, sizeof(pending->user), pending);
    if (pending->hh.tbl == NULL) {
        free(pending);
        return false;
    }
    enqueue(model, pending);
    return true;
}

bool
model_pending_has(struct environment *environment, const struct guid *user)
{
    struct pending *pending;

    HASH_FIND(hh, environment->pending, user, sizeof(*user), pending);
    return pending != NULL;
}

void
model_pending_advance(struct model *model)
{
    list_for_each(link, following, &model->pending)
    {
        struct pending *pending = list_entry(link, struct pending, link);
        const struct person *person;

        if (pending->due_ms > model->now.mono_ms)
            break;
        person = model_entra_person(model, &pending->user);
        if (person != NULL && person->is_enabled &&
            model_rows_need_sync(pending->environment, &pending->user))
            (void)model_rows_sync(model, pending->environment, person);
        free_pending(pending);
    }
}

void
model_pending_free(struct model *model)
{
    list_for_each(link, following, &model->pending)
        free_pending(list_entry(link, struct pending, link));
}
