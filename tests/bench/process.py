"""Child processes of a measurement, and what the kernel knows of them."""
import ctypes
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

import world

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = TOP / os.environ.get("DVSYNC_BUILD", "build/release")
PATIENCE_S = 120
STOP_S = 30
PR_SET_PDEATHSIG = 1
CPUCLOCK_SCHED = 2


class Failure(Exception):
    """A measurement could not be made; the text says why."""


def wait_for(what, condition, seconds=PATIENCE_S, period_s=0.02):
    """Waits until ${condition}() is true, and returns that."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise Failure(f"{what}: not within {seconds} s")
        time.sleep(period_s)
    return value


def http(url, body=None, method=None):
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, method=method),
                                    timeout=60) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        raise Failure(f"{url}: {error.code} {error.read().decode()[:500]}") from None
    except (OSError, urllib.error.URLError) as error:
        raise Failure(f"{url}: {error}") from None


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Child:
    """A program that runs, its output in a file."""

    def __init__(self, command, log, **environment):
        # the harness's own settings are none of the worker's
        plain = {k: v for k, v in os.environ.items() if not k.startswith("DVSYNC_")}
        self.log = log
        with open(log, "ab") as output:
            self.started = time.monotonic()
            self.process = subprocess.Popen(
                list(map(str, command)), stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, env={**plain, **environment},
                preexec_fn=die_with_parent)

    def cpu_s(self):
        """CPU seconds of all its threads so far, those that have ended included."""
        return time.clock_gettime((~self.process.pid << 3) | CPUCLOCK_SCHED)

    def memory_mib(self, name):
        """${name} as in /proc/PID/status: VmHWM (the most so far) or VmRSS (now)."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{name}:\s+(\d+) kB", text, re.M)[1]) / 1024

    def check_runs(self):
        if self.process.poll() is not None:
            tail = pathlib.Path(self.log).read_text(errors="replace")[-2000:]
            raise Failure(f"{self.process.args[0]} ended: {self.process.returncode}\n{tail}")

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Sandbox(Child):
    """The double of the services, and its control API."""

    def __init__(self, folder, *arguments):
        state = folder / "sandbox.json"
        super().__init__([BUILD / "dvsync-sandbox", "--state", state, *arguments],
                         folder / "sandbox.log")
        wait_for("the sandbox starts", lambda: self.check_runs() or
                 state.exists() and state.read_text())
        self.state_file = state

    @property
    def state(self):
        return json.loads(self.state_file.read_text())

    def ask(self, path, body=None, method=None):
        return http(self.state["origins"]["control"] + path, body, method)

    def set(self, **settings):
        self.ask("/settings", settings, "PUT")

    def calls(self):
        """Requests to each service since the last reset."""
        return json.loads(self.ask("/calls"))


class Worker(Child):
    """A dvsync-worker as an operator starts it."""

    def __init__(self, folder, configuration):
        self.port = free_port()
        file = folder / "worker.conf"
        file.write_text(configuration)
        super().__init__([BUILD / "dvsync-worker", "--config", file], folder / "worker.log",
                         BENCH_SECRET=world.SECRET,
                         DVSYNC_ADMIN_ADDRESS=f"127.0.0.1:{self.port}")

    def status(self):
        """What /status says; None while nobody listens."""
        try:
            return json.loads(http(f"http://127.0.0.1:{self.port}/status"))
        except Failure:
            self.check_runs()
            return None
