"""How fast and with how much work: seconds and CPU seconds of one worker on a real broker.

Seconds are from exec until the broker reports the last offset committed, of the worker as of the
bare consumer beside it. Short runs vary, so they are made several times and the median counts.
"""
import statistics

from stage import Stage

RUNS = 5
REPLAY_RUNS = 3
READY = 10_000
REPLAY_EVENTS = 1_000_000
REPLAY_AGE_S = 2 * 3600
JAVA_BATCH_BYTES = 16384  # batch.size as it comes; librdkafka's is 1,000,000
NEW_USERS = 1000


def median(found, key):
    return statistics.median(figures[key] for figures in found)


def run(stage, recipe, **more):
    """One worker on what the stage was loaded with: seconds, CPU seconds, MiB, requests."""
    stage.warm(stage.group_id)
    stage.sandbox.ask("/ledger", method="DELETE")
    watch = stage.watch()
    worker = stage.start(recipe, **more)
    last = stage.settled(watch)[1]
    figures = {"seconds": last - worker.started, "cpu_s": worker.cpu_s(),
               "rss_mib": worker.memory_mib("VmHWM"), "calls": stage.sandbox.calls()}
    worker.stop()
    return figures


def runs(cluster, partitions, recipe, latency, bare=True, events=READY):
    """Medians of several runs, each on its own topic, and of bare consumers in turn with them."""
    found, bare_found = [], []
    for _ in range(RUNS):
        with Stage(cluster, partitions, READY, latency_low_ms=latency[0],
                   latency_high_ms=latency[1]) as stage:
            stage.load(events)
            if bare:
                bare_found.append(stage.bare())
            found.append(run(stage, recipe))
    medians = {key: median(found, key) for key in ("seconds", "cpu_s")}
    return medians, median(bare_found, "exec_s") if bare else None


def ready_look(cluster):
    worker, bare_s = runs(cluster, 1, "unit", (0, 5))
    return {"ready_look_10k_s": worker["seconds"], "ready_look_10k_cpu_s": worker["cpu_s"],
            "bare_parse_10k_s": bare_s}


def ready_look_slow(cluster):
    return {"ready_look_10k_50ms_s": runs(cluster, 6, "unit", (50, 50), bare=False)[0]["seconds"]}


def ready_both(cluster):
    return {"ready_10k_s": runs(cluster, 1, "columns", (0, 5), bare=False)[0]["seconds"]}


def replay(cluster):
    found, bare_found = [], []
    with Stage(cluster, 6, READY) as stage:
        stage.load(REPLAY_EVENTS, REPLAY_AGE_S)
        for _ in range(REPLAY_RUNS):
            bare_found.append(stage.bare())
            found.append(run(stage, "columns"))
            stage.restart_group()
    rate = REPLAY_EVENTS / median(found, "cpu_s")
    bare_rate = REPLAY_EVENTS / median(bare_found, "cpu_s")
    return {"replay_events_per_cpu_s": rate, "replay_1m_s": median(found, "seconds"),
            "replay_rss_mib": max(f["rss_mib"] for f in found),
            "replay_calls": max(f["calls"]["total"] for f in found),
            "bare_parse_events_per_cpu_s": bare_rate,
            "bare_parse_1m_s": median(bare_found, "exec_s"),
            "replay_ratio_to_bare": rate / bare_rate}


def replay_small_batches(cluster):
    """The same topic as a Java producer fills it. A fetch is at least one batch of each partition,
    so the producer's batches decide on the consumer's memory."""
    with Stage(cluster, 6, READY) as stage:
        stage.load(REPLAY_EVENTS, REPLAY_AGE_S, JAVA_BATCH_BYTES)
        return {"replay_rss_small_batches_mib": run(stage, "columns")["rss_mib"]}


def start(cluster):
    """From exec to the first committed event, beside the bare consumer's."""
    found, bare_found = [], []
    for _ in range(RUNS):
        with Stage(cluster, 1, 1) as stage:
            stage.load(1)
            bare_found.append(stage.bare()["exec_s"])
            found.append(run(stage, "columns")["seconds"])
    return {"start_to_settled_ms": statistics.median(found) * 1000,
            "bare_start_to_settled_ms": statistics.median(bare_found) * 1000}


def new_users(cluster):
    with Stage(cluster, 6, NEW_USERS, ready=False, latency_low_ms=50, latency_high_ms=50,
               row_delay_ms=0) as stage:
        stage.load(NEW_USERS)
        worker = run(stage, "columns")
    return {"new_users_per_s": NEW_USERS / worker["seconds"]}
