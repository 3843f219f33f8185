"""Control groups around a running service, and the way back for each of its processes."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from hormesis.host import cgroups
from hormesis.host.cgroups import missing_controller
from hormesis.words.verb import Undone
from tests.integration.processes.stage import BUSY, IDLE, Stage, wait_for

FORKING = [sys.executable, "-S", "-c", """
import os, signal, sys
first = os.fork()
if not first:
    signal.pause()
print(first, flush=True)
for line in sys.stdin:
    if line == "fork\\n":
        try:
            if not os.fork():
                signal.pause()
            print("forked", flush=True)
        except OSError as error:
            print(error.strerror, flush=True)
"""]  # fmt: skip


DAEMONS = [sys.executable, "-S", "-c", """
import os, signal, sys
print(flush=True)
for line in sys.stdin:
    if not os.fork():
        os.setsid()
        if not os.fork():
            print(os.getpid(), flush=True)
            signal.pause()
        os._exit(0)
    os.wait()
"""]  # fmt: skip


def needs(controller: str) -> pytest.MarkDecorator:
    reason = missing_controller(controller)
    return pytest.mark.skipif(bool(reason), reason=f"{controller}: {reason}")


def home(controller: str, pid: int) -> Path:
    return cgroups.hierarchy_of(controller).folder_of(pid)


@needs("cpu")
def test_a_quota_throttles_and_goes(stage: Stage) -> None:
    stage.adopt(BUSY)
    before = home("cpu", stage.pid)
    held = stage.held("cgroup", controller="cpu", cpus=0.2)
    assert home("cpu", stage.pid) == Path(held.facts["folder"])
    wait_for(lambda: held.read()["nr_throttled"] >= 5, "the kernel throttles")
    seen = held.read()["cpus_used"]
    assert 0.1 < seen < 0.3, seen
    assert held.undo() is Undone.DONE
    assert home("cpu", stage.pid) == before
    assert not Path(held.facts["folder"]).exists()
    assert held.read()["nr_throttled"] >= 5
    assert held.undo() is Undone.GONE


@needs("pids")
def test_each_process_goes_back_to_where_it_came_from(stage: Stage) -> None:
    hierarchy = cgroups.hierarchy_of("pids")
    own = hierarchy.parent_for(os.getpid()) / f"test-origin-{os.getpid()}"
    own.mkdir()
    process = stage.adopt(FORKING)
    assert process.stdin is not None and process.stdout is not None
    child = stage.services.need("stage").members("")[-1].pid
    try:
        cgroups.write(own, "cgroup.procs", child)
        held = stage.held("cgroup", controller="pids", left=1)
        folder = Path(held.facts["folder"])
        assert sorted(cgroups.members(folder)) == sorted([stage.pid, child])
        for answer in (b"forked\n", b"Resource temporarily unavailable\n"):
            process.stdin.write(b"fork\n")
            process.stdin.flush()
            assert process.stdout.readline() == answer
        assert held.read()["refused"] == 1
        (born,) = set(cgroups.members(folder)) - {stage.pid, child}
        assert held.undo() is Undone.DONE
        assert home("pids", child) == own
        assert home("pids", born) == home("pids", stage.pid) == home("pids", os.getpid())
        process.stdin.write(b"fork\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"forked\n"
    finally:
        for who in stage.services.need("stage").members(""):
            os.kill(who.pid, signal.SIGKILL)
        wait_for(lambda: not cgroups.members(own), "everybody is gone")
        own.rmdir()


@needs("freezer")
def test_a_frozen_service_cannot_even_be_told_so(stage: Stage) -> None:
    stage.adopt(BUSY)
    held = stage.held("cgroup", controller="freezer")
    assert held.read()["frozen"] is True
    assert stage.services.need("stage").state == "running"  # no stop signal shows it
    assert held.undo() is Undone.DONE
    assert held.read()["frozen"] is False


@needs("freezer")
def test_version_2_freezes_without_a_controller(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    unified = "\n".join(line for line in mounts if " cgroup2 " in line)
    if not unified:
        pytest.skip("no cgroup2 is mounted")
    second = cgroups.hierarchy_of("freezer", unified)
    monkeypatch.setattr(cgroups, "hierarchy_of", lambda controller: second)
    stage.adopt(BUSY)
    held = stage.held("cgroup", controller="freezer")
    assert held.read() == {"frozen": True, "cgroup": 2, "there": True, "outside": 0}
    assert held.undo() is Undone.DONE


@needs("kill")
def test_the_kernel_kills_the_whole_tree_at_once(stage: Stage) -> None:
    stage.adopt(FORKING)
    tree = stage.services.need("stage").members("")
    held = stage.held("cgroup", controller="kill")
    assert held.read()["killed"] == len(tree) == 2
    assert not any(who.alive for who in tree)
    assert held.undo() is Undone.DONE
    assert not Path(held.facts["folder"]).exists()


@needs("memory")
def test_the_kernel_kills_the_target_and_not_the_filler(stage: Stage) -> None:
    process = stage.adopt(IDLE)
    held = stage.held(
        "cgroup", controller="memory", limit=32_000_000, only_main=True, oom_score_adj=1000
    )
    assert Path(f"/proc/{stage.pid}/oom_score_adj").read_text() == "1000\n"
    filler = stage.holder("memory_hog", of="oom", pid=stage.pid, limit=32_000_000)
    assert filler.report()["dead"]
    assert process.wait(5) == -signal.SIGKILL
    assert held.read()["oom_kills"] >= 1
    assert filler.end() == 0
    assert held.undo() is Undone.DONE
    assert held.read()["oom_kills"] >= 1


@needs("memory")
def test_a_survivor_gets_its_score_back(stage: Stage) -> None:
    stage.adopt(IDLE)
    held = stage.held("cgroup", controller="memory", limit=32_000_000, oom_score_adj=700)
    assert held.undo() is Undone.DONE
    assert Path(f"/proc/{stage.pid}/oom_score_adj").read_text() == "0\n"


@needs("memory")
def test_a_child_born_in_the_group_gets_the_score_of_its_parent_back(stage: Stage) -> None:
    process = stage.adopt(DAEMONS)
    held = stage.held("cgroup", controller="memory", limit=64_000_000, oom_score_adj=700)
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(b"go\n")
    process.stdin.flush()
    daemon = int(process.stdout.readline())
    try:
        score = Path(f"/proc/{daemon}/oom_score_adj")
        assert score.read_text() == "700\n"
        assert held.undo() is Undone.DONE
        assert score.read_text() == "0\n"
        assert home("memory", daemon) == home("memory", stage.pid)
    finally:
        os.kill(daemon, 9)


@needs("cpu")
def test_a_service_that_was_started_again_is_outside(stage: Stage) -> None:
    process = stage.adopt(IDLE)
    held = stage.held("cgroup", controller="cpu", cpus=0.5)
    assert held.read()["outside"] == 0
    process.kill()
    stage.adopt(IDLE)
    assert held.read()["outside"] == 1
    assert held.undo() is Undone.DONE


@needs("memory")
def test_a_group_is_filled_to_its_share_and_emptied(stage: Stage) -> None:
    stage.adopt(IDLE)
    stage.held("cgroup", controller="memory", limit=64 << 20)
    holder = stage.holder("memory_hog", of="cgroup", pid=stage.pid, share=0.9)
    report = holder.report()
    while report["share"] < 0.85:
        report = holder.report()
    assert report["share"] < 0.97
    assert report["limit"] == 64 << 20
    folder = home("memory", stage.pid)
    assert holder.end() == 0
    wait_for(
        lambda: cgroups.memory_use(cgroups.hierarchy_of("memory"), folder)[0] < 16 << 20,
        "the memory is free again",
    )
    assert stage.services.need("stage").state == "running"
