/*
 * What happened to a group, in order. An array, because delta queries page through it by index; each
 * member's changes are linked, so that what a range comes to for somebody takes a few steps.
 */
#include <stdlib.h>

#include "model_private.h"

enum { FIRST_CAPACITY = 8 };

static bool
has_room(struct journal *journal)
{
    size_t capacity = journal->capacity == 0 ? FIRST_CAPACITY : 2 * journal->capacity;
    struct step *grown;

    if (journal->count < journal->capacity)
        return true;
    grown = realloc(journal->steps, capacity * sizeof(*grown));
    if (grown == NULL)
        return false;
    journal->steps = grown;
    journal->capacity = capacity;
    return true;
}

/* Clocks of different callers may differ a little: here time never goes back. */
static int64_t
rising_ms(struct model *model)
{
    if (model->changed_at_ms < model->now.mono_ms)
        model->changed_at_ms = model->now.mono_ms;
    return model->changed_at_ms;
}

int64_t
model_journal_add(struct model *model, struct group *group, enum step_kind kind,
                  const struct guid *member, int64_t previous)
{
    struct journal *journal = &group->journal;
    int64_t index = (int64_t)journal->count;

    if (!has_room(journal))
        return NO_STEP;
    journal->steps[journal->count++] = (struct step){.sequence = ++model->sequence,
                                                     .at_ms = rising_ms(model),
                                                     .kind = kind,
                                                     .member = *member,
                                                     .previous = previous,
                                                     .next = NO_STEP};
    if (previous != NO_STEP)
        journal->steps[previous].next = index;
    return index;
}

uint64_t
model_journal_told(const struct journal *journal, int64_t now_ms, int64_t lag_ms)
{
    size_t low = 0, high = journal->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (now_ms - journal->steps[middle].at_ms >= lag_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? 0 : journal->steps[low - 1].sequence;
}

size_t
model_journal_after(const struct journal *journal, uint64_t sequence)
{
    size_t low = 0, high = journal->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (journal->steps[middle].sequence <= sequence)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool
model_journal_was_member(const struct journal *journal, const struct step *step, uint64_t sequence)
{
    while (step->previous != NO_STEP) {
        step = &journal->steps[step->previous];
        if (step->sequence <= sequence)
            return step->kind == STEP_JOINED;
    }
    return false;
}

bool
model_journal_is_last(const struct journal *journal, const struct step *step, uint64_t sequence)
{
    return step->next == NO_STEP || journal->steps[step->next].sequence > sequence;
}

bool
model_journal_is_deleted(const struct journal *journal, uint64_t sequence)
{
    const struct step *last = journal->count == 0 ? NULL : &journal->steps[journal->count - 1];

    return last != NULL && last->kind == STEP_DELETED && last->sequence <= sequence;
}
