"""``on_fail``: performed while the system is still there, and only when the run does not pass."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hormesis.engine import conductor as conductor_module
from hormesis.record.history_tail import HistoryTail
from hormesis.words.check import Check, Verdict
from hormesis.words.client import User
from hormesis.words.experiment import NamedProbe
from hormesis.words.history import History
from hormesis.words.judging import judge_run
from hormesis.words.outcome import Outcome
from hormesis.words.probe import Observation
from tests.unit.engine.fake_custodian import Sore
from tests.unit.engine.fake_run import Run, action
from tests.unit.engine.scripted_client import Scripted, taking
from tests.unit.engine.test_conductor import phases, visitors
from tests.unit.engine.test_observing import Scripted as ScriptedProbe
from tests.unit.engine.test_observing import Sight
from tests.virtual_time import virtually

Patch = pytest.MonkeyPatch


class Enough(Check):
    """So many operations were ok."""

    least: int = 1

    def judge(self, history: History) -> Verdict:
        count = sum(op.load == "visitors" for op in history.ops)
        outcome = Outcome.PASS if count >= self.least else Outcome.FAIL
        return self.verdict(outcome, f"{count} operations")


def run_of(folder: Path, patch: Patch, **parts: Any) -> Run:
    parts = {
        "loads": (visitors(),),
        "on_fail": (Scripted(work=taking(0.2, "abort")),),
        "checks": (Enough(),),
        **parts,
    }
    return Run(folder, patch, parts, (action(Sore()),))


def performed(history: History) -> bool:
    done = any(op.load == "on_fail" for op in history.ops)
    assert done == ("failing" in phases(history))
    return done


@virtually
async def test_a_run_that_passes_needs_nothing(tmp_path: Path, monkeypatch: Patch) -> None:
    assert not performed(await run_of(tmp_path, monkeypatch).play())


@virtually
async def test_a_run_that_fails_is_followed_by_it(tmp_path: Path, monkeypatch: Patch) -> None:
    history = await run_of(tmp_path, monkeypatch, checks=(Enough(least=10_000),)).play()
    assert performed(history)
    assert phases(history)[-3:] == ["failing", "closing", "ended"]
    (note,) = [one for one in history.notes if one.source == "on_fail"]
    assert "1 of 1 checks failed" in note.text


@virtually
async def test_the_record_is_read_beside_the_loop_that_renews_the_lease(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    run = run_of(tmp_path, monkeypatch, checks=(Enough(least=10_000),))
    beside: list[bool] = []
    reads: list[bool] = []

    async def threaded(function: Callable[..., Any], *arguments: Any) -> Any:
        beside.append(True)
        try:
            return function(*arguments)
        finally:
            beside.pop()

    class Tail(HistoryTail):
        def read(self) -> History:
            reads.append(bool(beside))
            return super().read()

    monkeypatch.setattr("asyncio.to_thread", threaded)
    monkeypatch.setattr(conductor_module, "HistoryTail", Tail)
    assert performed(await run.play())
    assert reads == [True]


@virtually
async def test_a_fault_that_lasts_to_the_end_is_no_reason(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    run = run_of(tmp_path, monkeypatch)
    run = Run(tmp_path, monkeypatch, dict(run.parts), (action(Sore(), for_s=0.0),))
    history = await run.play()
    assert not performed(history)


@virtually
async def test_a_system_that_is_not_steady_is_one(tmp_path: Path, monkeypatch: Patch) -> None:
    sick = ScriptedProbe(see=Sight(lambda moment: Observation({"value": 0})), expect=1)
    history = await run_of(
        tmp_path, monkeypatch, steady_state=(NamedProbe("ready", sick, 1.0),)
    ).play()
    assert performed(history)
    assert not history.faults


@virtually
async def test_a_run_that_is_stopped_is_followed_by_it(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    run = run_of(tmp_path, monkeypatch)
    run.later(5.0, lambda: run.conductor.stop("interrupted", "SIGINT received"))
    history = await run.play()
    assert performed(history)


async def refused(user: User) -> None:
    raise ConnectionError("refused")


@virtually
async def test_what_it_did_not_succeed_in_is_in_the_end_of_the_record(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    failing = {"checks": (Enough(least=10_000),)}
    run = run_of(tmp_path, monkeypatch, on_fail=(Scripted(work=refused),), **failing)
    history = await run.play()
    (told,) = judge_run(history, run.parts["checks"]).unsafe
    assert told.endswith(
        "did not succeed: ConnectionError: refused; it did not bring the system into its safe state"
    )


@virtually
async def test_an_end_that_it_succeeded_in_or_did_not_need_says_nothing(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    for name, least in (("a", 10_000), ("b", 1)):
        (tmp_path / name).mkdir()
        run = run_of(tmp_path / name, monkeypatch, checks=(Enough(least=least),))
        assert "unsafe" not in ((await run.play()).end or {})


@virtually
async def test_that_it_was_never_come_to_is_in_the_end_of_the_record(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    run = run_of(tmp_path, monkeypatch)
    run.later(5.0, run.conductor.insist)
    history = await run.play()
    assert history.end is not None
    assert history.end["unsafe"] == [
        "on_fail was not done at all, because the run ended before it could be: cut off"
    ]


@virtually
async def test_it_cannot_hold_up_a_run_that_was_stopped(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    run = run_of(tmp_path, monkeypatch, on_fail=(Scripted(work=taking(3600.0, "abort")),))
    run.later(5.0, lambda: run.conductor.stop("interrupted", "SIGINT received"))
    await run.play()
    assert run.clock.now() < 30.0
