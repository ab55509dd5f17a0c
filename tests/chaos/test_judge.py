"""The judge sees each kind of fault in evidence that is otherwise good; so a run can fail."""
import pytest

import events
import faults
import judge
import stack
import world

TOPIC = "t"
USER = "11111111-0000-4000-8000-000000000001"
CLIENT, OTHER_CLIENT = "client-1", "client-2"


def record(number, topic=TOPIC, offset=0, **headers):
    flat = [text for pair in {"chaos": str(number), **headers}.items() for text in pair]
    return {"topic": topic, "partition": 0, "offset": offset, "key": USER, "payload": "{}", "headers": flat}


def line(outcome, reason="r", topic=TOPIC, offset=0, environment="prod", **more):
    return {"msg": "event settled", "mono_ms": 0, "topic": topic, "partition": 0, "offset": offset,
            "environment": environment, "outcome": outcome, "reason": reason, **more}


def call(at_ms, client=CLIENT, write="wrote", route="patch", **more):
    return {"mono_ms": at_ms, "after_ms": 10, "service": "dataverse", "route": route, "status": 204,
            "environment": stack.ENVIRONMENT, "user": USER, "client": client, "write": write, **more}


def ready_row():
    return {"user": USER, "rows": 1, "disabled": False, "unit": stack.SALES, "roles": [stack.READER],
            "columns": {"new_costcentre": f"CC-{USER[:4]}"}}


@pytest.fixture
def evidence():
    """One user who joined, was made ready with one write, and one record of poison."""
    return judge.Evidence(
        published=[events.Published(0, "joins", USER, stack.GROUP), events.Published(1, "poison", None, None)],
        ready={USER: {stack.GROUP}}, absent=set(),
        records={TOPIC: [record(0), record(1, offset=1)], "t.retry.2s": [], "t.dlq": [record(1, "t.dlq")]},
        offsets=[{"topic": TOPIC, "partition": 0, "committed": 2, "high": 2}],
        lines=[line("done"), line("dead", "undecodable", offset=1, environment="", kept_on="t.dlq")],
        ledger=[call(1000)], offences={"early": 0, "upsert": 0, "total": 0},
        rows={"prod": {USER: ready_row()}, "test": {}},
        lives=[world.Life(0, CLIENT, 0), world.Life(1, OTHER_CLIENT, 0)], journal=[], topic=TOPIC)


def verdict_on(evidence):
    return judge.judge(evidence)


def test_good_evidence_has_no_findings(evidence):
    assert verdict_on(evidence).is_good()


def test_an_event_without_an_outcome_is_lost(evidence):
    del evidence.lines[0]
    assert "no outcome in prod" in verdict_on(evidence).lost[0]


def test_an_outcome_that_policy_does_not_allow_is_a_loss(evidence):
    evidence.lines[0] = line("skipped", "unrouted")
    assert "policy does not allow" in verdict_on(evidence).lost[0]


def test_an_event_that_is_owed_twice_needs_both_outcomes(evidence):
    evidence.published[0] = events.Published(0, "leads", USER, stack.OTHER_GROUP)
    assert "no outcome in test" in verdict_on(evidence).lost[0]


def test_a_parked_event_must_be_on_its_topic_and_have_an_outcome_there(evidence):
    evidence.lines[0] = line("parked", kept_on="t.retry.2s")
    assert "but not on t.retry.2s" in verdict_on(evidence).lost[0]
    evidence.records["t.retry.2s"].append(record(0, "t.retry.2s", **{"dvsync-environment": "prod"}))
    assert "t.retry.2s/0/0: no outcome" in verdict_on(evidence).lost[0]
    evidence.lines.append(line("done", topic="t.retry.2s"))
    assert verdict_on(evidence).is_good()


def test_what_is_superseded_needs_a_kept_record_of_its_user(evidence):
    evidence.lines[0] = line("superseded")
    assert "superseded" in verdict_on(evidence).lost[0]


def test_a_missing_dead_letter_is_a_loss(evidence):
    evidence.records["t.dlq"].clear()
    assert any("not among the dead letters" in text for text in verdict_on(evidence).lost)


def test_a_dead_letter_that_policy_does_not_know_is_a_loss(evidence):
    evidence.records["t.dlq"].append(record(0, "t.dlq", offset=1))
    assert "joins 0 is among the dead letters" in verdict_on(evidence).lost[0]


def test_a_copy_that_says_something_else_is_wrong(evidence):
    evidence.records["t.dlq"][0]["payload"] = "{ }"
    assert "not what was published" in verdict_on(evidence).wrong[0]


def test_an_offset_that_is_not_committed_is_a_loss(evidence):
    evidence.offsets[0]["committed"] = 1
    assert "committed 1 of 2" in verdict_on(evidence).lost[0]


@pytest.mark.parametrize("change", [{"disabled": True}, {"rows": 2}, {"unit": stack.ROOT}, {"roles": []},
                                    {"columns": {"new_costcentre": None}}])
def test_somebody_who_is_not_ready_is_a_loss(evidence, change):
    evidence.rows["prod"][USER].update(change)
    assert "is not ready in prod" in verdict_on(evidence).lost[0]


def test_a_row_that_nobody_wanted_is_wrong(evidence):
    evidence.ready, evidence.absent = {}, {USER}
    assert "nobody wanted" in verdict_on(evidence).wrong[0]


def test_an_offence_is_wrong(evidence):
    evidence.offences["upsert"] = 1
    assert "upsert" in verdict_on(evidence).wrong[0]


def repeat(evidence, client=CLIENT, after_ms=500, **more):
    evidence.ledger.append(call(1000 + after_ms, client, "wrote_nothing", **more))
    return verdict_on(evidence)


def test_a_repeated_write_needs_a_reason(evidence):
    assert len(repeat(evidence).unexplained) == 1
    assert not verdict_on(evidence).is_good()


def test_a_write_may_be_repeated_after_a_kill_that_came_before_its_answer(evidence):
    evidence.lives[0].to_ms, evidence.lives[0].ended = 1005, "killed"
    assert not repeat(evidence, OTHER_CLIENT).unexplained


def test_no_write_is_repeated_after_a_kill_that_came_later(evidence):
    evidence.lives[0].to_ms, evidence.lives[0].ended = 1010 + judge.ANSWER_MS + 1, "killed"
    assert len(repeat(evidence, OTHER_CLIENT).unexplained) == 1


def test_who_is_stopped_waits_for_the_answers_of_writes(evidence):
    evidence.lives[0].to_ms, evidence.lives[0].ended = 1005, "stopped"
    assert len(repeat(evidence, OTHER_CLIENT).unexplained) == 1


def test_a_write_may_be_repeated_whose_answer_was_lost(evidence):
    evidence.ledger[0]["status"] = 500
    assert not repeat(evidence).unexplained


@pytest.mark.parametrize("worker, is_excused", [(0, True), (1, False)])
def test_a_cut_excuses_its_own_worker_only(evidence, worker, is_excused):
    evidence.journal.append(faults.Happened("services_cut", worker, 1005, 1006))
    assert bool(repeat(evidence).unexplained) != is_excused


@pytest.mark.parametrize("client, is_excused", [(CLIENT, False), (OTHER_CLIENT, True)])
def test_handing_a_user_over_excuses_the_other_worker_only(evidence, client, is_excused):
    evidence.lines.append({"msg": "partitions assigned", "mono_ms": 900})
    assert bool(repeat(evidence, client).unexplained) != is_excused


def early(evidence):
    evidence.ledger.append(call(2000, status=429, write="refused", told_ms=3000))
    evidence.ledger.append(call(4000, status=429, write="refused", offences=["early"]))
    return verdict_on(evidence)


def test_an_early_call_is_found(evidence):
    assert len(early(evidence).early) == 1


def test_a_call_is_not_early_whose_warning_was_cut_off(evidence):
    evidence.journal.append(faults.Happened("services_cut", 0, 2005, 2006))
    assert not early(evidence).early and verdict_on(evidence).early_excused == 1


def test_a_cut_before_the_warning_excuses_nothing(evidence):
    evidence.journal.append(faults.Happened("services_cut", 0, 1000, 1900))
    assert len(early(evidence).early) == 1


def test_offsets_that_a_worker_found_gone_are_lost(evidence):
    evidence.lines.append({"msg": "offsets were gone before they were read: retention took them",
                           "mono_ms": 0})
    assert "a worker says" in verdict_on(evidence).lost[0]
