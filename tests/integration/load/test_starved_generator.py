"""A load generator that is kept from its CPU blames nobody; a server that freezes is blamed."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.integration.runs.world import World, wait_for

SPIN = "import os, sys\nos.sched_setaffinity(0, {int(sys.argv[1])})\nwhile True: pass\n"
RATE = ("--rate", "500/s", "--vus", "20", "--for", "2s", "--processes", "1")
LIMIT = "http_req_duration p(95) < 3ms"
CORES = os.sched_getaffinity(0)


@contextmanager
def crowded(rivals: int) -> Iterator[None]:
    """Have whatever is started in the block share one core with busy loops."""
    core = min(CORES)
    with ExitStack() as stack:
        for _ in range(rivals):
            rival = stack.enter_context(subprocess.Popen([sys.executable, "-c", SPIN, str(core)]))
            stack.callback(rival.kill)
        os.sched_setaffinity(0, {core})
        stack.callback(os.sched_setaffinity, 0, CORES)
        yield


# The busy loops would starve every test beside it as well.
@pytest.mark.prove
@pytest.mark.skipif(len(CORES) < 2, reason="the server needs a core of its own")
def test_what_a_starved_generator_broke_is_unknown(world: World, quick: str) -> None:
    with crowded(3):
        answer = world.hormesis("load", quick, *RATE, "--threshold", LIMIT)
    assert answer.code == 2, answer.out
    assert "but the load generator itself was" in answer.out


@pytest.mark.prove
def test_what_a_frozen_server_broke_is_its_own(world: World, quick: str) -> None:
    command = world.start("load", quick, *RATE, "--threshold", "http_req_duration p(95) < 100ms")
    operations = (world.folder / "hormesis-runs").glob
    wait_for(lambda: any(path.stat().st_size for path in operations("*/ops*.bin")), "the load runs")
    with urllib.request.urlopen(f"{quick}/freeze"):
        answer = command.answer()
    assert answer.code == 1, answer.out
