"""On what the figures were measured, read from the machine."""
import pathlib
import platform
import re
import subprocess
import time
import os

PACKAGES = ("rdkafka", "libcurl", "json-c", "libconfig", "libmicrohttpd")


def processor():
    found = re.search(r"^model name\s*:\s*(.+)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    return found[1] if found else platform.machine()


def library_version(name):
    run = subprocess.run(["pkg-config", "--modversion", name], capture_output=True, text=True)
    return run.stdout.strip() or "unknown"


def describe():
    """Flat, for the JSON that a run writes."""
    return {"date": time.strftime("%Y-%m-%d", time.gmtime()), "cpu": processor(),
            "cores": len(os.sched_getaffinity(0)),
            "kernel": re.match(r"[\d.]*\d|$", platform.release())[0],
            **{f"version_{name.replace('-', '_')}": library_version(name) for name in PACKAGES}}
