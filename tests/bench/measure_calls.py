"""How many requests: what the sandbox counted, tokens included."""
from measure_speed import run
from stage import Stage
from world import ALL_LIMITS

NEW_USERS = 1000
READY = 10_000
OLD_S = 2 * 3600
SERVICES = ("login", "bap", "graph", "dataverse")


def new_user_calls(cluster, settings=None, **more):
    with Stage(cluster, 6, NEW_USERS, ready=False, latency_low_ms=50, latency_high_ms=50,
               row_delay_ms=8000, **(settings or {})) as stage:
        stage.load(NEW_USERS)
        return run(stage, "columns", **more)["calls"]


def new_user(cluster):
    calls = new_user_calls(cluster)
    each = {f"calls_per_new_user_{name}": calls[name] / NEW_USERS for name in SERVICES}
    return {"calls_per_new_user": calls["total"] / NEW_USERS, **each}


def new_user_limited(cluster):
    calls = new_user_calls(cluster, settings={"limits": 1}, lanes=ALL_LIMITS)
    return {"calls_per_new_user_limited": calls["total"] / NEW_USERS}


def ready_calls(cluster, age_s):
    with Stage(cluster, 1, READY) as stage:
        stage.load(READY, age_s)
        return run(stage, "columns")["calls"]["total"] / READY


def ready_event(cluster):
    return {"calls_per_ready_event": ready_calls(cluster, 1)}


def ready_event_checked(cluster):
    return {"calls_per_ready_event_checked": ready_calls(cluster, OLD_S)}
