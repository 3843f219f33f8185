"""Faults on the children of a parent that replaces them: real runs, and the engine's death."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest

from hormesis.host.descent import command_line
from hormesis.host.process import Identity
from hormesis.host.tree import identity, processes
from hormesis.record.history_reader import read_history
from hormesis.words.history import FaultRecord, History
from tests.integration.processes.brood import BROOD
from tests.integration.runs.world import Run, World, is_stopped, wait_for

PASS, UNKNOWN = 0, 2


def experiment(parent: dict[str, Any], count: int, *tracks: dict[str, Any]) -> dict[str, Any]:
    """Return an experiment on the children of ``brood``."""
    kids = {"of": "brood", "matching": "child common", "count": count}
    system: dict[str, Any] = {"targets": {"brood": parent, "kids": {"children": kids}}}
    if "process" in parent:
        run = [*BROOD, "4"]
        system["processes"] = {"brood": {"run": run, "ready": {"line": "up"}}}
    settled = {"probe": "command", "run": ["true"], "every": "100ms", "expect": {"exit": 0}}
    return {
        "title": "brood",
        "seed": 3,
        "system": system,
        "tracks": [{"target": "kids", **one} for one in tracks] + [settled],
        "checks": [{"always": "command"}],
    }


def held(length: str, **more: Any) -> dict[str, Any]:
    return {"fault": "pause", "name": "held", "at": "300ms", "for": length, **more}


def slain(**more: Any) -> dict[str, Any]:
    return {"fault": "kill", "name": "slain", "back": False, "pick": 1, **more}


@contextmanager
def running_brood(count: int) -> Iterator[subprocess.Popen[bytes]]:
    """Keep a parent of our own running, which no run may leave hurt."""
    with subprocess.Popen([*BROOD, str(count)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        try:
            wait_for(lambda: len(kids_of(process.pid)) == count, "the children are there")
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(5)


def kids_of(parent: int) -> list[Identity]:
    mine = [one for one in processes() if one.parent == parent]
    return [identity(one) for one in mine if "child common" in command_line(one.pid)]


def history_of(run: Run) -> History:
    return read_history(run.directory)


def chosen(history: History) -> list[int]:
    return [one.pid for one in history.processes if one.change == "chosen"]


def injected(one: FaultRecord) -> float:
    assert one.injected is not None
    return one.injected


@pytest.mark.prove
def test_some_are_held_and_others_are_killed_again_and_again(world: World) -> None:
    again = slain(at="1s", repeat={"every": {"min": "150ms", "max": "300ms"}, "until": "2s"})
    file = experiment({"process": "brood"}, 4, held("400ms", pick="50%"), again)
    world.write("brood.json", file)
    answer = world.hormesis("run", "brood.json", "--json")
    assert (answer.code, answer.data["outcome"]) == (PASS, "pass"), answer.data["reason"]
    assert answer.err == ""
    history = history_of(world.run())
    pauses, kills = history.faults_of("held"), history.faults_of("slain")
    assert len({one.proof for one in pauses}) == len(pauses) == 2
    assert len(kills) >= 4
    assert len({one.proof for one in kills}) == len(kills), "no child can be killed twice"
    starts = [injected(one) for one in kills]
    assert all(b - a > 0.12 for a, b in pairwise(starts))
    ends = [one for one in history.processes if one.change == "exited" and one.time < starts[-1]]
    assert all(one.planned for one in ends)
    assert {one.pid for one in ends} <= set(chosen(history))
    world.run().clean()


@pytest.mark.parametrize("both", [False, True], ids=["engine", "engine and custodian"])
def test_held_children_run_again_when_the_engine_is_killed(world: World, both: bool) -> None:
    with running_brood(4) as parent:
        before = kids_of(parent.pid)
        world.write("brood.json", experiment({"pid": parent.pid}, 4, held("50s", pick=2)))
        command = world.start("run", "brood.json", "--yes")
        world.active("held-1/0")
        run = world.active("held-2/0")
        stopped = [who for who in before if is_stopped(who.pid)]
        assert len(stopped) == 2
        if both:
            custodian = run.custodian
            os.kill(custodian.pid, signal.SIGSTOP)  # It must not see the engine's end.
            command.kill()
            os.kill(custodian.pid, signal.SIGKILL)
            wait_for(lambda: not custodian.alive, "the custodian is gone")
            assert all(is_stopped(who.pid) for who in stopped)
            assert world.hormesis("revert").code == 0
        else:
            command.kill()
        run.clean()
        wait_for(lambda: not any(is_stopped(who.pid) for who in before), "all run again")
        assert kids_of(parent.pid) == before


def test_fewer_children_than_slots_are_enough_and_none_is_trouble(world: World) -> None:
    both = held("200ms")
    with running_brood(2) as parent:
        world.write("brood.json", experiment({"pid": parent.pid}, 4, both))
        answer = world.hormesis("run", "brood.json", "--json", "--yes")
        assert answer.code == PASS, answer.data["reason"]
        history = history_of(world.run())
        assert len(history.faults) == len(set(chosen(history))) == 2
        notes = [one.text for one in history.notes if one.source == "fault"]
        assert len(notes) == 2
        assert "fewer children live than slots were picked" in notes[0]
    with running_brood(0) as parent:
        world.write("brood.json", experiment({"pid": parent.pid}, 4, both))
        answer = world.hormesis("run", "brood.json", "--json", "--yes")
        assert answer.code == UNKNOWN
        assert "no child of brood with 'child common' in its command line lives now" in (
            answer.data["reason"]
        )


@pytest.mark.prove
def test_a_child_that_dies_while_it_is_held_is_gone(world: World) -> None:
    with running_brood(2) as parent:
        world.write("brood.json", experiment({"pid": parent.pid}, 2, held("900ms", pick=1)))
        command = world.start("run", "brood.json", "--json", "--yes")
        run = world.active("held-1/0")
        (victim,) = [who for who in kids_of(parent.pid) if is_stopped(who.pid)]
        os.kill(victim.pid, signal.SIGKILL)
        answer = command.answer()
        assert answer.code == PASS, answer.data["reason"]
        (fault,) = history_of(run).faults
        assert fault.proof == f"pid {victim.pid} was ended while it was frozen"
        done = [line for line in run.ledger.read_text().splitlines() if '"held-1/0"' in line]
        assert '"undone":"gone"' in done[-1].replace(" ", "")
        ends = [one for one in history_of(run).processes if one.pid == victim.pid]
        assert [(one.change, one.planned) for one in ends] == [("chosen", False), ("exited", True)]


@pytest.mark.prove
def test_a_child_that_ends_as_soon_as_it_goes_on_is_not_healed(world: World) -> None:
    crash = "import os, signal, time; signal.signal(signal.SIGCONT, lambda *_: os._exit(3));"
    child = f"{crash} time.sleep(600)  # child common"
    parent = ["sh", "-c", '"$0" -c "$1"; sleep 600', sys.executable, child]
    file = experiment({"process": "brood"}, 1, held("600ms"))
    file["system"]["processes"] = {"brood": {"run": parent}}
    world.write("brood.json", file)
    answer = world.hormesis("run", "brood.json", "--json")
    assert answer.code == UNKNOWN
    assert "nothing shows that it got over it" in answer.data["reason"]


@pytest.mark.prove
def test_an_engine_that_dies_between_kills_leaves_a_whole_brood(world: World) -> None:
    with running_brood(4) as parent:
        again = slain(at="300ms", pick=2, repeat={"every": "200ms", "until": "50s"})
        file = experiment({"pid": parent.pid}, 4, again, held("40s", pick=1, at="100ms"))
        world.write("brood.json", file)
        command = world.start("run", "brood.json", "--yes")
        run = world.active("held-1/0")
        killed = '"slain-9/0"'
        wait_for(lambda: killed in run.ledger.read_text(), "nine children are dead")
        command.kill()
        run.clean()
        wait_for(lambda: len(kids_of(parent.pid)) == 4, "its parent keeps four")
        assert not any(is_stopped(who.pid) for who in kids_of(parent.pid))
        assert parent.poll() is None
