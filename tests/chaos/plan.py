"""What goes wrong, in which order and how hard: all of it out of one seed. Knows no process.

Faults come in lanes. A lane does one thing after the other, for as long as the run lasts: a pause, a
fault with all that mends it, the next pause. So two brokers are never down at once unless one fault
says so, and a worker that was stopped is not killed meanwhile; but a broker, each worker, the wires
and the services are troubled at the same time.

The kinds of a lane are dealt like cards: each has come once before any comes again.
"""
import collections
import random

WORKERS = 3
BROKERS = 3

Fault = collections.namedtuple("Fault", "kind after_s for_s target amount")

# kind: how long it lasts, seconds
BROKERS_LANE = {
    "broker_killed": (0.5, 4),
    "broker_stopped": (0.5, 3),       # SIGTERM
    "broker_frozen": (3, 10),         # SIGSTOP; longer than its own session lasts
    "two_brokers_killed": (0.5, 3),   # no majority: nothing can be written
}
WORKER_LANE = {
    "worker_killed": (0, 2),
    "worker_killed_for_long": (7, 10),    # past the session: others take over
    "worker_killed_apart": (2, 4),        # while it cannot reach one of the brokers
    "worker_frozen": (0.5, 3),            # SIGSTOP
    "worker_frozen_for_long": (7.5, 11),  # past the session
    "worker_stopped": (0, 2),             # SIGTERM
}
WIRES_LANE = {
    "services_cut": (0, 0),
    "services_gone": (1, 4),
    "services_silent": (1, 5),
    "services_slow": (2, 6),
    "kafka_cut": (0, 0),
    "kafka_gone": (1, 4),
    "kafka_gone_for_long": (8, 11),
    "kafka_silent": (2, 9),
    "kafka_slow": (2, 6),
}
SERVICES_LANE = {
    "told_to_wait": (0, 0),      # 429 with Retry-After
    "told_busy": (0, 0),         # 503 with Retry-After
    "failing": (0, 0),           # 500, some of the calls
    "unavailable": (0, 0),       # 503
    "answers_cut": (0, 0),
    "answers_lost": (0, 0),      # carried out, and then no answer
    "answers_wrong": (0, 0),     # carried out, and then 500
    "answers_silent": (0, 0),
    "services_late": (0, 0),
    "forbidden": (0, 0),         # 403, in one environment only
}

# name: (kinds, shortest and longest pause, seconds)
LANES = {
    "brokers": (BROKERS_LANE, (2, 5)),
    **{f"worker{i}": (WORKER_LANE, (2, 6)) for i in range(WORKERS)},
    "wires": (WIRES_LANE, (0.5, 2)),
    "services": (SERVICES_LANE, (0.5, 3)),
}


def faults(seed, lane):
    """The faults of ${lane}, without end. ${target} and ${amount} are random, for each kind to use:
    an index below any count (modulo), and a number from 0 to 1."""
    chance = random.Random(f"{seed}/{lane}")
    kinds, pause = LANES[lane]
    while True:
        deck = sorted(kinds)
        chance.shuffle(deck)
        for kind in deck:
            yield Fault(kind, chance.uniform(*pause), chance.uniform(*kinds[kind]),
                        chance.randrange(1 << 16), chance.random())
