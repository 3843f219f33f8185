"""What everybody waits for: the help, and what a run takes besides what was asked for."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.runs.shop import experiment, frozen, visitors
from tests.integration.runs.world import World

pytestmark = pytest.mark.bench
HELP_S_MAX = 0.3
OVERHEAD_S_MAX = 3.0
TRACKS_S = 2.0


def timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def test_help_is_there_at_once(world: World) -> None:
    script = Path(sys.executable).with_name("hormesis")
    command = [str(script), "--help"]
    times = [
        timed(lambda: subprocess.run(command, capture_output=True, check=True)) for _ in range(7)
    ]
    told = f"hormesis --help: median {statistics.median(times):.3f} s, best {min(times):.3f} s"
    sys.stdout.write(f"\n{told}\n")
    assert min(times) < HELP_S_MAX, told


def test_a_run_takes_little_longer_than_its_tracks(world: World) -> None:
    world.write("shop.json", experiment(tracks=[visitors("2s"), frozen("500ms", "500ms")]))

    def run() -> None:
        assert world.hormesis("run", "shop.json", "--quiet").code == 0

    times = [timed(run) - TRACKS_S for _ in range(3)]
    told = f"overhead of a run: median {statistics.median(times):.2f} s, best {min(times):.2f} s"
    sys.stdout.write(f"\n{told}\n")
    assert min(times) < OVERHEAD_S_MAX, told
