"""The whole chain in real processes: a broker, the sandbox, and workers as users run them.

A Stack has one world: one tenant and application, an environment with units, roles and columns, one
group routed to it. Tests seed people through the sandbox's control API, publish events, wait for
conditions (never for times), and read back what the broker and the double say.
"""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid

TOP = pathlib.Path(__file__).resolve().parents[2]

BUILD = TOP / os.environ.get("DVSYNC_BUILD", "build/release")
PATIENCE_S = 40

TENANT = "aaaaaaaa-0000-4000-8000-000000000001"
CLIENT = "aaaaaaaa-0000-4000-8000-000000000002"
SECRET = "an invented secret & more"
ENVIRONMENT = "bbbbbbbb-0000-4000-8000-000000000001"
ROOT = "cccccccc-0000-4000-8000-000000000001"
SALES = "cccccccc-0000-4000-8000-000000000002"
READER = "dddddddd-0000-4000-8000-000000000001"
GROUP = "eeeeeeee-0000-4000-8000-000000000001"
OTHER_GROUP = "eeeeeeee-0000-4000-8000-000000000002"
EXTENSION = "extension_0123456789abcdef0123456789abcdef_costCentre"


def wait_for(what, condition, seconds=PATIENCE_S):
    """Waits until ${condition}() is true, and returns that; fails with ${what}() or its text."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(0.05)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def http(url, body=None, method=None):
    """Status and text of the answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def lines(text):
    return [json.loads(line) for line in text.splitlines() if line]


class Sandbox:
    """The double, and its control API."""

    def __init__(self, folder, bootstrap, *arguments):
        self.state_file = folder / "sandbox.json"
        where = ["--bootstrap", bootstrap] if bootstrap else ["--broker"]
        self.process = subprocess.Popen(
            [BUILD / "dvsync-sandbox", *where, "--state", self.state_file, *arguments],
            stdout=open(folder / "sandbox.out", "w"), stderr=subprocess.STDOUT)
        wait_for("the sandbox starts", lambda: self.state_file.exists() and self.state_file.read_text())

    @property
    def state(self):
        return json.loads(self.state_file.read_text())

    def ask(self, path, body=None, method=None):
        status, text = http(self.state["origins"]["control"] + path, body, method)
        assert status < 300, f"{path}: {status} {text}"
        return text

    def set(self, **settings):
        self.ask("/settings", settings, "PUT")

    def row(self, user, environment=ENVIRONMENT):
        """The one row of ${user}, or None."""
        rows = lines(self.ask(f"/environments/{environment}/rows?user={user}"))
        return rows[0] if rows and rows[0]["rows"] == 1 else None

    def ledger(self, **wanted):
        """Calls, parts of batches included, that have these values."""
        entries = lines(self.ask("/ledger"))
        return [e for e in entries if all(e.get(k) == v for k, v in wanted.items())]

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


class Process:
    """One process of ours, with its settings, log and admin endpoint."""

    PROGRAM = ADMIN = None

    def __init__(self, folder, name, configuration, start=True, **environment):
        self.port = free_port()
        self.log = folder / f"{name}.log"
        self.config = folder / f"{name}.conf"
        self.config.write_text(configuration)
        plain = {k: v for k, v in os.environ.items() if not k.startswith("DVSYNC_")}
        self.environment = {**plain, "TEST_SECRET": SECRET,
                            self.ADMIN: f"127.0.0.1:{self.port}", **environment}
        self.process = None
        if start:
            self.start()

    def start(self):
        self.process = subprocess.Popen([BUILD / self.PROGRAM, "--config", self.config],
                                        stdout=open(self.log, "a"), stderr=subprocess.STDOUT,
                                        env=self.environment)

    def get(self, path):
        try:
            return http(f"http://127.0.0.1:{self.port}{path}")
        except (OSError, urllib.error.URLError):
            return 0, ""

    def status(self):
        code, text = self.get("/status")
        return json.loads(text) if code == 200 else None

    def metric(self, name, **labels):
        """The sum of all series of ${name} that have these labels."""
        total = 0.0
        for line in self.get("/metrics")[1].splitlines():
            match = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
            if not match or match[1] != name:
                continue
            found = dict(re.findall(r'(\w+)="([^"]*)"', match[2] or ""))
            if all(found.get(k) == v for k, v in labels.items()):
                total += float(match[3])
        return total

    def logged(self):
        return lines("\n".join(x for x in self.log.read_text().splitlines() if x.startswith("{")))

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self, seconds=PATIENCE_S):
        """SIGTERM; returns the exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(seconds)


class Worker(Process):
    PROGRAM, ADMIN = "dvsync-worker", "DVSYNC_ADMIN_ADDRESS"


class Producer(Process):
    PROGRAM, ADMIN = "dvsync-producer", "DVSYNC_PRODUCER_ADMIN_ADDRESS"

    def is_publishing(self):
        return (self.status() or {}).get("publishing", False)

    def run(self, *options, seconds=PATIENCE_S):
        """Runs it with ${options} until it ends by itself: what subprocess.run gives."""
        return subprocess.run([BUILD / self.PROGRAM, "--config", self.config, *options], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment,
                              timeout=seconds)


class Stack:
    """Broker, sandbox and workers on one topic of their own; ${tiers}: delay and times of each retry topic."""

    def __init__(self, folder, cluster, partitions=3, tiers=()):
        self.folder = folder
        self.cluster = cluster
        self.partitions = partitions
        self.tiers = tiers
        self.topic = "t" + uuid.uuid4().hex[:8]
        self.group_id = self.topic + "-workers"
        self.properties = ["session.timeout.ms=6000", "heartbeat.interval.ms=500"]
        self.workers = []
        if cluster is not None:
            for suffix in ("", ".backfill", ".dlq"):
                cluster.create_topic(self.topic + suffix, partitions=partitions)
        self.producers = []
        arguments = ["--topic", self.topic, "--partitions", str(partitions),
                     "--retry", ",".join(delay for delay, _ in tiers)]
        self.sandbox = Sandbox(folder, cluster.bootstrap if cluster else None, *arguments)
        self.bootstrap = cluster.bootstrap if cluster else self.sandbox.state["kafka"]["bootstrap"]
        self.make_world()

    def make_world(self):
        ask = self.sandbox.ask
        ask("/applications", {"tenant": TENANT, "client": CLIENT, "secret": SECRET, "bap_management": True,
                              "read_users": True, "read_members": True})
        ask("/environments", {"id": ENVIRONMENT, "name": "prod", "root_unit": ROOT,
                              "text_columns": ["new_costcentre"], "integer_columns": ["new_level"]})
        ask("/application_users", {"environment": ENVIRONMENT, "client": CLIENT})
        ask("/units", {"environment": ENVIRONMENT, "id": SALES, "name": "Sales"})
        ask("/roles", {"environment": ENVIRONMENT, "id": READER, "name": "Reader"})
        ask("/groups", [{"id": GROUP, "name": "sales people"}, {"id": OTHER_GROUP}])
        self.sandbox.set(row_delay_ms=300, latency_low_ms=0, latency_high_ms=5, limits=0)

    def configuration(self, extra=""):
        origins = self.sandbox.state["origins"]
        dataverse = self.sandbox.state["environments"][ENVIRONMENT]
        tiers = ", ".join(f'{{ delay = "{delay}"; times = {times}; }}' for delay, times in self.tiers)
        return f"""
kafka: {{ bootstrap_servers = "{self.bootstrap}"; topic = "{self.topic}"; group_id = "{self.group_id}"; }};
kafka_properties = [ {", ".join(f'"{text}"' for text in self.properties)} ];
services: {{ login_url = "{origins['login']}"; bap_url = "{origins['bap']}"; graph_url = "{origins['graph']}";
            graph_scope = "{origins['graph']}/.default"; }};
confirm: {{ tick = "200ms"; }};
lanes: {{ bap_calls = 0; }};
retry_topics = ( {tiers} );
log: {{ format = "json"; level = "debug"; }};
identities = ( {{ name = "main"; tenant = "{TENANT}"; client_id = "{CLIENT}"; secret_env = "TEST_SECRET"; }} );
environments = ( {{ name = "prod"; id = "{ENVIRONMENT}"; url = "{dataverse}"; identity = "main"; graph = true; }} );
recipes = ( {{ name = "sales"; business_unit = {{ name = "Sales"; }};
              columns = ( {{ column = "new_costcentre"; type = "text"; attribute = "{EXTENSION}"; }} );
              roles = ( {{ name = "Reader"; }} ); }} );
routes = ( {{ group = "{GROUP}"; environment = "prod"; recipe = "sales"; }} );
{extra}
"""

    def worker(self, name="worker", extra="", **environment):
        worker = Worker(self.folder, f"{name}{len(self.workers)}", self.configuration(extra), **environment)
        self.workers.append(worker)
        return worker

    def make_producer_topics(self):
        self.cluster.create_topic(self.topic + ".state", configs={"cleanup.policy": "compact"})
        self.cluster.create_topic(self.topic + ".leader")

    def producer(self, name="producer", extra="", start=True, **settings):
        """One more producer, with these settings of its block."""
        chosen = {"poll": '"1s"', "session_timeout": '"2s"', "group_id": f'"{self.topic}-producers"', **settings}
        block = " ".join(f"{key} = {value};" for key, value in chosen.items())
        producer = Producer(self.folder, f"{name}{len(self.producers)}",
                            self.configuration(f"producer: {{ {block} }};\n{extra}"), start=start)
        self.producers.append(producer)
        return producer

    def records(self, suffix="", isolation="read_committed"):
        """What a reader finds on the topic with that ending, as kcat prints it."""
        run = subprocess.run(["kcat", "-C", "-b", self.bootstrap, "-t", self.topic + suffix, "-o", "beginning",
                              "-e", "-q", "-J", "-X", f"isolation.level={isolation}"],
                             capture_output=True, text=True, timeout=PATIENCE_S)
        assert run.returncode == 0, run.stderr
        return lines(run.stdout)

    def events(self, suffix=""):
        """The events there: (group, user, change)."""
        values = [json.loads(record["payload"]) for record in self.records(suffix)]
        return [(value["group"], value["user"], value["change"]) for value in values]

    def leave(self, users, group=GROUP):
        self.sandbox.ask("/leaves", [{"group": group, "user": user} for user in users])

    def people(self, count, joined=True, **more):
        """${count} new people in Entra, in the group unless told otherwise; their object ids."""
        users = [str(uuid.uuid4()) for _ in range(count)]
        self.sandbox.ask("/users", [{"id": user, "attributes": {EXTENSION: f"CC-{user[:4]}"}, **more}
                                    for user in users])
        if joined:
            self.sandbox.ask("/joins", [{"group": GROUP, "user": user} for user in users])
        return users

    def rows(self, users, **more):
        self.sandbox.ask("/rows", [{"environment": ENVIRONMENT, "user": user, **more} for user in users])

    def publish(self, users, change="added", age_s=1.0, group=GROUP, **more):
        """One event for each of ${users}, of so many seconds ago."""
        stamp = time.time() - age_s
        value = [{"group": group, "user": user, "change": change,
                  "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(stamp))} for user in users]
        self.sandbox.ask("/events", {"values": value, "timestamp": int(stamp * 1000), **more})

    def publish_text(self, text, **more):
        self.sandbox.ask("/events", {"text": text, **more})

    def offsets(self):
        """What the group has committed and what there is, by the broker: lines of partition, committed, high, lag."""
        return json.loads(self.sandbox.ask(f"/offsets?group={self.group_id}"))["partitions"]

    def lag(self, *endings):
        """Of the main topic and the backfill, or of the topics with these endings."""
        topics = [self.topic + ending for ending in endings or ("", ".backfill")]
        return sum(o["high"] - (o["committed"] or 0) for o in self.offsets() if o["topic"] in topics)

    def high(self, ending):
        """How many records were written to the topic with this ending."""
        return sum(o["high"] for o in self.offsets() if o["topic"] == self.topic + ending)

    def wait_settled(self, seconds=PATIENCE_S):
        """Until every record's offset is committed, as the broker says."""
        wait_for(lambda: f"lag {self.offsets()}", lambda: self.lag() == 0, seconds)

    def letters(self):
        """High watermarks of the dead-letter topic, summed."""
        return self.high(".dlq")

    def assert_ready(self, users):
        for user in users:
            row = self.sandbox.row(user)
            assert row is not None and not row["disabled"], f"{user} has no enabled row"
            assert row["unit"] == SALES, row
            assert row["columns"]["new_costcentre"] == f"CC-{user[:4]}", row
            assert row["roles"] == [READER], row

    def writes(self):
        """Calls that wrote to Dataverse or force-synced, parts of change sets included."""
        return [e for e in self.sandbox.ledger() if e["write"] in ("wrote", "wrote_nothing")
                and e["route"] in ("addUser", "patch", "role", "changeset")]

    def close(self):
        for process in self.workers + self.producers:
            if process.process is not None and process.process.poll() is None:
                process.kill()
        self.sandbox.stop()
