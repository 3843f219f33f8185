"""A program that steers a run by hand is killed: nothing of the run may be left on the host."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hormesis.host.process import Identity
from hormesis.words.randomness import stream_of
from tests.integration.runs.world import Run, World, is_stopped, wait_for

Program = subprocess.Popen[str]
PROGRAM = """
import contextlib, sys, threading
from hormesis import api

outside, out = int(sys.argv[1]), sys.argv[2]
system = {
    "processes": {name: {"run": ["sh", "-c", "sleep 600 & wait"]} for name in ("a", "b", "c")},
    "links": {"wire": {"upstream": "127.0.0.1:9"}},
    "targets": {"outside": {"pid": outside}},
}
with api.running(system, out=out) as run:
    def hurt(name):
        with contextlib.suppress(api.RunEnded):
            while True:
                with run.fault("pause", name):
                    pass
                with run.fault("kill", name, tree=True):
                    pass
    for name in ("a", "b"):
        threading.Thread(target=hurt, args=(name,), daemon=True).start()
    unused = contextlib.suppress(api.NoBite)
    with unused, run.fault("down", "wire"), run.fault("pause", "outside"), run.fault("stop", "c"):
        print("on", flush=True)
        sys.stdin.read()
"""
"""Faults that stay, and in two threads faults that come and go."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "world")
    yield made
    made.close()


@pytest.fixture
def outside() -> Iterator[int]:
    """A process that nobody of the run started, and that outlives it."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process.pid
        process.kill()


@pytest.fixture
def program(world: World, outside: int) -> Iterator[subprocess.Popen[str]]:
    """The program, once its faults are on."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(outside), str(world.folder / "hormesis-runs")],
        env=world.environment,
        cwd=world.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == "on\n"
        yield started
        started.kill()


def run_of(world: World) -> Run:
    (folder,) = [one for one in (world.folder / "hormesis-runs").iterdir() if not one.is_symlink()]
    return Run(world, folder)


def remains(world: World, outside: int) -> list[str]:
    left = run_of(world).remains()
    return [*left, "the process outside is still stopped"] if is_stopped(outside) else left


@pytest.mark.parametrize("number", [0, *(pytest.param(n, marks=pytest.mark.prove) for n in (1, 2))])
def test_a_killed_program_leaves_nothing(
    world: World, outside: int, program: Program, number: int
) -> None:
    assert is_stopped(outside)
    try:
        program.wait(stream_of(7, "by hand", number).uniform(0.0, 1.0))
    except subprocess.TimeoutExpired:
        program.kill()
    assert program.wait() == -signal.SIGKILL
    wait_for(lambda: not remains(world, outside), "nothing is left", 20.0)
    who = Identity.of(outside)
    assert who is not None and who.alive
    # What is recorded can be judged, and says that it is not whole.
    answer = world.hormesis("check", str(run_of(world).directory))
    assert answer.code == 2


def test_what_the_death_of_both_leaves_is_reverted(
    world: World, outside: int, program: Program
) -> None:
    custodian = run_of(world).custodian
    os.kill(custodian.pid, signal.SIGSTOP)
    program.kill()
    program.wait()
    os.kill(custodian.pid, signal.SIGKILL)
    wait_for(lambda: not custodian.alive, "the custodian is gone")
    assert is_stopped(outside)
    assert world.hormesis("revert").code == 0
    wait_for(lambda: not remains(world, outside), "nothing is left", 20.0)


def test_a_program_that_lets_go_leaves_nothing(
    world: World, outside: int, program: Program
) -> None:
    assert program.stdin is not None
    program.stdin.close()
    assert program.wait(30.0) == 0
    assert remains(world, outside) == []
