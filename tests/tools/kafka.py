#!/usr/bin/python3
"""A real Apache Kafka (KRaft) of one or more nodes on this machine, for tests, bench and demo.

    with kafka.Cluster("/some/folder") as cluster:          # started; killed at the end
        cluster.create_topic("events", partitions=6, configs={"retention.ms": 600000})
        run(..., cluster.bootstrap)                          # "127.0.0.1:PORT[,127.0.0.1:PORT...]"

Cluster(folder, nodes=1, port=None, properties=None): ${folder} is made and holds everything:
properties, data, pid files, logs. Without ${port} free ports are chosen. ${properties} is added to
each node's server.properties; it may be a function of the node.

    start() / stop()                 whole cluster; start() formats the storage the first time, so
                                     stop() and start() again is a restart with all data
    kill(node) / stop_node(node)     SIGKILL or SIGTERM to one node (1, 2, ...), and waits for its end
    start_node(node, ...)            starts them again and waits until the cluster is complete
    freeze(node) / thaw(node)        SIGSTOP, SIGCONT
    logs()                           the tail of all nodes' logs, to show when a test has failed

Topics and groups, by the C tools topic-admin, topic-records and grant out of $DVSYNC_BUILD (build/release):

    create_topic(name, partitions=1, configs={})   grow_topic(name, partitions)   delete_topic(name)
    trim(topic, partition, offset)                 deletes the records before ${offset}
    watermarks(topic)                              {partition: (low, high)}
    config(topic)                                  {"retention.ms": "600000", ...}
    records(topic)                                 [{"partition":, "offset":, "timestamp":, "key":,
                                                   "value":, "headers": [[name, value], ...]}, ...]
    committed(group)                               {(topic, partition): offset}
    set_committed(group, topic, partition, offset)
    group(name)                                    {"state": "Stable", "members": [{"client_id": ...,
                                                   "partitions": [{"topic":, "partition":}]}, ...]}
    grant(user, kind, name, *operations)           rights on a "topic" or "group", where there is an authorizer
    admin(command, *arguments)                     the tool itself, its JSON answer parsed
    cloudevents(topic, count)                      records as a CloudEvents library reads them
These exist as Admin(bootstrap) too, for a cluster that somebody else has started.

By hand, and for scripts:
    kafka.py start --dir D [--nodes N] [--port P]     prints the bootstrap servers, leaves it running
    kafka.py stop --dir D
KAFKA_VERSION (4.1.0) chooses the version; fetch-kafka has fetched its jars or does so now.
"""
import argparse
import base64
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import time
import uuid

TOOLS = pathlib.Path(__file__).resolve().parent
TOP = TOOLS.parent.parent
START_SECONDS = 60
ANSWER_SECONDS = 20
STOP_SECONDS = 30

# A small heap and no second-stage compiler: these brokers live for seconds.
JAVA = ["java", "-Xms64m", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dlog4j2.disable.jmx=true"]


class Failure(Exception):
    """The cluster, or a question to it, failed; the text says why."""


class Admin:
    """Questions and changes to a cluster that runs, from outside."""

    def __init__(self, bootstrap):
        self.bootstrap = bootstrap

    @staticmethod
    def _tool(name):
        return TOP / os.environ.get("DVSYNC_BUILD", "build/release") / name

    def admin(self, command, *arguments):
        tool = self._tool("topic-admin")
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            run = subprocess.run([tool, self.bootstrap, command, *map(str, arguments)],
                                 capture_output=True, text=True)
            if run.returncode == 0:
                return json.loads(run.stdout) if run.stdout else None
            passes = any(word in run.stderr for word in ("COORDINATOR", "NOT_LEADER", "LEADER_NOT"))
            if not passes or time.monotonic() > deadline:
                raise Failure(run.stderr.strip() or f"topic-admin {command}: {run.returncode}")
            time.sleep(0.1)  # a coordinator or a leader is being loaded or elected

    def create_topic(self, name, partitions=1, configs=None):
        settings = [f"{key}={value}" for key, value in (configs or {}).items()]
        self.admin("create", name, partitions, *settings)

    def grow_topic(self, name, partitions):
        self.admin("grow", name, partitions)

    def delete_topic(self, name):
        self.admin("delete", name)

    def trim(self, topic, partition, offset):
        self.admin("trim", topic, partition, offset)

    def watermarks(self, topic):
        return {p["partition"]: (p["low"], p["high"]) for p in self.admin("watermarks", topic)}

    def config(self, topic):
        return self.admin("config", topic)

    def records(self, topic):
        run = subprocess.run([self._tool("topic-records"), self.bootstrap, topic],
                             capture_output=True, text=True)
        if run.returncode != 0:
            raise Failure(run.stderr.strip())
        return [json.loads(line) for line in run.stdout.splitlines()]

    def grant(self, user, kind, name, *operations):
        run = subprocess.run([self._tool("grant"), self.bootstrap, user, kind, name, *operations],
                             capture_output=True, text=True)
        if run.returncode != 0:
            raise Failure(run.stderr.strip())

    def committed(self, group):
        return {(p["topic"], p["partition"]): p["offset"] for p in self.admin("offsets", group)}

    def set_committed(self, group, topic, partition, offset):
        self.admin("set-offset", group, topic, partition, offset)

    def group(self, name):
        return self.admin("group", name)

    def cloudevents(self, topic, count):
        """The first ${count} records, as Kafka's own console consumer and the CloudEvents library
        for Java read them: a line each."""
        run = subprocess.run(
            [*JAVA, "-cp", f"{fetch_jars('cloudevents')}/*",
             "org.apache.kafka.tools.consumer.ConsoleConsumer", "--bootstrap-server", self.bootstrap,
             "--topic", topic, "--from-beginning", "--isolation-level", "read_committed",
             "--max-messages", str(count), "--timeout-ms", str(1000 * ANSWER_SECONDS),
             "--value-deserializer", "io.cloudevents.kafka.CloudEventDeserializer"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if run.returncode != 0:
            raise Failure(f"the console consumer: {run.stderr}")
        return run.stdout.splitlines()


class Cluster(Admin):
    """See the head of this file."""

    def __init__(self, folder, nodes=1, port=None, properties=None):
        self.folder = pathlib.Path(folder).resolve()
        self.nodes = range(1, nodes + 1)
        self.properties = properties or {}
        # of each node: the port for clients and the one of its controller
        ports = free_ports(2 * nodes) if port is None else range(port, port + 2 * nodes)
        self.ports = {node: (ports[2 * node - 2], ports[2 * node - 1]) for node in self.nodes}
        self.jars = None
        super().__init__(",".join(f"127.0.0.1:{self.ports[node][0]}" for node in self.nodes))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exception):
        self.stop(signal.SIGKILL)

    def start(self):
        self.jars = fetch_jars()
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / "formatted").exists():
            self._format()
        try:
            for node in self.nodes:
                self._launch(node)
            self._await_complete()
        except BaseException:
            self.stop(signal.SIGKILL)
            raise

    def stop(self, with_signal=signal.SIGTERM):
        running = [node for node in self.nodes if self._pid(node)]
        for node in running:
            self._signal(node, signal.SIGCONT)
            self._signal(node, with_signal)
        for node in running:
            self._await_end(node)

    def kill(self, node):
        self._signal(node, signal.SIGKILL)
        self._await_end(node)

    def stop_node(self, node):
        self._signal(node, signal.SIGTERM)
        self._await_end(node)

    def start_node(self, *nodes):
        for node in nodes:
            self._launch(node)
        self._await_complete()

    def freeze(self, node):
        self._signal(node, signal.SIGSTOP)

    def thaw(self, node):
        self._signal(node, signal.SIGCONT)

    def logs(self, lines=40):
        parts = []
        for log in sorted(self.folder.glob("*.log")):
            tail = log.read_text(errors="replace").splitlines()[-lines:]
            parts.append("\n".join([f"--- {log}", *tail]))
        return "\n".join(parts)

    # --- inside ---

    def _format(self):
        # A new random id for each cluster: nodes of two clusters with the same id would talk to
        # each other where a port is reused. One that begins with "-" would be taken for an option,
        # so it stands behind "--cluster-id=".
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        for node in self.nodes:
            self._file(node, "properties").write_text(self._server_properties(node))
        formatters = [self._java(node, "kafka.tools.StorageTool", "format",
                                 f"--cluster-id={cluster_id}", "-c") for node in self.nodes]
        if any([process.wait() != 0 for process in formatters]):
            raise Failure("formatting the storage failed\n" + self.logs())
        (self.folder / "formatted").touch()

    def _server_properties(self, node):
        many = len(self.nodes) > 1
        replicas, in_sync = min(3, len(self.nodes)), 2 if many else 1
        client_port, controller_port = self.ports[node]
        more = self.properties(node) if callable(self.properties) else self.properties
        settings = {
            "process.roles": "broker,controller",
            "node.id": node,
            "controller.quorum.voters": ",".join(
                f"{n}@127.0.0.1:{self.ports[n][1]}" for n in self.nodes),
            "listeners": f"PLAINTEXT://127.0.0.1:{client_port},"
                         f"CONTROLLER://127.0.0.1:{controller_port}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{client_port}",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": self.folder / f"data-{node}",
            "num.network.threads": 1,
            "num.io.threads": 2,
            "background.threads": 2,
            "log.cleaner.dedupe.buffer.size": 2097152,
            "auto.create.topics.enable": "false",
            "default.replication.factor": replicas,
            "min.insync.replicas": in_sync,
            "offsets.topic.replication.factor": replicas,
            "offsets.topic.num.partitions": 4,
            "transaction.state.log.replication.factor": replicas,
            "transaction.state.log.min.isr": in_sync,
            "transaction.state.log.num.partitions": 4,
            # tests do not want to wait for joiners, nor for a killed broker's registration
            "group.initial.rebalance.delay.ms": 0,
            "group.min.session.timeout.ms": 1000,
            "broker.session.timeout.ms": 3000 if many else 1000,
            "broker.heartbeat.interval.ms": 500 if many else 200,
            **more,
        }
        return "".join(f"{key}={value}\n" for key, value in settings.items())

    def _java(self, node, *arguments):
        """Starts Java in a process group of its own, so that a Ctrl-C here does not reach it."""
        command = [*JAVA, "-cp", f"{self.jars}/*", *arguments, str(self._file(node, "properties"))]
        with open(self._file(node, "log"), "ab") as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                    cwd=self.folder, start_new_session=True)

    def _launch(self, node):
        for port in self.ports[node]:
            if not is_free(port):
                raise Failure(f"port {port} of node {node} is taken")
        process = self._java(node, "kafka.Kafka")
        self._file(node, "pid").write_text(f"{process.pid}\n")

    def _await_complete(self):
        """Waits until every node has registered; notices at once when one has died instead."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            for node in self.nodes:
                if self._pid(node) is None:
                    raise Failure(f"node {node} ended\n" + self.logs())
            try:
                # each node for itself: others still know one that was killed a moment ago
                for client_port, _ in self.ports.values():
                    Admin(f"127.0.0.1:{client_port}").admin("wait", len(self.nodes), 1)
                return
            except Failure:
                pass
        raise Failure(f"the cluster is not complete after {START_SECONDS} s\n" + self.logs())

    def _file(self, node, kind):
        return self.folder / f"node-{node}.{kind}"

    def _pid(self, node):
        """The process id of a node that runs, else None."""
        try:
            pid = int(self._file(node, "pid").read_text())
            state = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError, ValueError):
            return None
        if state in "ZX":
            return None  # it has ended and waits to be reaped
        # no command yet: it is just starting; another one: the number was given to somebody else
        ours = not command or str(self._file(node, "properties")).encode() in command
        return pid if ours else None

    def _signal(self, node, number):
        pid = self._pid(node)
        if pid is not None:
            os.kill(pid, number)

    def _await_end(self, node):
        """Until the node has ended and, since that is a little later, its ports are free again."""
        deadline = time.monotonic() + STOP_SECONDS
        while self._pid(node) is not None or not all(map(is_free, self.ports[node])):
            if time.monotonic() > deadline:
                self._signal(node, signal.SIGKILL)
                break
            time.sleep(0.02)
        self._file(node, "pid").unlink(missing_ok=True)


def fetch_jars(what="kafka"):
    """The folder with these jars; Failure when they are not there and cannot be fetched."""
    run = subprocess.run([TOOLS / "fetch-kafka", what], stdout=subprocess.PIPE, text=True)
    if run.returncode != 0:
        raise Failure(f"the jars of {what} could not be fetched")
    return run.stdout.strip()


def is_free(port):
    with socket.socket() as probe:
        # a port that a closed connection still lingers on is free for a listener
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(count):
    """That many free ports, none of them one that the kernel gives to outgoing connections: such a
    one would be lost to somebody's connection while its node is down."""
    ephemeral = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    candidates = random.sample(range(10000, max(ephemeral, 20000)), 50 * count)
    ports = [port for port in candidates if is_free(port)][:count]
    if len(ports) < count:
        raise Failure("no free ports")
    return ports


def main():
    parser = argparse.ArgumentParser(description="Starts and stops Apache Kafka on this machine.")
    parser.add_argument("command", choices=["start", "stop"])
    parser.add_argument("--dir", required=True, help="folder for data, logs and pid files")
    parser.add_argument("--nodes", type=int, default=1)
    parser.add_argument("--port", type=int, help="first of two ports per node; default: free ones")
    options = parser.parse_args()
    if options.command == "stop":
        nodes = len(list(pathlib.Path(options.dir).glob("node-*.properties")))
        Cluster(options.dir, nodes=nodes).stop()
        return 0
    try:
        cluster = Cluster(options.dir, options.nodes, options.port)
        cluster.start()
    except Failure as failure:
        print(f"kafka.py: {failure}", file=sys.stderr)
        return 1
    print(cluster.bootstrap)
    return 0


if __name__ == "__main__":
    sys.exit(main())
