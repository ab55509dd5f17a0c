/*
 * A ring of the answers of the last span, oldest first, with the sum of their durations kept beside it. Answers
 * older than the span are dropped whenever somebody looks. Where more were answered than the ring holds, the duration of
 * the oldest is carried over to the next one: it counts a little longer than it must, never shorter.
 */
#include "pacer.h"

#include <stdlib.h>

struct answer {
    int64_t at_ms;
    int64_t took_ms;
};

struct pacer {
    int64_t span_ms;
    int64_t took_ms; /* sum over the ring */
    size_t most;
    size_t first;
    size_t count;
    struct answer answers[];
};

static struct answer *
answer_at(struct pacer *pacer, size_t index)
{
    return &pacer->answers[(pacer->first + index) % pacer->most];
}

static void
drop_first(struct pacer *pacer)
{
    pacer->took_ms -= answer_at(pacer, 0)->took_ms;
    pacer->first = (pacer->first + 1) % pacer->most;
    pacer->count--;
}

static void
drop_old(struct pacer *pacer, int64_t now_ms)
{
    while (pacer->count > 0 && now_ms - answer_at(pacer, 0)->at_ms >= pacer->span_ms)
        drop_first(pacer);
}

struct pacer *
pacer_create(size_t most, int64_t span_ms)
{
    struct pacer *pacer = calloc(1, sizeof(*pacer) + most * sizeof(pacer->answers[0]));

    if (pacer == NULL)
        return NULL;
    pacer->most = most;
    pacer->span_ms = span_ms;
    return pacer;
}

void
pacer_destroy(struct pacer *pacer)
{
    free(pacer);
}

/* How long until the answer at ${index} has left the span. */
static int64_t
until_gone_ms(struct pacer *pacer, size_t index, int64_t now_ms)
{
    if (index >= pacer->count)
        return pacer->span_ms;
    return answer_at(pacer, index)->at_ms + pacer->span_ms - now_ms;
}

static int64_t
wait_for_calls_ms(struct pacer *pacer, size_t in_flight, size_t calls, int64_t now_ms)
{
    size_t used = pacer->count + in_flight;

    if (calls == 0 || used < calls)
        return 0;
    return until_gone_ms(pacer, used - calls, now_ms);
}

/* A call in flight is expected to take as long as the mean of the span. */
static int64_t
wait_for_execution_ms(struct pacer *pacer, size_t in_flight, int64_t execution_ms, int64_t now_ms)
{
    int64_t mean_ms = pacer->count == 0 ? 0 : pacer->took_ms / (int64_t)pacer->count;
    int64_t over_ms = pacer->took_ms + mean_ms * ((int64_t)in_flight + 1) - execution_ms;

    if (execution_ms == 0 || over_ms <= 0)
        return 0;
    for (size_t i = 0; i < pacer->count; i++) {
        over_ms -= answer_at(pacer, i)->took_ms;
        if (over_ms <= 0)
            return until_gone_ms(pacer, i, now_ms);
    }
    return in_flight == 0 ? 0 : pacer->span_ms;
}

int64_t
pacer_wait_ms(struct pacer *pacer, size_t in_flight, size_t calls, int64_t execution_ms,
              int64_t now_ms)
{
    int64_t for_calls_ms;
    int64_t for_execution_ms;

    drop_old(pacer, now_ms);
    for_calls_ms = wait_for_calls_ms(pacer, in_flight, calls, now_ms);
    for_execution_ms = wait_for_execution_ms(pacer, in_flight, execution_ms, now_ms);
    return for_calls_ms > for_execution_ms ? for_calls_ms : for_execution_ms;
}

void
pacer_note(struct pacer *pacer, int64_t took_ms, int64_t now_ms)
{
    int64_t carried_ms = 0;

    drop_old(pacer, now_ms);
    if (pacer->count == pacer->most) {
        carried_ms = answer_at(pacer, 0)->took_ms;
        drop_first(pacer);
    }
    *answer_at(pacer, pacer->count) = (struct answer){now_ms, took_ms};
    pacer->count++;
    answer_at(pacer, 0)->took_ms += carried_ms;
    pacer->took_ms += took_ms + carried_ms;
}

size_t
pacer_used(struct pacer *pacer, int64_t now_ms)
{
    drop_old(pacer, now_ms);
    return pacer->count;
}
