"""Lays what was published beside what came of it. Pure: all it looks at was read before.

    lost       an event without an outcome, or with one that policy does not allow; a record that was
               said to be kept and is not there; somebody who is not ready; offsets not committed
    repeated   writes that changed nothing. P2 allows them where the first one's answer could not
               arrive, or where a user was handed over while a run was under way; others are findings
    early      calls before their Retry-After, unless the answer that told it cannot have arrived
"""
import collections
import dataclasses

import events
import stack
import world

SETTLED = ("event settled", "event was parked, to be tried again later",
           "event was given up and kept on another topic")
OWNERS_CHANGE = ("partitions assigned", "partitions revoked")
WRITES = ("addUser", "patch", "role", "changeset")
# How long after a write its answer may take, wire, loop and a busy machine included.
ANSWER_MS = 3000
# How long a run may last that saw a row before somebody else wrote to it: calls wait for what their
# lane was told, and are tried again after their time-out.
RUN_MS = 20000
ROW_MS = 3000  # from addUser to the row, and the next look
UNREACHABLE = ("services_cut", "services_gone", "services_silent", "services_slow",
               "worker_frozen", "worker_frozen_for_long")


@dataclasses.dataclass
class Evidence:
    published: list      # events.Published
    ready: dict          # user: groups
    absent: set
    records: dict        # topic: records as kcat prints them
    offsets: list        # of each partition: topic, partition, committed, high
    lines: list          # of the workers' logs
    ledger: list         # the double's
    offences: dict
    rows: dict           # environment's name: {user: row}
    lives: list          # world.Life
    journal: list        # faults.Happened
    topic: str


@dataclasses.dataclass
class Verdict:
    lost: list = dataclasses.field(default_factory=list)
    wrong: list = dataclasses.field(default_factory=list)
    repeated: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    unexplained: list = dataclasses.field(default_factory=list)
    early: list = dataclasses.field(default_factory=list)
    early_excused: int = 0
    outcomes: collections.Counter = dataclasses.field(default_factory=collections.Counter)

    def is_good(self):
        return not (self.lost or self.wrong or self.unexplained or self.early)


def judge(evidence):
    verdict = Verdict()
    judge_commits(evidence, verdict)
    judge_outcomes(evidence, verdict)
    judge_letters(evidence, verdict)
    judge_people(evidence, verdict)
    judge_repeats(evidence, verdict)
    judge_early(evidence, verdict)
    judge_rest(evidence, verdict)
    return verdict


# --- outcomes -------------------------------------------------------------------------------------

def headers_of(record):
    flat = record.get("headers") or []
    return dict(zip(flat[::2], flat[1::2]))


def number_of(record):
    return int(headers_of(record)["chaos"])


def place_of(record):
    return record["topic"], record["partition"], record["offset"]


def environments_of(event):
    """In which an event has an outcome; "": in none, it says only that nothing is to be done."""
    if event.kind in events.POLICY and not events.POLICY[event.kind] & events.ON_THE_WAY:
        return {""}
    return {"prod", "test"} if event.group == events.LEADS else {"prod"}


def owed(record, event):
    environment = headers_of(record).get("dvsync-environment")
    return {environment} if environment else environments_of(event)


def settlements(evidence):
    """{(topic, partition, offset): lines}"""
    found = collections.defaultdict(list)
    for line in evidence.lines:
        if line["msg"] in SETTLED:
            found[line["topic"], line["partition"], line["offset"]].append(line)
    return found


def is_allowed(line, allowed):
    return line["outcome"] in allowed or f"{line['outcome']}:{line['reason']}" in allowed


def kept_copies(evidence):
    """{(topic, number, environment)} of what lies on retry topics and among the dead letters."""
    return {(record["topic"], number_of(record), headers_of(record).get("dvsync-environment", ""))
            for topic, records in evidence.records.items() if is_kept_topic(evidence, topic)
            for record in records}


def is_kept_topic(evidence, topic):
    return ".retry." in topic or topic == evidence.topic + ".dlq"


def judge_outcomes(evidence, verdict):
    settled, copies = settlements(evidence), kept_copies(evidence)
    kept_pairs = {(evidence.published[number].user, evidence.published[number].group, environment)
                  for _, number, environment in copies}
    for topic, records in evidence.records.items():
        if topic.endswith(".dlq"):
            continue
        for record in records:
            event = evidence.published[number_of(record)]
            lines = settled[place_of(record)]
            judge_record(verdict, record, event, lines)
            for line in lines:
                verdict.outcomes[line["outcome"]] += 1
                judge_kept(verdict, event, line, copies, kept_pairs)


def judge_record(verdict, record, event, lines):
    where = f"{event.kind} {record['topic']}/{record['partition']}/{record['offset']}"
    for environment in owed(record, event):
        if not any(line.get("environment", "") == environment for line in lines):
            verdict.lost.append(f"{where}: no outcome in {environment or 'all'}")
    for line in lines:
        if not is_allowed(line, events.POLICY[event.kind]):
            verdict.lost.append(f"{where}: {line['outcome']}, {line['reason']}, which policy does not allow")


def judge_kept(verdict, event, line, copies, kept_pairs):
    environment = line.get("environment", "")
    if line["outcome"] in ("parked", "dead") and \
            (line.get("kept_on"), event.number, environment) not in copies:
        verdict.lost.append(f"{event.kind} {line['topic']}/{line['partition']}/{line['offset']}: "
                            f"{line['outcome']}, but not on {line.get('kept_on')}")
    if line["outcome"] == "superseded" and (event.user, event.group, environment) not in kept_pairs:
        verdict.lost.append(f"{event.kind} {line['topic']}/{line['partition']}/{line['offset']}: "
                            "superseded, but nothing of its user and group was kept")


def judge_commits(evidence, verdict):
    for place in evidence.offsets:
        if place["high"] != (place["committed"] or 0):
            verdict.lost.append(f"{place['topic']}/{place['partition']}: committed {place['committed']}"
                                f" of {place['high']}")


# --- dead letters ---------------------------------------------------------------------------------

def content_of(record):
    """What no copy may change: key, value, and the headers that are not of the keeping."""
    own = {k: v for k, v in headers_of(record).items() if not k.startswith("dvsync-")}
    return record["key"], record["payload"], own


def judge_letters(evidence, verdict):
    """Every copy says what was published, and the dead letters are those of policy, all of them."""
    origins, dead = {}, set()
    for topic, records in evidence.records.items():
        if not is_kept_topic(evidence, topic):
            origins.update((number_of(record), content_of(record)) for record in records)
    for topic, records in evidence.records.items():
        if not is_kept_topic(evidence, topic):
            continue
        for record in records:
            if content_of(record) != origins.get(number_of(record)):
                verdict.wrong.append(f"{place_of(record)}: not what was published")
        if topic.endswith(".dlq"):
            dead = {number_of(record) for record in records}
    for number in dead:
        if evidence.published[number].kind not in events.DEAD:
            verdict.lost.append(f"{evidence.published[number].kind} {number} is among the dead letters")
    for event in evidence.published:
        if event.kind in events.DEAD and event.number in origins and event.number not in dead:
            verdict.lost.append(f"{event.kind} {event.number} is not among the dead letters")


# --- people ---------------------------------------------------------------------------------------

RIGHT = {"prod": (stack.SALES, [stack.READER]), "test": (world.SECOND_SALES, [world.SECOND_READER])}


def is_ready(row, environment, user):
    return row is not None and row["rows"] == 1 and not row["disabled"] and \
        (row["unit"], row["roles"]) == RIGHT[environment] and \
        row["columns"]["new_costcentre"] == f"CC-{user[:4]}"


def judge_people(evidence, verdict):
    for user, groups in evidence.ready.items():
        for environment in {"prod"} | ({"test"} if events.LEADS in groups else set()):
            row = evidence.rows[environment].get(user)
            if not is_ready(row, environment, user):
                verdict.lost.append(f"{user} is not ready in {environment}: {row}")
    for environment, rows in evidence.rows.items():
        for user in evidence.absent & rows.keys():
            verdict.wrong.append(f"{user} has a row in {environment}, which nobody wanted")


# --- repeated writes ------------------------------------------------------------------------------

def life_of(evidence, entry):
    for life in evidence.lives:
        if life.client == entry.get("client"):
            return life
    return None


def was_troubled(evidence, life, from_ms, to_ms):
    """Was this worker, or its way to the services, in trouble at that time?"""
    return any(item.worker == life.worker and item.kind in UNREACHABLE
               and item.from_ms <= to_ms and from_ms <= item.to_ms for item in evidence.journal)


def owners_changed(evidence, from_ms, to_ms):
    return any(from_ms <= line["mono_ms"] <= to_ms for line in evidence.lines
               if line["msg"] in OWNERS_CHANGE)


def was_cut_short(life, first):
    """Did the worker end before it can have seen the answer, or, of a force sync, the row? One that was
    stopped waits for the answers of writes; a force sync is given up."""
    answer_ms = first["mono_ms"] + first["after_ms"] + ANSWER_MS
    if first["route"] == "addUser":
        return life.to_ms <= answer_ms + ROW_MS
    return life.to_ms <= answer_ms and life.ended != "stopped"


def explain(evidence, first, again):
    """Why a write that was there already was made again: a word, or None."""
    life = first and life_of(evidence, first)
    if life is None:
        return None
    at_ms = first["mono_ms"]
    if was_cut_short(life, first):
        return f"worker {life.ended}"
    if first["status"] == 0 or first["status"] >= 500:
        return "answer lost by the service"
    if was_troubled(evidence, life, at_ms, at_ms + first["after_ms"] + ANSWER_MS):
        return "answer lost on the way"
    if first["client"] != again["client"] and again["mono_ms"] - at_ms <= RUN_MS and \
            owners_changed(evidence, at_ms - RUN_MS, again["mono_ms"]):
        return "handed over"
    return None


def judge_repeats(evidence, verdict):
    last = {}
    for entry in evidence.ledger:
        if entry["route"] not in WRITES or "user" not in entry:
            continue
        what = entry["environment"], entry["user"], entry["route"]
        if entry["write"] == "wrote_nothing":
            reason = explain(evidence, last.get(what), entry)
            verdict.repeated[f"{entry['route']} ({reason or 'no reason'})"] += 1
            if reason is None:
                verdict.unexplained.append(f"{entry}, after {last.get(what)}")
        if entry["write"] in ("wrote", "wrote_nothing"):
            last[what] = entry


# --- early calls ----------------------------------------------------------------------------------

def is_one_lane(told, early):
    """Waiting concerns a service and an application; with Dataverse an environment too."""
    return told.get("client") == early.get("client") and told["service"] == early["service"] and \
        (told["service"] != "dataverse" or told["environment"] == early["environment"])


def can_be_unknown(evidence, life, told):
    """Was the worker, or its way, in trouble while that answer was to come?"""
    at_ms = told["mono_ms"]
    return was_troubled(evidence, life, at_ms, at_ms + told["after_ms"] + ANSWER_MS)


def judge_early(evidence, verdict):
    for entry in evidence.ledger:
        if "early" not in entry.get("offences", ()):
            continue
        life = life_of(evidence, entry)
        tellings = [told for told in evidence.ledger if "told_ms" in told and is_one_lane(told, entry)
                    and told["mono_ms"] < entry["mono_ms"] < told["mono_ms"] + told["told_ms"]]
        if life and tellings and all(can_be_unknown(evidence, life, told) for told in tellings):
            verdict.early_excused += 1
        else:
            verdict.early.append(f"{entry}, told by {tellings}")


# --- the rest -------------------------------------------------------------------------------------

def judge_rest(evidence, verdict):
    for kind, count in evidence.offences.items():
        if kind not in ("early", "total") and count:
            verdict.wrong.append(f"{count} offences against the services' rules: {kind}")
    for line in evidence.lines:
        if line["msg"].startswith("offsets were gone"):
            verdict.lost.append(f"a worker says: {line}")
