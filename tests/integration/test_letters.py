"""Dead letters that their topic does not take: held, said loudly, and how an operator gets them out."""
import hashlib

import pytest

from stack import wait_for

TIERS = ()


@pytest.fixture(autouse=True)
def real_kafka_only(cluster):
    if cluster is None:
        pytest.skip("the in-process Kafka takes records of any size and makes any topic that is asked for")


def complaints(worker, text):
    return [line for line in worker.logged() if line["level"] == "error" and text in line["msg"]]


def test_a_letter_that_is_too_large_is_held_until_it_may_be_cut(chain):
    letters = chain.topic + ".letters"
    chain.cluster.create_topic(letters, partitions=chain.partitions, configs={"max.message.bytes": 20000})
    text = "no JSON " * 5000
    users = chain.people(5)
    chain.publish_text(text, partition=0, key="k")
    chain.publish(users)
    chain.publish_text("no JSON", partition=0)
    worker = chain.worker(DVSYNC_KAFKA_DEAD_LETTER_TOPIC=letters)
    wait_for("it is said", lambda: complaints(worker, "larger than the topic takes"))
    wait_for("the other letter is kept", lambda: chain.high(".letters") == 1)
    wait_for("the others are ready", lambda: all((chain.sandbox.row(user) or {}).get("roles") for user in users))
    assert [line["topic"] for line in complaints(worker, "larger than")] == [letters]
    assert chain.lag() > 0
    assert worker.stop() == 0
    worker.environment["DVSYNC_KAFKA_CUT_LARGE_LETTERS"] = "true"
    worker.start()
    chain.wait_settled()
    (letter,) = [record for record in chain.admin.records(letters) if record["key"] == "k"]
    headers = dict(letter["headers"])
    assert letter["value"] is None
    assert headers["dvsync-value-length"] == str(len(text))
    assert headers["dvsync-value-sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert headers["dvsync-origin-topic"] == chain.topic and headers["dvsync-origin-offset"] == "0"


def test_a_letter_waits_for_its_topic_to_be_made(chain):
    letters = chain.topic + ".letters"
    users = chain.people(5)
    chain.publish_text("no JSON", partition=0)
    chain.publish(users)
    worker = chain.worker(DVSYNC_KAFKA_DEAD_LETTER_TOPIC=letters, DVSYNC_KAFKA_CREATE_TOPICS="false")
    wait_for("it is said", lambda: complaints(worker, "does not exist: make it"))
    wait_for("the others are ready", lambda: all((chain.sandbox.row(user) or {}).get("roles") for user in users))
    assert chain.lag() > 0 and len(complaints(worker, "does not exist")) == 1
    chain.cluster.create_topic(letters, partitions=chain.partitions)
    chain.wait_settled(90)
    chain.assert_ready(users)
    assert chain.high(".letters") == 1
