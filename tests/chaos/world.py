"""What the chaos takes place in: three brokers, the double, three workers, and a wire before each door.

Every worker has a port of its own at every broker and a SOCKS proxy of its own to the services, each
of them a Wire, so one worker can be parted from anything while the others are not.

Each life of a worker has an application (client id) of its own: the double then says whose call it
was, and a worker that was killed is not blamed for what its former life had been told.
"""
import dataclasses
import subprocess
import threading
import time

import kafka
import plan
import stack

TIERS = (("2s", 5), ("3s", 1000))
SECOND = "bbbbbbbb-0000-4000-8000-000000000002"  # the environment that only leads are owed in
SECOND_ROOT = "cccccccc-0000-4000-8000-000000000011"
SECOND_SALES = "cccccccc-0000-4000-8000-000000000012"
SECOND_READER = "dddddddd-0000-4000-8000-000000000011"
ENVIRONMENTS = {"prod": stack.ENVIRONMENT, "test": SECOND}
SESSION_S = 6
STOP_SECONDS = 40
STATIC = plan.WORKERS - 1  # this worker has a group_instance_id

# Who cannot be made ready within seconds is parked; what is misconfigured is so soon.
HASTY = """
retry: { deadline = "4s"; backoff_base = "100ms"; backoff_cap = "1s"; refused_pause = "500ms";
         probe = "500ms"; grace = "1500ms"; };
http: { request_timeout = "4s"; connect_timeout = "2s"; proxy = "%s"; };
kafka_properties = [ "session.timeout.ms=%d", "heartbeat.interval.ms=500", "socket.timeout.ms=4000",
                     "reconnect.backoff.max.ms=500" ];
commit: { interval = "500ms"; answer_within = "3s"; };
memory: { margin = "2s"; };
confirm: { tick = "200ms"; };
shutdown: { drain = "3s"; };
lanes: { dataverse_calls = 0; dataverse_execution = "0ms"; bap_calls = 0; };
log: { format = "json"; level = "debug"; burst = 0; };
"""


def mono_ms():
    return time.monotonic_ns() // 1000000


@dataclasses.dataclass
class Life:
    """From one start of a worker to its end; monotonic milliseconds, as the double's ledger has them."""
    worker: int
    client: str
    from_ms: int
    to_ms: int = 1 << 62
    ended: str = ""  # how: killed, stopped, or by itself


class Worker(stack.Worker):
    """One worker in all its lives; each has its own log."""

    def __init__(self, world, index):
        self.world = world
        self.index = index
        self.lives = []
        self.logs = []
        self.deaths = []  # those that nobody asked for
        self.fenced = 0   # and those of a static member that its library brought upon itself
        self.guard = threading.Lock()
        super().__init__(world.folder, f"worker{index}", "", start=False)

    def start(self):
        number = len(self.lives)
        client = f"aaaaaaaa-0000-4000-9{self.index:03x}-{number:012x}"
        self.world.register(client)
        self.port = kafka.free_ports(1)[0]
        self.environment[self.ADMIN] = f"127.0.0.1:{self.port}"
        self.log = self.world.folder / f"worker{self.index}-{number:02d}.log"
        self.logs.append(self.log)
        self.config.write_text(self.world.configuration(self.index, client))
        self.lives.append(Life(self.index, client, mono_ms()))
        super().start()

    def end(self, how):
        """It has ended, as was wanted."""
        self.lives[-1].to_ms = mono_ms()
        self.lives[-1].ended = how
        self.process = None

    def kill(self):
        with self.guard:
            super().kill()
            self.end("killed")

    def terminate(self):
        """SIGTERM, and the end; what kills it otherwise, if it does not come, is a death too."""
        with self.guard:
            try:
                status = self.stop(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                super().kill()
                status = f"no end within {STOP_SECONDS} s of SIGTERM"
            # 75: its last commit was not confirmed, which a broker that is away can cause
            if status not in (0, 75) and not self.was_fenced(status):
                self.deaths.append(f"{self.log.name}: SIGTERM: {status}")
            self.end("stopped")
            return status

    def revive(self):
        """Starts it again where it has ended by itself."""
        with self.guard:
            if self.process is None or self.process.poll() is None:
                return
            status = self.process.returncode
            if not self.was_fenced(status):
                self.deaths.append(f"{self.log.name}: ended by itself: {status}")
            self.end("by itself")
            self.start()

    def was_fenced(self, status):
        """A static member that was away for longer than its session may be: the library then sends a
        commit that it had kept, without a member id, and the broker takes it for another one's."""
        is_fenced = status == 69 and self.index == STATIC and \
            any("group_instance_id" in line["msg"] for line in self.logged()[-20:])
        self.fenced += is_fenced
        return is_fenced


class Doors:
    """The ports and wires between workers, brokers and services."""

    def __init__(self, exchange):
        nodes = range(1, plan.BROKERS + 1)
        pairs = [(worker, node) for worker in range(plan.WORKERS) for node in nodes]
        ports = kafka.free_ports(2 * len(pairs) + plan.WORKERS)
        self.brokers = dict(zip(pairs, ports))  # where a broker listens for one worker
        self.fronts = dict(zip(pairs, ports[len(pairs):]))  # and where that worker believes it to be
        self.socks = ports[2 * len(pairs):]
        self.kafka = {pair: exchange.wire(self.fronts[pair], ("127.0.0.1", self.brokers[pair]))
                      for pair in pairs}
        self.services = [exchange.wire(port) for port in self.socks]

    def listeners(self, node, ports):
        """Properties of a broker, whose own ports are ${ports}: a listener more for each worker."""
        client_port, controller_port = ports
        plain = f"PLAINTEXT://127.0.0.1:{client_port}"
        workers = range(plan.WORKERS)
        names = ["PLAINTEXT", "CONTROLLER", *(f"WORKER{w}" for w in workers)]
        own = [f"WORKER{w}://127.0.0.1:{self.brokers[w, node]}" for w in workers]
        told = [f"WORKER{w}://127.0.0.1:{self.fronts[w, node]}" for w in workers]
        return {"listeners": ",".join([plain, f"CONTROLLER://127.0.0.1:{controller_port}", *own]),
                "advertised.listeners": ",".join([plain, *told]),
                "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in names)}

    def heal(self):
        for each in [*self.kafka.values(), *self.services]:
            each.heal()


class World(stack.Stack):
    def __init__(self, folder, cluster, doors):
        self.doors = doors
        super().__init__(folder, cluster, partitions=6, tiers=TIERS)
        self.sandbox.set(row_delay_ms=800, latency_low_ms=1, latency_high_ms=120,
                         membership_lag_ms=0, graph_lag_ms=0, early_grace_ms=2000)
        self.workers = [Worker(self, index) for index in range(plan.WORKERS)]

    def make_world(self):
        super().make_world()
        ask = self.sandbox.ask
        ask("/environments", {"id": SECOND, "name": "test", "root_unit": SECOND_ROOT,
                              "text_columns": ["new_costcentre"]})
        ask("/units", {"environment": SECOND, "id": SECOND_SALES, "name": "Sales"})
        ask("/roles", {"environment": SECOND, "id": SECOND_READER, "name": "Reader"})

    def register(self, client):
        """An application that may do all that a worker needs."""
        self.sandbox.ask("/applications", {"tenant": stack.TENANT, "client": client, "secret": stack.SECRET,
                                           "bap_management": True, "read_users": True, "read_members": True})
        for environment in ENVIRONMENTS.values():
            self.sandbox.ask("/application_users", {"environment": environment, "client": client})

    def configuration(self, worker, client):
        state = self.sandbox.state
        origins = state["origins"]
        servers = ",".join(f"127.0.0.1:{self.doors.fronts[worker, node]}" for node in self.cluster.nodes)
        tiers = ", ".join(f'{{ delay = "{delay}"; times = {times}; }}' for delay, times in self.tiers)
        static = f'group_instance_id = "worker{worker}";' if worker == STATIC else ""
        places = ", ".join(f'{{ name = "{name}"; id = "{id}"; identity = "main"; '
                           f'url = "{state["environments"][id]}"; }}' for name, id in ENVIRONMENTS.items())
        routes = ", ".join(f'{{ group = "{group}"; environment = "{name}"; recipe = "sales"; }}'
                           for group, name in ((stack.GROUP, "prod"), (stack.OTHER_GROUP, "prod"),
                                               (stack.OTHER_GROUP, "test")))
        return HASTY % (f"socks5://127.0.0.1:{self.doors.socks[worker]}", 1000 * SESSION_S) + f"""
kafka: {{ bootstrap_servers = "{servers}"; topic = "{self.topic}"; group_id = "{self.group_id}"; {static} }};
services: {{ login_url = "{origins['login']}"; bap_url = "{origins['bap']}"; graph_url = "{origins['graph']}";
            graph_scope = "{origins['graph']}/.default"; }};
retry_topics = ( {tiers} );
identities = ( {{ name = "main"; tenant = "{stack.TENANT}"; client_id = "{client}"; secret_env = "TEST_SECRET"; }} );
environments = ( {places} );
recipes = ( {{ name = "sales"; business_unit = {{ name = "Sales"; }};
              columns = ( {{ column = "new_costcentre"; type = "text"; attribute = "{stack.EXTENSION}"; }} );
              roles = ( {{ name = "Reader"; }} ); }} );
routes = ( {routes} );
"""

    def endings(self):
        """Of the topics that workers read."""
        return ["", ".backfill", *(f".retry.{delay}" for delay, _ in TIERS)]
