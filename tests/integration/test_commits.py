"""Commits whose answers are lost, on the in-process Kafka, which can lose them."""
import pytest

import stack
from stack import wait_for


@pytest.fixture
def mock_chain(tmp_path):
    running = stack.Stack(tmp_path, None)
    yield running
    running.close()


def test_a_commit_whose_answer_is_lost_is_sent_again_also_in_silence(mock_chain):
    users = mock_chain.people(3)
    mock_chain.rows(users)
    worker = mock_chain.worker(extra='commit: { answer_within = "2s"; };')
    wait_for("it has partitions", lambda: (worker.status() or {}).get("partitions"))
    mock_chain.sandbox.ask("/kafka/lost_commit", {})
    mock_chain.publish(users)
    mock_chain.wait_settled()
    wait_for("the worker knows it", lambda: all(p["committed"] == p["end"] for p in worker.status()["partitions"]))


def test_refused_commits_are_made_again(mock_chain):
    users = mock_chain.people(3)
    mock_chain.rows(users)
    worker = mock_chain.worker()
    wait_for("it has partitions", lambda: (worker.status() or {}).get("partitions"))
    mock_chain.sandbox.ask("/kafka/faults", {"request": "OffsetCommit", "error": "COORDINATOR_LOAD_IN_PROGRESS", "times": 2})
    mock_chain.publish(users)
    mock_chain.wait_settled()
    assert worker.stop() == 0
