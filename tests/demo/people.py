"""The world of the demo: who is there, what happens, and what has to come of it.

Everything is said three times, by three hands: the seeds for the double and the events for Kafka are
made from the list of people below; worker.conf tells the workers what to do; and `wanted` says,
from the same list and nothing else, how each row has to look in the end.
"""
import collections
import dataclasses
import json
import time
import uuid

LONG_AGO_S = 2 * 3600
LICENCE_MS = 15000

TENANT = "7e000000-0000-4000-8000-000000000001"
CLIENT = "7e000000-0000-4000-8000-000000000002"
SECRET = "not a secret: it opens the sandbox only"
COST_CENTRE = "extension_7e0000000000400080000000000000aa_costCentre"
GRADE = "extension_7e0000000000400080000000000000aa_grade"


def id_of(*names):
    """A GUID that is the same in every run."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "/".join(("dvsync-demo", *map(str, names)))))


ENVIRONMENTS = {name: id_of("environment", name) for name in ("sales", "service")}
ROOTS = {name: id_of("root", name) for name in ENVIRONMENTS}
UNITS = {name: id_of("unit", name) for name in ("Field Sales", "Inside Sales", "Support")}
ROLES = {name: id_of("role", name) for name in ("Salesperson", "Sales Manager", "Service Agent")}
PLACE_OF = {"Field Sales": "sales", "Inside Sales": "sales", "Support": "service",
            "Salesperson": "sales", "Sales Manager": "sales", "Service Agent": "service"}
COLUMNS = {"sales": {"new_costcentre": COST_CENTRE, "new_grade": GRADE},
           "service": {"new_costcentre": COST_CENTRE}}
GROUPS = {name: id_of("group", name) for name in ("field", "inside", "leads", "support")}
UNKNOWN_GROUP = id_of("group", "nobody knows")

Route = collections.namedtuple("Route", "group environment unit columns roles rank")
# What worker.conf says, once more: the judge must not read it from there.
ROUTES = [
    Route("field", "sales", "Field Sales", ("new_costcentre", "new_grade"), ("Salesperson",), 10),
    Route("inside", "sales", "Inside Sales", ("new_costcentre",), ("Salesperson",), 20),
    Route("leads", "sales", None, (), ("Sales Manager",), 0),
    Route("leads", "service", "Support", ("new_costcentre",), ("Service Agent",), 0),
    Route("support", "service", "Support", ("new_costcentre",), ("Service Agent",), 0),
]


@dataclasses.dataclass
class Row:
    """A row of systemuser: unit None is the root."""
    unit: str = None
    columns: dict = dataclasses.field(default_factory=dict)
    roles: tuple = ()
    disabled: bool = False


@dataclasses.dataclass(eq=False)
class Person:
    """Somebody in Entra; ${rows}: what Dataverse has of them before, by environment."""
    name: str
    groups: tuple = ()            # a member of, and an event says so
    age_s: int = 0                # of that event
    removed_from: tuple = ()      # only a removal comes
    left: tuple = ()              # an old event says joined, but they have left since
    joins_in_entra: bool = False  # nobody publishes it: the producer has to find out
    rows: dict = dataclasses.field(default_factory=dict)
    late_licence: bool = False
    repeats: int = 1              # how often the event comes

    @property
    def id(self):
        return id_of("user", self.name)

    @property
    def attributes(self):
        number = sum(self.name.encode())
        return {COST_CENTRE: f"CC-{1000 + number}", GRADE: number % 9 + 1}

    def columns(self, environment):
        return {column: self.attributes[attribute]
                for column, attribute in COLUMNS[environment].items()}


def ready_row(person, route):
    """The row of somebody for whom ${route} has nothing left to do."""
    columns = {column: person.columns(route.environment)[column] for column in route.columns}
    return Row(route.unit, columns, route.roles)


def make_people():
    people = []

    def add(kind, count, **more):
        people.extend(Person(f"{kind}-{number}", **more) for number in range(count))

    # never seen by Dataverse: a force sync each, of which an application has 100 a minute
    add("new-field", 24, groups=("field",), repeats=2)
    add("new-inside", 14, groups=("inside",))
    add("new-support", 14, groups=("support",), repeats=2)
    add("late-licence", 2, groups=("field",), late_licence=True)
    # rows that are there and lack unit, columns, roles
    add("field", 40, groups=("field",), rows={"sales": Row()})
    add("inside", 30, groups=("inside",), rows={"sales": Row()})
    add("support", 24, groups=("support",), rows={"service": Row()}, repeats=2)
    # in two groups: both environments, or one whose rank decides
    add("lead", 6, groups=("field", "leads"), rows={"sales": Row()})
    add("field-and-inside", 4, groups=("field", "inside"), rows={"sales": Row()})
    # an administrator moved them: that is respected
    add("moved", 3, groups=("field",), rows={"sales": Row("Inside Sales")})
    add("disabled", 2, groups=("support",), rows={"service": Row(disabled=True)})
    # put into the group while all runs, and nothing else is said of it
    add("joiner", 12, groups=("inside",), joins_in_entra=True)
    add("joiner-with-row", 8, groups=("support",), rows={"service": Row()}, joins_in_entra=True)
    # old events, as a replay brings them: one still is a member, one is not
    add("old-member", 1, groups=("inside",), age_s=LONG_AGO_S, rows={"sales": Row()})
    add("left-long-ago", 1, left=("field",))
    # nothing may happen to these
    add("removed", 24, removed_from=("field",), rows={"sales": Row("Field Sales")})
    add("stranger", 8)
    for number in range(10):
        person = Person(f"ready-{number}", groups=("field",))
        person.rows["sales"] = ready_row(person, ROUTES[0])
        people.append(person)
    return people


# --- what the double starts with ---------------------------------------------------------------


def row_of(person, environment, row):
    made = {"environment": ENVIRONMENTS[environment], "user": person.id, "disabled": row.disabled,
            "columns": row.columns}
    if row.unit:
        made["unit"] = UNITS[row.unit]
    return made


def joins(people):
    return [{"group": GROUPS[group], "user": person.id}
            for person in people for group in person.groups]


def seeds(people):
    """(collection, objects) in order, for the control API."""
    parts = [{"environment": ENVIRONMENTS[PLACE_OF[name]], "id": guid, "name": name}
             for name, guid in (*UNITS.items(), *ROLES.items())]
    rows = [(person, name, row) for person in people for name, row in person.rows.items()]
    yield "applications", [{"tenant": TENANT, "client": CLIENT, "secret": SECRET,
                            "bap_management": True, "read_users": True, "read_members": True}]
    yield "environments", [
        {"id": ENVIRONMENTS["sales"], "name": "Contoso Sales", "root_unit": ROOTS["sales"],
         "text_columns": ["new_costcentre"], "integer_columns": ["new_grade"]},
        {"id": ENVIRONMENTS["service"], "name": "Contoso Service", "root_unit": ROOTS["service"],
         "text_columns": ["new_costcentre"]}]
    yield "application_users", [{"environment": guid, "client": CLIENT}
                                for guid in ENVIRONMENTS.values()]
    yield "units", [part for part in parts if part["name"] in UNITS]
    yield "roles", [part for part in parts if part["name"] in ROLES]
    yield "groups", [{"id": guid, "name": name} for name, guid in GROUPS.items()]
    yield "users", [{"id": person.id, "name": f"{person.name}@contoso.example.com",
                     "attributes": person.attributes,
                     "licensed_in_ms": LICENCE_MS if person.late_licence else 0}
                    for person in people]
    yield "joins", joins(person for person in people if not person.joins_in_entra)
    yield "rows", [row_of(*row) for row in rows]
    yield "given_roles", [{"environment": ENVIRONMENTS[name], "user": person.id,
                           "role": ROLES[role]} for person, name, row in rows for role in row.roles]


# --- what happens ------------------------------------------------------------------------------


def event(user, group, change, age_s=0):
    """One object of POST /events."""
    stamp = time.time() - age_s
    text = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(stamp))
    return {"value": {"group": group, "user": user, "change": change, "time": text,
                      "source": "demo"}, "timestamp": int(stamp * 1000)}


def events(people):
    """All events, mixed, but the same in each run; as functions, since an event has a time."""
    made = [lambda text=text: {"text": text, "key": "bad"} for text in (
        "this is no JSON",
        json.dumps({"group": GROUPS["field"], "user": "nobody", "change": "added"}),
        json.dumps({"user": people[0].id, "change": "added"}))]

    def say(count, person, group, change, age_s):
        made.extend([lambda: event(person.id, group, change, age_s)] * count)

    for person in people:
        for group in () if person.joins_in_entra else person.groups:
            say(person.repeats, person, GROUPS[group], "added", person.age_s)
        for group in person.removed_from:
            say(1, person, GROUPS[group], "removed", 0)
        for group in person.left:
            say(1, person, GROUPS[group], "added", LONG_AGO_S)
        if person.name.startswith("stranger"):
            say(1, person, UNKNOWN_GROUP, "added", 0)
    order = sorted(range(len(made)), key=lambda number: id_of("order", number))
    return [made[number] for number in order]


BAD_EVENTS = 3


# --- what must have come of it -----------------------------------------------------------------


def routes_of(person, environment):
    return [route for route in ROUTES
            if route.environment == environment and route.group in person.groups]


def wanted(person, environment):
    """(the row that ${person} must have, whether it has to be written to); None: no row."""
    before = person.rows.get(environment)
    routes = routes_of(person, environment)
    if not routes:
        return before, False
    unit = before.unit if before else None
    claims = [route for route in routes if route.unit]
    if unit is None and claims:
        unit = max(claims, key=lambda route: route.rank).unit
    columns = dict(before.columns) if before else {}
    roles = set(before.roles) if before else set()
    for route in routes:
        columns.update((name, person.columns(environment)[name]) for name in route.columns)
        roles.update(route.roles)
    row = Row(unit, columns, tuple(sorted(roles)))
    return row, row != before


def fault_of(person, environment, found):
    """What is wrong with the row ${found} (None: there is none); None: nothing."""
    row, may_write = wanted(person, environment)
    if row is None:
        return "has a row and must not" if found else None
    if found is None:
        return "has no row"
    if found["rows"] != 1:
        return f"has {found['rows']} rows"
    columns = {name: value for name, value in found["columns"].items() if value is not None}
    pairs = [
        ("unit", UNITS[row.unit] if row.unit else ROOTS[environment], found["unit"]),
        ("columns", row.columns, columns),
        ("roles", sorted(ROLES[role] for role in row.roles), sorted(found["roles"])),
        ("disabled", row.disabled, found["disabled"]),
    ]
    wrong = [f"{name}: {is_there}, not {must}" for name, must, is_there in pairs if must != is_there]
    if not may_write and found["version"] != found["first_version"]:
        wrong.append("was written to")
    return "; ".join(wrong) or None
