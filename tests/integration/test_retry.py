"""Delayed retry topics: who cannot be made ready now is parked, comes back, and holds up nobody meanwhile."""
import datetime
import json

from stack import GROUP, SECRET, wait_for

DELAY_MS = 1000
TIERS = (("1s", 2), ("2s", 1))
RETRY = (".retry.1s", ".retry.2s")

# Gives up on a user within a second, and does not wait long for an environment that is misconfigured.
HASTY = ('retry: { deadline = "1s"; backoff_base = "100ms"; backoff_cap = "200ms"; refused_pause = "0ms"; '
         'probe = "300ms"; grace = "500ms"; };')


def is_ready(chain, user):
    return (chain.sandbox.row(user) or {}).get("roles")


def wait_drained(chain):
    wait_for(lambda: f"the retry topics are done with: {chain.offsets()}", lambda: chain.lag(*RETRY) == 0)


def ours(record):
    """The headers that keeping a record adds."""
    return {name: value for name, value in record["headers"] if name.startswith("dvsync-")}


def start_worker(chain):
    """One that has its partitions: a licence that comes in some seconds is then late for the first try."""
    worker = chain.worker(extra=HASTY)
    wait_for("it has partitions", lambda: (worker.status() or {}).get("partitions"))
    return worker


def test_a_licence_that_comes_late_is_waited_for_on_a_retry_topic(chain):
    worker = start_worker(chain)
    (user,) = chain.people(1, licensed=False, licensed_in_ms=3000)
    chain.publish([user])
    wait_for("it is parked", lambda: chain.high(RETRY[0]) == 1)
    wait_for("the main topic is done with", lambda: chain.lag() == 0)
    wait_for("the user", lambda: is_ready(chain, user))
    chain.assert_ready([user])
    wait_drained(chain)
    assert chain.letters() == 0
    assert sum(worker.metric("dvsync_events_total", topic=chain.topic + ending, outcome="done") for ending in RETRY) == 1
    assert worker.metric("dvsync_kept_records_total", topic=chain.topic + RETRY[0], reason="no_licence") >= 1


def test_an_event_goes_from_tier_to_tier_and_keeps_what_it_was(chain):
    (user,) = chain.people(1, licensed=False)
    text = json.dumps({"group": GROUP, "user": user, "change": "added"})
    chain.publish_text(text, key=user, partition=1, headers={"ce_id": "7", "other": "x"})
    chain.worker(extra=HASTY)
    wait_for("the letter", lambda: chain.letters() == 1)
    wait_drained(chain)
    kept = [*chain.admin.records(chain.topic + RETRY[0]), *chain.admin.records(chain.topic + RETRY[1]),
            *chain.admin.records(chain.topic + ".dlq")]
    assert [ours(record)["dvsync-parkings"] for record in kept] == ["1", "2", "3", "3"]
    for record in kept:
        assert (record["partition"], record["key"], record["value"]) == (1, user, text)
        assert record["headers"][:2] == [["ce_id", "7"], ["other", "x"]]
        found = ours(record)
        assert len(found) == len(record["headers"]) - 2, "a header stands twice"
        assert (found["dvsync-origin-topic"], found["dvsync-origin-partition"], found["dvsync-origin-offset"]) \
            == (chain.topic, "1", "0")
        assert found["dvsync-environment"] == "prod"
        assert found["dvsync-error-code"] == "no_licence"
        assert found["dvsync-first-failure"] == ours(kept[0])["dvsync-first-failure"]
    attempts = [int(ours(record)["dvsync-attempts"]) for record in kept]
    assert attempts == sorted(set(attempts))


def logged_ms(line):
    return round(datetime.datetime.fromisoformat(line["ts"].replace("Z", "+00:00")).timestamp() * 1000)


def test_nothing_is_tried_before_its_delay_is_over(chain):
    (user,) = chain.people(1, licensed=False)
    chain.publish([user])
    worker = chain.worker(extra=HASTY, DVSYNC_LOG_BURST="0")
    wait_for("it came back twice", lambda: chain.high(RETRY[1]) == 1)
    failures = [logged_ms(line) for line in worker.logged() if line["msg"] == "a step failed"]
    for record in chain.admin.records(chain.topic + RETRY[0]):
        due_ms = record["timestamp"] + DELAY_MS
        assert not [at for at in failures if record["timestamp"] < at < due_ms]
        assert [at for at in failures if at >= due_ms]


def test_a_head_that_waits_holds_up_nobody(chain):
    chain.tiers = (("1h", 1),)
    ending = ".retry.1h"
    chain.sandbox.ask("/topics", {"name": chain.topic + ending, "partitions": chain.partitions})
    (late,) = chain.people(1, licensed=False)
    users = chain.people(30)
    chain.publish([late], partition=0)
    worker = chain.worker(extra=HASTY)
    wait_for("it is parked", lambda: chain.high(ending) == 1)
    wait_for("its head waits", lambda: any(p["topic"] == chain.topic + ending and p["end"] == 1
                                           for p in worker.status()["partitions"]))
    chain.publish(users[:10], partition=0)
    chain.wait_settled()
    chain.assert_ready(users[:10])
    second = chain.worker(extra=HASTY)
    wait_for("both have partitions", lambda: all((w.status() or {}).get("partitions") for w in (worker, second)))
    chain.publish(users[10:])
    chain.wait_settled()
    chain.assert_ready(users)
    assert chain.lag(ending) == 1
    assert worker.stop() == 0 and second.stop() == 0


def test_a_kill_while_events_are_parked_loses_none(chain):
    worker = start_worker(chain)
    users = chain.people(20, licensed=False, licensed_in_ms=3000)
    chain.publish(users)
    wait_for("the first is parked", lambda: chain.high(RETRY[0]) > 0)
    worker.kill()
    worker.start()
    wait_for("all are ready", lambda: all(is_ready(chain, user) for user in users))
    chain.wait_settled()
    chain.assert_ready(users)
    wait_drained(chain)
    assert chain.letters() == 0


def test_a_misconfigured_environment_parks_its_events_until_it_is_mended(chain, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("wrong")
    users = chain.people(5)
    chain.publish(users)
    worker = chain.worker(extra=HASTY)
    worker.kill()
    worker.config.write_text(worker.config.read_text().replace('secret_env = "TEST_SECRET"', f'secret_file = "{secret}"'))
    worker.start()
    wait_for("all are parked", lambda: chain.lag() == 0 and chain.high(RETRY[0]) >= len(users))
    assert not chain.writes()
    secret.write_text(SECRET)
    wait_for("all are ready", lambda: all(is_ready(chain, user) for user in users))
    wait_drained(chain)
    chain.assert_ready(users)
    assert chain.letters() == chain.high(RETRY[1]) == 0
    assert {ours(record)["dvsync-parkings"] for record in chain.admin.records(chain.topic + RETRY[0])} == {"0"}
