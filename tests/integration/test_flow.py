"""The published flow that this project takes over from, row by row."""
from stack import ENVIRONMENT, GROUP, READER, SALES, wait_for


def test_the_original_flow(chain):
    """A user joins the group → only added → force sync → row confirmed → unit → custom column → committed."""
    sandbox = chain.sandbox
    chain.worker()

    # somebody is in Entra, with a custom attribute, and in no group; Dataverse has no row
    (user,) = chain.people(1, joined=False)
    assert sandbox.row(user) is None

    # somebody else is removed from the group: the flow does nothing on removals
    (other,) = chain.people(1)
    chain.publish([other], change="removed")

    # the user joins the group, and the trigger says so
    sandbox.ask("/joins", {"group": GROUP, "user": user})
    chain.publish([user], change="added")

    # "Force Sync user", with the environment and the Entra object id
    (sync,) = wait_for("addUser", lambda: sandbox.ledger(route="addUser"))
    assert sync["user"] == user and sync["environment"] == ENVIRONMENT and sync["status"] == 200

    # the row appears, and only then is anything written to it
    wait_for("the row", lambda: sandbox.row(user))
    (patch,) = wait_for("the PATCH", lambda: sandbox.ledger(route="patch", write="wrote"))
    assert patch["mono_ms"] >= sync["mono_ms"] + 300, "written before the row was there"

    # business unit, custom column out of the custom attribute, role; and the offset is committed after it
    chain.wait_settled()
    row = sandbox.row(user)
    assert row["unit"] == SALES
    assert row["columns"]["new_costcentre"] == f"CC-{user[:4]}"
    assert row["roles"] == [READER]
    assert sandbox.row(other) is None

    # once is enough: nothing was written twice
    assert len(sandbox.ledger(route="addUser")) == 1
    assert not sandbox.ledger(write="wrote_nothing")
