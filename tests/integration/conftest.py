"""One real Kafka for all tests, a sandbox and a topic for each; logs are shown when a test has failed."""
import os
import shutil
import sys

import pytest

import stack

sys.path.insert(0, str(stack.TOP / "tests" / "tools"))
import kafka  # found through the line above


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    if os.environ.get("DVSYNC_TEST_BROKER", "kafka") == "mock":
        yield None
        return
    folder = tmp_path_factory.mktemp("kafka")
    with kafka.Cluster(str(folder / "cluster")) as running:
        yield running
    shutil.rmtree(folder, ignore_errors=True)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    item.has_failed = outcome.get_result().failed or getattr(item, "has_failed", False)


@pytest.fixture
def chain(cluster, tmp_path, request):
    running = stack.Stack(tmp_path, cluster, tiers=getattr(request.module, "TIERS", ()))
    running.admin = kafka.Admin(running.bootstrap)
    yield running
    running.close()
    if getattr(request.node, "has_failed", False):
        for log in sorted(tmp_path.glob("*.log")) + [tmp_path / "sandbox.out"]:
            print(f"--- {log.name}\n" + "\n".join(log.read_text().splitlines()[-60:]))
