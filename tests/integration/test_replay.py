"""Replays, duplicates and people who have left: a second pass writes nothing."""


def test_replaying_a_finished_topic_writes_nothing(chain):
    users = chain.people(30)
    chain.publish(users)
    worker = chain.worker()
    chain.wait_settled()
    writes = len(chain.writes())
    assert worker.stop() == 0

    # with Kafka's own means: the group's offsets are set back to the beginning
    if chain.cluster is None:
        chain.group_id += "-again"
    else:
        for partition in range(3):
            chain.cluster.set_committed(chain.group_id, chain.topic, partition, 0)
    assert chain.lag() > 0
    chain.worker()
    chain.wait_settled()
    chain.assert_ready(users)
    assert len(chain.writes()) == writes


def test_duplicates_cost_one_sync(chain):
    (user,) = chain.people(1)
    chain.publish([user] * 25)
    chain.worker()
    chain.wait_settled()
    chain.assert_ready([user])
    assert len(chain.sandbox.ledger(route="addUser")) == 1


def test_a_replayed_event_of_somebody_who_left_gives_nothing(chain):
    (user,) = chain.people(1, joined=False)
    chain.publish([user], age_s=7200)
    worker = chain.worker()
    chain.wait_settled()
    assert chain.sandbox.row(user) is None
    assert not chain.sandbox.ledger(route="addUser")
    assert worker.metric("dvsync_events_total", outcome="skipped", reason="not_a_member") == 1


def test_an_old_event_of_a_member_is_checked_and_done(chain):
    users = chain.people(15)
    chain.publish(users, age_s=7200)
    chain.worker()
    chain.wait_settled()
    chain.assert_ready(users)
    assert chain.sandbox.ledger(route="checkMemberGroups")


def test_a_row_that_an_administrator_moved_is_left_where_it_is(chain):
    (user,) = chain.people(1)
    elsewhere = "cccccccc-0000-4000-8000-000000000009"
    chain.sandbox.ask("/units", {"environment": "bbbbbbbb-0000-4000-8000-000000000001", "id": elsewhere, "name": "Else"})
    chain.rows([user], unit=elsewhere)
    chain.publish([user])
    chain.worker()
    chain.wait_settled()
    assert chain.sandbox.row(user)["unit"] == elsewhere
    assert chain.sandbox.row(user)["columns"]["new_costcentre"] == f"CC-{user[:4]}"


def test_the_backfill_topic_is_read_too(chain):
    users = chain.people(5)
    chain.publish(users, topic=chain.topic + ".backfill")
    chain.worker()
    chain.wait_settled()
    chain.assert_ready(users)
