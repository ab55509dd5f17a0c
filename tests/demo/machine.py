"""The processes of the demo, and how it talks to them: HTTP and nothing else."""
import ctypes
import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

STOP_SECONDS = 30
PR_SET_PDEATHSIG = 1


class Failure(Exception):
    """The demo cannot go on; the text says why."""


def http(url, body=None, method=None):
    """The text of the answer; Failure when it is an error."""
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, method=method),
                                    timeout=30) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        raise Failure(f"{url}: {error.code} {error.read().decode()[:500]}") from None
    except (OSError, urllib.error.URLError) as error:
        raise Failure(f"{url}: {error}") from None


def wait_for(what, condition, seconds):
    """Waits until ${condition}() is true, and returns that."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise Failure(f"{what}: not within {seconds} s")
        time.sleep(0.1)
    return value


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def die_with_parent():
    """In a child: it gets SIGTERM even if the demo is killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Process:
    """A child with a log file, in a session of its own: Ctrl-C is for the demo to hear."""

    def __init__(self, command, log, **environment):
        self.log = log
        plain = {k: v for k, v in os.environ.items() if not k.startswith("DVSYNC_")}
        with open(log, "w") as file:
            self.process = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=file,
                stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=die_with_parent,
                env={**plain, **environment})

    def check(self):
        """Failure when it has ended."""
        if self.process.poll() is not None:
            tail = "".join(open(self.log).readlines()[-15:])
            raise Failure(f"{self.process.args[0]} ended with {self.process.returncode}; "
                          f"the end of {self.log}:\n{tail}")

    def stop(self):
        """SIGTERM, and SIGKILL when that does not help; the exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


class Sandbox(Process):
    """dvsync-sandbox and its control API."""

    def __init__(self, build, folder, arguments):
        self.state_file = folder / "sandbox.json"
        self.state_file.unlink(missing_ok=True)
        super().__init__([build / "dvsync-sandbox", "--state", self.state_file, *arguments],
                         folder / "sandbox.log")
        wait_for("the sandbox starts", self.has_started, 30)

    def has_started(self):
        self.check()
        return self.state_file.exists()

    @property
    def state(self):
        return json.loads(self.state_file.read_text())

    @property
    def control(self):
        return self.state["origins"]["control"]

    def post(self, path, body):
        return json.loads(http(f"{self.control}/{path}", body))

    def get(self, path):
        return json.loads(http(f"{self.control}/{path}"))

    def put(self, path, body):
        return http(f"{self.control}/{path}", body, "PUT")

    def rows(self, environment):
        """Each person's row there, by object id."""
        text = http(f"{self.control}/environments/{environment}/rows")
        return {row["user"]: row for row in map(json.loads, text.splitlines())}

    def offsets(self, group, topic):
        """The partitions of ${topic}: committed, high, lag."""
        found = self.get(f"offsets?group={group}")["partitions"]
        return [partition for partition in found if partition["topic"] == topic]


class Program(Process):
    """A program of dvsync's with its admin endpoint, whose address the variable ${address_in} sets."""

    def __init__(self, program, log, config, address_in):
        self.address = f"127.0.0.1:{free_port()}"
        super().__init__([program, "--config", config], log, **{address_in: self.address})

    def get(self, path):
        """The text of the answer; None when there is none yet."""
        self.check()
        try:
            return http(f"http://{self.address}{path}")
        except Failure:
            return None

    def status(self):
        return json.loads(self.get("/status") or "{}")


class Producer(Program):
    def __init__(self, build, folder, config):
        super().__init__(build / "dvsync-producer", folder / "producer.log", config,
                         "DVSYNC_PRODUCER_ADMIN_ADDRESS")

    def has_begun(self):
        """It leads, and of each group it knows from where on changes are news."""
        groups = self.status().get("feed", {}).get("groups", [])
        return bool(groups) and all(group["phase"] == "change" for group in groups)


class Worker(Program):
    """A dvsync-worker and its admin endpoint."""

    def __init__(self, build, folder, number, config):
        super().__init__(build / "dvsync-worker", folder / f"worker-{number}.log", config,
                         "DVSYNC_ADMIN_ADDRESS")

    def partitions(self):
        return self.status().get("partitions", [])

    def metrics(self):
        """(name, labels, value) of each series."""
        series = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")
        found = filter(None, map(series.fullmatch, (self.get("/metrics") or "").splitlines()))
        return [(match[1], dict(re.findall(r'(\w+)="([^"]*)"', match[2] or "")), float(match[3]))
                for match in found]
