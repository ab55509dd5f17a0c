"""How much memory: resident set and allocator, as the kernel and malloc see them."""
import pathlib
import subprocess
import tempfile

from process import Failure, wait_for
from stage import Stage

USERS = 10_000
UNSETTLED = 100_000
MIB = 1 << 20
WIDE = 'intake: { max_events = 200000; max_bytes = "1GiB"; };'


def taken_in(worker, events):
    status = worker.status()
    return status is not None and status["unsettled_events"] >= events


def unsettled(cluster):
    """100,000 events that wait for services which never answer. The growth from the first record
    on, buffers of the Kafka client included, is shared out among the events."""
    with Stage(cluster, 1, USERS) as stage:
        stage.sandbox.ask("/faults", {"service": "login", "times": 0, "cut": "silent"})
        worker = stage.start("columns", WIDE)
        wait_for("partitions are assigned", lambda: is_assigned(worker), period_s=0.1)
        before_mib = worker.memory_mib("RssAnon")
        stage.load(UNSETTLED)
        wait_for("everything is taken in", lambda: taken_in(worker, UNSETTLED), period_s=0.1)
        growth_mib = worker.memory_mib("RssAnon") - before_mib
        return {"rss_mib_100k": worker.memory_mib("VmHWM"),
                "bytes_per_event": growth_mib * MIB / UNSETTLED}


def is_assigned(worker):
    return bool((worker.status() or {}).get("partitions"))


def idle(cluster):
    """Plain http, before anything was asked."""
    with Stage(cluster, 1, 1) as stage:
        worker = stage.start("columns")
        wait_for("partitions are assigned", lambda: is_assigned(worker), period_s=0.1)
        return {"rss_mib_idle": worker.memory_mib("VmRSS")}


def idle_tls(cluster):
    """After all services were asked over TLS."""
    with tempfile.TemporaryDirectory(prefix="bench-tls-") as folder:
        key, certificate = pathlib.Path(folder) / "key.pem", pathlib.Path(folder) / "cert.pem"
        make_certificate(key, certificate)
        with Stage(cluster, 1, 1, arguments=("--tls-cert", certificate, "--tls-key", key)) as stage:
            stage.load(1)
            watch = stage.watch()
            worker = stage.start("columns", f'http: {{ ca_file = "{certificate}"; }};')
            stage.settled(watch)
            return {"rss_mib_idle_tls": worker.memory_mib("VmRSS")}


def make_certificate(key, certificate):
    run = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", key, "-out", certificate],
        capture_output=True, text=True)
    if run.returncode != 0:
        raise Failure(f"openssl: {run.stderr.strip()}")
