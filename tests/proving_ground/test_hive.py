"""The hive with real workers: it replaces, scales, drains, stores and refuses."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.proving_ground.programs import Program, free_port
from tests.proving_ground.wait import wait_for

pytestmark = pytest.mark.integration


class Hive:
    """A running hive, and a client that talks to it."""

    def __init__(self, folder: Path, *arguments: str, canary: str = "") -> None:
        self.port = free_port()
        self.data = folder / "models"
        self.program = Program(
            folder / "hive.log",
            *("hive", "--port", str(self.port), "--data", str(self.data), *arguments),
            environment={"PROVING_GROUND_CANARY": canary},
        )
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=10)

    def state(self) -> Mapping[str, Any]:
        """Return what the hive says of its workers; nothing while it starts."""
        assert self.program.returncode is None, self.program.text()
        try:
            found: Mapping[str, Any] = self.client.get("/workers").json()
        except httpx.TransportError:
            return {"counts": {}, "workers": [], "dead": []}
        return found

    def wait_ready(self, count: int) -> list[Mapping[str, Any]]:
        """Wait until so many workers and no others are there, all ready."""

        def looked() -> list[Mapping[str, Any]]:
            workers: list[Mapping[str, Any]] = self.state()["workers"]
            ready = [one for one in workers if one["state"] == "ready"]
            return ready if len(ready) == len(workers) == count else []

        return wait_for(looked, within_s=25, what=f"{count} workers are ready")

    def metric(self, name: str) -> float:
        """Return a metric, with its labels as the page writes them."""
        for line in self.client.get("/metrics").text.splitlines():
            if line.startswith(f"{name} "):
                return float(line.rpartition(" ")[2])
        raise AssertionError(f"no metric {name}")

    def stop(self) -> int:
        self.client.close()
        return self.program.stop(within_s=10)


@pytest.fixture(scope="module")
def hive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hive]:
    """A hive of two workers, shared by tests that leave it with two."""
    running = Hive(tmp_path_factory.mktemp("hive"), "--workers", "2", "--grace", "2s")
    try:
        yield running
    finally:
        running.stop()


def test_a_killed_worker_is_told_and_replaced(hive: Hive) -> None:
    before = hive.wait_ready(2)
    os.kill(before[0]["pid"], signal.SIGKILL)
    wait_for(
        lambda: before[0]["name"] in [one["name"] for one in hive.state()["dead"]],
        within_s=5,
        what="the hive notices",
    )
    after = hive.wait_ready(2)
    assert before[0]["name"] not in [one["name"] for one in after]
    assert hive.metric('hive_worker_deaths_total{cause="crashed"}') >= 1
    health = hive.client.get("/health").json()
    assert (health["status"], health["workers"]["ready"]) == ("healthy", 2)


def test_it_grows_and_shrinks_and_inference_works(hive: Hive) -> None:
    oldest = hive.wait_ready(2)[0]
    hive.client.post("/scale", json={"workers": 3})
    youngest = hive.wait_ready(3)[-1]
    request = {"prompt": "hello", "max_tokens": 4, "request_id": "r-1"}
    answer = httpx.post(f"{youngest['url']}/infer", json=request, timeout=5)
    assert (answer.status_code, answer.json()["worker"]) == (200, youngest["name"])
    hive.client.post("/scale", json={"workers": 2})
    kept = hive.wait_ready(2)
    assert oldest["name"] in [one["name"] for one in kept]
    assert youngest["name"] not in [one["name"] for one in kept]
    assert hive.metric('hive_worker_deaths_total{cause="stopped"}') == 1
    for wrong in ({}, {"workers": -1}, {"workers": "2"}):
        assert hive.client.post("/scale", json=wrong).status_code == 400


def test_models_and_strangers(hive: Hive) -> None:
    hive.wait_ready(2)
    stored = hive.client.put("/models/tiny", content=b"x" * 1000)
    assert (stored.status_code, stored.json()) == (201, {"name": "tiny", "bytes": 1000})
    assert hive.client.get("/models").json()["models"] == [{"name": "tiny", "bytes": 1000}]
    assert hive.client.delete("/models/tiny").status_code == 204
    assert hive.client.get("/models/tiny").status_code == 404
    assert hive.client.put("/models/.hidden", content=b"x").status_code == 400
    stranger = hive.client.post("/workers/stranger/announce", json={"port": 1})
    assert (stranger.status_code, stranger.json()["error"]) == (409, "refused")


@contextmanager
def without_descriptors(hive: Hive) -> Iterator[None]:
    """Leave the hive, once its workers are ready, no descriptor more than it has open."""
    hive.wait_ready(2)
    pid = hive.program.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    opened = len(os.listdir(f"/proc/{pid}/fd"))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (opened, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def test_without_descriptors_it_refuses_and_recovers(hive: Hive) -> None:
    with without_descriptors(hive):
        answer = hive.client.get("/workers")
        assert (answer.status_code, answer.json()["error"]) == (503, "out-of-descriptors")
        assert answer.headers["connection"] == "close"
    assert hive.client.get("/workers").status_code == 200


def test_without_descriptors_workers_are_still_heard(hive: Hive) -> None:
    with without_descriptors(hive):
        answer = hive.client.post("/workers/stranger/heartbeat", json={"token": "t"})
        assert (answer.status_code, answer.json()["error"]) == (409, "refused")
        assert hive.client.get("/workers").status_code == 503


def test_its_workers_go_with_it(tmp_path: Path) -> None:
    running = Hive(tmp_path, "--workers", "1")
    (worker,) = running.wait_ready(1)
    os.kill(running.program.process.pid, signal.SIGKILL)
    running.program.process.wait(5)
    running.client.close()
    wait_for(
        lambda: not Path(f"/proc/{worker['pid']}").exists(), within_s=10, what="the worker ends"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--port", "70000"], "a port from 1 to 65535"),
        (["--port", "7000", "--workers", "many"], "--workers: a whole number"),
        (["--port", "7000", "--workers", "1000"], "at most 64"),
        (["--port", "7000", "--grace", "5"], "a duration such as"),
        ([], "--port (or PROVING_GROUND_PORT) is needed"),
    ],
)
def test_a_wrong_command_line_is_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from proving_ground.cli import main

    assert main(["hive", "--data", str(tmp_path / "models"), *arguments]) == 64
    text = capsys.readouterr().err
    assert said in text
    assert text.count("\n") == 1
