from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ConfigDict

from hormesis.engine.live import Live
from hormesis.engine.observing import BLIND_FACTOR, BLIND_MARGIN_S, Observer
from hormesis.words.experiment import NamedProbe, ProbeTrack
from hormesis.words.history import Note, ProbeRecord
from hormesis.words.probe import Observation, Probe, World
from tests.virtual_time import virtual_clock, virtually


class Scripted(Probe):
    """A probe that sees what a function says, and takes as long as another one says."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    see: Any
    takes: Any = None

    async def observe(self, world: World) -> Observation:
        clock = self.see.clock
        if self.takes is not None:
            await clock.sleep_until(clock.now() + self.takes(clock.now()))
        seen: Observation = self.see(clock.now())
        return seen


class Sight:
    """What there is to see at each moment."""

    def __init__(self, seen: Callable[[float], Observation]) -> None:
        self.clock = virtual_clock()
        self._seen = seen

    def __call__(self, moment: float) -> Observation:
        return self._seen(moment)


class Desk:
    """An observer and what it wrote down."""

    def __init__(self, seen: Callable[[float], Observation] | None = None, **probe: Any) -> None:
        sight = Sight(seen or (lambda moment: Observation({"value": 1})))
        self.clock = sight.clock
        self.records: list[ProbeRecord] = []
        self.notes: list[Note] = []
        self.live = Live()
        self.probe = Scripted(see=sight, **probe)
        self.observer = Observer(
            world=None,  # type: ignore[arg-type]
            clock=self.clock,
            sink=self.records.append,
            live=self.live,
        )

    async def repeat(self, *, every_s: float, until: float) -> None:
        over = asyncio.Event()
        asyncio.get_running_loop().call_later(until, over.set)
        track = ProbeTrack("health", self.probe, every_s)
        await self.observer.repeat(track, over=over, note=self.notes.append)

    async def until_good(self, within_s: float) -> ProbeRecord:
        named = NamedProbe("ready", self.probe, within_s)
        return await self.observer.until_good(named, given_up=lambda: False)

    def moments(self) -> list[float]:
        return [round(one.time, 3) for one in self.records]


@virtually
async def test_a_look_is_judged_timed_and_shown() -> None:
    desk = Desk(
        lambda moment: Observation({"status": 503, "ms": 4}),
        expect={"status": 200},
        takes=lambda moment: 0.3,
    )
    record = await desk.observer.look("health", desk.probe)
    assert desk.records == [record]
    assert (record.good, record.expected, round(record.took_s, 6)) == (False, True, 0.3)
    assert "503" in record.miss
    assert desk.live.probes["health"] == (False, record.miss)


@virtually
async def test_a_probe_may_tell_more_of_what_it_missed() -> None:
    class Telling(Scripted):
        def told_miss(self, miss: str, seen: Observation) -> str:
            return f"{miss}, because of {seen.fields['stderr']}"

    desk = Desk()
    see = Sight(lambda moment: Observation({"exit": 1, "stderr": "no tool"}))
    record = await desk.observer.look("monitoring", Telling(see=see, expect={"exit": 0}))
    assert record.miss == "exit is 1, expected 0, because of no tool"
    assert desk.live.probes["monitoring"] == (False, record.miss)


@virtually
async def test_a_reason_is_no_miss_and_no_expectation_is_no_verdict() -> None:
    desk = Desk(lambda moment: Observation(reason="refused"), expect=1)
    record = await desk.observer.look("health", desk.probe)
    assert (record.good, record.miss, record.reason) == (False, "", "refused")
    plain = Desk()
    record = await plain.observer.look("count", plain.probe)
    assert (record.good, record.expected) == (True, False)
    assert plain.live.probes["count"] == (None, "value=1")


@virtually
async def test_a_probe_with_a_bug_sees_nothing() -> None:
    def bug(moment: float) -> Observation:
        raise ZeroDivisionError("oops")

    desk = Desk(bug, expect=1)
    record = await desk.observer.look("health", desk.probe)
    assert record.reason == "the probe itself broke: ZeroDivisionError: oops"
    assert not record.good


@virtually
async def test_the_period_is_kept_whatever_a_look_takes() -> None:
    desk = Desk(takes=lambda moment: 0.7)
    await desk.repeat(every_s=1.0, until=4.5)
    assert desk.moments() == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert desk.clock.now() == pytest.approx(4.7)
    assert desk.notes == []


@virtually
async def test_a_long_period_does_not_hold_up_the_end() -> None:
    desk = Desk()
    await desk.repeat(every_s=600.0, until=2.0)
    assert desk.clock.now() == pytest.approx(2.0)


@virtually
async def test_blindness_is_noted_once_and_fatal() -> None:
    hangs = BLIND_FACTOR * 1.0 + BLIND_MARGIN_S + 1.0
    desk = Desk(takes=lambda moment: hangs if 2.5 < moment < 3.5 else 0.1)
    await desk.repeat(every_s=1.0, until=20.0)
    (note,) = desk.notes
    assert (note.level, note.source) == ("fatal", "monitor")
    assert "'health' was blind from 2.1 s to 10.0 s" in note.text


@virtually
async def test_a_slow_look_within_patience_is_no_blindness() -> None:
    desk = Desk(takes=lambda moment: BLIND_FACTOR + BLIND_MARGIN_S - 1.0)
    await desk.repeat(every_s=1.0, until=30.0)
    assert desk.notes == []


@virtually
async def test_a_look_that_never_ends_is_noted_when_it_is_cut_off() -> None:
    desk = Desk(takes=lambda moment: 3600.0)
    task = asyncio.create_task(desk.repeat(every_s=1.0, until=5.0))
    await desk.clock.sleep_until(20.0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert "blind from 0.0 s to 20.0 s" in desk.notes[0].text


@virtually
async def test_steady_state_is_waited_for() -> None:
    desk = Desk(lambda moment: Observation({"value": 1 if moment > 2.0 else 0}), expect=1)
    record = await desk.until_good(10.0)
    assert record.good
    assert record.time == pytest.approx(2.25, abs=0.3)
    assert not any(one.good for one in desk.records[:-1])


@virtually
async def test_the_last_look_is_returned_when_it_is_never_met() -> None:
    desk = Desk(lambda moment: Observation({"value": 0}), expect=1)
    record = await desk.until_good(3.0)
    assert not record.good
    assert record is desk.records[-1]
    assert desk.clock.now() == pytest.approx(3.0)
