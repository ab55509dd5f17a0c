"""dvsync-producer as a process: from a change in the sandbox's directory to records on a real Kafka."""
import collections
import json
import random
import re
import signal
import time
import uuid

import pytest

import kafka  # beside the tools: conftest.py says where
import stack
from stack import GROUP, OTHER_GROUP, wait_for

UNTIL_KNOWN_S = 60  # a topic that is made later is found by the client's next look


@pytest.fixture
def feed(chain):
    if chain.cluster is None:
        pytest.skip("needs transactions and groups as a real Kafka has them")
    chain.make_producer_topics()
    return chain


def members(feed, group=GROUP):
    return {entry["user"] for entry in stack.lines(feed.sandbox.ask(f"/groups/{group}/members"))}


def believed(feed):
    """Who is a member by the last event of each, as a reader of the main topic sees them."""
    last = {}
    for record in feed.records():
        value = json.loads(record["payload"])
        last[value["user"]] = value["change"]  # one user, one partition, in order
    return {user for user, change in last.items() if change == "added"}


def headers(record):
    pairs = record["headers"]
    return dict(zip(pairs[::2], pairs[1::2]))


def says(producer, part):
    return [line for line in producer.logged() if part in line["msg"]]


def started(feed, **settings):
    """A producer that publishes, on an empty group: whatever comes then is a change."""
    producer = feed.producer(**settings)
    wait_for("it publishes", producer.is_publishing)
    wait_for("a first round", lambda: producer.metric("dvsync_delta_rounds_total", result="done"))
    return producer


# --- the way of a change -----------------------------------------------------------------------------


def test_a_change_in_the_directory_ends_as_a_ready_user_and_a_committed_offset(feed):
    users = feed.people(5)
    producer = feed.producer()
    worker = feed.worker()
    wait_for("it publishes", producer.is_publishing)
    wait_for(feed.offsets, lambda: sorted(u for _, u, _ in feed.events(".backfill")) == sorted(users))
    late = feed.people(3)
    feed.leave(users[:1])
    wait_for("the changes are there", lambda: len(feed.events()) == 4)
    wait_for("all are ready", lambda: all(map(feed.sandbox.row, users[1:] + late)))
    feed.wait_settled()
    feed.assert_ready(users[1:] + late)
    assert sorted(feed.events()) == sorted([(GROUP, user, "added") for user in late] +
                                           [(GROUP, users[0], "removed")])
    assert producer.metric("dvsync_leader") == 1
    assert producer.metric("dvsync_published_total", group=GROUP) == 9
    assert producer.get("/readyz") == (200, "ready\n")
    assert worker.stop() == 0 and producer.stop() == 0


def test_a_cloudevents_library_of_another_language_reads_the_records(feed):
    started(feed)
    user, = feed.people(1)
    wait_for("the event", feed.records)
    record, = feed.records()
    line, = feed.cluster.cloudevents(feed.topic, 1)
    expected = headers(record)
    for name in ("id", "source", "type", "subject", "dataschema"):
        assert re.search(rf"\b{name}='?{re.escape(expected['ce_' + name])}'?", line), (name, line)
    assert "traceparent" in expected
    assert user in line and record["key"] == user and expected["ce_subject"] == user


# --- all or nothing, and in order ---------------------------------------------------------------------


@pytest.mark.parametrize("transactions", ["yes", "no"])
def test_what_was_published_is_not_published_again_after_a_restart(feed, transactions):
    first = feed.people(4)
    producer = feed.producer(transactions=f'"{transactions}"')
    wait_for("all who are there", lambda: len(feed.records(".backfill")) == 4)
    second = feed.people(3)
    wait_for("who joined", lambda: len(feed.records()) == 3)
    assert producer.status()["transactions"] == (transactions == "yes")
    # a transaction ends with a marker, which takes an offset
    high = sum(high for _, high in feed.cluster.watermarks(feed.topic).values())
    assert (high > 3) == (transactions == "yes")
    assert producer.stop() == 0
    feed.leave(second[:1])
    producer.start()
    wait_for("who left meanwhile", lambda: len(feed.records()) == 4)
    assert believed(feed) == set(second[1:])
    assert {headers(r)["ce_origin"] for r in feed.records(".backfill")} == {"initial"}
    assert sorted(r["key"] for r in feed.records(".backfill")) == sorted(first)


@pytest.mark.parametrize("transactions", ["yes", "no"])
def test_kills_at_random_with_two_producers_lose_and_invent_nothing(feed, transactions):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    choice = random.Random(seed)
    feed.sandbox.set(latency_low_ms=5, latency_high_ms=60, delta_page_members=2)
    producers = [started(feed, transactions=f'"{transactions}"'), feed.producer(transactions=f'"{transactions}"')]
    joined, left = set(), set()
    for _ in range(6):
        joined |= set(feed.people(5))
        leaving = choice.sample(sorted(joined - left), 2)
        left |= set(leaving)
        feed.leave(leaving)
        time.sleep(choice.uniform(0.1, 1.5))
        victim = choice.choice(producers)
        victim.kill()
        victim.start()
    wait_for(lambda: f"{believed(feed)} of {members(feed)}", lambda: believed(feed) == members(feed))
    events = feed.events()
    assert {user for _, user, _ in events} <= joined
    assert {user for _, user, change in events if change == "removed"} <= left
    ids = collections.defaultdict(set)
    for record in feed.records():
        ids[record["key"], json.loads(record["payload"])["change"]].add(headers(record)["ce_id"])
    # a repeated event can be told by its id; in transactions there is none
    assert all(len(found) == 1 for found in ids.values())
    assert transactions == "no" or len(events) == len(set(events))
    assert not feed.events(".backfill")


# --- who leads ----------------------------------------------------------------------------------------


def test_a_standby_takes_over_within_seconds(feed):
    producers = [started(feed), feed.producer()]

    def count(answer):
        return sum(p.get("/readyz") == (200, answer) for p in producers)

    # the group may give the lead to the one that comes: whoever has it is killed, the other is left
    wait_for("one stands by", lambda: count("ready: standing by\n") == 1)
    leader = wait_for("one publishes", lambda: next((p for p in producers if p.is_publishing()), None))
    standby = producers[1 - producers.index(leader)]
    leader.kill()
    user, = feed.people(1)
    wait_for("the other one leads", standby.is_publishing)
    wait_for("who joined meanwhile", lambda: feed.events() == [(GROUP, user, "added")])
    assert standby.stop() == 0


def test_a_leader_that_comes_back_late_publishes_nothing_twice(feed):
    late = started(feed)
    late.process.send_signal(signal.SIGSTOP)
    standby = started(feed)
    users = feed.people(3)
    wait_for("the other one publishes", lambda: len(feed.events()) == 3)
    late.process.send_signal(signal.SIGCONT)
    wait_for("it knows", lambda: (late.status() or {}).get("leadership") in ("standby", "leading"))
    users += feed.people(2)
    wait_for("who joined last", lambda: len(feed.events()) == 5)
    assert sorted(user for _, user, _ in feed.events()) == sorted(users)
    assert late.stop() == 0 and standby.stop() == 0


def test_who_writes_under_a_name_that_another_has_taken_over_is_fenced(feed):
    """Two groups, so that both believe to lead: what keeps them apart is the transactional id."""
    late = started(feed)
    taker = started(feed, group_id=f'"{feed.topic}-others"')
    wait_for("the first one is told", lambda: says(late, "another producer has taken over"))
    assert not late.is_publishing()
    user, = feed.people(1)
    wait_for("the event", lambda: feed.events())
    assert feed.events() == [(GROUP, user, "added")]
    assert taker.stop() == 0


# --- when things are not as they should be ------------------------------------------------------------


def test_a_link_that_is_worth_nothing_any_more_makes_a_full_enumeration(feed):
    users = feed.people(4)
    producer = feed.producer(conclude_after='"1s"')
    wait_for("all who are there", lambda: len(feed.records(".backfill")) == 4)
    assert producer.stop() == 0
    feed.leave(users[:1])
    feed.sandbox.ask("/delta_resets", {"group": GROUP})
    producer.start()
    wait_for("all again", lambda: len(feed.records(".backfill")) >= 7)
    again = [r["key"] for r in feed.records(".backfill")
             if headers(r)["ce_origin"] == "resync" and headers(r)["ce_type"].endswith(".added")]
    assert sorted(again) == sorted(users[1:])
    assert producer.metric("dvsync_delta_rounds_total", group=GROUP, result="resync") == 1
    assert says(producer, "reading all members")
    wait_for("who left unseen", lambda: (GROUP, users[0], "removed") in feed.events(".backfill"))


def test_missing_topics_are_named_and_waited_for(chain):
    if chain.cluster is None:
        pytest.skip("the in-process Kafka makes topics by itself")
    producer = chain.producer()
    leader, state = chain.topic + ".leader", chain.topic + ".state"
    wait_for("it misses one", lambda: any(line.get("topic") == leader for line in says(producer, "does not exist")))
    assert producer.get("/readyz")[0] == 503
    chain.cluster.create_topic(leader, partitions=2)
    wait_for("it misses the other", lambda: any(state in line["error"] for line in says(producer, "nothing can be")),
             UNTIL_KNOWN_S)
    assert says(producer, "must have one partition")
    assert state in producer.status()["error"]
    chain.cluster.create_topic(state)
    wait_for("it publishes", producer.is_publishing)
    wait_for("a plain topic is no place for states", lambda: says(producer, "is not compacted"))


def test_more_changes_than_the_guard_lets_through_wait_for_an_operator(feed):
    producer = started(feed, max_events_per_round=3)
    users = feed.people(3)
    wait_for("few may pass", lambda: len(feed.events()) == 3)
    users += feed.people(5)
    wait_for("many are held", lambda: producer.metric("dvsync_delta_held", group=GROUP) == 1)
    held, = says(producer, "max_events_per_round")
    assert held["added"] == 5 and len(feed.events()) == 3
    producer.process.send_signal(signal.SIGUSR1)
    wait_for("they are let pass", lambda: len(feed.events()) == 8)
    assert sorted(user for _, user, _ in feed.events()) == sorted(users)
    wait_for("nothing is held", lambda: producer.metric("dvsync_delta_held", group=GROUP) == 0)


def test_a_group_that_is_deleted_is_reported_and_stops_nothing_else(feed):
    producer = feed.producer(extra=f'producer_groups = [ "{OTHER_GROUP}", "{GROUP}" ];')
    wait_for("a first round of both", lambda: producer.metric("dvsync_delta_rounds_total", result="done") >= 2)
    feed.sandbox.ask("/group_deletions", {"group": OTHER_GROUP})
    wait_for("it is said", lambda: producer.metric("dvsync_delta_rounds_total", group=OTHER_GROUP, result="gone"))
    user, = feed.people(1)
    wait_for("the other group goes on", lambda: feed.events() == [(GROUP, user, "added")])


def thaw(cluster):
    """Until the broker, which counts as dead after a second's silence, takes new topics again."""
    def takes_topics():
        try:
            cluster.create_topic("thawed" + uuid.uuid4().hex[:8])
        except kafka.Failure:
            return False
        return True

    cluster.thaw(1)
    wait_for("the broker is back", takes_topics)


def test_a_second_signal_exits_at_once(feed):
    producer = started(feed)
    feed.cluster.freeze(1)
    try:
        wait_for("a page that cannot be published",
                 lambda: producer.status()["feed"]["groups"][0]["round"]["state"] == "publishing")
        producer.process.terminate()
        wait_for("it waits for its batch", lambda: says(producer, "stopping: "))
        producer.process.terminate()
        assert producer.process.wait(5) == 143
    finally:
        thaw(feed.cluster)


# --- once, beside, dry --------------------------------------------------------------------------------


def test_once_publishes_and_ends(feed):
    users = feed.people(3)
    producer = feed.producer(start=False)
    assert producer.run("--once").returncode == 0
    assert sorted(user for _, user, _ in feed.events(".backfill")) == sorted(users)
    users = feed.people(2)
    assert producer.run("--once").returncode == 0
    assert producer.run("--once").returncode == 0
    assert sorted(user for _, user, _ in feed.events()) == sorted(users)
    assert len(feed.events(".backfill")) == 3


def test_once_gives_up_while_another_one_leads(feed):
    leader = started(feed)
    producer = feed.producer(start=False)
    producer.environment["DVSYNC_KAFKA_FIRST_ASSIGNMENT_WITHIN"] = "1s"
    # the group gives its one partition to the first of its members by name
    producer.environment["DVSYNC_KAFKA_CLIENT_ID"] = "zzz"
    assert producer.run("--once").returncode == 69
    wait_for("the other one goes on", leader.is_publishing)
    assert leader.stop() == 0


def test_a_backfill_runs_beside_a_leader(feed):
    users = feed.people(3)
    leader = feed.producer(initial='"latest"')
    wait_for("it publishes", leader.is_publishing)
    assert feed.producer(start=False).run("--backfill", "--group", GROUP).returncode == 0
    found = feed.records(".backfill")
    assert sorted(r["key"] for r in found) == sorted(users)
    assert {headers(r)["ce_origin"] for r in found} == {"backfill"}
    user, = feed.people(1)
    wait_for("the leader goes on", lambda: feed.events() == [(GROUP, user, "added")])
    assert not says(leader, "another producer")


def test_a_dry_run_prints_and_writes_nothing(feed):
    users = feed.people(3)
    producer = feed.producer(start=False)
    run = producer.run("--dry-run")
    assert run.returncode == 0, run.stderr
    printed = stack.lines(run.stdout)
    assert sorted(line["key"] for line in printed) == sorted(users)
    assert {line["topic"] for line in printed} == {feed.topic + ".backfill"}
    assert all(line["value"]["user"] == line["headers"]["ce_subject"] for line in printed)
    run = producer.run("--dry-run", "--backfill")
    assert run.returncode == 0 and len(stack.lines(run.stdout)) == 3
    for suffix in ("", ".backfill", ".state"):
        assert not any(high for _, high in feed.cluster.watermarks(feed.topic + suffix).values())


@pytest.mark.parametrize("options", [
    ["--once", "--backfill"], ["--group", GROUP], ["--once", "--group", "sales"], ["--nonsense"], ["now"]])
def test_a_wrong_command_line_exits_with_64(feed, options):
    run = feed.producer(start=False).run(*options)
    assert run.returncode == 64 and run.stderr


def test_what_the_configuration_lacks_is_said(feed):
    producer = feed.producer(start=False)
    run = producer.run("--once", "--group", OTHER_GROUP)
    assert run.returncode == 78 and "not among the groups" in run.stderr
    assert producer.run("--check-config").returncode == 0
    assert "producer_groups" in producer.run("--print-config").stdout
