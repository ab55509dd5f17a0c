"""The main job: an event becomes a ready user and a committed offset, and nothing is done twice."""


def test_one_event_becomes_a_ready_user_and_a_committed_offset(chain):
    users = chain.people(1)
    chain.publish(users)
    chain.worker()
    chain.wait_settled()
    chain.assert_ready(users)


def test_many_joiners_become_ready_with_two_replicas(chain):
    users = chain.people(60)
    chain.worker()
    chain.worker()
    chain.publish(users)
    chain.wait_settled()
    chain.assert_ready(users)
    assert len(chain.sandbox.ledger(route="addUser")) == len(users)
    offences = chain.sandbox.ask("/offences")
    assert '"upsert":0' in offences.replace(" ", ""), offences
