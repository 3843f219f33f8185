"""What a run may change and no mark tells is seen by comparing before and after."""

from __future__ import annotations

import os
import resource
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from hormesis.custodian.drill import Attached, Round, _changed
from hormesis.host.fingerprint import Fingerprint, fingerprint
from tests.integration.processes.stage import IDLE, Stage, wait_for


def test_each_state_of_an_attached_process_is_compared(stage: Stage) -> None:
    stage.adopt(IDLE)
    before = fingerprint([stage.pid])
    assert before.changes(fingerprint([stage.pid])) == []
    hard = resource.prlimit(stage.pid, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(stage.pid, resource.RLIMIT_NOFILE, (77, hard))
    Path(f"/proc/{stage.pid}/oom_score_adj").write_text("555")
    os.setpriority(os.PRIO_PROCESS, stage.pid, 7)
    os.kill(stage.pid, signal.SIGSTOP)
    wait_for(lambda: stage.services.need("stage").state == "stopped", "it is stopped")
    changes = before.changes(fingerprint([stage.pid]))
    assert f"process {stage.pid} has the limit max open files 77 {hard}" in changes[0]
    assert [change.partition(" has ")[2].partition(",")[0] for change in changes[1:]] == [
        "the niceness 7", "the oom_score_adj 555", "the stop state stopped",
    ]  # fmt: skip


def test_a_round_that_leaves_a_process_changed_does_not_hold(stage: Stage, tmp_path: Path) -> None:
    stage.adopt(IDLE)
    one = Round("engine", tmp_path, before=fingerprint([Attached(pid=stage.pid).now]))
    assert _changed(one) == []
    before = os.getpriority(os.PRIO_PROCESS, stage.pid)
    os.setpriority(os.PRIO_PROCESS, stage.pid, before + 1)
    told = f"process {stage.pid} has the niceness {before + 1}, before {before}"
    assert _changed(one) == [told]


def test_a_process_that_ended_is_not_compared(stage: Stage) -> None:
    process = stage.adopt(IDLE)
    before = fingerprint([stage.pid])
    process.kill()
    process.wait(5)
    assert before.changes(fingerprint([process.pid])) == []


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (Fingerprint(host=frozenset(["a", "b"]), clock_s=5.5), ["b, which was not there before"]),
        (Fingerprint(host=frozenset(["a"]), clock_s=65.0), ["the wall clock moved by +60.0 s"]),
        (Fingerprint(clock_s=5.0), []),
    ],
)
def test_the_host_is_compared(after: Fingerprint, told: list[str]) -> None:
    assert Fingerprint(host=frozenset(["a"]), clock_s=5.0).changes(after) == told


def test_this_host_stands_as_it_did() -> None:
    before = fingerprint([])
    assert before.host, "something is mounted"
    assert before.changes(fingerprint([])) == []
    fewer = replace(before, host=frozenset([*before.host][1:]))
    assert len(fewer.changes(before)) == 1
