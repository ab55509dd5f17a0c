"""What is published while things go wrong, out of the seed, and what policy says of it.

Each second a few people come into being, join or leave, and events tell of it: an Act is what to do
to the double's world and which records to publish. Each record carries the header "chaos", a number
that all its copies keep, so that retry topics and dead letters can be laid beside what was published.
"""
import collections
import copy
import random
import time

import stack

LEADS = stack.OTHER_GROUP  # routed to both environments
STRANGERS = "eeeeeeee-0000-4000-8000-000000000009"  # routed to none
OLD_S = 7200
TOO_LONG = "x" * 101

# How an event of a kind may settle, on the main topic and wherever it waited: outcomes, or
# "outcome:reason". What was parked, or rests on another kept record, must be found there, and there
# has an outcome again.
ON_THE_WAY = {"parked", "superseded"}
POLICY = {
    "joins": {"done"} | ON_THE_WAY,
    "leads": {"done"} | ON_THE_WAY,                # owed in two environments
    "again": {"done"} | ON_THE_WAY,                # once more the event of somebody who is a member
    "long_ago": {"done"} | ON_THE_WAY,             # an old event: membership is asked
    "late_licence": {"done"} | ON_THE_WAY,
    "left_long_ago": {"skipped:not_a_member"} | ON_THE_WAY,
    "leaves_soon": {"done", "skipped:not_a_member"} | ON_THE_WAY,
    "left": {"skipped:removal"},
    "not_really_left": {"skipped:removal"},        # older than the "added" of a member
    "stranger": {"skipped:unrouted"},
    "a_device": {"skipped:not_a_user"},
    "too_long": {"dead:bad_value"} | ON_THE_WAY,   # an attribute that no column takes
    "poison": {"dead:undecodable"},
}
DEAD = {"too_long", "poison"}      # end on the dead-letter topic, and nothing else does
READY = {"joins", "leads", "again", "long_ago", "late_licence"}
NO_ROW = {"left_long_ago", "stranger", "a_device"}

# kind: how often, among 100
SHARES = {"joins": 30, "leads": 12, "again": 14, "long_ago": 7, "late_licence": 9, "left_long_ago": 5,
          "leaves_soon": 5, "not_really_left": 3, "stranger": 2, "a_device": 1, "too_long": 4,
          "poison": 8}

POISON = (
    {"text": "no JSON at all"},
    {"text": "{}"},
    {"text": ""},
    {"value": None, "key": "a tombstone"},
    {"text": "[" * 100},
    {"value": {"group": stack.GROUP, "user": "not-an-id", "change": "added"}},
    {"value": {"group": stack.GROUP, "user": stack.TENANT, "change": "moved"}},
    {"value": {"group": stack.GROUP, "user": stack.TENANT, "change": "added", "filler": "y" * 70000}},
    {"value": {"group": stack.GROUP, "user": stack.TENANT, "change": "added"}, "headers": {"version": "9"}},
    {"text": '{"group": "\\u0000", "group": 1, "user": {}, "change": null}'},
)

Published = collections.namedtuple("Published", "number kind user group")
Act = collections.namedtuple("Act", "users joins leaves records")


class Author:
    """Makes the acts of one run; ${published} grows with them."""

    def __init__(self, seed, topic, per_s):
        self.chance = random.Random(f"{seed}/events")
        self.topic = topic
        self.per_s = per_s
        self.published = []
        self.members = []   # (user, group, suffix) of events that may come again
        self.leaving = []   # (second, user)

    def act(self, second):
        """What happens in this second."""
        act = Act([], [], [], [])
        count = self.chance.choice((0, 1, 1, 2)) * self.per_s
        for kind in self.chance.choices(list(SHARES), SHARES.values(), k=count):
            getattr(self, f"_{kind}", self._person)(kind, second, act)
        self._let_leave(second, act)
        return act

    # --- records ---

    def _record(self, act, kind, body, user=None, group=None, suffix=""):
        number = len(self.published)
        self.published.append(Published(number, kind, user, group))
        headers = {**body.pop("headers", {}), "chaos": str(number)}
        act.records.append({"topic": self.topic + suffix, **body, "headers": headers})

    def _event(self, act, kind, user, group, change="added", age_s=0.0, suffix="", **more):
        stamp = time.time() - age_s
        value = {"group": group, "user": user, "change": change, **more,
                 "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(stamp))}
        self._record(act, kind, {"value": value, "timestamp": int(1000 * stamp)}, user, group, suffix)

    # --- people ---

    def _id(self):
        digits = f"{self.chance.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"

    def _new(self, act, **more):
        user = self._id()
        act.users.append({"id": user, "attributes": {stack.EXTENSION: f"CC-{user[:4]}"}, **more})
        return user

    def _suffix(self):
        return self.chance.choice(("", "", ".backfill"))

    # --- kinds ---

    def _person(self, kind, second, act):
        """Somebody new who joins, and an event that says so."""
        more, age_s = {}, self.chance.uniform(0, 2)
        if kind == "late_licence":
            more = {"licensed": False, "licensed_in_ms": self.chance.randrange(3000, 12000)}
        if kind == "long_ago":
            age_s = OLD_S
        user, suffix = self._new(act, **more), self._suffix()
        group = LEADS if kind == "leads" else stack.GROUP
        act.joins.append({"group": group, "user": user})
        self._event(act, kind, user, group, age_s=age_s, suffix=suffix)
        self.members.append((user, group, suffix))

    def _again(self, kind, second, act):
        if self.members:
            user, group, suffix = self.chance.choice(self.members)
            self._event(act, kind, user, group, suffix=suffix)

    def _not_really_left(self, kind, second, act):
        if self.members:
            user, group, suffix = self.chance.choice(self.members)
            self._event(act, kind, user, group, change="removed", age_s=OLD_S, suffix=suffix)

    def _left_long_ago(self, kind, second, act):
        self._event(act, kind, self._new(act), stack.GROUP, age_s=OLD_S)

    def _leaves_soon(self, kind, second, act):
        user = self._new(act)
        act.joins.append({"group": stack.GROUP, "user": user})
        self._event(act, kind, user, stack.GROUP)
        self.leaving.append((second + self.chance.randrange(1, 5), user))

    def _let_leave(self, second, act):
        for item in [item for item in self.leaving if item[0] <= second]:
            self.leaving.remove(item)
            act.leaves.append({"group": stack.GROUP, "user": item[1]})
            self._event(act, "left", item[1], stack.GROUP, change="removed")

    def _stranger(self, kind, second, act):
        self._event(act, kind, self._new(act), STRANGERS)

    def _a_device(self, kind, second, act):
        self._event(act, kind, self._id(), stack.GROUP, member_type="#microsoft.graph.device")

    def _too_long(self, kind, second, act):
        user = self._new(act)
        act.users[-1]["attributes"][stack.EXTENSION] = TOO_LONG
        act.joins.append({"group": stack.GROUP, "user": user})
        self._event(act, kind, user, stack.GROUP)

    def _poison(self, kind, second, act):
        self._record(act, kind, copy.deepcopy(self.chance.choice(POISON)))

    # --- at the end ---

    def expected_ready(self):
        """Who must be ready in the end, and by which groups: {user: groups}."""
        groups = collections.defaultdict(set)
        for event in self.published:
            if event.kind in READY:
                groups[event.user].add(event.group)
        return groups

    def expected_absent(self):
        return {event.user for event in self.published if event.kind in NO_ROW}
