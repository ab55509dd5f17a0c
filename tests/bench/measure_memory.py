"""How much memory: resident set and allocator, as the kernel and malloc see them."""
from process import wait_for
from stage import Stage

USERS = 10_000
UNSETTLED = 100_000
WIDE = 'intake: { max_events = 200000; max_bytes = "1GiB"; };'


def taken_in(worker, events):
    status = worker.status()
    return status is not None and status["unsettled_events"] >= events


def unsettled(cluster):
    """100,000 events that wait for services which never answer."""
    with Stage(cluster, 1, USERS) as stage:
        stage.load(UNSETTLED)
        stage.sandbox.ask("/faults", {"service": "login", "times": 0, "cut": "silent"})
        worker = stage.start("columns", WIDE)
        wait_for("everything is taken in", lambda: taken_in(worker, UNSETTLED), period_s=0.1)
        return {"rss_mib_100k": worker.memory_mib("VmHWM")}


def idle(cluster):
    with Stage(cluster, 1, 1) as stage:
        worker = stage.start("columns")
        wait_for("partitions are assigned",
                 lambda: (worker.status() or {}).get("partitions"), period_s=0.1)
        return {"rss_mib_idle": worker.memory_mib("VmRSS")}
