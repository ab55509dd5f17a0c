"""Delayed retry topics: who cannot be made ready now is parked, comes back, and holds up nobody meanwhile."""
from stack import wait_for

TIERS = (("2s", 2), ("4s", 1))

# Gives up on a user within a second, and looks again soon after that.
HASTY = ('retry: { deadline = "1s"; backoff_base = "100ms"; backoff_cap = "200ms"; refused_pause = "0ms"; '
         'probe = "300ms"; grace = "500ms"; };')


def test_a_licence_that_comes_late_is_waited_for_on_a_retry_topic(chain):
    (user,) = chain.people(1, licensed=False, licensed_in_ms=5000)
    chain.publish([user])
    worker = chain.worker(extra=HASTY)
    wait_for("it is parked", lambda: chain.high(".retry.2s") == 1)
    wait_for("the main topic is done with", lambda: chain.lag() == 0)
    wait_for("the user", lambda: (chain.sandbox.row(user) or {}).get("roles"))
    chain.assert_ready([user])
    wait_for("the retry topics are done with", lambda: chain.lag(".retry.2s", ".retry.4s") == 0)
    assert chain.letters() == 0
    assert worker.metric("dvsync_events_total", topic=chain.topic + ".retry.2s", outcome="done") \
        + worker.metric("dvsync_events_total", topic=chain.topic + ".retry.4s", outcome="done") == 1
