"""Generators: the load generators that are measured, each pinned to one core, started alike.

The figure is requests per CPU-second of a steady window: CPU time is the kernel's count for the
generator and its children, requests are counted by the target, so no tool marks its own work.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.load.target import Target, cpu_s, rss_mb
from bench.proxy.peers import pinned
from tests.proving_ground.wait import wait_for

HERE = Path(__file__).parent
FILES_MIN = 16_384


@dataclass(frozen=True, slots=True)
class Generator:
    """A load generator: its name and the command that keeps *connections* busy for *seconds*."""

    name: str
    command: Callable[[Target, int, float, Path], Sequence[str]]
    warm_s: float = 1.5
    """How long it takes to be up with all its users, besides what each user costs."""
    warm_user_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Reading:
    """One window: requests, CPU seconds of the generator, seconds, resident megabytes."""

    requests: int
    cpu_s: float
    seconds: float
    rss_mb: float

    @property
    def us_per_request(self) -> float:
        """Return CPU microseconds per request."""
        return self.cpu_s / self.requests * 1e6 if self.requests else float("inf")


def _ours(target: Target, connections: int, seconds: float, folder: Path) -> Sequence[str]:
    return [
        sys.executable, "-m", "hormesis.cli.main", "load", str(HERE / "visitor.py"),
        "--vus", str(connections), "--for", f"{seconds:g}s",
        "--processes", "1", "--quiet", "--out", str(folder),
    ]  # fmt: skip


def _wrk(target: Target, connections: int, seconds: float, folder: Path) -> Sequence[str]:
    program = _found("WRK", "wrk")
    return [program, "-t1", f"-c{connections}", f"-d{seconds:.0f}s", f"{target.base}/path"]


def _k6(target: Target, connections: int, seconds: float, folder: Path) -> Sequence[str]:
    return [
        _found("K6", "k6"), "run", "--quiet", "--no-usage-report", "--vus", str(connections),
        "--duration", f"{seconds:g}s", "-e", f"URL={target.base}/path", str(HERE / "visit.js"),
    ]  # fmt: skip


def _locust(target: Target, connections: int, seconds: float, folder: Path) -> Sequence[str]:
    return [
        _found("LOCUST", "locust"), "-f", str(HERE / "visit_locust.py"), "--headless",
        "--users", str(connections), "--spawn-rate", str(connections), "--host", target.base,
        "--run-time", f"{seconds:.0f}s", "--only-summary",
    ]  # fmt: skip


GENERATORS = (
    Generator("hormesis", _ours, warm_s=3.0, warm_user_s=0.001),
    Generator("wrk", _wrk, warm_s=0.5),
    Generator("k6", _k6, warm_s=2.0, warm_user_s=0.002),
    Generator("locust", _locust, warm_s=4.0, warm_user_s=0.003),
)


def there() -> list[Generator]:
    """Return the generators that are installed; ours always is."""
    names = {"wrk": ("WRK", "wrk"), "k6": ("K6", "k6"), "locust": ("LOCUST", "locust")}
    return [one for one in GENERATORS if one.name not in names or _path(*names[one.name])]


def measured(
    generator: Generator, target: Target, connections: int, window_s: float, core: int
) -> Reading:
    """Run *generator* alone and read a steady window in the middle of its run."""
    warm_s = generator.warm_s + connections * generator.warm_user_s
    with tempfile.TemporaryDirectory() as folder:
        command = generator.command(target, connections, warm_s + window_s + 2, Path(folder))
        with pinned(core):
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, cwd=folder, env={**os.environ, "TARGET": target.base},
            )  # fmt: skip
        try:
            _pass(warm_s, process)
            count, cpu, began = target.count(), cpu_s(process.pid), time.monotonic()
            _pass(window_s, process)
            rss = rss_mb(process.pid)
            requests, used = target.count() - count, cpu_s(process.pid) - cpu
            return Reading(requests, used, time.monotonic() - began, rss)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _pass(seconds: float, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + seconds
    wait_for(
        lambda: time.monotonic() >= until or process.poll() is not None,
        within_s=seconds + 5,
        what="the window passes",
    )
    if process.poll() is not None:
        raise RuntimeError(f"the generator ended early with {process.returncode}")


def _found(variable: str, name: str) -> str:
    if path := _path(variable, name):
        return path
    raise RuntimeError(f"no {name}; name one: {variable}=/path/to/{name}")


def _path(variable: str, name: str) -> str | None:
    return shutil.which(os.environ.get(variable) or name)
