"""``make bench-load``: what it costs to record every operation."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from bench.load.target import target
from bench.load.telling import tell
from bench.proxy.peers import pinned

pytestmark = pytest.mark.bench

ROUNDS = 5
COST_MAX = 0.15
BYTES_MAX = 40.0


def test_every_operation_is_recorded_for_little() -> None:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        pytest.skip("two cores are needed: one for the generator, one for the target")
    costs: dict[str, list[float]] = {"write": [], "drop": []}
    weight = 0.0
    with target(cores[0]) as server:
        for turn in range(2 * ROUNDS):
            how = ("write", "drop")[turn % 2]
            with pinned(cores[1]):
                done = subprocess.run(
                    [sys.executable, "-m", "bench.load.history_cost", server.base, "500", "3", how],
                    capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
                )  # fmt: skip
            cost, size = map(float, done.stdout.split())
            costs[how].append(cost)
            weight = max(weight, size)
    written, dropped = (statistics.median(costs[how]) for how in ("write", "drop"))
    share = written / dropped - 1
    tell(
        f"\nhistory: {written:.1f} µs a request with it, {dropped:.1f} without ({share:+.1%}), "
        f"{weight:.1f} bytes an operation"
    )
    assert share < COST_MAX
    assert weight < BYTES_MAX
