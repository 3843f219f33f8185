"""``make bench-load``: when requests go out, what a frozen server looks like, what users weigh."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.load.generators import HERE
from bench.load.target import Target, cpu_s, rss_mb, target
from bench.load.telling import tell
from bench.proxy.peers import pinned
from bench.proxy.quiet import turn_of
from tests.proving_ground.wait import wait_for

pytestmark = pytest.mark.bench

LAG_MS_MAX = 0.2
CORE_SHARE_MAX = 0.5
TRIES = 4
QUIET_SHARE = 0.004
"""How much of the time the generator may have waited for its core in a run that counts."""
FROZEN_S = 3.0
TRUE_P95_MS = 2400.0
"""Of 1,200 arrivals 300 fall into the freeze; the 60th worst of them waits 2.4 s."""
USERS, USERS_MB_MAX = 5000, 150.0


@pytest.fixture(scope="module")
def server() -> Iterator[Target]:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        pytest.skip("two cores are needed: one for the generator, one for the target")
    with target(cores[0]) as one:
        yield one


class Playing:
    """A run of ``hormesis load`` on a core of its own."""

    def __init__(self, *options: str, target: str = "") -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.summary = Path(self._folder.name, "summary.json")
        with pinned(sorted(os.sched_getaffinity(0))[1]):
            self.process = subprocess.Popen(
                [sys.executable, "-m", "hormesis.cli.main", "load", *options, "--processes", "1",
                 "--quiet", "--summary-json", str(self.summary), "--out", self._folder.name],
                stdin=subprocess.DEVNULL, env={**os.environ, "TARGET": target},
            )  # fmt: skip

    def until(self, moment: float) -> None:
        """Wait until a moment of the monotonic clock."""
        wait_for(lambda: time.monotonic() >= moment, within_s=700, what="the moment comes")

    def metric(self, name: str) -> dict[str, Any]:
        """Wait for the end; return a metric's values."""
        self.process.wait(120)
        values: dict[str, Any] = json.loads(self.summary.read_text())["metrics"][name]["values"]
        return values

    def close(self) -> None:
        """End it, whatever it is doing."""
        self.process.kill()
        self.process.wait()
        self._folder.cleanup()


@pytest.fixture
def play() -> Iterator[Any]:
    started: list[Playing] = []

    def start(*options: str, target: str = "") -> Playing:
        started.append(Playing(*options, target=target))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.mark.parametrize("rate", [1000, 10_000])
def test_requests_go_out_when_they_are_due(server: Target, play: Any, rate: int) -> None:
    """Others that take the core away for a moment show in the lag, so a quiet run is looked for."""
    waits = []
    for _ in range(TRIES):
        run = play(f"{server.base}/path", "--rate", f"{rate}/s", "--for", "10s", "--vus", "200")
        began = time.monotonic()
        run.until(began + 4)
        count, cpu, turn = server.count(), cpu_s(run.process.pid), turn_of(run.process.pid)
        run.until(began + 9)
        used, asked = cpu_s(run.process.pid) - cpu, server.count() - count
        waits.append(turn_of(run.process.pid).since(turn).waited / 5)
        lag = run.metric("lag")
        tell(
            f"\n{rate}/s: sent − due p50 {lag['med']:.3f} ms, p99 {lag['p(99)']:.3f} ms, max "
            f"{lag['max']:.1f} ms; {used / 5:.0%} of a core, "
            f"{used / max(1, asked) * 1e6:.0f} µs a request; "
            f"others had the core {waits[-1]:.2%} of the time that it was wanted"
        )
        if waits[-1] < QUIET_SHARE:
            assert lag["p(99)"] < LAG_MS_MAX
            assert used / 5 < CORE_SHARE_MAX
            return
    pytest.skip(f"others keep the machine busy: {min(waits):.1%} of the time at best")


@pytest.mark.parametrize("users", [10, 400])
def test_a_frozen_server_is_told_as_its_users_felt_it(
    server: Target, play: Any, users: int
) -> None:
    rate = ["--rate", "100/s", "--for", "12s", "--vus", str(users), "--no-default-threshold"]
    before = server.count()
    run = play(f"{server.base}/path", *rate)
    wait_for(lambda: server.count() > before + 250, within_s=15, what="the load runs")
    frozen = time.monotonic()
    os.kill(server.pid, signal.SIGSTOP)
    try:
        run.until(frozen + FROZEN_S)
    finally:
        os.kill(server.pid, signal.SIGCONT)
    told = run.metric("http_req_duration")["p(95)"]
    tell(f"\nfrozen for 3 s, {users} users: p95 {told:,.0f} ms, truly {TRUE_P95_MS:,.0f} ms")
    assert told == pytest.approx(TRUE_P95_MS, rel=0.05)


def test_users_weigh_little_and_time_adds_nothing(server: Target, play: Any) -> None:
    seconds = float(os.environ.get("LONG", "90"))
    run = play(
        str(HERE / "visitor.py"), "--vus", str(USERS), "--for", f"{seconds}s", target=server.base
    )
    began = time.monotonic()
    run.until(began + 25)
    early = rss_mb(run.process.pid)
    run.until(began + seconds)
    late = rss_mb(run.process.pid)
    tell(f"\n{USERS} users: {early:.0f} MB after 25 s, {late:.0f} MB after {seconds:.0f} s")
    assert late < USERS_MB_MAX
    assert late < early * 1.1
