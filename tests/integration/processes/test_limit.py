"""Soft limits of a running service: lowered, felt, and put back."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from hormesis.host.limit_heirs import moment
from hormesis.host.resource_limits import soft_limit
from hormesis.host.verb_protocol import Missing
from hormesis.host.verbs import limit
from hormesis.words.verb import Undone
from tests.integration.processes.stage import IDLE, Stage, wait_for

SYSTEM = Path("/usr/bin/python3")
"""A Python that other users may run, too; that of this environment may be private."""
WANTING = [str(SYSTEM) if SYSTEM.exists() else sys.executable, "-S", "-c", """
import os, signal, sys
print(flush=True)
held = []
for line in sys.stdin:
    try:
        if line == "open\\n":
            held.append(os.open("/dev/null", os.O_RDONLY))
        elif line == "grow\\n":
            held.append(bytearray(16 << 20))
        elif line == "detach\\n":
            if not os.fork():
                os.setsid()
                if not os.fork():
                    print(os.getpid(), flush=True)
                    signal.pause()
                os._exit(0)
            os.wait()
            continue
        elif not os.fork():
            signal.pause()
        print("had", flush=True)
    except (OSError, MemoryError) as error:
        print(type(error).__name__, getattr(error, "errno", ""), flush=True)
"""]  # fmt: skip


class Asking:
    def __init__(self, stage: Stage, **options: object) -> None:
        self._process = stage.adopt(WANTING, **options)

    def __call__(self, what: str) -> str:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{what}\n".encode())
        self._process.stdin.flush()
        return self._process.stdout.readline().decode().strip()


def test_descriptors_run_out_and_come_back(stage: Stage) -> None:
    ask = Asking(stage)
    before = soft_limit(stage.pid, "nofile")
    held = stage.held("limit", resource="nofile", left=2)
    assert held.read()["left"] == 2
    assert [ask("open") for _ in range(3)] == ["had", "had", "OSError 24"]
    reading = held.read()
    assert (reading["left"], reading["soft_before"]) == (0, before)
    assert held.undo() is Undone.DONE
    assert soft_limit(stage.pid, "nofile") == before
    assert ask("open") == "had"
    assert held.read()["left"] == 0  # what was seen at its end stays known
    assert held.undo() is Undone.GONE


def test_a_child_born_under_the_limit_is_freed_too(stage: Stage) -> None:
    ask = Asking(stage)
    before = soft_limit(stage.pid, "nofile")
    held = stage.held("limit", resource="nofile", left=5)
    assert ask("fork") == "had"
    main, child = stage.services.need("stage").members("")
    assert soft_limit(child.pid, "nofile") == soft_limit(main.pid, "nofile") != before
    assert held.undo() is Undone.DONE
    assert soft_limit(child.pid, "nofile") == before
    os.kill(child.pid, 9)


def test_a_daemon_that_left_the_tree_at_once_is_freed_too(stage: Stage) -> None:
    ask = Asking(stage)
    before = soft_limit(stage.pid, "nofile")
    # A number that no test beside this one sets: an orphan is known by the number it inherited.
    held = stage.held("limit", resource="nofile", left=37)
    daemon = int(ask("detach"))
    try:
        members = stage.services.need("stage").members("")
        assert daemon not in [who.pid for who in members], "it kept no bond to its parent"
        assert soft_limit(daemon, "nofile") == soft_limit(stage.pid, "nofile") != before
        assert held.undo() is Undone.DONE
        assert soft_limit(daemon, "nofile") == before
        assert held.read()["limited"] == 0
    finally:
        os.kill(daemon, 9)


def test_whoever_has_the_same_limit_from_elsewhere_is_left_alone(stage: Stage) -> None:
    stage.adopt(IDLE)
    held = stage.held("limit", resource="nofile", left=5)
    soft = held.facts["members"][0]["soft"]
    same = f"ulimit -S -n {soft}; echo; read line"
    # It was born since, but on its way up is one that is older and has that limit as well.
    stranger = subprocess.Popen(
        ["sh", "-c", f"ulimit -S -n {soft}; echo; read line; sh -c '{same}'"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert stranger.stdin is not None and stranger.stdout is not None
        stranger.stdout.readline()
        held.facts["since"] = moment() + 1
        wait_for(lambda: moment() > held.facts["since"], "the clock ticks")
        stranger.stdin.write(b"\n")
        stranger.stdin.flush()
        stranger.stdout.readline()
        assert held.undo() is Undone.DONE
        assert soft_limit(stranger.pid, "nofile") == soft
    finally:
        stranger.kill()
        stranger.communicate()


def test_a_child_that_was_seen_is_known_when_its_parent_is_gone(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Asking(stage)
    before = soft_limit(stage.pid, "nofile")
    held = stage.held("limit", resource="nofile", left=5)
    assert ask("fork") == "had"
    main, child = stage.services.need("stage").members("")
    wait_for(lambda: bool(held.read() and held.facts.get("born")), "the child is written down")
    os.kill(main.pid, 9)
    wait_for(lambda: not main.alive, "the main process is gone")
    monkeypatch.setattr(limit, "heirs", lambda *args: [])
    try:
        assert held.undo() is Undone.DONE
        assert soft_limit(child.pid, "nofile") == before
    finally:
        os.kill(child.pid, 9)


def test_a_service_that_was_started_again_is_outside(stage: Stage) -> None:
    process = stage.adopt(IDLE)
    held = stage.held("limit", resource="nofile", left=5)
    assert held.read()["outside"] == 0
    process.kill()
    stage.adopt(IDLE)
    assert held.read()["outside"] == 1


def test_address_space_runs_out(stage: Stage) -> None:
    ask = Asking(stage)
    held = stage.held("limit", resource="as", left=24 << 20)
    answers = [ask("grow") for _ in range(3)]
    assert answers[0] == "had" and answers[-1].startswith("MemoryError")
    assert held.undo() is Undone.DONE
    assert ask("grow") == "had"


BREATHING = [sys.executable, "-S", "-c", """
import mmap, threading
pause = threading.Event().wait
print(flush=True)
while True:
    held = mmap.mmap(-1, 64 << 20)
    pause(0.03)
    held.close()
    pause(0.03)
"""]  # fmt: skip


def test_what_it_has_for_a_moment_only_is_to_be_missed(stage: Stage) -> None:
    process = stage.adopt(BREATHING)
    held = stage.held("limit", resource="as", left=8 << 20)
    assert process.wait(10) == 1
    assert held.undo() is Undone.GONE


def test_a_limit_that_somebody_changed_is_left_alone(stage: Stage) -> None:
    stage.adopt(IDLE)
    held = stage.held("limit", resource="nofile", left=2)
    hard = resource.prlimit(stage.pid, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(stage.pid, resource.RLIMIT_NOFILE, (77, hard))
    assert held.undo() is Undone.NOT_MINE
    assert soft_limit(stage.pid, "nofile") == 77


def test_the_tasks_of_root_cannot_be_limited(stage: Stage) -> None:
    if os.getuid() != 0:
        pytest.skip("this is not root")
    stage.adopt(IDLE)
    with pytest.raises(Missing, match="root"):
        stage.held("limit", resource="nproc", left=0)


@pytest.mark.skipif(os.getuid() != 0, reason="takes root to be somebody else")
def test_another_users_process_is_limited_through_one_of_its_own(stage: Stage) -> None:
    """Root without CAP_SYS_RESOURCE may not do it, so it is done as that user."""
    ask = Asking(stage, user=65533, group=65533, extra_groups=[], cwd="/")
    held = stage.held("limit", resource="nproc", left=1)
    answers = [ask("fork"), ask("fork")]
    assert answers == ["had", "BlockingIOError 11"]
    assert held.read()["left"] == 0
    assert held.undo() is Undone.DONE
    assert ask("fork") == "had"
    for who in stage.services.need("stage").members(""):
        os.kill(who.pid, 9)


def test_somebody_elses_child_is_no_heir_whatever_its_limit(stage: Stage) -> None:
    stage.adopt(IDLE)
    held = stage.held("limit", resource="nofile", left=5)
    soft = int(held.facts["members"][0]["soft"])
    program = (
        "import resource, subprocess, sys\n"
        "hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]\n"
        f"limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, hard))\n"
        "child = subprocess.Popen([sys.executable, '-S', '-c', 'input()'], preexec_fn=limit)\n"
        "print(child.pid, flush=True)\n"
        "child.wait()\n"
    )
    command = [sys.executable, "-S", "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert soft_limit(child, "nofile") == soft
        assert held.undo() is Undone.DONE
        assert soft_limit(child, "nofile") == soft
        parent.communicate(b"\n")
