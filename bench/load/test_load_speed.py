"""``make bench-load``: this load engine beside wrk, k6 and Locust, alternating, in one run."""

from __future__ import annotations

import os
import resource
import statistics
from collections.abc import Iterator

import pytest

from bench.load.generators import FILES_MIN, Generator, Reading, measured, there
from bench.load.target import Target, target
from bench.load.telling import tell

pytestmark = pytest.mark.bench

ROUNDS = int(os.environ.get("ROUNDS", "4"))
WINDOW_S = float(os.environ.get("WINDOW", "4"))
LEAST = {"k6": 6.0, "locust": 9.0}
"""Requests per CPU-second, ours over theirs, at least."""
LEAST_WRK = {50: 0.4, 500: 0.4, 2000: 0.6}


@pytest.fixture(scope="module")
def server() -> Iterator[Target]:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        pytest.skip("two cores are needed: one for the generator, one for the target")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < FILES_MIN:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES_MIN, hard), hard))
    with target(cores[0]) as one:
        yield one


@pytest.mark.parametrize("connections", [50, 500, 2000])
def test_requests_per_cpu_second(server: Target, connections: int) -> None:
    generators = there()
    readings = _alternating(generators, server, connections)
    mine = _median(readings["hormesis"])
    tell(f"\n{connections} connections, {ROUNDS} rounds: CPU µs a request [min–max] · req/s · MB")
    for one in generators:
        tell(f"  {one.name:9} {_told(readings[one.name], mine)}")
    for name, least in {**LEAST, "wrk": LEAST_WRK[connections]}.items():
        if name in readings:
            ratio = _median(readings[name]) / mine
            assert ratio >= least, f"{ratio:.2f} × {name}, at least {least} was promised"


def _alternating(
    generators: list[Generator], server: Target, connections: int
) -> dict[str, list[Reading]]:
    core = sorted(os.sched_getaffinity(0))[1]
    readings: dict[str, list[Reading]] = {one.name: [] for one in generators}
    for turn in range(ROUNDS):
        shift = turn % len(generators)
        for one in generators[shift:] + generators[:shift]:
            readings[one.name].append(measured(one, server, connections, WINDOW_S, core))
    return readings


def _median(readings: list[Reading]) -> float:
    return statistics.median(one.us_per_request for one in readings)


def _told(readings: list[Reading], mine: float) -> str:
    costs = [one.us_per_request for one in readings]
    rate = statistics.median(one.requests / one.seconds for one in readings)
    middle = statistics.median(costs)
    return (
        f"{middle:7.1f} [{min(costs):.1f}–{max(costs):.1f}] · {rate:9,.0f}/s · "
        f"{max(one.rss_mb for one in readings):5.0f} MB · ours is {middle / mine:.2f} ×"
    )
