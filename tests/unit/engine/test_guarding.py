"""A stop condition that cannot be judged ends the run, as one that is met does."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hormesis.engine.clock import LoopClock
from hormesis.engine.guarding import Guard
from hormesis.engine.live import Live
from hormesis.engine.observing import Observer
from hormesis.record.history_tail import HistoryTail
from hormesis.record.history_writer import HistoryWriter
from hormesis.words.check import Check, Verdict
from hormesis.words.history import History, Note, ProbeRecord
from hormesis.words.kind import Scalar
from hormesis.words.outcome import Outcome
from hormesis.words.probe import Observation, Probe, World
from hormesis.words.stop_condition import StopCondition
from tests.virtual_time import virtual_clock, virtually


class Faulty(Check):
    """A check with a bug."""

    def judge(self, history: History) -> Verdict:
        raise ZeroDivisionError("oops")


class NoWorld:
    """Nothing to ask."""

    async def service(self, name: str) -> Mapping[str, Scalar]:
        return {}


def test_a_condition_that_cannot_be_judged_stops_the_run(tmp_path: Path) -> None:
    told: list[str] = []

    async def watch() -> None:
        writer = HistoryWriter(tmp_path)
        writer.manifest({"run": "r"})
        clock = LoopClock()
        observer = Observer(world=NoWorld(), clock=clock, sink=writer.probe, live=Live())
        guard = Guard(
            StopCondition("broken", check=Faulty()), observer=observer, clock=clock,
            record=HistoryTail(tmp_path), flush=writer.flush, stop=told.append, note=writer.note,
        )  # fmt: skip
        await guard.watch(asyncio.Event())
        writer.close()

    asyncio.run(watch())
    assert told == [
        "the stop condition 'broken' was met: it cannot be judged: ZeroDivisionError: oops"
    ]


class Hanging(Probe):
    """A probe that never answers."""

    async def observe(self, world: World) -> Observation:
        await asyncio.Event().wait()
        return Observation()


@virtually
async def test_a_look_that_hangs_is_noted_as_blindness() -> None:
    clock = virtual_clock()
    notes: list[Note] = []
    seen: list[ProbeRecord] = []
    guard = Guard(
        StopCondition("health", probe=Hanging()), clock=clock, record=HistoryTail(Path()),
        stop=never,
        observer=Observer(world=NoWorld(), clock=clock, sink=seen.append, live=Live()),
        flush=lambda: None, note=notes.append,
    )  # fmt: skip
    watching = asyncio.create_task(guard.watch(asyncio.Event()))
    await clock.sleep_until(clock.now() + 10.0)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert [one.level for one in notes] == ["fatal"]
    assert "'health' was blind from" in notes[0].text
    assert seen == []


def never(reason: str) -> None:
    raise AssertionError(reason)


class Slow(Check):
    """A check that takes a second to judge."""

    def judge(self, history: History) -> Verdict:
        return Verdict("slow", self.kind, Outcome.PASS, "fine")


@dataclass
class Ticking:
    """A clock that goes on by itself: each look at it costs a second."""

    seconds: float = 0.0

    def now(self) -> float:
        self.seconds += 1.0
        return self.seconds

    def now_ns(self) -> int:
        return round(self.now() * 1e9)

    def wall(self) -> float:
        return self.seconds

    async def sleep_until(self, moment: float) -> None:
        await asyncio.sleep(0)


def test_a_check_that_is_judged_more_rarely_than_asked_is_noted_once(tmp_path: Path) -> None:
    notes: list[Note] = []

    async def watch() -> None:
        HistoryWriter(tmp_path).manifest({"run": "r"})
        clock = Ticking()
        observer = Observer(world=NoWorld(), clock=clock, sink=lambda record: None, live=Live())
        guard = Guard(
            StopCondition("slow", check=Slow()), observer=observer, clock=clock,
            record=HistoryTail(tmp_path), flush=lambda: None, stop=never, note=notes.append,
        )  # fmt: skip
        over = asyncio.Event()
        asyncio.get_running_loop().call_later(0.05, over.set)
        await guard.watch(over)

    asyncio.run(watch())
    (note,) = notes
    assert note.level == "warning"
    assert note.text == (
        "'slow' takes so long to judge that it is judged every 20 s only, not every 1 s"
    )
