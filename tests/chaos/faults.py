"""Carries the plan out: a lane is a thread, a fault a function that does something, waits and undoes it.

Whatever happens is noted in the journal, which the judge needs: what repeats or comes early is excused
by what was done to its worker, and by nothing else.
"""
import collections
import random
import signal
import threading
import traceback

import plan
import stack
import world

TURN_S = 0.1
SERVICES = ("dataverse", "dataverse", "bap", "graph", "login")

Happened = collections.namedtuple("Happened", "kind worker from_ms to_ms")


class Stage:
    """What the faults play on, for one run."""

    def __init__(self, scene):
        self.world = scene
        self.is_over = threading.Event()
        self.journal = []
        self.counts = collections.Counter()
        self.failures = []
        self.threads = []

    def begin(self, name, play, *arguments):
        """A thread that calls ${play}; what it raises fails the run."""
        def run():
            try:
                play(self, *arguments)
            except Exception:  # pylint: disable=broad-except
                self.failures.append(f"lane {name}: {traceback.format_exc()}")
                print(self.failures[-1])
        self.threads.append(threading.Thread(target=run, name=name))
        self.threads[-1].start()

    def end(self):
        """Ends the faults that last, and waits until all has been mended."""
        self.is_over.set()
        for thread in self.threads:
            thread.join()
        self.world.doors.heal()
        self.world.sandbox.ask("/faults", method="DELETE")

    def wait(self, seconds):
        """Sleeps; true when the run is over, and there is nothing more to be done than mending."""
        return self.is_over.wait(seconds)

    def note(self, kind, worker, from_ms):
        self.journal.append(Happened(kind, worker, from_ms, world.mono_ms()))


def play_lane(stage, lane, seed):
    for fault in plan.faults(seed, lane):
        if rest(stage, lane, fault.after_s):
            return
        from_ms = world.mono_ms()
        worker = KINDS[fault.kind](stage, lane, fault)
        stage.counts[fault.kind] += 1
        stage.note(fault.kind, worker, from_ms)


def rest(stage, lane, seconds):
    """A pause between two faults, in which a worker that has ended by itself is started again."""
    end_ms = world.mono_ms() + 1000 * seconds
    while world.mono_ms() < end_ms:
        if stage.wait(TURN_S):
            return True
        if lane.startswith("worker"):
            worker_of(stage, lane).revive()
    return stage.is_over.is_set()


# --- brokers --------------------------------------------------------------------------------------

def nodes_of(stage, fault, count):
    nodes = list(stage.world.cluster.nodes)
    first = fault.target % len(nodes)
    return [nodes[(first + i) % len(nodes)] for i in range(count)]


def kill_brokers(stage, fault, count):
    nodes = nodes_of(stage, fault, count)
    for node in nodes:
        stage.world.cluster.kill(node)
    stage.wait(fault.for_s)
    stage.world.cluster.start_node(*nodes)


def broker_killed(stage, lane, fault):
    kill_brokers(stage, fault, 1)


def two_brokers_killed(stage, lane, fault):
    kill_brokers(stage, fault, 2)


def broker_stopped(stage, lane, fault):
    node, = nodes_of(stage, fault, 1)
    stage.world.cluster.stop_node(node)
    stage.wait(fault.for_s)
    stage.world.cluster.start_node(node)


def broker_frozen(stage, lane, fault):
    node, = nodes_of(stage, fault, 1)
    stage.world.cluster.freeze(node)
    stage.wait(fault.for_s)
    stage.world.cluster.thaw(node)


# --- workers --------------------------------------------------------------------------------------

def worker_of(stage, lane):
    return stage.world.workers[int(lane.removeprefix("worker"))]


def worker_killed(stage, lane, fault):
    worker = worker_of(stage, lane)
    worker.kill()
    stage.wait(fault.for_s)
    worker.start()
    return worker.index


def worker_killed_apart(stage, lane, fault):
    """It has taken events in, and cannot write or commit where it ought to; then it dies."""
    worker = worker_of(stage, lane)
    node, = nodes_of(stage, fault, 1)
    parted = stage.world.doors.kafka[worker.index, node]
    parted.set(is_silent=True)
    stage.wait(fault.for_s)
    worker.kill()
    parted.cut()  # what was on its way must not arrive after all
    parted.heal()
    worker.start()
    return worker.index


def worker_frozen(stage, lane, fault):
    worker = worker_of(stage, lane)
    worker.process.send_signal(signal.SIGSTOP)
    stage.wait(fault.for_s)
    worker.process.send_signal(signal.SIGCONT)
    return worker.index


def worker_stopped(stage, lane, fault):
    worker = worker_of(stage, lane)
    worker.terminate()
    stage.wait(fault.for_s)
    worker.start()
    return worker.index


# --- wires ----------------------------------------------------------------------------------------

def services_wire(stage, fault):
    worker = fault.target % plan.WORKERS
    return worker, [stage.world.doors.services[worker]]


def kafka_wires(stage, fault):
    """To one broker, or to all."""
    worker = fault.target % plan.WORKERS
    nodes = list(stage.world.cluster.nodes)
    if fault.kind != "kafka_gone_for_long" and fault.amount < 0.5:
        nodes = nodes[:1 + fault.target // plan.WORKERS % len(nodes)]
    return worker, [stage.world.doors.kafka[worker, node] for node in nodes]


def wires_of(stage, fault):
    return (kafka_wires if fault.kind.startswith("kafka") else services_wire)(stage, fault)


def wire_cut(stage, lane, fault):
    worker, wires = wires_of(stage, fault)
    for each in wires:
        each.cut()
    return worker


def wire_troubled(stage, fault, **state):
    worker, wires = wires_of(stage, fault)
    for each in wires:
        each.set(**state)
    stage.wait(fault.for_s)
    for each in wires:
        each.heal()
    return worker


def wire_gone(stage, lane, fault):
    return wire_troubled(stage, fault, is_closed=True)


def wire_silent(stage, lane, fault):
    return wire_troubled(stage, fault, is_silent=True)


def wire_slow(stage, lane, fault):
    return wire_troubled(stage, fault, delay_s=0.05 + 0.4 * fault.amount)


# --- services, by the double's control API --------------------------------------------------------

def service_fault(stage, fault, **members):
    service = SERVICES[fault.target % len(SERVICES)]
    times = 1 + fault.target // len(SERVICES) % 6
    stage.world.sandbox.ask("/faults", {"service": service, "times": times, **members})


def told(status):
    def play(stage, lane, fault):
        seconds = 3 + int(3 * fault.amount)
        service_fault(stage, fault, status=status, headers={"Retry-After": str(seconds)})
    return play


def answered(status, **members):
    def play(stage, lane, fault):
        service_fault(stage, fault, status=status, **members)
    return play


def cut(after_effect):
    def play(stage, lane, fault):
        how = random.Random(fault.target).choice(("closed", "half", "oversized"))
        service_fault(stage, fault, cut=how, after_effect=after_effect)
    return play


def answers_silent(stage, lane, fault):
    service_fault(stage, fault, cut="silent", after_effect=fault.amount < 0.5)


def services_late(stage, lane, fault):
    service_fault(stage, fault, extra_ms=int(300 + 2500 * fault.amount))


def forbidden(stage, lane, fault):
    """One environment refuses everything for a while: long enough to be given up, now and then."""
    stage.world.sandbox.ask("/faults", {
        "service": "dataverse", "environment": world.SECOND, "status": 403,
        "times": 1 + int(12 * fault.amount)})


KINDS = {
    "broker_killed": broker_killed,
    "broker_stopped": broker_stopped,
    "broker_frozen": broker_frozen,
    "two_brokers_killed": two_brokers_killed,
    "worker_killed": worker_killed,
    "worker_killed_for_long": worker_killed,
    "worker_killed_apart": worker_killed_apart,
    "worker_frozen": worker_frozen,
    "worker_frozen_for_long": worker_frozen,
    "worker_stopped": worker_stopped,
    "services_cut": wire_cut,
    "services_gone": wire_gone,
    "services_silent": wire_silent,
    "services_slow": wire_slow,
    "kafka_cut": wire_cut,
    "kafka_gone": wire_gone,
    "kafka_gone_for_long": wire_gone,
    "kafka_silent": wire_silent,
    "kafka_slow": wire_slow,
    "told_to_wait": told(429),
    "told_busy": told(503),
    "failing": answered(500, probability=0.5),
    "unavailable": answered(503),
    "answers_cut": cut(False),
    "answers_lost": cut(True),
    "answers_wrong": answered(500, after_effect=True),
    "answers_silent": answers_silent,
    "services_late": services_late,
    "forbidden": forbidden,
}


# --- the people and their events ------------------------------------------------------------------

def play_events(stage, author, seconds):
    """One act a second; an event that could not be published is published again, as any producer would."""
    for second in range(int(seconds)):
        act = author.act(second)
        for path, what in (("/users", act.users), ("/joins", act.joins), ("/leaves", act.leaves)):
            if what:
                stage.world.sandbox.ask(path, what)
        publish(stage, act.records)
        if stage.wait(1):
            return


def publish(stage, records):
    def is_published():
        status, text = stack.http(stage.world.sandbox.state["origins"]["control"] + "/events", records)
        return status == 200 and '"failed":0' in text
    if records:
        stack.wait_for("events can be published", is_published, 120)
