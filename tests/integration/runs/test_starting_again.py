"""A target that the run ends must be startable again: looked at before, and not held against it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hormesis.record.history_reader import read_history
from tests.integration.runs.world import World

DIRTY, BAD_INPUT = 3, 65
SLEEPER = "import threading; threading.Event().wait(60)"


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", SLEEPER]) as running:
        yield running
        running.kill()


def killing(pid: int, start: Path | str) -> str:
    parts = {
        "title": "it is killed",
        "targets": {"it": {"pid": pid, "start": [str(start)]}},
        "tracks": [{"fault": "kill", "target": "it", "at": "100ms", "for": "200ms"}],
        "checks": [{"never": "exit", "of": "it", "name": "stays-up"}],
    }
    return json.dumps(parts)


def test_nothing_is_broken_that_could_not_be_started_again(
    world: World, process: subprocess.Popen[bytes]
) -> None:
    missing = world.folder / "no_such.sh"
    for command in ("plan", "run"):
        world.write("it.json", killing(process.pid, missing))
        answer = world.hormesis(command, "it.json")
        assert answer.code == BAD_INPUT, answer
        assert "targets.it.start: expected a program that can be started" in answer.err
        assert "there is no such file" in answer.err
        assert answer.err.startswith("hormesis: it.json:1:")
    assert process.poll() is None
    assert not (world.folder / "hormesis-runs").exists()


@pytest.mark.prove
def test_a_start_of_ours_that_fails_is_not_held_against_the_system(
    world: World, process: subprocess.Popen[bytes]
) -> None:
    broken = world.write("start.sh", "#!/bin/sh\necho my own fault >&2\nexit 7\n")
    broken.chmod(0o755)
    world.write("it.json", killing(process.pid, broken))
    answer = world.hormesis("run", "it.json")
    assert answer.code == DIRTY, answer
    assert answer.out.count("my own fault") == 1
    assert "it ended by itself" not in answer.out
    history = read_history(world.run().directory)
    failed = [one for one in history.processes if one.failed_start]
    assert failed
    assert {one.status for one in failed} == {7}
    assert all(one.planned for one in failed)
    # It can never be undone: nothing but giving it up ends it.
    given_up = world.hormesis("revert", "--forget", str(history.manifest["run"]))
    assert (given_up.code, given_up.out.count("kill-1/0")) == (DIRTY, 1)
