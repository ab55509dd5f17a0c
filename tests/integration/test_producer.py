"""dvsync-producer as a process: from a change in the sandbox's directory to records on a real Kafka."""
import pytest

import stack
from stack import GROUP, wait_for


@pytest.fixture
def feed(chain):
    if chain.cluster is None:
        pytest.skip("the in-process Kafka has no transactions that could be read back")
    chain.make_producer_topics()
    return chain


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
    assert sorted(feed.events()) == sorted([(GROUP, user, "added") for user in late] + [(GROUP, users[0], "removed")])
    assert producer.metric("dvsync_leader") == 1
    assert producer.metric("dvsync_published_total", group=GROUP) == 9
    assert worker.stop() == 0 and producer.stop() == 0
