"""Bad input on every door: a clear error, and nothing is lost."""
import json
import subprocess

import pytest

from stack import BUILD, GROUP, http, wait_for

BAD_EVENTS = ["", "{", "[]", '"text"', "\ud7ff" * 3, '{"group": 1}', "x" * 70000, "[" * 5000,
              json.dumps({"group": "not-a-guid", "user": "e" * 36, "change": "added"}),
              json.dumps({"group": GROUP, "user": GROUP, "change": "deleted"}),
              json.dumps({"group": GROUP, "user": GROUP, "change": "added", "time": "yesterday"})]


def test_bad_events_become_dead_letters_and_the_others_are_done(chain):
    users = chain.people(6)
    for text in BAD_EVENTS:
        chain.publish_text(text, partition=0)
    chain.publish(users)
    worker = chain.worker()
    chain.wait_settled()
    chain.assert_ready(users)
    wait_for("the letters", lambda: chain.letters() == len(BAD_EVENTS))
    assert worker.metric("dvsync_events_total", outcome="dead", reason="undecodable") == len(BAD_EVENTS)


def test_without_dead_letters_a_bad_event_is_held(chain):
    (user,) = chain.people(1)
    chain.publish_text("{", partition=0)
    chain.publish([user], partition=0)
    worker = chain.worker(DVSYNC_KAFKA_DEAD_LETTERS="false")
    wait_for("the user", lambda: (chain.sandbox.row(user) or {}).get("roles"))
    wait_for("it is held", lambda: (worker.status() or {}).get("undecodable_held") == 1)
    assert worker.stop() == 0
    assert chain.lag() == 2


def test_unrouted_groups_and_removals_are_skipped_and_counted(chain):
    users = chain.people(4)
    chain.publish(users[:2], group="99999999-0000-4000-8000-000000000009")
    chain.publish(users[2:], change="removed")
    worker = chain.worker()
    chain.wait_settled()
    assert worker.metric("dvsync_events_total", outcome="skipped", reason="unrouted") == 2
    assert worker.metric("dvsync_events_total", outcome="skipped", reason="removal") == 2
    assert not chain.writes()


@pytest.mark.parametrize("fault", [
    {"service": "dataverse", "status": 200, "body": "<html>no json</html>", "times": 3},
    {"service": "dataverse", "status": 503, "headers": {"Retry-After": "1"}, "times": 2},
    {"service": "graph", "status": 200, "body": "{\"responses\": 7}", "times": 2},
    {"service": "bap", "status": 500, "body": "", "times": 2},
    {"service": "login", "status": 200, "body": "{\"token_type\": 1}", "times": 2},
    {"service": "dataverse", "cut": "half", "times": 2},
    {"service": "dataverse", "cut": "closed", "after_effect": True, "times": 2},
    {"service": "bap", "cut": "closed", "after_effect": True, "times": 1},
])
def test_bad_answers_of_services_are_asked_again(chain, fault):
    users = chain.people(5)
    chain.sandbox.ask("/faults", fault)
    chain.publish(users)
    chain.worker(extra='retry: { backoff_base = "50ms"; };')
    chain.wait_settled()
    chain.assert_ready(users)


def test_a_licence_that_arrives_late_is_waited_for(chain):
    users = chain.people(2, licensed=False, licensed_in_ms=4000)
    chain.publish(users)
    chain.worker(extra='retry: { backoff_base = "200ms"; backoff_cap = "1s"; };')
    chain.wait_settled()
    chain.assert_ready(users)


def test_a_licence_that_never_comes_ends_as_a_dead_letter_with_its_reason(chain):
    (user,) = chain.people(1, licensed=False)
    chain.publish([user])
    worker = chain.worker(extra='retry: { deadline = "2s"; backoff_base = "100ms"; backoff_cap = "500ms"; refused_pause = "0ms"; };')
    chain.wait_settled()
    assert chain.letters() == 1
    assert worker.metric("dvsync_events_total", outcome="dead", reason="no_licence") == 1


def test_a_wrong_secret_is_held_and_said_and_mended_without_a_restart(chain, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("wrong")
    users = chain.people(3)
    chain.publish(users)
    configuration = chain.configuration(extra='retry: { probe = "500ms"; };')
    worker = chain.worker()
    worker.kill()
    worker.config.write_text(configuration.replace('secret_env = "TEST_SECRET"', f'secret_file = "{secret}"'))
    worker.start()
    wait_for("it is not ready", lambda: worker.get("/readyz")[0] == 503 and worker.status()["environments"][0]["misconfigured"])
    secret.write_text("an invented secret & more\n")
    chain.wait_settled()
    chain.assert_ready(users)
    wait_for("it is ready", lambda: worker.get("/readyz")[0] == 200)


def test_admin_requests_that_are_none(chain):
    worker = chain.worker()
    wait_for("it answers", lambda: worker.get("/healthz")[0] == 200)
    base = f"http://127.0.0.1:{worker.port}"
    assert http(base + "/nonsense")[0] == 404
    assert http(base + "/metrics", {"a": 1})[0] == 405
    assert http(base + "/status", method="DELETE")[0] == 405
    assert worker.get("/healthz")[0] == 200


@pytest.mark.parametrize("arguments, status", [
    (["--nonsense"], 64), (["--config", "/nowhere"], 78), (["--help"], 0), (["--version"], 0),
    (["--help-config"], 0)])
def test_command_lines(arguments, status):
    done = subprocess.run([BUILD / "dvsync-worker", *arguments], capture_output=True, text=True, timeout=20)
    assert done.returncode == status, done.stderr
    assert done.stdout or done.stderr


def test_a_wrong_configuration_says_file_and_line_and_exits_with_78(tmp_path):
    config = tmp_path / "wrong.conf"
    config.write_text('kafka: {\n  bootstrap_servers = 7;\n};\n')
    done = subprocess.run([BUILD / "dvsync-worker", "--check-config", "--config", config], capture_output=True, text=True)
    assert done.returncode == 78
    assert "wrong.conf" in done.stderr and "2" in done.stderr, done.stderr


def test_the_secret_is_in_no_log(chain):
    users = chain.people(1)
    chain.publish(users)
    worker = chain.worker()
    chain.wait_settled()
    assert "invented secret" not in worker.log.read_text()
