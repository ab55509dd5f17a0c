#ifndef ENGINE_PRIVATE_H
#define ENGINE_PRIVATE_H

#include "core.h"
#include "json.h"
#include "keep.h"
#include "lane.h"
#include "ledger.h"
#include "memory.h"
#include "site.h"
#include "stray.h"
#include "workqueue.h"

/* The engine's inside, shared by engine.c (making, Kafka, time), take.c (records) and engine_status.c (looking). */
struct engine {
    struct core core;
    struct ledger ledger;
    struct json_parser *parser; /* for events */
    struct offsets *offsets;
    struct workqueue *workqueue;
    struct memory *memory;
    struct keeper *keeper;
    struct strays *strays;
    struct lane **lanes;
    size_t lane_count;
    struct site **sites;     /* by the environment's index */
    int32_t main_partitions; /* of the main topic in all; 0: not known */
    int32_t main_assigned;
    bool has_new_share; /* one of the two has changed since lanes were told */
    uint64_t replaced;  /* windows, as far as their stale jobs were dropped */
    bool is_warm;       /* tokens were asked for */
    bool is_stopping;
    int64_t drain_until_ms;
    struct timer drain; /* while stopping: gives up whoever has nothing to finish */
};

#endif
