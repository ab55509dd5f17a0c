"""A Kafka with an authorizer: what a worker may not do is said by name, and goes on once it may."""
import shutil

import pytest

import kafka
import stack
from stack import wait_for

USER, PASSWORD = "worker", "a word"
TIERS = (("1s", 1),)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A cluster whose one user has no right at all but those that are granted; port of the user's listener."""
    folder = tmp_path_factory.mktemp("guarded")
    cluster = kafka.Cluster(str(folder / "cluster"))
    (client, controller), = cluster.ports.values()
    port = stack.free_port()
    plain, sasl = f"PLAINTEXT://127.0.0.1:{client}", f"SASL://127.0.0.1:{port}"
    cluster.properties = {
        "listeners": f"{plain},{sasl},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"{plain},{sasl}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT",
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.sasl.plain.sasl.jaas.config":
            f'org.apache.kafka.common.security.plain.PlainLoginModule required user_{USER}="{PASSWORD}";',
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
    }
    with cluster:
        yield cluster, port
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def chain(guarded, tmp_path, cluster):
    if cluster is None:
        pytest.skip("the in-process Kafka knows no rights")
    running = stack.Stack(tmp_path, guarded[0], tiers=TIERS)
    running.properties += ["security.protocol=SASL_PLAINTEXT", "sasl.mechanism=PLAIN", f"sasl.username={USER}"]
    running.bootstrap = f"127.0.0.1:{guarded[1]}"
    yield running
    running.close()


def start_worker(chain, **more):
    """With the rights of the README, but none on retry topics and dead letters."""
    for ending in ("", ".backfill"):
        chain.cluster.grant(USER, "topic", chain.topic + ending, "Read", "Describe")
    chain.cluster.grant(USER, "group", chain.group_id, "Read")
    return chain.worker(DVSYNC_KAFKA_SASL_PASSWORD=PASSWORD, **more)


def said(worker, level, text):
    return {line["topic"]: line for line in worker.logged() if line["level"] == level and text in line["msg"]}


def test_topics_that_may_not_be_seen_or_made_are_asked_for_by_name(chain):
    users = chain.people(3)
    chain.publish(users)
    worker = start_worker(chain)
    lines = wait_for("they are asked for", lambda: (x := said(worker, "warning", "may not be seen")) and len(x) == 2 and x)
    assert set(lines) == {chain.topic + ".retry.1s", chain.topic + ".dlq"}
    assert {line["code"] for line in lines.values()} == {"TOPIC_AUTHORIZATION_FAILED"}
    chain.wait_settled()
    chain.assert_ready(users)


def test_a_letter_waits_for_the_right_to_write_it(chain):
    letters = chain.topic + ".dlq"
    users = chain.people(3)
    chain.publish_text("no JSON", partition=0)
    chain.publish(users)
    worker = start_worker(chain)
    lines = wait_for("it is said", lambda: said(worker, "error", "no right to write"))
    assert set(lines) == {letters}
    wait_for("the others are ready", lambda: all((chain.sandbox.row(user) or {}).get("roles") for user in users))
    assert chain.lag() > 0
    chain.cluster.grant(USER, "topic", letters, "Write", "Describe")
    chain.wait_settled(90)
    assert chain.high(".dlq") == 1


def test_the_rights_of_the_readme_are_enough(chain):
    (late,) = chain.people(1, licensed=False)
    users = chain.people(3)
    made = chain.topic + ".retry.2s"
    chain.tiers = (*TIERS, ("2s", 1))
    for ending in (".retry.1s", ".retry.2s"):
        chain.cluster.grant(USER, "topic", chain.topic + ending, "Read", "Write", "Describe", "Create", "DescribeConfigs")
    chain.cluster.grant(USER, "topic", chain.topic + ".dlq", "Write", "Describe", "Create", "DescribeConfigs")
    chain.publish([late, *users])
    worker = start_worker(chain, extra='retry: { deadline = "1s"; backoff_base = "100ms"; backoff_cap = "200ms"; '
                                       'refused_pause = "0ms"; };',
                          DVSYNC_LOG_LEVEL="info")
    wait_for("the missing one is made", lambda: made in said(worker, "info", "was made"))
    chain.wait_settled()
    chain.assert_ready(users)
    wait_for("the late one went through the tiers", lambda: chain.high(".retry.2s") == 1)
    assert not said(worker, "warning", "a topic is")
