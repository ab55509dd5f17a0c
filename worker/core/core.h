#ifndef CORE_H
#define CORE_H

#include "clock.h"
#include "engine.h"
#include "rng.h"
#include "timer.h"

/*
 * What every part of the core may know of its surroundings, borrowed for its life. The engine owns one.
 */
struct core {
    const struct engine_settings *settings;
    const struct routing *routing;
    const char *const *topics;
    size_t topic_count;
    const struct clock *clock;
    struct timers *timers;
    struct rng rng;
    struct ports ports;
    int64_t *login_not_before_ms; /* by identity: what Entra's token endpoint told it; token.c */
};

/* The tier of which ${topic} is the retry topic; -1: it is none. */
int core_tier_of(const struct core *core, int topic);

/*
 * How long to wait before attempt ${attempt} + 1 (from 1): full jitter over an exponentially growing
 * span between the base and the cap of the settings. Where a Retry-After said ${told_ms} (-1: it did not) that is obeyed, and when it is said
 * again and again the span is added: replicas with one credential are told apart from each other, and must not all come back together.
 */
int64_t core_backoff_ms(struct core *core, int attempt, int64_t told_ms);

#endif
