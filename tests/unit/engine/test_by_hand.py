"""A run that a program steers: its faults come while it plays, and go when they are let go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hormesis.engine.by_hand import Hand, RunEnded
from hormesis.engine.held_fault import HeldFault
from hormesis.words.experiment import ProbeTrack
from hormesis.words.history import History
from hormesis.words.timeline import FaultAction
from tests.unit.engine.fake_custodian import Moment, Sore
from tests.unit.engine.fake_run import Run, action
from tests.unit.engine.test_conductor import end_of, phases, probe
from tests.virtual_time import virtually

Patch = pytest.MonkeyPatch
Program = Callable[[Hand, Run], Awaitable[object]]


def asked(number: int = 1, *, for_s: float = 600.0, momentary: bool = False) -> FaultAction:
    fault = Moment() if momentary else Sore()
    return replace(action(fault, number=number, at_s=0.0, for_s=for_s), by_hand=True)


async def held(hand: Hand, *actions: FaultAction) -> HeldFault:
    return await asyncio.wrap_future(hand.take(actions))


def on(run: Run) -> list[str]:
    """Return the faults' effects that are on."""
    return [one for one in run.custodian.active if not one.startswith("system/")]


async def steered(run: Run, program: Program) -> History:
    """Play *run*, and *program* beside it from the moment on when faults can come."""
    hand = run.hand
    assert hand is not None

    async def steer() -> None:
        await asyncio.wrap_future(hand.began)
        try:
            await program(hand, run)
        finally:
            hand.let_go()

    _, history = await asyncio.gather(steer(), run.play())
    return history


def by_hand(folder: Path, patch: Patch, **parts: object) -> Run:
    return Run(folder, patch, dict(parts), duration_s=0.0, hand=Hand())


@virtually
async def test_the_tracks_last_until_the_hand_lets_go(tmp_path: Path, monkeypatch: Patch) -> None:
    async def program(hand: Hand, run: Run) -> None:
        await run.clock.sleep_until(run.clock.now() + 100.0)

    run = by_hand(tmp_path, monkeypatch, probes=(ProbeTrack("health", probe(), 1.0),))
    history = await steered(run, program)
    assert phases(history) == [
        "starting", "steady-before", "tracks", "steady-after", "closing", "ended",
    ]  # fmt: skip
    assert end_of(history) == ("completed", "")
    assert not history.faults
    assert len(history.observations("health")) >= 100


@virtually
async def test_a_fault_is_on_for_as_long_as_it_is_held(tmp_path: Path, monkeypatch: Patch) -> None:
    async def program(hand: Hand, run: Run) -> None:
        fault = await held(hand, asked())
        (course,) = await fault.bitten(10.0)
        assert course.record.proof == "1 active"
        assert on(run) == ["sore-1/0"]
        await run.clock.sleep_until(run.clock.now() + 20.0)
        fault.let_go()
        (course,) = await fault.over()
        assert course.record.healed is not None
        assert (course.held, course.last) == ({"active": 1}, {"active": 0, "ended_held": False})
        assert on(run) == []

    history = await steered(by_hand(tmp_path, monkeypatch), program)
    (record,) = history.faults
    assert record.window is not None and record.window[1] - record.window[0] >= 20.0
    assert (record.length_s, record.released_by, record.is_whole) == (None, "engine", True)
    assert [one.text for one in history.notes] == ["sore-1: fake-custodian on server"]


@virtually
async def test_faults_overlap_and_end_in_any_order(tmp_path: Path, monkeypatch: Patch) -> None:
    async def program(hand: Hand, run: Run) -> None:
        first, second = await asyncio.gather(held(hand, asked(1)), held(hand, asked(2), asked(3)))
        await asyncio.gather(first.bitten(10.0), second.bitten(10.0))
        assert len(on(run)) == 3
        first.let_go()
        await run.clock.sleep_until(run.clock.now() + 5.0)
        assert on(run) == ["sore-2/0", "sore-3/0"]
        third = await held(hand, asked(4))
        await third.injected()
        second.let_go()
        third.let_go()
        await asyncio.gather(first.over(), second.over(), third.over())
        assert on(run) == []

    history = await steered(by_hand(tmp_path, monkeypatch), program)
    assert [one.id for one in history.faults if one.healed] == [f"sore-{n}" for n in range(1, 5)]


@virtually
async def test_the_longest_that_it_may_last_ends_it(tmp_path: Path, monkeypatch: Patch) -> None:
    async def program(hand: Hand, run: Run) -> None:
        fault = await held(hand, asked(for_s=3.0))
        await fault.over()
        assert on(run) == []

    history = await steered(by_hand(tmp_path, monkeypatch), program)
    (record,) = history.faults
    assert record.window is not None
    assert 3.0 <= record.window[1] - record.window[0] < 3.5
    assert record.healed is not None


@virtually
async def test_a_momentary_fault_lasts_while_it_is_held(tmp_path: Path, monkeypatch: Patch) -> None:
    async def program(hand: Hand, run: Run) -> None:
        fault = await held(hand, asked(momentary=True))
        await fault.bitten(10.0)
        await run.clock.sleep_until(run.clock.now() + 5.0)
        assert on(run) == ["sore-1/0"]

    history = await steered(by_hand(tmp_path, monkeypatch), program)
    assert history.faults[0].healed is not None


@virtually
async def test_what_is_still_held_is_released_with_the_run(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    async def program(hand: Hand, run: Run) -> None:
        await (await held(hand, asked(1), asked(2))).bitten(10.0)

    history = await steered(by_hand(tmp_path, monkeypatch), program)
    assert [one.released_by for one in history.faults] == ["engine", "engine"]
    assert all(one.healed for one in history.faults)
    assert end_of(history) == ("completed", "")


@virtually
async def test_what_cannot_be_injected_is_told(tmp_path: Path, monkeypatch: Patch) -> None:
    async def program(hand: Hand, run: Run) -> None:
        run.custodian.refuse_do = {"sore-1/0": "permit"}
        fault = await held(hand, asked())
        (course,) = await fault.bitten(10.0)
        assert (course.record.injected, course.record.trouble) == (None, "do refused")

    await steered(by_hand(tmp_path, monkeypatch), program)


@virtually
async def test_a_bite_that_does_not_come_is_not_waited_for(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    class Painless(Sore):
        def hurts(self, before: object, now: object) -> str:
            return ""

    async def program(hand: Hand, run: Run) -> None:
        fault = await held(hand, replace(asked(), fault=Painless()))
        began = run.clock.now()
        (course,) = await fault.bitten(4.0)
        assert course.record.bitten is None
        assert course.held == {"active": 1}
        assert 4.0 <= run.clock.now() - began < 4.2

    await steered(by_hand(tmp_path, monkeypatch), program)


@virtually
async def test_a_run_that_is_stopped_releases_at_once(tmp_path: Path, monkeypatch: Patch) -> None:
    async def program(hand: Hand, run: Run) -> None:
        fault = await held(hand, asked())
        await fault.bitten(10.0)
        run.conductor.stop("stopped", "enough")
        (course,) = await fault.over()
        assert course.record.released is not None
        with pytest.raises(RunEnded, match="the run is over"):
            hand.take([asked(2)])

    history = await steered(by_hand(tmp_path, monkeypatch), program)
    assert end_of(history) == ("stopped", "enough")
    assert [one.id for one in history.faults] == ["sore-1"]


@virtually
async def test_a_run_that_is_cut_off_releases(tmp_path: Path, monkeypatch: Patch) -> None:
    async def program(hand: Hand, run: Run) -> None:
        fault = await held(hand, asked())
        await fault.bitten(10.0)
        run.conductor.insist()
        await fault.over()

    history = await steered(by_hand(tmp_path, monkeypatch), program)
    assert end_of(history)[0] == "interrupted"
    assert history.faults[0].released is not None


@virtually
async def test_a_custodian_that_dies_ends_everything(tmp_path: Path, monkeypatch: Patch) -> None:
    async def program(hand: Hand, run: Run) -> None:
        fault = await held(hand, asked())
        await fault.bitten(10.0)
        run.custodian.die()
        await fault.over()

    run = by_hand(tmp_path, monkeypatch)
    history = await steered(run, program)
    assert end_of(history)[0] == "custodian-died"
    assert run.replays == 1


@virtually
async def test_a_hand_that_let_go_before_it_began_ends_it(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    run = by_hand(tmp_path, monkeypatch)
    assert run.hand is not None
    run.hand.let_go()
    history = await run.play()
    assert end_of(history) == ("completed", "")
    with pytest.raises(RunEnded):
        run.hand.take([asked()])


def test_a_hand_on_nothing_says_so() -> None:
    hand = Hand()
    with pytest.raises(RunEnded):
        hand.take([asked()])
    hand.end(RunEnded("it never began"))
    with pytest.raises(RunEnded, match="it never began"):
        hand.began.result(0)
    assert hand.ended.done()
