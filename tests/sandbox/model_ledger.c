/* What was asked and answered, in order; and what was offended against. */
#include <stdlib.h>
#include <string.h>

#include "model_private.h"

#define NOT_KEPT SIZE_MAX

const char *
model_service_name(enum model_service service)
{
    static const char *const names[MODEL_SERVICES] = {"login", "bap", "graph", "dataverse"};

    return service < MODEL_SERVICES ? names[service] : "none";
}

const char *
model_offence_name(enum model_offence offence)
{
    static const char *const names[MODEL_OFFENCES] = {
        [MODEL_OFFENCE_UPSERT] = "upsert",
        [MODEL_OFFENCE_EARLY] = "early",
        [MODEL_OFFENCE_OVER_LIMIT] = "over_limit",
        [MODEL_OFFENCE_WRONG_AUDIENCE] = "wrong_audience",
        [MODEL_OFFENCE_APPLICATION_ROW] = "application_row",
        [MODEL_OFFENCE_COOKIE] = "cookie",
        [MODEL_OFFENCE_MALFORMED] = "malformed",
        [MODEL_OFFENCE_LINK] = "link",
        [MODEL_OFFENCE_FOREIGN_LINK] = "foreign_link",
    };

    return offence < MODEL_OFFENCES ? names[offence] : "none";
}

static bool
has_room(struct model *model)
{
    size_t capacity = model->entry_capacity == 0 ? 256 : 2 * model->entry_capacity;
    struct model_entry *grown;

    if (model->entry_count < model->entry_capacity)
        return true;
    grown = realloc(model->entries, capacity * sizeof(*grown));
    if (grown == NULL)
        return false;
    model->entries = grown;
    model->entry_capacity = capacity;
    return true;
}

size_t
model_ledger_open(struct model *model, const struct model_entry *entry)
{
    if (!entry->is_part)
        model->calls[entry->service]++;
    if (!model->is_keeping || !has_room(model))
        return NOT_KEPT;
    model->entries[model->entry_count] = *entry;
    return model->entry_count++;
}

void
model_ledger_close(struct model *model, size_t index, const struct model_entry *entry)
{
    if (index != NOT_KEPT)
        model->entries[index] = *entry;
}

void
model_ledger_offend(struct call *call, enum model_offence offence)
{
    call->model->offences[offence]++;
    call->entry.offences |= 1U << offence;
}

size_t
model_ledger_count(const struct model *model)
{
    return model->entry_count;
}

const struct model_entry *
model_ledger_at(const struct model *model, size_t index)
{
    return index < model->entry_count ? &model->entries[index] : NULL;
}

void
model_ledger_clear(struct model *model)
{
    model->entry_count = 0;
    memset(model->calls, 0, sizeof(model->calls));
    memset(model->offences, 0, sizeof(model->offences));
}

uint64_t
model_offences(const struct model *model, enum model_offence offence)
{
    return offence < MODEL_OFFENCES ? model->offences[offence] : 0;
}

uint64_t
model_calls(const struct model *model, enum model_service service)
{
    return service < MODEL_SERVICES ? model->calls[service] : 0;
}

void
model_ledger_keep(struct model *model, bool keep)
{
    model->is_keeping = keep;
}
