/* Faults on demand: which one takes hold of a call or part, and what it does to the answer. */
#include <stdlib.h>
#include <string.h>

#include "model_private.h"

enum { DENOMINATOR = 1000000 };

static char *
copy_text(const char *text, bool *is_failed)
{
    char *copy = text == NULL ? NULL : strdup(text);

    *is_failed |= text != NULL && copy == NULL;
    return copy;
}

static void
free_fault(struct fault *fault)
{
    list_remove(&fault->link);
    free((void *)(uintptr_t)fault->set.route); /* our copies, const only for the setter's sake */
    free((void *)(uintptr_t)fault->set.environment);
    free((void *)(uintptr_t)fault->set.body);
    free((void *)(uintptr_t)fault->set.headers);
    free(fault);
}

static void
sweep(struct model *model)
{
    list_for_each(link, following, &model->faults)
    {
        struct fault *fault = list_entry(link, struct fault, link);

        if (fault->left == 0)
            free_fault(fault);
    }
}

bool
model_add_fault(struct model *model, const struct model_fault *set)
{
    struct fault *fault = calloc(1, sizeof(*fault));
    bool is_failed = false;

    if (fault == NULL)
        return false;
    sweep(model);
    fault->set = *set;
    fault->set.route = copy_text(set->route, &is_failed);
    fault->set.environment = copy_text(set->environment, &is_failed);
    fault->set.body = copy_text(set->body, &is_failed);
    fault->set.headers = copy_text(set->headers, &is_failed);
    fault->left = set->times == 0 ? -1 : set->times;
    list_add_last(&model->faults, &fault->link);
    if (is_failed)
        free_fault(fault);
    return !is_failed;
}

void
model_clear_faults(struct model *model)
{
    list_for_each(link, following, &model->faults) free_fault(list_entry(link, struct fault, link));
}

static bool
matches(const struct fault *fault, const struct call *call)
{
    const struct model_fault *set = &fault->set;

    return fault->left != 0 && set->service == call->service &&
           (set->route == NULL || strcmp(set->route, call->entry.route) == 0) &&
           (set->environment == NULL || strcmp(set->environment, call->entry.environment) == 0);
}

static bool
strikes(struct model *model, double probability)
{
    return probability >= 1.0 ||
           (double)rng_below(&model->rng, DENOMINATOR) < probability * DENOMINATOR;
}

static bool
only_delays(const struct fault *fault)
{
    return fault->set.status == 0 && fault->set.transport == HTTP_OK;
}

struct fault *
model_faults_take(struct call *call)
{
    list_for_each(link, following, &call->model->faults)
    {
        struct fault *fault = list_entry(link, struct fault, link);

        if (!matches(fault, call) || !strikes(call->model, fault->set.probability))
            continue;
        fault->left -= fault->left > 0;
        call->extra_ms += fault->set.extra_ms;
        if (!only_delays(fault))
            return fault;
    }
    return NULL;
}

void
model_faults_apply(const struct fault *fault, struct call *call)
{
    const struct model_fault *set = &fault->set;

    text_clear(&call->response->headers);
    text_clear(&call->response->body);
    if (set->status == 0) {
        model_reply_cut(call, set->transport);
    } else {
        enum model_write write = call->entry.write;
        bool is_failed = call->is_failed;

        model_reply_json(call, set->status);
        if (set->headers != NULL)
            text_add(&call->response->headers, set->headers);
        text_add(&call->response->body, set->body == NULL ? "{}" : set->body);
        if (set->is_after_effect) {
            call->entry.write = write;
            call->is_failed = is_failed;
        }
    }
    if (!set->is_after_effect) {
        call->is_failed = true;
        call->entry.write = MODEL_REFUSED;
    }
}
