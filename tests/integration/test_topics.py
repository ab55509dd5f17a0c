"""The topics that belong to the main one: made at the start where they are missing, and looked at."""
import pytest

from stack import wait_for

DAY_MS = 24 * 3600 * 1000
TIERS = ()


@pytest.fixture(autouse=True)
def real_kafka_only(cluster):
    if cluster is None:
        pytest.skip("the in-process Kafka makes any topic that is asked for")


def said(worker, text):
    """{topic: line} of the lines that hold ${text}."""
    return {line["topic"]: line for line in worker.logged() if text in line["msg"]}


def letters_at(topic):
    return {"DVSYNC_KAFKA_DEAD_LETTER_TOPIC": topic}


def test_missing_topics_are_made_as_the_main_one_is(chain):
    chain.tiers = (("15m", 4), ("6h", 112), ("10d", 1))
    retry = {chain.topic + ".retry." + delay: days
             for delay, days in (("15m", 7), ("6h", 7), ("10d", 40))}
    letters = chain.topic + ".letters"
    workers = [chain.worker(**letters_at(letters)) for _ in range(2)]
    wait_for("they are made", lambda: {x for worker in workers for x in said(worker, "was made")} == {*retry, letters})
    for worker in workers:
        assert worker.stop() == 0
        worker.start()
    wait_for("they are read", lambda: sum(len((worker.status() or {}).get("partitions", [])) for worker in workers)
             == 5 * chain.partitions)
    for topic, days in {**retry, letters: 30}.items():
        assert len(chain.cluster.watermarks(topic)) == chain.partitions, topic
        assert chain.cluster.config(topic)["retention.ms"] == str(days * DAY_MS), topic
    assert sum(len(said(worker, "was made")) for worker in workers) == 4
    assert not any(said(worker, "a topic is") for worker in workers)


def test_what_is_wrong_with_a_topic_is_said_with_what_to_run(chain):
    chain.tiers = (("15m", 4), ("6h", 112), ("8h", 1))
    few, brief, fine = (chain.topic + ".retry." + delay for delay in ("15m", "6h", "8h"))
    letters = chain.topic + ".letters"
    chain.cluster.create_topic(few, partitions=chain.partitions - 1)
    chain.cluster.create_topic(brief, partitions=chain.partitions, configs={"retention.ms": 3600000})
    chain.cluster.create_topic(fine, partitions=chain.partitions + 1, configs={"retention.ms": -1})
    chain.cluster.create_topic(letters, partitions=chain.partitions, configs={"cleanup.policy": "compact"})
    worker = chain.worker(**letters_at(letters))
    lines = wait_for("it is said", lambda: (x := said(worker, "not as it should be")) and len(x) == 3 and x)
    assert all(line["level"] == "warning" for line in lines.values())
    assert f"--alter --topic {few} --partitions {chain.partitions}" in lines[few]["run"]
    assert "retention" not in lines[few]["found"]
    assert "retention.ms=3600000" in lines[brief]["found"]
    assert f"--entity-name {brief} --add-config retention.ms={7 * DAY_MS}" in lines[brief]["run"]
    assert "cleanup.policy=delete" in lines[letters]["run"]
    assert not said(worker, "was made")


def test_topics_that_the_broker_does_not_make_are_asked_for_by_name(chain):
    """Kafka refuses a topic whose name differs from another one's only by '.' and '_'."""
    chain.tiers = (("15m", 4),)
    chain.cluster.create_topic(f"{chain.topic}_retry_15m")
    worker = chain.worker()
    lines = wait_for("it is asked for", lambda: said(worker, "please make it"))
    (line,) = lines.values()
    assert line["level"] == "warning" and line["topic"] == chain.topic + ".retry.15m"
    assert line["code"] == "TOPIC_EXCEPTION", line
    assert f"--create --topic {line['topic']} --partitions {chain.partitions} " in line["run"]


def test_no_topic_is_made_where_that_is_not_wanted(chain):
    chain.tiers = (("15m", 4), ("6h", 112))
    worker = chain.worker(DVSYNC_KAFKA_CREATE_TOPICS="false")
    wait_for("they are asked for", lambda: len(said(worker, "please make it")) == 2)
    users = chain.people(3)
    chain.publish(users)
    chain.wait_settled()
    chain.assert_ready(users)
    assert not said(worker, "was made")
