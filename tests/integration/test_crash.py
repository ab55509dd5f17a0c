"""Kills, shutdowns and members that come and go: nothing is lost, and hardly anything repeated (P1, P2)."""
import random
import time

import pytest

from stack import wait_for

STEPS = ["token", "systemusers", "batch", "addUser", "patch", "role", "businessunits"]


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_in_every_step_loses_nothing(chain, step):
    users = chain.people(12)
    chain.sandbox.set(latency_low_ms=40, latency_high_ms=80)
    chain.publish(users)
    worker = chain.worker()
    wait_for(f"the first {step}", lambda: chain.sandbox.ledger(route=step))
    worker.kill()
    before = {e["user"] for e in chain.sandbox.ledger(route="addUser", status=200)}
    visible = {user for user in before if chain.sandbox.row(user)}
    worker.start()
    chain.wait_settled()
    chain.assert_ready(users)
    # a force sync is repeated only for a user whose row was not visible yet
    syncs = [e["user"] for e in chain.sandbox.ledger(route="addUser", status=200)]
    repeated = {user for user in syncs if syncs.count(user) > 1}
    assert not repeated & visible
    assert all(syncs.count(user) <= 2 for user in users)
    # and of the writes only those that were in flight
    assert len(chain.sandbox.ledger(write="wrote_nothing")) <= len(users)


def test_sigterm_in_the_midst_of_work_finishes_what_runs_and_exits_with_0(chain):
    users = chain.people(40)
    chain.sandbox.set(latency_low_ms=20, latency_high_ms=60)
    chain.publish(users)
    worker = chain.worker()
    wait_for("the first PATCH", lambda: chain.sandbox.ledger(route="patch"))
    assert worker.stop() == 0
    worker.start()
    chain.wait_settled()
    chain.assert_ready(users)
    assert not chain.sandbox.ledger(route="patch", write="wrote_nothing")


def test_a_second_signal_exits_at_once(chain):
    users = chain.people(3)
    chain.sandbox.set(row_delay_ms=600000)
    chain.publish(users)
    worker = chain.worker(extra='shutdown: { drain = "10m"; };')
    wait_for("addUser", lambda: chain.sandbox.ledger(route="addUser"))
    worker.process.terminate()
    wait_for("it takes no more", lambda: any("stop" in x["msg"] for x in worker.logged()))
    worker.process.terminate()
    assert worker.process.wait(5) == 143


def test_a_second_replica_joins_and_leaves(chain):
    users = chain.people(90)
    chain.sandbox.set(latency_low_ms=20, latency_high_ms=60)
    chain.worker()
    chain.publish(users[:30])
    wait_for("the first row", lambda: chain.sandbox.row(users[0]))
    second = chain.worker()
    chain.publish(users[30:60])
    wait_for("the second has partitions", lambda: (second.status() or {}).get("partitions"))
    assert second.stop() == 0
    chain.publish(users[60:])
    chain.wait_settled()
    chain.assert_ready(users)


def test_kills_at_random_lose_nothing(chain):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    choice = random.Random(seed)
    users = chain.people(60)
    chain.sandbox.set(latency_low_ms=10, latency_high_ms=50)
    workers = [chain.worker(), chain.worker()]
    for start in range(0, 60, 20):
        chain.publish(users[start:start + 20])
        time.sleep(choice.uniform(0.2, 1.5))
        victim = choice.choice(workers)
        victim.kill()
        victim.start()
    chain.wait_settled(90)
    chain.assert_ready(users)
