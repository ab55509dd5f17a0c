"""One measurement's processes: a topic and a group of its own, a sandbox, a worker."""
import json
import pathlib
import subprocess
import tempfile
import time
import uuid

import world
from process import BUILD, Failure, Sandbox, Worker


def program(name, *arguments):
    """Runs one of the programs beside this file; what it printed."""
    run = subprocess.run([BUILD / "bench" / name, *map(str, arguments)],
                         capture_output=True, text=True)
    if run.returncode != 0:
        raise Failure(f"{name}: {run.stderr.strip() or run.returncode}")
    return run.stdout


class Stage:
    """As a context: what it started ends with it."""

    def __init__(self, cluster, partitions, people, ready=True, arguments=(), **settings):
        self.cluster = cluster
        self.partitions = partitions
        self.folder_holder = tempfile.TemporaryDirectory(prefix="bench-")
        self.folder = pathlib.Path(self.folder_holder.name)
        self.topic = "t" + uuid.uuid4().hex[:8]
        self.group_id = self.topic + "-workers"
        self.worker = None
        self.events = 0
        for suffix in ("", ".dlq"):
            cluster.create_topic(self.topic + suffix, partitions=partitions)
        self.sandbox = Sandbox(self.folder, *arguments)
        self.sandbox.set(**{"limits": 0, "latency_low_ms": 0, "latency_high_ms": 0, **settings})
        world.seed(self.sandbox, people, ready)
        self.people = people

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.worker is not None:
            self.worker.stop()
        self.sandbox.stop()
        self.folder_holder.cleanup()

    def load(self, events, age_s=1, batch_bytes=1_000_000):
        """Publishes ${events} events of all people in turn, in batches of at most so many bytes."""
        program("load", self.cluster.bootstrap, self.topic, world.GROUP, events, self.people, age_s,
                batch_bytes)
        self.events += events

    def bare(self, *properties):
        """The bare consumer's figures for what was loaded; exec_s is measured as the worker's."""
        group = f"{self.topic}-bare-{uuid.uuid4().hex[:4]}"
        self.warm(group)
        watch = self.watch(group)
        started = time.monotonic()
        figures = json.loads(program("bare_consumer", self.cluster.bootstrap, group, self.topic,
                                     self.events, *properties))
        return {**figures, "exec_s": self.settled(watch)[1] - started}

    def restart_group(self):
        """The next worker reads everything again."""
        self.group_id = f"{self.topic}-workers-{uuid.uuid4().hex[:4]}"

    def warm(self, group):
        """A coordinator that has just loaded a group would be measured with it."""
        self.cluster.committed(group)

    def watch(self, group=None, events=None, period_ms=2, seconds=900):
        """Starts to watch what ${group} (the worker's) commits; settled() takes the answer."""
        watch = subprocess.Popen(
            [BUILD / "bench" / "watch_commits", self.cluster.bootstrap, group or self.group_id,
             self.topic, *map(str, (self.partitions, events or self.events, period_ms, seconds))],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        watch.stdout.readline()  # it has found the coordinator
        return watch

    def start(self, recipe, extra="", lanes=world.NO_LIMITS):
        text = world.configuration(self.sandbox.state, self.cluster.bootstrap, self.topic,
                                   self.group_id, recipe, extra, lanes)
        self.worker = Worker(self.folder, text)
        return self.worker

    def settled(self, watch):
        """When the first and the last offset were committed, on the clock of time.monotonic()."""
        output, errors = watch.communicate()
        if watch.returncode != 0:
            if self.worker is not None:
                self.worker.check_runs()
            raise Failure(errors.strip())
        first, last = map(float, output.split())
        return first, last
